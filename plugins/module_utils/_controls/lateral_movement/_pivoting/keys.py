# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Keys and rhosts files that lie on this host, and the fingerprints by which the report joins hosts."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import os
import re
import stat
import time
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Fingerprint
from ansible_collections.infosec.principles.plugins.module_utils._formats import ssh_keys
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts, homes, sshd
from ansible_collections.infosec.principles.plugins.module_utils._host import authorized as authorized_files
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Found, Home, Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

PRIVATE_KEY, AUTHORIZED_KEY, HOST_KEY, MACHINE_ID = "private_key", "authorized_key", "host_key", "machine_id"
#: What a host sends at most: findings of keys, and fingerprints of authorized ones.
MAX_KEYS, MAX_AUTHORIZED = 200, 500
#: All homes together; the control has 30 s by default.
SECONDS = 15.0
START = 256
RHOSTS, EQUIVALENTS = (".rhosts", ".shosts"), ("/etc/hosts.equiv", "/etc/ssh/shosts.equiv")
#: sshd(8) takes keys that only this group may read besides root (RHEL up to 9).
KEYS_GROUP = "ssh_keys"
_DEFAULT_KEYS = "/etc/ssh/ssh_host_*_key"


@dataclasses.dataclass(frozen=True)
class Key:
    """A private key in a home."""

    found: Found
    key: ssh_keys.PrivateKey
    public: bytes

    @property
    def open(self) -> bool:
        """Whether whoever reads the file can use it."""
        return not (self.key.encrypted or self.key.token)

    @property
    def fingerprint(self) -> str:
        """Of its public part; "" where that is not known."""
        return ssh_keys.fingerprint(self.public) if self.public else ""

    @property
    def holder(self) -> Fingerprint:
        """What the report joins: this account holds this key."""
        return Fingerprint(
            PRIVATE_KEY, self.fingerprint, f"{self.found.home.account.name}: {printable(self.found.path)}"
        )


@dataclasses.dataclass(frozen=True)
class Lot:
    """What was found, and why something was not looked at."""

    items: tuple[t.Any, ...] = ()
    unseen: tuple[str, ...] = ()


# Private keys


def private(host: Host, *, depth: int, limit: int) -> Lot:
    """Every private key in the homes. depth, limit: how deep, and how many files of a home."""
    found, unseen = host.once(homes.read)
    keys: dict[str, Key] = {}
    problems = list(unseen)
    deadline = time.monotonic() + SECONDS
    for home in found:
        try:
            for key in _keys(host, home, depth, limit, deadline):
                keys.setdefault(key.found.path, key)
        except Unseen as exc:
            problems.append(str(exc))
    return Lot(tuple(keys.values()), tuple(problems))


def _keys(host: Host, home: Home, depth: int, limit: int, deadline: float) -> t.Iterator[Key]:
    """The keys in a home; of a service's only its .ssh, since the rest is its data."""
    whole = home.account.person
    for found in homes.files(host, home, depth=depth if whole else 1, limit=limit, below="" if whole else ".ssh"):
        if time.monotonic() > deadline:
            raise Unseen(f"{home.path}: there was no time left to look at all of its files ({SECONDS:g} s)")
        if 0 < found.status.st_size <= ssh_keys.MAX_SIZE and ssh_keys.may_be_private(
            homes.read_found(host, found, START)
        ):
            key = ssh_keys.private(homes.read_found(host, found, ssh_keys.MAX_SIZE))
            if key:
                yield Key(found, key, key.public or _beside(host, found))


def _beside(host: Host, found: Found) -> bytes:
    """What the .pub file beside the key says."""
    beside = dataclasses.replace(found, path=f"{found.path}.pub")
    return ssh_keys.public(homes.read_found(host, beside, ssh_keys.MAX_SIZE).decode("utf-8", "replace"))


def describe(host: Host, key: Key) -> Evidence:
    """Path, kind, size, owner and mode of the file, and the fingerprint of the public part."""
    status = key.found.status
    kind = " ".join(filter(None, (key.key.format, key.key.algorithm)))
    found = (
        f"{kind} private key without a passphrase, {status.st_size} bytes, of {_owner(host, status.st_uid)}, "
        f"mode {stat.S_IMODE(status.st_mode):04o}, {key.fingerprint or 'public part unknown'}"
    )
    return Evidence(printable(key.found.path), found, "a passphrase, or no private key on this host")


