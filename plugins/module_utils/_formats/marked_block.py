# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Our own block of lines in somebody else's file; everything outside it is kept byte for byte."""

from __future__ import annotations

import typing as t

BEGIN = "# BEGIN infosec.principles {name}\n"
END = "# END infosec.principles {name}\n"
NOTE = "# Written from the register of services; changes inside this block are lost.\n"


def split(text: str, name: str) -> tuple[str, str, str]:
    """What is before our block, the block with its markers ("" for none), and what is after it."""
    begin, end = BEGIN.format(name=name), END.format(name=name)
    start = _line_start(text, begin)
    stop = text.find(end, start) if start >= 0 else -1
    if stop < 0:
        return text, "", ""
    return text[:start], text[start : stop + len(end)], text[stop + len(end) :]


def lines_of(text: str, name: str) -> range:
    """The numbers (from 1) of the lines of our block; empty for none."""
    before, block, _after = split(text, name)
    first = before.count("\n") + 1
    return range(first, first + block.count("\n"))


def without(text: str, name: str) -> str:
    """The text without our block."""
    before, _block, after = split(text, name)
    return before + after


def put(text: str, name: str, lines: t.Iterable[str], *, at: int | None = None, note: str = NOTE) -> str:
    """The text with our block holding these lines: where it is already, else at offset `at` (None: the end).

    note: a comment for whoever reads the block, one whole line.
    """
    before, block, after = split(text, name)
    if not block:
        at = len(text) if at is None else at
        before, after = text[:at], text[at:]
    if before and not before.endswith("\n"):
        before += "\n"
    body = "".join(f"{line}\n" for line in lines)
    return before + BEGIN.format(name=name) + note + body + END.format(name=name) + after


def _line_start(text: str, line: str) -> int:
    if text.startswith(line):
        return 0
    found = text.find(f"\n{line}")
    return found + 1 if found >= 0 else -1
