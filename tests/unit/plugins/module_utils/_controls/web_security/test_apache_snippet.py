# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file that gives Apache's sites their headers: what is sent with it, for which names, and that it is read back."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers import apache_snippet
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.apache_snippet import (
    Ground,
    Place,
    Says,
)
from ansible_collections.infosec.principles.tests.unit.pairs.played_apache import Answer, Headers

SHOP = Place("shop.example.org", 443, True)
XFO, HSTS, CSP = "X-Frame-Options", "Strict-Transport-Security", "Content-Security-Policy"
LONG = "max-age=63072000"


def render(said: t.Mapping[Place, Says], places: t.Iterable[Place], main: t.Iterable[int] = ()) -> str:
    return apache_snippet.render(said, Ground(frozenset(places), frozenset(main)))


def values(sent: Headers, name: str) -> list[str]:
    return [value for key, value in sent if key == name.lower()]


def sent(says: Says, answer: Answer) -> Headers:
    return answer.sent(render({SHOP: says}, {SHOP}))


@pytest.mark.parametrize("made_here", [False, True])
@pytest.mark.parametrize(
    ("always", "onsuccess"),
    [
        ((), ()),
        ((), ((HSTS, "max-age=5"),)),
        ((), ((HSTS, "max-age=5"), (HSTS, "max-age=6"))),
        (((HSTS, "max-age=5"),), ((HSTS, "max-age=6"),)),
        ((), ((HSTS, LONG),)),
        (((HSTS, LONG),), ((HSTS, LONG),)),
    ],
)
def test_what_is_set_comes_once_whoever_has_said_something(
    always: Headers, onsuccess: Headers, made_here: bool
) -> None:
    answer = Answer(always=() if made_here else always, onsuccess=onsuccess, made_here=made_here)
    assert values(sent(Says(set=((HSTS, LONG),)), answer), HSTS) == [LONG]


@pytest.mark.parametrize(
    ("always", "onsuccess", "found"),
    [
        ((), (), ["SAMEORIGIN"]),
        (((XFO, "DENY"),), (), ["DENY"]),
        ((), ((XFO, "DENY"),), ["DENY"]),
        (((XFO, "DENY"),), ((XFO, "SAMEORIGIN"),), ["DENY"]),
    ],
)
@pytest.mark.parametrize("status", [200, 304, 404, 500])
def test_what_is_missing_comes_once_and_leaves_what_others_say(
    always: Headers, onsuccess: Headers, found: list[str], status: int
) -> None:
    answer = Answer(status=status, always=always, onsuccess=onsuccess)
    assert values(sent(Says(missing=((XFO, "SAMEORIGIN"),)), answer), XFO) == found


@pytest.mark.parametrize(("said", "found"), [((), "SAMEORIGIN"), (((XFO, "DENY"),), "DENY")])
def test_pages_of_apache_itself_have_what_is_missing(said: Headers, found: str) -> None:
    answer = Answer(status=404, always=said, made_here=True)
    assert values(sent(Says(missing=((XFO, "SAMEORIGIN"),)), answer), XFO) == [found]


def test_policies_of_both_tables_stay_since_both_hold() -> None:
    answer = Answer(always=((CSP, "frame-ancestors 'none'"),), onsuccess=((CSP, "default-src 'self'"),))
    found = values(sent(Says(missing=((CSP, "frame-ancestors 'self'"),)), answer), CSP)
    assert found == ["frame-ancestors 'none'", "default-src 'self'"]


def test_what_is_dropped_comes_from_neither_table() -> None:
    pins = ("Public-Key-Pins", "pin-sha256=x")
    found = sent(Says(drop=("Public-Key-Pins",)), Answer(always=(pins,), onsuccess=(pins, ("X-App", "1"))))
    assert found == (("x-app", "1"),)


def test_a_banner_of_what_is_behind_goes_and_apache_names_itself() -> None:
    text = render({SHOP: Says(banner=True)}, {SHOP})
    behind = (("Server", "gunicorn/20.1.0"), ("X-Powered-By", "PHP/8.4.1"))
    assert Answer(onsuccess=behind).sent(text) == ()
    assert "\nServerTokens Prod\nServerSignature Off\n" in text


def test_without_a_banner_the_whole_server_is_left_alone() -> None:
    assert "Server" not in render({SHOP: Says(missing=((XFO, "DENY"),))}, {SHOP})


WWW, WILD, ANY = (Place(name, 443, True) for name in ("www.example.org", "*.example.org", ""))
CLEAR = Place("shop.example.org", 80, False)


