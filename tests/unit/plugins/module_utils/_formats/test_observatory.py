# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each result of Observatory's tests, with the points that it gives or takes, and what becomes of the sum."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.infosec.principles.plugins.module_utils._formats import front_page, observatory
from ansible_collections.infosec.principles.plugins.module_utils._formats.observatory import RESULTS, Row, Site

NAME, CLEAR, TLS = "www.example.org", "http://www.example.org/", "https://www.example.org/"
ORIGIN = "https://stranger.example"
GOOD_HSTS = (("strict-transport-security", "max-age=63072000"),)


def by(test: str, header: str, value: str, result: str, points: int) -> tuple[str, Site, str, int]:
    return (test, Site(NAME, ((header, value),), secured=()), result, points)


def csp(value: str, result: str, points: int) -> tuple[str, Site, str, int]:
    return by("csp", "content-security-policy", value, result, points)


def cookie(value: str, result: str, points: int, *, hsts: bool = False) -> tuple[str, Site, str, int]:
    site = Site(NAME, (("set-cookie", value),), secured=GOOD_HSTS if hsts else ())
    return ("cookies", site, result, points)


def cors(result: str, points: int, *headers: tuple[str, str]) -> tuple[str, Site, str, int]:
    return ("cors", Site(NAME, (), origin=ORIGIN, cors=headers), result, points)


def led(result: str, points: int, *route: str, verified: bool = True) -> tuple[str, Site, str, int]:
    return ("redirect", Site(NAME, (), route=route, verified=verified), result, points)


def hsts(result: str, points: int, *values: str, verified: bool = True) -> tuple[str, Site, str, int]:
    secured = tuple(("strict-transport-security", value) for value in values)
    return ("hsts", Site(NAME, (), secured=secured, verified=verified), result, points)


def page(html: str, result: str, points: int, content: str = "text/html") -> tuple[str, Site, str, int]:
    return ("sri", Site(NAME, (), content=content, page=front_page.parse(html.encode())), result, points)


