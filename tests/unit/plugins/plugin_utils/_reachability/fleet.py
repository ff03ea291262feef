# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small fleet that the tests about plans and judgements share."""

from __future__ import annotations

import types
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.plan import Fleet, Plan, Service, plan
from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import Inventory

GROUPS = {"all": ["app1", "app2", "db1", "web1"], "app": ["app1", "app2"], "db": ["db1"], "web": ["web1"]}
ADDRESSES: t.Mapping[str, t.Any] = types.MappingProxyType(
    {
        "app1": ["192.0.2.1/32", "2001:db8::1/128"],
        "app2": ["192.0.2.2/32", "2001:db8::2/128"],
        "db1": ["192.0.2.3/32", "2001:db8::3/128"],
        "web1": ["192.0.2.4/32"],
    }
)
APP = ("192.0.2.1/32", "192.0.2.2/32", "2001:db8::1/128", "2001:db8::2/128")
DUAL = {"families": ["IPv4", "IPv6"]}


def entry(name: str = "orders", ports: str = "5432/tcp", clients: t.Sequence[str] = APP, host: str = "db") -> t.Any:
    """An entry of a resolved register."""
    numbers, _slash, protocol = ports.partition("/")
    first, _dash, last = numbers.partition("-")
    port = {"first": int(first), "last": int(last or first), "protocol": protocol}
    return {"name": name, "hosts": [host], "ports": [port], "clients": list(clients)}


def listener(port: int, address: str = "::", protocol: str = "tcp", **more: t.Any) -> dict[str, t.Any]:
    """What sockets_info says of one socket."""
    return {"protocol": protocol, "address": address, "port": port, **DUAL, "ephemeral": False, **more}


def planned(
    register: t.Sequence[t.Any],
    on_db1: t.Sequence[t.Any],
    *,
    witnesses: int = 0,
    addresses: t.Mapping[str, t.Any] = ADDRESSES,
    **others: t.Any,
) -> Plan:
    """The plan where db1 listens so; `others` are results of other hosts, such as web1={"unreachable": True}."""
    seen = {host: {"listeners": []} for host in GROUPS["all"]} | {"db1": {"listeners": list(on_db1)}} | others
    faults = {host: f"{host} has no address" for host in GROUPS["all"] if host not in addresses}
    fleet = Fleet(register, seen, Inventory(GROUPS), GROUPS, addresses, faults)
    return plan(fleet, witnesses)


def only(made: Plan) -> Service:
    """The one service of a plan."""
    (service,) = made["services"]
    return service


def places(service: Service) -> list[str]:
    """Where it is tried: 192.0.2.3 5432, with ? where nothing listens."""
    return [f"{one['address']} {one['port']}{'' if one['listens'] else '?'}" for one in service["endpoints"]]
