# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""This host lets in the clients of the register and nobody else, also after a boot.

One firewall program holds it: the one that is active here, or nftables where none is.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import (
    firewalld,
    nftables,
    policy,
    preflight,
    ufw,
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
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

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

BACKENDS: tuple[Backend, ...] = (nftables, firewalld, ufw)
#: Where none is active.
DEFAULT: Backend = nftables
#: firewalld cannot say all that is wanted, and has our table of nftables beside it.
WITH_OUR_TABLE = ("nftables", "firewalld")
OPTIONS: dict[str, dict[str, t.Any]] = {
    "services": SERVICES_OPTION,
    "mode": {"type": "str", "choices": [ENFORCE, LOG], "default": ENFORCE},
    "backend": {"type": "str", "choices": [AUTO, "nftables", "firewalld", "ufw"], "default": AUTO},
    "confirm_seconds": {"type": "int", "default": 60},
    "allow_self_cutoff": {"type": "bool", "default": False},
}


@dataclasses.dataclass(frozen=True)
class Plan:
    """How the chosen program differs from what is wanted, and why it is not mended, or how.

    remains: what an earlier run left in nftables, where another program holds the host now.
    """

    differences: tuple[Difference, ...]
    remains: tuple[Evidence, ...]
    refusal: preflight.Refusal | None
    fix: tuple[Change, ...]


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """Judge what the active firewall program lets in against the register. Raises NeedsRoot."""
    active = [backend for backend in BACKENDS if backend.active(host)]
    chosen = _chosen(options["backend"], active)
    yield _one_firewall(active, chosen)
    if chosen is None:
        yield from _undecided(active)
    elif chosen is not DEFAULT and chosen not in active:
        yield from _inactive(chosen)
    else:
        yield from _decided(host, chosen, options)


def _chosen(wanted: str, active: t.Sequence[Backend]) -> Backend | None:
    """The program that is to hold this host; None where more than one is active and nobody said which."""
    if wanted != AUTO:
        return next((backend for backend in BACKENDS if wanted == backend.NAME), None)
    return {0: DEFAULT, 1: active[0] if active else None}.get(len(active))


def _both(subject: str, status: str, message: str) -> t.Iterator[Finding]:
    for rule in (ADMISSION, PERSISTENCE):
        yield Finding(rule, subject, status, message)


# Which program holds the host


def _one_firewall(active: t.Sequence[Backend], chosen: Backend | None) -> Finding:
    names = sorted({backend.NAME for backend in (*active, *([chosen] if chosen else []))})
    if len(names) > 1:
        message = f"More than one firewall program is at work here: {' and '.join(names)}."
        evidence = tuple(Evidence(name, "at work", "one program alone") for name in names)
        return Finding(ONE_FIREWALL, NAME, f.FAIL, message, evidence)
    if chosen not in (*active, DEFAULT):
        return Finding(ONE_FIREWALL, NAME, f.FAIL, f"No firewall program is active here, though {names[0]} is to be.")
    return Finding(ONE_FIREWALL, NAME, f.PASS, f"{names[0]} alone holds this host.")


def _undecided(active: t.Sequence[Backend]) -> t.Iterator[Finding]:
    for backend in BACKENDS:
        if backend in active:
            yield from _both(backend.NAME, f.NOT_ASSESSED, UNDECIDED)
        else:
            yield from _both(backend.NAME, f.NOT_APPLICABLE, f"{backend.NAME} is not active.")


UNDECIDED = (
    "More than one firewall program is at work, so none was looked at: stop all but one, or say which one is to hold "
    "this host (lateral_movement_firewall_backend)."
)


def _inactive(chosen: Backend) -> t.Iterator[Finding]:
    yield from _both(
        chosen.NAME, f.FAIL, f"{chosen.NAME} is to hold this host, but is not active; start and enable it."
    )
    yield from _others(chosen)


def _others(chosen: Backend) -> t.Iterator[Finding]:
    for backend in BACKENDS:
        if backend is not chosen:
            yield from _both(backend.NAME, f.NOT_APPLICABLE, f"{chosen.NAME} holds this host.")


# Rules admission and persistence


def _decided(host: Host, chosen: Backend, options: Options) -> t.Iterator[Finding]:
    wanted = Wanted(policy.admissions(options["services"]), options["mode"])
    try:
        plan = _plan(host, chosen, wanted, options)
    except (HostError, ChangeError) as exc:
        why = " ".join(str(exc).split())
        yield from _both(chosen.NAME, f.NOT_ASSESSED, f"What {chosen.NAME} filters by could not be seen: {why}")
        yield from _others(chosen)
        return
    yield from (_judged(rule, chosen, wanted, plan) for rule in (ADMISSION, PERSISTENCE))
    for finding in _others(chosen):
        yield _left_over(finding, chosen, plan) if plan.remains and finding.subject == nftables.NAME else finding


def _plan(host: Host, chosen: Backend, wanted: Wanted, options: Options) -> Plan:
    """Raises HostError and ChangeError. What fails together is mended together, so that no moment is without rules."""
    differences = tuple(chosen.compare(host, wanted))
    remains = () if chosen.NAME in WITH_OUR_TABLE else nftables.remains(host)
    refusal = preflight.refusal(host, wanted) if differences and not options["allow_self_cutoff"] else None
    fix: tuple[Change, ...] = ()
    if differences and not refusal:
        changes = chosen.changes(host, wanted)
        # Only somebody else's rule may be in the way: then there is nothing of ours to change.
        fix = (Guard(options["confirm_seconds"]), *changes) if changes else ()
    if remains and not refusal:
        fix = (*fix, *nftables.retire(host))
    return Plan(differences, remains, refusal, fix)


def _judged(rule: Rule, chosen: Backend, wanted: Wanted, plan: Plan) -> Finding:
    found = [difference for difference in plan.differences if difference.rule == rule.name]
    if not found:
        return _passing(rule, chosen, wanted)
    message = " ".join(difference.message for difference in found)
    evidence = tuple(item for difference in found for item in difference.evidence)
    if not plan.refusal:
        return Finding(rule, chosen.NAME, f.FAIL, message, evidence, plan.fix)
    why = plan.refusal.evidence
    message = f"{message} Not mended, since that would cut {plan.refusal.cuts}: {why.found}."
    return Finding(rule, chosen.NAME, f.FAIL, message, (why, *evidence), remedy=why.expected)


def _passing(rule: Rule, chosen: Backend, wanted: Wanted) -> Finding:
    if rule is PERSISTENCE:
        return Finding(rule, chosen.NAME, f.PASS, f"{chosen.NAME} filters by the same rules after a boot.")
    if wanted.mode == LOG:
        message = f"{chosen.NAME} counts and logs what the register does not admit, and drops nothing (mode log)."
        return Finding(rule, chosen.NAME, f.FAIL, message, remedy="Set lateral_movement_firewall_mode to enforce.")
    ports = f"{len(wanted.admissions)} port(s) or ranges of ports are open to the clients of the register"
    return Finding(rule, chosen.NAME, f.PASS, f"{ports}, and nothing else to anybody.")


def _left_over(finding: Finding, chosen: Backend, plan: Plan) -> Finding:
    message = f"{chosen.NAME} holds this host, but the rules that an earlier run gave to nftables are still there."
    return Finding(finding.rule, finding.subject, f.FAIL, message, plan.remains, plan.fix)


CONTROL = Control(
    name=NAME,
    principle="lateral_movement",
    title="The host firewall lets in the register's clients alone",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
