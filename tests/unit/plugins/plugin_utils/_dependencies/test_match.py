# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OSV's own algorithm, case by case; names of one vulnerability; the version that is free of all."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies import match
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.cvss import Severity
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.match import Vulnerability
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.osv import Advisory
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.versions.fault import VersionFault

Events = t.Sequence[tuple[str, str]]


def advisory(*ranges: Events, versions: t.Sequence[str] = (), name: str = "GHSA-1") -> Advisory:
    return Advisory(name, ranges=tuple(map(tuple, ranges)), versions=tuple(versions))


ZERO, FIXED_2 = ("introduced", "0"), ("fixed", "2.0")
TWICE = [("introduced", "1.0"), ("fixed", "1.5"), ("introduced", "2.0"), ("fixed", "2.5")]


@pytest.mark.parametrize(
    ("events", "inside", "outside"),
    [
        ([ZERO, FIXED_2], "0.0.1 1.9 2.0rc1 2.0.dev1", "2.0 2.0.post1 2.0+local 1!0.1"),
        ([ZERO], "0.dev1 0 99 1!3", ""),
        ([("introduced", "1.0")], "1.0 9", "1.0a1 0.9"),
        (TWICE, "1.0 1.4.9 2.0 2.4", "0.9 1.5 1.9 2.5 3"),
        (list(reversed(TWICE)), "1.0 1.4.9 2.0 2.4", "0.9 1.5 1.9 2.5 3"),
        ([FIXED_2, ZERO], "1.9", "2.0"),
        ([ZERO, ("last_affected", "1.9")], "1.9 1.0", "1.9.1 1.9.post1 2.0"),
        ([ZERO, ("limit", "3.0")], "1.0 2.9", "3.0 4.0"),
        ([ZERO, ("limit", "*")], "1.0 99", ""),
        ([ZERO, ("limit", "1.0"), ("limit", "3.0")], "2.0", "3.0"),
        ([("fixed", "2.0")], "", "1.0 2.0"),
        ([], "", "1.0"),
    ],
)
def test_ranges(events: Events, inside: str, outside: str) -> None:
    assert [one for one in inside.split() if not match.affects(advisory(events), "PyPI", one)] == []
    assert [one for one in outside.split() if match.affects(advisory(events), "PyPI", one)] == []


def test_versions_that_are_only_listed() -> None:
    listed = advisory(versions=("1.0", "1.2-beta", "not a version"))
    assert match.affects(listed, "PyPI", "1.0")
    assert match.affects(listed, "PyPI", "1.0.0")
    assert match.affects(listed, "PyPI", "not a version")
    assert not match.affects(listed, "PyPI", "1.1")


def test_a_list_and_ranges_are_united() -> None:
    both = advisory([("introduced", "2.0"), ("fixed", "2.1")], versions=("1.0",))
    assert [one for one in ("1.0", "1.1", "2.0", "2.1") if match.affects(both, "npm", one)] == ["1.0", "2.0"]


@pytest.mark.parametrize(
    ("ecosystem", "events", "version", "affected"),
    [
        ("npm", [ZERO, ("fixed", "1.2.6")], "1.2.6-beta.1", True),
        ("npm", [ZERO, ("fixed", "1.2.6")], "1.2.6+build", False),
        ("Go", [ZERO, ("fixed", "0.0.0-20201216223049-8b5274cf687f")], "0.0.0-20200622213623-75b288015ac9", True),
        ("Go", [ZERO, ("fixed", "4.0.0")], "3.2.0+incompatible", True),
        ("Maven", [("introduced", "2.0-beta9"), ("fixed", "2.15.0")], "2.0-beta8", False),
        ("Maven", [("introduced", "2.0-beta9"), ("fixed", "2.15.0")], "2.14.1", True),
        ("Packagist", [("introduced", "4.0.0"), ("fixed", "4.4.13")], "v4.4.12", True),
        ("RubyGems", [("introduced", "6.0.0.beta1"), ("fixed", "6.0.3.1")], "6.0.3", True),
        ("RubyGems", [("introduced", "6.0.0.beta1"), ("fixed", "6.0.3.1")], "6.0.0.a", False),
        ("crates.io", [("introduced", "0.0.0-0"), ("fixed", "0.2.23")], "0.2.22", True),
    ],
)
def test_each_ecosystem_by_its_own_order(ecosystem: str, events: Events, version: str, affected: bool) -> None:
    assert match.affects(advisory(events), ecosystem, version) is affected


@pytest.mark.parametrize(("ecosystem", "version"), [("Packagist", "dev-main"), ("npm", "file:../x"), ("NuGet", "1.0")])
def test_what_has_no_place_is_not_called_clean(ecosystem: str, version: str) -> None:
    with pytest.raises(VersionFault):
        match.affects(advisory([ZERO, FIXED_2]), ecosystem, version)


def test_a_version_that_is_a_book_is_none() -> None:
    with pytest.raises(VersionFault, match="5000 characters"):
        match.affects(advisory([ZERO, FIXED_2]), "npm", "1" * 5000)


def vulnerability(*ids: str, score: float | None = None, fixed: t.Sequence[str] = ()) -> Vulnerability:
    return Vulnerability(match.sorted_names(ids), "", Severity("high" if score else "unknown", score), tuple(fixed))


def test_one_vulnerability_that_three_databases_name_is_one() -> None:
    found = match.merged(
        [
            vulnerability("GHSA-1", "CVE-2021-2", score=7.5),
            vulnerability("PYSEC-9", "CVE-2021-2"),
            vulnerability("OTHER-1", "PYSEC-9"),
            vulnerability("GHSA-2", "CVE-2021-1", score=8.1),
        ]
    )
    assert [one.ids for one in found] == [
        ("CVE-2021-1", "GHSA-2"),
        ("CVE-2021-2", "GHSA-1", "OTHER-1", "PYSEC-9"),
    ]
    assert found[1].severity.score == 7.5


def test_groups_that_a_later_advisory_joins_become_one() -> None:
    assert len(match.merged([vulnerability("A"), vulnerability("B"), vulnerability("A", "B")])) == 1


def test_the_smallest_version_that_is_free_of_everything_known() -> None:
    known = [
        advisory([ZERO, ("fixed", "1.5")], [("introduced", "2.0"), ("fixed", "2.2")], name="one"),
        advisory([ZERO, ("fixed", "1.4")], name="two"),
        # 1.5 and 1.6 bring something new.
        advisory([("introduced", "1.5"), ("fixed", "1.7")], name="three"),
    ]
    bad = [match.found(one) for one in known[:2]]
    assert match.free_version("PyPI", "1.0", bad, known) == "1.7"
    assert match.free_version("PyPI", "2.1", bad[:1], known) == "2.2"


def test_no_version_is_free_where_no_fix_is_known() -> None:
    known = [advisory([ZERO], name="never"), advisory([ZERO, FIXED_2], name="some")]
    assert match.free_version("npm", "1.0.0", list(map(match.found, known)), known) == ""


def test_fixes_that_only_a_report_names() -> None:
    told = [vulnerability("CVE-1", fixed=["1.5", "2.5"]), vulnerability("CVE-2", fixed=["1.4", "2.6"])]
    assert match.free_version("PyPI", "2.0", told, []) == "2.6"
    assert match.free_version("PyPI", "2.0", [*told, vulnerability("CVE-3")], []) == ""


def test_malware_needs_no_rating() -> None:
    assert match.found(advisory([ZERO], name="MAL-2024-1")).severity.level == "critical"
