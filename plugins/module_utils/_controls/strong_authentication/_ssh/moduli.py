# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""moduli(5): the groups of the Diffie-Hellman group exchange, without those below 3072 bits.

Without the file, or without a group in the range that a client asks for, sshd (8.4 to 9.2, tried) falls back on fixed
groups, of 2048 bits for clients that ask for few: so it is never emptied. It is not looked at where nobody uses it.
"""

from __future__ import annotations

import dataclasses

from ansible_collections.infosec.principles.plugins.module_utils._engine import files
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

PATH = "/etc/ssh/moduli"
#: Field 5 is the number of bits less one (moduli(5)); Mozilla keeps what is at least 3071.
LEAST = 3071
NOTE = "# {} groups below 3072 bits were here; taken out by infosec.principles (ssh_authentication).\n"


@dataclasses.dataclass(frozen=True)
class Groups:
    """weak, strong: how many. passage: from the first weak line to the last. kept: the lines in it that stay."""

    weak: int
    strong: int
    passage: str = ""
    kept: str = ""


def path(values: sshd.Values) -> str:
    """The file of this sshd (ModuliFile, since 9.2)."""
    return next(iter(values.get("modulifile", ())), PATH)


def groups(text: str) -> Groups:
    """What the file holds."""
    lines = text.splitlines(keepends=True)
    sizes = [_size(line) for line in lines]
    weak = [at for at, size in enumerate(sizes) if 0 < size < LEAST]
    strong = sum(size >= LEAST for size in sizes)
    if not weak:
        return Groups(0, strong)
    inside = range(weak[0], weak[-1] + 1)
    kept = "".join(lines[at] for at in inside if not 0 < sizes[at] < LEAST)
    return Groups(len(weak), strong, "".join(lines[at] for at in inside), kept)


def _size(line: str) -> int:
    fields = line.split()
    plain = len(fields) >= 7 and not line.startswith("#") and fields[4].isdecimal()
    return int(fields[4]) if plain else 0


def changes(host: Host, name: str, found: Groups) -> tuple[Change, ...]:
    """The edit: sshd reads the file at each exchange, so nothing is reloaded. Raises ChangeError."""
    if not found.passage.endswith("\n"):
        raise ChangeError(f"{name}: its last line has no end")
    return (files.edit_file(host, name, found.passage, NOTE.format(found.weak) + found.kept),)
