# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""authorized_keys(5): which keys open an account, and with which options."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import ssh_keys

#: How the names of all algorithms begin; sparing a look at 100,000 lines of something else.
_ALGORITHMS = ("ssh-", "ecdsa-", "sk-")


@dataclasses.dataclass(frozen=True)
class Entry:
    """One key. options: as written, such as `restrict` or `permitopen="10.0.0.9:22"`; public: as SSH sends it."""

    number: int
    options: tuple[str, ...]
    algorithm: str
    public: bytes


def parse(text: str) -> t.Iterator[Entry]:
    """The keys of the file; comments, empty lines and what sshd cannot read either are left out."""
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip(" \t\r")
        if line and not line.startswith("#"):
            entry = _entry(number, line)
            if entry:
                yield entry


def _entry(number: int, line: str) -> Entry | None:
    options: tuple[str, ...] = ()
    public = _key(line)
    if not public:
        options, line = _options(line)
        public = _key(line)
    return Entry(number, options, line.split(None, 1)[0], public) if public else None


def _key(line: str) -> bytes:
    words = line.split(None, 2)
    known = len(words) > 1 and words[0].startswith(_ALGORITHMS)
    return ssh_keys.blob(words[0], words[1]) if known else b""


def _options(line: str) -> tuple[tuple[str, ...], str]:
    """The options at the start, and what is after them: a blank or a comma in double quotes belongs to the option."""
    options: list[str] = []
    start, quoted, at = 0, False, 0
    while at < len(line) and (quoted or line[at] not in " \t"):
        if line[at] == "\\" and line[at + 1 : at + 2] == '"':
            at += 1
        elif line[at] == '"':
            quoted = not quoted
        elif line[at] == "," and not quoted:
            options.append(line[start:at])
            start = at + 1
        at += 1
    return (*options, line[start:at]), line[at:].lstrip(" \t")
