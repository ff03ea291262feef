# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Every port that this host presents to a network is in the register, with a reason, and no wider than declared.

UDP has no state that tells a server from a client. A socket counts as a client's where it is the DHCP client's, and
cannot be judged where a process holds a port of the kernel's ephemeral range that nobody declared.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import (
    SERVICES_OPTION,
    Control,
    Options,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host import (
    addresses,
    packages,
    processes,
    published,
    sockets,
    units,
)
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.sockets import Listener

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls import _closing
else:
    _closing = later("_controls._closing")

NAME = "listening_services"
REFERENCE = "https://infosec.mozilla.org/fundamentals/security_principles#do-not-expose-unnecessary-services"

UNJUSTIFIED = Rule(
    name="unjustified",
    title="Every port presented to the network is justified by the register",
    risk="high",
    reference=REFERENCE,
    remedy="Declare the port in infosec_services with its justification, or close it: stop what listens, bind it to "
    "127.0.0.1, or set exposed_services_close_unjustified to stop, disable and mask the unit.",
)
WIDER = Rule(
    name="wider_than_declared",
    title="Services listen no wider than their declared clients need",
    risk="medium",
    reference=REFERENCE,
    remedy="Bind the service to the addresses that its clients use (127.0.0.1 and ::1 where it has none), or declare "
    "the clients that it really has.",
)
ABSENT = Rule(
    name="declared_but_absent",
    title="What the register declares is there",
    risk="low",
    reference=REFERENCE,
    remedy="Start the service, or take its entry out of infosec_services so that nothing else can use its permission.",
)
OVERDUE = Rule(
    name="review_overdue",
    title="Every entry of the register was reviewed in time",
    risk="low",
    reference=REFERENCE,
    remedy="Ask the owner whether the service is still needed, then set a new review_by or take the entry out.",
)
RULES = (UNJUSTIFIED, WIDER, ABSENT, OVERDUE)
OPTIONS: dict[str, dict[str, t.Any]] = {
    "services": SERVICES_OPTION,
    "close_unjustified": {"type": "bool", "default": False},
}

Service = t.Mapping[str, t.Any]
HOLDERS = {sockets.KERNEL: "the kernel", sockets.UNKNOWN: "a process hidden from this user"}


@dataclasses.dataclass(frozen=True)
class Port:
    """One port that is open to the network, all the sockets behind it, and the entries that declare it."""

    protocol: str
    number: int
    listeners: tuple[Listener, ...]
    services: tuple[Service, ...]

    @property
    def name(self) -> str:
        return f"{self.number}/{self.protocol}"


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """Judge every listener against the register, and the register against the listeners. Raises HostError."""
    services = options["services"]
    listeners = host.once(sockets.read)
    client, exposed = _split(host, [item for item in listeners if not item.loopback], services)
    ports = _ports(exposed, services)
    yield from _unjustified(host, ports, options)
    yield from _clients(client)
    yield from _unseen(host)
    yield from _or_none(WIDER, [_wider(host, port) for port in ports if port.services], "no declared port is open")
    yield from _or_none(ABSENT, list(_absent(host, services, listeners)), "the register declares nothing here")
    yield from _or_none(OVERDUE, [_overdue(host, item) for item in services], "the register declares nothing here")


def _or_none(rule: Rule, findings: list[Finding], why: str) -> list[Finding]:
    return findings or [Finding(rule, NAME, f.NOT_APPLICABLE, f"There is nothing to judge: {why}.")]


# What is open


def _split(host: Host, exposed: list[Listener], services: t.Sequence[Service]) -> tuple[list[Listener], list[Listener]]:
    """Sockets that are, or may be, those of clients; and the rest."""
    client: list[Listener] = []
    server: list[Listener] = []
    for item in exposed:
        declared = any(_declares(service, item.protocol, item.port) for service in services)
        (client if sockets.is_client(host, item) and not declared else server).append(item)
    return client, server


def _declares(service: Service, protocol: str, port: int) -> bool:
    return any(_covers(item, protocol, port) for item in service["ports"])


def _covers(declared: t.Mapping[str, t.Any], protocol: str, port: int) -> bool:
    return bool(declared["protocol"] == protocol and declared["first"] <= port <= declared["last"])


def _ports(exposed: list[Listener], services: t.Sequence[Service]) -> list[Port]:
    grouped: dict[tuple[str, int], list[Listener]] = {}
    for item in exposed:
        grouped.setdefault((item.protocol, item.port), []).append(item)
    return [
        Port(protocol, number, tuple(items), tuple(one for one in services if _declares(one, protocol, number)))
        for (protocol, number), items in grouped.items()
    ]


