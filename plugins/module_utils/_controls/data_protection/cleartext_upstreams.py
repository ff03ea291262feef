# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Proxies that end TLS send on what they were given by TLS as well, where it leaves the host.

Mozilla, "Guarantee data integrity and confidentiality": encrypted in transit, end to end. Each product is one file in
_upstreams with a `find`; this one holds what is the same for all.
"""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import (
    SERVICES_OPTION,
    Control,
    Options,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host import processes, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._upstreams import (
        apache,
        haproxy,
        nginx,
        planning,
        whereabouts,
    )
    from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._upstreams.model import (
        Proxy,
        Route,
        Target,
    )
else:
    apache = later("_controls.data_protection._upstreams.apache")
    haproxy = later("_controls.data_protection._upstreams.haproxy")
    nginx = later("_controls.data_protection._upstreams.nginx")
    planning = later("_controls.data_protection._upstreams.planning")
    whereabouts = later("_controls.data_protection._upstreams.whereabouts")

NAME = "cleartext_upstreams"
REFERENCE = "https://infosec.mozilla.org/fundamentals/security_principles#guarantee-data-integrity-and-confidentiality"

ENCRYPTED = Rule(
    "encrypted",
    "What proxies that end TLS send on to other hosts is encrypted",
    "high",
    REFERENCE,
    "Have the application speak TLS, with a certificate of playbooks/internal_ca.yml; then run again, or lead it "
    "through a tunnel that encrypts.",
)
VERIFIED = Rule(
    "verified",
    "Proxies that send on by TLS verify whom they send to",
    "medium",
    REFERENCE,
    "Have the proxy verify the certificate of the application and the name in it.",
)
RULES = (ENCRYPTED, VERIFIED)
OPTIONS: dict[str, dict[str, t.Any]] = {
    "services": SERVICES_OPTION,
    "certificate_folder": {"type": "str", "default": "/etc/ssl/infosec"},
    "upstreams": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"from": {"type": "str", "required": True}, "to": {"type": "str", "required": True}},
    },
}
#: A product's file, imported where one of its programs listens.
TRACES = ((nginx, ("nginx",)), (apache, ("apache2", "httpd")), (haproxy, ("haproxy",)))
#: Servers named in one message.
NAMED = 5


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """Both rules for each place of a proxy that sends on what came by TLS."""
    processes.need_holders(host)
    programs = {listener.process for listener in host.once(sockets.read)}
    found = False
    for product, names in TRACES:
        if not programs.isdisjoint(names):
            for finding in _of_product(host, product, names[0], options):
                found = True
                yield finding
    if not found:
        message = "no proxy that ends TLS here sends requests on"
        yield from (Finding(rule, NAME, f.NOT_APPLICABLE, message) for rule in RULES)


def _of_product(host: Host, product: t.Any, program: str, options: Options) -> t.Iterator[Finding]:
    try:
        for proxy in product.find(host):
            yield from _of_proxy(host, proxy, options)
    except NeedsRoot:
        raise
    except HostError as exc:
        yield from (Finding(rule, program, f.NOT_ASSESSED, str(exc)) for rule in RULES)


def _of_proxy(host: Host, proxy: Proxy, options: Options) -> t.Iterator[Finding]:
    routes = [route for route in proxy.routes() if route.tls or _declared(route, options)]
    judged = [(route, *verdict) for route in routes for verdict in _verdicts(host, route)]
    wrong = {route.subject: route for route, _rule, status, *_rest in judged if status == f.FAIL}
    plan = planning.of(host, proxy, list(wrong.values()), planning.settings(options)) if wrong else None
    for route, rule, status, message, evidence in judged:
        subject = f"{proxy.name} {route.subject}"
        if status != f.FAIL or plan is None:
            yield Finding(rule, subject, status, message, evidence)
        elif route.subject in plan.changes:
            yield Finding(rule, subject, status, message, evidence, plan.changes[route.subject])
        else:
            why = f"{message}; not changed by itself: {plan.reasons[route.subject]}"
            yield Finding(rule, subject, status, why, evidence, remedy=route.steps)


def _declared(route: Route, options: Options) -> bool:
    """Whether the register says that what comes in there is encrypted (by somebody before this host, then)."""
    return any(
        one["protocol"] == "tcp" and one["first"] <= port <= one["last"]
        for service in options["services"]
        if service["tls"] != "none"
        for one in service["ports"]
        for port in route.ports
    )


# Verdicts

_Verdict = tuple[Rule, str, str, tuple[Evidence, ...]]


def _verdicts(host: Host, route: Route) -> t.Iterator[_Verdict]:
    """Rule, status, message and evidence; the second rule only where something leaves the host by TLS."""
    if route.unknown:
        yield ENCRYPTED, f.NOT_ASSESSED, route.unknown, (Evidence(route.place, "not known before it runs"),)
        return
    where = {target: whereabouts.of(host, target) for target in route.targets}
    evidence = tuple(Evidence(target.place, _said(target, where[target])) for target in route.targets)
    lost = [place.unknown for target, place in where.items() if place.unknown and target.clear]
    abroad = [target for target, place in where.items() if not place.kept and not place.unknown]
    clear = [target for target in abroad if target.clear]
    if clear:
        expected = tuple(
            Evidence(target.place, _said(target, where[target]), "TLS") for target in route.targets if target in clear
        )
        message = f"what comes in by TLS is sent on in clear to {_named(clear)}"
        yield ENCRYPTED, f.FAIL, message, expected
    elif lost:
        yield ENCRYPTED, f.NOT_ASSESSED, lost[0], evidence
    else:
        yield ENCRYPTED, f.PASS, "what it sends on is encrypted or leaves this host by no network in clear", evidence
    encrypted = [target for target in abroad if not target.clear]
    if encrypted and route.verified:
        yield VERIFIED, f.PASS, f"whoever answers as {_named(encrypted)} has to prove it", evidence
    elif encrypted:
        message = f"whoever answers in the place of {_named(encrypted)} is not asked to prove it"
        yield VERIFIED, f.FAIL, message, evidence


def _said(target: Target, place: whereabouts.Whereabouts) -> str:
    at = f" ({', '.join(place.addresses)})" if place.addresses and place.addresses != (target.host,) else ""
    what = place.kept or place.unknown or ("in clear" if target.clear else "by TLS")
    return f"{processes.printable(target.name)}{at}: {what}"


def _named(targets: t.Sequence[Target]) -> str:
    names = list(dict.fromkeys(processes.printable(target.name) for target in targets))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"


CONTROL = Control(
    name=NAME,
    principle="data_protection",
    title="Proxies keep what came by TLS encrypted",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
