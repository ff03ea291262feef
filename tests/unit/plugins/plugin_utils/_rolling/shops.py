# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three shops, two clients that the register admits, one that it does not."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import Inventory
from ansible_collections.infosec.principles.plugins.plugin_utils._rolling.plan import Line, Plan, plan

INVENTORY = Inventory(
    {"shops": ["shop1", "shop2", "shop3"], "apps": ["app1", "app2"], "others": ["guest"], "locals": ["local"]}
)
ADDRESSES = {
    "shop1": ["192.0.2.1/32", "2001:db8::1/128"],
    "shop2": ["192.0.2.2/32"],
    "shop3": ["192.0.2.3/32"],
    "app1": ["198.51.100.1/32"],
    "app2": ["192.0.2.130/32"],
    "guest": ["192.0.2.9/32"],
}


def entry(**changes: t.Any) -> dict[str, t.Any]:
    """An entry of a resolved register."""
    ports = [{"first": 80, "last": 80, "protocol": "tcp"}]
    clients = ["192.0.2.130/32", "198.51.100.1/32"]
    return {"name": "shop", "hosts": ["shops"], "ports": ports, "clients": clients, **changes}


def port(first: int, last: int = 0, protocol: str = "tcp") -> dict[str, t.Any]:
    return {"first": first, "last": last or first, "protocol": protocol}


def planned(
    *entries: dict[str, t.Any],
    hosts: t.Sequence[str] = ("shop1",),
    groups: t.Sequence[str] = (),
    **addresses: list[str],
) -> Plan:
    return plan(hosts, entries or [entry()], INVENTORY, {**ADDRESSES, **addresses}, groups)


def line(made: Plan, host: str = "shop1") -> Line:
    (only,) = made["lines"][host]
    return only


def result(client: str, outcomes: t.Mapping[str, str], made: t.Mapping[str, t.Any] | None = None) -> dict[str, t.Any]:
    """What reachability_info says when this client tries port 80 at these addresses, in a loop."""
    rows = [
        {"address": at, "protocol": "tcp", "ports": [80], "outcome": outcomes[at], "local": "192.0.2.130"}
        for at in outcomes
    ]
    return {"item": made or {"client": client, "probes": []}, "tried": rows}
