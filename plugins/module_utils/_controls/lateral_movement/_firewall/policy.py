# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Who is let in to this host, as the register says: what every backend renders, and what answers for a packet."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

ANY = "any"


@dataclasses.dataclass(frozen=True)
class Admission:
    """One service's ports (first..last of one protocol) and the networks that are let in to them.

    clients: (ANY,), or networks as text with prefix length; never empty.
    """

    service: str
    protocol: str
    first: int
    last: int
    clients: tuple[str, ...]

    def of_family(self, version: int) -> tuple[str, ...]:
        """The clients of that IP version (4 or 6); (ANY,) for everybody, () for nobody."""
        if self.clients == (ANY,):
            return self.clients
        return tuple(text for text in self.clients if (":" in text) == (version == 6))

    def admits(self, protocol: str, source: str, port: int) -> bool:
        """Whether a packet of that protocol from that address to that port is let in."""
        if protocol != self.protocol or not self.first <= port <= self.last:
            return False
        return self.clients == (ANY,) or _within(source, self.of_family(6 if ":" in source else 4))


def admissions(services: t.Sequence[t.Mapping[str, t.Any]]) -> tuple[Admission, ...]:
    """The admissions of the services of this host (option `services`), in the register's order.

    A service without clients (this host alone) lets nobody in: loopback needs no admission.
    """
    return tuple(
        Admission(service["name"], port["protocol"], port["first"], port["last"], tuple(service["clients"]))
        for service in services
        if service["clients"]
        for port in service["ports"]
    )


def admitting(policy: t.Sequence[Admission], protocol: str, source: str, port: int) -> Admission | None:
    """The first admission that lets the packet in, or None where it is dropped."""
    return next((one for one in policy if one.admits(protocol, source, port)), None)


def _within(source: str, networks: t.Sequence[str]) -> bool:
    address = ipaddress.ip_address(source)
    return any(address in ipaddress.ip_network(network) for network in networks)
