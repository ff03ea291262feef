# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime
import re
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._report import waivers
from ansible_collections.infosec.principles.plugins.plugin_utils._report.waivers import Waiver, WaiverError

GOOD = {"match": "rule == 'a.b'", "why": "because", "owner": "me@example.org", "expires": "2027-06-30"}
TODAY = datetime.date(2027, 6, 30)
FINDING = {"rule": "a.b", "principle": "patching", "status": "fail", "subject": "x", "evidence": []}


def without(key: str) -> dict[str, t.Any]:
    return {name: value for name, value in GOOD.items() if name != key}


# What is given -> a part of each fault, in order.
MALFORMED: dict[str, tuple[t.Any, tuple[str, ...]]] = {
    "no list": ({"match": "x"}, ("waivers: must be a list, found a mapping {'match'",)),
    "nothing": (None, ("waivers: must be a list, found nothing",)),
    "no mapping": (["a"], ("waivers[0]: must be a mapping with match, why, owner, expires; found text 'a'",)),
    "no match": ([without("match")], ("waivers[0].match: missing",)),
    "no why": ([without("why")], ("waivers[0].why: missing",)),
    "no owner": ([without("owner")], ("waivers[0].owner: missing",)),
    "no expires": ([without("expires")], ("waivers[0].expires: missing",)),
    "unknown key": ([GOOD, GOOD | {"expire": 1}], ("waivers[1].expire: unknown",)),
    "empty why": ([GOOD | {"why": " "}], ("waivers[0].why: is empty",)),
    "empty match": ([GOOD | {"match": ""}], ("waivers[0].match: is empty",)),
    "owner is no text": ([GOOD | {"owner": ["a"]}], ("waivers[0].owner: must be text, found a list ['a']",)),
    "match is true": ([GOOD | {"match": True}], ("waivers[0].match: must be text, found a boolean True",)),
    "no such day": ([GOOD | {"expires": "2027-02-30"}], ("waivers[0].expires: must be a day such as 2027-06-30",)),
    "a moment": ([GOOD | {"expires": datetime.datetime(2027, 1, 1, 5)}], ("found a moment 2027-01-01 05:00:00",)),
    "never": ([GOOD | {"expires": "never"}], ("waivers[0].expires: must be a day",)),
    "a number": ([GOOD | {"expires": 20270630}], ("must be a day such as 2027-06-30, found an integer 20270630",)),
    "why is a day": ([GOOD | {"why": TODAY}], ("waivers[0].why: must be text, found a day 2027-06-30",)),
    "why is a set": ([GOOD | {"why": {1}}], ("waivers[0].why: must be text, found a value {1}",)),
    "does not parse": ([GOOD | {"match": "rule == "}], ("waivers[0].match: is not JMESPath:",)),
    "single =": ([GOOD | {"match": "rule = 'a'"}], ("waivers[0].match: is not JMESPath:",)),
    "misspelt field": ([GOOD | {"match": "hots == 'a'"}], ("waivers[0].match: a finding has no 'hots'",)),
    "text without quotes": ([GOOD | {"match": "host == web1"}], ("a finding has no 'web1' (text is written 'web1')",)),
    "misspelt in a call": ([GOOD | {"match": "contains(subjekt, 'a')"}], ("a finding has no 'subjekt'",)),
    "unknown function": ([GOOD | {"match": "matches(host, 'a')"}], ("JMESPath has no function matches()",)),
    "function deep inside": ([GOOD | {"match": "evidence[?like(found, 'a')] && true"}], ("no 'true'", "like()")),
    "too few arguments": ([GOOD | {"match": "starts_with(host)"}], ("starts_with() takes 2 arguments, found 1",)),
    "all at once": (
        [{"why": "", "expires": "soon", "x": 1}, 5],
        ("[0].x: unknown", "[0].match: missing", "[0].why: is empty", "[0].owner: missing", "[0].expires", "[1]: must"),
    ),
}


@pytest.mark.parametrize(("given", "faults"), MALFORMED.values(), ids=MALFORMED)
def test_every_fault_is_named_with_its_place(given: t.Any, faults: tuple[str, ...]) -> None:
    with pytest.raises(WaiverError) as caught:
        waivers.parse(given)
    assert len(caught.value.faults) == len(faults)
    for fault, expected in zip(caught.value.faults, faults, strict=True):
        assert expected in fault
        assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(20270630, "an integer 20270630"), ("soon", "text 'soon'"), (1.5, "a number 1.5"), ([1], "a list [1]")],
)
def test_what_came_through_ansible_is_named_in_plain_words(value: t.Any, shown: str) -> None:
    origin = pytest.importorskip("ansible._internal._datatag._tags").Origin(path="/group_vars/all.yml")
    tagged = origin.tag(value)
    assert type(tagged).__name__.startswith("_Ansible")
    with pytest.raises(WaiverError, match=re.escape(f"[0].expires: must be a day such as 2027-06-30, found {shown}")):
        waivers.parse([GOOD | {"expires": tagged}])


