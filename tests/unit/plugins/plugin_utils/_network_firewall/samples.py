# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registers for the tests of the network firewall, and what they allow, worked out without the code under test."""

from __future__ import annotations

import dataclasses
import ipaddress
import random
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall import flows
from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall.platforms import PLATFORMS

#: What the targets need to be told.
OPTIONS: dict[str, dict[str, t.Any]] = {
    **{name: {} for name in PLATFORMS},
    **{name: {"from_zone": "office", "to_zone": "servers"} for name in ("fortigate", "paloalto", "srx")},
    "k8s": {"pods": ["10.76.1.0/24", "fd00:76:1::/64"]},
}


def entry(name: str, hosts: list[str], ports: list[str], clients: list[str]) -> dict[str, t.Any]:
    """An entry of a register."""
    about = {"justification": "Needed.", "owner": f"{hosts[0]}@example.org", "review_by": "2027-06-30"}
    return {"name": name, "hosts": hosts, "ports": ports, "clients": clients, **about}


@dataclasses.dataclass(frozen=True)
class Site:
    """An inventory with a register."""

    addresses: dict[str, list[str]]
    groups: dict[str, list[str]]
    register: list[dict[str, t.Any]]

    @property
    def hostvars(self) -> dict[str, dict[str, t.Any]]:
        """The variables of the hosts."""
        return {host: {"infosec_addresses": addresses} for host, addresses in self.addresses.items()}

    def flows(self, hosts: list[str] | None = None) -> list[flows.Flow]:
        """What the code under test makes of it."""
        return flows.flows(self.register, self.hostvars, self.groups, hosts)

    def allows(self, source: str, destination: str, protocol: str, port: int) -> bool:
        """Whether the register lets this pass."""
        return any(
            destination in self._of(one["hosts"])
            and any(_has(ports, protocol, port) for ports in one["ports"])
            and self._is_client(source, one["clients"])
            for one in self.register
        )

    def _of(self, names: list[str]) -> set[str]:
        hosts = {host for name in names for host in self.groups.get(name, [name])}
        return {address for host in hosts for address in self.addresses.get(host, [])}

    def _is_client(self, source: str, clients: list[str]) -> bool:
        if clients == ["any"]:
            return True
        networks = [name for name in clients if "/" in name]
        return source in self._of(clients) or any(
            ipaddress.ip_address(source) in ipaddress.ip_network(network) for network in networks
        )


def _has(text: str, protocol: str, port: int) -> bool:
    numbers, _slash, own = text.partition("/")
    first, _dash, last = numbers.partition("-")
    return own == protocol and int(first) <= port <= int(last or first)


SITE = Site(
    addresses={
        "app1": ["10.76.1.10", "fd00:76:1::10"],
        "app2": ["10.76.1.11"],
        "other1": ["10.76.1.66", "fd00:76:1::66"],
        "web1": ["10.76.2.10", "fd00:76:2::10"],
        "db1": ["10.76.2.20", "fd00:76:2::20"],
        "db2": ["fd00:76:2::21"],
    },
    groups={
        "all": ["app1", "app2", "other1", "web1", "db1", "db2"],
        "app": ["app1", "app2"],
        "web": ["web1"],
        "db": ["db1", "db2"],
    },
    register=[
        entry("website", ["web"], ["443/tcp", "8000-8010/tcp"], ["any"]),
        entry("Orders' database (PostgreSQL)", ["db"], ["5432/tcp"], ["app"]),
        entry("dns", ["web", "db1"], ["53/tcp", "53/udp"], ["10.76.1.0/24", "fd00:76:1::/64"]),
        entry("metrics", ["all"], ["9100/tcp"], ["other1"]),
        entry("local", ["db"], ["6379/tcp"], ["none"]),
        # Clients with no address of the family that the host has: no rule at all.
        entry("six only", ["db2"], ["8443/tcp"], ["app2"]),
    ],
)
PORTS = [("tcp", 443), ("tcp", 8005), ("tcp", 8011), ("tcp", 5432), ("udp", 5432), ("tcp", 53), ("udp", 53)]
PORTS += [("tcp", 9100), ("tcp", 6379), ("tcp", 8443), ("tcp", 22)]


def random_site(seed: int) -> Site:
    """A site of a few hosts with v4, v6 or both, and services between them."""
    dice = random.Random(seed)
    hosts = [f"host{number}" for number in range(dice.randint(3, 6))]
    addresses = {}
    for number, host in enumerate(hosts):
        both = [f"10.{dice.randint(0, 3)}.0.{number + 1}", f"fd00:{dice.randint(0, 3)}::{number + 1:x}"]
        addresses[host] = dice.choice([both, both[:1], both[1:]])
    groups = {
        "all": hosts,
        **{f"group{number}": dice.sample(hosts, dice.randint(1, len(hosts))) for number in range(3)},
    }
    register = [_random_entry(dice, number, [*groups, *hosts]) for number in range(dice.randint(1, 8))]
    return Site(addresses, groups, register)


def _random_entry(dice: random.Random, number: int, names: list[str]) -> dict[str, t.Any]:
    # A thousand ports of its own, so that no two entries claim the same on a host.
    first = 1000 * (number + 1)
    ports = [f"{first}/tcp", f"{first}/udp", f"{first + 10}-{first + 20}/tcp", f"{first + 30}/udp"]
    networks = ["10.1.0.0/16", "10.0.0.0/15", "fd00:1::/32", "fd00::/30"]
    clients = dice.choice([["any"], ["none"], dice.sample([*names, *networks], dice.randint(1, 4))])
    hosts = dice.sample(names, dice.randint(1, 2))
    return entry(f"Service No. {number}", hosts, dice.sample(ports, dice.randint(1, 4)), clients)
