# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.judge import judge, totals
from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.plan import Plan
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._reachability.fleet import (
    ADDRESSES,
    APP,
    entry,
    listener,
    planned,
)

V4 = "192.0.2.3"
OWN = {host: [cidr.partition("/")[0] for cidr in ADDRESSES[host]] for host in ADDRESSES}
DENIED, BLOCKED = "reachability.reachable_but_denied", "reachability.blocked_but_allowed"


def tried(made: Plan, outcomes: t.Mapping[str, str], local: str | None = None) -> dict[str, t.Any]:
    """Each source's result: the outcome that `outcomes` has for it (and "refused" otherwise) at every place."""
    results = {}
    for source in made["hosts"]:
        rows = []
        for service in made["services"]:
            for one in service["endpoints"]:
                six = ":" in one["address"]
                own = local if local is not None else next((a for a in OWN[source] if (":" in a) == six), "")
                outcome = outcomes.get(f"{source} {one['port']}") or outcomes.get(source, "refused")
                row = {"address": one["address"], "protocol": service["protocol"], "ports": [one["port"]]}
                rows.append({**row, "outcome": outcome if own or six is False else "no_route", "local": own})
        results[source] = {"tried": rows}
    return results


def rows(made: Plan, results: t.Mapping[str, t.Any], host: str = "db1") -> dict[str, dict[str, list[str]]]:
    """By place, the outcomes with somebody in them."""
    found = judge(made, results)[host]["reachability"]
    return {f"{row['address']} {row['port']}": {k: v for k, v in row["outcomes"].items() if v} for row in found}


def findings(made: Plan, results: t.Mapping[str, t.Any], host: str = "db1") -> dict[str, dict[str, t.Any]]:
    return {one["rule"]: one for one in judge(made, results)[host]["findings"]}


ONE = [listener(5432, V4)]
REGISTER = [entry()]


@pytest.mark.parametrize(
    ("outcome", "app", "web"),
    [
        ("open", "reached", "reachable_but_denied"),
        ("refused", "blocked_but_allowed", "refused"),
        ("filtered", "blocked_but_allowed", "refused"),
        ("unreachable", "blocked_but_allowed", "refused"),
        ("silent", "not_assessed", "not_assessed"),
        ("no_route", "not_assessed", "not_assessed"),
        ("self", "not_assessed", "not_assessed"),
        ("untried", "not_assessed", "not_assessed"),
        ("failed", "not_assessed", "not_assessed"),
        ("nonsense", "not_assessed", "not_assessed"),
    ],
)
def test_what_an_outcome_means(outcome: str, app: str, web: str) -> None:
    made = planned(REGISTER, ONE)
    seen = rows(made, tried(made, dict.fromkeys(made["hosts"], outcome)))[f"{V4} 5432"]
    assert ("app1" in seen.get(app, [])) and ("app2" in seen.get(app, []))
    assert "web1" in seen.get(web, [])
    assert sum(map(len, seen.values())) == 3


def test_as_the_register_has_it() -> None:
    made = planned(REGISTER, ONE)
    results = tried(made, {"app1": "open", "app2": "open"})
    assert rows(made, results) == {f"{V4} 5432": {"reached": ["app1", "app2"], "refused": ["web1"]}}
    found = findings(made, results)
    assert {rule: found[rule]["status"] for rule in found} == {DENIED: "pass", BLOCKED: "pass"}
    assert found[DENIED]["message"] == "None of the 1 host(s) that the register does not let in reached it."
    assert found[DENIED]["evidence"] == []


def test_a_finding_is_whole() -> None:
    made = planned(REGISTER, ONE)
    found = findings(made, tried(made, {"web1": "open", "app1": "open"}))
    assert found[DENIED] | {"remedy": "", "title": "", "reference": ""} == {
        "control": "reachability",
        "principle": "lateral_movement",
        "rule": DENIED,
        "title": "",
        "subject": "5432/tcp orders",
        "status": "fail",
        "status_before": "fail",
        "risk": "high",
        "message": "web1 reached 5432/tcp orders, which the register does not let them reach.",
        "note": "",
        "evidence": [
            {"source": "web1 (192.0.2.4) to 192.0.2.3:5432", "found": "it answered", "expected": "no answer"},
        ],
        "remedy": "",
        "reference": "",
        "fix": [],
        "diff": [],
    }
    assert (found[BLOCKED]["status"], found[BLOCKED]["risk"]) == ("fail", "medium")
    assert found[BLOCKED]["message"] == "app2 did not reach 5432/tcp orders, though the register lets them in."


