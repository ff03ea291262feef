# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What has to answer while hosts are rebooted, and who can try it: of the register, once a run."""

from __future__ import annotations

import collections
import functools
import json
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.expectation import Clients, Range, span
from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import ANY, Inventory
from ansible_collections.infosec.principles.plugins.plugin_utils._rolling.waves import neighbours

#: Ports of one range that are tried, from its first.
RANGE_LIMIT = 64
#: Hosts that are kept for a line as those who can try it.
_CLIENTS_LIMIT = 16
_BITS = {4: 32, 6: 128}
#: Tries what everybody may reach, where the inventory has no other host.
CONTROLLER = "localhost"

Entries = t.Sequence[t.Mapping[str, t.Any]]


class Line(t.TypedDict):
    """The TCP ports of one line of an entry on one host. clients: who can try them, the nearest first."""

    host: str
    subject: str
    addresses: list[str]
    ports: list[int]
    clients: list[str]


class Plan(t.TypedDict):
    """groups: hosts that stand in for each other. lines: by host."""

    groups: list[list[str]]
    lines: dict[str, list[Line]]


class Try(t.TypedDict):
    """What one client tries, as the module reachability_info takes it."""

    client: str
    probes: list[dict[str, t.Any]]


def plan(
    hosts: t.Iterable[str],
    register: Entries,
    inventory: Inventory,
    addresses: t.Mapping[str, t.Sequence[str]],
    groups: t.Iterable[str] = (),
) -> Plan:
    """The plan for these hosts and their peers.

    register: resolved. addresses: CIDRs, by host. groups: inventory groups whose hosts stand in for each other; without
    any, those are the hosts of each entry.
    """
    redundant = [[name] for name in groups] or [entry["hosts"] for entry in register]
    members = [sorted(inventory.members(names)) for names in redundant]
    concerned = set(hosts).union(*(group for group in members if not set(group).isdisjoint(hosts)))
    maker = _Maker(register, inventory, addresses)
    return {"groups": members, "lines": {host: list(maker.lines(host)) for host in sorted(concerned)}}


class _Maker:
    """Makes the lines of hosts."""

    def __init__(self, register: Entries, inventory: Inventory, addresses: t.Mapping[str, t.Sequence[str]]) -> None:
        self._register, self._inventory, self._addresses = register, inventory, addresses
        self._admitted = functools.cache(self._admit)

    def lines(self, host: str) -> t.Iterator[Line]:
        """What others can be asked to try of this host; an entry for the host alone is nothing of the kind."""
        entries = [entry for entry in self._register if host in self._inventory.members(entry["hosts"])]
        for entry in entries:
            ports = [port for port in entry["ports"] if port["protocol"] == "tcp" and entry["clients"]]
            for port in ports:
                yield self._line(host, entry, int(port["first"]), int(port["last"]))

    def _line(self, host: str, entry: t.Mapping[str, t.Any], first: int, last: int) -> Line:
        name = str(first) if first == last else f"{first}-{last}"
        return {
            "host": host,
            "subject": f"{name}/tcp ({entry['name']})",
            "addresses": self._single(host),
            "ports": list(range(first, min(last, first + RANGE_LIMIT - 1) + 1)),
            "clients": self._clients(host, tuple(entry["clients"])),
        }

    def _single(self, host: str) -> list[str]:
        """The addresses themselves; a network of the inventory says only where one may lie."""
        spans = [(cidr, span(cidr)) for cidr in self._addresses.get(host, ())]
        return [cidr.partition("/")[0] for cidr, (_version, first, last) in spans if first == last]

    def _clients(self, host: str, clients: tuple[str, ...]) -> list[str]:
        mine = [span(cidr) for cidr in self._addresses.get(host, ())]
        others = [one for one in self._admitted(clients) if one != host]
        others.sort(key=lambda one: (_distance(mine, self._spans(one)), one))
        return others[:_CLIENTS_LIMIT] or ([CONTROLLER] if clients == (ANY,) else [])

    def _admit(self, clients: tuple[str, ...]) -> list[str]:
        known = Clients(clients)
        return [host for host in self._inventory.hosts if known.expect(self._addresses.get(host, ()), "")]

    def _spans(self, host: str) -> list[Range]:
        return [span(cidr) for cidr in self._addresses.get(host, ())]


def _distance(some: t.Sequence[Range], others: t.Sequence[Range]) -> float:
    """The part of the nearest two addresses that differs: hosts that lie beside each other have a way to each other."""
    pairs = ((one, other) for one in some for other in others if one[0] == other[0])
    return min(((one[1] ^ other[1]).bit_length() / _BITS[one[0]] for one, other in pairs), default=1)


def peers(made: Plan, host: str) -> list[str]:
    """The others of the host's groups."""
    return sorted(neighbours(made["groups"]).get(host, ()))


def tries(made: Plan, host: str, wave: t.Collection[str] = (), count: int = 2) -> list[Try]:
    """Which clients try what before this host is rebooted: its own ports, and those of its peers.

    wave: hosts that are rebooted at the same time; they try only what nobody else can. count: clients for each line.
    """
    wanted: dict[str, list[Line]] = collections.defaultdict(list)
    for line in lines(made, host):
        for client in _choose(line["clients"], wanted, wave, count):
            wanted[client].append(line)
    return [{"client": client, "probes": probes(wanted[client])} for client in wanted]


def lines(made: Plan, host: str) -> list[Line]:
    """The host's own, then those of its peers."""
    return [line for one in [host, *peers(made, host)] for line in made["lines"].get(one, ())]


def _choose(clients: t.Sequence[str], chosen: t.Container[str], wave: t.Container[str], count: int) -> list[str]:
    """Those that try something already come first, since each further client costs a task."""
    return sorted(clients, key=lambda client: (client in wave, client not in chosen))[:count]


def probes(wanted: t.Iterable[Line]) -> list[dict[str, t.Any]]:
    """As the module reachability_info takes them."""
    ports: dict[str, dict[int, None]] = collections.defaultdict(dict)
    for line in wanted:
        for address in line["addresses"]:
            ports[address].update(dict.fromkeys(line["ports"]))
    return [{"address": address, "protocol": "tcp", "ports": list(ports[address])} for address in ports]


def pack(made: Plan) -> str:
    """The plan as a fact: Ansible looks for templates in each value of what is not one text."""
    return json.dumps(made, separators=(",", ":"))


def unpack(text: str) -> Plan:
    """The plan of a fact."""
    return t.cast(Plan, json.loads(text))
