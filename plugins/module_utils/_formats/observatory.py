# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The grade that Mozilla's HTTP Observatory gives a site (as published in mdn-http-observatory 1.4.8).

It starts with 100 points. Each test has one result with its points. Points that are given count only where those that
are taken leave 90; the sum is told in steps of 5 as a grade. Two things an answer cannot tell, so they never count:
whether a name is in the browsers' preload list, and whether a visitor's browser knows the certificate's authority.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t
import urllib.parse

from ansible_collections.infosec.principles.plugins.module_utils._formats import cookies, csp
from ansible_collections.infosec.principles.plugins.module_utils._formats.cookies import Cookie
from ansible_collections.infosec.principles.plugins.module_utils._formats.csp import BadPolicy
from ansible_collections.infosec.principles.plugins.module_utils._formats.front_page import (
    HTML_TYPES,
    FrontPage,
    Script,
)

START, MINIMUM_FOR_BONUS = 100, 90
SIX_MONTHS = 15552000
#: The lowest score of a grade.
GRADES = (
    (100, "A+"),
    (90, "A"),
    (85, "A-"),
    (80, "B+"),
    (70, "B"),
    (65, "B-"),
    (60, "C+"),
    (50, "C"),
    (45, "C-"),
    (40, "D+"),
    (30, "D"),
    (25, "D-"),
    (0, "F"),
)
PRIVATE = ("no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin")
TELLING = ("origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade")
#: A load balancer's, which the Observatory leaves out.
IGNORED_COOKIES = ("heroku-session-affinity",)

Headers = t.Sequence[tuple[str, str]]


@dataclasses.dataclass(frozen=True)
class Site:
    """What was seen of a site.

    name: what was asked for. headers: of the answer that is judged (names in small letters, each time they came).
    content: its kind of content. page: what it brings in. tls: whether it came by TLS; secured: the headers of the
    first answer by TLS, None where there is none. verified: whether its certificate is good. route: where a visitor in
    clear is led, the first address among it; () where nobody can come in clear. origin, cors: what was asked for as
    another site, and the headers of that answer.
    """

    name: str
    headers: Headers
    content: str = ""
    page: FrontPage = dataclasses.field(default_factory=FrontPage)
    tls: bool = True
    secured: Headers | None = None
    verified: bool = True
    route: tuple[str, ...] = ()
    origin: str = ""
    cors: Headers = ()


@dataclasses.dataclass(frozen=True)
class Row:
    """The result of one test. points: given (more than 0) or taken. found: in words. advice: what to do, if so."""

    test: str
    result: str
    points: int
    found: str
    advice: str = ""


