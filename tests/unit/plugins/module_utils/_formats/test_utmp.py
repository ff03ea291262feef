# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""wtmp as real machines wrote it, as other architectures lay it out, and as nobody should have."""

from __future__ import annotations

import pathlib
import random
import struct

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import utmp

FIXTURES = pathlib.Path(__file__).parents[3] / "fixtures" / "logins"
BOOT = 1795526199

LAYOUTS = {
    "x86_64": struct.Struct("<hxxi32s4s32s256shhiii16s20x"),
    "aarch64": struct.Struct("<hxxi32s4s32s256shhqqq16s20x4x"),
    "s390x": struct.Struct(">hxxi32s4s32s256shhqqq16s20x4x"),
    "ppc64": struct.Struct(">hxxi32s4s32s256shhiii16s20x"),
}


def record(kind: int, when: int, *, host: bytes = b"", line: bytes = b"pts/0", arch: str = "x86_64") -> bytes:
    return LAYOUTS[arch].pack(kind, 7, line, b"", b"root", host, 0, 0, 0, when, 0, b"")


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("wtmp-openssh-8.4p1-debian-11", [utmp.BOOT_TIME, utmp.USER_PROCESS]),
        ("wtmp-openssh-9.2p1-debian-12", [utmp.BOOT_TIME, utmp.USER_PROCESS]),
        # systemd of Debian 13 notes no boots any more. The login without a terminal is in none of the three.
        ("wtmp-openssh-10.0p1-debian-13", [utmp.USER_PROCESS]),
    ],
)
def test_files_of_real_machines(name: str, kinds: list[int]) -> None:
    log = utmp.parse((FIXTURES / name).read_bytes())
    assert [entry.kind for entry in log.records] == kinds
    assert (log.damaged, log.cut) == (0, False)
    assert log.first is not None and log.last is not None and BOOT <= log.first <= log.last <= BOOT + 3600
    assert [(entry.user, entry.host, entry.line) for entry in log.records if entry.kind == utmp.USER_PROCESS] == [
        ("root", "127.0.0.1", "pts/0")
    ] * kinds.count(utmp.USER_PROCESS)


@pytest.mark.parametrize("arch", LAYOUTS)
def test_layouts_of_all_architectures(arch: str) -> None:
    data = b"".join(record(7, BOOT + day, host=b"192.0.2.1", arch=arch) for day in range(5))
    log = utmp.parse(data)
    assert [(entry.when, entry.host) for entry in log.records] == [(BOOT + day, "192.0.2.1") for day in range(5)]
    assert (log.first, log.last, log.damaged, log.cut) == (BOOT, BOOT + 4, 0, False)


def test_nothing_is_known_before_the_last_damaged_record() -> None:
    junk = b"\xff" * 384
    data = record(7, BOOT, host=b"a") + junk + record(2, BOOT + 9) + record(7, BOOT + 10, host=b"b")
    log = utmp.parse(data)
    assert (log.first, log.last, log.damaged) == (BOOT + 9, BOOT + 10, 1)
    assert [entry.host for entry in log.records] == ["a", "", "b"]


@pytest.mark.parametrize("hole", [384, 768])
def test_a_hole_is_damage(hole: int) -> None:
    log = utmp.parse(record(7, BOOT) + b"\0" * hole)
    assert (log.first, log.damaged) == (None, hole // 384)


def test_an_end_within_a_record_is_seen() -> None:
    log = utmp.parse(record(7, BOOT) + record(7, BOOT + 1)[:100])
    assert (len(log.records), log.last, log.cut) == (1, BOOT, True)


def test_empty() -> None:
    assert utmp.parse(b"") == utmp.Log()


def test_hostile_bytes_never_raise_and_keep_their_text() -> None:
    dice = random.Random(7)
    for size in range(0, 4000, 37):
        utmp.parse(dice.randbytes(size))
    (entry,) = utmp.parse(record(7, BOOT, host=b"\x1b]0;\xff<b>")).records
    assert entry.host == "\x1b]0;\udcff<b>"