ROWS = [
    ("csp", Site(NAME, ()), "none", -25),
    by("csp", "content-security-policy-report-only", "default-src 'self'", "report-only", -25),
    csp("x", "invalid", -25),
    csp("default-src 'self'; default-src 'none'", "invalid", -25),
    csp("script-src 'strict-dynamic' 'self'; object-src 'none'", "invalid", -25),
    csp("frame-ancestors 'self'", "unsafe", -20),
    csp("default-src 'self' 'unsafe-inline'", "unsafe", -20),
    csp("default-src 'self'; script-src 'self' data:", "unsafe", -20),
    csp("default-src 'self'; script-src https:", "unsafe", -20),
    csp("default-src 'self'; object-src *", "unsafe", -20),
    csp("default-src 'self'; connect-src http://cdn.example.net", "active-in-clear", -20),
    csp("default-src 'self' 'unsafe-eval'", "eval", -10),
    csp("default-src 'self'; img-src http:", "passive-in-clear", -10),
    csp("default-src 'self'; media-src http://x.example", "passive-in-clear", -10),
    csp("default-src 'self'; style-src 'self' 'unsafe-inline'", "unsafe-style", 0),
    csp("default-src 'self'; report-uri /a; report-uri /b", "said-twice", 0),
    csp("default-src 'self'", "safe", 5),
    csp("default-src 'self'; script-src 'unsafe-inline' 'nonce-abc'", "safe", 5),
    csp("default-src 'self'; script-src 'nonce-abc' 'strict-dynamic' https: 'unsafe-inline'", "safe", 5),
    csp("default-src 'none'; script-src 'self'", "none-by-default", 10),
    ("cookies", Site(NAME, ()), "no-cookies", 0),
    cookie("a=1; Secure; SameSite=Lax", "good-same-site", 5),
    cookie("a=1; Secure", "good", 0),
    cookie("sessionid=1; Secure; HttpOnly", "good", 0),
    cookie("a=1", "insecure", -20),
    cookie("a=1", "insecure-but-hsts", -5, hsts=True),
    cookie("a=1; Secure; SameSite=often", "same-site-invalid", -20),
    cookie("a=1; SameSite=None", "same-site-invalid", -20),
    cookie("csrftoken=1; Secure", "token-without-same-site", -20),
    cookie("login=1; Secure", "session-readable", -30),
    cookie("PHPSESSID=1; HttpOnly", "session-insecure", -40),
    cookie("PHPSESSID=1; HttpOnly", "session-insecure-but-hsts", -10, hsts=True),
    cookie("sessionid=; Max-Age=0", "no-cookies", 0),
    cookie("heroku-session-affinity=1", "no-cookies", 0),
    cors("none", 0),
    cors("public", 0, ("access-control-allow-origin", "*")),
    cors("restricted", 0, ("access-control-allow-origin", "https://friend.example")),
    cors("restricted", 0, ("access-control-allow-origin", ORIGIN)),
    cors("universal", -50, ("access-control-allow-origin", ORIGIN), ("access-control-allow-credentials", "true")),
    led("not-needed", 0),
    led("to-https", 0, CLEAR, TLS),
    led("to-https", 0, CLEAR, TLS, "https://example.org/"),
    led("other-host", -5, CLEAR, "https://example.org/"),
    led("first-in-clear", -10, CLEAR, f"{CLEAR}a", TLS),
    led("not-to-https", -20, CLEAR, f"{CLEAR}a"),
    led("missing", -20, CLEAR),
    led("invalid-certificate", -20, CLEAR, TLS, verified=False),
    by("referrer_policy", "x", "", "none", 0),
    by("referrer_policy", "referrer-policy", "no-referrer", "private", 5),
    by("referrer_policy", "referrer-policy", "unsafe-url, strict-origin", "private", 5),
    by("referrer_policy", "referrer-policy", "strict-origin, newest-of-all", "private", 5),
    by("referrer_policy", "referrer-policy", "unsafe-url", "telling", -5),
    by("referrer_policy", "referrer-policy", "never", "invalid", -5),
    hsts("good", 0, "max-age=63072000; includeSubDomains"),
    hsts("good", 0, 'Max-Age="15552000"'),
    hsts("short", -10, "max-age=15551999"),
    hsts("none", -20),
    hsts("invalid", -20, "max-age=63072000", "max-age=63072000"),
    hsts("invalid", -20, "max-age=63072000, max-age=63072000"),
    hsts("invalid", -20, "includeSubDomains"),
    hsts("invalid-certificate", -20, "max-age=63072000", verified=False),
    ("hsts", Site(NAME, ()), "no-tls", -20),
    page("{}", "no-html", 0, "application/json"),
    page("<p>", "no-scripts", 0),
    page('<script src="/a.js"></script>', "own", 0),
    page('<script src="https://static.example.org/a.js"></script>', "own", 0),
    page('<script src="/a.js" integrity="sha384-x"></script>', "own-checked", 5),
    page('<script src="https://x.example/a.js" integrity="sha384-x"></script>', "foreign-checked", 5),
    page('<script src="https://x.example/a.js"></script>', "foreign", -5),
    page('<script src="http://x.example/a.js" integrity="sha384-x"></script>', "checked-in-clear", -20),
    page('<script src="http://x.example/a.js"></script>', "foreign-in-clear", -50),
    page('<script src="//x.example/a.js"></script>', "foreign-in-clear", -50),
    by("content_type_options", "x", "", "none", -5),
    by("content_type_options", "x-content-type-options", "NoSniff", "nosniff", 0),
    by("content_type_options", "x-content-type-options", "sniff", "invalid", -5),
    by("frame_options", "x", "", "none", -20),
    by("frame_options", "x-frame-options", "deny", "good", 0),
    by("frame_options", "x-frame-options", "SAMEORIGIN", "good", 0),
    by("frame_options", "x-frame-options", "ALLOW-FROM https://a.example", "allow-from", 0),
    by("frame_options", "x-frame-options", "ALLOWALL", "invalid", -20),
    by("frame_options", "content-security-policy", "frame-ancestors 'none'", "by-csp", 5),
    by("corp", "x", "", "none", 0),
    by("corp", "cross-origin-resource-policy", "cross-origin", "cross-origin", 0),
    by("corp", "cross-origin-resource-policy", "same-site", "same-site", 10),
    by("corp", "cross-origin-resource-policy", "same-origin", "same-origin", 10),
    by("corp", "cross-origin-resource-policy", "nobody", "invalid", -5),
]


def row(site: Site, test: str) -> Row:
    return next(one for one in observatory.rows(site) if one.test == test)


@pytest.mark.parametrize(("test", "site", "result", "points"), ROWS)
def test_a_row(test: str, site: Site, result: str, points: int) -> None:
    found = row(site, test)
    assert (found.result, found.points) == (result, points)


def test_every_row_of_the_table_is_tried() -> None:
    assert {(test, result) for test, _site, result, _points in ROWS} == set(RESULTS)


def test_what_costs_points_says_what_to_do_next() -> None:
    assert [key for key, (points, _found, advice) in RESULTS.items() if points < 0 and not advice] == []


