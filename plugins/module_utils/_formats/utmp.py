# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The login records that utmp(5) describes: wtmp and its rotated copies."""

from __future__ import annotations

import dataclasses
import struct
import typing as t

BOOT_TIME = 2
USER_PROCESS = 7
_LAST_KIND = 9
_SAMPLE = 256

# type, pid, line, id, user, host, exit (2), session, seconds, microseconds, address. Most 64-bit machines keep 32-bit
# times for their 32-bit programs (384 bytes); aarch64 never had any (400 bytes). s390x writes the long one big-endian.
_FIELDS = "hxxi32s4s32s256shh"
LAYOUTS = tuple(
    struct.Struct(f"{order}{_FIELDS}{times}") for times in ("iii16s20x", "qqq16s20x4x") for order in ("<", ">")
)


@dataclasses.dataclass(frozen=True)
class Record:
    """A boot or a session that began. `when` is in seconds since 1970. Texts are as hostile as whoever wrote them."""

    kind: int
    line: str
    user: str
    host: str
    when: int


@dataclasses.dataclass(frozen=True)
class Log:
    """One file.

    records: boots and sessions, in the order of the file.
    first, last: times of the first and last record after the last damaged place; None where there is none.
    damaged: how many records are no record. cut: whether the file ends within one.
    """

    records: tuple[Record, ...] = ()
    first: int | None = None
    last: int | None = None
    damaged: int = 0
    cut: bool = False


def parse(data: bytes) -> Log:
    """Read wtmp of any machine: the layout is the one that makes sense of most of the first records. Never fails."""
    layout = max(LAYOUTS, key=lambda candidate: _sense(candidate, data))
    whole = len(data) - len(data) % layout.size
    records: list[Record] = []
    first = last = None
    damaged = 0
    for fields in layout.iter_unpack(data[:whole]):
        kind, when = fields[0], fields[9]
        if not _plausible(kind, when):
            first, last, damaged = None, None, damaged + 1
            continue
        first, last = when if first is None else first, when
        if kind in (BOOT_TIME, USER_PROCESS):
            records.append(Record(kind, _text(fields[2]), _text(fields[4]), _text(fields[5]), when))
    return Log(tuple(records), first, last, damaged, whole != len(data))


def _plausible(kind: int, when: int) -> bool:
    return 0 < kind <= _LAST_KIND and 0 < when < 2**33


def _sense(layout: struct.Struct, data: bytes) -> tuple[bool, int]:
    whole = min(len(data) // layout.size, _SAMPLE) * layout.size
    good = sum(_plausible(fields[0], fields[9]) for fields in layout.iter_unpack(data[:whole]))
    return (good * layout.size * 2 > whole, good)


def _text(field: t.Any) -> str:
    return bytes(field).split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
