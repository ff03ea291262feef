# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The scalars of a YAML configuration as dotted names, enough for the flat files that daemons have.

No YAML parser is on hosts. Understood are nested mappings by indentation, dotted keys, scalars, quotes, comments, flow
and block lists (joined by commas). Whatever else is there is left out, and its setting then counts as not set.
"""

from __future__ import annotations

import re

_LINE = re.compile(r"^(?P<indent> *)(?:(?P<key>[\w.\-/]+|\"[^\"]*\"|'[^']*'):(?:\s+(?P<value>.*))?|-\s+(?P<item>.*))$")


def parse(text: str) -> dict[str, str]:
    """Each setting's value as text, by its full name ("net.bindIp")."""
    found: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    for line in text.splitlines():
        match = _LINE.match(_without_comment(line))
        if not match:
            continue
        indent = len(match["indent"])
        if match["key"] is None:
            _append(found, ".".join(name for _at, name in path), _scalar(match["item"]))
            continue
        path = [step for step in path if step[0] < indent] + [(indent, match["key"].strip("\"'"))]
        if match["value"]:
            found[".".join(name for _at, name in path)] = _scalar(match["value"])
    return found


def _without_comment(line: str) -> str:
    return re.sub(r"(?:^|\s)#.*$", "", line).rstrip()


def _scalar(value: str) -> str:
    inner = value.strip()
    if inner.startswith("[") and inner.endswith("]"):
        return ",".join(_scalar(item) for item in inner[1:-1].split(","))
    return inner[1:-1] if len(inner) > 1 and inner[0] == inner[-1] and inner[0] in "\"'" else inner


def _append(found: dict[str, str], name: str, item: str) -> None:
    found[name] = f"{found[name]},{item}" if name in found else item
