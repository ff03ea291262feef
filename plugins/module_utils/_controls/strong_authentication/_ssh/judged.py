# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""One sshd held against every rule that concerns it."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._ssh import (
    access,
    algorithms,
    faults,
    host_keys,
    known,
    sftp,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._ssh.faults import (
    Fault,
    Wrong,
)
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_classes import Probe
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State

KEYS_ONLY, EMPTY, ROOT, LOG, RSA_SIZE = "keys_only", "empty_passwords", "root_login", "log_level", "rsa_size"
SFTP, HOST_KEYS = "sftp_log", "host_keys"
LISTS = {
    algorithms.KEX: "KexAlgorithms",
    algorithms.CIPHERS: "Ciphers",
    algorithms.MACS: "MACs",
    algorithms.HOST_KEYS: "HostKeyAlgorithms",
    algorithms.USER_KEYS: "PubkeyAcceptedAlgorithms",
}
GSSAPI_KEX = "GSSAPIKexAlgorithms"


@dataclasses.dataclass(frozen=True)
class Judged:
    """One sshd: what is wrong by rule, its host keys (with what is wrong with them, or why they were not read)."""

    state: State
    policy: algorithms.Policy
    root: access.Root
    faults: t.Mapping[str, tuple[Fault, ...]]
    keys: tuple[host_keys.Key, ...]
    key_verdict: host_keys.Verdict
    key_problem: str

    @property
    def values(self) -> sshd.Values:
        """What is in force outside of all Match lines, as the first class of users has it."""
        return self.state.answers[0][1]

    @property
    def wrong(self) -> bool:
        """Whether any rule is broken."""
        return any(self.faults.values()) or bool(self.key_verdict.evidence)


def judge(host: Host, state: State, policy: algorithms.Policy, root: access.Root, types: t.Sequence[str]) -> Judged:
    """All rules of one sshd. types: of host keys that it must have."""
    judges: dict[str, faults.Judge] = {
        KEYS_ONLY: access.without_key,
        ROOT: root.judge,
        EMPTY: access.empty,
        LOG: access.quiet,
        SFTP: sftp.Judge(host).judge,
        **{kind: Lists(policy, kind).judge for kind in LISTS},
        RSA_SIZE: access.short,
    }
    found = {rule: faults.collect(state, one) for rule, one in judges.items()}
    keys, problem = host_keys.unreadable(host, state)
    wanted = [kind for kind in types if not (policy.fips and kind == host_keys.ED25519)]
    named = {word for line in state.settings if line.keyword == "hostkey" for word in line.arguments}
    verdict = host_keys.Verdict((), {}) if problem else host_keys.judge(host, keys, wanted, named)
    return Judged(state, policy, root, found, keys, verdict, problem)


@dataclasses.dataclass(frozen=True)
class Lists:
    """The rule of one list of algorithms."""

    policy: algorithms.Policy
    kind: str

    def judge(self, probe: Probe, values: sshd.Values) -> t.Iterator[Wrong]:
        offered = known.split(values, self.kind)
        keyword = next((one for one in known.KEYWORDS[self.kind] if one in values), "")
        weak = self.policy.weak(self.kind, offered)
        if weak:
            yield Wrong(keyword, f"with {', '.join(weak)}", f"none but those of profile {self.policy.profile}")
        if self.kind == algorithms.KEX:
            yield from self._exchange(values, offered)

    def _exchange(self, values: sshd.Values, offered: t.Sequence[str]) -> t.Iterator[Wrong]:
        missing = self.policy.missing(offered)
        if missing:
            yield Wrong("kexalgorithms", "without any that is safe from quantum computers", ", ".join(missing))
        sha1 = [name for name in gssapi(values) if "sha1" in name]
        if sha1:
            yield Wrong(GSSAPI_KEX.lower(), f"with {', '.join(sha1)}", "nothing with sha1")


def gssapi(values: sshd.Values) -> tuple[str, ...]:
    """The key exchanges of Kerberos (a patch of distributions), a list of their own; none where they are off."""
    if access.value(values, "GSSAPIKeyExchange") != "yes":
        return ()
    return tuple(filter(None, access.value(values, GSSAPI_KEX).split(",")))
