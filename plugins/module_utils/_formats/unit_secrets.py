# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Secrets in what systemd shows of a unit to every user of the host: its environment and its command lines."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import api_keys

#: Longer ones are no command line that somebody wrote.
_MAX = 64 * 1024
_WORD = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|(\S+)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_SECRET = r"(?:\w+[-_])*(?:password|passwd|passphrase|secret|token|api[-_]?key|secret[-_]key|access[-_]key|auth[-_]key)"
#: --password=x, --db-password x, PASSWORD=x, and Authorization headers.
_OPTION = re.compile(
    rf"(?<!\S)(?:(?P<name>-{{0,2}}{_SECRET})=|(?P<option>--?{_SECRET})\s+(?!-))(?P<value>\S{{4,1024}})", re.IGNORECASE
)
_HEADER = re.compile(
    r"(?P<name>Authorization:\s*(?:Bearer|Basic|token))(?P<option>\s)\s*(?P<value>[^\s\"']{8,4096})", re.IGNORECASE
)
#: What is named like a secret and tells where it lies, or how it is made.
_ABOUT = re.compile(r"/.*|\$.*|@.*|%[A-Za-z].*|\d+|true|false|stdin|-|file:.*|env:.*")


def environment(shown: str) -> dict[str, str]:
    """The variables of `systemctl show -p Environment`: words, some of them in double quotes with escapes."""
    found = {}
    for match in _WORD.finditer(shown[:_MAX]):
        word = _unescaped(match[1]) if match[1] is not None else match[2]
        name, equals, value = word.partition("=")
        if equals:
            found[name] = value
    return found


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text, flags=re.DOTALL)


def named(variables: t.Mapping[str, str]) -> list[str]:
    """The names of those variables that hold secrets, by their names, or by a URL with a password."""
    return [name for name, value in variables.items() if _is_secret(name, value)]


def _is_secret(name: str, value: str) -> bool:
    line = value.replace("\n", " ")
    return next(api_keys.environment(f'{name}="{line}"' if '"' not in line else f"{name}={line}"), None) is not None


def command_line(words: str) -> list[str]:
    """The names of the secrets on a command line: options, variables, headers, URLs."""
    text = words[:_MAX]
    found = [*_OPTION.finditer(text), *_HEADER.finditer(text)]
    told = [match["name"] or match["option"] for match in found if _is_value(match["value"])]
    return list(dict.fromkeys([*told, *("password in a URL" for _secret in api_keys.urls(text))]))


def _is_value(value: str) -> bool:
    return not _ABOUT.fullmatch(value) and not api_keys.is_placeholder(value)
