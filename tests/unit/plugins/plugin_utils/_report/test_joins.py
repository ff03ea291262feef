# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._report import joins
from ansible_collections.infosec.principles.plugins.plugin_utils._report.model import Store

Print = tuple[str, str, str]
ID_RSA = "/home/ann/.ssh/id_rsa"
ANN = "ann: /home/ann/.ssh/authorized_keys:3"
KEY = "ssh_pivoting.key_opens_account"
HOST_KEY = "ssh_pivoting.shared_host_key"
MACHINE = "ssh_pivoting.shared_machine_id"
API_KEY = "device_api_keys.shared_key"
ED25519 = "/etc/ssh/ssh_host_ed25519_key"


def finding(*prints: Print, rule: str = "ssh_pivoting.keys", **changes: str) -> dict[str, t.Any]:
    given = [dict(zip(("kind", "value", "holder"), one, strict=True)) for one in prints]
    status = {"status": "pass", "risk": "high"} | changes
    return {"control": "ssh_pivoting", "rule": rule, "subject": "keys", "fingerprints": given} | status


def store(**hosts: t.Sequence[Print]) -> Store:
    filled = Store()
    for host, prints in hosts.items():
        filled.add(host, [finding(*prints)])
    return filled


def joined(filled: Store, expected: t.Iterable[str] = (), doubt: str = "") -> list[tuple[str, str, str, str]]:
    found = joins.join(filled, expected, doubt)
    return [(host, one["rule"], one["subject"], one["status"]) for host in sorted(found) for one in found[host]]


# fingerprints by host -> host, rule, subject and status of what the fleet shows
CASES: dict[str, tuple[dict[str, list[Print]], list[tuple[str, str, str, str]]]] = {
    "a key opens an account elsewhere": (
        {"a": [("private_key", "K", ID_RSA)], "b": [("authorized_key", "K", ANN)]},
        [("a", KEY, ID_RSA, "fail")],
    ),
    "a key opens another account here": (
        {"a": [("private_key", "K", ID_RSA), ("authorized_key", "K", "root: /root/.ssh/authorized_keys:1")]},
        [("a", KEY, ID_RSA, "fail")],
    ),
    "a key opens its own account only": (
        {"a": [("private_key", "K", ID_RSA), ("authorized_key", "K", ANN)], "b": []},
        [("a", KEY, ID_RSA, "pass")],
    ),
    "a key opens its own account, which other files admit": (
        {"a": [("private_key", "K", "/root/.ssh/id_rsa"), ("authorized_key", "K", "root: /etc/ssh/keys/root:1")]},
        [("a", KEY, "/root/.ssh/id_rsa", "pass")],
    ),
    "a key opens its own account, in a home of another name": (
        {
            "a": [
                ("private_key", "K", "/srv/www/.ssh/k"),
                ("authorized_key", "K", "www: /srv/www/.ssh/authorized_keys:1"),
            ]
        },
        [("a", KEY, "/srv/www/.ssh/k", "pass")],
    ),
    "a holder that names its account": (
        {
            "a": [
                ("private_key", "K", "ann: /srv/k"),
                ("authorized_key", "K", ANN),
                ("private_key", "K", "bob: /srv/k2"),
            ]
        },
        [("a", KEY, "ann: /srv/k", "pass"), ("a", KEY, "bob: /srv/k2", "fail")],
    ),
    "the same account on another host is another account": (
        {"a": [("private_key", "K", ID_RSA), ("authorized_key", "K", ANN)], "b": [("authorized_key", "K", ANN)]},
        [("a", KEY, ID_RSA, "fail")],
    ),
    "the key lies on two hosts": (
        {"a": [("private_key", "K", ID_RSA)], "b": [("private_key", "K", ID_RSA)], "c": [("authorized_key", "K", ANN)]},
        [("a", KEY, ID_RSA, "fail"), ("b", KEY, ID_RSA, "fail")],
    ),
    "other keys do not match": (
        {"a": [("private_key", "K", ID_RSA)], "b": [("authorized_key", "L", ANN)]},
        [("a", KEY, ID_RSA, "pass")],
    ),
    "a value of another kind does not match": (
        {"a": [("private_key", "K", ID_RSA)], "b": [("host_key", "K", ED25519)]},
        [("a", KEY, ID_RSA, "pass"), ("b", HOST_KEY, ED25519, "pass")],
    ),
    "a host key on two hosts": (
        {host: [("host_key", "K" if host < "c" else "L", ED25519)] for host in "abc"},
        [("a", HOST_KEY, ED25519, "fail"), ("b", HOST_KEY, ED25519, "fail"), ("c", HOST_KEY, ED25519, "pass")],
    ),
    "a host key twice on one host": (
        {"a": [("host_key", "K", ED25519), ("host_key", "K", "/srv/key")]},
        [("a", HOST_KEY, ED25519, "pass"), ("a", HOST_KEY, "/srv/key", "pass")],
    ),
    "a key to an API on two hosts, and one on one": (
        {
            "a": [("api_key", "K", "ann: /home/ann/.netrc:1"), ("api_key", "L", "ann: /home/ann/.netrc:2")],
            "b": [("api_key", "K", "root: /root/.vault-token:1")],
        },
        [
            ("a", API_KEY, "ann: /home/ann/.netrc:1", "fail"),
            ("a", API_KEY, "ann: /home/ann/.netrc:2", "pass"),
            ("b", API_KEY, "root: /root/.vault-token:1", "fail"),
        ],
    ),
    "a machine-id on two hosts": (
        {host: [("machine_id", "M", "/etc/machine-id")] for host in "ab"},
        [("a", MACHINE, "/etc/machine-id", "fail"), ("b", MACHINE, "/etc/machine-id", "fail")],
    ),
    "nothing": ({"a": [], "b": []}, []),
}


