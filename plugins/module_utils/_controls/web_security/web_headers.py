# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Web sites answer as Mozilla's guideline for web security has it, and have the grade that its Observatory calls B+.

Each name at each port of nginx, Apache httpd and HAProxy is asked over loopback, and judged by what it answers.
"""

from __future__ import annotations

import typing as t

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
    from ansible_collections.infosec.principles.plugins.module_utils._controls._web import vhosts
    from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
    from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers import (
        looks,
        nginx_lost,
        planning,
        policy,
        verdicts,
    )
    from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.looks import (
        Look,
        Looks,
    )
    from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.planning import (
        Plans,
    )
    from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.verdicts import (
        Verdict,
    )
else:
    vhosts = later("_controls._web.vhosts")
    looks, planning, policy, verdicts = (
        later(f"_controls.web_security._headers.{name}") for name in ("looks", "planning", "policy", "verdicts")
    )
    nginx_lost = later("_controls.web_security._headers.nginx_lost")

NAME = "web_headers"
REFERENCE = "https://infosec.mozilla.org/guidelines/web_security"

REDIRECT = Rule(
    "redirect",
    "Visitors who come in clear are led to TLS at once",
    "maximum",
    f"{REFERENCE}#http-redirections",
    "Have the register ask TLS of the port; service_tls then leads visitors there.",
)
HSTS = Rule(
    "hsts",
    "Browsers are told to come by TLS alone, for six months or more",
    "high",
    f"{REFERENCE}#http-strict-transport-security",
    "Send Strict-Transport-Security once, with max-age=63072000, where the certificate is valid.",
)
FRAME_OPTIONS = Rule(
    "frame_options",
    "Nobody frames the site who was not declared",
    "high",
    f"{REFERENCE}#x-frame-options",
    "Send X-Frame-Options: SAMEORIGIN, or frame-ancestors in the content security policy.",
)
CSP = Rule(
    "csp",
    "A content security policy is in force",
    "high",
    f"{REFERENCE}#content-security-policy",
    "Send one, first as Content-Security-Policy-Report-Only; frame-ancestors alone breaks nothing.",
)
CONTENT_TYPE_OPTIONS = Rule(
    "content_type_options",
    "Browsers take content for what it is said to be",
    "low",
    f"{REFERENCE}#x-content-type-options",
    "Send X-Content-Type-Options: nosniff, and scripts and styles with their types.",
)
REFERRER_POLICY = Rule(
    "referrer_policy",
    "Other sites are not told which page a visitor comes from",
    "low",
    f"{REFERENCE}#referrer-policy",
    "Send Referrer-Policy: strict-origin-when-cross-origin, or a narrower one.",
)
COOKIES = Rule(
    "cookies",
    "Cookies come back by TLS alone, and those of sessions are out of the reach of scripts",
    "high",
    f"{REFERENCE}#cookies",
    "Have the application set Secure and SameSite on all cookies, and HttpOnly on those of sessions.",
)
CORS = Rule(
    "cors",
    "No other site reads the answers with the visitor's cookies",
    "high",
    f"{REFERENCE}#cross-origin-resource-sharing",
    "Have the application compare the Origin with a list before it answers with it in Access-Control-Allow-Origin.",
)
RESOURCE_LOADING = Rule(
    "resource_loading",
    "All of the front page comes by TLS",
    "maximum",
    f"{REFERENCE}#resource-loading",
    "Write https:// in the page.",
)
INTEGRITY = Rule(
    "integrity",
    "Browsers check the scripts that others serve for the front page",
    "medium",
    f"{REFERENCE}#subresource-integrity",
    "Give scripts of others integrity=sha384-… and crossorigin=anonymous, or serve them yourself.",
)
VERSION_BANNER = Rule(
    "version_banner",
    "Answers name no version of what serves them",
    "low",
    REFERENCE,
    "Turn versions off: server_tokens off (nginx), ServerTokens Prod (Apache httpd), expose_php = Off (PHP).",
)
OBSOLETE_HEADERS = Rule(
    "obsolete_headers",
    "No headers are sent that do more harm than good",
    "low",
    REFERENCE,
    "Take Public-Key-Pins and X-XSS-Protection out of the configuration, or out of the application.",
)
GRADE = Rule(
    "grade",
    "The site has the score that is asked for, by the scoring of Mozilla's Observatory",
    "medium",
    "https://developer.mozilla.org/en-US/observatory/docs/tests_and_scoring",
    "See the evidence: each row says what it costs and what to do next.",
)
RULES = (
    *(REDIRECT, HSTS, FRAME_OPTIONS, CSP, CONTENT_TYPE_OPTIONS, REFERRER_POLICY, COOKIES, CORS, RESOURCE_LOADING),
    *(INTEGRITY, VERSION_BANNER, OBSOLETE_HEADERS, GRADE),
)
_BY_NAME = {rule.name: rule for rule in RULES}

FRAMES, MODES = ("SAMEORIGIN", "DENY"), ("report_only", "enforce")
REFERRERS = ("no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin")
#: Of each site, and of all that have none of their own.
SETTINGS: dict[str, dict[str, t.Any]] = {
    "csp": {"type": "str", "default": ""},
    "csp_mode": {"type": "str", "choices": [*MODES], "default": "report_only"},
    "framed_by": {"type": "list", "elements": "str", "default": []},
    "frame_options": {"type": "str", "choices": [*FRAMES], "default": "SAMEORIGIN"},
    "hsts_max_age": {"type": "int", "default": 63072000},
    "hsts_include_subdomains": {"type": "bool", "default": False},
    "hsts_preload": {"type": "bool", "default": False},
    "referrer_policy": {"type": "str", "choices": [*REFERRERS], "default": REFERRERS[-1]},
    "minimum_score": {"type": "int", "default": 80},
}
_OF_ONE: dict[str, dict[str, t.Any]] = {
    name: {key: value for key, value in spec.items() if key != "default"} for name, spec in SETTINGS.items()
}
OPTIONS: dict[str, dict[str, t.Any]] = {
    "services": SERVICES_OPTION,
    **SETTINGS,
    "sites": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "names": {"type": "list", "elements": "str", "required": True},
            **_OF_ONE,
            "enforce": {"type": "bool"},
        },
    },
}

#: Programs that tell, before anything of theirs is read, that there are sites.
PROGRAMS = frozenset(("nginx", "apache2", "httpd", "haproxy"))


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """The rules that concern it for each name at each port that other hosts reach."""
    processes.need_holders(host)
    if PROGRAMS.isdisjoint(one.process for one in host.once(sockets.read)):
        yield from _every(f.NOT_APPLICABLE, "None of nginx, Apache httpd and HAProxy runs here.")
    elif policy.fault(options):
        yield from _every(f.ERROR, f"An option cannot be used: {policy.fault(options)}.")
    else:
        yield from _served(host, options)


def _every(status: str, message: str, subject: str = NAME) -> t.Iterator[Finding]:
    """What is said of all rules."""
    yield from (Finding(rule, subject, status, message) for rule in RULES)


def _served(host: Host, options: Options) -> t.Iterator[Finding]:
    served = host.once(vhosts.read)
    seen = looks.read(host, served.all)
    yield from _sites(host, seen, options)
    for problem in served.problems:
        yield from _every(f.NOT_ASSESSED, problem, problem.partition(": ")[0])
    if not seen.all and not served.problems:
        yield from _every(f.NOT_APPLICABLE, "No site of this host is reached from other hosts.")


def _sites(host: Host, seen: Looks, options: Options) -> t.Iterator[Finding]:
    judged = [(look, list(_verdicts(host, look, seen, options))) for look in seen.all]
    wants = [
        planning.merged(look.vhost, (one.mend for one in found if one.mend))
        for look, found in judged
        if any(one.mend for one in found) and policy.of(options, look.vhost.name).enforce
    ]
    plans = planning.of(host, wants)
    for look, found in judged:
        yield from (_finding(look.vhost, one, plans) for one in found)


def _verdicts(host: Host, look: Look, seen: Looks, options: Options) -> t.Iterator[Verdict]:
    if look.answer is None and not look.led:
        yield from _unseen(look)
        return
    wanted = policy.of(options, look.vhost.name)
    case = verdicts.Case(host, look, seen, wanted, looks.site(look, seen), _closed(options))
    for one in verdicts.of(case):
        yield nginx_lost.completed(case, one) if look.vhost.product == "nginx" else one
    if look.vhost.tls or seen.twin(look, tls=True) is None:
        yield verdicts.grade(look, seen, wanted)


def _closed(options: Options) -> frozenset[int]:
    """The ports to which nobody else is to come, as the register has it."""
    ports = (port for one in options["services"] if not one["clients"] for port in one["ports"])
    return frozenset(number for port in ports for number in range(port["first"], port["last"] + 1))


def _unseen(look: Look) -> t.Iterator[Verdict]:
    """A server that is told to hang up on whoever names no site of it has nothing to show."""
    if looks.hangs_up(look.vhost):
        message = "It hangs up on everybody, as its configuration has it (return 444, ssl_reject_handshake)."
        yield verdicts.Verdict(GRADE.name, f.NOT_APPLICABLE, message)
        return
    yield from (verdicts.Verdict(rule.name, f.NOT_ASSESSED, f"Nothing came: {look.why}.") for rule in RULES)


def _finding(vhost: Vhost, verdict: Verdict, plans: Plans) -> Finding:
    rule, changes = _BY_NAME[verdict.rule], plans.changes.get(vhost.subject, ())
    reason = plans.reasons.get(vhost.subject, "")
    failed = verdict.status == f.FAIL
    mended = failed and bool(verdict.mend or verdict.measure) and bool(changes)
    message, remedy = verdict.message, verdict.remedy
    if failed and verdict.mend and not changes and reason:
        message = f"{message} Not fixed: {reason}."
        remedy = plans.steps.get(vhost.subject, remedy)
    return Finding(
        rule,
        vhost.subject,
        verdict.status,
        message,
        verdict.evidence,
        changes if mended else (),
        remedy,
        measure=verdict.measure,
    )


CONTROL = Control(
    name=NAME,
    principle="web_security",
    title="Web sites answer as Mozilla's guideline has it",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
