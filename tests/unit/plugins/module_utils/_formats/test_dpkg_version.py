# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
import random
import shutil
import subprocess

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import dpkg_version

#: In their order; what stands in one tuple is the same version.
ORDERED = (
    ("0~~", "0:0~~"),
    ("0~",),
    ("0", "0:0", "00", "0-0"),
    ("0a", "0a0"),
    ("0+",),
    ("1.0~rc1-1",),
    ("1.0", "1.0-0", "01.00"),
    ("1.0-1~bpo12+1",),
    ("1.0-1", "1.00-01"),
    ("1.0-1+b1",),
    ("1.0-1+deb12u1",),
    ("1.0-1+deb12u2",),
    ("1.0-1+deb12u10",),
    ("1.0.1-1",),
    ("1.9-1",),
    ("1.10-1",),
    ("1.10a-1",),
    ("99999999999999999999999-1",),
    ("100000000000000000000000-1",),
    ("1:0.1-1",),
    ("2:0.1-1",),
)
PIECES = ("0", "00", "1", "01", "9", "10", "~", "a", "b", "rc", "+", ".", "-", "deb12u1", "~rc1", "Z", "0~", "+dfsg")


@pytest.mark.parametrize(("left", "right"), [*itertools.combinations(range(len(ORDERED)), 2)])
def test_order(left: int, right: int) -> None:
    for low, high in itertools.product(ORDERED[left], ORDERED[right]):
        assert dpkg_version.key(low) < dpkg_version.key(high)


@pytest.mark.parametrize("same", [versions for versions in ORDERED if len(versions) > 1])
def test_same(same: tuple[str, ...]) -> None:
    assert len({dpkg_version.key(version) for version in same}) == 1


def test_a_colon_may_follow_an_epoch() -> None:
    assert dpkg_version.key("1:2:") > dpkg_version.key("1:2")


@pytest.mark.parametrize("text", ["", "a1", "1-", "-1", "1:", "x:1", "1_2", "1 2", "1.2-3_4", "1" * 9 + "é", "1\n"])
def test_what_is_no_version(text: str) -> None:
    with pytest.raises(dpkg_version.VersionError):
        dpkg_version.key(text)


def version(source: random.Random) -> str:
    text = source.choice("0123456789") + "".join(source.choice(PIECES) for piece in range(source.randint(0, 4)))
    return source.choice(("", "", "0:", "1:", "2:")) + text.rstrip("-")


@pytest.mark.skipif(not shutil.which("dpkg"), reason="no dpkg here to ask")
def test_as_dpkg_says() -> None:
    """A few pairs each run; thousands were compared when this was written, with no disagreement."""
    source = random.Random()
    for _turn in range(60):
        left, right = version(source), version(source)
        less = subprocess.run(["dpkg", "--compare-versions", left, "lt", right], check=False).returncode == 0
        assert (dpkg_version.key(left) < dpkg_version.key(right)) is less, (left, right)
