# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each order against the answers of the ecosystem's own implementation (tests/oracles)."""

from __future__ import annotations

import contextlib
import itertools
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.versions.fault import VersionFault
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.versions.order import ORDERS

FIXTURES = pathlib.Path(__file__).resolve().parents[4] / "fixtures" / "versions"
ORACLES = {
    "pypi-packaging-26.3.txt": "PyPI",
    "npm-semver-7.8.6.txt": "npm",
    "cargo-semver-1.0.14.txt": "crates.io",
    "go-mod-0.7.0.txt": "Go",
    "gem-rubygems-3.3.15.txt": "RubyGems",
    "composer-semver-3.3.2.txt": "Packagist",
    "maven-artifact-3.8.7.txt": "Maven",
}


def answers(name: str) -> t.Iterator[tuple[int, str, str]]:
    """What the implementation said of each pair that it knows."""
    for line in (FIXTURES / name).read_text(encoding="utf-8").splitlines():
        answer, one, other = line.split("\t")
        if answer != "!":
            yield int(answer), one, other


def compared(ecosystem: str, one: str, other: str) -> int:
    left, right = map(ORDERS[ecosystem], (one, other))
    return (left > right) - (left < right)


def test_every_ecosystem_has_an_oracle() -> None:
    assert set(ORACLES.values()) == set(ORDERS)
    assert {path.name for path in FIXTURES.iterdir()} == set(ORACLES)


@pytest.mark.parametrize("name", ORACLES)
def test_no_pair_is_judged_otherwise_than_by_the_ecosystem_itself(name: str) -> None:
    known = list(answers(name))
    assert len(known) > 2000
    assert {answer for answer, _one, _other in known} == {-1, 0, 1}
    ours = [(compared(ORACLES[name], one, other), one, other) for _answer, one, other in known]
    assert [pair for pair in zip(known, ours) if pair[0] != pair[1]] == []


@pytest.mark.parametrize("ecosystem", sorted(ORDERS))
@pytest.mark.parametrize("text", ["1.0-beta" + "1" * 60 + "x", "1" * 190, "-1" * 95, "1." * 95 + "a", "a1" * 95])
def test_no_text_keeps_an_order_busy(ecosystem: str, text: str) -> None:
    with contextlib.suppress(VersionFault):
        assert ORDERS[ecosystem](text) == ORDERS[ecosystem](text)


# Versions that there really are, oldest first.
SORTED = {
    "PyPI": "0.9.dev1 0.9 1.0a1 1.0b2.post1 1.0rc1 1.0 1.0+debian.1 1.0.post1 1.1 2024.8.30 1!0.1",
    "npm": "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.1 4.17.9 4.17.21",
    "crates.io": "0.1.0-alpha.1 0.1.0 0.1.10 0.2.0 1.0.0-rc.1 1.0.0",
    "Go": "0.0.0-20190308221718-c2843e01d9a2 0.0.0-20200622213623-75b288015ac9 0.1.0 1.2.3-0.20200101000000-abcdefabcdef 1.2.3 2.0.0+incompatible 3.2.0",
    "RubyGems": "1.0.0.a 1.0.0.pre 1.0.0.rc2 1.0.0.rc10 1.0 1.0.1 5.2.4.3 6.0.0.beta1 6.0.0",
    "Packagist": "1.0.0-alpha1 v1.0.0-beta2 1.0-RC1 v1.0.0 1.0.0-patch1 1.x-dev 2.1 4.4.13 v5.0.0",
    "Maven": "2.0-alpha-1 2.0-M1 2.0-rc1 2.0-SNAPSHOT 2.0.Final 2.0-sp1 2.0-jre 2.0-1 2.0.1 2.13.4.1 2.13.4.2 31.1-android 31.1-jre",
}


@pytest.mark.parametrize("ecosystem", SORTED)
def test_versions_come_one_after_the_other(ecosystem: str) -> None:
    for one, other in itertools.combinations(SORTED[ecosystem].split(), 2):
        assert compared(ecosystem, one, other) == -1, (one, other)


@pytest.mark.parametrize(
    ("ecosystem", "one", "other"),
    [
        ("PyPI", "1.0", "v1.0.0"),
        ("npm", "1.2.3+build.5", "1.2.3"),
        ("Go", "2.0.0+incompatible", "2.0.0"),
        ("RubyGems", "1.0.0", "1"),
        ("Packagist", "v1.2", "1.2.0.0"),
        ("Packagist", "1.2.0@beta", "1.2"),
        ("Maven", "1.0.0.Final", "1-ga"),
    ],
)
def test_versions_are_the_same(ecosystem: str, one: str, other: str) -> None:
    assert compared(ecosystem, one, other) == 0


@pytest.mark.parametrize(
    ("ecosystem", "text"),
    [
        ("PyPI", "unknown"),
        ("npm", "git+ssh://git@example.com/a.git"),
        ("npm", "1.2.3.4"),
        ("crates.io", ""),
        ("Go", "devel"),
        ("RubyGems", "main"),
        ("Packagist", "dev-main"),
        ("Packagist", "dev-main as 1.0.x-dev"),
        ("Maven", " "),
    ],
)
def test_what_has_no_place_is_told(ecosystem: str, text: str) -> None:
    with pytest.raises(VersionFault):
        ORDERS[ecosystem](text)
