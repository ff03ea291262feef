# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What service_tls says of whole machines."""

from __future__ import annotations

import dataclasses
import pathlib
import socket
import types
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import (
    needs,
    planning,
    products,
    terms,
    verdicts,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    AT_ONCE,
    NEVER,
    Clear,
    Endpoint,
    Server,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection.service_tls import CONTROL
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import WriteFile
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._host.crypto_library import GNUTLS, OPENSSL, Library
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.tests.unit.pairs import played_tls
from ansible_collections.infosec.principles.tests.unit.pairs import service_tls as cases
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine
from ansible_collections.infosec.principles.tests.unit.pairs.played_tls import Speaks

DEFAULTS = {
    "services": [],
    "profile": "intermediate",
    "certificate_folder": "/etc/ssl/infosec",
    "required_after_days": 7,
    "restart": "never",
}


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> Machine:
    return Machine(tmp_path)


def assess(machine: Machine, *services: dict[str, t.Any], **options: t.Any) -> dict[tuple[str, str], Finding]:
    findings = list(CONTROL.assess(machine.host(), {**DEFAULTS, "services": services, **options}))
    keyed = {finding.key: finding for finding in findings}
    assert len(keyed) == len(findings), "two findings of one rule on one subject"
    return keyed


def statuses(findings: t.Mapping[tuple[str, str], Finding]) -> dict[str, str]:
    return {rule: finding.status for (rule, _subject), finding in findings.items()}


def test_a_host_without_services_is_not_asked(machine: Machine) -> None:
    assert set(statuses(assess(machine)).values()) == {"not_applicable"}


def test_a_service_is_named_by_unit_and_port(machine: Machine) -> None:
    cases.speaking()(machine)
    assert {subject for _rule, subject in assess(machine, cases.entry("required", 9443))} == {"shop.service 9443/tcp"}


def test_what_speaks_tls_unasked_is_judged_by_its_terms(machine: Machine) -> None:
    cases.speaking(port=8443, protocols=("TLSv1", "TLSv1.2"))(machine)
    found = statuses(assess(machine, cases.entry("none", 8443)))
    assert (found["offered"], found["clear_text"], found["protocols"]) == ("not_applicable", "not_applicable", "fail")


def test_the_profile_of_the_entry_counts(machine: Machine) -> None:
    cases.speaking()(machine)
    assert statuses(assess(machine, cases.entry("required", 9443), profile="modern"))["protocols"] == "fail"
    assert statuses(assess(machine, cases.entry("intermediate", 9443), profile="modern"))["protocols"] == "pass"
    cases.speaking(protocols=("TLSv1.3",))(machine)
    assert set(statuses(assess(machine, cases.entry("modern", 9443))).values()) == {"pass"}


# A product that knows its configuration


SHUT = Clear(open=False)


@dataclasses.dataclass(frozen=True)
class Shop(Server):
    """Says what it is to say, and remembers nothing."""

    said: Clear = SHUT
    refuses: str = ""
    PRODUCT = "shop"

    def library(self, host: Host) -> Library:
        return Library(OPENSSL, (3, 0, 15))

    def clear(self, host: Host, endpoint: Endpoint) -> Clear:
        return self.said

    def changes(self, host: Host, wanted: Wanted) -> tuple[Change, ...]:
        if self.refuses and (wanted.offer or wanted.require or wanted.shield):
            raise Refused(self.refuses)
        return (WriteFile("/etc/shop/tls.conf", None, repr(wanted)),)


def adapted(monkeypatch: pytest.MonkeyPatch, *ends: Endpoint, **fields: t.Any) -> None:
    """Let the product with these endpoints be found."""
    shop = types.SimpleNamespace(find=lambda host: iter([Shop("shop.service", (100,), ends, **fields)]))
    monkeypatch.setattr(products, "TRACES", ((shop, ("shopd",)),))


def wanted(findings: t.Mapping[tuple[str, str], Finding], rule: str) -> str:
    """What the fix of a rule brings the server to; "" for none."""
    (found,) = (finding for (name, _subject), finding in findings.items() if name == rule)
    return "".join(t.cast(WriteFile, change).after for change in found.fix)


def test_one_fix_for_all_that_is_wrong(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    cases.speaking(protocols=("TLSv1", "TLSv1.2"), groups=("X448", "X25519"))(machine)
    adapted(monkeypatch, Endpoint(9443, ("0.0.0.0",), AT_ONCE))
    found = assess(machine, cases.entry("required", 9443))
    fixes = {finding.fix for finding in found.values() if finding.status == "fail"}
    assert len(fixes) == 1
    assert "X25519MLKEM768" not in wanted(found, "groups") and "'X25519'" in wanted(found, "groups")
    assert not any(finding.fix for finding in found.values() if finding.status == "pass")


def test_two_profiles_in_one_server(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    cases.speaking()(machine)
    machine.units["shop.service"].sockets = [("tcp", "0.0.0.0", 9443), ("tcp", "0.0.0.0", 9444)]
    machine.servers[9444] = machine.servers[9443]
    machine.unit("other.service", active=False)
    adapted(monkeypatch, Endpoint(9443, ("0.0.0.0",), AT_ONCE), Endpoint(9444, ("0.0.0.0",), AT_ONCE))
    modern, plain = cases.entry("modern", 9443), {**cases.entry("intermediate", 9444), "name": "other"}
    protocols = assess(machine, modern, plain)["protocols", "shop.service 9443/tcp"]
    assert protocols.status == "fail" and not protocols.fix
    assert "asks for two profiles" in protocols.message
    assert assess(machine, modern)["protocols", "shop.service 9443/tcp"].fix == ()
    both = assess(machine, cases.entry("modern", 9443, 9444))
    assert both["protocols", "shop.service 9443/tcp"].fix == both["protocols", "shop.service 9444/tcp"].fix != ()


def in_clear(machine: Machine) -> None:
    cases.server(5432, lambda connection: connection.sendall(b"N"))(machine)


def test_tls_is_offered_with_the_certificate_that_lies_there(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    in_clear(machine)
    adapted(monkeypatch, Endpoint(5432, ("0.0.0.0",), "postgresql"), said=Clear(open=True, now=("app",), told=True))
    found = assess(machine, cases.entry("required", 5432))
    offered = found["offered", "shop.service 5432/tcp"]
    assert "no certificate lies at /etc/ssl/infosec/shop" in offered.message and not offered.fix
    machine.write("/etc/ssl/infosec/shop/fullchain.pem", "")
    machine.write("/etc/ssl/infosec/shop/key.pem", "")
    found = assess(machine, cases.entry("required", 5432))
    assert "/etc/ssl/infosec/shop/key.pem" in wanted(found, "offered")
    clear = found["clear_text", "shop.service 5432/tcp"]
    assert "app" in clear.message and not clear.fix


def test_clear_text_stays_as_long_as_there_is_nothing_else(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    in_clear(machine)
    adapted(monkeypatch, Endpoint(5432, ("0.0.0.0",), "postgresql"), said=Clear(open=True, told=True, days=30))
    clear = assess(machine, cases.entry("required", 5432))["clear_text", "shop.service 5432/tcp"]
    assert clear.fix == () and "TLS has to be offered there first" in clear.message


def test_what_is_refused_leaves_the_rest(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    cases.server(587, cases.smtp("STARTTLS"))(machine)
    machine.servers[587] = cases.smtp("STARTTLS", terms=Speaks(protocols=("TLSv1",), ciphers=("AES128-SHA",)))
    end = Endpoint(587, ("0.0.0.0",), "smtp")
    said = Clear(open=True, told=True, days=30)
    adapted(monkeypatch, end, said=said, refuses="somebody else's file says otherwise")
    found = assess(machine, cases.entry("required", 587))
    assert wanted(found, "protocols") == wanted(found, "ciphers") != ""
    clear = found["clear_text", "shop.service 587/tcp"]
    assert not clear.fix and "somebody else's file" in clear.message
    adapted(monkeypatch, end, said=said)
    found = assess(machine, cases.entry("required", 587))
    assert "require=frozenset({587})" in wanted(found, "clear_text")


@pytest.mark.parametrize(
    ("clients", "passwords", "status", "fix"),
    [
        ("any", False, "pass", ""),
        ("any", True, "fail", "shield=frozenset({25})"),
        ("192.0.2.0/24", False, "fail", "{25}"),
    ],
)
def test_mail_between_servers(
    clients: str, passwords: bool, status: str, fix: str, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases.server(25, cases.smtp("STARTTLS"))(machine)
    said = Clear(open=True, told=True, days=30, excused="mail has to get in", passwords=passwords)
    adapted(monkeypatch, Endpoint(25, ("0.0.0.0",), "smtp"), said=said)
    found = assess(machine, cases.entry("required", 25, clients=[clients]))
    assert found["clear_text", "shop.service 25/tcp"].status == status
    assert fix in wanted(found, "clear_text")


def test_passwords_in_clear_are_turned_away_once_nobody_logs_in_so(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases.server(25, cases.smtp("STARTTLS"))(machine)
    came = (("printer.example.org (192.0.2.7)", 1.0),)
    said = Clear(open=True, told=True, days=30, came=came, excused="mail has to get in", passwords=True)
    adapted(monkeypatch, Endpoint(25, ("0.0.0.0",), "smtp"), said=said)
    clear = assess(machine, cases.entry("required", 25, clients=["any"]))["clear_text", "shop.service 25/tcp"]
    assert clear.status == "fail" and clear.fix == () and "printer.example.org" in clear.message


def test_each_name_is_judged_and_who_names_none(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    cases.speaking(names=("a.example.org",), protocols=("TLSv1.1", "TLSv1.2"))(machine)
    adapted(monkeypatch, Endpoint(9443, ("0.0.0.0",), AT_ONCE, names=("a.example.org", "~^b", "c d")))
    found = {
        subject: finding.status
        for (rule, subject), finding in assess(machine, cases.entry("required", 9443)).items()
        if rule == "protocols"
    }
    assert found == {
        "shop.service 9443/tcp": "not_applicable",
        "shop.service 9443/tcp (a.example.org)": "fail",
    }


def test_a_port_in_clear_beside_one_with_tls(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    cases.speaking()(machine)
    ends = Endpoint(9443, ("0.0.0.0",), AT_ONCE), Endpoint(80, ("0.0.0.0",), NEVER)
    adapted(monkeypatch, *ends, said=Clear(open=True, told=True, days=99))
    found = assess(machine, cases.entry("required", 80, 9443))
    assert found["offered", "shop.service 80/tcp"].status == "pass"
    assert found["clear_text", "shop.service 80/tcp"].status == "fail"
    assert "require=frozenset({80})" in "".join(
        t.cast(WriteFile, change).after for change in found["clear_text", "shop.service 80/tcp"].fix
    )
    adapted(monkeypatch, *ends)
    assert assess(machine, cases.entry("required", 80, 9443))["clear_text", "shop.service 80/tcp"].status == "pass"


def test_what_only_this_host_reaches_is_judged_where_it_is_asked_for(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases.speaking(protocols=("TLSv1",))(machine)
    adapted(monkeypatch, Endpoint(9443, ("127.0.0.1",), AT_ONCE))
    assert set(statuses(assess(machine)).values()) == {"not_applicable"}
    assert statuses(assess(machine, cases.entry("required", 9443)))["protocols"] == "fail"


def test_a_product_that_cannot_be_read_keeps_no_other_from_being_judged(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(host: Host) -> t.Iterator[Server]:
        raise HostError("its configuration is broken")

    cases.speaking()(machine)
    monkeypatch.setattr(products, "TRACES", ((types.SimpleNamespace(find=find), ("shopd",)),))
    found = assess(machine, cases.entry("required", 9443))
    assert found["protocols", "shopd"].status == "not_assessed"
    assert found["protocols", "shop.service 9443/tcp"].status == "pass"


def test_a_library_without_tls_1_3() -> None:
    old = Library(OPENSSL, (1, 1, 0))
    assert terms.of(old, "intermediate").protocols == ("TLSv1.2",)
    assert terms.of(old, "intermediate").suites == ()
    with pytest.raises(Refused, match=r"OpenSSL 1\.1\.0, has no TLS 1\.3"):
        terms.of(old, "modern")


@pytest.mark.parametrize(
    ("library", "hybrid"),
    [
        (Library(OPENSSL, (3, 0, 15)), False),
        (Library(OPENSSL, (3, 5, 0)), True),
        (Library(OPENSSL), False),
        (Library(GNUTLS, (30, 34)), False),
        (Library(), False),
    ],
)
def test_the_hybrid_group_where_the_library_has_it(library: Library, hybrid: bool) -> None:
    groups = ("X25519", "prime256v1", "secp384r1")
    assert terms.of(library, "modern").groups == (("X25519MLKEM768",) if hybrid else ()) + groups


def test_an_http_port_without_a_product_that_leads_on(machine: Machine) -> None:
    def web(connection: socket.socket) -> None:
        said = connection.recv(4096)
        leads = b"HTTP/1.1 308 Permanent Redirect\r\nLocation: https://shop.example.org/\r\n\r\n"
        connection.sendall(leads if said.startswith(b"GET ") else b"HTTP/1.1 400 Bad Request\r\n\r\n")

    machine.unit("shop.service", process="shopd", sockets=[("tcp", "0.0.0.0", 80), ("tcp", "0.0.0.0", 443)])
    machine.servers.update({80: web, 443: played_tls.server(Speaks)})
    found = assess(machine, cases.entry("required", 80, 443))
    assert {finding.status for finding in found.values()} == {"pass"}
    machine.servers[80] = cases.web
    assert assess(machine, cases.entry("required", 80, 443))["clear_text", "shop.service 80/tcp"].status == "fail"


def test_deployed_certificates_are_looked_for_by_plain_names_alone() -> None:
    need = needs.Need(("shop", "../x", ".."), True, "intermediate", False)
    end = verdicts.End(Shop("shop.service", (), ()), Endpoint(443, (), AT_ONCE), need, "127.0.0.1")
    assert planning.places(end, "/etc/ssl/infosec") == ["/etc/ssl/infosec/shop"]


@pytest.mark.parametrize("said", [played_tls.alert(played_tls.HANDSHAKE_FAILURE), b""])
def test_what_refuses_every_handshake_is_not_assessed(said: bytes, machine: Machine) -> None:
    def refuses(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(said)

    cases.server(9443, refuses)(machine)
    assert set(statuses(assess(machine, cases.entry("required", 9443))).values()) == {"not_assessed"}
