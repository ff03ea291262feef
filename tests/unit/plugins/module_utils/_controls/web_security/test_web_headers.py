# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites as they are: what is judged of each, what is wanted of it, and what is left alone so that nobody is locked out."""

from __future__ import annotations

import dataclasses
import pathlib
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import vhosts
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.common import Running
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security import web_headers
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers import (
    hsts,
    looks,
    planning,
    policy,
    verdicts,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.looks import (
    Look,
    Looks,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.model import Want
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.verdicts import Mend
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._engine.requests import Answer
from ansible_collections.infosec.principles.plugins.module_utils._formats import front_page, observatory
from ansible_collections.infosec.principles.plugins.module_utils._host import sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host, HostError
from ansible_collections.infosec.principles.tests.unit.pairs import played_web
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine

NAME, PARTNER = "shop.example.org", "https://partner.example.net"


def options(**given: t.Any) -> dict[str, t.Any]:
    validated = ArgumentSpecValidator(dict(web_headers.CONTROL.options)).validate(given)
    assert not validated.error_messages
    return dict(validated.validated_parameters)


def vhost(name: str = NAME, port: int = 443, *, tls: bool = True, product: str = "nginx") -> Vhost:
    run = Running("nginx.service", (1,), (sockets.Listener("tcp", "0.0.0.0", port),))
    return Vhost(product, run, name, "127.0.0.1", port, tls, f"/etc/nginx/{name}:1", None)


def look(*headers: tuple[str, str], at: Vhost | None = None, html: str = "", good: bool = True, **more: t.Any) -> Look:
    told = (("content-type", "text/html"), *((name.lower(), value) for name, value in headers))
    site, answer = at or vhost(), Answer(200, told, html.encode())
    page = front_page.parse(html.encode())
    return Look(site, answer, answer, route=(f"{site.url}/",), good=good, cors=answer, page=page, **more)


def judged(tmp_path: pathlib.Path, seen: Look, *others: Look, **given: t.Any) -> dict[str, verdicts.Verdict]:
    wanted = policy.of(options(**given), seen.vhost.name)
    host = Machine(tmp_path).host()
    every = Looks((seen, *others))
    case = verdicts.Case(host, seen, every, wanted, looks.site(seen, every))
    return {one.rule: one for one in verdicts.of(case)}


# What is wanted


@pytest.mark.parametrize(
    ("given", "name", "full", "hsts_value"),
    [
        ({}, NAME, "", "max-age=63072000"),
        ({"csp": "default-src 'self';"}, NAME, "default-src 'self'; frame-ancestors 'self'", "max-age=63072000"),
        ({"csp": "frame-ancestors https://a"}, NAME, "frame-ancestors https://a", "max-age=63072000"),
        (
            {"csp": "default-src 'self'", "frame_options": "DENY"},
            NAME,
            "default-src 'self'; frame-ancestors 'none'",
            None,
        ),
        (
            {"hsts_include_subdomains": True, "hsts_preload": True},
            NAME,
            "",
            "max-age=63072000; includeSubDomains; preload",
        ),
        ({"sites": [{"names": ["SHOP.*"], "hsts_max_age": 300}]}, NAME, "", "max-age=300"),
        ({"sites": [{"names": ["other"], "hsts_max_age": 300}]}, NAME, "", "max-age=63072000"),
        ({"csp": "default-src *", "sites": [{"names": ["*"], "csp": ""}]}, NAME, "", None),
    ],
)
def test_what_options_want(given: dict[str, t.Any], name: str, full: str, hsts_value: str | None) -> None:
    found = policy.of(options(**given), name)
    assert found.full == full
    assert hsts_value in (None, found.hsts)


def test_the_first_site_that_has_the_name_counts() -> None:
    sites = [{"names": ["a"], "enforce": False}, {"names": ["a", "b"], "framed_by": [PARTNER]}]
    assert not policy.of(options(sites=sites), "a").enforce
    assert policy.of(options(sites=sites), "a").framed_by == ()
    assert policy.of(options(sites=sites), "b").framed_by == (PARTNER,)
    assert policy.of(options(sites=sites), "b").enforce


@pytest.mark.parametrize(
    "given",
    [
        {"csp": 'default-src "x"'},
        {"csp": "a\nb"},
        {"csp": "a $x"},
        {"csp": "a\\"},
        {"framed_by": ["a; b"]},
        {"framed_by": [""]},
    ],
)
def test_what_no_configuration_takes_is_refused(given: dict[str, t.Any]) -> None:
    with pytest.raises(ValueError, match=r"csp and framed_by|framed_by takes one"):
        policy.of(options(**given), NAME)


# HSTS locks nobody out


def test_hsts_where_all_is_well(tmp_path: pathlib.Path) -> None:
    (mend,) = [one.mend for one in judged(tmp_path, look()).values() if one.rule == "hsts"]
    assert mend == Mend(missing={"Strict-Transport-Security": "max-age=63072000"})


@pytest.mark.parametrize(
    ("seen", "others", "reason"),
    [
        (look(good=False), (), "its certificate is not valid"),
        (look(at=vhost(port=8443)), (), "nothing answers for it by TLS at port 443"),
        (look(at=vhost(port=8443)), (look(at=vhost(), good=False),), "nothing answers for it by TLS at port 443"),
        (look(), (look(at=vhost(port=8080, tls=False)),), "8080/tcp) serves it in clear"),
        (look(), (look(at=vhost("", 8080, tls=False)),), "8080/tcp) serves it in clear"),
        (look(), (look(at=vhost("*.example.org", 8080, tls=False)),), "8080/tcp) serves it in clear"),
    ],
)
def test_hsts_is_not_sent_where_it_would_lock_out(
    tmp_path: pathlib.Path, seen: Look, others: tuple[Look, ...], reason: str
) -> None:
    verdict = judged(tmp_path, seen, *others)["hsts"]
    assert (verdict.status, verdict.mend) == ("fail", None)
    assert reason in verdict.message


def test_other_names_and_what_leads_to_tls_are_no_obstacle(tmp_path: pathlib.Path) -> None:
    led = dataclasses.replace(
        look(at=vhost(port=8080, tls=False)), led="https://shop.example.org/", route=("http://a/", "https://b/")
    )
    others = (look(at=vhost("other.example.org", 8080, tls=False)), look(at=vhost(port=80, tls=False)), led)
    assert judged(tmp_path, look(), *others)["hsts"].mend


def test_a_program_with_pages_at_another_port_is_an_obstacle(tmp_path: pathlib.Path) -> None:
    machine = Machine(tmp_path)
    machine.unit("jenkins.service", process="java", sockets=[("tcp", "0.0.0.0", 8080)])
    machine.unit("grafana.service", process="grafana", sockets=[("tcp", "127.0.0.1", 3000)])
    assert hsts.obstacle(machine.host(), look(), (look(),)).startswith("java listens at 8080/tcp")
    known = (look(), look(at=vhost("other.example.org", 8080)))
    assert hsts.obstacle(machine.host(), look(), known) == ""


@pytest.mark.parametrize(
    ("value", "given", "status", "mend"),
    [
        ("max-age=63072000", {}, "pass", None),
        ("max-age=15768000", {}, "pass", None),
        ("max-age=300", {}, "fail", "max-age=63072000"),
        ("max-age=300", {"hsts_max_age": 300}, "fail", None),
        ("max-age=63072000", {"hsts_max_age": 0}, "fail", "max-age=0"),
        ("max-age=63072000", {"hsts_preload": True}, "fail", "max-age=63072000; preload"),
        ("max-age=63072000", {"hsts_include_subdomains": True}, "fail", "max-age=63072000; includeSubDomains"),
        ("includeSubDomains", {}, "fail", "max-age=63072000"),
    ],
)
def test_hsts_by_its_value(
    tmp_path: pathlib.Path, value: str, given: dict[str, t.Any], status: str, mend: str | None
) -> None:
    verdict = judged(tmp_path, look(("Strict-Transport-Security", value)), **given)["hsts"]
    assert verdict.status == status
    assert (verdict.mend.set if verdict.mend else None) == ({"Strict-Transport-Security": mend} if mend else None)


def test_the_way_back_is_open_whatever_else_is(tmp_path: pathlib.Path) -> None:
    seen = look(("Strict-Transport-Security", "max-age=63072000"), good=False)
    assert judged(tmp_path, seen, hsts_max_age=0)["hsts"].mend


# Who may frame


CSP, XFO = "Content-Security-Policy", "X-Frame-Options"
OWN, WITH_PARTNER = "frame-ancestors 'self'", f"frame-ancestors 'self' {PARTNER}"


@pytest.mark.parametrize(
    ("headers", "given", "status", "mend"),
    [
        ([], {}, "fail", Mend(missing={XFO: "SAMEORIGIN"})),
        ([(XFO, "DENY")], {}, "pass", None),
        ([(CSP, "frame-ancestors https://a.example")], {}, "pass", None),
        ([(CSP, "frame-ancestors *")], {}, "fail", Mend(set={CSP: OWN, XFO: "SAMEORIGIN"})),
        ([(CSP, "default-src 'self'; frame-ancestors *")], {}, "fail", None),
        ([(CSP, "default-src 'self'")], {}, "fail", Mend(missing={XFO: "SAMEORIGIN"})),
        ([(XFO, "ALLOWALL")], {}, "fail", Mend(set={XFO: "SAMEORIGIN"})),
        ([(XFO, "SAMEORIGIN"), (XFO, "SAMEORIGIN")], {}, "fail", Mend(set={XFO: "SAMEORIGIN"})),
        ([(XFO, f"ALLOW-FROM {PARTNER}/")], {}, "fail", Mend(missing={CSP: WITH_PARTNER})),
        ([(f"{CSP}-Report-Only", WITH_PARTNER)], {}, "fail", Mend(missing={CSP: WITH_PARTNER})),
        ([], {"framed_by": [PARTNER]}, "fail", Mend(missing={CSP: WITH_PARTNER})),
        ([(XFO, "SAMEORIGIN")], {"framed_by": [PARTNER]}, "fail", Mend(missing={CSP: WITH_PARTNER})),
        ([(CSP, OWN)], {"framed_by": [PARTNER]}, "fail", Mend(set={CSP: WITH_PARTNER})),
        ([(CSP, f"default-src 'self'; {OWN}")], {"framed_by": [PARTNER]}, "fail", None),
        ([(CSP, "default-src 'self'")], {"framed_by": [PARTNER]}, "fail", None),
        ([(CSP, WITH_PARTNER)], {"framed_by": [PARTNER]}, "pass", None),
        ([(XFO, "SAMEORIGIN")], {"frame_options": "DENY"}, "fail", Mend(set={XFO: "DENY"})),
        ([(CSP, OWN)], {"frame_options": "DENY"}, "fail", Mend(set={CSP: "frame-ancestors 'none'", XFO: "DENY"})),
    ],
)
def test_frames(
    tmp_path: pathlib.Path, headers: list[tuple[str, str]], given: dict[str, t.Any], status: str, mend: Mend | None
) -> None:
    verdict = judged(tmp_path, look(*headers), **given)["frame_options"]
    assert (verdict.status, verdict.mend) == (status, mend)
    if status == "fail" and mend is None:
        assert "which is not written over" in verdict.remedy


FULL = "default-src 'self'; frame-ancestors 'self'"
GIVEN, ENFORCED = {"csp": "default-src 'self'"}, {"csp": "default-src 'self'", "csp_mode": "enforce"}


@pytest.mark.parametrize(
    ("headers", "given", "status", "mend"),
    [
        ([], {}, "fail", Mend(missing={CSP: OWN})),
        ([(CSP, "default-src 'self' 'unsafe-inline'")], {}, "pass", None),
        ([(CSP, "x")], {}, "fail", None),
        ([(f"{CSP}-Report-Only", "default-src 'self'")], {}, "fail", Mend(missing={CSP: OWN})),
        ([], GIVEN, "fail", Mend(set={f"{CSP}-Report-Only": FULL}, missing={CSP: OWN})),
        ([(CSP, "img-src *")], GIVEN, "fail", Mend(set={f"{CSP}-Report-Only": FULL})),
        ([(CSP, OWN), (f"{CSP}-Report-Only", FULL)], GIVEN, "pass", None),
        ([(CSP, FULL)], GIVEN, "fail", Mend(set={CSP: OWN, f"{CSP}-Report-Only": FULL})),
        ([(CSP, "img-src *")], ENFORCED, "fail", Mend(set={CSP: FULL}, drop=(f"{CSP}-Report-Only",))),
        ([(CSP, FULL)], ENFORCED, "pass", None),
        ([(CSP, FULL), (CSP, "img-src *")], ENFORCED, "fail", Mend(set={CSP: FULL}, drop=(f"{CSP}-Report-Only",))),
    ],
)
def test_policies(
    tmp_path: pathlib.Path, headers: list[tuple[str, str]], given: dict[str, t.Any], status: str, mend: Mend | None
) -> None:
    verdict = judged(tmp_path, look(*headers), **given)["csp"]
    assert (verdict.status, verdict.mend) == (status, mend)


def test_a_policy_in_the_page_is_one(tmp_path: pathlib.Path) -> None:
    html = "<meta http-equiv=Content-Security-Policy content=\"default-src 'self'\">"
    assert judged(tmp_path, look(html=html))["csp"].status == "pass"


@pytest.mark.parametrize(
    ("value", "given", "status", "mend"),
    [
        (None, {}, "fail", Mend(missing={"Referrer-Policy": "strict-origin-when-cross-origin"})),
        ("same-origin", {}, "pass", None),
        ("unsafe-url", {}, "fail", Mend(set={"Referrer-Policy": "strict-origin-when-cross-origin"})),
        ("strict-origin", {"referrer_policy": "no-referrer"}, "fail", Mend(set={"Referrer-Policy": "no-referrer"})),
        ("no-referrer", {"referrer_policy": "no-referrer"}, "pass", None),
    ],
)
def test_referrers(
    tmp_path: pathlib.Path, value: str | None, given: dict[str, t.Any], status: str, mend: Mend | None
) -> None:
    headers = [("Referrer-Policy", value)] if value else []
    verdict = judged(tmp_path, look(*headers), **given)["referrer_policy"]
    assert (verdict.status, verdict.mend) == (status, mend)


@pytest.mark.parametrize(
    ("headers", "status", "mend"),
    [
        ([("Server", "nginx")], "pass", None),
        ([("Server", "Apache/2.4")], "fail", Mend(banner=True)),
        ([("X-Powered-By", "PHP/8.2")], "fail", Mend(drop=("X-Powered-By",))),
        ([], "pass", None),
    ],
)
def test_banners(tmp_path: pathlib.Path, headers: list[tuple[str, str]], status: str, mend: Mend | None) -> None:
    verdict = judged(tmp_path, look(*headers))["version_banner"]
    assert (verdict.status, verdict.mend) == (status, mend)


def test_what_turns_an_obsolete_filter_off_does_no_harm(tmp_path: pathlib.Path) -> None:
    assert judged(tmp_path, look(("X-XSS-Protection", "0")))["obsolete_headers"].status == "pass"


def test_values_of_cookies_are_in_no_finding(tmp_path: pathlib.Path) -> None:
    verdict = judged(tmp_path, look(("Set-Cookie", "sessionid=hunter2"), ("Set-Cookie", "__Host-x=hunter2")))["cookies"]
    assert verdict.status == "fail"
    assert "hunter2" not in repr(verdict)
    assert "__Host-" in verdict.message


def test_who_is_led_on_sees_no_page(tmp_path: pathlib.Path) -> None:
    seen = dataclasses.replace(look(), led="https://www.example.org/")
    assert set(judged(tmp_path, seen)) == {"hsts", "version_banner"}
    found = verdicts.grade(seen, Looks((seen,)), policy.of(options(), NAME))
    assert (found.status, found.message) == (
        "not_applicable",
        "It leads on to https://www.example.org/, whose grade counts.",
    )


def test_a_grade_says_for_each_row_what_to_do_next() -> None:
    seen = look(("Set-Cookie", "sessionid=1"))
    found = verdicts.grade(seen, Looks((seen,)), policy.of(options(), NAME))
    assert (found.status, found.measure) == ("fail", "F (0)")
    assert {one.source.partition(": ")[2] for one in found.evidence} == set(observatory.TESTS)
    assert found.message == (
        "F (0): cookies -40, csp -25, hsts -20, frame_options -20, content_type_options -5. Next, cookies: set Secure."
    )
    assert found.remedy.startswith("cookies (-40): set Secure; csp (-25): send one")


@pytest.mark.parametrize("status", [404, 500, 400])
def test_what_is_no_front_page_has_no_grade(status: int) -> None:
    seen = dataclasses.replace(look(), answer=Answer(status))
    found = verdicts.grade(seen, Looks((seen,)), policy.of(options(), NAME))
    assert (found.status, found.measure) == ("not_applicable", "")


# One plan for a server


def test_what_one_rule_sets_no_other_leaves_or_drops() -> None:
    mends = [Mend(missing={"A": "1"}, drop=("B", "A")), Mend(set={"A": "2"}, banner=True), Mend(missing={"B": "3"})]
    assert planning.merged(vhost(), mends) == Want(vhost(), {"A": "2"}, {"B": "3"}, (), banner=True)


def test_a_site_that_is_refused_keeps_no_other_from_its_fix(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plan(host: Host, wants: t.Sequence[Want]) -> tuple[Change, ...]:
        for one in wants:
            if one.vhost.name == "bad":
                raise Refused("its file belongs to a package")
        return t.cast("tuple[Change, ...]", tuple(one.vhost.name for one in wants))

    monkeypatch.setitem(planning.PRODUCTS, "nginx", type("P", (), {"plan": staticmethod(plan)}))
    wants = [Want(vhost(name), {"A": "1"}) for name in ("a", "bad", "b")]
    plans = planning.of(Machine(tmp_path).host(), wants)
    assert plans.changes == {vhost(name).subject: ("a", "b") for name in ("a", "b")}
    assert plans.reasons == {vhost("bad").subject: "its file belongs to a package"}


def test_haproxy_gets_the_lines_to_write(tmp_path: pathlib.Path) -> None:
    want = Want(vhost(product="HAProxy"), {"A": "1"}, {"B": "2"}, ("C",), banner=True)
    plans = planning.of(Machine(tmp_path).host(), [want])
    assert plans.reasons == {want.vhost.subject: "HAProxy is not changed here"}
    assert plans.steps[want.vhost.subject].split("\n")[1:] == [
        'http-response set-header A "1"',
        'http-response set-header B "2" if !{ res.hdr(B) -m found }',
        "http-response del-header C",
        "http-response del-header Server",
    ]


# Whole hosts


def nginx(tmp_path: pathlib.Path, config: str, served: t.Mapping[int, t.Any], *, at: str = "0.0.0.0") -> Machine:
    machine = Machine(tmp_path)
    machine.write("/etc/nginx/nginx.conf", f"http {{\n{config}\n}}\n")
    machine.unit("nginx.service", process="nginx", sockets=[("tcp", at, port) for port in served])
    machine.programs["env"] = lambda argv, stdin: Completed(1, "", "in /etc/nginx/nginx.conf:1\n")
    machine.servers.update(served)
    return machine


def found(machine: Machine, **given: t.Any) -> dict[tuple[str, str], Finding]:
    findings = web_headers.CONTROL.assess(machine.host(), options(**given))
    return {(one.rule.name, one.subject): one for one in findings}


def test_a_host_without_a_web_server(tmp_path: pathlib.Path) -> None:
    assert {one.status for one in found(Machine(tmp_path)).values()} == {"not_applicable"}


def test_what_is_for_the_host_alone_is_left_to_those_before_it(tmp_path: pathlib.Path) -> None:
    machine = nginx(tmp_path, "server { listen 127.0.0.1:80; server_name a; }", {80: played_web.page()}, at="127.0.0.1")
    assert {one.message for one in found(machine).values()} == {"No site of this host is reached from other hosts."}


def test_a_default_server_that_hangs_up(tmp_path: pathlib.Path) -> None:
    machine = nginx(tmp_path, "server { listen 80; return 444; }", {80: lambda connection: None})
    ((key, one),) = found(machine).items()
    assert (key[0], one.status) == ("grade", "not_applicable")


def test_a_server_that_does_not_answer_is_not_assessed(tmp_path: pathlib.Path) -> None:
    machine = nginx(tmp_path, "server { listen 80; server_name a; }", {80: lambda connection: None})
    assert {one.status for one in found(machine).values()} == {"not_assessed"}
    assert len(found(machine)) == len(web_headers.RULES)


def test_a_redirect_to_the_same_name_by_tls(tmp_path: pathlib.Path) -> None:
    config = "server { listen 80; server_name a.org; }\nserver { listen 443 ssl; server_name a.org; }"
    clear = played_web.page("301 x", headers="Location: https://a.org/\r\n")
    secured = played_web.page(secured=played_web.context("a.org"), headers="Content-Type: text/html\r\n")
    judged_ = found(nginx(tmp_path, config, {80: clear, 443: secured}))
    assert judged_["redirect", "a.org (nginx.service 80/tcp)"].status == "pass"
    assert judged_["grade", "a.org (nginx.service 443/tcp)"].measure == "D (30)"
    assert ("grade", "a.org (nginx.service 80/tcp)") not in judged_
    assert (
        "Not fixed: nginx refuses its configuration as it is"
        in judged_["hsts", "a.org (nginx.service 443/tcp)"].message
    )


def test_who_stays_in_clear_is_told_what_leads_to_tls(tmp_path: pathlib.Path) -> None:
    config = "server { listen 80; server_name a.org; }\nserver { listen 443 ssl; server_name a.org; }"
    secured = played_web.page(secured=played_web.context("a.org"))
    judged_ = found(nginx(tmp_path, config, {80: played_web.page(), 443: secured}))
    remedy = judged_["redirect", "a.org (nginx.service 80/tcp)"].remedy
    assert remedy.startswith("service_tls (role data_protection) leads whoever comes in clear to https://a.org/")
    assert "port 80 says tls: intermediate" in remedy


@pytest.mark.parametrize(
    ("location", "led"),
    [
        ("https://a.org/", True),
        ("HTTPS://A.ORG/x?y=1", True),
        ("//b.org/", True),
        ("/login", False),
        ("javascript:alert(1)", False),
        ("https://[::1", False),
        ("https://[::1]:8443/", True),
        ("https://[::1]/", True),
        ("https://a.org:443:443/", False),
        ("https://user:secret@b.org/", True),
        ("https://a.org:99999/", False),
        ("https:///", False),
        ("\x7f", False),
    ],
)
def test_where_a_hostile_redirect_leads(tmp_path: pathlib.Path, location: str, led: bool) -> None:
    clear = played_web.page("302 x", headers=f"Location: {location}\r\n")
    machine = nginx(tmp_path, "server { listen 80; server_name a.org; }", {80: clear})
    host = machine.host()
    (seen,) = looks.read(host, host.once(vhosts.read).all).all
    assert bool(seen.led) == led
    assert len(seen.route) <= looks.MOST_STEPS + 1


@given(st.one_of(st.text(max_size=60), st.text(alphabet="htps:/[]@.%#?&a1\\ ", max_size=40)))
def test_any_location_leads_somewhere_or_nowhere(location: str) -> None:
    seen = looks._Way(vhost())
    seen.step(Answer(302, (("location", location),)), (vhost(),))
    assert len(seen.route) in (1, 2)


def test_what_takes_too_long_is_not_assessed(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "SECONDS", -1.0)
    machine = nginx(tmp_path, "server { listen 80; server_name a; }", {80: played_web.page()})
    assert {one.status for one in found(machine).values()} == {"not_assessed"}


def test_an_api_has_no_page(tmp_path: pathlib.Path) -> None:
    api = played_web.page(headers="Content-Type: application/json\r\n", body="{}")
    judged_ = found(nginx(tmp_path, "server { listen 80; server_name a; }", {80: api}))
    assert judged_["resource_loading", "a (nginx.service 80/tcp)"].status == "not_applicable"
    assert "for an API, close the port" in judged_["redirect", "a (nginx.service 80/tcp)"].remedy
    assert ("hsts", "a (nginx.service 80/tcp)") not in judged_


@pytest.mark.parametrize("given", [{"csp": '"'}, {"sites": [{"names": ["b"], "framed_by": ["a b"]}]}])
def test_an_option_that_cannot_be_sent_is_an_error(tmp_path: pathlib.Path, given: dict[str, t.Any]) -> None:
    machine = nginx(tmp_path, "server { listen 80; server_name a; }", {80: played_web.page()})
    judged_ = found(machine, **given)
    assert {(one.status, one.message.partition(": ")[0]) for one in judged_.values()} == {
        ("error", "An option cannot be used")
    }


def test_no_answer_to_a_stranger_is_not_assessed(tmp_path: pathlib.Path) -> None:
    assert judged(tmp_path, dataclasses.replace(look(), cors=None))["cors"].status == "not_assessed"


def test_scripts_of_another_type_keep_nosniff_away(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {"/a.js": "text/plain", "/b.js": "text/javascript", "/c.css": "text/css", "/gone.js": ""}

    def ask(self: Vhost, host: Host, path: str, **more: t.Any) -> Answer:
        if not kinds[path]:
            raise HostError("gone")
        return Answer(200, (("content-type", f"{kinds[path]}; charset=x"),))

    monkeypatch.setattr(Vhost, "ask", ask)
    html = (
        "".join(f'<script src="{path}"></script>' for path in kinds if "js" in path)
        + '<link rel=stylesheet href="c.css">'
    )
    foreign = '<script src="https://cdn.example.net/x.js"></script>'
    verdict = judged(tmp_path, look(html=html + foreign))["content_type_options"]
    assert (verdict.status, verdict.mend) == ("fail", None)
    assert [one.found for one in verdict.evidence[1:]] == ["text/plain"]


CLEAR, OTHERS = (
    '<img src="http://a.example/x.png"><img src=HTTP://b.example/>',
    '<script src="https://cdn.example.net/x.js"></script>',
)


@pytest.mark.parametrize(
    ("html", "tls", "failing"),
    [
        ("<p>", True, set()),
        (CLEAR, True, {"resource_loading"}),
        (CLEAR, False, set()),
        (OTHERS, True, {"integrity"}),
        (OTHERS.replace("><", " integrity=sha384-x><"), True, set()),
        ('<script src="//cdn.example.net/x.js"></script>', False, {"integrity"}),
    ],
)
def test_what_a_page_brings_in(tmp_path: pathlib.Path, html: str, tls: bool, failing: set[str]) -> None:
    found_ = judged(tmp_path, look(at=vhost(tls=tls), html=html))
    assert {rule for rule in ("resource_loading", "integrity") if found_[rule].status == "fail"} == failing
