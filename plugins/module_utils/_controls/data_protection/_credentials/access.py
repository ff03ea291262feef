# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Who gets at a file besides its owner, and how far its mode can be narrowed while every service still reads it."""

from __future__ import annotations

import os
import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._credentials import kinds
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._credentials.search import (
    Store,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import modes
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._credentials import (
        readers,
    )
else:
    readers = later("_controls.data_protection._credentials.readers")

#: sshd(8) of RHEL up to 9 takes host keys that this group may read.
KEYS_GROUP = "ssh_keys"
_NAMED = 5


class Refused(Exception):
    """Why there is no safe fix."""


# Who gets at it


def open_to(host: Host, store: Store) -> int:
    """The bits that let in whom nobody meant to: all of others', of a group's what nobody needs."""
    bits = store.mode & _reachable(host, store)
    wrong = bits & 0o006
    if bits & 0o060 and has_others(host, store.status):
        alone = store.kind.readers == kinds.NOBODY and not _may_read_keys(host, store)
        wrong |= bits & (0o060 if alone or is_peoples(host, store.status.st_gid) else 0o020)
    return wrong & ~0o004 & ~0o040 if store.kind.readers == kinds.EVERYBODY else wrong


def whom(bits: int) -> str:
    """Such as "its group and everybody"."""
    return " and ".join(name for name, mask in (("its group", 0o060), ("everybody", 0o006)) if bits & mask)


def what(bits: int) -> str:
    """Such as "read and write"."""
    return " and ".join(verb for verb, mask in (("read", 0o044), ("write", 0o022)) if bits & mask)


def _reachable(host: Host, store: Store) -> int:
    """Group's and others' bits, as far as all folders above let them through."""
    group, others = 0o060, 0o006
    folder = os.path.dirname(store.path)
    while folder not in ("", "/"):
        status = host.stat(folder)
        if status is None:
            return 0
        others = others if status.st_mode & 0o001 else 0
        same = status.st_mode & 0o010 and status.st_gid == store.status.st_gid
        group = group if same or status.st_mode & 0o001 else 0
        folder = os.path.dirname(folder)
    return group | others


def has_others(host: Host, status: os.stat_result) -> bool:
    """Whether anybody but root and the owner is in the file's group."""
    listed, gid = host.once(accounts.read), status.st_gid
    own = {one.name for one in listed if one.uid in (0, status.st_uid)}
    if any(one.gid == gid and one.name not in own for one in listed):
        return True
    return any(one.gid == gid and set(one.members) - own for one in host.once(accounts.groups))


def is_peoples(host: Host, gid: int) -> bool:
    """Whether the group is the one that new accounts of people get, so that it stands for everybody."""
    return sum(one.gid == gid and one.person and one.uid != 0 for one in host.once(accounts.read)) > 1


def _may_read_keys(host: Host, store: Store) -> bool:
    named = next((one.name for one in host.once(accounts.groups) if one.gid == store.status.st_gid), "")
    return named == KEYS_GROUP


# How far it can be narrowed


def narrowed(host: Host, store: Store, wrong: int) -> int:
    """The mode without these bits; who may not read may do nothing else, nor a group where the file is its owner's."""
    mode, keys_group = store.mode & ~wrong, _may_read_keys(host, store)
    mode &= ~0o007 if wrong & 0o004 else ~0
    return mode & ~0o070 if wrong & 0o040 or (store.kind.readers == kinds.NOBODY and not keys_group) else mode


def fix(host: Host, store: Store, wrong: int) -> tuple[Change, ...]:
    """The changes that take these bits away, so that all services that may need the file still read it.

    Nobody needs a copy. Raises Refused.
    """
    path, status = store.path, store.status
    if path != printable(path):
        raise Refused("its name holds characters that cannot be shown")
    if _has_acl(host, path):
        raise Refused("it has an access control list, which getfacl shows")
    after = narrowed(host, store, wrong)
    try:
        losing = () if store.copy_of else readers.losing(host, _plan(store, after))
        return _for_group(host, path, status, after, losing) if losing else _chmod(host, path, status, after)
    except (ChangeError, OSError) as exc:
        raise Refused(f"it cannot be changed safely: {exc}") from exc


def of_key(host: Host, path: str, mode: int) -> tuple[Change, ...]:
    """The changes that leave a private key no more than this mode. Raises Refused and OSError."""
    store = Store(path, kinds.KEY, os.stat(host.path(path), follow_symlinks=False))
    return fix(host, store, store.mode & ~mode)


def _plan(store: Store, mode: int) -> readers.Plan:
    uid, gid, by_name = store.status.st_uid, store.status.st_gid, store.kind.readers == kinds.SERVICES
    key = store.kind.name == kinds.PRIVATE_KEY
    return readers.Plan(store.path, uid, gid, store.mode, uid, gid, mode, by_name, key)


def to_root(host: Host, store: Store) -> tuple[Change, ...]:
    """The change that gives a file to root, and its group where that is the owner's own. Raises Refused."""
    path, uid, gid = store.path, store.status.st_uid, store.status.st_gid
    own = any((one.uid, one.gid) == (uid, gid) for one in host.once(accounts.read))
    then = 0 if own and not has_others(host, store.status) else gid
    losing = readers.losing(host, readers.Plan(path, uid, gid, store.mode, 0, then, store.mode))
    if losing:
        raise Refused(f"{printable(losing[0].name)} may have to read it as its owner")
    if readers.runs_programs(host, uid):
        raise Refused(f"{owner_of(host, uid)} runs programs here, which may have to read it")
    if path != printable(path) or not is_roots(host, os.path.dirname(path)):
        raise Refused("others than root can replace it where it lies")
    try:
        change = modes.set_owner(host, path, 0, then)
    except (ChangeError, OSError) as exc:
        raise Refused(f"it cannot be changed safely: {exc}") from exc
    return (change,) if (change.before, change.mode) == ((uid, gid), store.mode) else ()


def _chmod(host: Host, path: str, status: os.stat_result, mode: int) -> tuple[Change, ...]:
    change = modes.set_mode(host, path, mode)
    if (change.before, change.uid) != (stat.S_IMODE(status.st_mode), status.st_uid):
        raise Refused("it was changed while it was looked at")
    return (change,)


def _for_group(
    host: Host, path: str, status: os.stat_result, mode: int, losing: t.Sequence[readers.Reader]
) -> tuple[Change, ...]:
    """The group of the services that read it, where they have one and nobody else needs the file's own."""
    groups = {reader.gid for reader in losing}
    names = printable(", ".join(dict.fromkeys(reader.name for reader in losing[:_NAMED])))
    if len(groups) > 1 or 0 in groups or status.st_mode & 0o020 or has_others(host, status):
        raise Refused(f"{names} may have to read it, and its group cannot be theirs")
    if not is_roots(host, os.path.dirname(path)):
        raise Refused(f"{names} may have to read it, and others than root can replace it where it lies")
    (gid,) = groups
    owner = modes.set_owner(host, path, status.st_uid, gid)
    return (owner, modes.SetMode(path, owner.mode, (mode & 0o700) | 0o040, status.st_uid))


def is_roots(host: Host, folder: str) -> bool:
    """Whether root alone can put something else in the place of what lies in the folder."""
    while folder not in ("", "/"):
        status = host.stat(folder)
        if status is None or status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022:
            return False
        folder = os.path.dirname(folder)
    return True


def _has_acl(host: Host, path: str) -> bool:
    try:
        return "system.posix_acl_access" in os.listxattr(host.path(path), follow_symlinks=False)
    except OSError:
        return False


def owner_of(host: Host, uid: int) -> str:
    """The account's name, else its number."""
    return next((printable(one.name) for one in host.once(accounts.read) if one.uid == uid), f"uid {uid}")


def group_of(host: Host, gid: int) -> str:
    """The group's name, else its number."""
    return next((printable(one.name) for one in host.once(accounts.groups) if one.gid == gid), f"gid {gid}")


def told(host: Host, status: os.stat_result) -> str:
    """Owner, group and mode, as evidence has them."""
    owner, group = owner_of(host, status.st_uid), group_of(host, status.st_gid)
    return f"of {owner}:{group}, mode {stat.S_IMODE(status.st_mode):04o}"
