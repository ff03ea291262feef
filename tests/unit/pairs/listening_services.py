# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of listening_services."""

from __future__ import annotations

import typing as t

from .case import Case
from .machine import Machine

ALL = frozenset({"unjustified", "wider_than_declared", "declared_but_absent", "review_overdue"})


def service(**fields: t.Any) -> dict[str, t.Any]:
    """An entry of the register, resolved."""
    port = {"first": 80, "last": 80, "protocol": "tcp"}
    reasons = {"justification": "Public site.", "owner": "web@example.org", "review_by": "2027-06-30"}
    return {"name": "website", "ports": [port], "clients": ["any"], **reasons, **fields}


def web(machine: Machine) -> None:
    machine.unit("nginx.service", process="nginx", sockets=[("tcp", "0.0.0.0", 80), ("tcp", "::", 80)])


def uninvited(machine: Machine) -> None:
    """A declared web server, a service nobody asked for on two ports, and one that a socket starts."""
    web(machine)
    machine.unit("extra.service", process="extra", sockets=[("tcp", "::", 8080), ("udp", "0.0.0.0", 8081)])
    machine.unit("woken.socket", properties={"Triggers": "woken.service"})
    machine.unit("woken.service", sockets=[("tcp", "0.0.0.0", 7007)], properties={"TriggeredBy": "woken.socket"})


CASES = (
    Case("declared", web, {"services": [service(unit="nginx.service")]}, passes=ALL),
    Case(
        "uninvited",
        uninvited,
        {"services": [service()], "close_unjustified": True},
        fails=frozenset({"unjustified"}),
        passes=ALL,
        fixed=frozenset({"unjustified"}),
    ),
    Case("uninvited, report only", uninvited, {"services": [service()]}, fails=frozenset({"unjustified"})),
    Case(
        "held by another unit",
        web,
        {"services": [service(unit="apache2.service")], "close_unjustified": True},
        fails=frozenset({"unjustified"}),
    ),
    Case(
        "also serves a declared port",
        lambda machine: machine.unit("nginx.service", sockets=[("tcp", "::", 80), ("tcp", "::", 8080)]),
        {"services": [service()], "close_unjustified": True},
        fails=frozenset({"unjustified"}),
    ),
    Case(
        "open though for this host alone",
        web,
        {"services": [service(clients=[])]},
        fails=frozenset({"wider_than_declared"}),
    ),
    Case("absent", lambda machine: None, {"services": [service()]}, fails=frozenset({"declared_but_absent"})),
    Case(
        "on loopback though it has clients",
        lambda machine: machine.unit("nginx.service", sockets=[("tcp", "127.0.0.1", 80)]),
        {"services": [service()]},
        fails=frozenset({"declared_but_absent"}),
    ),
    Case("overdue", web, {"services": [service(review_by="2026-11-23")]}, fails=frozenset({"review_overdue"})),
)
