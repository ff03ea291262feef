# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""sysctl.d(5): "key = value" lines, "-key = value" (may fail) and "-key" (no pattern sets it)."""

from __future__ import annotations

import dataclasses
import re
import typing as t


@dataclasses.dataclass(frozen=True)
class Setting:
    """One line. key: as a path below /proc/sys; value: None for a key that patterns have to leave alone."""

    line: int
    key: str
    value: str | None

    @property
    def is_pattern(self) -> bool:
        return any(char in self.key for char in "*?[")


def parse(text: str) -> list[Setting]:
    """The settings, in order; comments, empty lines and what is neither are none."""
    found = []
    for number, line in enumerate(map(str.strip, text.split("\n")), 1):
        key, equals, value = line.partition("=")
        name = key.strip().lstrip("-")
        if line and line[0] not in "#;" and name and (equals or key.startswith("-")):
            found.append(Setting(number, path(name.strip()), value.strip() if equals else None))
    return found


def path(key: str) -> str:
    """The key below /proc/sys: the first separator that stands there is the one between its words."""
    first = re.search(r"[./]", key)
    return key if not first or first.group() == "/" else key.translate(str.maketrans("./", "/."))


def name(key: str) -> str:
    """The key as people write it."""
    return key.translate(str.maketrans("/.", "./"))


def plain(value: str) -> tuple[t.Any, ...]:
    """Its words, numbers as numbers, so that two spellings of one value are equal."""
    return tuple(_number(word) for word in value.split())


def _number(word: str) -> t.Any:
    try:
        return int(word, 8 if re.fullmatch(r"0[0-7]+", word) else 0)
    except ValueError:
        return word
