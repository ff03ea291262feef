# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""No service carries passwords, or what it is for, over the network in clear: telnet, FTP, SNMPv2, NFS and their kin.

What is in clear by its nature is told by program and port, the rest by its configuration or by what it answers.
"""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._cleartext import kinds
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._cleartext.kinds import (
    Found,
    Look,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import (
    SERVICES_OPTION,
    Control,
    Options,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host import processes, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls import _closing
    from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._cleartext import looks
    from ansible_collections.infosec.principles.plugins.module_utils._host import together
else:
    _closing = later("_controls._closing")
    looks = later("_controls.data_protection._cleartext.looks")
    together = later("_host.together")

NAME = "cleartext_protocols"
REFERENCE = "https://infosec.mozilla.org/fundamentals/security_principles#guarantee-data-integrity-and-confidentiality"

PASSWORDS = Rule(
    kinds.PASSWORDS,
    "No service takes passwords from the network in clear",
    "high",
    REFERENCE,
    "Use what is encrypted instead (ssh, sftp, SNMPv3, TLS), and stop the service.",
)
CONTENT = Rule(
    kinds.CONTENT,
    "No service carries what it is for over the network in clear",
    "medium",
    REFERENCE,
    "Use what is encrypted instead (ssh, TLS, Kerberos with privacy, WireGuard), and stop the service.",
)
RULES = (PASSWORDS, CONTENT)
OPTIONS: dict[str, dict[str, t.Any]] = {
    "services": SERVICES_OPTION,
    "close_cleartext": {"type": "bool", "default": False},
}

Service = t.Mapping[str, t.Any]
Told = tuple[Found, Look]


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """Both rules for each service in clear that other hosts can reach. Raises NeedsRoot."""
    processes.need_holders(host)
    told = _told(host, kinds.find(host))
    closing = _plans(host, told, options)
    for found, look in told:
        yield _finding(found, look, options["services"], closing.get(found.subject))
    for rule in RULES:
        if not any(_rule(found, look) is rule for found, look in told):
            yield Finding(rule, NAME, f.PASS, f"{rule.title}: none of those known here can be reached by others.")


def _told(host: Host, all_: list[Found]) -> list[Told]:
    """What a look at each says; all at once, since some servers start a process for each connection."""
    told = together.each([functools.partial(_look, host, found) for found in all_]) if all_ else []
    return [(found, look) for found, looks_ in zip(all_, told) for look in looks_]


def _look(host: Host, found: Found) -> list[Look]:
    if any(item.published_by for item in found.listeners):
        return [Look(f.NOT_ASSESSED, f"{found.subject}: what a container speaks there cannot be seen from the host")]
    if not found.kind.look:
        return [kinds.plain(found)]
    try:
        return list(looks.LOOKS[found.kind.look](host, found))
    except NeedsRoot:
        raise
    except HostError as exc:
        return [Look(f.NOT_ASSESSED, f"what {found.subject} speaks could not be told: {exc}")]


def _rule(found: Found, look: Look) -> Rule:
    name = look.rule or found.kind.rule
    return next(rule for rule in RULES if rule.name == name)


# What is closed


def _plans(host: Host, told: list[Told], options: Options) -> dict[str, t.Any]:
    """By subject: the changes that stop it, or why it goes on; for what fails, may be stopped and is not declared."""
    open_ = {
        found.subject: found.listeners
        for found, look in told
        if look.status == f.FAIL and found.kind.closes and not _entries(options["services"], found)
    }
    return dict(_closing.plans(host, open_, _needed(host, options))) if open_ and options["close_cleartext"] else {}


def _needed(host: Host, options: Options) -> dict[str, str]:
    """The units behind ports that the register declares, each with such a port."""
    declared = (item for item in host.once(sockets.read) if _declared(options["services"], item.protocol, item.port))
    return {unit: item.name for item in declared for unit in (item.unit, item.socket_unit) if unit}


def _entries(services: t.Sequence[Service], found: Found) -> list[Service]:
    return _declared(services, found.listeners[0].protocol, found.listeners[0].port)


def _declared(services: t.Sequence[Service], protocol: str, port: int) -> list[Service]:
    return [
        service
        for service in services
        if any(one["protocol"] == protocol and one["first"] <= port <= one["last"] for one in service["ports"])
    ]


# What is said


def _finding(found: Found, look: Look, services: t.Sequence[Service], closing: t.Any) -> Finding:
    subject = f"{found.subject}: {look.about}" if look.about else found.subject
    rule, evidence = _rule(found, look), (*found.evidence, *look.evidence)
    if look.status != f.FAIL:
        return Finding(rule, subject, look.status, f"{look.message}.", evidence)
    message = f"{look.message}{_clients(_entries(services, found))}."
    if isinstance(closing, str):
        message = f"{message} Not closed: {closing}."
    fix = closing if isinstance(closing, tuple) else ()
    return Finding(rule, subject, f.FAIL, message, evidence, fix, remedy=found.kind.instead)


def _clients(entries: list[Service]) -> str:
    """Whom the register lets come, since nothing is stopped that somebody is to use."""
    if not entries:
        return ""
    clients = sorted({client for entry in entries for client in entry["clients"]})
    return f", and the register declares it for {', '.join(clients) or 'this host alone'}"


CONTROL = Control(
    name=NAME,
    principle="data_protection",
    title="Nothing crosses the network in clear",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
