# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import bz2
import gzip
import lzma
import os
import pathlib
import tempfile
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.infosec.principles.plugins.module_utils._host import log_files
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.log_files import Bounds, Damaged


def make(root: pathlib.Path, files: dict[str, bytes]) -> Host:
    for name, data in files.items():
        path = root / "var/log" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return Host(root=str(root))


def names(host: Host, path: str = "/var/log/a.log") -> list[tuple[str, bool]]:
    return [(os.path.basename(piece.path), piece.follows) for piece in log_files.pieces(host, path)]


def content(host: Host, path: str, bounds: Bounds | None = None) -> tuple[list[bytes], int]:
    found, long = [], 0
    for piece in log_files.pieces(host, path):
        with log_files.blocks(host, piece, bounds or Bounds(time.monotonic() + 60, 1 << 40)) as opened:
            found += list(opened)
            long += opened.long
    return found, long


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (
            ["a.log", "a.log.1", "a.log.2.gz", "a.log.10.gz"],
            [("a.log", True), ("a.log.1", True), ("a.log.2.gz", True), ("a.log.10.gz", False)],
        ),
        (["a.log", "a.log.0", "a.log.1.gz"], [("a.log", True), ("a.log.0", True), ("a.log.1.gz", True)]),
        (["a.log", "a.log.1", "a.log.1.gz"], [("a.log", True), ("a.log.1", True), ("a.log.1.gz", True)]),
        (["a.log", "a.log.2.gz"], [("a.log", True), ("a.log.2.gz", False)]),
        (["a.log.1"], [("a.log.1", False)]),
        (
            ["a.log", "a.log-20261101.gz", "a.log-20261108", "a.log-2026102912.xz"],
            [("a.log", True), ("a.log-20261108", True), ("a.log-20261101.gz", True), ("a.log-2026102912.xz", True)],
        ),
        (
            ["a.log", "a.log.2026-11-01", "a.log.2026-11-02.bz2"],
            [("a.log", True), ("a.log.2026-11-02.bz2", True), ("a.log.2026-11-01", True)],
        ),
        (["a.log-20261101.gz"], [("a.log-20261101.gz", False)]),
        (["a.log", "a.log.bak", "a.log~", "b.log.1", "a.logs", "xa.log.1"], [("a.log", True)]),
        ([], []),
    ],
)
def test_rotated_files_newest_first(tmp_path: pathlib.Path, there: list[str], expected: list[tuple[str, bool]]) -> None:
    host = make(tmp_path, dict.fromkeys(there, b"x\n"))
    assert names(host) == expected


def test_files_with_a_date_in_their_name(tmp_path: pathlib.Path) -> None:
    there = [
        "l.2026-11-28.txt",
        "l.2026-11-29.txt",
        "l.2026-11-27.txt.gz",
        "l.2026-11-28.txt.1",
        "l.2026-11-28.txt.2.gz",
        "m.2026-11-28.txt",
    ]
    host = make(tmp_path, dict.fromkeys(there, b"x\n"))
    found = [name for name, _follows in names(host, "/var/log/l*.txt")]
    assert found == [
        "l.2026-11-29.txt",
        "l.2026-11-28.txt",
        "l.2026-11-28.txt.1",
        "l.2026-11-28.txt.2.gz",
        "l.2026-11-27.txt.gz",
    ]


