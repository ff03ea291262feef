# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._rolling.answered import Answered
from ansible_collections.infosec.principles.plugins.plugin_utils._rolling.verdict import (
    PENDING,
    SAFETY,
    outside,
    verdict,
)

FINE = Answered((), (), ())
CAUSE = {"source": "reboot_safety.unit", "found": "9000/tcp: it has no unit"}


def found(rule: str, status: str, message: str = "it says why", **more: t.Any) -> dict[str, t.Any]:
    return {"rule": rule, "status": status, "message": message, "subject": "host", **more}


WANTED, SAFE = found(PENDING, "fail"), found(SAFETY, "pass")


@pytest.mark.parametrize(
    ("pending", "when", "state", "why"),
    [
        ("fail", "needed", "reboot", []),
        ("pass", "needed", "leave", ["it needs no reboot"]),
        ("not_applicable", "needed", "leave", ["it needs no reboot"]),
        ("waived", "needed", "leave", ["it needs no reboot"]),
        ("not_assessed", "needed", "leave", ["it needs no reboot, as far as can be told (it says why)"]),
        ("pass", "always", "reboot", []),
    ],
)
def test_who_needs_a_reboot(pending: str, when: str, state: str, why: list[str]) -> None:
    assert verdict([found(PENDING, pending), SAFE], FINE, "", when=when) == {"state": state, "why": why}


@pytest.mark.parametrize(
    ("findings", "unproven", "state"),
    [
        ([SAFE], False, "reboot"),
        ([found(SAFETY, "waived")], False, "reboot"),
        ([found(SAFETY, "fail")], False, "refuse"),
        ([found(SAFETY, "fail")], True, "refuse"),
        ([found(SAFETY, "not_assessed")], False, "refuse"),
        ([found(SAFETY, "not_assessed")], True, "reboot"),
        ([found(SAFETY, "error")], False, "refuse"),
        ([], False, "refuse"),
        ([], True, "reboot"),
    ],
)
def test_who_is_safe_to_reboot(findings: list[dict[str, t.Any]], unproven: bool, state: str) -> None:
    assert verdict([WANTED, *findings], FINE, "", unproven=unproven)["state"] == state


def test_the_reasons_of_the_verdict_are_told() -> None:
    made = verdict([WANTED, found(SAFETY, "fail", "no, because of unit (9000/tcp)")], FINE, "")
    assert made["why"] == ["reboot_safety.verdict: fail, no, because of unit (9000/tcp)"]


@pytest.mark.parametrize(("status", "state"), [("waived", "reboot"), ("fail", "refuse")])
def test_a_verdict_whose_causes_are_all_waived_counts_as_waived(status: str, state: str) -> None:
    cause = found("reboot_safety.unit", status, "it has no unit") | {"subject": "9000/tcp"}
    assert verdict([WANTED, cause, found(SAFETY, "fail", evidence=[CAUSE])], FINE, "")["state"] == state
    other = {"source": "reboot_safety.swap", "found": "/swap: gone"}
    assert verdict([WANTED, cause, found(SAFETY, "fail", evidence=[CAUSE, other])], FINE, "")["state"] == "refuse"


@pytest.mark.parametrize(
    ("seen", "unproven", "state"),
    [
        (Answered(("shop2 is down",), (), ()), False, "refuse"),
        (Answered(("shop2 is down",), (), ()), True, "refuse"),
        (Answered((), ("nobody tried",), ()), False, "refuse"),
        (Answered((), ("nobody tried",), ()), True, "reboot"),
    ],
)
def test_ports_that_do_not_answer(seen: Answered, unproven: bool, state: str) -> None:
    made = verdict([WANTED, SAFE], seen, "", unproven=unproven)
    assert made == {"state": state, "why": [] if state == "reboot" else [*seen.down, *seen.unproven]}


def test_what_waits_for_its_slot_is_left_alone_and_not_refused() -> None:
    assert verdict([WANTED, found(SAFETY, "fail")], FINE, "later") == {"state": "leave", "why": ["later"]}


SLOT = {"start": "02:15", "minutes": 30, "next": ["2026-11-28T01:15:00+00:00", "2026-11-29T01:15:00+00:00"]}


@pytest.mark.parametrize(
    ("slot", "now", "expected"),
    [
        ({}, "2026-11-28T12:00", ""),
        (SLOT, "2026-11-28T01:15", ""),
        (SLOT, "2026-11-28T01:44", ""),
        (SLOT, "2026-11-28T01:14", "the next one begins at 2026-11-28 01:15 UTC"),
        (SLOT, "2026-11-28T01:45", "the next one begins at 2026-11-29 01:15 UTC"),
        (SLOT, "2026-12-28T01:45", "its slot of infosec_maintenance is not open"),
    ],
)
def test_slots(slot: dict[str, t.Any], now: str, expected: str) -> None:
    said = outside(slot, datetime.datetime.fromisoformat(now).replace(tzinfo=datetime.timezone.utc))
    assert said.endswith(expected)
    assert bool(said) == bool(expected)