# fmt: off
#: Test and result to points, what was found and what to do about it.
RESULTS: dict[tuple[str, str], tuple[int, str, str]] = {
    ("csp", "none"): (-25, "no content security policy is in force", "send one; frame-ancestors alone breaks nothing"),
    ("csp", "report-only"): (-25, "the content security policy only reports", "enforce it once its reports are empty"),
    ("csp", "invalid"): (-25, "the content security policy is none", "mend it: browsers take it otherwise than meant"),
    ("csp", "unsafe"): (-20, "scripts may come from anywhere, or inline",
                        "set csp: default-src 'none', then what pages need, without 'unsafe-inline' and bare schemes"),
    ("csp", "active-in-clear"): (-20, "scripts and the like may come in clear", "take http: sources out of the policy"),
    ("csp", "eval"): (-10, "scripts may make code of text", "take 'unsafe-eval' out of the policy"),
    ("csp", "passive-in-clear"): (-10, "images and media may come in clear", "take http: sources out of the policy"),
    ("csp", "unsafe-style"): (0, "only styles may be inline or from anywhere", "move styles to files"),
    ("csp", "said-twice"): (0, "report-uri or report-to is there twice", "leave one"),
    ("csp", "safe"): (5, "the policy has nothing unsafe", "begin it with default-src 'none'"),
    ("csp", "none-by-default"): (10, "the policy has nothing unsafe, and begins with nothing", ""),
    ("cookies", "no-cookies"): (0, "no cookies are set", ""),
    ("cookies", "good-same-site"): (5, "all cookies are Secure, sessions HttpOnly, all with SameSite", ""),
    ("cookies", "good"): (0, "all cookies are Secure, and sessions HttpOnly", "give all SameSite=Lax or Strict"),
    ("cookies", "insecure-but-hsts"): (-5, "cookies without Secure, though there is HSTS", "set Secure"),
    ("cookies", "insecure"): (-20, "cookies without Secure", "set Secure"),
    ("cookies", "session-insecure-but-hsts"): (-10, "a session without Secure, though there is HSTS", "set Secure"),
    ("cookies", "same-site-invalid"): (-20, "SameSite with a value that browsers do not know, or None without Secure",
                                       "set SameSite=Lax, or None with Secure"),
    ("cookies", "token-without-same-site"): (-20, "a token against forgery without SameSite", "set SameSite=Strict"),
    ("cookies", "session-readable"): (-30, "a session's cookie that scripts can read", "set HttpOnly"),
    ("cookies", "session-insecure"): (-40, "a session's cookie without Secure", "set Secure"),
    ("cors", "none"): (0, "other sites may not read it", ""),
    ("cors", "public"): (0, "any site may read it, without the visitor's cookies", ""),
    ("cors", "restricted"): (0, "some sites may read it", ""),
    ("cors", "universal"): (-50, "any site may read it with the visitor's cookies",
                            "answer Access-Control-Allow-Origin for sites of a list alone"),
    ("redirect", "not-needed"): (0, "nobody can come in clear", ""),
    ("redirect", "to-https"): (0, "who comes in clear is led to TLS", ""),
    ("redirect", "other-host"): (-5, "who comes in clear is led to another name at once",
                                 "lead to the same name by TLS first, so that HSTS covers it"),
    ("redirect", "first-in-clear"): (-10, "who comes in clear is led on in clear first", "lead to TLS at once"),
    ("redirect", "not-to-https"): (-20, "who comes in clear is led on, but not to TLS", "lead to TLS"),
    ("redirect", "missing"): (-20, "who comes in clear stays in clear", "lead to TLS at once"),
    ("redirect", "invalid-certificate"): (-20, "who comes in clear is led to a certificate that is not valid",
                                          "get a certificate for the name"),
    ("referrer_policy", "none"): (0, "browsers do as they are used to", "send strict-origin-when-cross-origin"),
    ("referrer_policy", "private"): (5, "other sites are not told of the page", ""),
    ("referrer_policy", "telling"): (-5, "other sites are told too much", "send strict-origin-when-cross-origin"),
    ("referrer_policy", "invalid"): (-5, "no policy that browsers know", "send strict-origin-when-cross-origin"),
    ("hsts", "good"): (0, "browsers come by TLS alone for six months or more", ""),
    ("hsts", "short"): (-10, "browsers come by TLS alone for less than six months", "raise max-age to 63072000"),
    ("hsts", "none"): (-20, "browsers are not told to come by TLS alone", "send max-age=63072000"),
    ("hsts", "invalid"): (-20, "browsers do not take it: no max-age, or there twice", "send it once, with max-age"),
    ("hsts", "no-tls"): (-20, "there is no TLS", "serve it by TLS"),
    ("hsts", "invalid-certificate"): (-20, "browsers do not take it from a certificate that is not valid",
                                      "get a certificate for the name"),
    ("sri", "no-html"): (0, "no page", ""),
    ("sri", "no-scripts"): (0, "no scripts", ""),
    ("sri", "own"): (0, "all scripts are the site's own", ""),
    ("sri", "own-checked"): (5, "the site's own scripts are checked by integrity", ""),
    ("sri", "foreign-checked"): (5, "scripts of others are checked by integrity", ""),
    ("sri", "foreign"): (-5, "scripts of others come unchecked", "give them integrity, or serve them yourself"),
    ("sri", "checked-in-clear"): (-20, "scripts of others may come in clear, though they are checked", "write https://"),
    ("sri", "foreign-in-clear"): (-50, "scripts of others may come unchecked, in clear", "write https://, integrity"),
    ("content_type_options", "nosniff"): (0, "browsers take content for what it is said to be", ""),
    ("content_type_options", "none"): (-5, "browsers may take content for scripts", "send nosniff"),
    ("content_type_options", "invalid"): (-5, "the value is not nosniff", "send nosniff"),
    ("frame_options", "by-csp"): (5, "the policy says who may frame it", ""),
    ("frame_options", "good"): (0, "nobody else may frame it", "say it by frame-ancestors, too"),
    ("frame_options", "allow-from"): (0, "ALLOW-FROM, which browsers do not know", "say it by frame-ancestors"),
    ("frame_options", "none"): (-20, "anybody may frame it", "send frame-ancestors or X-Frame-Options"),
    ("frame_options", "invalid"): (-20, "the value is none that browsers know, so that anybody may frame it",
                                   "send SAMEORIGIN or DENY, once"),
    ("corp", "none"): (0, "other sites may embed what it has", ""),
    ("corp", "cross-origin"): (0, "other sites may embed what it has", ""),
    ("corp", "same-site"): (10, "other sites may not embed what it has", ""),
    ("corp", "same-origin"): (10, "other sites may not embed what it has", ""),
    ("corp", "invalid"): (-5, "the value is none that browsers know", "send same-origin or same-site"),
}
# fmt: on


