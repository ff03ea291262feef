# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The two files that hold memcached's command line: Debian's memcached.conf (an option a line) and a sysconfig file.

memcached listens on all the addresses of all its -l options together, so one more would not narrow anything: those that
are there have to go, and are kept as comments.
"""

from __future__ import annotations

import re

from ansible_collections.infosec.principles.plugins.module_utils._formats import marked_block

BLOCK = "database_exposure"
REPLACED = "# replaced by infosec.principles: "
_LISTEN = re.compile(r"(?:-l|--listen)(?:[ =\t]*)(\S+)")
_LISTEN_LINE = re.compile(r"^([ \t]*(?:-l|--listen)\b.*)$", re.MULTILINE)
_OPTIONS = re.compile(r"^OPTIONS=(.*)$", re.MULTILINE)


def narrow_conf(text: str, addresses: str) -> str:
    """memcached.conf with `-l ADDRESSES` alone. Raises ValueError where a line holds more options than that."""
    others = marked_block.without(text, BLOCK)
    for line in _LISTEN_LINE.findall(others):
        if len(line.split("#")[0].split()) > 2:
            raise ValueError(f"the line {line.strip()!r} holds other options as well; give each its own line")
    before, block, after = marked_block.split(text, BLOCK)
    commented = [_LISTEN_LINE.sub(rf"{REPLACED}\1", part) for part in (before, after)]
    return marked_block.put(commented[0] + block + commented[1], BLOCK, [f"-l {addresses}"])


def narrow_sysconfig(text: str, addresses: str) -> str:
    """The sysconfig file with a last OPTIONS, which wins, that differs from the one before in -l alone."""
    found = _OPTIONS.findall(marked_block.without(text, BLOCK))
    old = found[-1].strip().strip("\"'") if found else ""
    options = " ".join([*_LISTEN.sub("", old).split(), f"-l {addresses}"])
    return marked_block.put(text, BLOCK, [f'OPTIONS="{options}"'])


def has_option(text: str, *names: str) -> bool:
    """Whether one of the options is there, in either kind of file."""
    active = "\n".join(line.split("#")[0] for line in text.splitlines())
    return any(re.search(rf"(?:^|[\s\"'=]){re.escape(name)}(?:$|[\s\"'=])", active) for name in names)