def _clients(client: list[Listener]) -> t.Iterator[Finding]:
    for item in filter(sockets.is_dhcp_client, client):
        kind = sockets.DHCP_PORTS[item.port]
        message = f"{item.name} is the {kind} client's ({item.process}), open for replies only."
        yield Finding(UNJUSTIFIED, f"{item.name} {item.place}", f.PASS, message, (_evidence(item),))
    owners: dict[str, list[Listener]] = {}
    for item in client:
        if not sockets.is_dhcp_client(item):
            owners.setdefault(item.unit or item.process or "a hidden process", []).append(item)
    for owner, items in owners.items():
        message = (
            f"{owner} holds UDP sockets on ephemeral ports; whether they wait for anybody or only for replies cannot "
            "be seen: declare the port if it is a service."
        )
        evidence = tuple(_evidence(item, "a declared port, or none in the ephemeral range") for item in items)
        yield Finding(UNJUSTIFIED, f"ephemeral/udp {owner}", f.NOT_ASSESSED, message, evidence)


def _unseen(host: Host) -> t.Iterator[Finding]:
    why = host.once(published.read).why
    if why:
        message = "Ports that containers publish by address translation could not be seen."
        yield Finding(UNJUSTIFIED, "published ports", f.NOT_ASSESSED, message, (Evidence("nat table", why),))


def _evidence(item: Listener, expected: str = "", package: str = "") -> Evidence:
    families = " and ".join(item.families) + ("" if item.families_known else ", assumed")
    facts = {
        "process": f"{item.process} ({item.exe})" if item.exe else item.process,
        "unit": item.unit,
        "user unit": item.user_unit,
        "socket unit": item.socket_unit,
        "package": package,
        "published by": item.published_by,
        "leads to": item.target,
        "held by": HOLDERS.get(item.holder, ""),
    }
    told = ", ".join(f"{name} {value}" for name, value in facts.items() if value)
    table = f"/proc/net/{item.protocol}{'6' if ':' in item.address else ''}"
    source = "nat table" if item.holder == sockets.NAT else table
    return Evidence(source, f"{item.place} ({families}), {told}", expected)


# Rule unjustified


def _unjustified(host: Host, ports: list[Port], options: Options) -> t.Iterator[Finding]:
    if not ports:
        yield Finding(UNJUSTIFIED, NAME, f.PASS, "Nothing is open to the network.")
    undeclared = [port for port in ports if not port.services]
    known = packages.owners(host, _executables(undeclared))
    closing = _plans(host, undeclared, options["services"]) if options["close_unjustified"] else {}
    for port in ports:
        if port.services:
            yield _declared(host, port)
        else:
            yield _undeclared(port, closing.get(port.name), known)


def _plans(host: Host, undeclared: list[Port], services: t.Sequence[Service]) -> dict[str, _closing.Plan | str]:
    all_ports = _ports(list(host.once(sockets.read)), services)
    declared = [(item, port.name) for port in all_ports if port.services for item in port.listeners]
    needed = {unit: name for item, name in declared for unit in (item.unit, item.socket_unit) if unit}
    return _closing.plans(host, {port.name: port.listeners for port in undeclared}, needed)


def _executables(ports: list[Port]) -> set[str]:
    # The path of a process in a container means another file here.
    return {item.exe for port in ports for item in port.listeners if not item.published_by}


def _undeclared(port: Port, closing: _closing.Plan | str | None, known: t.Mapping[str, str]) -> Finding:
    expected = f"an entry of the register that declares {port.name}"
    evidence = tuple(_evidence(item, expected, known.get(item.exe, "")) for item in port.listeners)
    message = f"{port.name} is open to the network ({_owners(port)}) and the register does not justify it."
    if isinstance(closing, str):
        return Finding(UNJUSTIFIED, port.name, f.FAIL, f"{message} Not closed: {closing}.", evidence)
    return Finding(UNJUSTIFIED, port.name, f.FAIL, message, evidence, closing or ())


def _owners(port: Port) -> str:
    return ", ".join(dict.fromkeys(_owner(item) for item in port.listeners))


def _owner(item: Listener) -> str:
    if item.published_by:
        return f"{item.published_by} publishes it" + (f" for {item.target}" if item.target else "")
    if item.holder == sockets.KERNEL:
        return "the kernel"
    process = item.process if item.pid != 1 else ""
    unit = item.user_unit or item.unit or item.socket_unit
    return " of ".join(name for name in (process, unit) if name) or "a process that this user may not see"


def _declared(host: Host, port: Port) -> Finding:
    names = " and ".join(processes.printable(service["name"]) for service in port.services)
    reason = " ".join(service["justification"].strip() for service in port.services).strip()
    evidence = tuple(_evidence(item, f"declared as {names}") for item in port.listeners)
    if not reason:
        message = f"{port.name} is declared as {names}, but without a justification."
        return Finding(UNJUSTIFIED, port.name, f.FAIL, message, evidence)
    verdicts = {_owned(host, item, port.services) for item in port.listeners}
    wanted = " or ".join(sorted({service["unit"] for service in port.services}))
    if False in verdicts:
        message = f"{port.name} is declared as {names} for {wanted}, but {_owners(port)} has it."
        return Finding(UNJUSTIFIED, port.name, f.FAIL, message, evidence)
    if None in verdicts:
        message = f"{port.name} is declared as {names} for {wanted}; whether that unit has it could not be seen."
        return Finding(UNJUSTIFIED, port.name, f.NOT_ASSESSED, message, evidence)
    return Finding(UNJUSTIFIED, port.name, f.PASS, f"{port.name} is declared as {names}: {reason}", evidence)


