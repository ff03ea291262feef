# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The part of TOML that lock files are written in, since hosts have no tomllib before Python 3.11.

Tables, arrays of tables, and keys with one value each: text, numbers, booleans, arrays over one or many lines, inline
tables. Texts of arrays and inline tables are kept as they stand, for `names` and `field`. A line of any other form is
an error, never overlooked.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.model import LockError

_KEY = r"(?:[A-Za-z0-9_-]+|\"(?:[^\"\\]|\\.)*\"|'[^']*')"
_NAME = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"(?:\[\[\s*(?P<member>{_NAME})\s*\]\]|\[\s*(?P<table>{_NAME})\s*\])\s*(?:#.*)?")
_SETTING = re.compile(rf"({_NAME})\s*=\s*(.*)")
_TEXT = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'([^']*)'")
_PLAIN = re.compile(r"[A-Za-z0-9_:.+-]+(?: [0-9:.+-]+)?")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\", "e": "\x1b"}


@dataclasses.dataclass
class Table:
    """One table. name: "package" or "package.dependencies"; the parts of quoted keys are unquoted.

    texts: its text values. raw: its other values as they stand. of: counts the members of arrays of tables.
    """

    name: str
    of: int
    texts: dict[str, str] = dataclasses.field(default_factory=dict)
    raw: dict[str, str] = dataclasses.field(default_factory=dict)


def tables(text: str) -> list[Table]:
    """All tables in their order, the nameless first one among them. Raises LockError."""
    found = [Table("", 0)]
    members = 0
    lines = iter(enumerate(text.split("\n"), 1))
    for number, line in lines:
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        header = _HEADER.fullmatch(stripped)
        if header:
            members += bool(header["member"])
            found.append(Table(_dotted(header["member"] or header["table"]), members))
            continue
        setting = _SETTING.fullmatch(stripped)
        if setting is None:
            raise LockError(f"line {number} is of no form that lock files have")
        _set(found[-1], _dotted(setting[1]), setting[2], number, lines)
    return found


def _set(table: Table, key: str, value: str, number: int, lines: t.Iterator[tuple[int, str]]) -> None:
    if value.startswith(('"""', "'''")):
        table.texts[key] = _long_text(value, number, lines)
        return
    whole = _TEXT.match(value)
    if whole and _is_over(value[whole.end() :]):
        table.texts[key] = decode(whole)
    elif value.startswith(("[", "{")):
        table.raw[key] = _bracketed(value, number, lines)
    else:
        plain = _PLAIN.match(value)
        if plain is None or not _is_over(value[plain.end() :]):
            raise LockError(f"line {number}: a value of no form that lock files have")
        table.raw[key] = plain[0]


def _is_over(rest: str) -> bool:
    return not rest or rest.lstrip().startswith("#") or not rest.strip()


def _long_text(value: str, number: int, lines: t.Iterator[tuple[int, str]]) -> str:
    """A text in three quotes, over one or many lines; its lines are kept, and so are its escapes."""
    quotes, rest = value[:3], value[3:]
    found = []
    while quotes not in rest:
        found.append(rest)
        following = next(lines, None)
        if following is None:
            raise LockError(f"line {number}: a text without end")
        rest = following[1]
    return "\n".join([*found, rest[: rest.index(quotes)]])


def _bracketed(value: str, number: int, lines: t.Iterator[tuple[int, str]]) -> str:
    """An array or inline table, to its last bracket."""
    found = []
    depth = 0
    line = value
    while True:
        bare = _TEXT.sub("", line).partition("#")[0]
        depth += bare.count("[") + bare.count("{") - bare.count("]") - bare.count("}")
        found.append(line)
        if depth <= 0:
            return "\n".join(found)
        following = next(lines, None)
        if following is None:
            raise LockError(f"line {number}: a list without end")
        line = following[1]


def decode(match: re.Match[str]) -> str:
    """A text without its quotes and escapes. Raises LockError."""
    return match[2] if match[1] is None else _ESCAPE.sub(_unescaped, match[1])


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    if not code and match[3] not in _ESCAPES:
        raise LockError(f"an escape that TOML does not have: \\{match[3]}")
    if code and int(code, 16) > 0x10FFFF:
        raise LockError(f"a character that Unicode does not have: {code}")
    return chr(int(code, 16)) if code else _ESCAPES[match[3]]


def texts(raw: str) -> list[str]:
    """Every text in an array of texts."""
    return [decode(match) for match in _TEXT.finditer(raw)]


def field(raw: str, key: str) -> list[str]:
    """The text of `key` in every inline table in the value."""
    return [decode(match) for match in re.finditer(rf"(?<![\w-]){key}\s*=\s*(?:{_TEXT.pattern})", raw)]


def _dotted(text: str) -> str:
    return ".".join(_unquoted(part) for part in re.findall(_KEY, text))


def _unquoted(key: str) -> str:
    match = _TEXT.fullmatch(key)
    return decode(match) if match else key
