# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The other end of a rotation: the files that open an account by key, read and edited line by line."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.files import WriteFile, read_now
from ansible_collections.infosec.principles.plugins.module_utils._formats import authorized_keys, ssh_keys
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts, authorized, sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError


class AuthorizedError(Exception):
    """Why nothing was changed."""


@dataclasses.dataclass(frozen=True)
class File:
    """One file that sshd reads for the account."""

    path: str
    text: str

    def entries(self, fingerprints: t.Collection[str]) -> list[authorized_keys.Entry]:
        """The lines that admit one of these keys; not those that admit what an authority of that key has signed."""
        return [
            entry
            for entry in authorized_keys.parse(self.text)
            if ssh_keys.fingerprint(entry.public) in fingerprints and not entry.names_authority
        ]


def files(host: Host, name: str) -> tuple[File, ...]:
    """Those that are there, by what each sshd says of this account. Raises AuthorizedError."""
    account = next((one for one in host.once(accounts.read) if one.name == name), None)
    if account is None:
        raise AuthorizedError(f"there is no account {name} here")
    paths = dict.fromkeys(authorized.expand(pattern, account) for pattern in _patterns(host, name))
    found = ((path, read_now(host, path)) for path in paths)
    return tuple(File(path, text) for path, text in found if text is not None)


def _patterns(host: Host, name: str) -> list[str]:
    told: list[str] = []
    for daemon in host.once(sshd.read):
        try:
            values = sshd.effective(host, daemon, f"user={name},host=localhost,addr=127.0.0.1")
        except HostError:
            continue
        told += " ".join(values.get("authorizedkeysfile", ())).split()
    return [word for word in told or authorized.DEFAULT.split() if word != "none"]


def admitted(found: t.Iterable[File], line: str, old: t.Collection[str], options: str | None) -> list[WriteFile]:
    """Changes after which the key of `line` opens what the old ones do, with the options of the one it stands beside.

    old: fingerprints. options: other ones, as a line has them. Raises AuthorizedError where no old key is there.
    """
    known = tuple(found)
    new = _fingerprint(line)
    if any(file.entries({new}) for file in known):
        return []
    changes = [_beside(file, entries, line, options) for file in known for entries in [file.entries(old)] if entries]
    if not changes:
        raise AuthorizedError(
            "the key that is to be replaced does not open this account, so nothing tells with which options "
            "a new one may; add the present one once, or take the host out of `to`"
        )
    return changes


def _beside(file: File, entries: list[authorized_keys.Entry], line: str, options: str | None) -> WriteFile:
    lines = file.text.split("\n")
    told = ",".join(entries[-1].options) if options is None else options
    lines.insert(entries[-1].number, f"{told} {line}".lstrip())
    return WriteFile(file.path, file.text, "\n".join(_ended(lines)), 0o600)


def _ended(lines: list[str]) -> list[str]:
    return lines if lines[-1] == "" else [*lines, ""]


def dismissed(found: t.Iterable[File], line: str, old: t.Collection[str]) -> list[WriteFile]:
    """Changes after which none of the old keys opens the account. Raises AuthorizedError where the new one does not."""
    known = tuple(found)
    if not any(file.entries({_fingerprint(line)}) for file in known):
        raise AuthorizedError("the new key does not open this account, so the old one stays")
    changes = []
    for file in known:
        gone = {entry.number for entry in file.entries(set(old) - {_fingerprint(line)})}
        kept = [text for number, text in enumerate(file.text.split("\n"), 1) if number not in gone]
        changes += [WriteFile(file.path, file.text, "\n".join(kept), 0o600)] if gone else []
    return changes


def _fingerprint(line: str) -> str:
    public = ssh_keys.public(line)
    if not public:
        raise AuthorizedError("key: no public key as a .pub file has it")
    return ssh_keys.fingerprint(public)
