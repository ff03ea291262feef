# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""This host lets in the clients of the register and nobody else, also after a boot.

One firewall program holds it: the one that is active here, or nftables where none is.
"""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import (
    nftables,
    policy,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall.backend import (
    ENFORCE,
    LOG,
    Backend,
    Difference,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import (
    SERVICES_OPTION,
    Control,
    Options,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._engine.guard import Guard
from ansible_collections.infosec.principles.plugins.module_utils._host import connection
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot

NAME = "host_firewall"
REFERENCE = "https://infosec.mozilla.org/fundamentals/security_principles#do-not-allow-lateral-movement"
AUTO = "auto"

ADMISSION = Rule(
    name="admission",
    title="Only the register's clients are let in",
    risk="high",
    reference=REFERENCE,
    remedy="Let the firewall be written from infosec_services; a client that is missing belongs into the clients of "
    "the service's entry.",
)
PERSISTENCE = Rule(
    name="persistence",
    title="The firewall's rules survive a boot",
    risk="high",
    reference=REFERENCE,
    remedy="Let the firewall's own files and unit be written and enabled.",
)
ONE_FIREWALL = Rule(
    name="one_firewall",
    title="One firewall program is active, and one alone",
    risk="medium",
    reference=REFERENCE,
    remedy="Stop and disable all firewall programs but one: each overwrites what the others let in.",
)
RULES = (ADMISSION, PERSISTENCE, ONE_FIREWALL)

#: Where none is active, the last one is used.
BACKENDS: tuple[Backend, ...] = (nftables,)
DEFAULT: Backend = nftables
OPTIONS: dict[str, dict[str, t.Any]] = {
    "services": SERVICES_OPTION,
    "mode": {"type": "str", "choices": [ENFORCE, LOG], "default": ENFORCE},
    "backend": {"type": "str", "choices": [AUTO, "nftables", "firewalld", "ufw"], "default": AUTO},
    "confirm_seconds": {"type": "int", "default": 60},
    "allow_self_cutoff": {"type": "bool", "default": False},
}


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """Judge what the active firewall program lets in against the register. Raises NeedsRoot."""
    active = [backend for backend in BACKENDS if backend.active(host)]
    chosen = _chosen(options["backend"], active)
    yield _one_firewall(active, chosen)
    for backend in BACKENDS:
        yield from _held(host, backend, options) if backend is chosen else _idle(host, backend, active, chosen)


def _chosen(wanted: str, active: t.Sequence[Backend]) -> Backend | None:
    """The program that is to hold this host; None where more than one is active and nobody said which."""
    if wanted != AUTO:
        return next((backend for backend in BACKENDS if wanted == backend.NAME), None)
    return {0: DEFAULT, 1: active[0] if active else None}.get(len(active))


def _both(subject: str, status: str, message: str, evidence: tuple[Evidence, ...] = ()) -> t.Iterator[Finding]:
    for rule in (ADMISSION, PERSISTENCE):
        yield Finding(rule, subject, status, message, evidence)


# Rule one_firewall


def _one_firewall(active: t.Sequence[Backend], chosen: Backend | None) -> Finding:
    programs = {backend.NAME: backend for backend in (*active, *([chosen] if chosen else []))}
    names = " and ".join(sorted(programs))
    if len(programs) > 1:
        message = f"More than one firewall program is at work here: {names}."
        evidence = tuple(Evidence(name, "at work", "one program alone") for name in sorted(programs))
        return Finding(ONE_FIREWALL, NAME, f.FAIL, message, evidence)
    return Finding(ONE_FIREWALL, NAME, f.PASS, f"{names} alone is at work here.")


# Rules admission and persistence


def _idle(host: Host, backend: Backend, active: t.Sequence[Backend], chosen: Backend | None) -> t.Iterator[Finding]:
    if chosen is None and backend in active:
        message = (
            "More than one firewall program is at work: which one is to hold this host is for a person to say "
            "(lateral_movement_firewall_backend)."
        )
        yield from _both(backend.NAME, f.NOT_ASSESSED, message)
    else:
        used = f"{chosen.NAME} holds this host" if chosen else f"{backend.NAME} is not active"
        yield from _both(backend.NAME, f.NOT_APPLICABLE, f"{used}.")


def _held(host: Host, backend: Backend, options: Options) -> t.Iterator[Finding]:
    wanted = Wanted(policy.admissions(options["services"]), options["mode"])
    try:
        differences = backend.compare(host, wanted)
        refusal = _refusal(host, wanted, options) if differences else ()
        fix = _fix(host, backend, wanted, options) if differences and not refusal else ()
    except NeedsRoot:
        raise
    except (HostError, ChangeError) as exc:
        yield from _both(backend.NAME, f.NOT_ASSESSED, f"What {backend.NAME} filters could not be seen: {exc}")
        return
    for rule in (ADMISSION, PERSISTENCE):
        found = [difference for difference in differences if difference.rule == rule.name]
        yield _failing(rule, backend, found, refusal, fix) if found else _passing(rule, backend, wanted)


def _fix(host: Host, backend: Backend, wanted: Wanted, options: Options) -> tuple[Change, ...]:
    return (Guard(options["confirm_seconds"]), *backend.changes(host, wanted))


def _failing(
    rule: Rule,
    backend: Backend,
    found: t.Sequence[Difference],
    refusal: tuple[Evidence, ...],
    fix: tuple[Change, ...],
) -> Finding:
    message = " ".join(difference.message for difference in found)
    evidence = tuple(item for difference in found for item in difference.evidence)
    if not refusal:
        return Finding(rule, backend.NAME, f.FAIL, message, evidence, fix)
    why = f"Not fixed, since that would cut this very connection: {refusal[0].found}."
    return Finding(rule, backend.NAME, f.FAIL, f"{message} {why}", (*refusal, *evidence), remedy=refusal[0].expected)


def _passing(rule: Rule, backend: Backend, wanted: Wanted) -> Finding:
    if rule is PERSISTENCE:
        return Finding(rule, backend.NAME, f.PASS, f"{backend.NAME} filters by the same rules after a boot.")
    ports = f"{len(wanted.admissions)} port(s) or ranges of ports are open to the clients of the register"
    if wanted.mode == LOG:
        message = f"{backend.NAME} counts and logs what the register does not admit, and drops nothing (mode log)."
        return Finding(rule, backend.NAME, f.FAIL, message, remedy="Set lateral_movement_firewall_mode to enforce.")
    return Finding(rule, backend.NAME, f.PASS, f"{backend.NAME} lets in nobody else: {ports}.")


# The connection that carries this run


def _refusal(host: Host, wanted: Wanted, options: Options) -> tuple[Evidence, ...]:
    """Why the wanted state would cut the connection that carries this run; nothing where it would not."""
    carried = host.once(connection.read)
    if carried is None or wanted.mode == LOG or options["allow_self_cutoff"]:
        return ()
    return policy_refuses(wanted.admissions, carried)


def policy_refuses(admissions: t.Sequence[policy.Admission], carried: connection.Connection) -> tuple[Evidence, ...]:
    """One piece of evidence where no admission lets the connection in: who comes where, and how to admit it."""
    peer, port = carried.peer.partition("%")[0], carried.local_port
    if _local(peer) or policy.admitting(admissions, "tcp", peer, port):
        return ()
    entries = [one for one in admissions if one.protocol == "tcp" and one.first <= port <= one.last]
    names = " and ".join(dict.fromkeys(repr(one.service) for one in entries))
    why = f"{names} does not have it among its clients" if names else f"no service of the register has {port}/tcp"
    elsewhere = [one for one in admissions if one.admits("tcp", peer, one.first)]
    if elsewhere:
        why += f", though {elsewhere[0].service!r} admits it to {elsewhere[0].first}/tcp"
    remedy = (
        f"Add {peer} to the clients of the service with {port}/tcp in infosec_services, or connect from where the "
        "register admits it; lateral_movement_allow_self_cutoff overrides this."
    )
    return (Evidence("SSH connection of this run", f"it comes from {peer} to {port}/tcp, and {why}", remedy),)


def _local(peer: str) -> bool:
    return peer == "::1" or peer.startswith("127.")


CONTROL = Control(
    name=NAME,
    principle="lateral_movement",
    title="The host firewall lets in the register's clients alone",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