def test_a_row_is_whole() -> None:
    made = planned(REGISTER, ONE)
    assert judge(made, tried(made, {"web1": "open", "app1": "open"}))["db1"]["reachability"] == [
        {
            "service": "orders",
            "protocol": "tcp",
            "port": 5432,
            "address": V4,
            "outcomes": {
                "reached": ["app1"],
                "refused": [],
                "reachable_but_denied": ["web1"],
                "blocked_but_allowed": ["app2"],
                "not_assessed": [],
            },
            "witnesses": 0,
        }
    ]


def test_what_is_in_no_entry_is_for_nobody() -> None:
    made = planned([], ONE)
    results = tried(made, {"app1": "open"})
    assert rows(made, results) == {f"{V4} 5432": {"reachable_but_denied": ["app1"], "refused": ["app2", "web1"]}}
    assert {rule: one["subject"] for rule, one in findings(made, results).items()} == {
        DENIED: "5432/tcp (not in the register)"
    }


def test_for_everybody_nobody_is_denied() -> None:
    made = planned([entry(clients=["any"])], ONE)
    assert {rule: one["status"] for rule, one in findings(made, tried(made, {})).items()} == {BLOCKED: "fail"}


def test_a_host_counts_as_the_address_that_it_comes_from() -> None:
    made = planned([entry(clients=["192.0.2.1/32"])], [listener(5432)])
    # Over IPv6 app1 comes from an address that is not let in.
    assert rows(made, tried(made, {"app1": "open"})) == {
        f"{V4} 5432": {"reached": ["app1"], "refused": ["app2", "web1"]},
        "2001:db8::3 5432": {"reachable_but_denied": ["app1"], "refused": ["app2"], "not_assessed": ["web1"]},
    }


def test_nothing_listens() -> None:
    made = planned(REGISTER, [])
    found = findings(made, tried(made, {}))
    assert "Nothing listens on it (see listening_services.declared_but_absent)." in found[BLOCKED]["message"]
    assert found[BLOCKED]["evidence"][0]["found"] == "refused; nothing listens there"
    assert found[DENIED]["status"] == "pass"


def test_ends_of_a_range_show_that_the_way_is_open() -> None:
    made = planned([entry(ports="8000-8010/tcp")], [listener(8003, V4)])
    results = tried(made, {"app1 8003": "open", "app2 8003": "open", "app2 8010": "filtered"})
    seen = rows(made, results)
    assert seen[f"{V4} 8000"] == {"reached": ["app1", "app2"], "refused": ["web1"]}
    assert seen[f"{V4} 8010"] == {"reached": ["app1"], "blocked_but_allowed": ["app2"], "refused": ["web1"]}
    assert (
        "Of the range, its ends and what listens were tried: 8000, 8003, 8010."
        in findings(made, results)[DENIED]["message"]
    )


def test_silence_tells_where_others_were_answered() -> None:
    made = planned([entry("names", "53/udp")], [listener(53, V4, "udp")])
    results = tried(made, {"app1": "open", "app2": "silent", "web1": "silent"})
    assert rows(made, results) == {
        f"{V4} 53": {"reached": ["app1"], "blocked_but_allowed": ["app2"], "refused": ["web1"]}
    }


@pytest.mark.parametrize(
    ("lost", "why"),
    [
        ({"unreachable": True, "msg": "No route\nto host"}, "No route"),
        ({"skipped": True}, "it did not try"),
        ({}, "it did not try"),
    ],
)
def test_who_could_not_try_is_not_assessed(lost: dict[str, t.Any], why: str) -> None:
    made = planned(REGISTER, ONE)
    results = tried(made, {"app1": "open", "app2": "open"}) | {"web1": lost}
    assert rows(made, results)[f"{V4} 5432"] == {"reached": ["app1", "app2"], "not_assessed": ["web1"]}
    found = findings(made, results)
    assert (found[DENIED]["status"], found[BLOCKED]["status"]) == ("not_assessed", "pass")
    assert found[DENIED]["message"] == "Not assessed from web1: offline."
    assert found[DENIED]["evidence"] == [{"source": "from web1", "found": why, "expected": "to be tried"}]


def test_a_target_that_was_offline() -> None:
    made = planned(REGISTER, [], db1={"unreachable": True, "msg": "No route"})
    judged = judge(made, {host: {"tried": []} for host in made["hosts"]} | {"db1": {"skipped": True}})["db1"]
    assert judged["offline"] == "No route"
    assert {one["status"] for one in judged["findings"]} == {"not_assessed"}
    assert judged["findings"][0]["message"] == "Not assessed from app1, app2: db1 was offline."
    assert [row["outcomes"]["not_assessed"] for row in judged["reachability"]] == [["app1", "app2", "web1"]] * 2


def test_no_address_to_try() -> None:
    made = planned(REGISTER, [listener(5432, "172.17.0.1")])
    judged = judge(made, tried(made, {}))["db1"]
    assert judged["reachability"] == []
    assert {one["status"] for one in judged["findings"]} == {"not_assessed"}
    assert "name it in infosec_addresses" in judged["findings"][0]["message"]


