# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The certificate authorities that sshd trusts for people: by TrustedUserCAKeys, for each class of users."""

from __future__ import annotations

import dataclasses
import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import authorized_keys, ssh_keys
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_classes import Probe
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State

NONE = "none"
#: NIST SP 800-57: an RSA key below this has less than 128 bits of strength.
RSA_BITS = 3072
_KINDS = {"ssh-rsa": "RSA", "ssh-dss": "DSA", "ssh-ed25519": "ED25519"}


@dataclasses.dataclass(frozen=True)
class Authority:
    """The public key of a certificate authority."""

    algorithm: str
    public: bytes

    @property
    def fingerprint(self) -> str:
        """As ssh-keygen -l prints it."""
        return ssh_keys.fingerprint(self.public)

    @property
    def weakness(self) -> str:
        """Why nothing that it signs is to be trusted; empty where all is well."""
        bits = ssh_keys.bits(self.public)
        if self.algorithm == "ssh-dss":
            return "DSA"
        return f"RSA with {bits} bits" if 0 < bits < RSA_BITS else ""

    @property
    def told(self) -> str:
        """Kind and fingerprint."""
        bits = ssh_keys.bits(self.public)
        return f"{_KINDS.get(self.algorithm, self.algorithm)}{f' {bits}' if bits else ''} {self.fingerprint}"


@dataclasses.dataclass(frozen=True)
class Trusted:
    """A file of TrustedUserCAKeys: for whom it is in force, the keys in it, and why it cannot be relied on."""

    path: str
    probes: tuple[Probe, ...]
    keys: tuple[Authority, ...]
    problem: str = ""


def parse(text: str) -> tuple[Authority, ...]:
    """The keys of a file, or of the lines of a policy; sshd takes no line with options before the key."""
    return tuple(Authority(one.algorithm, one.public) for one in authorized_keys.parse(text) if not one.options)


def path_of(values: sshd.Values, keyword: str = "trustedusercakeys") -> str:
    """The file that a keyword names; "" for none."""
    path = next(iter(values.get(keyword, ())), NONE)
    return "" if path.lower() == NONE else path


def trusted(host: Host, state: State) -> tuple[Trusted, ...]:
    """Every file that is in force for somebody."""
    found: dict[str, list[Probe]] = {}
    for probe, values in state.answers:
        path = path_of(values)
        if path:
            found.setdefault(path, []).append(probe)
    return tuple(_file(host, path, tuple(probes)) for path, probes in found.items())


def _file(host: Host, path: str, probes: tuple[Probe, ...]) -> Trusted:
    try:
        keys = parse(host.read_text(path))
    except HostError as exc:
        return Trusted(path, probes, (), str(exc))
    return Trusted(path, probes, keys, _exposed(host, path) or ("" if keys else f"{path}: holds no key"))


def _exposed(host: Host, path: str) -> str:
    """Why somebody else than root could put an authority of his own into it (sshd itself does not look)."""
    status = host.stat(path)
    if status is not None and stat.S_IMODE(status.st_mode) & 0o022:
        return f"{path}: others than its owner may write it (mode {stat.S_IMODE(status.st_mode):04o})"
    return ""


def without(state: State, names: t.Collection[str]) -> tuple[Probe, ...]:
    """The classes with somebody of these names for whom no authority is in force."""
    return tuple(
        probe for probe, values in state.answers if not path_of(values) and not set(names).isdisjoint(probe.names)
    )
