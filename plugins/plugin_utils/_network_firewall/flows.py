# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What the register lets pass between hosts: the common ground of every kind of network firewall."""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall import names
from ansible_collections.infosec.principles.plugins.plugin_utils._register import networks, resolve, validate
from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import ANY, Inventory, RegisterError
from ansible_collections.infosec.principles.plugins.plugin_utils._register.ports import Port

FAMILIES = (4, 6)
#: Every address of a family.
EVERYWHERE = {4: "0.0.0.0/0", 6: "::/0"}


@dataclasses.dataclass(frozen=True)
class Icmp:
    """A type of ICMP that has to pass. name: as aerleon calls it."""

    name: str
    number: int


# What a firewall between hosts lets through: RFC 4890 section 4.3.1 for ICMPv6, and the same of RFC 792 for ICMP, since
# path MTU discovery (RFC 1191, RFC 8201) needs the errors.
ICMP = {
    4: (
        Icmp("echo-reply", 0),
        Icmp("unreachable", 3),
        Icmp("echo-request", 8),
        Icmp("time-exceeded", 11),
        Icmp("parameter-problem", 12),
    ),
    6: (
        Icmp("destination-unreachable", 1),
        Icmp("packet-too-big", 2),
        Icmp("time-exceeded", 3),
        Icmp("parameter-problem", 4),
        Icmp("echo-request", 128),
        Icmp("echo-reply", 129),
    ),
}
# Section 4.4.1: what a firewall needs on its own links, where a list of rules is also asked about the firewall itself.
NEIGHBOURS = (
    Icmp("router-solicit", 133),
    Icmp("router-advertisement", 134),
    Icmp("neighbor-solicit", 135),
    Icmp("neighbor-advertisement", 136),
)


@dataclasses.dataclass(frozen=True)
class Flow:
    """Who may reach one service with one family (4 or 6) of IP.

    label: unique among services, made of a-z, 0-9 and dashes. sources: CIDRs, none for everybody.
    hosts: who runs it, by name. destinations: their CIDRs.
    """

    service: str
    label: str
    remark: str
    family: int
    ports: tuple[Port, ...]
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    hosts: tuple[str, ...]

    def by_protocol(self) -> t.Iterator[tuple[str, tuple[Port, ...]]]:
        """The ports of tcp, and those of udp."""
        for protocol in ("tcp", "udp"):
            ports = tuple(port for port in sorted(self.ports) if port.protocol == protocol)
            if ports:
                yield protocol, ports


def flows(
    register: t.Any,
    hostvars: resolve.Hostvars,
    groups: t.Mapping[str, t.Iterable[str]],
    hosts: t.Iterable[str] | None = None,
    lookup: resolve.Lookup = resolve.look_up,
) -> list[Flow]:
    """What may pass, in the register's order, IPv4 first. hosts: only the services of these. Raises RegisterError."""
    inventory = Inventory(groups)
    services = validate.parse(register, inventory)
    runners = {service.name: _runners(inventory, service.hosts, hosts) for service in services}
    open_services = [one for one in services if runners[one.name] and one.clients != ("none",)]
    ask = functools.cache(lookup)
    resolved = resolve.resolve(open_services, inventory, hostvars, ask)
    found, faults = resolve.addresses(
        sorted({host for one in resolved for host in runners[one["name"]]}), hostvars, ask
    )
    if faults:
        raise RegisterError([f"hosts: {host}: {fault}" for host, fault in faults.items()])
    labels = names.labels([service["name"] for service in resolved])
    return [
        flow
        for service in resolved
        for flow in _flows(service, labels[service["name"]], {host: found[host] for host in runners[service["name"]]})
    ]


def _runners(inventory: Inventory, written: tuple[str, ...], wanted: t.Iterable[str] | None) -> tuple[str, ...]:
    members = inventory.members(written)
    return tuple(sorted(members if wanted is None else members & set(map(str, wanted))))


def _flows(service: t.Mapping[str, t.Any], label: str, found: t.Mapping[str, t.Any]) -> t.Iterator[Flow]:
    everybody = service["clients"] == [ANY]
    destinations = networks.merge([network for host in found for network in found[host]])
    for family in FAMILIES:
        there = of_family(destinations, family)
        here = () if everybody else of_family(service["clients"], family)
        if there and (everybody or here):
            yield Flow(
                service=service["name"],
                label=label,
                remark=names.remark(service),
                family=family,
                ports=tuple(Port(one["protocol"], one["first"], one["last"]) for one in service["ports"]),
                sources=here,
                destinations=there,
                hosts=tuple(host for host in found if any(one.version == family for one in found[host])),
            )


def of_family(cidrs: t.Iterable[str], family: int) -> tuple[str, ...]:
    """Those of a family (4 or 6)."""
    return tuple(cidr for cidr in cidrs if ipaddress.ip_network(cidr).version == family)
