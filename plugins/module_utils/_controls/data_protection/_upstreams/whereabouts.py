# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Where what is sent on goes: this very host, through a tunnel, or in the open."""

from __future__ import annotations

import dataclasses
import ipaddress
import re

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._upstreams.model import (
    Target,
)
from ansible_collections.infosec.principles.plugins.module_utils._host import addresses, tunnels
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: Addresses of one name that are looked at.
MAX_ADDRESSES = 16
#: For one name.
SECONDS = 3.0
_NAME = re.compile(r"(?!-)[\w.-]{1,253}")


@dataclasses.dataclass(frozen=True)
class Whereabouts:
    """kept: why it is nobody else's to read ("this host", "through wg0 (WireGuard)"); "" where it goes in the open.

    addresses: what the name means here; none for a unix socket and where it is not known (then `unknown` says why).
    """

    addresses: tuple[str, ...] = ()
    kept: str = ""
    unknown: str = ""


def of(host: Host, target: Target) -> Whereabouts:
    """Raises HostError where the kernel does not tell its routes."""
    if not target.host:
        return Whereabouts(kept="a unix socket")
    found = resolve(host, target.host)
    if not found:
        return Whereabouts(unknown=f"this host does not know the address of {printable(target.host)}")
    kept = [_kept(host, address) for address in found]
    return Whereabouts(found, kept[0] if all(kept) else "")


def resolve(host: Host, name: str) -> tuple[str, ...]:
    """The addresses of a name as this host knows them, sorted; an address is its own."""
    try:
        return (str(ipaddress.ip_address(name)),)
    except ValueError:
        pass
    if not _NAME.fullmatch(name):
        return ()
    lines = host.ask("getent", "ahosts", name, timeout=SECONDS).stdout.split("\n")
    found = {line.split()[0].partition("%")[0] for line in lines if line.strip()}
    return tuple(sorted(found)[:MAX_ADDRESSES])


def _kept(host: Host, address: str) -> str:
    parsed = ipaddress.ip_address(address)
    if parsed.is_loopback or parsed in {own.ip for own in host.once(addresses.read)}:
        return "this host"
    tunnel = tunnels.through(host, address)
    return f"through {printable(tunnel)}" if tunnel else ""
