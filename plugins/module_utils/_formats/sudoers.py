# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""sudoers(5): to whom a file grants something, with what it includes and its User_Alias lines followed."""

from __future__ import annotations

import dataclasses
import posixpath
import re
import typing as t

#: sudoers.h of sudo: MAX_SUDOERS_DEPTH.
DEPTH = 128
#: Lines of all files together; nobody has more.
MAX_LINES = 100_000
EVERYBODY = "ALL"
_INCLUDE = re.compile(r"[@#](include|includedir)\s+(\"[^\"]*\"|(?:\\.|\S)+)\s*")
_ALIAS = re.compile(r"(User|Runas|Host|Cmnd|Cmd)_Alias\s+(.*)", re.DOTALL)
#: A "#" begins a comment, unless a number follows it: then it is a user by his number.
_COMMENT = re.compile(r"(\"[^\"]*\"|\\.|[^\"\\#]|#(?=\d)|\"$|\\$)*")
_ITEM = re.compile(r"\"[^\"]*\"|(?:\\.|[^\s,\\\"])+|\"")
_ALIAS_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclasses.dataclass(frozen=True)
class Grant:
    """One user specification. who: as written, aliases replaced by what they stand for. what: hosts and commands."""

    path: str
    number: int
    who: tuple[str, ...]
    what: str

    @property
    def place(self) -> str:
        """As in messages: /etc/sudoers:12."""
        return f"{self.path}:{self.number}"


@dataclasses.dataclass(frozen=True)
class _Line:
    path: str
    number: int
    text: str


def grants(
    path: str, read: t.Callable[[str], str], listing: t.Callable[[str], t.Sequence[str]], hostname: str = ""
) -> tuple[Grant, ...]:
    """Every grant, in the order in which sudo reads them.

    read: the text of a file. listing: the names in a folder. What these raise passes through.
    hostname: what stands for %h in the name of an include.
    """
    lines = list(_lines(path, read, listing, hostname, 0))[:MAX_LINES]
    aliases: dict[str, tuple[str, ...]] = {}
    for line in lines:
        aliases.update(_aliases(line.text))
    found = (_grant(line, aliases) for line in lines)
    return tuple(grant for grant in found if grant)


def persons(who: t.Iterable[str]) -> tuple[str, ...]:
    """Those of a grant that name one account ("#1000" among them): no groups, netgroups, everybody or exceptions."""
    return tuple(one for one in who if one and one[0] not in "%+!" and one != EVERYBODY)


# Lines


def _lines(
    path: str, read: t.Callable[[str], str], listing: t.Callable[[str], t.Sequence[str]], hostname: str, depth: int
) -> t.Iterator[_Line]:
    for number, text in _logical(read(path)):
        include = _INCLUDE.fullmatch(text)
        if include is None:
            plain = t.cast("re.Match[str]", _COMMENT.match(text))[0].strip()
            if plain:
                yield _Line(path, number, plain)
        elif depth < DEPTH:
            for name in _included(path, include, listing, hostname):
                yield from _lines(name, read, listing, hostname, depth + 1)


def _included(
    path: str, include: re.Match[str], listing: t.Callable[[str], t.Sequence[str]], hostname: str
) -> list[str]:
    """The files that an include means; of a folder, those without a dot or a tilde at the end."""
    plain = _plain(include[2]).replace("%h", hostname)
    name = posixpath.join(posixpath.dirname(path), plain)
    if include[1] == "include":
        return [name]
    return [posixpath.join(name, one) for one in sorted(listing(name)) if "." not in one and not one.endswith("~")]


def _logical(text: str) -> t.Iterator[tuple[int, str]]:
    """(number of the first, text) of each line; a backslash at its end joins the next one."""
    held, first = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        first = first if held else number
        if line.endswith("\\"):
            held += line[:-1]
            continue
        yield first, (held + line).strip()
        held = ""
    if held:
        yield first, held.strip()


# What they say


def _aliases(text: str) -> t.Iterator[tuple[str, tuple[str, ...]]]:
    """The user aliases of one line: NAME = list, and more of them behind colons."""
    match = _ALIAS.fullmatch(text)
    if match is None or match[1] != "User":
        return
    for definition in re.split(r"(?<!\\):", match[2]):
        name, equals, rest = definition.partition("=")
        if equals:
            yield name.strip().rstrip("+").strip(), tuple(_plain(one) for one in _ITEM.findall(rest))


def _grant(line: _Line, aliases: t.Mapping[str, tuple[str, ...]]) -> Grant | None:
    if _ALIAS.fullmatch(line.text) or line.text.startswith("Defaults"):
        return None
    users, rest = _user_list(line.text)
    if not users or "=" not in rest:
        return None
    who = tuple(dict.fromkeys(name for one in users for name in _expanded(one, aliases, 0)))
    return Grant(line.path, line.number, who, " ".join(rest.split()))


def _user_list(text: str) -> tuple[list[str], str]:
    """The names before the first blank that no comma is next to, and what is after it."""
    found: list[str] = []
    at = 0
    while True:
        negated = re.compile(r"[!\s]*").match(text, at)
        at = negated.end() if negated else at
        item = _ITEM.match(text, at)
        if item is None:
            return found, text[at:]
        found.append(("!" if negated and negated[0].count("!") % 2 else "") + _plain(item[0]))
        comma = re.compile(r"\s*,\s*").match(text, item.end())
        at = comma.end() if comma else item.end()
        if comma is None:
            return found, text[at:]


def _expanded(name: str, aliases: t.Mapping[str, tuple[str, ...]], depth: int) -> t.Iterator[str]:
    if depth < DEPTH and name != EVERYBODY and _ALIAS_NAME.fullmatch(name) and name in aliases:
        for one in aliases[name]:
            yield from _expanded(one, aliases, depth + 1)
    else:
        yield name


def _plain(word: str) -> str:
    """The word without quotes and escapes."""
    return re.sub(r"\\(.)", r"\1", word.strip('"') if word.startswith('"') else word)
