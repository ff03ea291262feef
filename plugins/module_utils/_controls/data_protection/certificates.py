# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Certificates that servers show hold for those who ask, are renewed in time, and their keys are kept.

Judged is what is on the wire; where a server shows none, what its configuration names. How old keys are, and files that
no server shows, are key_rotation's.
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
from ansible_collections.infosec.principles.plugins.module_utils._host import processes
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._certificates import (
        names,
        pending,
        shown,
        verdicts,
    )
else:
    names = later("_controls.data_protection._certificates.names")
    pending = later("_controls.data_protection._certificates.pending")
    shown = later("_controls.data_protection._certificates.shown")
    verdicts = later("_controls.data_protection._certificates.verdicts")

NAME = "certificates"
PRINCIPLE = "https://infosec.mozilla.org/fundamentals/security_principles#guarantee-data-integrity-and-confidentiality"
GUIDELINE = "https://wiki.mozilla.org/Security/Server_Side_TLS"
PUBLIC = (
    "https://cabforum.org/2025/04/11/ballot-sc081v3-introduce-schedule-of-reducing-validity-and-data-reuse-periods/"
)

EXPIRY = Rule(
    "expiry",
    "Certificates that servers show are renewed before they end",
    "high",
    "https://infosec.mozilla.org/guidelines/web_security#https",
    "Renew it, and have it renewed by a timer from now on (certbot.timer, an ACME client, internal_ca.yml).",
)
LIFESPAN = Rule(
    "lifespan",
    "Certificates are valid for no longer than the profile and the rules for public authorities allow",
    "low",
    PUBLIC,
    "Have the next one made for 90 days, and renewed by a timer.",
)
KEY = Rule(
    "key",
    "The keys of certificates are of a kind and size that the guideline's profile has",
    "medium",
    GUIDELINE,
    "Make a new key with the next certificate: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256.",
)
SIGNATURE = Rule(
    "signature",
    "Certificates, and those between them and the root, are signed by algorithms that nobody can forge",
    "high",
    GUIDELINE,
    "Have it signed anew, by SHA-256 or better (openssl x509 -noout -text shows the Signature Algorithm).",
)
CHAIN = Rule(
    "chain",
    "Servers send the whole chain in its order, and it ends at an authority that is trusted here",
    "high",
    PRINCIPLE,
    "Have the server send its own certificate and those between it and the root, in this order (fullchain.pem). Where "
    "nobody signed it: have internal_ca.yml make one, or a public authority (ACME).",
)
NAMES = Rule(
    "names",
    "Certificates are for the names that clients ask for",
    "high",
    PRINCIPLE,
    "Have a certificate made for all names of the service; internal_ca.yml takes them from the register (names).",
)
KEY_MODE = Rule(
    "key_mode",
    "Nobody but its owner and its service reads the key of a certificate",
    "high",
    PRINCIPLE,
    "Take the rights of others away (chmod o=,g-w). Whoever could read it may have: replace key and certificate.",
)
RELOAD_PENDING = Rule(
    "reload_pending",
    "Servers show the certificate that lies in their file",
    "medium",
    "https://infosec.mozilla.org/guidelines/web_security#https",
    "Reload the service, and have whatever renews the certificate do so each time (certbot --deploy-hook).",
)
STAPLING = Rule(
    "stapling",
    "Servers send their authority's answer about revocation along, where its certificates have one",
    "low",
    GUIDELINE,
    "nginx: ssl_stapling on, with a resolver; Apache: SSLUseStapling on, with SSLStaplingCache.",
)
RULES = (EXPIRY, LIFESPAN, KEY, SIGNATURE, CHAIN, NAMES, KEY_MODE, RELOAD_PENDING, STAPLING)
_BY_NAME = {rule.name: rule for rule in RULES}
OPTIONS: dict[str, dict[str, t.Any]] = {
    "services": SERVICES_OPTION,
    "profile": {"type": "str", "choices": ["intermediate", "modern"], "default": "intermediate"},
    # What usual tools renew 30 days before the end has failed to be renewed for a while by then.
    "renew_days": {"type": "int", "default": 21},
    "certificate_folder": {"type": "str", "default": "/etc/ssl/infosec"},
}


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """Each certificate by all rules, and each place by who asks there and what it shows."""
    processes.need_holders(host)
    places = shown.places(host, options["services"], options["profile"])
    found = shown.certificates(host, places)
    for one in found:
        yield from _certificate(host, one, options)
    for path, pids in shown.keys(host, places).items():
        yield from _key(host, path, pids)
    for place in places:
        yield from _place(host, place)
    if not found:
        yield from (Finding(rule, "host", f.NOT_APPLICABLE, "No server shows a certificate here.") for rule in RULES)


def _certificate(host: Host, one: shown.Shown, options: Options) -> t.Iterator[Finding]:
    policy = verdicts.Policy(host.now(), options["renew_days"], options["certificate_folder"].rstrip("/"))
    for each in verdicts.judge(host, one, policy, verdicts.profile_of(one, options["profile"])):
        message = (
            f"{each.message[:-1]} (shown by {_where(one)})." if each.status == f.FAIL and one.places else each.message
        )
        yield Finding(
            _BY_NAME[each.rule], one.subject, each.status, message, each.evidence, each.fix, each.remedy, due=each.due
        )


def _key(host: Host, path: str, pids: t.Collection[int]) -> t.Iterator[Finding]:
    told = verdicts.mode(host, path, pids)
    if told:
        subject = processes.printable(path)
        yield Finding(KEY_MODE, subject, told.status, told.message, told.evidence, told.fix, told.remedy)


def _where(one: shown.Shown) -> str:
    places = list(dict.fromkeys(place.subject for place in one.places))
    return ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")


def _place(host: Host, place: shown.Place) -> t.Iterator[Finding]:
    if not place.chains:
        if place.need.owed and place.endpoint.pairs:
            message = f"What it shows could not be told: {place.why}."
            yield from (Finding(rule, place.subject, f.NOT_ASSESSED, message) for rule in (NAMES, RELOAD_PENDING))
        return
    if place.named or not place.endpoint.names:
        status, message = names.judge(host, place)
        told = tuple(Evidence(place.source, names.said(chain[0]), place.name or "this host") for chain in place.chains)
        yield Finding(NAMES, place.subject, status, message, told)
    # A name that was not asked for shows what all others do.
    if place.endpoint.pairs and (not place.named or len(place.endpoint.pairs) > 1):
        yield _pending(host, place)


def _pending(host: Host, place: shown.Place) -> Finding:
    path = pending.stale(host, place)
    if not path:
        return Finding(RELOAD_PENDING, place.subject, f.PASS, "It shows the certificate that lies in its file.")
    lies = shown.every(host, path)[0]
    told = (Evidence(place.source, f"serial {place.chains[0][0].serial}", f"serial {lies.serial} ({path})"),)
    message = (
        f"In {processes.printable(path)} lies another certificate, valid until {lies.not_after.date()}, than it shows."
    )
    fix = pending.changes(place, path)
    remedy = "" if fix else f"It takes it up by: {pending.steps(place)}."
    return Finding(RELOAD_PENDING, place.subject, f.FAIL, message, told, fix, remedy)


CONTROL = Control(
    name=NAME,
    principle="data_protection",
    title="Certificates hold for those who ask, and are renewed in time",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