@pytest.mark.parametrize(
    ("points", "told"),
    [
        *((0, "F (0)"), (24, "F (24)"), (25, "D- (25)"), (30, "D (30)"), (39, "D (39)"), (40, "D+ (40)")),
        *((45, "C- (45)"), (55, "C (55)"), (60, "C+ (60)"), (65, "B- (65)"), (75, "B (75)"), (80, "B+ (80)")),
        *((84, "B+ (84)"), (85, "A- (85)"), (90, "A (90)"), (99, "A (99)"), (100, "A+ (100)"), (135, "A+ (135)")),
    ],
)
def test_grades(points: int, told: str) -> None:
    assert observatory.told(points) == told


def costing(*points: int) -> list[Row]:
    return [Row("t", "r", one, "") for one in points]


@pytest.mark.parametrize(
    ("points", "score"),
    [((), 100), ((-10, 5, 10), 105), ((-15, 20), 85), ((-50, -40, -30), 0), ((-11, 40), 89), ((30,), 130)],
)
def test_bonuses_count_from_90_on(points: tuple[int, ...], score: int) -> None:
    assert observatory.score(costing(*points)) == score


BASELINE = (
    *(("x-content-type-options", "nosniff"), ("x-frame-options", "SAMEORIGIN"), *GOOD_HSTS),
    ("referrer-policy", "strict-origin-when-cross-origin"),
)
SITE = Site(NAME, BASELINE, content="text/html", secured=GOOD_HSTS, route=(CLEAR, TLS))


def test_the_baseline_alone_is_b_and_frame_ancestors_make_it_b_plus() -> None:
    assert observatory.score(observatory.rows(SITE)) == 75
    policy = ("content-security-policy", "frame-ancestors 'self'")
    better = dataclasses.replace(SITE, headers=(*BASELINE, policy))
    assert observatory.told(observatory.score(observatory.rows(better))) == "B+ (80)"


def test_a_good_policy_makes_it_a_plus() -> None:
    policy = ("content-security-policy", "default-src 'none'; img-src 'self'")
    better = dataclasses.replace(SITE, headers=(*BASELINE, policy))
    assert observatory.told(observatory.score(observatory.rows(better))) == "A+ (115)"


def test_several_policies_allow_what_all_allow() -> None:
    two = (("content-security-policy", "script-src 'self' https:; object-src 'none'"),) * 2
    both = (two[0], ("content-security-policy", "script-src 'self'; object-src 'none'"))
    assert row(Site(NAME, two), "csp").result == "unsafe"
    assert row(Site(NAME, both), "csp").result == "unsafe-style"


def test_a_policy_of_the_page_counts_but_not_what_it_cannot_say() -> None:
    said = front_page.parse(b"<meta http-equiv=Content-Security-Policy content=\"default-src 'self'\">")
    framed = front_page.parse(b"<meta http-equiv=Content-Security-Policy content=\"frame-ancestors 'self'\">")
    assert row(Site(NAME, (), page=said), "csp").result == "safe"
    assert row(Site(NAME, (), page=framed), "csp").result == "none"
    assert row(Site(NAME, (), page=framed), "frame_options").result == "none"


@pytest.mark.parametrize(
    ("source", "name", "result"),
    [
        ("https://a.example.co.uk/x.js", "shop.example.co.uk", False),
        ("https://other.co.uk/x.js", "shop.example.co.uk", True),
        ("https://cdn.example.org:8443/x.js", "example.org", False),
        ("HTTPS://CDN.example.net/x.js", "example.org", True),
        ("///x.js", "example.org", False),
        ("data:text/javascript,1", "example.org", False),
    ],
)
def test_whose_a_script_is(source: str, name: str, result: bool) -> None:
    assert observatory.foreign(front_page.Script(source, integrity=False), name) == result


NAMES = ("content-security-policy", "set-cookie", "referrer-policy", "x-frame-options", "strict-transport-security")
HOSTILE = st.lists(st.tuples(st.sampled_from(NAMES), st.text(max_size=300)), max_size=8)


@given(HOSTILE, st.lists(st.text(max_size=50), max_size=3))
def test_any_headers_have_a_grade(headers: list[tuple[str, str]], route: list[str]) -> None:
    links = tuple(f"https://{one}.example/" for one in route if one.isalnum() and one.isascii())
    site = Site(NAME, headers, content="text/html", secured=headers, route=links, cors=headers)
    found = observatory.rows(site)
    assert len(found) == len(observatory.TESTS)
    assert observatory.score(found) in range(151)
