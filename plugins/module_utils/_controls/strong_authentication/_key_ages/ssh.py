# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Keys of SSH that no person types a passphrase for: those of hosts, and those that programs log in with."""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._key_ages import age
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._key_ages.age import (
    Told,
)
from ansible_collections.infosec.principles.plugins.module_utils._formats import authorized_keys, ssh_keys
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts, homes, sshd_state
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Found, Home, Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

_DEFAULT_KEYS = "/etc/ssh/ssh_host_*_key"
_DEFAULT_AUTHORIZED = ".ssh/authorized_keys .ssh/authorized_keys2"
#: In one folder .ssh, and in one file of authorized keys.
MAX_FILES, MAX_BYTES = 2000, 1024 * 1024
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
    admitting = (_admitting(host, account) for account in _people.machines(host, listed))
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


def _admitting(host: Host, account: accounts.Account) -> t.Iterator[Aged]:
    """The keys that open an account; the subject names the key by its fingerprint, since lines move."""
    for path in dict.fromkeys(_expand(pattern, account) for pattern in _patterns(host)):
        data = homes.read_plain(host, path, MAX_BYTES + 1)
        status = host.stat(path) if data else None
        text = (data or b"")[:MAX_BYTES].decode("utf-8", "surrogateescape")
        lines = text.split("\n")
        for entry in authorized_keys.parse(text) if status else ():
            comment = lines[entry.number - 1].partition(ssh_keys.words(entry.public))[2]
            subject = f"{printable(account.name)}: {ssh_keys.fingerprint(entry.public)}"
            place = f"{printable(path)}:{entry.number}"
            yield subject, (*age.by_text(place, comment, "the comment of the key"), _written(place, status))
        if data and len(data) > MAX_BYTES:
            raise Unseen(f"{path}: only its first {MAX_BYTES >> 20} MiB were read")


def _written(place: str, status: os.stat_result | None) -> Told:
    return age.by_time(place, status.st_mtime if status else 0)


def _patterns(host: Host) -> list[str]:
    states = host.once(sshd_state.read)
    said = (values.get("authorizedkeysfile", ()) for state in states.known for _probe, values in state.answers)
    words = " ".join(itertools.chain.from_iterable(said)).split() or _DEFAULT_AUTHORIZED.split()
    return [word for word in dict.fromkeys(words) if word != "none"]


def _expand(pattern: str, account: accounts.Account) -> str:
    """AuthorizedKeysFile of sshd_config(5): %h, %u, %U and %%; what does not begin with / is below the home."""
    tokens = {"%h": account.home, "%u": account.name, "%U": str(account.uid), "%%": "%"}
    path = re.sub(r"%.", lambda match: tokens.get(match[0], match[0]), pattern)
    return path if path.startswith("/") else f"{account.home.rstrip('/')}/{path}"