def _owned(host: Host, item: Listener, services: tuple[Service, ...]) -> bool | None:
    """Whether one of the declared units has the socket; None where that cannot be seen."""
    wanted = {service["unit"] for service in services}
    if "" in wanted:
        return True
    names = _known_as(host, item)
    if names & wanted:
        return True
    hidden = item.holder == sockets.UNKNOWN or bool(item.published_by) or bool(host.once(units.read).why)
    return None if hidden else False


def _known_as(host: Host, item: Listener) -> set[str]:
    """All names that a person may declare: the unit's, its aliases, its socket and the unit that it is part of."""
    names = {item.unit, item.user_unit, item.socket_unit} - {""}
    found = [unit for unit in map(host.once(units.read).get, sorted(names)) if unit]
    for unit in found:
        names.update((*unit.names, *unit.part_of, *(unit.triggers if unit.listen else unit.triggered_by)))
    return names


# Rule wider_than_declared


def _wider(host: Host, port: Port) -> Finding:
    clients = {client for service in port.services for client in service["clients"]}
    evidence = tuple(_evidence(item, _bound_for(clients)) for item in port.listeners)
    where = ", ".join(item.place for item in port.listeners)
    if not clients:
        message = f"{port.name} is declared for this host alone, but listens on {where}."
        return Finding(WIDER, port.name, f.FAIL, message, evidence)
    surplus = _surplus_family(host, port, clients)
    if surplus:
        message = f"{port.name} takes {surplus} on {where}, which none of its declared clients uses."
        return Finding(WIDER, port.name, f.FAIL, message, evidence)
    return Finding(WIDER, port.name, f.PASS, f"{port.name} listens on {where}, as its clients need.", evidence)


def _bound_for(clients: set[str]) -> str:
    return f"reachable for {', '.join(sorted(clients))}" if clients else "127.0.0.1 or ::1 only"


def _surplus_family(host: Host, port: Port, clients: set[str]) -> str:
    """A family that no client uses, though this host has an address of it that others can reach."""
    needed = {"IPv6" if ":" in client else "IPv4" for client in clients}
    taken = {family for item in port.listeners for family in item.families}
    reachable = {f"IPv{item.version}" for item in host.once(addresses.read) if not item.ip.is_loopback}
    return "" if "any" in clients else " and ".join(sorted((taken - needed) & reachable))


# Rules declared_but_absent and review_overdue


def _absent(host: Host, services: t.Sequence[Service], listeners: tuple[Listener, ...]) -> t.Iterator[Finding]:
    for service in services:
        for item in service["ports"]:
            there = [one for one in listeners if _covers(item, one.protocol, one.port)]
            yield _presence(host, service, f"{processes.printable(service['name'])} {_range(item)}", there)


def _range(item: t.Mapping[str, t.Any]) -> str:
    last = "" if item["first"] == item["last"] else f"-{item['last']}"
    return f"{item['first']}{last}/{item['protocol']}"


def _presence(host: Host, service: Service, subject: str, there: list[Listener]) -> Finding:
    evidence = tuple(_evidence(item) for item in there) or (_unit_evidence(host, service["unit"]),)
    if any(not item.loopback or not service["clients"] for item in there):
        return Finding(ABSENT, subject, f.PASS, f"{subject} is there.", evidence)
    if there:
        message = f"{subject} is declared for clients on the network, but listens on loopback only."
        return Finding(ABSENT, subject, f.FAIL, message, evidence)
    if host.once(published.read).why:
        message = f"{subject} is no socket here; whether a container publishes it could not be seen."
        return Finding(ABSENT, subject, f.NOT_ASSESSED, message, evidence)
    return Finding(ABSENT, subject, f.FAIL, f"{subject} is declared, but nothing listens there.", evidence)


def _unit_evidence(host: Host, name: str) -> Evidence:
    unit = units.show(host, name) if name else None
    if unit:
        return Evidence(f"systemctl show {unit.name}", f"{unit.active}, {unit.enablement or unit.load}", "active")
    return Evidence("/proc/net", "no listening socket", f"a socket of {name}" if name else "a listening socket")


def _overdue(host: Host, service: Service) -> Finding:
    subject = processes.printable(service["name"])
    today = host.now().date()
    evidence = (Evidence(f"register: {subject}", service["review_by"] or "no review_by", f"{today} or later"),)
    try:
        due = datetime.date.fromisoformat(service["review_by"])
    except ValueError:
        message = f"{subject} has no review_by that is a day (YYYY-MM-DD), so nobody will look at it again."
        return Finding(OVERDUE, subject, f.FAIL, message, evidence)
    if due < today:
        message = f"{subject} was to be reviewed by {due} ({_asked(service)})."
        return Finding(OVERDUE, subject, f.FAIL, message, evidence)
    return Finding(OVERDUE, subject, f.PASS, f"{subject} is to be reviewed by {due}.", evidence)


def _asked(service: Service) -> str:
    return f"ask {processes.printable(service['owner'])}" if service["owner"] else "it has no owner"


CONTROL = Control(
    name=NAME,
    principle="exposed_services",
    title="Only justified services listen on the network",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