@pytest.mark.parametrize(("hosts", "expected"), CASES.values(), ids=CASES)
def test_what_only_the_fleet_shows(hosts: dict[str, list[Print]], expected: list[tuple[str, str, str, str]]) -> None:
    assert joined(store(**hosts)) == expected


ALONE = {"a": [("host_key", "K", ED25519)], "b": [("host_key", "L", ED25519)]}


def test_what_is_alone_in_a_part_of_the_fleet_is_no_pass() -> None:
    found = joins.join(store(**ALONE), (), "the run was narrowed by --limit")
    assert [one["status"] for one in found["a"] + found["b"]] == ["not_assessed"] * 2
    assert found["a"][0]["message"] == (
        "No other host has this host key, as far as was seen: the run was narrowed by --limit."
    )


def test_what_is_there_twice_is_a_violation_whatever_was_not_seen() -> None:
    twice = {host: [("host_key", "K", ED25519)] for host in "ab"}
    assert {one[3] for one in joined(store(**twice), doubt="the run was narrowed by --limit")} == {"fail"}


UNSEEN = {
    "the rule could not be assessed": [finding(status="not_assessed")],
    "the rule broke": [finding(status="error", status_before="error")],
    "the doubt was accepted": [finding(status="waived", status_before="not_assessed")],
    "the control was not asked": [finding(rule="other.rule")],
    "no findings": [],
}
SEEN = {
    "nothing of the kind is there": [finding()],
    "another rule could not be assessed": [finding(), finding(rule="ssh_pivoting.forwarding", status="not_assessed")],
    "the fix failed": [finding(status="error", status_before="fail")],
    "the violation was accepted": [finding(status="waived", status_before="fail")],
}


@pytest.mark.parametrize(
    ("findings", "status"),
    [*((given, "not_assessed") for given in UNSEEN.values()), *((given, "pass") for given in SEEN.values())],
    ids=[*UNSEEN, *SEEN],
)
def test_a_host_whose_keys_were_not_seen_leaves_a_doubt(findings: list[dict[str, t.Any]], status: str) -> None:
    filled = store(**ALONE)
    filled.add("c", findings)
    found = joins.join(filled, {"a", "b", "c"}, "")
    assert {one["status"] for one in found["a"] + found["b"]} == {status}
    if status != "pass":
        assert found["a"][0]["message"].endswith(": 1 host could not be looked at to the end (c).")


def test_only_what_a_key_could_open_must_have_been_seen() -> None:
    filled = store(a=[("private_key", "K", ID_RSA)], b=[])
    filled.add("b", [finding(("authorized_key", "L", ANN), rule="ssh_pivoting.identity")])
    filled.add("a", [finding(rule="ssh_pivoting.identity")])
    filled.add("b", [finding(status="not_assessed")])
    assert joined(filled) == [("a", KEY, ID_RSA, "pass")]
    filled.add("a", [finding(rule="ssh_pivoting.identity", status="not_assessed")])
    assert joined(filled) == [("a", KEY, ID_RSA, "not_assessed")]


def test_a_host_of_the_run_without_a_result_leaves_a_doubt() -> None:
    assert {one[3] for one in joined(store(**ALONE), {"a", "b", "skipped"})} == {"not_assessed"}


def test_the_message_names_a_few_and_the_evidence_more() -> None:
    doors: list[Print] = [("authorized_key", "K", f"u{number:02}: /home/u/k:1") for number in range(40)]
    (found,) = joins.join(store(a=[("private_key", "K", ID_RSA)], b=doors), (), "")["a"]
    assert found["message"] == "This private key opens 40 other accounts: u00 on b, u01 on b, u02 on b and 37 more."
    assert len(found["evidence"]) == 2 + joins.EVIDENCE
    assert [row["source"] for row in found["evidence"][:2]] == [ID_RSA, "b: u00: /home/u/k:1"]
    assert found["evidence"][-1]["source"] == "and 20 more"
    assert (found["risk"], found["principle"], found["control"]) == ("high", "lateral_movement", "ssh_pivoting")


