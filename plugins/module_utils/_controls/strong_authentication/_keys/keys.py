# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The keys that open accounts, each once a file: what they are, and how a finding names them."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._people import (
    Automation,
    declared,
    takes_logins,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import ssh_keys
from ansible_collections.infosec.principles.plugins.module_utils._formats.authorized_keys import Entry
from ansible_collections.infosec.principles.plugins.module_utils._host.accounts import Account
from ansible_collections.infosec.principles.plugins.module_utils._host.authorized import KeyFile
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

DSA = "ssh-dss"
_KINDS = {
    "ssh-rsa": "RSA",
    DSA: "DSA",
    "ssh-ed25519": "ED25519",
    "sk-ssh-ed25519@openssh.com": "ED25519 of a security key",
    "sk-ecdsa-sha2-nistp256@openssh.com": "ECDSA of a security key",
}
#: Options whose values are worth showing; those of others may be anybody's secrets.
_SHOWN = ("from", "expiry-time")


@dataclasses.dataclass(frozen=True)
class Key:
    """One key of one file. lines: where it stands there; entry: the first of them."""

    file: KeyFile
    entry: Entry
    fingerprint: str
    lines: tuple[int, ...]

    @property
    def subject(self) -> str:
        """What a finding is about; the same as long as the key stays in the file."""
        return f"{printable(self.file.path)}: {self.fingerprint}"

    @property
    def names(self) -> str:
        """The accounts that it opens, in words."""
        names = [printable(account.name) for account in self.file.accounts]
        rest = len(names) - 3
        return ", ".join(names[:3]) + (f" and {rest} more" if rest > 0 else "")

    @property
    def kind(self) -> str:
        """Such as "RSA 2048"."""
        bits = ssh_keys.bits(self.entry.public)
        name = _KINDS.get(self.entry.algorithm) or self.entry.algorithm.replace("ecdsa-sha2-", "ECDSA ")
        return f"{printable(name)} {bits}" if bits else printable(name)

    @property
    def called(self) -> str:
        """For a message: whose it is by its comment, or its fingerprint."""
        comment = printable(self.entry.comment)[:80]
        return f"the key {comment}" if comment else f"the key {self.fingerprint}"


def of(file: KeyFile) -> tuple[Key, ...]:
    """The keys of a file, each once."""
    found: dict[str, list[Entry]] = {}
    for entry in file.entries:
        found.setdefault(ssh_keys.fingerprint(entry.public), []).append(entry)
    return tuple(
        Key(file, entries[0], fingerprint, tuple(entry.number for entry in entries))
        for fingerprint, entries in found.items()
    )


def describe(key: Key, expected: str = "") -> Evidence:
    """File and line; algorithm, size, fingerprint, comment, age and options."""
    entry = key.entry
    age = f"made {entry.made} by its comment" if entry.made else f"authorized by {key.file.modified:%Y-%m-%d}"
    parts = [f"{key.kind} {key.fingerprint}", printable(entry.comment)[:200], age, _options(entry)]
    lines = ",".join(map(str, key.lines[:10]))
    return Evidence(f"{printable(key.file.path)}:{lines}", ", ".join(filter(None, parts)), expected)


def _options(entry: Entry) -> str:
    names = [option.partition("=")[0].lower() for option in entry.options if option]
    shown = [f'{name}="{entry.option(name)}"' if name in _SHOWN else name for name in names]
    return printable(f"with {' '.join(shown)}")[:300] if shown else ""


def weakness(key: Key, floor: int) -> str:
    """Why the key is weak; "" where it is not. floor: the bits that a key of RSA must have."""
    if key.entry.algorithm == DSA:
        return "DSA, whose keys have 1024 bits"
    bits = ssh_keys.bits(key.entry.public)
    return f"RSA with {bits} bits, where {floor} are wanted" if 0 < bits < floor else ""


def is_ecdsa(key: Key) -> bool:
    """Whether it is of ECDSA outside of a security key, which has randomness of its own."""
    return key.entry.algorithm.startswith("ecdsa-")


# Whose they are


def people_of(key: Key, listed: t.Sequence[Automation]) -> list[Account]:
    """The accounts of people, root among them, that it opens."""
    return [one for one in key.file.accounts if one.person and takes_logins(one) and not declared(one.name, listed)]


def machines_of(key: Key, listed: t.Sequence[Automation]) -> list[Account]:
    """The accounts of programs that it opens."""
    return [one for one in key.file.accounts if declared(one.name, listed)]
