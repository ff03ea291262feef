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


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
