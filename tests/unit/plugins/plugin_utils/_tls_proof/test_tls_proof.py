# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sslyze says of endpoints, held against the guideline; and sslyze itself against servers of this machine."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import tls_guideline, x509
from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.plan import Plan
from ansible_collections.infosec.principles.plugins.plugin_utils._tls_proof import judge, plan, run
from ansible_collections.infosec.principles.plugins.plugin_utils._tls_proof.plan import Target
from ansible_collections.infosec.principles.tests.unit.pairs import played_web
from ansible_collections.infosec.principles.tests.unit.pairs.certificates import GOOD, Made

NOW = datetime.datetime(2026, 11, 24, tzinfo=datetime.timezone.utc)
SHOP = Target("web1", "shop", 443, "192.0.2.7", "tls", "intermediate", ("shop.example.org",))
NONE: dict[str, list[str]] = {version: [] for version in tls_guideline.PROTOCOLS}
SUITE, CIPHER = "TLS_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"


def certificate(made: Made, *verified: str) -> dict[str, t.Any]:
    return {"chain": [made.pem().decode()], "verified": list(verified), "why": "" if verified else "no path."}


def answer(**more: t.Any) -> dict[str, t.Any]:
    """Of an endpoint as the guideline has it."""
    good = {
        "fault": "",
        "ciphers": {**NONE, "TLSv1.2": [CIPHER], "TLSv1.3": [SUITE]},
        "groups": ["X25519", "secp256r1"],
        "certificates": [certificate(GOOD, "Supplied CA file")],
    }
    return {**good, **more}


def judged(found: dict[str, t.Any] | None, target: Target = SHOP, missing: str = "") -> dict[str, str]:
    return {one["rule"].partition(".")[2]: one["status"] for one in judge.judge(target, found, missing, NOW)}


@pytest.mark.parametrize(
    ("more", "failing"),
    [
        ({}, set()),
        ({"ciphers": {**NONE, "TLSv1.1": ["AES128-SHA"], "TLSv1.2": [CIPHER]}}, {"profile"}),
        ({"ciphers": {**NONE, "TLSv1.2": [CIPHER, "AES128-SHA"]}}, {"profile"}),
        ({"ciphers": {**NONE, "TLSv1.2": [CIPHER, "DHE-RSA-AES128-GCM-SHA256"]}}, set()),
        ({"groups": ["X25519", "secp521r1"]}, {"profile"}),
        ({"certificates": [certificate(GOOD)]}, {"certificate"}),
        ({"certificates": [certificate(Made(left=-1), "x")]}, {"certificate"}),
        ({"certificates": [certificate(Made(names=("www.example.org",)), "x")]}, {"certificate"}),
        ({"certificates": [certificate(GOOD, "x"), certificate(Made(left=-1), "x")]}, {"certificate"}),
    ],
)
def test_what_speaks_tls(more: dict[str, t.Any], failing: set[str]) -> None:
    found = judged(answer(**more))
    assert {rule for rule, status in found.items() if status == "fail"} == failing
    assert found["offered"] == "pass" and set(found) == {"offered", "profile", "certificate"}


def test_the_modern_profile_has_one_version() -> None:
    assert judged(answer(), Target(**{**vars(SHOP), "profile": "modern"}))["profile"] == "fail"


@pytest.mark.parametrize(
    ("fault", "redirects", "status"),
    [
        ("ServerTlsConfigurationNotSupported", False, "fail"),
        ("ServerTlsConfigurationNotSupported", True, "pass"),
        ("ServerRejectedOpportunisticTlsNegotiation", False, "fail"),
        ("ConnectionToServerTimedOut", False, "not_assessed"),
        ("ServerRejectedConnection", False, "not_assessed"),
    ],
)
def test_what_speaks_none(fault: str, redirects: bool, status: str) -> None:
    assert judged({"fault": fault, "why": "x", "redirects": redirects}) == {"offered": status}


def test_a_server_that_turned_sslyze_alone_away_is_not_said_to_speak_none() -> None:
    answer = {"fault": "ServerTlsConfigurationNotSupported", "why": "x", "speaks": True, "redirects": False}
    assert judged(answer) == {"offered": "not_assessed"}


def test_a_server_that_is_slow_to_greet_is_not_said_to_speak_none() -> None:
    why = "Unexpected error while performing the SMTP EHLO handshake: Connection unexpectedly closed: timed out"
    answer = {"fault": "ServerRejectedOpportunisticTlsNegotiation", "why": why, "redirects": False}
    assert judged(answer) == {"offered": "not_assessed"}


@pytest.mark.parametrize(
    ("target", "found", "missing"),
    [
        (SHOP, answer(), judge.MISSING),
        (SHOP, None, ""),
        (Target("web1", "shop", 443, "", "tls", "modern", why="web1 was offline"), None, ""),
        (Target("db", "orders", 3306, "192.0.2.8", "mysql", "modern"), None, ""),
    ],
)
def test_what_was_not_asked_is_not_assessed(target: Target, found: dict[str, t.Any] | None, missing: str) -> None:
    assert set(judged(found, target, missing).values()) == {"not_assessed"}


