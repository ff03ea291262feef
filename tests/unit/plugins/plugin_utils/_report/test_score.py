# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._report.model import Store
from ansible_collections.infosec.principles.plugins.plugin_utils._report.score import (
    Score,
    Summary,
    fails_on,
    level,
    with_note,
)
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._report.samples import fleet


def one(rule: str = "a.b", status: str = "fail", risk: str = "high", principle: str = "p") -> dict[str, t.Any]:
    return {"control": "a", "rule": rule, "subject": status, "status": status, "risk": risk, "principle": principle}


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("none", []),
        ("low", ["low", "high", "maximum"]),
        ("medium", ["high", "maximum"]),
        ("high", ["high", "maximum"]),
        ("maximum", ["maximum"]),
    ],
)
def test_fails_on_counts_from_a_risk_upwards(limit: str, expected: list[str]) -> None:
    findings = [one(risk=risk) for risk in ("low", "high", "maximum")]
    assert [found["risk"] for found in fails_on(findings, limit)] == expected


@pytest.mark.parametrize(
    ("status", "fails"),
    [
        ("fail", True),
        ("error", True),
        ("pass", False),
        ("fixed", False),
        ("waived", False),
        ("not_applicable", False),
        ("not_assessed", False),
    ],
)
def test_only_what_is_open_fails_a_run(status: str, fails: bool) -> None:
    assert bool(fails_on([one(status=status, risk="maximum")], "low")) == fails


@pytest.mark.parametrize(
    ("message", "note", "said"),
    [
        ("It is off", "no space", "It is off. Not put right: no space"),
        ("It is off.", "no space", "It is off. Not put right: no space"),
        ("It is off", "", "It is off"),
    ],
)
def test_a_note_is_a_sentence_of_its_own(message: str, note: str, said: str) -> None:
    assert with_note(message, note) == said


def test_levels_rise() -> None:
    assert [level(risk) for risk in ("", "low", "medium", "high", "maximum")] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("statuses", "share"),
    [
        ([], None),
        (["not_applicable"], None),
        (["pass"], 100),
        (["pass", "fixed", "not_applicable"], 100),
        (["pass", "not_assessed"], 50),
        (["pass", "waived"], 50),
        (["pass"] * 999 + ["fail"], 99),
        (["error"], 0),
    ],
)
def test_share_is_never_better_than_what_is_known(statuses: list[str], share: int | None) -> None:
    score = Score()
    for status in statuses:
        score.add(status, "low")
    assert score.share == share


def test_worst_is_the_worst_that_is_open() -> None:
    score = Score()
    for status, risk in [("pass", "maximum"), ("waived", "maximum"), ("fail", "medium"), ("error", "low")]:
        score.add(status, risk)
    assert (score.worst, score.open) == ("medium", 2)


def summary(**hosts: list[dict[str, t.Any]]) -> Summary:
    store = Store()
    for host, findings in hosts.items():
        store.add(host, findings)
    return Summary(store)


def test_next_is_by_risk_and_then_by_hosts() -> None:
    many, worst, few = one("many.x", risk="low"), one("worst.x", risk="maximum"), one("few.x", risk="low")
    found = summary(a=[many, worst], b=[many, one("passes.x", status="pass")], c=[few])
    assert [(rule.rule, rule.hosts, rule.first_hosts) for rule in found.next()] == [
        ("worst.x", 1, ["a"]),
        ("many.x", 2, ["a", "b"]),
        ("few.x", 1, ["c"]),
    ]


def test_the_remedy_is_that_of_what_is_still_open() -> None:
    texts = [("fixed", "a: drop it"), ("fail", "b: set a password"), ("fail", "c: a third")]
    found = summary(
        web=[{**one(status=told[0]), **dict.fromkeys(("subject", "message", "remedy"), told[1])} for told in texts]
    )
    assert (found.next()[0].example, found.next()[0].remedy) == ("b: set a password", "b: set a password")


def test_the_worst_host_comes_first() -> None:
    found = summary(a=[one(risk="low")], b=[one(status="not_assessed")], c=[one(risk="high")], d=[one(status="pass")])
    assert found.hosts_worst_first() == ["c", "a", "b", "d"]


def test_the_sums_of_the_fleet_agree() -> None:
    found = fleet().summary
    assert sum(score.total for score in found.principles.values()) == found.all.total
    assert sum(found.host(name).total for name in found.hosts) == found.all.total
    assert sum(rule.score.total for rule in found.rules.values()) == found.all.total


def graded(subject: str, before: str, after: str) -> dict[str, t.Any]:
    return {
        **one(rule="web_headers.grade", status="fixed"),
        "subject": subject,
        "measure_before": before,
        "measure": after,
    }


def test_what_a_run_changed_is_measured_before_and_after() -> None:
    store = Store()
    store.add(
        "web", [graded("b", "F (0)", "B+ (80)"), graded("a", "D (30)", "A (90)"), graded("c", "A (90)", "A (90)")]
    )
    assert [(got.host, got.subject, got.before, got.after) for got in Summary(store).measured] == [
        ("web", "a", "D (30)", "A (90)"),
        ("web", "b", "F (0)", "B+ (80)"),
    ]


def test_what_has_no_measure_has_no_key_for_it() -> None:
    store = Store()
    store.add("web", [one(), {**one(rule="r.x"), "measure": 5, "measure_before": None}])
    assert [sorted(key for key in got if "measure" in key) for got in store.of("web")] == [
        [],
        ["measure", "measure_before"],
    ]


def due(day: str, status: str = "pass", host: str = "web") -> tuple[str, dict[str, t.Any]]:
    return host, {**one(rule="key_rotation.api_keys", status=status), "subject": f"{day} {status}", "due": day}


def test_what_is_due_next_comes_first() -> None:
    store = Store()
    for host, found in (due("2028-01-01"), due("2026-01-01", "fail", "db"), due("2027-01-01", "pass", "db")):
        store.add(host, [*store.of(host), found])
    store.add("idle", [one()])
    assert [(day.day, day.host, day.status) for day in Summary(store).due] == [
        ("2026-01-01", "db", "fail"),
        ("2027-01-01", "db", "pass"),
        ("2028-01-01", "web", "pass"),
    ]


def test_so_many_days_are_kept() -> None:
    store = Store()
    for number in range(Summary.DUE + 20):
        store.add(f"h{number}", [due(f"{2030 + number}-01-01")[1]])
    found = Summary(store).due
    assert (len(found), found[0].day, found[-1].day) == (Summary.DUE, "2030-01-01", f"{2029 + Summary.DUE}-01-01")


@pytest.mark.parametrize("given", ["soon", "2027-1-1", "2027-01-01T00:00", "<b>", 20270101, None, ["2027-01-01"], ""])
def test_a_day_that_is_none_is_left_out(given: t.Any) -> None:
    store = Store()
    store.add("web", [{**one(), "due": given}])
    assert Summary(store).due == []
    assert "due" not in store.of("web")[0]
