# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The configuration of HAProxy: sections, and lines of words.

After its configuration manual, section 2.2: words are separated by blanks, a backslash keeps the next character, quotes
keep blanks ("…" takes variables, '…' takes none), "#" begins a comment. A section goes on to where the next begins.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

MAX_LINES = 200_000
SECTIONS = frozenset(
    (
        *(
            "global",
            "defaults",
            "frontend",
            "backend",
            "listen",
            "peers",
            "resolvers",
            "mailers",
            "userlist",
            "program",
        ),
        *("cache", "ring", "http-errors", "log-forward", "log-profile", "fcgi-app", "crt-store", "traces", "acme"),
    )
)
_WORD = re.compile(r"""(?P<comment>\#.*)|(?P<word>(?:[^\s"'\\#]|\\.|"(?:[^"\\]|\\.)*"|'[^']*'|(?<=\S)\#)+)|\s+|.""")
_PIECE = re.compile(r"""\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'|([^"'\\]+)""")


@dataclasses.dataclass(frozen=True)
class Word:
    """One word without its quotes; start, end: where it stands in the text of its file."""

    text: str
    start: int
    end: int


@dataclasses.dataclass(frozen=True)
class Line:
    """One line that is no comment. place: file and number ("/etc/haproxy/haproxy.cfg:12")."""

    place: str
    words: tuple[Word, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """Its words as text."""
        return tuple(word.text for word in self.words)

    @property
    def name(self) -> str:
        """Its keyword."""
        return self.words[0].text

    @property
    def path(self) -> str:
        """The file that it stands in."""
        return self.place.rpartition(":")[0]

    def value(self, keyword: str, *, first: int = 1) -> Word | None:
        """The word behind a keyword that stands at `first` or later."""
        for one, two in zip(self.words[first:], self.words[first + 1 :]):
            if one.text == keyword:
                return two
        return None


@dataclasses.dataclass(frozen=True)
class Section:
    """kind: "frontend"; name: "" for those without. head: the line that begins it."""

    kind: str
    name: str
    head: Line
    lines: tuple[Line, ...]

    def all(self, *names: str) -> tuple[Line, ...]:
        """Its lines with one of these keywords; of two words where the name has two ("option httplog")."""
        split = {tuple(name.split()) for name in names}
        return tuple(line for line in self.lines if line.texts[:1] in split or line.texts[:2] in split)


def parse(path: str, text: str) -> tuple[Section, ...]:
    """The sections of one file, in the order in which they stand. Lines before the first section are left out."""
    found: list[tuple[Line, list[Line]]] = []
    at = 0
    for number, raw in enumerate(text.split("\n")[:MAX_LINES], 1):
        words = tuple(_words(raw, at))
        at += len(raw) + 1
        if words and words[0].text in SECTIONS:
            found.append((Line(f"{path}:{number}", words), []))
        elif words and found:
            found[-1][1].append(Line(f"{path}:{number}", words))
    return tuple(Section(head.name, "".join(head.texts[1:2]), head, tuple(lines)) for head, lines in found)


def _words(raw: str, at: int) -> t.Iterator[Word]:
    for match in _WORD.finditer(raw):
        if match["comment"]:
            return
        if match["word"]:
            yield Word(_plain(match["word"]), at + match.start(), at + match.end())


def _plain(word: str) -> str:
    return "".join(next((one for one in found if one), "") for found in _PIECE.findall(word))
