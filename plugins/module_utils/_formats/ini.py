# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Settings as "key = value" lines, with or without [sections], as many daemons read them."""

from __future__ import annotations

import re

_SECTION = re.compile(r"^\[(.+)\]$")
_SETTING = re.compile(r"^(?:export\s+)?([^=\s]+(?:\s[^=\s]+)*)\s*=\s*(.*)$")


def parse(text: str) -> dict[str, str]:
    """The last value of each setting, by "section.key", or "key" above all sections; without quotes around it."""
    found: dict[str, str] = {}
    section = ""
    for line in map(str.strip, text.splitlines()):
        heading, setting = _SECTION.match(line), _SETTING.match(line)
        if heading:
            section = f"{heading.group(1)}."
        elif setting and not line.startswith(("#", ";", "%")):
            found[section + setting.group(1)] = _unquoted(setting.group(2).strip())
    return found


def put(text: str, name: str, value: str) -> str:
    """The text with the setting ("section.key") at this value; every other byte stays.

    The last of several settings of the name is the one in effect, so that one is changed; a new one goes to the end of
    its section.
    """
    section, _dot, key = name.rpartition(".")
    lines = text.splitlines(keepends=True)
    at = end = -1
    inside = ""
    for number, line in enumerate(map(str.strip, lines)):
        heading, setting = _SECTION.match(line), _SETTING.match(line)
        inside = heading.group(1) if heading else inside
        if inside == section and line and not line.startswith(("#", ";", "%")):
            end = number
            at = number if setting and setting.group(1) == key else at
    if at >= 0:
        before, equals, _old = lines[at].partition("=")
        lines[at] = f"{before}{equals}{' ' if before.endswith(' ') else ''}{value}\n"
    else:
        lines = _inserted(lines, end, [*([] if end >= 0 or not section else [f"[{section}]\n"]), f"{key} = {value}\n"])
    return "".join(lines)


def _inserted(lines: list[str], after: int, new: list[str]) -> list[str]:
    """The lines with new ones behind one of them, or at the end (after: -1)."""
    position = after + 1 if after >= 0 else len(lines)
    head = lines[:position]
    if head and not head[-1].endswith("\n"):
        head[-1] += "\n"
    return [*head, *new, *lines[position:]]


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
