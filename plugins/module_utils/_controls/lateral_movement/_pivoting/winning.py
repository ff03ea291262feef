# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The drop-in that forbids what sshd is to grant nobody."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import drop_in as sshd_drop_in
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._pivoting import grants
from ansible_collections.infosec.principles.plugins.module_utils._engine import files
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State

DROP_IN = f"{sshd_drop_in.FOLDER}/00-infosec-principles.conf"
HEAD = """\
# Written by infosec.principles (ssh_pivoting); changes are lost.
# What stands under a Match line outweighs everything outside of one, and the first Match line that fits outweighs the
# others: so this holds for everybody, whatever comes after it.
Match all
"""


def drop_in(*, bastion: bool) -> str:
    """The text of our file."""
    return HEAD + "".join(f"    {line}\n" for line in grants.lines(bastion=bastion))


def written(host: Host) -> str | None:
    """The text of our file as it is now, or None where there is none."""
    return files.read_now(host, DROP_IN)


def changes(host: Host, states: t.Sequence[State], *, bastion: bool, seconds: int) -> tuple[Change, ...]:
    """What puts these sshd right; see `_sshd.drop_in.changes`."""
    ours = sshd_drop_in.DropIn("ssh_pivoting", DROP_IN, drop_in(bastion=bastion))
    return sshd_drop_in.changes(host, states, ours, seconds=seconds)