def rows(site: Site) -> tuple[Row, ...]:
    """The result of each test, in a stable order."""
    return tuple(Row(test, result, *RESULTS[test, result]) for test, of in TESTS.items() for result in [of(site)])


def score(found: t.Iterable[Row]) -> int:
    """The points of a site, never below 0."""
    points = [one.points for one in found]
    taken = START + sum(one for one in points if one < 0)
    return max(START + sum(points) if taken >= MINIMUM_FOR_BONUS else taken, 0)


def grade(points: int) -> str:
    """The letter, as in "B+"."""
    step = max(points - points % 5, 0)
    return next(letter for lowest, letter in GRADES if step >= lowest)


def told(points: int) -> str:
    """Grade and score, such as "B+ (80)"."""
    return f"{grade(points)} ({points})"


def every(headers: Headers, name: str) -> list[str]:
    """The values of a header, each time it came."""
    return [value for key, value in headers if key == name]


def joined(headers: Headers, name: str) -> str:
    """All values of a header as one, which is what a browser makes of a header that came twice."""
    return ", ".join(every(headers, name)).strip()


# Each test


def _csp(site: Site) -> str:
    header, meta = csp.split(every(site.headers, "content-security-policy")), list(site.page.policies)
    try:
        said = [csp.parse(text) for text in header]
        said_in_page = [csp.parse(text) for text in csp.split(meta)]
        inside = csp.combine([csp.without(policy, csp.NOT_IN_META) for policy in said_in_page])
        if not csp.combine(said) and not inside:
            return "report-only" if every(site.headers, "content-security-policy-report-only") else "none"
        policy = csp.combine([*said, *said_in_page])
        return _policy(policy, tls=site.tls, twice=any(map(_said_twice, [*header, *meta])))
    except BadPolicy:
        return "invalid"