def test_an_account_counts_once_however_often_it_admits_the_key() -> None:
    doors: list[Print] = [("authorized_key", "K", f"ann: /home/ann/.ssh/authorized_keys:{line}") for line in (1, 2)]
    (found,) = joins.join(store(a=[("private_key", "K", ID_RSA)], b=doors), (), "")["a"]
    assert found["message"] == "This private key opens 1 other account: ann on b."


def test_ten_thousand_hosts_of_one_image_are_joined_in_seconds() -> None:
    prints: list[Print] = [
        ("private_key", "K", "/root/.ssh/id_rsa"),
        ("authorized_key", "K", "root: /root/.ssh/authorized_keys:1"),
        ("host_key", "H", ED25519),
        ("machine_id", "M", "/etc/machine-id"),
    ]
    filled = store(**{f"h{number:05}": prints for number in range(10_000)})
    began = time.monotonic()
    found = joins.join(filled, (), "")
    assert time.monotonic() - began < 20
    assert {one["status"] for records in found.values() for one in records} == {"fail"}
    assert found["h05000"][1]["message"].startswith("This host key is also that of 9999 other hosts: h00000, h00001")
    assert found["h05000"][0]["message"].startswith("This private key opens 9999 other accounts: root on h00000, ")


OTHER = "ssh_keys.other_account"
ROOT = "root: /root/.ssh/authorized_keys:1"
BOB = "bob: /home/bob/.ssh/authorized_keys:9"


def keys(**hosts: t.Sequence[str]) -> list[tuple[str, str, str]]:
    """What becomes of one key that these hosts admit as these holders: host, subject, status."""
    filled = Store()
    for host, holders in hosts.items():
        one = finding(*(("authorized_key", "K", holder) for holder in holders))
        filled.add(host, [one, {**finding(rule="ssh_keys.weak"), "control": "ssh_keys"}])
    return [(host, subject, status) for host, rule, subject, status in joined(filled) if rule == OTHER]


def test_one_person_on_many_hosts_is_as_it_should_be() -> None:
    found = keys(a=[ANN], b=[ANN], c=[])
    assert found == [("a", "authorized keys", "pass"), ("b", "authorized keys", "pass")]


@pytest.mark.parametrize(
    ("hosts", "astray"),
    [
        ({"a": [ANN], "b": [ANN], "c": [ROOT]}, [("c", "root: K")]),
        ({"a": [ANN], "b": [ROOT]}, [("b", "root: K")]),
        ({"a": [BOB], "b": [ANN]}, [("a", "bob: K")]),
        ({"a": [ROOT], "b": [ROOT], "c": [ANN]}, [("c", "ann: K")]),
        ({"a": [ANN], "b": [ANN, ROOT]}, []),
        ({"a": [ANN], "b": [BOB, ROOT]}, [("b", "bob: K"), ("b", "root: K")]),
        ({"a": [ANN, ROOT]}, []),
    ],
)
def test_a_key_that_opens_accounts_of_other_names(hosts: dict[str, list[str]], astray: list[tuple[str, str]]) -> None:
    assert [(host, subject) for host, subject, status in keys(**hosts) if status == "fail"] == astray


def test_what_is_said_of_it() -> None:
    filled = Store()
    for number in range(30):
        filled.add(f"h{number:02}", [finding(("authorized_key", "K", ANN))])
    filled.add("z", [finding(("authorized_key", "K", ROOT)), {**finding(), "control": "ssh_keys"}])
    (record,) = [one for one in joins.join(filled, (), "")["z"] if one["rule"] == OTHER]
    assert record["message"] == "This key opens root here, and ann on 30 other hosts: h00, h01, h02 and 27 more."
    assert len(record["evidence"]) == 22 and record["evidence"][-1]["source"] == "and 10 more"
    assert record["principle"] == "strong_authentication"


def test_keys_are_not_joined_where_nobody_asked_about_them() -> None:
    filled = store(a=[("authorized_key", "K", ANN)], b=[("authorized_key", "K", ROOT)])
    assert not [one for one in joined(filled) if one[1] == OTHER]


def test_a_fleet_that_was_not_seen_whole_passes_nothing() -> None:
    filled = store(a=[("authorized_key", "K", ANN)])
    filled.add("a", [{**finding(rule="ssh_keys.weak"), "control": "ssh_keys"}])
    statuses = [status for _host, rule, _subject, status in joined(filled, ["a", "lost"]) if rule == OTHER]
    assert statuses == ["not_assessed"]
