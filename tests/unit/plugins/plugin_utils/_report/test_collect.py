# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._report.collect import Collector, Result
from ansible_collections.infosec.principles.plugins.plugin_utils._report.model import Store, finding
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._report.samples import (
    HARDEN,
    NOW,
    REACHABILITY,
    WAIVERS,
    result,
)


def one(subject: str = "x", **changes: t.Any) -> dict[str, t.Any]:
    return {
        "control": "a",
        "principle": "p",
        "rule": "a.b",
        "subject": subject,
        "status": "fail",
        "risk": "low",
    } | changes


def statuses(collector: Collector, host: str) -> list[tuple[str, str, str]]:
    return [(found["rule"], found["subject"], found["status"]) for found in collector.store.of(host)]


def failed(host: str = "web", action: str = HARDEN, **data: t.Any) -> Result:
    return Result(host, action, "Harden", "failed", {"msg": "It broke.\nAt length."} | data)


def unreachable(host: str = "web") -> Result:
    return Result(host, "ansible.builtin.setup", "Facts", "unreachable", {"msg": "No route to host"})


RUN_FAILED = ("run.failed", HARDEN, "error")
LOST = ("run.unreachable", "ansible.builtin.setup", "error")

# What happened on the host web -> its findings (rule, subject, status)
CASES: dict[str, tuple[list[Result], list[tuple[str, str, str]]]] = {
    "findings": ([result("web", [one("y"), one("x")])], [("a.b", "x", "fail"), ("a.b", "y", "fail")]),
    "no findings at all": ([result("web", [])], []),
    "findings of a failed task": ([failed(findings=[one()])], [("a.b", "x", "fail")]),
    "a later finding replaces": (
        [result("web", [one(), one("y")]), result("web", [one(status="pass")])],
        [("a.b", "x", "pass"), ("a.b", "y", "fail")],
    ),
    "a loop": (
        [Result("web", HARDEN, "Harden", "ok", {"results": [{"findings": [one()]}, {"findings": [one("y")]}]})],
        [("a.b", "x", "fail"), ("a.b", "y", "fail")],
    ),
    "findings of somebody else": ([Result("web", "other.collection.scan", "Scan", "ok", {"findings": [one()]})], []),
    "findings are no list": ([Result("web", HARDEN, "Harden", "ok", {"findings": "many"})], []),
    "a finding is no mapping": ([result("web", ["fail", one()])], [("a.b", "x", "fail")]),  # type: ignore[list-item]
    "failed without findings": ([failed()], [RUN_FAILED]),
    "failed beside findings": (
        [result("web", [one()]), failed(action="infosec.principles.other")],
        [("a.b", "x", "fail"), ("run.failed", "infosec.principles.other", "error")],
    ),
    "failed and then run again": ([failed(), result("web", [one()])], [("a.b", "x", "fail")]),
    "hidden by no_log": ([Result("web", HARDEN, "Harden", "ok", {"censored": "hidden"})], [RUN_FAILED]),
    "unreachable": ([unreachable()], [LOST]),
    "unreachable after findings": ([result("web", [one()]), unreachable()], [("a.b", "x", "fail"), LOST]),
    "unreachable and judged from afar": (
        [unreachable(), failed(action="infosec.principles.reachability", findings=[one()])],
        [("a.b", "x", "fail"), LOST],
    ),
    "unreachable and back": ([unreachable(), result("web", [one()])], [("a.b", "x", "fail")]),
    "something else failed first": (
        [failed(action="ansible.builtin.assert")],
        [("run.failed", "ansible.builtin.assert", "error")],
    ),
    "something else failed first, and the proof has nothing": (
        [failed(action="infosec.principles.sockets_info"), failed(action=REACHABILITY, findings=[])],
        [("run.failed", "infosec.principles.sockets_info", "error")],
    ),
    "something else failed later": (
        [result("web", [one()]), failed(action="ansible.builtin.assert")],
        [("a.b", "x", "fail")],
    ),
    "skipped": ([Result("web", HARDEN, "Harden", "ok", {"skipped": True})], []),
}


@pytest.mark.parametrize(("results", "expected"), CASES.values(), ids=CASES)
def test_what_happened_is_in_the_report(results: list[Result], expected: list[tuple[str, str, str]]) -> None:
    collector = Collector(NOW)
    collector.expected.add("web")
    for given in results:
        collector.take(given)
    collector.finish({"web"}, "")
    assert statuses(collector, "web") == expected


def test_a_failure_names_its_cause() -> None:
    collector = Collector(NOW)
    collector.take(failed(module_stderr="Traceback: it broke"))
    collector.finish({"web"}, "")
    (found,) = collector.store.of("web")
    assert found["message"] == "It broke."
    assert [row["found"] for row in found["evidence"]] == ["It broke.\nAt length.", "Traceback: it broke"]


