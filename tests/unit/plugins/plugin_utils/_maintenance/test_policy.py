# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""infosec_maintenance as a person writes it: what is taken, and every fault with its remedy."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._maintenance.policy import parse

GOOD = {"days": ["sat", "sun"], "start": "02:00", "duration": "4h"}
GROUPS = ("all", "web")


@pytest.mark.parametrize(
    ("written", "field", "read"),
    [
        ({}, "days", (5, 6)),
        ({"days": "daily"}, "days", tuple(range(7))),
        ({"days": ["Sunday", "mon", "MON"]}, "days", (0, 6)),
        ({"days": "weekdays"}, "days", tuple(range(5))),
        ({}, "start", 120),
        ({"start": "23:59"}, "start", 1439),
        ({"duration": "30m"}, "duration", 30),
        ({"duration": "1h30m"}, "duration", 90),
        ({"duration": "1:30"}, "duration", 90),
        ({"duration": "24h"}, "duration", 1440),
        ({}, "slot", 15),
        ({"duration": "5m"}, "slot", 5),
        ({"duration": "5m", "slot": "5m"}, "slot", 5),
        ({}, "time_zone", "UTC"),
        ({"time_zone": "America/Argentina/Ushuaia"}, "time_zone", "America/Argentina/Ushuaia"),
        ({}, "reboot", "never"),
        ({}, "catch_up", False),
        ({}, "groups", None),
        ({"groups": []}, "groups", ()),
        ({"groups": ["web"]}, "groups", ("web",)),
    ],
)
def test_what_is_taken(written: dict[str, t.Any], field: str, read: t.Any) -> None:
    policy, faults = parse({**GOOD, **written}, GROUPS)
    assert not faults
    assert getattr(policy, field) == read


@pytest.mark.parametrize(
    ("written", "place", "remedy"),
    [
        ({"days": ["sat", "fu"]}, ".days[1]", "found 'fu'; write a list such as [sat, sun]"),
        ({"days": []}, ".days", "is empty; write a list such as"),
        ({"start": 1380}, ".start", 'write it in quotes: "23:00"'),
        ({"start": "24:00"}, ".start", "a time of the day in quotes"),
        ({"duration": "0m"}, ".duration", "such as 4h, 30m"),
        ({"duration": "25h"}, ".duration", "at most 24h"),
        ({"duration": "h"}, ".duration", "such as 4h, 30m"),
        ({"slot": "5h"}, ".slot", "write a shorter slot"),
        ({"time_zone": "Europe/Berlln"}, ".time_zone", "found 'Europe/Berlln'; no such time zone"),
        ({"time_zone": "../../etc/passwd"}, ".time_zone", "no such time zone"),
        ({"time_zone": None}, ".time_zone", "is empty; no such time zone"),
        ({"reboot": False}, ".reboot", "write one of never, when_needed"),
        ({"catch_up": "yes"}, ".catch_up", "write true or false"),
        ({"catch_up": True, "reboot": "when_needed"}, ".catch_up", "outside its slot"),
        ({"groups": ["webs"]}, ".groups", "did you mean web?"),
        ({"groups": "web"}, ".groups", "write a list of inventory groups"),
        ({"durations": "4h"}, ".durations", "unknown key; did you mean duration?"),
        ({"forbidden": {}}, ".forbidden", "write a list of mappings"),
        ({"forbidden": [{"days": "sat"}]}, ".forbidden[0].why", "missing"),
        ({"forbidden": [{"why": "x"}]}, ".forbidden[0]", "neither days nor dates"),
        ({"forbidden": [{"dates": ["2026-02-30"], "why": "x"}]}, ".forbidden[0].dates[0]", "write a list of days"),
        ({"forbidden": [{"dates": ["2026-02-03..2026-02-01"], "why": "x"}]}, ".forbidden[0].dates[0]", "comes before"),
        ({"forbidden": [{"days": "sat", "from": "x", "why": "x"}]}, ".forbidden[0].from", "a time of the day"),
    ],
)
def test_faults(written: dict[str, t.Any], place: str, remedy: str) -> None:
    policy, faults = parse({**GOOD, **written}, GROUPS)
    assert policy is None
    assert [where for where, _why in faults] == [place]
    assert remedy in faults[0][1]


def test_all_faults_at_once() -> None:
    assert [where for where, _why in parse({"start": "x", "reboot": 1}, GROUPS)[1]] == [
        ".days",
        ".duration",
        ".start",
        ".reboot",
    ]
    assert parse("sat", GROUPS)[1][0][1].startswith("found 'sat'; write a mapping with days")