def _policy(policy: csp.Policy, *, tls: bool, twice: bool) -> str:
    scripts, styles = csp.scripts(policy), csp.styles(policy)
    objects = csp.of(policy, "object-src", "default-src")
    active = [one for name in policy if name not in (*csp.PASSIVE, "script-src") for one in policy[name]]
    passive = [one for name in csp.PASSIVE for one in policy.get(name, policy.get("default-src", ()))]
    unsafe = csp.BROAD | csp.INLINE
    if unsafe & set(scripts) or csp.BROAD & set(objects):
        return "unsafe"
    if tls and csp.insecure((*active, *scripts)):
        return "active-in-clear"
    if "'unsafe-eval'" in (*scripts, *styles):
        return "eval"
    if tls and csp.insecure(passive):
        return "said-twice" if twice else "passive-in-clear"
    if twice:
        return "said-twice"
    if unsafe & set(styles):
        return "unsafe-style"
    return "none-by-default" if policy.get("default-src") == (csp.NONE,) else "safe"


def _said_twice(text: str) -> bool:
    names = [words[0].lower() for words in (entry.split() for entry in text.split(";")) if words]
    return len(set(names)) < len(names)


#: Results of the test for cookies from the best to the worst.
_WORSE = (
    *("insecure-but-hsts", "insecure", "session-insecure-but-hsts", "same-site-invalid"),
    *("token-without-same-site", "session-readable", "session-insecure"),
)


def set_cookies(headers: Headers) -> list[Cookie]:
    """The cookies that an answer sets and does not take away; of two with a name, a place and a path, the later."""
    found = {(one.name, one.domain, one.path or "/"): one for one in cookies.parse(every(headers, "set-cookie"))}
    return [one for one in found.values() if not one.gone and one.name not in IGNORED_COOKIES]


def _cookies(site: Site) -> str:
    found = [one for one in set_cookies(site.headers) if not one.refused or one.same_site == "none"]
    if not found:
        return "no-cookies"
    hsts = _hsts(site) == "good"
    wrong = [result for one in found for result in _wrongs(one, hsts=hsts)]
    wrong += ["same-site-invalid" for one in cookies.parse(every(site.headers, "set-cookie")) if one.odd]
    if wrong:
        return max(wrong, key=_WORSE.index)
    return "good-same-site" if all(one.same_site for one in found) else "good"


def _wrongs(cookie: Cookie, *, hsts: bool) -> t.Iterator[str]:
    if not cookie.secure:
        kind = "session-insecure" if cookie.is_session else "insecure"
        yield f"{kind}-but-hsts" if hsts else kind
        if cookie.same_site == "none":
            yield "same-site-invalid"
    if cookie.is_token and not cookie.same_site:
        yield "token-without-same-site"
    if cookie.is_session and not cookie.http_only:
        yield "session-readable"


def _cors(site: Site) -> str:
    allowed = joined(site.cors, "access-control-allow-origin")
    if not allowed or allowed == "*":
        return "public" if allowed else "none"
    with_cookies = joined(site.cors, "access-control-allow-credentials").lower() == "true"
    return "universal" if with_cookies and allowed == site.origin else "restricted"


def _redirect(site: Site) -> str:
    steps = [urllib.parse.urlsplit(one) for one in site.route]
    if not steps:
        return "not-needed"
    if len(steps) == 1:
        return "missing"
    if not site.verified and steps[-1].scheme == "https":
        return "invalid-certificate"
    if steps[-1].scheme != "https":
        return "not-to-https"
    if steps[1].scheme == "http":
        return "first-in-clear"
    return "to-https" if steps[0].hostname == steps[1].hostname else "other-host"


def _referrer_policy(site: Site) -> str:
    said = [*every(site.headers, "referrer-policy"), *site.page.referrer]
    if not said:
        return "none"
    known = [one for one in (word.strip().lower() for word in ",".join(said).split(",")) if one in (*PRIVATE, *TELLING)]
    # Browsers take the last that they know, so that sites can name a newer one behind it.
    return "invalid" if not known else "private" if known[-1] in PRIVATE else "telling"


@dataclasses.dataclass(frozen=True)
class Hsts:
    """A Strict-Transport-Security (RFC 6797, section 6.1). max_age: in seconds."""

    max_age: int
    subdomains: bool
    preload: bool


