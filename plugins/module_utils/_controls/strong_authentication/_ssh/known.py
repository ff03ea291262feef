# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What this machine's OpenSSH is able to do: its algorithms, whether Terrapin can harm it, whether FIPS binds it."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._ssh import (
    algorithms,
)
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

FIPS = "/proc/sys/crypto/fips_enabled"
#: The server's half of the strict key exchange, as the binary holds it where a distribution has backported it.
_STRICT_EXCHANGE = b"kex-strict-s-v00@openssh.com"
_PROGRAM_BYTES = 16 * 1024 * 1024
_QUERIES = {algorithms.KEX: "kex", algorithms.CIPHERS: "cipher", algorithms.MACS: "mac"}
#: The keyword of each list in `sshd -T`, by the names of all versions.
KEYWORDS = {
    algorithms.KEX: ("kexalgorithms",),
    algorithms.CIPHERS: ("ciphers",),
    algorithms.MACS: ("macs",),
    algorithms.HOST_KEYS: ("hostkeyalgorithms",),
    algorithms.USER_KEYS: ("pubkeyacceptedalgorithms", "pubkeyacceptedkeytypes"),
}


def policy(host: Host, daemon: sshd.Daemon, profile: str, also: t.Sequence[str]) -> algorithms.Policy:
    """What the profile allows this sshd."""
    version = sshd.version(host, daemon)
    safe = version >= algorithms.STRICT_EXCHANGE or _backported(host, daemon.program)
    return algorithms.Policy(profile, tuple(also), version, host.once(fips), safe)


def fips(host: Host) -> bool:
    """Whether the kernel is in FIPS mode. Use as `host.once(known.fips)`."""
    try:
        return host.read_text(FIPS).strip() == "1"
    except HostError:
        return False


def _backported(host: Host, program: str) -> bool:
    try:
        return _STRICT_EXCHANGE in host.read_part(program, _PROGRAM_BYTES)
    except HostError:
        return False


def names(host: Host, daemon: sshd.Daemon, kind: str) -> frozenset[str]:
    """All algorithms of a kind that this OpenSSH has: what ssh says (`ssh -Q`), else what sshd offers by default.

    RHEL has an sshd without an ssh.
    """
    told = host.ask("ssh", "-Q", _QUERIES.get(kind, "HostKeyAlgorithms"))
    if told.rc == 0 and told.stdout.strip():
        return frozenset(told.stdout.split())
    defaults = sshd.values(host.ask(daemon.program, "-T", "-f", "/dev/null").stdout)
    return frozenset(split(defaults, kind))


def split(values: sshd.Values, kind: str) -> tuple[str, ...]:
    """The list of a kind that is in force; nothing where this sshd does not know the keyword."""
    told = next((values[keyword][0] for keyword in KEYWORDS[kind] if values.get(keyword)), "")
    return tuple(filter(None, told.split(",")))
