# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Postfix: main.cf of "name = value" (postconf(5)) and master.cf of services with options (master(5)).

In both a line that begins with white space continues the one above; comments and empty lines may stand between. Of a
name that main.cf has twice the last counts.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import marked_block

#: Columns of master.cf before the command.
COLUMNS = 7
_OPTION = re.compile(r"-o\s*(?:\{\s*(?P<braced>\w+)\s*=\s*(?P<long>[^}]*?)\s*\}|(?P<name>\w+)=(?P<value>\S*))")


@dataclasses.dataclass(frozen=True)
class Service:
    """One service of master.cf. options: what `-o` sets for it alone."""

    name: str
    kind: str
    command: str
    options: t.Mapping[str, str]


def services(text: str) -> list[Service]:
    """Those of master.cf, or of `postconf -M`."""
    entries = ("".join(lines) for _at, lines in _entries(text.splitlines(keepends=True)))
    return [_service(entry) for entry in entries if len(entry.split()) > COLUMNS]


def _service(entry: str) -> Service:
    words = entry.split()
    options = {
        match["braced"] or match["name"]: match["long"] if match["braced"] else match["value"]
        for match in _OPTION.finditer(entry)
    }
    return Service(words[0], words[1], words[COLUMNS], options)


def put(text: str, settings: t.Mapping[str, str], block: str, note: str) -> str:
    """main.cf with these settings: in the place of the one in effect, as `postconf -e` does; new ones in our block."""
    lines = text.splitlines(keepends=True)
    for name in settings:
        places = [at for at, entry in _entries(lines) if re.match(rf"{name}\s*=", entry[0])]
        if places:
            lines = _replaced(lines, places[-1], f"{name} = {settings[name]}\n")
    known = {entry[0].partition("=")[0].strip() for _at, entry in _entries(lines)}
    new = [f"{name} = {value}" for name, value in settings.items() if name not in known]
    inside = marked_block.split("".join(lines), block)[1].splitlines()[2:-1]
    return marked_block.put("".join(lines), block, [*inside, *new], note=note) if new else "".join(lines)


def put_option(text: str, service: str, kind: str, name: str, value: str) -> str:
    """master.cf with `-o name=value` for one service; value: without white space. Raises ValueError for no service."""
    lines = text.splitlines(keepends=True)
    for at, entry in _entries(lines):
        if entry[0].split()[:2] == [service, kind]:
            return "".join(_with_option(lines, at, name, value))
    raise ValueError(f"no service {service} {kind}")


def _with_option(lines: list[str], at: list[int], name: str, value: str) -> list[str]:
    pattern = re.compile(rf"-o\s*(?:\{{\s*{name}\s*=[^}}]*\}}|{name}=\S*)")
    for number in at:
        if pattern.search(lines[number]):
            return [*lines[:number], pattern.sub(f"-o {name}={value}", lines[number]), *lines[number + 1 :]]
    last = lines[at[-1]]
    ended = last if last.endswith("\n") else f"{last}\n"
    return [*lines[: at[-1]], ended, f"  -o {name}={value}\n", *lines[at[-1] + 1 :]]


def _replaced(lines: list[str], at: list[int], line: str) -> list[str]:
    """The lines with one in the place of the first of these, and without the others."""
    return [line if number == at[0] else old for number, old in enumerate(lines) if number not in at[1:]]


def _entries(lines: list[str]) -> list[tuple[list[int], list[str]]]:
    """Each logical line: the numbers (from 0) of its lines, and those lines."""
    found: list[tuple[list[int], list[str]]] = []
    for number, line in enumerate(lines):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not line[0].isspace() or not found:
            found.append(([], []))
        found[-1][0].append(number)
        found[-1][1].append(line)
    return found