def test_hosts_that_a_stopped_run_never_came_to_are_errors() -> None:
    collector = Collector(NOW)
    collector.expected |= {"web", "db"}
    collector.take(failed())
    collector.finish({"web"}, "")
    assert statuses(collector, "db") == [("run.not_reached", "db", "error")]


def test_hosts_without_a_result_in_a_run_that_went_well_are_left_out() -> None:
    collector = Collector(NOW)
    collector.expected |= {"web", "db"}
    collector.take(result("web", [one()]))
    collector.finish({"web"}, "")
    assert "db" not in collector.store


def proof(host: str, *rows: dict[str, t.Any]) -> Result:
    return Result(host, "infosec.principles.reachability", "Prove", "ok", {"findings": [], "reachability": list(rows)})


def test_ports_are_kept_sorted_and_the_last_word_counts() -> None:
    collector = Collector(NOW)
    known = {"service": "ssh", "protocol": "tcp", "port": 22, "address": "192.0.2.1", "witnesses": 2}
    collector.take(proof("web", known | {"outcomes": {"refused": ["db", "b", "db"]}}, {"port": "x", "outcomes": 5}))
    collector.take(proof("web", known | {"outcomes": {"reached": ["db"]}}))
    collector.take(proof("app", known | {"outcomes": {"reached": ["db"], "more": ["x"]}}, 7))  # type: ignore[arg-type]
    rows = list(collector.store.rows())
    names = ("reachable_but_denied", "blocked_but_allowed", "not_assessed", "refused")
    empty: dict[str, list[str]] = {name: [] for name in names}
    reached = known | {"outcomes": {"reached": ["db"], **empty}}
    odd = {"service": "", "protocol": "", "port": 0, "address": "", "witnesses": 0}
    assert rows == [("app", reached), ("web", odd | {"outcomes": empty | {"reached": []}}), ("web", reached)]


def test_ports_of_somebody_elses_module_are_not_taken() -> None:
    collector = Collector(NOW)
    for action in ("other.collection.reachability", "infosec.principles.reachability_info"):
        collector.take(Result("web", action, "Probe", "ok", {"reachability": [{"port": 1}]}))
    assert list(collector.store.rows()) == []


KEY = {"kind": "host_key", "value": "SHA256:x", "holder": "/etc/ssh/ssh_host_rsa_key"}
SHARED = "ssh_pivoting.shared_host_key"


def test_what_hosts_share_is_found_and_can_be_waived_host_by_host() -> None:
    waiver = WAIVERS[0] | {"match": f"rule == '{SHARED}'"}
    collector = Collector(NOW)
    collector.take(result("db", [one(status="pass", fingerprints=[KEY])]))
    collector.take(result("web", [one(status="pass", fingerprints=[KEY])], [waiver]))
    collector.finish({"db", "web"}, "")
    assert (SHARED, KEY["holder"], "fail") in statuses(collector, "db")
    assert (SHARED, KEY["holder"], "waived") in statuses(collector, "web")
    assert "controller" not in collector.store


@pytest.mark.parametrize(("unseen", "lost"), [("the run was narrowed by --limit", False), ("", True)])
def test_a_part_of_the_fleet_is_no_pass_for_what_hosts_share(unseen: str, lost: bool) -> None:
    collector = Collector(NOW)
    collector.take(result("web", [one(status="pass", fingerprints=[KEY])]))
    if lost:
        collector.take(unreachable("db"))
    collector.finish({"web"}, unseen)
    assert statuses(collector, "web") == [("a.b", "x", "pass"), (SHARED, KEY["holder"], "not_assessed")]


def test_the_mode_is_that_of_the_hosts_that_answered() -> None:
    collector = Collector(NOW)
    collector.take(Result("edge", HARDEN, "Harden", "unreachable", {}, check_mode=False))
    assert collector.finish((), "").mode == "run"
    collector.take(Result("web", HARDEN, "Harden", "ok", {"findings": [one()]}, check_mode=True))
    assert collector.finish((), "").mode == "check"


@pytest.mark.parametrize(
    ("modes", "expected"), [([True], "check"), ([False], "run"), ([True, False], "mixed"), ([], "run")]
)
def test_mode(modes: list[bool], expected: str) -> None:
    collector = Collector(NOW)
    for mode in modes:
        collector.take(Result("web", HARDEN, "Harden", "ok", {"findings": [one()]}, check_mode=mode))
    assert collector.finish((), "").mode == expected