def hsts(values: t.Sequence[str]) -> Hsts | None:
    """What a browser takes; None where that is nothing: it came twice, or has no max-age, or has it twice."""
    if len(values) != 1 or "," in values[0]:
        return None
    words = [word.strip().lower() for word in values[0][:1024].split(";")]
    ages = [match[1] for word in words for match in [re.fullmatch(r'max-age\s*=\s*"?(\d{1,18})"?', word)] if match]
    return Hsts(int(ages[0]), "includesubdomains" in words, "preload" in words) if len(ages) == 1 else None


def _hsts(site: Site) -> str:
    if site.secured is None:
        return "no-tls"
    values = every(site.secured, "strict-transport-security")
    if not site.verified or not values:
        return "none" if site.verified else "invalid-certificate"
    found = hsts(values)
    return "invalid" if found is None else "short" if found.max_age < SIX_MONTHS else "good"


#: Results of the test for scripts from the best to the worst.
_SRI = ("checked-in-clear", "foreign", "foreign-in-clear")


def _sri(site: Site) -> str:
    if site.content not in HTML_TYPES:
        return "no-html"
    if not site.page.tags:
        return "no-scripts"
    others = [one for one in site.page.scripts if foreign(one, site.name)]
    wrong = [result for one in others for result in [_unchecked(one)] if result]
    if wrong:
        return max(wrong, key=_SRI.index)
    if others:
        return "foreign-checked"
    checked = any(one.integrity and _by_tls(one, tls=site.tls) for one in site.page.scripts)
    return "own-checked" if checked else "own"


def _unchecked(script: Script) -> str:
    if script.source.lower().startswith("https:"):
        return "" if script.integrity else "foreign"
    return "checked-in-clear" if script.integrity else "foreign-in-clear"


def _by_tls(script: Script, *, tls: bool) -> bool:
    return script.source.lower().startswith("https:") or (tls and not re.match(r"(?i)https?://", script.source))


def foreign(script: Script, name: str) -> bool:
    """Whether a script is of another domain; an address without a scheme (//) counts as one."""
    if re.match(r"//[^/]", script.source):
        return True
    match = re.match(r"(?i)https?://([^/:?#]*)", script.source)
    return bool(match) and _domain(t.cast("re.Match[str]", match)[1]) != _domain(name)


def _domain(name: str) -> str:
    """What somebody registers, nearly: two labels, and three below a short one of a country, as in co.uk."""
    labels = name.lower().rstrip(".").split(".")
    short = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    return ".".join(labels[-3:] if short else labels[-2:])


def _content_type_options(site: Site) -> str:
    value = joined(site.headers, "x-content-type-options").lower()
    return "none" if not value else "nosniff" if value == "nosniff" else "invalid"


def _frame_options(site: Site) -> str:
    if _csp(site) not in ("none", "report-only") and _says_ancestors(site):
        return "by-csp"
    value = joined(site.headers, "x-frame-options").lower()
    if value in ("deny", "sameorigin", ""):
        return "good" if value else "none"
    return "allow-from" if value.startswith("allow-from") else "invalid"


def _says_ancestors(site: Site) -> bool:
    """Browsers do not take it from a page, but the Observatory does."""
    try:
        policies = csp.split([*every(site.headers, "content-security-policy"), *site.page.policies])
        return "frame-ancestors" in csp.combine([csp.parse(text) for text in policies])
    except BadPolicy:
        return False


def _corp(site: Site) -> str:
    value = joined(site.headers, "cross-origin-resource-policy").lower()
    return "none" if not value else value if value in ("same-site", "same-origin", "cross-origin") else "invalid"


TESTS: dict[str, t.Callable[[Site], str]] = {
    "redirect": _redirect,
    "hsts": _hsts,
    "frame_options": _frame_options,
    "csp": _csp,
    "content_type_options": _content_type_options,
    "referrer_policy": _referrer_policy,
    "cookies": _cookies,
    "cors": _cors,
    "sri": _sri,
    "corp": _corp,
}
