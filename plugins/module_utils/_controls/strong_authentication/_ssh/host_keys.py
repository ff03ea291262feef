# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The keys that prove which host this is: a key of each wanted type, none too short, none that is not there."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._ssh import (
    access,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Command
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import ssh_keys
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State

ED25519, RSA = "ed25519", "rsa"
TYPES = (ED25519, RSA)
#: What a new key is made with; Mozilla wants RSA keys of 4096 bits, and older ones of 3072 still do.
_MADE_WITH = {ED25519: ("-t", "ed25519"), RSA: ("-t", "rsa", "-b", "4096")}
_BEFORE, _AFTER = "no key\n", "a new key\n"


@dataclasses.dataclass(frozen=True)
class Key:
    """One HostKey. kind: ED25519, RSA, "ecdsa", "dsa"; "" where there is none. bits: of RSA, else 0."""

    path: str
    kind: str = ""
    bits: int = 0

    @property
    def short(self) -> bool:
        """Whether it is RSA and below the floor."""
        return self.kind == RSA and 0 < self.bits < access.LEAST_BITS

    @property
    def found(self) -> str:
        """As evidence has it."""
        return f"{self.kind}{f', {self.bits} bits' if self.bits else ''}" if self.kind else "no key that can be read"


def read(host: Host, values: sshd.Values) -> tuple[Key, ...]:
    """What sshd shows, in its order. Raises HostError."""
    return tuple(_key(host, path) for path in dict.fromkeys(values.get("hostkey", ())))


def _key(host: Host, path: str) -> Key:
    public = _public(host, path)
    if not public:
        return Key(path)
    name = public[4 : 4 + int.from_bytes(public[:4], "big")].decode("ascii", "replace")
    kinds = {"ssh-ed25519": ED25519, "ssh-rsa": RSA, "ssh-dss": "dsa"}
    return Key(path, kinds.get(name, "ecdsa" if name.startswith("ecdsa-") else name), ssh_keys.bits(public))


def _public(host: Host, path: str) -> bytes:
    """The public part; a key that an agent holds is there as its .pub alone."""
    try:
        data = host.read_part(path, ssh_keys.MAX_SIZE)
    except Missing:
        return b""
    key = ssh_keys.private(data)
    if key and key.public:
        return key.public
    beside = f"{path}.pub"
    text = host.read_text(beside) if key and host.exists(beside) else data.decode("utf-8", "replace")
    return ssh_keys.public(text)


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What is wrong, and the keys to make: where each will lie."""

    evidence: tuple[Evidence, ...]
    make: t.Mapping[str, str]


def judge(host: Host, keys: t.Sequence[Key], wanted: t.Sequence[str], named: t.Collection[str]) -> Verdict:
    """named: paths that a HostKey line has; sshd looks for its own usual ones, and does not mind where they are not."""
    lacking = [kind for kind in wanted if kind not in {key.kind for key in keys}]
    make = {kind: _free(host, keys, kind) for kind in lacking}
    faults = [Evidence("HostKey", f"no {kind} key", _advice(kind)) for kind in lacking]
    void = [key for key in keys if not key.kind and key.path in named and key.path not in make.values()]
    bad = [*(key for key in keys if key.short or key.kind == "dsa"), *void]
    faults += [Evidence(printable(key.path), key.found, "a key of ed25519, or of RSA with 4096 bits") for key in bad]
    return Verdict(tuple(faults), {kind: path for kind, path in make.items() if path})


def _advice(kind: str) -> str:
    return " ".join(("ssh-keygen", *_MADE_WITH[kind]))


def _free(host: Host, keys: t.Sequence[Key], kind: str) -> str:
    """Where a key of this type goes: a name that sshd looks for already, else its usual one; "" where that is taken."""
    usual = f"/etc/ssh/ssh_host_{kind}_key"
    missing = [key.path for key in keys if not key.kind and key.path.endswith(f"{kind}_key")]
    path = (missing or [usual])[0]
    return "" if host.exists(path) or host.exists(f"{path}.pub") else path


def lines(states: t.Iterable[State], paths: t.Iterable[str]) -> tuple[str, ...]:
    """The HostKey lines that new keys need: none where sshd looks for them by itself."""
    listed = {path for state in states for path in state.answers[0][1].get("hostkey", ())}
    return tuple(f"HostKey {path}" for path in paths if path not in listed)


def changes(make: t.Mapping[str, str]) -> list[Change]:
    """What makes the keys; nothing that is there is replaced."""
    return [_command(path, _MADE_WITH[kind]) for kind, path in make.items()]


def _command(path: str, words: tuple[str, ...]) -> Change:
    made = ("ssh-keygen", "-q", *words, "-N", "", "-f", path)
    return Command(f"make {path}", _BEFORE, _AFTER, (made,), (("rm", "-f", path, f"{path}.pub"),), ("test", "-s", path))


def unreadable(host: Host, state: State) -> tuple[tuple[Key, ...], str]:
    """(the keys, why they could not be read)."""
    try:
        return read(host, state.answers[0][1]), ""
    except HostError as exc:
        return (), str(exc)
