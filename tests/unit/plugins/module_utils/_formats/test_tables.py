# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.infosec.principles.plugins.module_utils._formats import swapspace, tables

FSTAB = "# a comment\n\n/dev/sda1 / ext4 defaults 0 1\n UUID=ab\tnone  swap sw\nLABEL=x /a\\040b xfs"


def test_rows_keep_their_place_and_words() -> None:
    rows = tables.rows(FSTAB)
    assert [row.line for row in rows] == [3, 4, 5]
    assert rows[1].words == ("UUID=ab", "none", "swap", "sw")
    assert rows[2].word(1) == "/a b"
    assert (rows[2].word(5, "0"), rows[2].word(3)) == ("0", "")


def test_replace_touches_one_line() -> None:
    row = tables.rows(FSTAB)[1]
    assert tables.replace(FSTAB, row, ["one", "two"]) == FSTAB.replace(" UUID=ab\tnone  swap sw", "one\ntwo")


@pytest.mark.parametrize(("text", "expected"), [("", "x\n"), ("a\n", "a\nx\n"), ("a", "a\nx\n")])
def test_append_starts_a_line(text: str, expected: str) -> None:
    assert tables.append(text, ["x"]) == expected


@given(st.text(alphabet="ab #\\0\t\n", max_size=60))
def test_replacing_a_row_by_itself_changes_nothing(text: str) -> None:
    for row in tables.rows(text):
        assert tables.replace(text, row, [row.text]) == text


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ("/dev/sda1", "/dev/sda1"),
        ("UUID=0a-B", "/dev/disk/by-uuid/0a-B"),
        ('UUID="0a-b"', "/dev/disk/by-uuid/0a-b"),
        ("PARTUUID=AB-01", "/dev/disk/by-partuuid/ab-01"),
        ("LABEL=my swap", "/dev/disk/by-label/my\\x20swap"),
        ("PARTLABEL=ä/b", "/dev/disk/by-partlabel/\\xc3\\xa4\\x2fb"),
        ("server:/export", "server:/export"),
        ("what=ever", "what=ever"),
    ],
)
def test_device_path(spec: str, path: str) -> None:
    assert tables.device_path(spec) == path


# Swap signatures


@pytest.mark.parametrize("label", ["", "my swap"])
def test_reads_what_mkswap_writes(tmp_path: Path, label: str) -> None:
    disk = tmp_path / "disk"
    with disk.open("wb") as stream:
        stream.truncate(1024 * 1024)
    disk.chmod(0o600)
    uuid = "d656c4ef-b3a9-48b3-8036-422f9ae39905"
    subprocess.run(["/sbin/mkswap", "-U", uuid, "-L", label, disk], check=True, capture_output=True)
    assert swapspace.parse(disk.read_bytes()[:65536]) == swapspace.Signature(uuid, label)


@pytest.mark.parametrize("size", swapspace.PAGE_SIZES)
def test_knows_all_page_sizes(size: int) -> None:
    data = bytes(1036) + b"\x01" * 16 + bytes(size - 1062) + b"SWAPSPACE2"
    assert swapspace.parse(data) == swapspace.Signature("01010101-0101-0101-0101-010101010101", "")


@pytest.mark.parametrize(
    "data", [b"", bytes(4096), bytes(4086) + b"S1SUSPEND\0", bytes(4086) + b"SWAP-SPACE", bytes(99999)]
)
def test_other_bytes_are_no_swap(data: bytes) -> None:
    assert swapspace.parse(data) is None
