# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What the register says a port is needed for: by whom, and at which of this host's addresses."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import (
    LOOPBACK,
    NOBODY,
    AddressSet,
)
from ansible_collections.infosec.principles.plugins.module_utils._host import addresses, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

Service = t.Mapping[str, t.Any]
ANY = "any"


@dataclasses.dataclass(frozen=True)
class Need:
    """Who needs one port.

    declared: the register has the port. anyone: it says so of everybody. clients: the networks that may come.
    addresses: the addresses of this host through which they come, besides loopback.
    unreachable: the clients that this host has no route to.
    own: every address of this host, loopback included: nobody else can send from them.
    """

    declared: bool
    anyone: bool = False
    clients: AddressSet = NOBODY
    addresses: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()
    own: AddressSet = LOOPBACK

    @property
    def allowed(self) -> AddressSet:
        """Whom the database may admit."""
        return self.clients | self.own

    def says(self) -> str:
        """The register's word, for messages."""
        if not self.declared:
            return "the register has no such port, so nobody but this host"
        if self.anyone:
            return "anyone"
        return ", ".join(self.clients.networks()) or "nobody but this host"

    def expects(self) -> str:
        """The addresses that it should listen on, for evidence."""
        return "any address" if self.anyone else ", ".join(("loopback", *self.addresses))


def need(host: Host, services: t.Sequence[Service], port: int, protocol: str) -> Need:
    """The need for one port, by all the entries of the register that name it."""
    entries = [service for service in services if any(_covers(ports, port, protocol) for ports in service["ports"])]
    clients = sorted({client for service in entries for client in service["clients"]})
    own = AddressSet.of(str(interface.ip) for interface in host.once(addresses.read)) | LOOPBACK
    if any(client == ANY or client.endswith("/0") for client in clients):
        return Need(declared=True, anyone=True, own=own)
    ways = {client: _ways(host, client, port, protocol) for client in clients}
    return Need(
        declared=bool(entries),
        clients=AddressSet.of(clients),
        addresses=_sorted({way for found in ways.values() for way in found if not sockets.is_loopback(way)}),
        unreachable=tuple(client for client, found in ways.items() if not found and _speaks(host, client)),
        own=own,
    )


def _covers(ports: t.Mapping[str, t.Any], port: int, protocol: str) -> bool:
    return bool(ports["protocol"] == protocol and ports["first"] <= port <= ports["last"])


def _ways(host: Host, client: str, port: int, protocol: str) -> set[str]:
    """The addresses of this host that a client network comes to: on its link, by route, or connected right now."""
    network = ipaddress.ip_network(client)
    links = {str(own.ip) for own in host.once(addresses.read) if _overlap(own.network, network)}
    routed = {addresses.source_for(host, str(network[at])) for at in (0, 1 if network.num_addresses > 2 else 0, -1)}
    used = {
        item.address
        for item in host.once(sockets.table)
        if (item.protocol, item.port, item.state) == (protocol, port, sockets.ESTABLISHED) and _in(item.peer, network)
    }
    return {way for way in links | routed | used if way}


def _speaks(host: Host, client: str) -> bool:
    """Whether this host has an address of the client's IP version; without one the client never came."""
    versions = {own.version for own in host.once(addresses.read) if not own.ip.is_loopback}
    return ipaddress.ip_network(client).version in versions


def _overlap(one: t.Any, other: t.Any) -> bool:
    return bool(one.version == other.version and one.overlaps(other))


def _in(address: str, network: t.Any) -> bool:
    return ipaddress.ip_address(address) in network


def _sorted(found: t.Iterable[str]) -> tuple[str, ...]:
    parsed = sorted(map(ipaddress.ip_address, found), key=lambda address: (address.version, int(address)))
    return tuple(map(str, parsed))
