# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.assess import show_once, to_wire
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import PASS, Finding, Rule

RULE = Rule("age", "Keys are young", "low", "https://example.org/", "Make a new one.")
CONTROL = Control("keys", "p", "Keys are young", (RULE,), {}, lambda host, options: iter(()))
FINDING = Finding(RULE, "a key", PASS, "young")


def test_what_few_findings_have_is_only_sent_where_it_is() -> None:
    assert not {"due", "fingerprints", "components", "measure", "measure_before"} & set(to_wire(CONTROL, FINDING))
    assert to_wire(CONTROL, dataclasses.replace(FINDING, due="2027-01-01"))["due"] == "2027-01-01"
    measured = to_wire(CONTROL, dataclasses.replace(FINDING, measure="B+ (80)"))
    assert (measured["measure"], measured["measure_before"]) == ("B+ (80)", "B+ (80)")


def shared(subject: str, changes: int) -> dict[str, t.Any]:
    fix = [f"edit {number}" for number in range(changes)]
    return {"control": "c", "rule": "c.r", "subject": subject, "fix": fix, "diff": [{"before": one} for one in fix]}


def test_a_long_fix_is_shown_once() -> None:
    first, second, other = show_once([shared("a", 13), shared("b", 13), shared("c", 14)])
    assert (first, other) == (shared("a", 13), shared("c", 14))
    assert (second["fix"], second["diff"]) == (["13 changes, shown with c.r of a"], [])


def test_a_short_fix_is_shown_with_each_finding() -> None:
    wires = [shared("a", 12), shared("b", 12)]
    assert show_once(wires) == wires
