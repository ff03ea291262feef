# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rule of a firewall, as the readers give it."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

#: Protocols by name.
NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}
Ports = tuple[tuple[int, int], ...]


@dataclasses.dataclass(frozen=True)
class Rule:
    """One rule; what is empty matches everything. tag: only for machines that carry it. protocol: its number."""

    accept: bool
    protocol: int | None = None
    sources: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    own: Ports = ()
    ports: Ports = ()
    established: bool = False
    tag: str = ""

    def matches(self, source: str, destination: str, protocol: str, port: int, own: int, tags: set[str]) -> bool:
        """Whether the first packet of a connection is meant."""
        return (
            self.protocol in (None, NUMBERS[protocol])
            and _inside(source, self.sources)
            and _inside(destination, self.destinations)
            and _has(port, self.ports)
            and _has(own, self.own)
            and not self.established
            and (not self.tag or self.tag in tags)
        )


def _inside(address: str, networks: tuple[str, ...]) -> bool:
    parsed = ipaddress.ip_address(address)
    return not networks or any(parsed in ipaddress.ip_network(network) for network in networks)


def _has(port: int, ports: Ports) -> bool:
    return not ports or any(first <= port <= last for first, last in ports)


def of_family(rule: Rule, family: int) -> t.Iterator[Rule]:
    """The rule, unless its addresses are of the other family."""
    networks = [ipaddress.ip_network(one).version for one in (*rule.sources, *rule.destinations)]
    if all(version == family for version in networks):
        yield rule
