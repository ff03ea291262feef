# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What doveconf prints: settings "name = value", and blocks "kind name { ... }" within each other."""

from __future__ import annotations

import dataclasses
import typing as t

#: Blocks within each other at most; Dovecot's own go four deep.
MAX_DEPTH = 20


@dataclasses.dataclass
class Block:
    """kind, name: "inet_listener", "imaps"; the whole configuration has none."""

    kind: str = ""
    name: str = ""
    settings: dict[str, str] = dataclasses.field(default_factory=dict)
    blocks: list[Block] = dataclasses.field(default_factory=list)

    def named(self, *kinds: str) -> list[Block]:
        """The blocks of these kinds directly within this one."""
        return [block for block in self.blocks if block.kind in kinds]

    def flat(self, name: str) -> str:
        """A setting; Dovecot 2.4 prints ssl_server_cert_file as cert_file in a block ssl_server."""
        for block in self.blocks:
            if name.startswith(f"{block.kind}_") and not block.name:
                found = block.settings.get(name[len(block.kind) + 1 :])
                if found is not None:
                    return found
        return self.settings.get(name, "")


def parse(text: str) -> Block:
    """The whole configuration. Lines that are neither are left out."""
    whole = Block()
    within = [whole]
    for line in map(str.strip, text.splitlines()):
        if not line or line.startswith("#"):
            continue
        if line.endswith("{"):
            kind, _space, name = line[:-1].strip().partition(" ")
            block = Block(kind, _unquoted(name.strip()))
            within[-1].blocks.append(block)
            within.append(block if len(within) < MAX_DEPTH else Block())
        elif line == "}":
            within = within[:-1] or [whole]
        elif "=" in line:
            key, _equals, value = line.partition("=")
            within[-1].settings[key.strip()] = _unquoted(value.strip())
    return whole


def lines_setting(text: str, names: t.Container[str]) -> list[tuple[int, str]]:
    """(number, name) of the lines of a configuration file that set one of these, in whatever block they stand."""
    found = []
    for number, line in enumerate(map(str.strip, text.splitlines()), 1):
        name = line.partition("=")[0].strip()
        if "=" in line and not line.startswith("#") and name in names:
            found.append((number, name))
    return found


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
