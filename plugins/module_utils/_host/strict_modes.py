# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Who may write to a file of authorized keys besides its owner.

sshd looks at the file, and at each folder from it up to the home (StrictModes of sshd_config(5)): where others than the
owner and root may write, it takes no key of the file. A group of which the owner is the only member lets in nobody
else, as Debian's sshd has it.
"""

from __future__ import annotations

import os
import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host import accounts, homes, sshd_state
from ansible_collections.infosec.principles.plugins.module_utils._host.accounts import Account
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable


def writable(host: Host, path: str, account: Account) -> t.Iterator[tuple[str, os.stat_result, str]]:
    """What others may write to (and who they are), from the file up to the home, or to the root where it is elsewhere.

    Raises OSError and Unseen.
    """
    here, home = homes.resolve(host, path), homes.resolve(host, account.home)
    for _step in range(40):
        status = os.stat(host.path(here), follow_symlinks=False)
        who = _others(host, status, account)
        if who:
            yield here, status, who
        if here in (home, "/"):
            return
        here = os.path.dirname(here)


def everywhere(host: Host) -> bool:
    """Whether every sshd looks at modes itself."""
    answers = [values for state in host.once(sshd_state.read).known for _probe, values in state.answers]
    return all(values.get("strictmodes", ("yes",)) == ("yes",) for values in answers)


def refused(host: Host, path: str, account: Account) -> bool:
    """Whether sshd takes no key of this file for the account; also where that cannot be seen."""
    try:
        return everywhere(host) and any(True for _found in writable(host, path, account))
    except (OSError, Unseen):
        return True


def _others(host: Host, status: os.stat_result, account: Account) -> str:
    """Who else may write, "" where nobody may."""
    if status.st_uid not in (0, os.geteuid(), account.uid):
        return f"user {status.st_uid}, whose it is"
    if status.st_mode & stat.S_IWOTH and not (stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX):
        return "everybody"
    if status.st_mode & stat.S_IWGRP and not _is_alone(host, status.st_gid, status.st_uid):
        return f"group {_group(host, status.st_gid)}"
    return ""


def _is_alone(host: Host, gid: int, uid: int) -> bool:
    """Whether the owner is the group's only member; root needs no group to write."""
    members = {one.uid for one in host.once(accounts.read) if one.gid == gid}
    named = {name for one in host.once(accounts.groups) if one.gid == gid for name in one.members}
    members |= {one.uid for one in host.once(accounts.read) if one.name in named}
    return members - {0} <= {uid} and len(named) <= len(members)


def _group(host: Host, gid: int) -> str:
    return next((printable(one.name) for one in host.once(accounts.groups) if one.gid == gid), str(gid))
