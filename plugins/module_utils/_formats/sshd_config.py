# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""sshd_config(5): what each line sets, where it stands, and for whom.

A value inside a matching `Match` block outweighs one outside of any, wherever they stand; among matching blocks, and
among lines outside, the first one counts. What is included stands where the `Include` stands, and a `Match` in it ends
with its file.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import posixpath
import re
import typing as t

#: servconf.c: SERVCONF_MAX_DEPTH.
DEPTH = 16
#: Relative names of Include are below it.
FOLDER = "/etc/ssh"
MAX_SETTINGS = 50_000
_WORD = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|([^\s\"']+)")
_KEYWORD = re.compile(r"\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+|$)(.*)", re.DOTALL)

#: (criterion in lower case, its pattern list) of one Match line.
Criteria = tuple[tuple[str, str], ...]


@dataclasses.dataclass(frozen=True)
class Setting:
    """One line: the keyword in lower case, its arguments, and the Match lines that it stands under."""

    path: str
    number: int
    keyword: str
    arguments: tuple[str, ...]
    under: tuple[Criteria, ...] = ()

    @property
    def place(self) -> str:
        """As in messages: /etc/ssh/sshd_config:12."""
        return f"{self.path}:{self.number}"


def words(text: str) -> list[str]:
    """The arguments of one line, quotes removed, without a trailing comment."""
    found = []
    for match in _WORD.finditer(text):
        double, single, bare = match.groups()
        if bare is not None and bare.startswith("#"):
            break
        found.append(bare if bare is not None else re.sub(r"\\(.)", r"\1", double if double is not None else single))
    return found


def split(line: str) -> tuple[str, list[str]]:
    """(keyword in lower case, arguments) of one line; ("", []) for a comment or an empty one."""
    match = _KEYWORD.match(line)
    return (match[1].lower(), words(match[2])) if match else ("", [])


def settings(
    path: str,
    read: t.Callable[[str], str],
    glob: t.Callable[[str], t.Sequence[str]],
    under: tuple[Criteria, ...] = (),
    depth: int = 0,
) -> t.Iterator[Setting]:
    """Every setting of the file in the order in which sshd reads it, with those of what it includes.

    read, glob: the text of a file; the sorted paths that match. A file that `read` has no text for ("") sets nothing.
    """
    here = under
    for number, line in enumerate(read(path).splitlines(), 1):
        keyword, arguments = split(line)
        if keyword == "match":
            here = (*under, criteria(arguments))
        elif keyword:
            yield Setting(path, number, keyword, tuple(arguments), here)
        if keyword == "include" and depth < DEPTH:
            for name in (name for pattern in arguments for name in glob(posixpath.join(FOLDER, pattern))):
                yield from settings(name, read, glob, here, depth + 1)


def criteria(arguments: t.Sequence[str]) -> Criteria:
    """The criteria of a Match line; a word without a value (`all`) has an empty one."""
    found: list[tuple[str, str]] = []
    rest = iter(arguments)
    for word in rest:
        name, equals, value = word.partition("=")
        if not equals and name.lower() not in ("all", "final", "canonical", "invalid-user"):
            value = next(rest, "")
        found.append((name.lower(), value))
    return tuple(found)


def everyone(under: tuple[Criteria, ...]) -> bool:
    """Whether these Match lines leave nobody out."""
    return all(name == "all" for one in under for name, _patterns in one)


# Pattern lists (ssh_config(5), PATTERNS)


def matches(patterns: str, text: str, *, fold: bool = False) -> bool:
    """Whether the comma-separated list has a pattern that matches, and no negated one that does."""
    found = False
    for pattern in patterns.split(","):
        if _like(pattern.lstrip("!"), text, fold=fold):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def matches_address(patterns: str, address: str) -> bool:
    """The same for a list of addresses, networks and patterns."""
    found = False
    for pattern in patterns.split(","):
        if _holds(pattern.lstrip("!"), address):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def sample(patterns: str, known: t.Iterable[str]) -> str | None:
    """A text that the list matches: one of `known`, else one made up; None where there is none."""
    made_up = (re.sub(r"\*", "", one).replace("?", "x") or "x" for one in patterns.split(",") if one[:1] != "!")
    return next((text for text in (*known, *made_up) if text and matches(patterns, text)), None)


def sample_address(patterns: str, known: t.Iterable[str]) -> str | None:
    """An address that the list matches: one of `known`, else one made up; None where there is none."""
    candidates = (text for one in patterns.split(",") if one[:1] != "!" for text in _addresses(one))
    return next((text for text in (*known, *candidates) if matches_address(patterns, text)), None)


def _like(pattern: str, text: str, *, fold: bool) -> bool:
    plain = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in re.sub(r"\*+", "*", pattern))
    return re.fullmatch(plain, text, re.DOTALL | (re.IGNORECASE if fold else 0)) is not None


def _holds(pattern: str, address: str) -> bool:
    network = _network(pattern)
    if network is None:
        return _like(pattern, address, fold=True)
    try:
        return ipaddress.ip_address(address) in network
    except (ValueError, TypeError):
        return False


Network = t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


def _network(pattern: str) -> Network | None:
    try:
        return ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return None


def _addresses(pattern: str) -> list[str]:
    network = _network(pattern)
    if network is None:
        return [pattern.replace("*", "1").replace("?", "1")]
    last = network.num_addresses - 1
    return [str(network[at]) for at in dict.fromkeys((min(1, last), last // 2, max(last - 1, 0), 0))]