@pytest.mark.parametrize(
    "match",
    [
        "rule == 'a.b'",
        "host == 'web1' && rule == 'a.b'",
        "starts_with(host, 'web') && !(risk == 'maximum')",
        "contains(['a.b', 'c.d'], rule)",
        "evidence[?contains(found, 'x')] | length(@) > `0`",
        "length(evidence[?source == 'x'].found) == `0`",
        "evidence[0].source == 'x'",
        "not_null(subject, 'x') == 'x'",
        "sort_by(evidence, &source)[0].found == 'a'",
    ],
)
def test_expressions_that_are_in_order(match: str) -> None:
    assert waivers.parse([GOOD | {"match": match}])[0].match == match


@pytest.mark.parametrize("expires", ["2027-06-30", datetime.date(2027, 6, 30)])
def test_a_day_is_text_or_a_date_of_yaml(expires: t.Any) -> None:
    assert waivers.parse([GOOD | {"expires": expires}])[0].as_dict() == GOOD


STATUSES = {
    "fail": "waived",
    "error": "waived",
    "not_assessed": "waived",
    "pass": "pass",
    "fixed": "fixed",
    "not_applicable": "not_applicable",
    "waived": "waived",
}


@pytest.mark.parametrize(("before", "after"), STATUSES.items(), ids=STATUSES)
def test_what_is_good_stays_so(before: str, after: str) -> None:
    (found,) = waivers.apply([FINDING | {"status": before}], "web1", [GOOD], TODAY)
    assert found["status"] == after
    assert ("waiver" in found) == (before != after)


def test_the_mark_names_the_waiver_and_the_given_finding_stays() -> None:
    given = dict(FINDING)
    (found,) = waivers.apply([given], "web1", [GOOD], TODAY)
    assert found == FINDING | {"status": "waived", "waiver": GOOD}
    assert given == FINDING


# match -> whether it waives FINDING on the host web1
MATCHES = {
    "host == 'web1'": True,
    "host == 'web2'": False,
    "rule": False,
    "`1`": False,
    "`true`": True,
    "subject == 'x' && starts_with(host, 'web')": True,
    "starts_with(evidence[0].source, '/etc')": False,
    "contains(reference, 'x')": False,
}


@pytest.mark.parametrize(("match", "expected"), MATCHES.items(), ids=MATCHES)
def test_only_a_plain_true_waives(match: str, expected: bool) -> None:
    (found,) = waivers.apply([FINDING], "web1", [GOOD | {"match": match}], TODAY)
    assert (found["status"] == "waived") == expected


@pytest.mark.parametrize(("today", "status"), [(TODAY, "waived"), (TODAY + datetime.timedelta(days=1), "fail")])
def test_the_last_day_counts_and_the_next_does_not(today: datetime.date, status: str) -> None:
    (found,) = waivers.apply([FINDING], "web1", [GOOD], today)
    assert found["status"] == status


def test_the_first_of_two_waivers_is_the_one() -> None:
    (found,) = waivers.apply([FINDING], "web1", [GOOD | {"why": "first"}, GOOD], TODAY)
    assert found["waiver"]["why"] == "first"


def test_what_is_about_the_run_cannot_be_waived() -> None:
    (found,) = waivers.apply([FINDING | {"principle": "run"}], "web1", [GOOD | {"match": "`true`"}], TODAY)
    assert found["status"] == "fail"


def test_no_waivers_is_no_fault() -> None:
    assert waivers.apply([FINDING], "web1", None, TODAY) == [FINDING]
    assert waivers.apply([FINDING], "web1", [], TODAY) == [FINDING]


def test_apply_refuses_malformed_waivers() -> None:
    with pytest.raises(WaiverError, match=re.escape("waivers[0].why: missing")):
        waivers.apply([], "web1", [without("why")], TODAY)


# match -> the controls that it names
CONTROLS: dict[str, set[str]] = {
    "rule == 'a.b' && host == 'c.d'": {"a"},
    "'a.b' == rule || control == 'c'": {"a", "c"},
    "starts_with(rule, 'a.')": {"a"},
    "contains(['a.b', 'c.d'], rule)": {"a", "c"},
    "host == 'a' && contains(subject, 'b')": set(),
    "length(evidence[?source == 'a'])  > `0`": set(),
}


@pytest.mark.parametrize(("match", "controls"), CONTROLS.items(), ids=CONTROLS)
def test_the_controls_that_a_waiver_names(match: str, controls: set[str]) -> None:
    assert waivers.parse([GOOD | {"match": match}])[0].controls == controls


WAIVER = Waiver("rule == 'a.b'", "because", "me@example.org", TODAY)


@pytest.mark.parametrize(
    ("used", "days", "unseen", "expected"),
    [
        ({WAIVER}, 0, "", []),
        (set(), 0, "", [("waiver.unused", "fail")]),
        (set(), 0, "the run was narrowed by --limit", [("waiver.unused", "not_assessed")]),
        (set(), 1, "", [("waiver.expired", "fail")]),
        (set(), 1, "the run was narrowed by --limit", [("waiver.expired", "fail")]),
    ],
)
def test_findings_about_the_waivers(used: set[Waiver], days: int, unseen: str, expected: list[tuple[str, str]]) -> None:
    found = waivers.judge([WAIVER, WAIVER], used, TODAY + datetime.timedelta(days=days), lambda _waiver: unseen)
    assert [(one["rule"], one["status"]) for one in found] == expected
    assert all(one["subject"] == WAIVER.match and one["principle"] == "run" for one in found)
    assert all(unseen in one["message"] for one in found if one["status"] == "not_assessed")
