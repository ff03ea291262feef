# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Services speak TLS where the register asks for it, and what they speak is what Mozilla's guideline has today.

What a server offers is asked on the wire, the same way for all products (_host/tls_probe.py). What the wire cannot
tell, and how it is put right, each product's file in _tls knows.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import time
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import needs, products
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    NEVER,
    Endpoint,
    Server,
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
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import (
        alone,
        planning,
        verdicts,
    )
    from ansible_collections.infosec.principles.plugins.module_utils._host import tls_probe, together
else:
    alone = later("_controls.data_protection._tls.alone")
    planning = later("_controls.data_protection._tls.planning")
    verdicts = later("_controls.data_protection._tls.verdicts")
    tls_probe = later("_host.tls_probe")
    together = later("_host.together")

NAME = "service_tls"
REFERENCE = "https://infosec.mozilla.org/fundamentals/security_principles#guarantee-data-integrity-and-confidentiality"
GUIDELINE_REFERENCE = "https://wiki.mozilla.org/Security/Server_Side_TLS"

OFFERED = Rule(
    "offered",
    "Services speak TLS where the register asks for it",
    "high",
    REFERENCE,
    "Have playbooks/internal_ca.yml deploy a certificate for the entry of the register; then let the service use it.",
)
PROTOCOLS = Rule(
    "protocols",
    "Services speak only the versions of TLS that the guideline's profile has",
    "medium",
    GUIDELINE_REFERENCE,
    "Switch the older versions off in the service's configuration.",
)
CIPHERS = Rule(
    "ciphers",
    "Services take only ciphers that the guideline's profile has",
    "medium",
    GUIDELINE_REFERENCE,
    "Give the service the profile's list of ciphers.",
)
GROUPS = Rule(
    "groups",
    "Services agree on keys only by groups that the guideline's profile has",
    "low",
    GUIDELINE_REFERENCE,
    "Give the service the profile's list of groups (curves), without those that its library does not have.",
)
CLEAR_TEXT = Rule(
    "clear_text",
    "Nobody can come in clear where the register asks for TLS",
    "high",
    REFERENCE,
    "Let the clients that still come in clear use TLS; then have the service insist on it.",
)
GUIDELINE = Rule(
    "guideline",
    "Services follow the guideline as it is today, and no version that it has superseded",
    "low",
    GUIDELINE_REFERENCE,
    "Take the ciphers with DHE out of the service's list: no client of today needs them.",
)
RULES = (OFFERED, PROTOCOLS, CIPHERS, GROUPS, CLEAR_TEXT, GUIDELINE)

NEVER_RESTART, WHEN_NEEDED = "never", "when_needed"
OPTIONS: dict[str, dict[str, t.Any]] = {
    "services": SERVICES_OPTION,
    "profile": {"type": "str", "choices": [needs.INTERMEDIATE, needs.MODERN], "default": needs.INTERMEDIATE},
    "certificate_folder": {"type": "str", "default": "/etc/ssl/infosec"},
    "required_after_days": {"type": "int", "default": 7},
    "restart": {"type": "str", "choices": [NEVER_RESTART, WHEN_NEEDED], "default": NEVER_RESTART},
}

#: Seconds for all handshakes of a host; the engine ends a control after 30.
SECONDS = 20.0
#: Names of servers that are asked for at one port.
MOST_NAMES = 100
_HOST_NAME = re.compile(
    r"(?:\*\.)?(?:[A-Za-z0-9_](?:[-A-Za-z0-9_]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_][-A-Za-z0-9_]{0,62}"
)


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """All rules for each port of a known server, and for each that the register asks TLS of."""
    processes.need_holders(host)
    servers = _servers(host, options)
    ends = _ends(host, servers, options)
    every = [end for found in ends for end in found]
    for server, found in zip(servers, ends):
        yield from _judge(host, server, found, every, options)
    unread = host.once(products.read).unread
    for program, why in unread:
        message = f"What {program} serves by TLS could not be told: {why}."
        yield from (Finding(rule, program, f.NOT_ASSESSED, message) for rule in RULES)
    if not every and not unread:
        message = "No service speaks TLS here, and the register asks none to."
        yield from (Finding(rule, NAME, f.NOT_APPLICABLE, message) for rule in RULES)


def _servers(host: Host, options: Options) -> tuple[Server, ...]:
    known = host.once(products.read).servers
    ports = {endpoint.port for server in known for endpoint in server.endpoints}
    return (*known, *alone.find(host, options["services"], ports)) if options["services"] else known


# What is looked at


