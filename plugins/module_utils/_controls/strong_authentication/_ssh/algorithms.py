# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which algorithms sshd and ssh may use: the lists of Mozilla's guideline, and the stricter ones that ssh-audit passes.

Mozilla's lists are from about 2015. Applied as written they would take away the key exchanges that hold against quantum
computers, so these come first where the program has them; what was found weak since (SHA-1, 2048-bit groups) stays out.
Lists are compared as sets: the order is the client's to choose.
"""

from __future__ import annotations

import dataclasses
import typing as t

MOZILLA, STRICT = "mozilla", "strict"
KEX, CIPHERS, MACS, HOST_KEYS, USER_KEYS = "kex", "ciphers", "macs", "host_key_algorithms", "user_key_algorithms"
GROUP_EXCHANGE = "diffie-hellman-group-exchange-sha256"
CHACHA = "chacha20-poly1305@openssh.com"

#: Hybrids with a post-quantum half, and the OpenSSH that has each by default.
POST_QUANTUM = {
    "mlkem768x25519-sha256": (9, 9),
    "sntrup761x25519-sha512": (9, 9),
    "sntrup761x25519-sha512@openssh.com": (9, 0),
}
#: The same for hosts in FIPS mode (RHEL 10); upstream has none.
_POST_QUANTUM_NIST = ("mlkem768nistp256-sha256", "mlkem1024nistp384-sha384")
_CURVE25519 = ("curve25519-sha256", "curve25519-sha256@libssh.org")
_NIST = ("ecdh-sha2-nistp521", "ecdh-sha2-nistp384", "ecdh-sha2-nistp256")
_LARGE_GROUPS = ("diffie-hellman-group18-sha512", "diffie-hellman-group16-sha512")
_AEAD_AND_CTR = (
    CHACHA,
    "aes256-gcm@openssh.com",
    "aes128-gcm@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
)
_ENCRYPT_THEN_MAC = (
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256-etm@openssh.com",
    "umac-128-etm@openssh.com",
)
_ENCRYPT_AND_MAC = ("hmac-sha2-512", "hmac-sha2-256", "umac-128@openssh.com")
_ED25519_AND_RSA = (
    "ssh-ed25519-cert-v01@openssh.com",
    "sk-ssh-ed25519-cert-v01@openssh.com",
    "rsa-sha2-512-cert-v01@openssh.com",
    "rsa-sha2-256-cert-v01@openssh.com",
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
_ECDSA = (
    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ecdsa-sha2-nistp521",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp256",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
)
_ALL_POST_QUANTUM = (*POST_QUANTUM, *_POST_QUANTUM_NIST)
_LISTS: dict[tuple[str, str], tuple[str, ...]] = {
    (MOZILLA, KEX): (*_ALL_POST_QUANTUM, *_CURVE25519, *_NIST, GROUP_EXCHANGE),
    (STRICT, KEX): _ALL_POST_QUANTUM,
    (MOZILLA, CIPHERS): _AEAD_AND_CTR,
    (STRICT, CIPHERS): _AEAD_AND_CTR,
    (MOZILLA, MACS): (*_ENCRYPT_THEN_MAC, *_ENCRYPT_AND_MAC),
    (STRICT, MACS): _ENCRYPT_THEN_MAC,
    (MOZILLA, HOST_KEYS): (*_ED25519_AND_RSA, *_ECDSA),
    (STRICT, HOST_KEYS): _ED25519_AND_RSA,
    (MOZILLA, USER_KEYS): (*_ED25519_AND_RSA, *_ECDSA),
    (STRICT, USER_KEYS): (*_ED25519_AND_RSA, *_ECDSA),
}
#: What OpenSSH before 9.0 has by default that ssh-audit passes, and what every client can still talk to servers with.
_CLASSICAL = (*_CURVE25519, *_LARGE_GROUPS, GROUP_EXCHANGE)
_NOT_IN_FIPS = ("25519", "chacha20", "umac", "sntrup")
#: OpenSSH that offers no finite-field group to clients by default any more, and the one that has the strict exchange.
_NO_GROUPS, STRICT_EXCHANGE = (10, 0), (9, 6)


@dataclasses.dataclass(frozen=True)
class Policy:
    """What is allowed on this host.

    profile: MOZILLA or STRICT. also: names that are allowed besides.
    version: of OpenSSH. fips: whether the host is in FIPS mode.
    strict_exchange: whether this OpenSSH is safe from Terrapin (CVE-2023-48795). client: of ssh, not of sshd.
    """

    profile: str
    also: tuple[str, ...] = ()
    version: tuple[int, int] = (9, 9)
    fips: bool = False
    strict_exchange: bool = True
    client: bool = False

    def allowed(self, kind: str) -> tuple[str, ...]:
        """The names of this kind, best first."""
        names = [name for name in self._listed(kind) if self._permitted(name)]
        return (*names, *(name for name in self.also if name not in names))

    def _listed(self, kind: str) -> tuple[str, ...]:
        names = _LISTS[(self.profile, kind)]
        if kind != KEX:
            return names
        if self.version >= _NO_GROUPS and not self.client:
            names = tuple(name for name in names if name != GROUP_EXCHANGE)
        if self.profile == STRICT and (self.client or self.version < min(POST_QUANTUM.values())):
            names += _CLASSICAL
        return (*names, *_NIST, *_LARGE_GROUPS) if self.fips and self.profile == STRICT else names

    def _permitted(self, name: str) -> bool:
        if self.fips and any(part in name for part in _NOT_IN_FIPS):
            return False
        return self.strict_exchange or name != CHACHA

    def weak(self, kind: str, offered: t.Iterable[str]) -> tuple[str, ...]:
        """What is offered and is not allowed."""
        allowed = self.allowed(kind)
        return tuple(name for name in offered if name not in allowed)

    def missing(self, offered: t.Collection[str]) -> tuple[str, ...]:
        """The post-quantum key exchanges that this OpenSSH has and does not offer; none where it offers one.

        One will do: which of them is used is the client's choice, and a backport may lack the newest.
        """
        there = tuple(name for name, since in POST_QUANTUM.items() if self.version >= since and self._permitted(name))
        return () if any(name in offered for name in _ALL_POST_QUANTUM) else there

    def wanted(
        self, kind: str, offered: t.Collection[str], known: t.Callable[[], t.Collection[str]]
    ) -> tuple[str, ...]:
        """The list to write: what is offered and allowed, so that nothing is offered that was not before.

        Post-quantum key exchanges are added, and what is allowed besides, as far as the program has it (`known`, asked
        only for these); everything that is allowed where nothing allowed was offered.
        """
        allowed = self.allowed(kind)
        added = [name for name in (*self._added(kind), *self.also) if name not in offered]
        kept = [name for name in allowed if name in offered]
        if kept and not added:
            return tuple(kept)
        there = known()
        wished = {*kept, *added} if kept else {*allowed}
        return tuple(name for name in allowed if name in wished and (name in there or name in offered))

    def _added(self, kind: str) -> tuple[str, ...]:
        return tuple(name for name in POST_QUANTUM if self._permitted(name)) if kind == KEX else ()