@pytest.mark.parametrize(
    ("name", "tls", "found"),
    [
        ("shop.example.org", True, ["shop"]),
        ("SHOP.example.org.", True, ["shop"]),
        ("shop.example.org:8443", True, ["shop"]),
        ("shop.example.org", False, []),
        ("shopXexample.org", True, ["any"]),
        ("shop.example.org.evil", True, ["any"]),
        ("www.example.org", True, []),
        ("other.example.org", True, ["wild"]),
        ("a.b.example.org", True, ["wild"]),
        ("192.0.2.1", True, ["any"]),
        ("", True, ["any"]),
        ("192.0.2.1", False, []),
    ],
)
def test_which_names_get_what(name: str, tls: bool, found: list[str]) -> None:
    said = {place: Says(set=(("X", word),)) for place, word in ((SHOP, "shop"), (WILD, "wild"), (ANY, "any"))}
    text = render(said, {*said, WWW, CLEAR})
    assert values(Answer(name=name, tls=tls).sent(text), "X") == found


def test_a_name_at_two_ports_is_told_by_its_port() -> None:
    other = Place("shop.example.org", 8443, True)
    text = render({other: Says(set=(("X", "other"),))}, {SHOP, other})
    assert [values(Answer(port=port).sent(text), "X") for port in (443, 8443)] == [[], ["other"]]


def test_ports_at_which_a_name_gets_the_same_are_not_told_apart() -> None:
    other = Place("shop.example.org", 8443, True)
    text = render(dict.fromkeys((SHOP, other), Says(drop=("X",))), {SHOP, other})
    assert "SERVER_PORT" not in text
    assert text.count("<If ") == 1


@pytest.mark.parametrize(("port", "found"), [(81, ["site"]), (444, ["main"]), (80, ["main"])])
def test_the_main_server_is_told_by_not_being_another(port: int, found: list[str]) -> None:
    """Where no client writes a port, Apache takes 80 for the main server, whatever it listens on."""
    site, main = Place("", 81, False), Place("", 444, False)
    text = render({site: Says(set=(("X", "site"),)), main: Says(set=(("X", "main"),))}, {site, main}, {444})
    assert values(Answer(port=port, tls=False).sent(text), "X") == found


def test_sites_that_get_the_same_share_a_section() -> None:
    says = Says(missing=((XFO, "DENY"),))
    text = render({SHOP: says, WWW: says, CLEAR: says}, {SHOP, WWW, CLEAR})
    assert text.count("<If ") == 2


def test_many_names_are_told_by_expressions_that_apache_takes() -> None:
    places = {Place(f"{number:03}.{'long' * 10}.example.org", 443, True) for number in range(300)}
    text = render(dict.fromkeys((*places, ANY), Says(set=(("X", "1"),))), {*places, ANY})
    patterns = [part.split("#i")[0] for part in text.split("m#")[1:]]
    assert max(map(len, patterns)) < 8192
    for place in places:
        assert values(Answer(name=place.name).sent(text), "X") == ["1"]
    assert apache_snippet.read(text) == dict.fromkeys((*places, ANY), Says(set=(("X", "1"),)))


FULL = Says(
    ((CSP, "default-src 'none'; report-uri https://x/%7e?\"q\"\\"), (HSTS, LONG)),
    (("Referrer-Policy", "same-origin"), (XFO, "DENY")),
    ("Public-Key-Pins", "X-XSS-Protection"),
    banner=True,
)


def test_what_it_says_is_read_back() -> None:
    said = {SHOP: FULL, WILD: FULL, ANY: Says(missing=((XFO, "DENY"),)), CLEAR: Says(drop=("X",))}
    text = render(said, {*said, WWW})
    assert apache_snippet.read(text) == said
    assert render(apache_snippet.read(text), {*said, WWW}) == text


def test_a_value_comes_as_it_was_given() -> None:
    assert values(sent(FULL, Answer()), CSP) == ["default-src 'none'; report-uri https://x/%7e?\"q\"\\"]


def test_somebody_elses_file_says_nothing_of_ours() -> None:
    assert apache_snippet.read('Header always set X "1"\n<If "true">\n</If>\n') == {}


def test_what_is_newer_outweighs_what_was_said_of_that_header_alone() -> None:
    newer = Says(set=(("x-frame-options", "SAMEORIGIN"),), drop=("referrer-policy",))
    assert newer.over(FULL) == Says(
        (*FULL.set, ("x-frame-options", "SAMEORIGIN")),
        (),
        ("Public-Key-Pins", "X-XSS-Protection", "referrer-policy"),
        banner=True,
    )


@pytest.mark.parametrize(
    "says",
    [
        Says(set=(("X Y", "1"),)),
        Says(set=(("X", "a\nHeader set Y 1"),)),
        Says(missing=(("X", "${HOME}"),)),
        Says(missing=(("X", "expr=true"),)),
        Says(drop=('X"',)),
    ],
)
def test_what_cannot_be_written_is_refused(says: Says) -> None:
    with pytest.raises(ValueError, match=r"name of a header|cannot be written"):
        render({SHOP: says}, {SHOP})


def test_a_name_that_cannot_be_written_stops_its_own_site_alone() -> None:
    odd = Place("a'b", 443, True)
    with pytest.raises(ValueError, match="a'b"):
        render({odd: Says(drop=("X",))}, {odd})
    assert "a'b" not in render({ANY: Says(drop=("X",))}, {odd, ANY, SHOP})
