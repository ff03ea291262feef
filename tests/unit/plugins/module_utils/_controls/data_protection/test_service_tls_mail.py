# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Postfix, Dovecot, slapd and RabbitMQ: their words for a profile, who came in clear by their logs, what is refused.

Fixes are in pairs/service_tls_*.py. The lines of logs are as Debian 11, 12 and 13 wrote them.
"""

from __future__ import annotations

import os
import pathlib
import sys
import types
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Pair, Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import (
    dovecot,
    edits,
    logs,
    postfix,
    proof,
    rabbitmq,
    slapd,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    Endpoint,
    Server,
    Terms,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, HostError
from ansible_collections.infosec.principles.tests.unit.pairs import (
    played_mail,
    service_tls_dovecot,
    service_tls_postfix,
    service_tls_rabbitmq,
    service_tls_slapd,
)
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine

CIPHERS = ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305")
SUITES = ("TLS_AES_128_GCM_SHA256",)
TERMS = Terms("intermediate", ("TLSv1.2", "TLSv1.3"), CIPHERS, SUITES, ("X25519", "prime256v1", "secp384r1"))
MODERN = Terms("modern", ("TLSv1.3",), (), SUITES, ("X25519", "prime256v1", "secp384r1"))
PRODUCTS: dict[str, types.ModuleType] = {"postfix": postfix, "dovecot": dovecot, "slapd": slapd, "rabbitmq": rabbitmq}
PAIR = Pair("/etc/ssl/infosec/mail/fullchain.pem", "/etc/ssl/infosec/mail/key.pem")


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> Machine:
    return Machine(tmp_path)


def server(machine: Machine, product: str, lay: t.Callable[[Machine], None]) -> Server:
    """The one server that runs there."""
    lay(machine)
    (found,) = PRODUCTS[product].find(machine.host())
    return t.cast(Server, found)


def refused(machine: Machine, found: Server, wanted: Wanted) -> str:
    with pytest.raises(Refused) as caught:
        found.changes(machine.host(), wanted)
    return str(caught.value)


# Their words


@pytest.mark.parametrize(
    ("version", "terms", "protocols"),
    [
        ("3.5.25", TERMS, "!SSLv2, !SSLv3, !TLSv1, !TLSv1.1"),
        ("3.7.11", TERMS, ">=TLSv1.2"),
        ("3.5.25", MODERN, "!SSLv2, !SSLv3, !TLSv1, !TLSv1.1, !TLSv1.2"),
        ("3.10.13", MODERN, ">=TLSv1.3"),
    ],
)
def test_protocols_of_postfix(version: str, terms: Terms, protocols: str) -> None:
    found = postfix.wanted_settings(terms, {"mail_version": version})
    assert found["smtpd_tls_protocols"] == found["smtpd_tls_mandatory_protocols"] == protocols
    assert ("tls_high_cipherlist" in found) == bool(terms.ciphers)
    assert ("tls_ffdhe_auto_groups" in found) == (version == "3.10.13")
    assert not {name for name in found if name.startswith("smtp_")}


def test_priorities_of_gnutls() -> None:
    assert slapd.priority(TERMS) == (
        "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:"
        "-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:-MAC-ALL:+AEAD:"
        "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1"
    )
    assert ":+VERS-TLS1.3:-KX-ALL:" in slapd.priority(MODERN) and "TLS1.2" not in slapd.priority(MODERN)


def test_a_rabbitmq_that_takes_no_tls_1_3_is_told_of_none(machine: Machine) -> None:
    found = server(machine, "rabbitmq", service_tls_rabbitmq.rabbitmq(service_tls_rabbitmq.TLS))
    text = rabbitmq.terms_of(TERMS, (3, 8, 9))
    assert "{versions, ['tlsv1.2']}" in text and not [one for one in text if "supported_groups" in one]
    assert not [one for one in text if "TLS_AES" in one]
    assert "{versions, ['tlsv1.3', 'tlsv1.2']}" in rabbitmq.terms_of(TERMS, (4, 0, 5))
    assert found.library(machine.host()) == rabbitmq.Library("Erlang/OTP", (27,))


# Who may come in clear


def smtp(*options: str, main: str = "", journal: t.Any = None) -> t.Callable[[Machine], None]:
    """Postfix at port 25."""

    def lay(machine: Machine) -> None:
        service_tls_postfix.postfix(service_tls_postfix.INSTALLED + main, *options, journal=journal)(machine)
        master = machine.path(service_tls_postfix.MASTER)
        master.write_text(master.read_text().replace(str(service_tls_postfix.PORT), "smtp"))
        machine.units[service_tls_postfix.UNIT].sockets = [("tcp", "0.0.0.0", 25)]
        machine._show_proc()
        service_tls_postfix.environment(machine)

    return lay


@pytest.mark.parametrize(
    ("options", "main", "passwords"),
    [
        ((), "", False),
        ((), "smtpd_sasl_auth_enable = yes\n", True),
        ((), "smtpd_sasl_auth_enable = yes\nsmtpd_tls_auth_only = yes\n", False),
        (("smtpd_sasl_auth_enable=yes",), "smtpd_tls_auth_only = no\n", True),
        (("smtpd_sasl_auth_enable=no",), "smtpd_sasl_auth_enable = yes\n", False),
    ],
)
def test_mail_between_servers_may_come_in_clear_and_passwords_may_not(
    machine: Machine, options: tuple[str, ...], main: str, passwords: bool
) -> None:
    found = server(machine, "postfix", smtp(*options, main=main))
    clear = found.clear(machine.host(), found.endpoints[0])
    assert clear.open and "RFC 3207" in clear.excused and clear.passwords == passwords


def test_shielding_sets_no_level(machine: Machine) -> None:
    found = server(machine, "postfix", smtp(main="smtpd_sasl_auth_enable = yes\n"))
    changes = found.changes(machine.host(), Wanted(TERMS, shield=frozenset({25})))
    written = "".join(change.diff()["after"] for change in changes)
    assert "encrypt" not in written
    # Of that service alone: those who log in at port 587 may not know TLS yet.
    assert "  -o smtpd_tls_auth_only=yes\n" in written and "smtpd_tls_auth_only = yes" not in written


@pytest.mark.parametrize(
    ("main", "alone"),
    [
        ("", False),
        ("smtp_tls_mandatory_ciphers = medium\n", False),
        ("smtp_tls_mandatory_ciphers = high\n", True),
        ("lmtp_tls_ciphers = high\n", True),
        ("smtp_tls_policy_maps = hash:/etc/postfix/policy\n", True),
    ],
)
def test_what_postfix_delivers_with_stays(machine: Machine, main: str, alone: bool) -> None:
    found = server(machine, "postfix", smtp(main=main))
    edited = [change for change in found.changes(machine.host(), Wanted(TERMS)) if "path" in vars(change)]
    written = "".join(change.diff()["after"] for change in edited)
    assert ("  -o tls_high_cipherlist=ECDHE" in written) == alone
    assert ("tls_high_cipherlist = ECDHE" in written) == (not alone)


SESSIONS = {
    "postfix/smtpd[9]: disconnect from a.example.org[192.0.2.7] ehlo=1 auth=1 mail=1 rcpt=1 quit=1 commands=5": True,
    "postfix/smtpd[9]: disconnect from a.example.org[192.0.2.7] ehlo=2 starttls=1 auth=1 mail=1 quit=1 commands=6": False,
    "postfix/smtpd[9]: disconnect from a.example.org[192.0.2.7] ehlo=1 starttls=0/1 commands=1/2": False,
    "postfix/smtpd[9]: disconnect from a.example.org[192.0.2.7] ehlo=1 auth=0/1 quit=1 commands=2/3": False,
    "postfix/submission/smtpd[9]: disconnect from a.example.org[192.0.2.7] ehlo=1 mail=1 quit=1 commands=3": False,
}


@pytest.mark.parametrize(("line", "counts"), SESSIONS.items())
def test_sessions_of_postfix(machine: Machine, line: str, counts: bool) -> None:
    lay = service_tls_postfix.postfix(service_tls_postfix.INSTALLED, journal=played_mail.journal(line))
    found = server(machine, "postfix", lay)
    clear = found.clear(machine.host(), found.endpoints[0])
    assert [name for name, _ago in clear.came] == (["a.example.org (192.0.2.7)"] if counts else [])
    assert clear.told and clear.days == pytest.approx(30)


LOGINS = {
    "dovecot[1]: imap-login: Login: user=<ann>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, mpid=7, session=<x>": True,
    "dovecot[1]: imap-login: Logged in: user=<ann>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, mpid=7, TLS, session=<x>": False,
    "dovecot[1]: imap-login: Login: user=<ann>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.1, mpid=7, secured, session=<x>": False,
}


@pytest.mark.parametrize(("line", "counts"), LOGINS.items())
def test_logins_of_dovecot(machine: Machine, line: str, counts: bool) -> None:
    lay = service_tls_dovecot.dovecot("2.3", "disable_plaintext_auth = no", journal=played_mail.journal(line))
    found = server(machine, "dovecot", lay)
    clear = found.clear(machine.host(), found.endpoints[0])
    assert [name for name, _ago in clear.came] == (["ann from 192.0.2.7"] if counts else [])


def test_a_mechanism_that_needs_no_tls_is_open(machine: Machine) -> None:
    found = server(machine, "dovecot", service_tls_dovecot.dovecot("2.4", "auth_mechanisms = plain cram-md5"))
    clear = found.clear(machine.host(), found.endpoints[0])
    assert clear.open and not clear.told and "cram-md5" in clear.evidence[1].found


def test_slapd_that_logs_no_connections_does_not_tell(machine: Machine) -> None:
    found = server(machine, "slapd", service_tls_slapd.slapd("OpenSSL", service_tls_slapd.PAIR))
    clear = found.clear(machine.host(), found.endpoints[0])
    assert clear.open and not clear.told and "olcLogLevel" in clear.further


@pytest.mark.parametrize(
    ("secured", "names"), [([], ["192.0.2.7"]), (["slapd[1]: conn=7 fd=13 TLS established tls_ssf=256 ssf=256"], [])]
)
def test_connections_of_slapd(machine: Machine, secured: list[str], names: list[str]) -> None:
    accepted = "slapd[1]: conn=7 fd=13 ACCEPT from IP=192.0.2.7:42106 (IP=0.0.0.0:389)"
    asked = 'slapd[1]: conn=7 op=1 SRCH base="dc=example,dc=org" scope=2 deref=0'
    lay = service_tls_slapd.slapd(
        "OpenSSL",
        service_tls_slapd.PAIR + service_tls_slapd.STATS,
        journal=played_mail.journal(accepted, *secured, asked),
    )
    found = server(machine, "slapd", lay)
    assert [name for name, _ago in found.clear(machine.host(), found.endpoints[0]).came] == names


@pytest.mark.parametrize(
    ("values", "insists"),
    [(("ssf=71",), True), (("tls=128 ssf=0",), True), (("simple_bind=128",), False), (("ssf=1",), False), ((), False)],
)
def test_what_slapd_insists_on(values: tuple[str, ...], insists: bool) -> None:
    assert slapd._insists(values) == insists


def test_logins_of_rabbitmq_3_8_and_4_0() -> None:
    lines = (
        "2026-11-24 11:00:00.580 [info] <0.8.0> connection <0.8.0> (192.0.2.7:40544 -> 192.0.2.1:5672): "
        "user 'guest' authenticated and granted access to vhost '/'",
        "2026-11-24 11:00:00.474548+00:00 [info] <0.7.0> connection 192.0.2.8:47632 -> 192.0.2.1:5672: "
        "user 'app' authenticated and granted access to vhost '/'",
        "2026-11-24 11:00:00.474548+00:00 [info] <0.7.0> connection 192.0.2.9:47632 -> 192.0.2.1:5671: "
        "user 'app' authenticated and granted access to vhost '/'",
    )
    log = logs.Log(1, tuple((0.0, line) for line in lines))
    assert [name for name, _ago in rabbitmq._came(log, 5672)] == ["guest from 192.0.2.7", "app from 192.0.2.8"]


def test_a_journal_that_has_nothing_tells_nothing(machine: Machine) -> None:
    assert logs.read(machine.host(), "x.service", "y") is None


# What is refused


def test_dovecot_before_2_3_15_cannot_be_modern(machine: Machine) -> None:
    found = server(machine, "dovecot", service_tls_dovecot.dovecot("2.3"))
    assert "TLS 1.3 alone" in refused(machine, found, Wanted(MODERN))


def test_trusted_networks_of_dovecot_stay_open(machine: Machine) -> None:
    found = server(machine, "dovecot", service_tls_dovecot.dovecot("2.3", "login_trusted_networks = 192.0.2.0/24"))
    port = found.endpoints[0].port
    assert found.clear(machine.host(), found.endpoints[0]).open
    assert "login_trusted_networks" in refused(machine, found, Wanted(TERMS, require=frozenset({port})))


@pytest.mark.parametrize("main", ["!include other/*.conf\n", ""])
def test_dovecot_that_would_not_read_our_file(machine: Machine, main: str) -> None:
    found = server(machine, "dovecot", service_tls_dovecot.dovecot("2.3", main=main))
    assert "conf.d" in refused(machine, found, Wanted(TERMS))


def test_dovecot_2_4_never_gets_both_required_and_passwords_in_clear(machine: Machine) -> None:
    found = server(machine, "dovecot", service_tls_dovecot.dovecot("2.4", "auth_allow_cleartext = yes"))
    changes = found.changes(machine.host(), Wanted(TERMS, require=frozenset({found.endpoints[0].port})))
    written = "".join(change.diff()["after"] for change in changes)
    assert "ssl = required\nauth_allow_cleartext = no\n" in written


def test_slapd_conf_is_not_read(machine: Machine) -> None:
    service_tls_slapd.slapd("GnuTLS", service_tls_slapd.PAIR)(machine)
    machine.write("/proc/100/cmdline", "/usr/sbin/slapd\0-f\0/etc/ldap/slapd.conf\0")
    with pytest.raises(HostError, match="slaptest"):
        list(slapd.find(machine.host()))


def test_what_slapd_has_refused_is_told_it_again(machine: Machine) -> None:
    found = server(machine, "slapd", service_tls_slapd.slapd("GnuTLS", service_tls_slapd.PAIR))
    (statement,) = (change for change in found.changes(machine.host(), Wanted(TERMS)) if hasattr(change, "probe"))
    again = statement.argv[-1]
    assert again.index("olcTLSCipherSuite: NORMAL") < again.rindex("replace: olcTLSCipherSuite\n")
    assert "olcTLSCertificateFile: /etc/ssl/infosec/ldap/fullchain.pem" in again


def test_an_amqp_port_in_clear_is_never_turned(machine: Machine) -> None:
    found = server(machine, "rabbitmq", service_tls_rabbitmq.rabbitmq())
    clear = service_tls_rabbitmq.CLEAR
    assert "5671" in refused(machine, found, Wanted(TERMS, offer={clear: PAIR}, restart=True))


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        (rabbitmq.OWN, "[].\n", "somebody else's"),
        ("/etc/rabbitmq/conf.d/10-own.conf", "a = b\n", "was changed since"),
    ],
)
def test_files_of_rabbitmq_that_stand_in_the_way(machine: Machine, path: str, text: str, said: str) -> None:
    found = server(machine, "rabbitmq", service_tls_rabbitmq.rabbitmq(service_tls_rabbitmq.TLS))
    machine.write(path, text)
    assert said in refused(machine, found, Wanted(TERMS, restart=True))


def test_a_passphrase_of_rabbitmq_is_neither_asked_nor_written() -> None:
    assert "[password, versions" in rabbitmq.ASKED


# Files of others


def test_only_the_lines_that_differ_are_changed(machine: Machine) -> None:
    old = "a = 1\nb = 2\nc = 3\n"
    machine.write("/etc/x.cf", old)
    first, last = edits.changes(machine.host(), "/etc/x.cf", old, "a = 9\nb = 2\nc = 3\nd = 4\n")
    assert (first.diff()["before"], first.diff()["after"]) == ("a = 1\n", "a = 9\n")
    assert (last.diff()["before"], last.diff()["after"]) == ("c = 3\n", "c = 3\nd = 4\n")
    assert edits.changes(machine.host(), "/etc/x.cf", old, old) == ()


def test_a_last_line_without_an_end_is_not_touched(machine: Machine) -> None:
    with pytest.raises(Refused, match="no end"):
        edits.changes(machine.host(), "/etc/x.cf", "a = 1", "a = 2")


def test_programs_that_do_not_answer(machine: Machine) -> None:
    service_tls_postfix.postfix(service_tls_postfix.INSTALLED)(machine)
    machine.programs["postconf"] = lambda argv, stdin: Completed(1, "", "fatal: open /etc/postfix/main.cf\x1b[2J")
    with pytest.raises(HostError, match=r"\\x1b"):
        list(postfix.find(machine.host()))


@pytest.mark.parametrize(("answers", "offer", "tried"), [(0, (), 1), (1, (), 0), (1, (25,), 1)])
def test_a_port_that_takes_no_handshake_of_ours_holds_nothing_up(
    machine: Machine, answers: int, offer: tuple[int, ...], tried: int
) -> None:
    machine.programs[os.path.basename(sys.executable)] = lambda argv, stdin: Completed(answers, "", "")
    ends = [Endpoint(25, ("127.0.0.1",), "smtp")]
    assert len(proof.asked(machine.host(), ends, offer)) == tried
