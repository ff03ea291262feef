# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What is said of each site, rule by rule, and what of its answers has to change for it."""

from __future__ import annotations

import dataclasses
import re
import typing as t
import urllib.parse

from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers import hsts
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.looks import (
    Look,
    Looks,
    site,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.policy import (
    DENY,
    ENFORCE,
    SAMEORIGIN,
    Policy,
    ancestors,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import csp, observatory
from ansible_collections.infosec.principles.plugins.module_utils._formats.front_page import HTML_TYPES
from ansible_collections.infosec.principles.plugins.module_utils._formats.observatory import Row, Site, every, joined
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: Mozilla's least: six months, of 365 days and a half each year.
LEAST_AGE = 15768000
CSP, CSP_REPORT, XFO = "Content-Security-Policy", "Content-Security-Policy-Report-Only", "X-Frame-Options"
HSTS, NOSNIFF, REFERRER = "Strict-Transport-Security", "X-Content-Type-Options", "Referrer-Policy"
#: Headers that Mozilla's guideline took out (2024-03), and the values with which they do no harm.
OBSOLETE = {"Public-Key-Pins": "", "Public-Key-Pins-Report-Only": "", "X-XSS-Protection": "0"}
#: Headers in which programs name themselves.
BANNERS = ("X-Powered-By", "X-AspNet-Version", "X-AspNetMvc-Version", "X-Generator")
#: Scripts and style sheets of the front page that are asked for before browsers are told to mind their types.
MOST_ASSETS = 12
SCRIPT_TYPE = re.compile(
    r"(?:application|text)/(?:x-)?(?:java|ecma|j|live)script(?:1\.\d)?|application/json|application/wasm"
)


@dataclasses.dataclass(frozen=True)
class Mend:
    """What has to change in the answers; see Want."""

    set: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    missing: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    drop: tuple[str, ...] = ()
    banner: bool = False


@dataclasses.dataclass(frozen=True)
class Verdict:
    """One rule of one site. mend: None for what no header puts right."""

    rule: str
    status: str
    message: str
    evidence: tuple[Evidence, ...] = ()
    mend: Mend | None = None
    remedy: str = ""
    measure: str = ""


@dataclasses.dataclass(frozen=True)
class Case:
    """What the rules judge by. closed: ports to which nobody else is to come, as the register has it."""

    host: Host
    look: Look
    looks: Looks
    policy: Policy
    site: Site
    closed: frozenset[int] = frozenset()

    @property
    def headers(self) -> observatory.Headers:
        """Those of the answer."""
        return self.site.headers

    def came(self, name: str, expected: str) -> tuple[Evidence, ...]:
        """The header as it came."""
        values = every(self.headers, name.lower())
        found = " | ".join(printable(one[:500]) for one in values) or "(none)"
        return (Evidence(f"GET {printable(self.look.route[-1] if self.look.route else '/')}: {name}", found, expected),)


def of(case: Case) -> t.Iterator[Verdict]:
    """What is said of a site that answered."""
    for judge in _rules(case.look):
        yield judge(case)


def _rules(look: Look) -> t.Iterable[t.Callable[[Case], Verdict]]:
    """Who is led on sees no page here, so that only what counts for the connection and the server is judged."""
    if look.led:
        return (hsts_, version_banner) if look.vhost.tls else (redirect, version_banner)
    pages = (frame_options, csp_, content_type_options, referrer_policy, cookies, cors, resource_loading, integrity)
    both = (*pages, version_banner, obsolete_headers)
    return (hsts_, *both) if look.vhost.tls else (redirect, *both)


# What visitors come by


def redirect(case: Case) -> Verdict:
    """Whoever comes in clear is led to TLS at once, and to the same name first."""
    result = next(row for row in observatory.rows(case.site) if row.test == "redirect")
    way = " -> ".join(printable(one) for one in case.look.route)
    evidence = (Evidence("GET /", way, "a redirect to https:// with the same name"),)
    if result.result in ("to-https", "not-needed"):
        return Verdict("redirect", f.PASS, "Who comes in clear is led to TLS.", evidence)
    if result.result == "invalid-certificate" and case.look.to_tls:
        message = "Who comes in clear is led to TLS, whose certificate is not valid for the name."
        return Verdict("redirect", f.PASS, message, evidence)
    if result.result == "other-host":
        message = "Who comes in clear is led to another name by TLS; its own name never tells browsers to come by TLS."
        return Verdict("redirect", f.PASS, message, evidence)
    twin = case.looks.twin(case.look, tls=True)
    message = f"{result.found[0].upper()}{result.found[1:]}."
    return Verdict("redirect", f.FAIL, message, evidence, remedy=_to_tls(case, twin))


def _to_tls(case: Case, twin: Look | None) -> str:
    name = printable(case.look.vhost.name or "the name")
    if twin is None:
        return (
            f"Nothing serves {name} by TLS here. Give its port's entry in the register tls: intermediate and names, "
            "have internal_ca.yml (or an ACME client) get a certificate, and let the server use it; for an API, close "
            "the port. Where another host ends TLS before this one, let this port listen for that host alone, and "
            "waive the finding."
        )
    return (
        f"service_tls (role data_protection) leads whoever comes in clear to https://{name}/ (308), once the "
        f"certificate there is valid and the register's entry that has port {case.look.vhost.port} says tls: "
        "intermediate; its finding clear_text tells what else keeps it from that."
    )


def hsts_(case: Case) -> Verdict:
    """Browsers are told to come by TLS alone, for six months or more."""
    came = [one for one in (case.look.first or case.look.answer,) if one]
    values = [value for one in came for value in every(one.headers, "strict-transport-security")]
    evidence = case.came(HSTS, case.policy.hsts)
    found = observatory.hsts(values)
    fault = _hsts_fault(found, values, case.policy)
    if not fault:
        return Verdict("hsts", f.PASS, "Browsers are told to come by TLS alone.", evidence)
    if values == [case.policy.hsts]:
        message = f"{fault} That is what hsts_max_age wants; raise it once nothing is missed."
        return Verdict("hsts", f.FAIL, message, evidence)
    # Nobody is locked out by less of it, which is the way back.
    less = found is not None and case.policy.hsts_max_age < min(found.max_age, LEAST_AGE)
    kept = "" if less else hsts.obstacle(case.host, case.look, case.looks.all, case.closed)
    if kept:
        return Verdict("hsts", f.FAIL, f"{fault} Not fixed: {kept}.", evidence)
    mend = Mend(set={HSTS: case.policy.hsts}) if values else Mend(missing={HSTS: case.policy.hsts})
    return Verdict("hsts", f.FAIL, fault, evidence, mend)


def _hsts_fault(found: observatory.Hsts | None, values: t.Sequence[str], policy: Policy) -> str:
    if not values:
        return "Browsers are not told to come by TLS alone."
    if found is None:
        times = f"{len(values)} times" if len(values) > 1 else "in a form"
        return f"Strict-Transport-Security came {times}, of which browsers take nothing, or the first alone."
    if found.max_age < LEAST_AGE:
        return f"Browsers come by TLS alone for {found.max_age} s, which is less than six months."
    if policy.hsts_max_age < LEAST_AGE:
        return f"Browsers come by TLS alone for {found.max_age} s, and hsts_max_age wants less."
    if policy.hsts_include_subdomains and not found.subdomains:
        return "Names below are left out, though hsts_include_subdomains is set."
    return (
        "The word preload is not there, though hsts_preload is set."
        if policy.hsts_preload and not found.preload
        else ""
    )


# What browsers let pages do


def frame_options(case: Case) -> Verdict:
    """Nobody else frames the site, unless somebody said so; and who was declared, can."""
    policies = csp.split(every(case.headers, "content-security-policy"))
    value = joined(case.headers, "x-frame-options")
    allowed = csp.frame_ancestors(policies)
    evidence = (*case.came(XFO, case.policy.frame_options), *case.came(CSP, _baseline(case)))
    fault = _by_policy(case, allowed) if allowed is not None else _by_option(case, value)
    if not fault:
        who = (
            f"Only {printable(' '.join(allowed))} may frame it." if allowed is not None else "Nobody else may frame it."
        )
        return Verdict("frame_options", f.PASS, who, evidence)
    mend = _framing(case, policies, value)
    remedy = (
        "" if mend else f"Write `{_baseline(case)}` into the policy that the site sends, which is not written over."
    )
    return Verdict("frame_options", f.FAIL, fault, evidence, mend, remedy)


def _by_policy(case: Case, allowed: tuple[str, ...]) -> str:
    """What is wrong with who may frame it by its policy, which outweighs X-Frame-Options."""
    if csp.BROAD & set(allowed):
        return f"Its policy lets {printable(' '.join(allowed))} frame it, which is anybody."
    shut = [one for one in case.policy.framed_by if one.lower() not in allowed]
    if shut:
        return f"Its policy keeps {printable(' '.join(shut))} out, which framed_by lets frame it."
    return "Its policy lets its own pages frame it, and frame_options says DENY." if _own_framed(case, allowed) else ""


def _own_framed(case: Case, allowed: tuple[str, ...]) -> bool:
    return case.policy.frame_options == DENY and "'self'" in allowed


def _by_option(case: Case, value: str) -> str:
    """What is wrong with who may frame it by X-Frame-Options alone, which knows no partners."""
    if value.upper() not in (SAMEORIGIN, DENY):
        return (
            f"X-Frame-Options is {printable(value[:200])}, so anybody may frame it."
            if value
            else "Anybody may frame it."
        )
    if case.policy.framed_by:
        return "X-Frame-Options keeps those out whom framed_by lets frame it."
    if case.policy.frame_options == DENY and value.upper() == SAMEORIGIN:
        return "X-Frame-Options lets its own pages frame it, and frame_options says DENY."
    return ""


def _framing(case: Case, policies: t.Sequence[str], value: str) -> Mend | None:
    """Partners cannot be said by X-Frame-Options, and a policy that says more than that is not written over.

    X-Frame-Options stays beside frame-ancestors, which outweighs it (CSP3, section 6.4.2.2): it is all that some other
    pages have, whose own policy says nothing of frames.
    """
    alone = all(set(_parsed(text)) == {"frame-ancestors"} for text in policies)
    partners = _declared(case)
    if policies and not alone and (partners or csp.frame_ancestors(policies) is not None):
        return None
    if partners:
        policy = {CSP: _baseline(case)}
        return Mend(set=policy) if policies else Mend(missing=policy)
    option = {XFO: case.policy.frame_options}
    if policies and alone:
        return Mend(set={CSP: _baseline(case), **option})
    return Mend(set=option) if value else Mend(missing=option)


def _parsed(text: str) -> csp.Policy:
    try:
        return csp.parse(text)
    except csp.BadPolicy:
        return {}


def _declared(case: Case) -> tuple[str, ...]:
    """Others that may frame the site: by the option, by ALLOW-FROM, and by a policy that only reports."""
    value = joined(case.headers, "x-frame-options").lower()
    told = re.findall(r"https?://[\w.:-]+", value) if value.startswith("allow-from") else []
    reported = csp.frame_ancestors(csp.split(every(case.headers, "content-security-policy-report-only"))) or ()
    others = [one for one in (*told, *reported) if re.fullmatch(r"[\w.:/*-]+", one) and one not in csp.BROAD]
    return tuple(dict.fromkeys((*case.policy.framed_by, *others)))


def _baseline(case: Case) -> str:
    """The policy that breaks nothing but framing by those whom nobody declared."""
    return ancestors(case.policy.frame_options, _declared(case))


def csp_(case: Case) -> Verdict:
    """A policy is in force: the one that somebody gave, else one that says who may frame the site."""
    policies = csp.split([*every(case.headers, "content-security-policy"), *case.site.page.policies])
    full, evidence = case.policy.full, (*case.came(CSP, case.policy.full or _baseline(case)),)
    if full and case.policy.csp_mode == ENFORCE:
        if every(case.headers, "content-security-policy") == [full]:
            return Verdict("csp", f.PASS, "The policy that was given for it is in force.", evidence)
        message = "The policy that was given for it is not in force, or not alone."
        return Verdict("csp", f.FAIL, message, evidence, Mend(set={CSP: full}, drop=(CSP_REPORT,)))
    if full and every(case.headers, "content-security-policy") == [full]:
        message = "The policy that was given for it is in force, and csp_mode says that it only reports."
        return Verdict("csp", f.FAIL, message, evidence, Mend(set={CSP: _baseline(case), CSP_REPORT: full}))
    if full and every(case.headers, "content-security-policy-report-only") != [full]:
        evidence = (*evidence, *case.came(CSP_REPORT, full))
        mend = Mend(set={CSP_REPORT: full}, missing={} if policies else {CSP: _baseline(case)})
        return Verdict("csp", f.FAIL, "The policy that was given for it is not there to report.", evidence, mend)
    if not policies:
        message = "No content security policy is in force."
        return Verdict("csp", f.FAIL, message, evidence, Mend(missing={CSP: _baseline(case)}))
    row = next(row for row in observatory.rows(case.site) if row.test == "csp")
    if row.result == "invalid":
        return Verdict("csp", f.FAIL, "Browsers take its content security policy otherwise than it is meant.", evidence)
    return Verdict("csp", f.PASS, f"A content security policy is in force: {row.found}.", evidence, remedy=row.advice)


def content_type_options(case: Case) -> Verdict:
    """Browsers take content for what it is said to be, and for nothing else."""
    value = joined(case.headers, "x-content-type-options")
    evidence = case.came(NOSNIFF, "nosniff")
    if value.lower() == "nosniff":
        return Verdict("content_type_options", f.PASS, "Browsers take content for what it is said to be.", evidence)
    message = "Browsers may take content for something else than it is said to be."
    wrong = tuple(mistyped(case))
    if wrong:
        message += " Not fixed: its front page has scripts or styles of other types, which browsers would not run then."
        return Verdict("content_type_options", f.FAIL, message, (*evidence, *wrong))
    said = {NOSNIFF: "nosniff"}
    mend = Mend(set=said) if value else Mend(missing=said)
    return Verdict("content_type_options", f.FAIL, message, evidence, mend)


def mistyped(case: Case) -> t.Iterator[Evidence]:
    """Scripts and style sheets of the front page that browsers would refuse with nosniff (Fetch, section 3.6)."""
    page = case.look.page
    wanted = [(script.source, SCRIPT_TYPE) for script in page.scripts]
    wanted += [(source, re.compile("text/css")) for source in page.styles]
    for source, right in wanted[:MOST_ASSETS]:
        path = _own(case, source)
        try:
            answer = case.look.vhost.ask(case.host, path) if path else None
        except HostError:
            continue
        if answer and answer.status == 200 and not right.fullmatch(answer.content):
            yield Evidence(f"GET {printable(path)}: Content-Type", printable(answer.content) or "(none)", right.pattern)


def _own(case: Case, source: str) -> str:
    """The path of an address of the site itself; "" for those of others."""
    try:
        base = urllib.parse.urlsplit(case.look.route[-1])
        target = urllib.parse.urlsplit(urllib.parse.urljoin(case.look.route[-1], source[:2048]))
    except ValueError:
        return ""
    if (target.scheme, target.netloc) != (base.scheme, base.netloc) or not re.fullmatch(r"[!-~]*", target.geturl()):
        return ""
    return f"{target.path or '/'}{'?' + target.query if target.query else ''}"


def referrer_policy(case: Case) -> Verdict:
    """Other sites are not told which page a visitor comes from."""
    row = next(row for row in observatory.rows(case.site) if row.test == "referrer_policy")
    evidence = case.came(REFERRER, case.policy.referrer_policy)
    kept = joined(case.headers, "referrer-policy").lower()
    narrower = case.policy.referrer_policy != observatory.PRIVATE[-1] and kept != case.policy.referrer_policy
    if row.result == "private" and not (kept and narrower):
        return Verdict(
            "referrer_policy", f.PASS, "Other sites are told at most which site a visitor comes from.", evidence
        )
    if case.site.page.referrer and not every(case.headers, "referrer-policy"):
        return Verdict(
            "referrer_policy", f.FAIL, "The page itself says what others are told, and it is too much.", evidence
        )
    said = {REFERRER: case.policy.referrer_policy}
    if row.result == "none":
        message = "What other sites are told of a visitor is left to the browser."
        return Verdict("referrer_policy", f.FAIL, message, evidence, Mend(missing=said))
    message = (
        f"On referrers: {row.found}." if row.points < 0 else f"It says {printable(kept)}, and referrer_policy another."
    )
    return Verdict("referrer_policy", f.FAIL, message, evidence, Mend(set=said))


def cookies(case: Case) -> Verdict:
    """Cookies come back by TLS alone, sessions are out of the reach of scripts, and browsers take all of them."""
    found = observatory.set_cookies(case.headers)
    row = next(row for row in observatory.rows(case.site) if row.test == "cookies")
    wanted = "Secure; SameSite, and HttpOnly for sessions"
    evidence = tuple(Evidence(f"Set-Cookie: {printable(one.name[:100])}", _flags(one), wanted) for one in found[:20])
    refused = [f"{printable(one.name[:100])}: {one.refused}" for one in found if one.refused]
    if refused:
        return Verdict(
            "cookies", f.FAIL, f"Browsers do not take some of its cookies ({'; '.join(refused[:5])}).", evidence
        )
    if row.points < 0:
        return Verdict("cookies", f.FAIL, f"It sets {row.found}.", evidence)
    return Verdict("cookies", f.PASS, f"On cookies of the front page: {row.found}.", evidence, remedy=row.advice)


def _flags(cookie: t.Any) -> str:
    flags = (
        ("Secure", cookie.secure),
        ("HttpOnly", cookie.http_only),
        (f"SameSite={cookie.same_site}", cookie.same_site),
    )
    return "; ".join(name for name, there in flags if there) or "(no flags)"


def cors(case: Case) -> Verdict:
    """No other site reads it with the visitor's cookies, unless it is one of a list."""
    if case.look.cors is None:
        return Verdict("cors", f.NOT_ASSESSED, "It gave no answer to a request that named another site as its origin.")
    row = next(row for row in observatory.rows(case.site) if row.test == "cors")
    allowed = printable(joined(case.site.cors, "access-control-allow-origin")[:200]) or "(none)"
    evidence = (
        Evidence(f"Origin: {case.site.origin}: Access-Control-Allow-Origin", allowed, "(none), or a site of a list"),
    )
    status = f.FAIL if row.points < 0 else f.PASS
    return Verdict("cors", status, f"On other sites: {row.found}.", evidence)


def resource_loading(case: Case) -> Verdict:
    """All of a page comes by TLS."""
    page = case.site.page
    if case.site.content not in HTML_TYPES:
        return Verdict("resource_loading", f.NOT_APPLICABLE, "It answers with no page.")
    sources = (*(one.source for one in page.scripts), *page.styles, *page.active, *page.passive)
    clear = [one for one in dict.fromkeys(sources) if one[:5].lower() == "http:"]
    if not case.look.vhost.tls or not clear:
        return Verdict("resource_loading", f.PASS, "All that the front page brings in comes as it comes itself.")
    evidence = tuple(Evidence("front page", printable(one[:300]), "https://") for one in clear[:20])
    return Verdict("resource_loading", f.FAIL, f"The front page brings in {_times(clear)} in clear.", evidence)


def integrity(case: Case) -> Verdict:
    """Browsers check the scripts that others serve."""
    if case.site.content not in HTML_TYPES:
        return Verdict("integrity", f.NOT_APPLICABLE, "It answers with no page.")
    others = [one for one in case.site.page.scripts if observatory.foreign(one, case.site.name)]
    unchecked = [one.source for one in others if not one.integrity]
    if not unchecked:
        return Verdict("integrity", f.PASS, "Scripts of the front page are its own, or checked by integrity.")
    evidence = tuple(Evidence("front page: script", printable(one[:300]), "integrity=…") for one in unchecked[:20])
    message = f"The front page runs scripts of others unchecked: {_times(unchecked)}."
    return Verdict("integrity", f.FAIL, message, evidence)


def _times(found: t.Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    return printable(found[0][:200]) + (f" and {len(found) - 1} more" if len(found) > 1 else "")


# What servers tell of themselves


def version_banner(case: Case) -> Verdict:
    """Answers name no versions."""
    answer = case.look.first or case.look.answer
    headers = answer.headers if answer else ()
    server = joined(headers, "server")
    told = {name: joined(headers, name.lower()) for name in BANNERS}
    drop = tuple(name for name, value in told.items() if value)
    evidence = tuple(Evidence(name, printable(value[:200]), "(none)") for name, value in told.items() if value)
    versioned = bool(re.search(r"\d", server) or "(" in server)
    evidence = (Evidence("Server", printable(server[:200]) or "(none)", "no version"), *evidence)
    if not versioned and not drop:
        return Verdict("version_banner", f.PASS, "Its answers name no version.", evidence)
    mend = Mend(drop=drop, banner=versioned)
    return Verdict("version_banner", f.FAIL, "Its answers say what serves them, in which version.", evidence, mend)


def obsolete_headers(case: Case) -> Verdict:
    """Headers that Mozilla's guideline took out are gone."""
    came = {name: joined(case.headers, name.lower()) for name in OBSOLETE}
    left = tuple(name for name, value in came.items() if value and value.strip() != OBSOLETE[name])
    evidence = tuple(Evidence(name, printable(came[name][:300]), "(none)") for name in left)
    if not left:
        return Verdict("obsolete_headers", f.PASS, "It sends none of the headers that do more harm than good.")
    return Verdict("obsolete_headers", f.FAIL, f"It still sends {', '.join(left)}.", evidence, Mend(drop=left))


# The grade


def grade(look: Look, looks: Looks, policy: Policy) -> Verdict:
    """The score that Mozilla's Observatory would give, row by row."""
    if look.led:
        message = f"It leads on to {printable(look.led[:200])}, whose grade counts."
        return Verdict("grade", f.NOT_APPLICABLE, message)
    if not look.graded:
        status = look.answer.status if look.answer else 0
        return Verdict("grade", f.NOT_APPLICABLE, f"It answers {status}, so that there is no front page to grade.")
    found = observatory.rows(site(look, looks))
    points = observatory.score(found)
    told = observatory.told(points)
    evidence = tuple(Evidence(f"Observatory: {row.test}", f"{row.points:+d}: {row.found}", row.advice) for row in found)
    enough = points >= policy.minimum_score
    message = f"{told}: {_lost(found) or 'nothing is taken off'}.{'' if enough else _first(found)}"
    return Verdict("grade", f.PASS if enough else f.FAIL, message, evidence, remedy=_next(found), measure=told)


def _lost(found: t.Sequence[Row]) -> str:
    lost = sorted((row for row in found if row.points < 0), key=lambda row: row.points)
    return ", ".join(f"{row.test} {row.points}" for row in lost)


def _first(found: t.Sequence[Row]) -> str:
    worst = min(found, key=lambda row: (row.points, not row.advice))
    return f" Next, {worst.test}: {worst.advice}." if worst.advice else ""


def _next(found: t.Sequence[Row]) -> str:
    """What to do, the most worthwhile first; bonuses as well, since A+ needs them."""
    lost = sorted((row for row in found if row.advice), key=lambda row: row.points)
    return "; ".join(f"{row.test} ({row.points:+d}): {row.advice}" for row in lost)