WAIVER = WAIVERS[0] | {"match": "rule == 'a.b' && host == 'web'"}
OTHER = WAIVERS[0] | {"match": "rule == 'c.d'"}
ON_CONTROLLER: dict[str, tuple[list[Result], str, list[tuple[str, str, str]]]] = {
    "used": ([result("web", [one()], [WAIVER])], "", []),
    "used by the action plugin": ([result("web", [one(status="waived", waiver=WAIVER)], [WAIVER])], "", []),
    "used on one host of two": ([result("db", [one()], [WAIVER]), result("web", [one()], [WAIVER])], "", []),
    "unused": ([result("web", [one()], [OTHER])], "", [("waiver.unused", OTHER["match"], "fail")]),
    "no longer needed": (
        [result("web", [one(status="pass")], [WAIVER])],
        "",
        [("waiver.unused", WAIVER["match"], "fail")],
    ),
    "unused with a limit": (
        [result("web", [one()], [OTHER])],
        "the run was narrowed by --limit",
        [("waiver.unused", OTHER["match"], "not_assessed")],
    ),
    "unused and a host is lost": (
        [result("web", [one()], [OTHER]), unreachable("db")],
        "",
        [("waiver.unused", OTHER["match"], "not_assessed")],
    ),
    "expired": (
        [result("web", [one()], [WAIVER | {"expires": "2026-11-23"}])],
        "",
        [("waiver.expired", WAIVER["match"], "fail")],
    ),
    "malformed": ([result("web", [one()], [{"match": "x"}])], "", []),
}


@pytest.mark.parametrize(("results", "unseen", "expected"), ON_CONTROLLER.values(), ids=ON_CONTROLLER)
def test_waivers_are_judged_at_the_end(
    results: list[Result], unseen: str, expected: list[tuple[str, str, str]]
) -> None:
    collector = Collector(NOW)
    for given in results:
        collector.take(given)
    collector.finish((), unseen)
    assert statuses(collector, "controller") == expected


PROVE = {"rule": "reachability.reachable_but_denied", "control": "reachability"}
# modules of the run with a finding each -> the waiver's match -> the status of waiver.unused
ASKED: dict[str, tuple[dict[str, dict[str, t.Any]], str, str]] = {
    "of prove.yml, after harden.yml": ({"harden": one()}, "starts_with(rule, 'reachability.')", "not_assessed"),
    "of prove.yml, after prove.yml": ({"reachability": one(**PROVE)}, "starts_with(rule, 'reachability.x')", "fail"),
    "of harden.yml, after prove.yml": ({"reachability": one(**PROVE)}, "rule == 'c.d'", "not_assessed"),
    "of harden.yml, after harden.yml": ({"harden": one()}, "rule == 'c.d'", "fail"),
    "of a control, after that control": ({"a": one()}, "rule == 'a.c'", "fail"),
    "of another control, after a control": ({"a": one()}, "rule == 'c.d'", "not_assessed"),
    "of a host, after prove.yml": ({"reachability": one(**PROVE)}, "host == 'db'", "not_assessed"),
    "of a host, after harden.yml": ({"harden": one()}, "host == 'db'", "fail"),
    "of prove.yml, after both": (
        {"harden": one(), "reachability": one(**PROVE)},
        "rule == 'reachability.blocked_but_allowed'",
        "fail",
    ),
}


@pytest.mark.parametrize(("asked", "match", "status"), ASKED.values(), ids=ASKED)
def test_a_waiver_is_unused_only_where_its_control_was_asked(
    asked: dict[str, dict[str, t.Any]], match: str, status: str
) -> None:
    collector = Collector(NOW)
    for name, found in asked.items():
        args = {"waivers": [WAIVERS[0] | {"match": match}]}
        collector.take(Result("web", f"infosec.principles.{name}", "Look", "ok", {"findings": [found]}, args))
    collector.finish({"web"}, "")
    assert statuses(collector, "controller") == [("waiver.unused", match, status)]


def test_a_run_over_a_part_of_the_inventory_does_not_judge_unused_waivers() -> None:
    collector = Collector(NOW)
    collector.expected, collector.inventory = {"web"}, {"web", "db", "cache"}
    collector.take(result("web", [one()], [OTHER]))
    run = collector.finish({"web"}, "")
    assert run.unseen == "the run left out 2 of 3 hosts of the inventory"
    assert statuses(collector, "controller") == [("waiver.unused", OTHER["match"], "not_assessed")]


def test_the_day_is_that_of_the_run() -> None:
    collector = Collector(datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc))
    collector.take(result("web", [one()], [WAIVER]))
    assert statuses(collector, "web") == [("a.b", "x", "fail")]


def test_an_odd_finding_never_looks_better() -> None:
    found = finding({"status": "great", "status_before": 7, "risk": None, "subject": ["a"], "evidence": "x", "fix": 1})
    assert (found["status"], found["status_before"], found["risk"]) == ("error", "error", "maximum")
    assert (found["subject"], found["evidence"], found["fix"], found["message"]) == ('["a"]', [], [], "")


def test_the_store_sorts_whatever_the_order() -> None:
    findings = [one("b"), one("a"), one("a", rule="a.a"), one("a", control="0")]
    forward, backward = Store(), Store()
    for number in range(4):
        forward.add("web", [findings[number]])
        backward.add("web", [findings[3 - number]])
    assert list(forward) == list(backward)
    assert [found["control"] for found in forward.of("web")] == ["0", "a", "a", "a"]
