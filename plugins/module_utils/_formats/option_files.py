# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Option files of MariaDB and MySQL: groups, options and what they include.

After mysys/my_default.c: "-" and "_" in names are one, an option without a value is on, "!include FILE" and
"!includedir FOLDER" (files that end in .cnf) stand where they stand, and the last value wins.
"""

from __future__ import annotations

import dataclasses
import typing as t

MAX_FILES = 500


@dataclasses.dataclass(frozen=True)
class Option:
    """One line of a group. value: None for an option without one."""

    path: str
    number: int
    group: str
    name: str
    value: str | None

    @property
    def place(self) -> str:
        """As in messages: /etc/mysql/my.cnf:12."""
        return f"{self.path}:{self.number}"

    @property
    def is_on(self) -> bool:
        """What it is as a switch."""
        return self.value is None or self.value.lower() not in ("0", "off", "false")


def settings(
    path: str,
    read: t.Callable[[str], str],
    listdir: t.Callable[[str], t.Sequence[str]],
    seen: set[str] | None = None,
) -> t.Iterator[Option]:
    """The options of a file in their order, with those of what it includes.

    A file that is included again is left out, which also ends loops.
    """
    known = {path} if seen is None else seen
    group = ""
    for number, line in enumerate(read(path).split("\n"), 1):
        words = line.strip()
        if words.startswith("!"):
            for name in _included(words, listdir):
                if name not in known and len(known) < MAX_FILES:
                    known.add(name)
                    yield from settings(name, read, listdir, known)
        elif words.startswith("["):
            group = words.strip("[]").strip().lower()
        elif words and not words.startswith(("#", ";", "!")):
            name, equals, value = words.partition("=")
            told = value.strip().strip("\"'") if equals else None
            yield Option(path, number, group, name.strip().replace("_", "-").lower(), told)


def _included(words: str, listdir: t.Callable[[str], t.Sequence[str]]) -> list[str]:
    kind, _blank, name = words.partition(" ")
    place = name.strip()
    if kind == "!includedir":
        return [f"{place.rstrip('/')}/{one}" for one in listdir(place) if one.endswith((".cnf", ".ini"))]
    return [place] if kind == "!include" and place else []
