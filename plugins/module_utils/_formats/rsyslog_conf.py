# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Statements of rsyslog.conf(5): module(...) and input(...) with their parameters, and the older "$Name value".

What is between (rules, templates, actions) is left out.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

#: A string, or a comment; inside of the one the other does not begin.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|#[^\n]*|/\*.*?\*/', re.DOTALL)
_STATEMENT = re.compile(r'\b(module|input|global)\s*\(((?:[^()"]|"(?:[^"\\]|\\.)*")*)\)', re.IGNORECASE)
_PARAMETER = re.compile(r'([\w.\[\]]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))')
_LEGACY = re.compile(r"^[ \t]*\$(\w+)[ \t]+(\S.*?)[ \t]*$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Statement:
    """kind: "module", "input", "global", or "$" for one of the older form. parameters: names in lower case."""

    kind: str
    parameters: t.Mapping[str, str]


def statements(text: str) -> list[Statement]:
    """Those of one file, in its order of each form."""
    plain = _TOKEN.sub(lambda match: match[0] if match[0][0] in "\"'" else " ", text)
    found = [Statement(kind.lower(), _parameters(body)) for kind, body in _STATEMENT.findall(plain)]
    return found + [Statement("$", {name.lower(): value}) for name, value in _LEGACY.findall(plain)]


def _parameters(body: str) -> dict[str, str]:
    return {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(body)}