def test_a_name_that_nobody_knows_is_not_assessed() -> None:
    strange = {**certificate(GOOD), "why": "validation failed: leaf certificate has no matching subjectAltName"}
    nameless = Target("web1", "shop", 443, "192.0.2.7", "tls", "intermediate")
    assert judged(answer(certificates=[strange]), nameless)["certificate"] == "not_assessed"
    assert judged(answer(certificates=[strange]))["certificate"] == "fail"


def test_who_has_no_name_is_asked_for_by_that_of_the_host() -> None:
    assert Target("web1", "shop", 443, "192.0.2.7", "tls", "intermediate").name == "web1"
    assert Target("192.0.2.7", "shop", 443, "192.0.2.7", "tls", "intermediate").name == ""
    assert Target("web1", "shop", 443, "192.0.2.7", "tls", "intermediate", ("*.example.org", "b.example.org")).name == (
        "b.example.org"
    )


def test_what_could_not_be_told_is_not_assessed() -> None:
    assert judged(answer(groups=None, certificates=None)) == {
        "offered": "pass",
        "profile": "not_assessed",
        "certificate": "not_assessed",
    }


# Which


def entry(name: str, tls: str, *ports: str) -> dict[str, t.Any]:
    listed = [dict(zip(("first", "last"), map(int, port.split("-")), strict=True), protocol="tcp") for port in ports]
    return {"name": name, "tls": tls, "ports": listed, "names": ["*.example.org", "a.example.org"]}


def service(name: str, *ports: tuple[int, bool], protocol: str = "tcp", why: str = "") -> dict[str, t.Any]:
    places = [
        {"address": address, "port": port, "listens": listens}
        for port, listens in ports
        for address in ("2001:db8::7", "192.0.2.7")
    ]
    return {"target": "web1", "service": name, "protocol": protocol, "endpoints": places, "why": why}


def targets(*services: dict[str, t.Any]) -> list[Target]:
    register = [
        entry("shop", "required", "443-443"),
        entry("clear", "none", "80-80"),
        entry("mail", "modern", "587-587"),
    ]
    return plan.targets(t.cast(Plan, {"services": list(services)}), register, "intermediate")


def test_what_owes_tls_is_asked_once_a_port() -> None:
    found = targets(
        service("shop", (443, True)),
        service("clear", (80, True)),
        service("mail", (587, True)),
        service("", (22, True)),
    )
    assert [(one.subject, one.address, one.begins, one.profile, one.name) for one in found] == [
        ("443/tcp shop", "192.0.2.7", "tls", "intermediate", "a.example.org"),
        ("587/tcp mail", "192.0.2.7", "smtp", "modern", "a.example.org"),
    ]


def test_of_a_range_what_listens_is_asked() -> None:
    assert [one.port for one in targets(service("shop", (443, False), (444, True), (450, False)))] == [444]
    assert [one.port for one in targets(service("shop", (443, False)))] == [443]


def test_a_host_that_was_offline_says_so() -> None:
    (one,) = targets(service("shop", why="web1 was offline"))
    assert (one.port, one.address, one.why) == (443, "", "web1 was offline")


# sslyze


def serve(context: ssl.SSLContext | None, text: bytes) -> int:
    """A port of this machine that says this, by TLS where there is a context."""
    listening = socket.create_server(("127.0.0.1", 0))

    def one(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) if context else connection as channel:
                channel.recv(4096)
                channel.sendall(text)
        except OSError:
            connection.close()

    def accept() -> None:
        while True:
            threading.Thread(target=one, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return t.cast(int, listening.getsockname()[1])


def test_sslyze_says_what_servers_of_this_machine_offer() -> None:
    secured = played_web.context("a.example.org")
    secured.minimum_version = ssl.TLSVersion.TLSv1_3
    elsewhere = b"HTTP/1.1 301 Moved\r\nLocation: https://a.example.org/\r\n\r\n"
    closed = socket.create_server(("127.0.0.1", 0))
    ports = [serve(secured, b""), serve(None, b"no"), serve(None, elsewhere), closed.getsockname()[1]]
    closed.close()
    asked = [Target("web1", "shop", port, "127.0.0.1", "tls", "modern", ("a.example.org",)) for port in ports]
    found = run.scan(asked, played_web.AUTHORITY, timeout=5, time_limit=120)
    said = [
        {one["rule"].partition(".")[2]: one for one in judge.judge(a, b, "", NOW)}
        for a, b in zip(asked, found, strict=True)
    ]
    assert [one["offered"]["status"] for one in said] == ["pass", "fail", "pass", "not_assessed"]
    answered = t.cast("dict[str, t.Any]", found[0])
    assert set(answered["ciphers"]["TLSv1.3"]) >= {SUITE} and not answered["ciphers"]["TLSv1.2"]
    shown = x509.first(answered["certificates"][0]["chain"][0].encode())
    # sslyze wants of a chain what RFC 5280 does, and this one has no key identifiers.
    assert shown and shown.names == ("a.example.org",) and said[0]["certificate"]["status"] == "fail"


def test_sslyze_is_ended_when_its_time_is_over() -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    asked = [Target("web1", "shop", silent.getsockname()[1], "127.0.0.1", "tls", "modern")]
    assert run.scan(asked, "", timeout=60, time_limit=3) == [None]
    silent.close()
