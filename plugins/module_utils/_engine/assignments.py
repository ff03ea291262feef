# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Variables that systemd hands to a service, where they are written: `Environment=` in a unit, lines of a file.

What is written in a way that this reader does not take for certain (continued lines, specifiers, odd escapes) is left
out, so that nothing is cut out of a file that was not understood. Sources: systemd.exec(5), systemd.syntax(7),
src/basic/extract-word.c and src/basic/env-file.c.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

#: What kind of text it is.
UNIT, FILE = "unit", "file"
_WORD = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\\.|[^\s"'\\])+""")
_PART = re.compile(
    r"""(?P<quote>["'])(?P<quoted>(?:\\.|(?!(?P=quote))[^\\])*)(?P=quote)|(?P<bare>(?:\\.|[^\s"'\\])+)"""
)
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\'": "'", "\\n": "\n", "\\t": "\t", "\\s": " "}
_NAMED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_LINE = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?:'([^'\\]*)'|\"([^\"\\$`]*)\"|([^\s\"'\\][^\"'\\]*)?)\s*")


@dataclasses.dataclass(frozen=True)
class Assignment:
    """One variable: its value is never to be told. start, end: what is cut out of the text to remove it."""

    name: str
    value: str = dataclasses.field(repr=False)
    start: int
    end: int


class _Odd(Exception):
    """Not to be read for certain."""


def find(text: str, kind: str) -> list[Assignment]:
    """Every variable that is set in the text, in order."""
    read = _of_unit if kind == UNIT else _of_file
    return list(read(text))


def without(text: str, names: t.Collection[str], kind: str) -> str:
    """The text without these variables; every other byte stays."""
    if kind == FILE:
        for one in reversed([one for one in find(text, kind) if one.name in names]):
            text = text[: one.start] + text[one.end :]
        return text
    # One after the other: with its last variable the whole line goes, since an empty one would reset the others.
    while True:
        found = [one for one in find(text, kind) if one.name in names]
        if not found:
            return text
        text = text[: found[-1].start] + text[found[-1].end :]


def _lines(text: str) -> t.Iterator[tuple[int, str]]:
    """(where it begins, line with its end), but for lines that go on and those that they go on in."""
    start, goes_on = 0, False
    for line in text.splitlines(keepends=True):
        continued = line.rstrip("\r\n").endswith("\\") and not line.lstrip().startswith(("#", ";"))
        if not goes_on and not continued:
            yield start, line
        goes_on = continued
        start += len(line)


def _of_unit(text: str) -> t.Iterator[Assignment]:
    section = ""
    for start, line in _lines(text):
        bare = line.strip()
        if bare.startswith("["):
            section = bare
        elif section == "[Service]" and re.match(r"\s*Environment\s*=", line):
            yield from _words(line, start)


def _words(line: str, start: int) -> t.Iterator[Assignment]:
    at = line.index("=") + 1
    words = [(match.start(), match.end()) for match in _WORD.finditer(line, at)]
    for first, last in words:
        try:
            named = _NAMED.fullmatch(_plain(line[first:last]))
        except _Odd:
            continue
        if named and len(words) == 1:
            yield Assignment(named[1], named[2], start, start + len(line))
        elif named:
            blanks = len(line[:first]) - len(line[:first].rstrip())
            yield Assignment(named[1], named[2], start + first - blanks, start + last)


def _plain(word: str) -> str:
    """A word without its quotes, escapes and doubled percent signs."""
    found = []
    for part in _PART.finditer(word):
        piece = part["quoted"] if part["quote"] else part["bare"]
        found.append(re.sub(r"\\.", _unescape, piece, flags=re.DOTALL))
    plain = "".join(found)
    if "%" in plain.replace("%%", ""):
        raise _Odd
    return plain.replace("%%", "%")


def _unescape(match: re.Match[str]) -> str:
    if match[0] not in _ESCAPES:
        raise _Odd
    return _ESCAPES[match[0]]


def _of_file(text: str) -> t.Iterator[Assignment]:
    for start, line in _lines(text):
        match = _LINE.fullmatch(line)
        if match and not line.lstrip().startswith(("#", ";")):
            value = next((group for group in match.groups()[1:] if group is not None), "")
            yield Assignment(match[1], value.rstrip(), start, start + len(line))
