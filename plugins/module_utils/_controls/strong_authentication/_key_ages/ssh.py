# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Keys of SSH that no person types a passphrase for: those of hosts, and those that programs log in with."""

from __future__ import annotations

import dataclasses
import itertools
import os
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._key_ages import age
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._key_ages.age import (
    Told,
)
from ansible_collections.infosec.principles.plugins.module_utils._formats import ssh_keys
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts, authorized, homes, sshd_state
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Found, Home, Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

_DEFAULT_KEYS = "/etc/ssh/ssh_host_*_key"
#: In one folder .ssh.
MAX_FILES = 2000
#: What a host reports at most.
MAX_KEYS = 200

Aged = tuple[str, tuple[Told, ...]]


@dataclasses.dataclass(frozen=True)
class Lot:
    """(subject, what tells its age) of each key, and why something was not looked at."""

    keys: tuple[Aged, ...]
    unseen: tuple[str, ...] = ()


def host_keys(host: Host) -> Lot:
    """The keys that each sshd shows; those that lie where they usually do where none runs."""
    states = host.once(sshd_state.read)
    shown = (values.get("hostkey", ()) for state in states.known for _probe, values in state.answers)
    paths = list(dict.fromkeys(itertools.chain.from_iterable(shown))) or host.glob(_DEFAULT_KEYS)
    found = [(path, host.stat(path)) for path in paths]
    keys = [(path, _ages(path, status.st_mtime, _comment(host, path))) for path, status in found if status]
    return Lot(tuple(keys), tuple(states.problems.values()))


def _comment(host: Host, path: str) -> str:
    try:
        return _comment_in(host.read_text(f"{path}.pub"))
    except Missing:
        return ""


def _comment_in(line: str) -> str:
    return " ".join(line.split()[2:])


def _ages(path: str, written: float, comment: str) -> tuple[Told, ...]:
    shown = printable(path)
    named = age.by_text(shown, os.path.basename(path), "the name of the file")
    return (*named, *age.by_text(f"{shown}.pub", comment, "the comment of the key"), age.by_time(shown, written))


# Keys of programs


def machine_keys(host: Host, listed: t.Sequence[_people.Automation]) -> Lot:
    """Private keys without a passphrase, and what opens the accounts that programs log in to."""
    found, unseen = host.once(homes.read)
    problems = list(unseen)
    keys: list[Aged] = []
    private = (_private(host, home) for home in found)
    opening = host.once(authorized.read)
    problems += opening.unseen
    admitting = (
        _admitting(file, account)
        for file in opening.files
        for account in file.accounts
        if _people.declared(account.name, listed)
    )
    for some in itertools.chain(private, admitting):
        try:
            keys += some
        except Unseen as exc:
            problems.append(str(exc))
    if len(keys) > MAX_KEYS:
        problems.append(f"there are more than {MAX_KEYS} keys of programs, and the others were not looked at")
    return Lot(tuple(dict(keys[:MAX_KEYS]).items()), tuple(dict.fromkeys(problems)))


def _private(host: Host, home: Home) -> t.Iterator[Aged]:
    for found in homes.files(host, home, depth=1, limit=MAX_FILES, below=".ssh"):
        data = homes.read_found(host, found, ssh_keys.MAX_SIZE) if _may_be_key(found) else b""
        key = ssh_keys.private(data) if ssh_keys.may_be_private(data) else None
        if key and not (key.encrypted or key.token):
            comment = _comment_in(_beside(host, found))
            yield printable(found.path), _ages(found.path, found.status.st_mtime, comment)


def _may_be_key(found: Found) -> bool:
    return 0 < found.status.st_size <= ssh_keys.MAX_SIZE and not found.path.endswith((".pub", "known_hosts", "config"))


def _beside(host: Host, found: Found) -> str:
    beside = dataclasses.replace(found, path=f"{found.path}.pub")
    return homes.read_found(host, beside, ssh_keys.MAX_SIZE).decode("utf-8", "replace")


def _admitting(file: authorized.KeyFile, account: accounts.Account) -> t.Iterator[Aged]:
    """The keys that open an account; the subject names the key by its fingerprint, since lines move."""
    for entry in file.entries:
        subject = f"{printable(account.name)}: {ssh_keys.fingerprint(entry.public)}"
        place = f"{printable(file.path)}:{entry.number}"
        written = age.by_time(place, file.modified.timestamp())
        yield subject, (*age.by_text(place, entry.comment, "the comment of the key"), written)
