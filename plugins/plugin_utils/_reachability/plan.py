# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Who tries what: made once a run, of the register, of what really listens, and of the hosts' addresses.

A plan is plain data and grows with the services, not with the pairs of hosts.
"""

from __future__ import annotations

import collections
import dataclasses
import ipaddress
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.expectation import Clients
from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.witnesses import Witnesses
from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import Inventory

#: Ports of one host beyond the register that are tried; a host that claims more is not believed.
UNDECLARED_LIMIT = 500
FAMILIES = {4: "IPv4", 6: "IPv6"}
UNDECLARED = "(not in the register)"


class Endpoint(t.TypedDict):
    """One place to knock at. listens: whether the target said that something listens there."""

    address: str
    port: int
    listens: bool


class Service(t.TypedDict):
    """Ports of one target that are judged together: those of one line of an entry, or one that is in no entry.

    service: the entry's name; "" for none. clients: index into the plan's clients. sources: hosts that try it; None for
    all others. left_out: addresses that it is bound to and the inventory does not know. why: why nobody tries it, and
    detail: in full.
    """

    target: str
    service: str
    subject: str
    protocol: str
    clients: int
    endpoints: list[Endpoint]
    sources: list[str] | None
    left_out: list[str]
    why: str
    detail: str


class Plan(t.TypedDict):
    """hosts: addresses of each. offline: why hosts cannot try, or be tried. witnesses: of each group; 0 for all."""

    hosts: dict[str, list[str]]
    offline: dict[str, str]
    witnesses: int
    clients: list[list[str]]
    services: list[Service]


@dataclasses.dataclass(frozen=True)
class Listener:
    """What the target says that it listens on, as far as it makes sense."""

    protocol: str
    port: int
    address: str
    families: tuple[str, ...]
    ephemeral: bool

    @property
    def wildcard(self) -> bool:
        """Whether it is bound to every address."""
        return self.address in ("0.0.0.0", "::")


@dataclasses.dataclass(frozen=True)
class Fleet:
    """What the plan is made of. seen: what sockets_info returned. addresses: CIDRs; faults: why a host has none."""

    register: t.Sequence[t.Mapping[str, t.Any]]
    seen: t.Mapping[str, t.Mapping[str, t.Any]]
    inventory: Inventory
    groups: t.Mapping[str, t.Iterable[str]]
    addresses: t.Mapping[str, t.Sequence[str]]
    faults: t.Mapping[str, str]


def plan(fleet: Fleet, witnesses: int = 0) -> Plan:
    """The plan for all hosts that were seen. witnesses: of every group; 0 lets everybody try everything."""
    clients = list(dict.fromkeys(((), *(tuple(entry["clients"]) for entry in fleet.register))))
    offline = {host: _offline(fleet.seen[host]) for host in sorted(fleet.seen) if "listeners" not in fleet.seen[host]}
    made: Plan = {
        "hosts": {host: list(fleet.addresses.get(host, ())) for host in sorted(fleet.seen)},
        "offline": offline,
        "witnesses": witnesses,
        "clients": [list(one) for one in clients],
        "services": [],
    }
    numbers = {one: number for number, one in enumerate(clients)}
    for host in made["hosts"]:
        made["services"] += _Target(fleet, host, offline.get(host, ""), numbers).services()
    if witnesses:
        _name_witnesses(made, fleet.groups)
    return made


def _offline(result: t.Mapping[str, t.Any]) -> str:
    lines = str(result.get("msg") or "").strip().splitlines()
    return lines[0] if lines else "it was not looked at"


def _name_witnesses(made: Plan, groups: t.Mapping[str, t.Iterable[str]]) -> None:
    witnesses = Witnesses(made["witnesses"], groups, made["hosts"], made["hosts"].keys() - made["offline"].keys())
    allowed = [admitted(made, number) for number in range(len(made["clients"]))]
    for service in made["services"]:
        service["sources"] = witnesses.choose(allowed[service["clients"]], service["target"], service["subject"])


def admitted(made: Plan, clients: int) -> frozenset[str]:
    """The hosts that these clients name."""
    known = Clients(made["clients"][clients])
    return frozenset(host for host, addresses in made["hosts"].items() if known.expect(addresses, ""))


def sources(made: Plan, service: Service) -> list[str]:
    """The hosts that try a service; the target itself is none of them."""
    chosen = service["sources"]
    return [host for host in made["hosts"] if host != service["target"]] if chosen is None else list(chosen)


def probes_of(made: Plan, source: str) -> list[dict[str, t.Any]]:
    """What one host tries, as the module reachability_info takes it."""
    ports: dict[tuple[str, str], dict[int, None]] = collections.defaultdict(dict)
    for service in _in_turn(made, source):
        chosen = service["sources"]
        if not service["why"] and service["target"] != source and (chosen is None or source in chosen):
            for endpoint in service["endpoints"]:
                ports[endpoint["address"], service["protocol"]][endpoint["port"]] = None
    return [{"address": key[0], "protocol": key[1], "ports": list(ports[key])} for key in ports]


def _in_turn(made: Plan, source: str) -> t.Iterator[Service]:
    """The services from the source's own on, so that the hosts do not all begin with the same target."""
    services = made["services"]
    start = next((at for at, service in enumerate(services) if service["target"] >= source), 0)
    yield from services[start:]
    yield from services[:start]


