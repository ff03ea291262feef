# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Edits of a file as passages: whole lines that are there once, so that each can be replaced and taken back by itself.

What `_engine/files.py` (EditFile) takes: the lines to replace stand once in the file before, and the new ones once in
the file after, whatever else is edited by then.
"""

from __future__ import annotations

import bisect
import dataclasses
import re
import typing as t


@dataclasses.dataclass(frozen=True)
class Edit:
    """Replace the characters from `start` to before `end` (the same: insert there) by `text`."""

    start: int
    end: int
    text: str


def edited(text: str, edits: t.Iterable[Edit]) -> str:
    """The text with all edits made. Raises ValueError where two overlap."""
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda one: (one.start, one.end)):
        if edit.start < at:
            raise ValueError("two edits overlap")
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join(parts) + text[at:]


def passages(text: str, edits: t.Iterable[Edit]) -> tuple[tuple[str, str], ...]:
    """(old lines, new lines) of each passage, from the top down, as narrow as they can be. Raises ValueError.

    A text whose last line has no end cannot be edited in that line.
    """
    lines = _Lines(text, tuple(sorted(set(edits), key=lambda one: (one.start, one.end))))
    spans = _merged([lines.of(edit) for edit in lines.edits])
    while True:
        wide = _merged([lines.widened(span) for span in spans])
        if wide == spans:
            return tuple(lines.pair(span) for span in spans)
        spans = wide


#: The first line (from 0) and the one behind the last.
_Span = tuple[int, int]


class _Lines:
    """A text by its lines, and the edits that are to be made."""

    def __init__(self, text: str, edits: tuple[Edit, ...]) -> None:
        self.edits = edits
        self._text, self._after = text, edited(text, edits)
        self._starts = [0, *(at + 1 for at, char in enumerate(text) if char == "\n")]

    def of(self, edit: Edit) -> _Span:
        """The lines that an edit touches."""
        first, last = self._line(edit.start), self._line(max(edit.start, edit.end - 1)) + 1
        if last >= len(self._starts):
            raise ValueError("the last line has no end, so it cannot be told from one that somebody adds to it")
        return first, last

    def _line(self, at: int) -> int:
        return bisect.bisect_right(self._starts, at) - 1

    def widened(self, span: _Span) -> _Span:
        """With as many lines around as make it the only one of its kind, first those above."""
        count = len(self._starts) - 1
        first, last = span
        while not self._alone((first, last)):
            if first == 0 and last >= count:
                raise ValueError("the lines to replace cannot be told from others")
            first, last = (first - 1, last) if first else (0, last + 1)
        return first, last

    def _alone(self, span: _Span) -> bool:
        old, new = self.pair(span)
        return _count(self._text, old) == 1 and _count(self._after, new) == 1

    def pair(self, span: _Span) -> tuple[str, str]:
        """Before and after."""
        begin, end = (self._starts[min(line, len(self._starts) - 1)] for line in span)
        old = self._text[begin:end]
        within = [edit for edit in self.edits if begin <= edit.start < end]
        return old, edited(old, [Edit(one.start - begin, one.end - begin, one.text) for one in within])


def _merged(spans: t.Iterable[_Span]) -> list[_Span]:
    found: list[_Span] = []
    for first, last in sorted(spans):
        if found and first < found[-1][1]:
            begin, end = found.pop()
            first, last = begin, max(end, last)
        found.append((first, last))
    return found


def _count(text: str, lines: str) -> int:
    """How often these whole lines are there, also where one begins within another."""
    whole = f"\n{text}"
    return len(re.findall(f"(?=\n{re.escape(lines)})", whole)) if lines.endswith("\n") else 0