def _ends(host: Host, servers: t.Sequence[Server], options: Options) -> list[list[verdicts.End]]:
    """For each server its ends, all asked at once: some servers start a process for each connection."""
    wanted = [(server, end, need) for server in servers for end, need in _wanted(server, options)]
    if not wanted:
        return [[] for _server in servers]
    deadline = time.monotonic() + SECONDS
    seen = together.each([functools.partial(_seen, host, *one, deadline) for one in wanted])
    return [
        [end for (owner, *_rest), ends in zip(wanted, seen) if owner is server for end in ends] for server in servers
    ]


def _wanted(server: Server, options: Options) -> t.Iterator[tuple[Endpoint, needs.Need]]:
    """The ports to look at."""
    for endpoint in server.endpoints:
        need = needs.of(options["services"], endpoint.port, options["profile"])
        reached = not all(map(sockets.is_loopback, endpoint.addresses))
        if need.owed or (reached and endpoint.begins != NEVER):
            yield endpoint, need


def _seen(host: Host, server: Server, endpoint: Endpoint, need: needs.Need, deadline: float) -> list[verdicts.End]:
    """The port for those who name no server, and for each name that it tells apart."""
    first = _nameless(host, verdicts.End(server, endpoint, need, ""), deadline)
    if first.seen is None or first.seen.state == tls_probe.CLEAR:
        return [first]
    names = filter(_HOST_NAME.fullmatch, endpoint.names[:MOST_NAMES])
    named = [dataclasses.replace(first, name=name) for name in names]
    return [first, *(dataclasses.replace(end, seen=_asked(host, end, deadline)) for end in named)]


def _nameless(host: Host, end: verdicts.End, deadline: float) -> verdicts.End:
    """The end by the first of its addresses that takes a connection."""
    for address in tls_probe.dialled(end.endpoint.addresses):
        end = dataclasses.replace(end, address=address)
        end = dataclasses.replace(end, seen=_asked(host, end, deadline))
        if end.seen is None or end.seen.state != tls_probe.SHUT:
            break
    return end


def _asked(host: Host, end: verdicts.End, deadline: float) -> tls_probe.Seen | None:
    if end.endpoint.begins == NEVER:
        return None
    if time.monotonic() > deadline:
        return tls_probe.Seen(tls_probe.UNKNOWN, f"the handshakes of this host took longer than {SECONDS:g} s")
    # Any name that a wildcard stands for will do.
    name = end.name.replace("*", "infosec")
    target = tls_probe.Target(end.address, end.endpoint.port, end.endpoint.begins, name)
    return tls_probe.read(host, target, end.profile)


# What is said of it


def _judge(
    host: Host, server: Server, ends: list[verdicts.End], every: list[verdicts.End], options: Options
) -> t.Iterator[Finding]:
    folder = options["certificate_folder"].rstrip("/")
    placed = [
        dataclasses.replace(end, elsewhere=_elsewhere(end, every), deployed=planning.deployed(host, end, folder))
        for end in ends
    ]
    judged = [(end, verdict) for end in placed for verdict in _verdicts(host, end, options)]
    if not judged:
        return
    plan = planning.of(host, server, judged, options["restart"] == WHEN_NEEDED)
    for end, verdict in judged:
        yield _finding(end, verdict, plan, folder)


def _verdicts(host: Host, end: verdicts.End, options: Options) -> t.Iterator[verdicts.Verdict]:
    if not end.name:
        yield from verdicts.of_port(host, end, options["required_after_days"])
    yield from verdicts.of_terms(end)


def _elsewhere(end: verdicts.End, every: list[verdicts.End]) -> str:
    """Another port at which an entry that has this one speaks TLS, such as 443/tcp for 80/tcp."""
    for one in every:
        if one.speaks and one.endpoint.port != end.endpoint.port and set(one.need.entries) & set(end.need.entries):
            return one.endpoint.name
    return ""


def _finding(end: verdicts.End, verdict: verdicts.Verdict, plan: planning.Plan, folder: str) -> Finding:
    rule = next(rule for rule in RULES if rule.name == verdict.rule)
    if not verdict.mend or plan.mends(end, verdict):
        fix = plan.changes if verdict.mend else ()
        return Finding(rule, end.subject, verdict.status, verdict.message, verdict.evidence, fix)
    message = f"{verdict.message} Not fixed: {plan.reason(end, verdict, folder)}."
    return Finding(rule, end.subject, verdict.status, message, verdict.evidence)


CONTROL = Control(
    name=NAME,
    principle="data_protection",
    title="Services speak TLS as Mozilla's guideline has it",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