@pytest.mark.parametrize(
    "pack", [gzip.compress, lzma.compress, bz2.compress, bytes], ids=["gzip", "xz", "bzip2", "plain"]
)
def test_what_is_packed_is_known_by_its_content(tmp_path: pathlib.Path, pack: object) -> None:
    lines = b"".join(b"line %d\n" % number for number in range(100_000))
    host = make(tmp_path, {"a.log": pack(lines)})  # type: ignore[operator]
    found, long = content(host, "/var/log/a.log")
    assert (b"".join(found), long) == (lines, 0)
    assert all(block.endswith(b"\n") and len(block) <= 2 * log_files.CHUNK for block in found)


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress], ids=["gzip", "xz", "bzip2"])
def test_a_half_file_gives_what_is_there_and_says_so(tmp_path: pathlib.Path, pack: object) -> None:
    data = pack(os.urandom(100_000).hex().encode())  # type: ignore[operator]
    host = make(tmp_path, {"a.log": data[: len(data) // 2]})
    with pytest.raises(Damaged, match="damaged, and not read to its end"):
        content(host, "/var/log/a.log")


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(b"x\n") + b"rubbish",
        gzip.compress(b"x\n" * 1000)[:15] + b"\xff" * 50,
        b"\x1f\x8b\xff\xff",
        b"\xfd7zXZ\0" + b"\0" * 40,
        b"BZh9" + b"\0" * 40,
        b"\x28\xb5\x2f\xfd" + b"\0" * 40,
        lzma.compress(b"x\n") + b"more",
        lzma.compress(b"x\n", preset=9 | lzma.PRESET_EXTREME)[:20],
    ],
    # gzip writes the time into its head, so that the bytes make no name.
    ids=["gzip-and-more", "gzip-broken", "gzip-head", "xz-head", "bzip2-head", "zstd", "xz-and-more", "xz-half"],
)
def test_damaged_files_are_said(tmp_path: pathlib.Path, data: bytes) -> None:
    with pytest.raises(Damaged):
        content(make(tmp_path, {"a.log": data}), "/var/log/a.log")


def test_xz_that_wants_much_memory_is_refused(tmp_path: pathlib.Path) -> None:
    data = bytearray(lzma.compress(b"x\n", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 4096}]))
    # The header of the first block (12 bytes behind that of the stream) has the size of the dictionary, and a checksum.
    data[16] = 0x1E  # 128 MiB
    data[20:24] = zlib.crc32(data[12:20]).to_bytes(4, "little")
    with pytest.raises(Damaged, match="Memory usage limit exceeded"):
        content(make(tmp_path, {"a.log": bytes(data)}), "/var/log/a.log")


def test_lines_that_are_too_long_are_counted_and_left_out(tmp_path: pathlib.Path) -> None:
    host = make(
        tmp_path, {"a.log": b"one\n" + b"A" * 10_000_000 + b"\ntwo\n" + b"B" * 300_000 + b"\nthree\n" + b"C" * 900_000}
    )
    found, long = content(host, "/var/log/a.log")
    assert long == 3
    assert [line for line in b"".join(found).split(b"\n") if 0 < len(line) < 10] == [b"one", b"two", b"three"]


def test_time_that_is_up_ends_a_piece(tmp_path: pathlib.Path) -> None:
    host = make(tmp_path, {"a.log": b"x\n" * 1_000_000})
    with pytest.raises(Damaged, match="the time for reading logs was used up"):
        content(host, "/var/log/a.log", Bounds(time.monotonic() - 1, 1 << 40))


@settings(deadline=None)
@given(st.lists(st.integers(0, 90), max_size=60), st.integers(1, 200), st.integers(1, 60), st.booleans())
def test_segments_and_blocks_lose_and_double_no_line(lengths: list[int], segment: int, chunk: int, ends: bool) -> None:
    lines = [b"%d:" % number + b"x" * length for number, length in enumerate(lengths)]
    data = b"\n".join(lines) + (b"\n" if ends and lines else b"")
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_files, "SEGMENT", segment)
        patch.setattr(log_files, "CHUNK", chunk)
        host = make(pathlib.Path(folder), {"a.log": data})
        pieces = log_files.pieces(host, "/var/log/a.log")
        found = []
        for piece in reversed(pieces):
            with log_files.blocks(host, piece, Bounds(time.monotonic() + 60, 1 << 40)) as opened:
                found += list(opened)
    assert b"".join(found) == data


def test_links_and_fifos_are_left_out(tmp_path: pathlib.Path) -> None:
    host = make(tmp_path, {"a.log": b"x\n"})
    os.mkfifo(tmp_path / "var/log/a.log.1")
    os.symlink("a.log", tmp_path / "var/log/a.log.2")
    os.mkdir(tmp_path / "var/log/a.log.3")
    assert names(host) == [("a.log", True)]


def test_a_file_that_is_gone_is_said(tmp_path: pathlib.Path) -> None:
    host = make(tmp_path, {"a.log": b"x\n"})
    (piece,) = log_files.pieces(host, "/var/log/a.log")
    os.unlink(tmp_path / "var/log/a.log")
    with pytest.raises(Unseen, match="not there any more"), log_files.blocks(host, piece, Bounds(0, 0)):
        pass
