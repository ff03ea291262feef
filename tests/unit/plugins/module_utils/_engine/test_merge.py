# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a finding, by what it was, what the second look says, and how its fix ended."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine.merge import Outcome, merge

Wire = dict[str, t.Any]
MADE, FAILED = Outcome(changes=("edit x",)), Outcome("x refused it; everything of this fix was put back")


def finding(status: str, subject: str = "s") -> Wire:
    control = {"control": "c", "rule": "c.r", "subject": subject}
    return {**control, "status": status, "status_before": status, "message": f"says {status}", "note": ""}


@pytest.mark.parametrize(
    ("old", "after", "outcome", "status", "note"),
    [
        pytest.param("fail", [finding("pass")], MADE, "fixed", "edit x", id="fixed"),
        pytest.param("fail", [], MADE, "fixed", "edit x", id="its subject is gone"),
        pytest.param("fail", [finding("fail")], MADE, "fail", "after the fix: says fail", id="the fix did not help"),
        pytest.param("fail", [finding("fail")], FAILED, "error", FAILED.failure, id="the fix failed"),
        pytest.param("fail", [finding("pass")], None, "fixed", "put right by another fix of this run", id="by another"),
        pytest.param(
            "fail", [finding("pass", "x")], None, "fixed", "put right by another fix of this run", id="gone too"
        ),
        pytest.param("fail", [finding("error", "c")], MADE, "error", "after the fix: says error", id="control broke"),
        pytest.param(
            "fail", [finding("not_assessed", "c")], None, "not_assessed", "after the fix: says not_assessed", id="blind"
        ),
        pytest.param("pass", [finding("fail")], None, "fail", "after the fix: says fail", id="a fix made it worse"),
        pytest.param("pass", [finding("pass", "x")], None, "pass", "", id="what passed is gone"),
        pytest.param("fail", [], None, "fail", "", id="not asked again"),
    ],
)
def test_one_finding(old: str, after: list[Wire], outcome: Outcome | None, status: str, note: str) -> None:
    outcomes = {("c.r", "s"): outcome} if outcome else {}
    merged = next(one for one in merge([finding(old)], after, outcomes) if one["subject"] == "s")
    assert (merged["status"], merged["note"], merged["status_before"]) == (status, note, old)


def test_a_verdict_that_still_fails_says_what_is_left() -> None:
    left = {**finding("fail"), "message": "no, because of b"}
    (merged,) = merge([{**finding("fail"), "message": "no, because of a and b"}], [left], {})
    assert (merged["message"], merged["note"]) == ("no, because of a and b", "after the fix: no, because of b")


@pytest.mark.parametrize(("outcome", "status"), [(FAILED, "fail"), (MADE, "fixed")])
def test_what_was_not_asked_again_is_not_fixed_by_a_fix_that_failed(outcome: Outcome, status: str) -> None:
    merged = merge([finding("fail", "a"), finding("fail", "b")], [], {("c.r", "a"): outcome})
    assert next(one["status"] for one in merged if one["subject"] == "b") == status


def test_what_only_the_second_look_sees_is_added() -> None:
    _old, new = merge([finding("pass", "a")], [finding("pass", "a"), finding("fail", "b")], {})
    assert (new["subject"], new["status"], new["status_before"]) == ("b", "fail", "not_assessed")


def measured(status: str, measure: str) -> Wire:
    return {**finding(status), "measure": measure, "measure_before": measure}


@pytest.mark.parametrize(
    ("after", "measure"),
    [([measured("pass", "B+ (80)")], "B+ (80)"), ([], "F (0)"), ([finding("not_assessed", "c")], "F (0)")],
    ids=["measured again", "gone", "blind"],
)
def test_what_is_measured_is_told_before_and_after(after: list[Wire], measure: str) -> None:
    merged = next(
        one for one in merge([measured("fail", "F (0)")], after, {("c.r", "s"): MADE}) if one["subject"] == "s"
    )
    assert (merged["measure_before"], merged["measure"]) == ("F (0)", measure)


def test_a_fix_of_many_changes_is_told_in_short() -> None:
    made = Outcome(changes=tuple(map(str, range(20))))
    (merged,) = merge([finding("fail")], [], {("c.r", "s"): made})
    assert merged["note"] == f"{'; '.join(map(str, range(12)))}; and 8 more changes"