class _Target:
    """The services of one host."""

    def __init__(self, fleet: Fleet, host: str, offline: str, clients: t.Mapping[tuple[str, ...], int]) -> None:
        self._fleet, self._host, self._clients = fleet, host, clients
        self._offline = offline
        self._listeners = list(_listeners(fleet.seen[host]))
        # A network of the inventory says where an address may lie, not that there is one.
        self._networks = [ipaddress.ip_network(cidr) for cidr in fleet.addresses.get(host, ())]
        self._addresses = [str(one.network_address) for one in self._networks if one.num_addresses == 1]

    def services(self) -> t.Iterator[Service]:
        """Those of the register, then those that only listen."""
        entries = [one for one in self._fleet.register if self._host in self._fleet.inventory.members(one["hosts"])]
        declared = [(entry, port) for entry in entries for port in entry["ports"]]
        for entry, port in declared:
            yield self._declared(entry, port)
        others = [one for one in self._listeners if not one.ephemeral and not _claimed(one, declared)]
        ports = sorted({(one.protocol, one.port) for one in others})
        for number, (protocol, port) in enumerate(ports):
            yield self._undeclared(protocol, port, "" if number < UNDECLARED_LIMIT else _TOO_MANY)

    def _declared(self, entry: t.Mapping[str, t.Any], port: t.Mapping[str, t.Any]) -> Service:
        protocol, first, last = str(port["protocol"]), int(port["first"]), int(port["last"])
        listening = {one.port for one in self._listeners if one.protocol == protocol and first <= one.port <= last}
        name = str(first) if first == last else f"{first}-{last}"
        subject = f"{name}/{protocol} {entry['name']}"
        clients = self._clients[tuple(entry["clients"])]
        return self._service(str(entry["name"]), subject, protocol, clients, sorted({first, last, *listening}))

    def _undeclared(self, protocol: str, port: int, why: str) -> Service:
        made = self._service("", f"{port}/{protocol} {UNDECLARED}", protocol, self._clients[()], [port])
        return {**made, "why": made["why"] or why}

    def _service(self, name: str, subject: str, protocol: str, clients: int, ports: t.Iterable[int]) -> Service:
        endpoints: list[Endpoint] = []
        left_out: dict[str, None] = {}
        for port in ports:
            bound = [one for one in self._listeners if (one.protocol, one.port) == (protocol, port)]
            left_out.update((one.address, None) for one in bound if not one.wildcard and not self._knows(one.address))
            places = self._places(bound) if bound else self._addresses
            endpoints += [{"address": place, "port": port, "listens": bool(bound)} for place in places]
        return {
            "target": self._host,
            "service": name,
            "subject": subject,
            "protocol": protocol,
            "clients": clients,
            "endpoints": endpoints,
            "sources": None,
            "left_out": sorted(left_out),
            "why": f"{self._host} was offline" if self._offline else self._nowhere(endpoints),
            "detail": self._offline,
        }

    def _nowhere(self, endpoints: t.Sequence[Endpoint]) -> str:
        if endpoints:
            return ""
        fault = self._fleet.faults.get(self._host)
        return fault or f"the inventory has no address of {self._host} that it listens on; name it in infosec_addresses"

    def _places(self, bound: t.Iterable[Listener]) -> list[str]:
        """Where to knock for these sockets: only at addresses of the host that the inventory knows."""
        places: dict[str, None] = {}
        for one in bound:
            if not one.wildcard:
                places.update({one.address: None} if self._knows(one.address) else {})
            else:
                places.update(
                    (address, None)
                    for address in self._addresses
                    if FAMILIES[6 if ":" in address else 4] in one.families
                )
        return sorted(places)

    def _knows(self, address: str) -> bool:
        return any(ipaddress.ip_address(address) in network for network in self._networks)


_TOO_MANY = f"it listens on more than {UNDECLARED_LIMIT} ports that the register does not have"


def _claimed(listener: Listener, declared: t.Iterable[tuple[t.Any, t.Mapping[str, t.Any]]]) -> bool:
    return any(
        port["protocol"] == listener.protocol and port["first"] <= listener.port <= port["last"]
        for _entry, port in declared
    )


def _listeners(result: t.Mapping[str, t.Any]) -> t.Iterator[Listener]:
    """What a host claims to listen on beyond loopback; what is no address or port is left out."""
    for row in result.get("listeners") or ():
        try:
            address = ipaddress.ip_address(str(row["address"]))
            port, protocol = int(row["port"]), str(row["protocol"])
        except (KeyError, TypeError, ValueError):
            continue
        if 1 <= port <= 65535 and protocol in ("tcp", "udp") and not address.is_loopback:
            families = tuple(map(str, row.get("families") or ()))
            yield Listener(protocol, port, str(address), families, bool(row.get("ephemeral")))
