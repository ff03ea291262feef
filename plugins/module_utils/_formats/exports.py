# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""exports(5) of NFS, and the kernel's and exportfs's view of it in /var/lib/nfs/etab, which has the same form.

A line is a path and its clients, each with options in brackets: PATH CLIENT(OPTIONS) ... Quotes and \\ooo stand for
blanks, "-OPTIONS" behind the path are for the clients that follow.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import continued

_WORD = re.compile(r'(?:"[^"]*"|[^\s"])+')
_COMMENT = re.compile(r"#.*")
_OCTAL = re.compile(r"\\([0-7]{3})")
_CLIENT = re.compile(r"(?P<client>[^()]*)(?:\((?P<options>[^)]*)\))?")


@dataclasses.dataclass(frozen=True)
class Export:
    """One path for one client, with the options that are written. number: of its line."""

    path: str
    client: str
    options: tuple[str, ...]
    number: int

    def has(self, *names: str) -> bool:
        """Whether the last of these options, which contradict each other, is the first."""
        return next((option for option in reversed(self.options) if option in names), "") == names[0]

    @property
    def security(self) -> tuple[str, ...]:
        """How clients prove who they are; sys, which is the default, proves nothing."""
        told = [option.partition("=")[2] for option in self.options if option.startswith("sec=")]
        return tuple(name for value in told for name in value.split(":")) or ("sys",)


def parse(text: str) -> t.Iterator[Export]:
    """Every export of a file, in its order."""
    for number, line in continued.lines(_COMMENT.sub("", text), " "):
        words = _WORD.findall(line)
        path = _plain(words[0]) if words else ""
        usual: tuple[str, ...] = ()
        for word in words[1:] or (["*"] if path else []):
            if word.startswith("-"):
                usual = _options(word[1:])
                continue
            match = _CLIENT.fullmatch(_plain(word))
            if match:
                yield Export(path, match["client"] or "*", (*usual, *_options(match["options"] or "")), number)


def _options(text: str) -> tuple[str, ...]:
    return tuple(option.strip() for option in text.split(",") if option.strip())


def _plain(word: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match[1], 8) & 0xFF), word.replace('"', ""))
