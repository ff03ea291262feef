# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""apt.conf(5): what `apt-config dump` says, which line of which file says it, and a drop-in of our own."""

from __future__ import annotations

import dataclasses
import re
import typing as t

_DUMPED = re.compile(r'^(\S+) "(.*?)";$', re.MULTILINE | re.DOTALL)
# A word may hold quotes only around all of it; apt knows no escapes.
_TOKEN = re.compile(r'//[^\n]*|/\*.*?(?:\*/|\Z)|#clear[^;\n]*|#[^\n]*|"[^"]*"?|[{};]|[^\s{};"]+', re.DOTALL)
_HEADER = "// Written by infosec.principles (automatic_updates): what the other files left undone.\n"


@dataclasses.dataclass(frozen=True)
class Config:
    """The configuration in effect. Keys are without regard to case; each list keeps its order."""

    items: tuple[tuple[str, str], ...]

    def get(self, key: str, default: str = "") -> str:
        """The value of a key, or the default where it is not set or empty (as apt's own scripts see it)."""
        return next((value for name, value in reversed(self.items) if name == key.lower()), "") or default

    def values(self, key: str) -> tuple[str, ...]:
        """The values of a list: its members may have names."""
        prefix = f"{key.lower()}::"
        return tuple(value for name, value in self.items if name.startswith(prefix) and "::" not in name[len(prefix) :])


@dataclasses.dataclass(frozen=True)
class Setting:
    """One statement of a file; `key` ends with "::" for a member of a list. `clears`: a #clear of the key."""

    line: int
    key: str
    value: str
    clears: bool = False


def parse_dump(text: str) -> Config:
    """Read the output of `apt-config dump`."""
    return Config(tuple((match[1].lower(), match[2]) for match in _DUMPED.finditer(text)))


def settings(text: str) -> t.Iterator[Setting]:
    """The statements of one file in their order; what apt would refuse is read as far as it makes sense."""
    scopes: list[str] = []
    words: list[str] = []
    for line, token in _tokens(text):
        if token == "{":
            scopes.append("::".join(word.strip('"') for word in words[:1]))
        elif token in ("}", ";") and words:
            yield _setting(line, scopes, words)
        if token == "}" and scopes:
            scopes.pop()
        if token in ("{", "}", ";"):
            words = []
        elif token.startswith("#clear"):
            yield from (Setting(line, key.strip(), "", True) for key in token.split()[1:])
        else:
            words.append(token)


def render(statements: t.Iterable[tuple[str, str]]) -> str:
    """A file of these (key, value) pairs, each once, in a fixed order. Raises ValueError for what apt cannot hold."""
    lines = []
    for key, value in sorted(set(statements)):
        if re.search(r'["\n\r\0]', key + value):
            raise ValueError(f"apt.conf cannot hold {value!r} for {key!r}")
        lines.append(f'{key} "{value}";\n')
    return _HEADER + "".join(lines)


def _setting(line: int, scopes: list[str], words: list[str]) -> Setting:
    """`Name "value"`, or `"value"` alone for a member of the list that the scope names."""
    named = not words[0].startswith('"')
    value = words[1] if named and len(words) > 1 else "" if named else words[0]
    return Setting(line, "::".join([*filter(None, scopes), words[0] if named else ""]), value.strip('"'))


def _tokens(text: str) -> t.Iterator[tuple[int, str]]:
    line, seen = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", seen, match.start())
        seen = match.start()
        token = match.group()
        if token.startswith("#clear") or not token.startswith(("//", "/*", "#")):
            yield line, token
