# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""pg_hba.conf of PostgreSQL: which lines are rules, and the same rule for another address.

After src/backend/libpq/hba.c: fields are separated by blanks, a comma joins what is around it to one field, "#" begins
a comment outside double quotes, and a backslash at the end of a line continues it (since PostgreSQL 14).
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import typing as t

_TOKEN = r'(?:"[^"]*"|[^\s,"#])+'
_FIELD = re.compile(rf"{_TOKEN}(?:,\s*{_TOKEN})*")
_COMMENT = re.compile(r'^((?:"[^"]*"|[^"#])*)#.*$', re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Line:
    """One rule or include: its number (from 1), its offset in the text, and its fields as written, quotes and all."""

    number: int
    offset: int
    fields: tuple[str, ...]

    @property
    def text(self) -> str:
        """The fields with one blank between them."""
        return " ".join(self.fields)

    def for_address(self, network: str) -> str:
        """The same rule for another network. Only for rules of a host* type."""
        kind, database, user, address, *rest = self.fields
        return " ".join((kind, database, user, network, *(rest[1:] if _is_plain(address) else rest)))


def parse(text: str) -> list[Line]:
    """Every line that is not blank or a comment."""
    found = []
    for number, offset, line in _logical_lines(text):
        match = _COMMENT.match(line)
        fields = tuple(_FIELD.findall(match.group(1) if match else line))
        if fields:
            found.append(Line(number, offset, fields))
    return found


def first_over_tcp(text: str) -> int:
    """The offset before the first rule for TCP (or include, which may hold one) and the comment right above it."""
    place = next((line.offset for line in parse(text) if line.fields[0].startswith(("host", "include"))), len(text))
    lines = text[:place].splitlines(keepends=True)
    while lines and lines[-1].startswith("#"):
        place -= len(lines.pop())
    return place


def _logical_lines(text: str) -> t.Iterator[tuple[int, int, str]]:
    """Lines with their continuations: the number and the offset of the first, and the joined text."""
    number, offset, held, position = 1, 0, "", 0
    for at, line in enumerate(text.split("\n"), 1):
        position += len(line) + 1
        held += line.rstrip("\r")
        if held.endswith("\\"):
            held = held[:-1]
            continue
        yield number, offset, held
        number, offset, held = at + 1, position, ""
    if held:
        yield number, offset, held


def _is_plain(address: str) -> bool:
    """Whether it is an IP address without a prefix length, which a netmask follows."""
    try:
        ipaddress.ip_address(address.strip('"'))
    except ValueError:
        return False
    return True
