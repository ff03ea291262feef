# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""A first register, from what hosts really listen on and who is really connected. A person judges it.

Hosts name processes and units as they like, and a variables file is a program to Ansible: no text of a host gets into
the draft but units that look like units, addresses that parse, and names with everything but a-z and 0-9 taken away.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import re
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._register import networks, ports
from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import TLS
from ansible_collections.infosec.principles.plugins.plugin_utils._register.validate import is_unit

if t.TYPE_CHECKING:
    from netaddr import IPNetwork

Port = tuple[str, int]
Sockets = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True, order=True)
class _Owner:
    """What holds ports on a host: what makes it one service there, and the same service on other hosts."""

    label: str
    unit: str


def draft(
    seen: t.Mapping[str, Sockets], addresses: t.Mapping[str, t.Iterable[IPNetwork]], review_by: datetime.date
) -> list[dict[str, t.Any]]:
    """One entry for each owner with the same ports, sorted; without clients where nobody is connected.

    seen: a host's `listeners` and `peers`, as the module sockets_info returns them.
    addresses: of the hosts that may be among the peers.
    """
    names = {str(address.ip): host for host in sorted(addresses, reverse=True) for address in addresses[host]}
    services: dict[tuple[_Owner, tuple[ports.Port, ...]], list[str]] = collections.defaultdict(list)
    for host in sorted(seen):
        for owner, held in _owners(seen[host]).items():
            services[owner, ports.ranges(held)].append(host)
    entries = []
    for (owner, held_ports), hosts in sorted(services.items()):
        peers = {peer for host in hosts for peer in _peers(seen[host], held_ports)}
        entries.append(_entry(owner, held_ports, hosts, _clients(peers, names), review_by))
    return _with_names(entries)


def _owners(sockets: Sockets) -> dict[_Owner, set[Port]]:
    owners: dict[_Owner, set[Port]] = collections.defaultdict(set)
    for listener in sockets["listeners"]:
        # A client's socket that waits for replies is no service.
        if not listener.get("loopback") and not listener.get("ephemeral"):
            owners[_owner(listener)].add((str(listener["protocol"]), int(listener["port"])))
    return owners


def _owner(listener: t.Mapping[str, t.Any]) -> _Owner:
    unit = str(listener.get("unit") or "")
    unit = unit if is_unit(unit) else ""
    engine = listener.get("published_by")
    if engine or not (unit or listener.get("process")):
        # An engine publishes ports of many services, and what nobody is seen to hold may be anybody's.
        return _Owner(_sanitised(f"{engine or 'port'}-{listener['port']}"), unit)
    return _Owner(_sanitised(unit.rpartition(".")[0] or str(listener["process"])), unit)


def _sanitised(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[:60] or "service"


def _peers(sockets: Sockets, held: t.Iterable[ports.Port]) -> t.Iterator[str]:
    for peer in sockets["peers"]:
        if any(peer["protocol"] == port.protocol and port.first <= peer["port"] <= port.last for port in held):
            yield from map(str, peer["addresses"])


def _clients(peers: t.Iterable[str], names: t.Mapping[str, str]) -> list[str]:
    """Inventory names where they are known, then addresses; what is no address is left out."""
    hosts, others = set(), []
    for peer in peers:
        try:
            address = networks.parse(peer)
        except ValueError:
            continue
        if str(address.ip) in names:
            hosts.add(names[str(address.ip)])
        else:
            others.append(address)
    return [*sorted(hosts), *(str(address.ip) for address in sorted(others, key=lambda one: (one.version, one.first)))]


def _entry(
    owner: _Owner, held: t.Iterable[ports.Port], hosts: list[str], clients: list[str], review_by: datetime.date
) -> dict[str, t.Any]:
    return {
        "name": owner.label,
        "hosts": hosts,
        **({"unit": owner.unit} if owner.unit else {}),
        "ports": [str(port) for port in held],
        "clients": clients,
        "tls": TLS[0],
        "justification": "",
        "owner": "",
        "review_by": review_by.isoformat(),
    }


def _with_names(entries: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Names that occur once: the second nginx is nginx-2."""
    used: set[str] = set()
    for entry in entries:
        name, number = entry["name"], 1
        while entry["name"] in used:
            number += 1
            entry["name"] = f"{name}-{number}"
        used.add(entry["name"])
    return entries
