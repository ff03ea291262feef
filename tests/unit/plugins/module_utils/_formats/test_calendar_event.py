# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calendar events as systemd writes them out (systemd-analyze calendar of 247, 252 and 257 wrote the texts)."""

from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats.calendar_event import DAYS, Event, parse


@pytest.mark.parametrize(
    ("text", "days", "time", "zone"),
    [
        ("Sat,Sun *-*-* 02:15:00 Europe/Berlin", {"sat", "sun"}, "02:15", "Europe/Berlin"),
        ("Mon..Wed,Fri *-*-* 23:00:00 UTC", {"mon", "tue", "wed", "fri"}, "23:00", "UTC"),
        ("*-*-* 06:00:00", set(DAYS), "06:00", ""),
    ],
)
def test_events(text: str, days: set[str], time: str, zone: str) -> None:
    assert parse(text) == Event(frozenset(days), time, zone)


@pytest.mark.parametrize(
    "text", ["*-*-* 06,18:00:00", "2026-*-* 06:00:00", "*-*-* 06:00:30", "*-*-01 06:00:00", "", "Xxx *-*-* 06:00:00"]
)
def test_events_of_another_kind(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize("days", [{"sat"}, {"sat", "sun"}, {"mon", "thu"}, set(DAYS)])
@pytest.mark.parametrize("zone", ["", "Europe/Berlin"])
def test_what_is_written_can_be_read(days: set[str], zone: str) -> None:
    event = Event(frozenset(days), "02:15", zone)
    assert parse(event.render()) == event
