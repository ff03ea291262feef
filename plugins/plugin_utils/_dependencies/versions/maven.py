# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Maven: ComparableVersion (https://maven.apache.org/pom.html#Version_Order_Specification)."""

from __future__ import annotations

import functools
import itertools
import re
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.versions.fault import VersionFault

_QUALIFIERS = ("alpha", "beta", "milestone", "rc", "snapshot", "", "sp")
_ALIASES = {"ga": "", "final": "", "release": "", "cr": "rc"}
_SHORT = {"a": "alpha", "b": "beta", "m": "milestone"}
_TOKEN = re.compile(r"([.-])|(\d+)|([^.\d-]+)", re.ASCII)

Item = t.Union[int, str, "list[Item]"]


def key(text: str) -> t.Any:
    """Sorts as Maven does. Raises VersionFault for an empty text alone: Maven takes every other one."""
    if not text.strip():
        raise VersionFault("an empty text is no version")
    return _Key(_parse(text.lower()))


def _parse(text: str) -> list[Item]:
    """Numbers and words; a hyphen, and a change between digits and letters, begins a list inside the list."""
    lists: list[list[Item]] = [[]]
    before = "."
    for found in _TOKEN.finditer(text):
        separator, number, word = found.groups()
        if separator:
            _separate(lists, separator, empty=before in ".-")
        else:
            following = text[found.end() : found.end() + 1]
            # ".X" counts as "-X", unless a separator follows.
            if before not in ".-" or (word and lists[-1] and following not in (".", "-")):
                _open(lists)
            lists[-1].append(int(number) if number else _word(word, following))
        before = found[0]
    for one in reversed(lists):
        _normalize(one)
    return lists[0]


def _separate(lists: list[list[Item]], separator: str, *, empty: bool) -> None:
    if empty:
        lists[-1].append(0)
    if separator == "-":
        _open(lists)


def _open(lists: list[list[Item]]) -> None:
    fresh: list[Item] = []
    lists[-1].append(fresh)
    lists.append(fresh)


def _word(word: str, following: str) -> str:
    full = _SHORT.get(word, word) if following.isdigit() else word
    return _ALIASES.get(full, full)


def _normalize(items: list[Item]) -> None:
    """Take away what says nothing (0, a release, an empty list) at the end, and before lists at the end."""
    for place in reversed(range(len(items))):
        if items[place] in (0, "", []):
            del items[place]
        elif not isinstance(items[place], list):
            break


def _compare(left: Item | None, right: Item | None) -> int:
    """Below 0, 0 or above 0. None: there is nothing at this place, which is a release."""
    if left is None or right is None:
        return _to_nothing(left) if right is None else -_to_nothing(right)
    if isinstance(left, list) and isinstance(right, list):
        return next(filter(None, itertools.starmap(_compare, itertools.zip_longest(left, right))), 0)
    one, other = _place(left), _place(right)
    return (one > other) - (one < other)


def _to_nothing(item: Item | None) -> int:
    if isinstance(item, list):
        return next(filter(None, map(_to_nothing, item)), 0)
    one, release = _place("" if item is None else item), _place("")
    return 0 if item == 0 else (one > release) - (one < release)


def _place(item: Item) -> tuple[int, int, str]:
    """Words come before lists, lists before numbers; of words, those that nobody knows come last."""
    if isinstance(item, str):
        known = _QUALIFIERS.index(item) if item in _QUALIFIERS else len(_QUALIFIERS)
        return (0, known, item if known == len(_QUALIFIERS) else "")
    return (1, 0, "") if isinstance(item, list) else (2, item, "")


_Key = functools.cmp_to_key(_compare)