def test_a_further_address_that_the_inventory_does_not_know() -> None:
    made = planned(REGISTER, [*ONE, listener(5432, "172.17.0.1")])
    found = findings(made, tried(made, {"app1": "open", "app2": "open"}))
    assert {one["status"] for one in found.values()} == {"not_assessed"}
    assert "it also listens on 172.17.0.1, which the inventory does not have" in found[DENIED]["message"]


def test_a_host_without_ipv6_has_been_assessed_over_ipv4() -> None:
    made = planned(REGISTER, [listener(5432)])
    results = tried(made, {"app1": "open", "app2": "open"})
    assert rows(made, results)["2001:db8::3 5432"]["not_assessed"] == ["web1"]
    assert findings(made, results)[DENIED]["status"] == "pass"
    # But not where that is the only way that there is to try.
    made = planned(REGISTER, [listener(5432, families=["IPv6"])])
    found = findings(made, tried(made, {"app1": "open", "app2": "open"}))[DENIED]
    assert (found["status"], found["message"]) == (
        "not_assessed",
        "Not assessed from web1: no route from there, or no address of that family.",
    )


def test_of_a_host_with_two_networks_a_client_needs_its_own() -> None:
    second = "198.51.100.3"
    addresses = {**ADDRESSES, "db1": [f"{V4}/32", f"{second}/32"]}
    made = planned(REGISTER, [listener(5432, "0.0.0.0", families=["IPv4"])], addresses=addresses)

    def results(app2: str) -> dict[str, t.Any]:
        """app1 and app2 get to the first network alone, web1 to the second alone."""
        found = {source: {"tried": []} for source in made["hosts"]}
        for source, first, other in (
            ("app1", "open", "filtered"),
            ("app2", app2, "no_route"),
            ("web1", "filtered", "open"),
        ):
            local = OWN[source][0]
            for address, outcome in ((V4, first), (second, other)):
                row = {"address": address, "protocol": "tcp", "ports": [5432], "outcome": outcome, "local": local}
                found[source]["tried"].append(row)
        return found

    seen = rows(made, results("open"))
    assert seen[f"{V4} 5432"] == {"reached": ["app1", "app2"], "refused": ["web1"]}
    assert seen[f"{second} 5432"] == {"reachable_but_denied": ["web1"]}, "whom nobody lets in is tried everywhere"
    assert findings(made, results("open"))[BLOCKED]["status"] == "pass"
    assert findings(made, results("filtered"))[BLOCKED]["status"] == "fail"


def test_witnesses_are_told() -> None:
    made = planned(REGISTER, ONE, witnesses=1)
    found = findings(made, tried(made, {}))[DENIED]
    assert "1 of every group tried it, 1 host(s) of 3." in found["message"]
    (row,) = judge(made, tried(made, {}))["db1"]["reachability"]
    assert row["witnesses"] == 1
    assert sum(map(len, row["outcomes"].values())) == 2


@pytest.mark.parametrize(
    "result",
    [
        {"tried": None},
        {"tried": ["x", {}, {"outcome": "open"}]},
        {"tried": [{"address": V4, "protocol": "tcp", "outcome": "open", "local": "x; y", "ports": [5432]}]},
        {"tried": [{"address": V4, "protocol": "tcp", "outcome": "open", "local": "", "ports": 5432}]},
        {"tried": [{"address": V4, "protocol": "tcp", "outcome": "<b>", "local": "", "ports": [5432]}]},
    ],
)
def test_nonsense_of_a_source_is_no_answer(result: t.Any) -> None:
    made = planned(REGISTER, ONE)
    assert rows(made, tried(made, {}) | {"web1": result})[f"{V4} 5432"]["not_assessed"] == ["web1"]


def test_long_lists_are_cut() -> None:
    hosts = [f"h{number:03}" for number in range(200)]
    made = planned([entry(clients=["any"])], ONE, **{host: {"listeners": []} for host in hosts})
    refused = {"address": V4, "protocol": "tcp", "ports": [5432], "outcome": "refused", "local": ""}
    found = findings(made, {host: {"tried": [refused]} for host in made["hosts"]})[BLOCKED]
    assert found["message"].startswith("app1, app2, h000, h001, h002 and 198 more did not reach")
    assert len(found["evidence"]) == 51
    assert found["evidence"][-1]["source"] == "153 more"


def test_totals() -> None:
    made = planned([entry(clients=APP)], ONE)
    assert totals(judge(made, tried(made, {"app1": "open", "web1": "open"}))) == {
        "reached": 1,
        "refused": 0,
        "reachable_but_denied": 1,
        "blocked_but_allowed": 1,
        "not_assessed": 0,
    }