def _owner(host: Host, uid: int) -> str:
    return next((printable(one.name) for one in host.once(accounts.read) if one.uid == uid), f"uid {uid}")


# rhosts files


def rhosts(host: Host) -> Lot:
    """Paths of the files that let others in by their address, with what they are (a plain file, or a link)."""
    found, unseen = host.once(homes.read)
    problems = list(unseen)
    files: list[tuple[str, os.stat_result]] = []
    for home in found:
        try:
            named = ((f"{home.path}/{name}", homes.status_of(host, home, name)) for name in RHOSTS)
            files += [(path, status) for path, status in named if status]
        except Unseen as exc:
            problems.append(str(exc))
    files += [(path, status) for path in EQUIVALENTS for status in [_status(host, path)] if status]
    return Lot(tuple(one for one in files if _admits(host, *one)), tuple(problems))


def _status(host: Host, path: str) -> os.stat_result | None:
    try:
        return os.stat(host.path(path), follow_symlinks=False)
    except OSError:
        return None


def _admits(host: Host, path: str, status: os.stat_result) -> bool:
    """A folder or a link to /dev/null in the file's place keeps others from putting one there."""
    link = stat.S_ISLNK(status.st_mode) and host.readlink(path) != "/dev/null"
    return link or stat.S_ISREG(status.st_mode)


# What the report joins


def host_keys(host: Host, known: t.Sequence[sshd.Values]) -> Lot:
    """The public parts of the keys that each sshd shows; of those that lie where they usually do where none runs."""
    paths = [path for values in known for path in values.get("hostkey", ())]
    if not known:
        paths = host.glob(_DEFAULT_KEYS)
    found, unseen = [], []
    for path in dict.fromkeys(paths):
        try:
            public = _host_key(host, path)
        except HostError as exc:
            unseen.append(str(exc))
            continue
        if public:
            found.append(Fingerprint(HOST_KEY, ssh_keys.fingerprint(public), path))
    return Lot(tuple(found), tuple(unseen))


def _host_key(host: Host, path: str) -> bytes:
    if not host.exists(path):
        return b""
    key = ssh_keys.private(host.read_part(path, ssh_keys.MAX_SIZE))
    if key and key.public:
        return key.public
    beside = f"{path}.pub"
    return ssh_keys.public(host.read_text(beside)) if host.exists(beside) else b""


def exposed(host: Host, keys: t.Iterable[Fingerprint]) -> list[Evidence]:
    """Host keys that others than root may read."""
    group = next((one.gid for one in host.once(accounts.groups) if one.name == KEYS_GROUP), -1)
    found = []
    for status, path in ((host.stat(key.holder), key.holder) for key in keys):
        mode = stat.S_IMODE(status.st_mode) if status else 0
        allowed = 0o740 if status and status.st_gid == group else 0o700
        if mode & ~allowed & 0o077:
            found.append(Evidence(path, f"mode {mode:04o}", "0600"))
    return found


def machine_id(host: Host) -> Lot:
    """A digest of the machine-id, which is to be kept confidential itself (machine-id(5)); containers may have none."""
    try:
        text = host.read_text("/etc/machine-id").strip()
    except Missing:
        return Lot()
    except HostError as exc:
        return Lot((), (str(exc),))
    if not re.fullmatch(r"[0-9a-f]{32}", text):
        return Lot()
    digest = hashlib.sha256(f"infosec.principles:{text}".encode()).hexdigest()
    return Lot((Fingerprint(MACHINE_ID, digest, "/etc/machine-id"),))


def authorized(host: Host) -> Lot:
    """The keys that open accounts here, as (fingerprint, options), and what was not read."""
    known = host.once(authorized_files.read)
    found = list(itertools.islice(_admitted(known.files), MAX_AUTHORIZED + 1))
    unseen = known.unseen
    if len(found) > MAX_AUTHORIZED:
        unseen += (f"there are more than {MAX_AUTHORIZED} authorized keys, and the others were not looked at",)
    return Lot(tuple(dict.fromkeys(found[:MAX_AUTHORIZED])), unseen)


def _admitted(files: t.Iterable[authorized_files.KeyFile]) -> t.Iterator[tuple[Fingerprint, tuple[str, ...]]]:
    for file in files:
        for account, entry in itertools.product(file.accounts, file.entries):
            holder = f"{printable(account.name)}: {printable(file.path)}:{entry.number}"
            yield Fingerprint(AUTHORIZED_KEY, ssh_keys.fingerprint(entry.public), holder), entry.options
