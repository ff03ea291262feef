# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports that are asked for TLS: played ones of all kinds, and a real one of Python's ssl."""

from __future__ import annotations

import contextlib
import datetime
import pathlib
import socket
import ssl
import threading
import typing as t

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ansible_collections.infosec.principles.plugins.module_utils._formats import tls_guideline
from ansible_collections.infosec.principles.plugins.module_utils._host import tls_probe
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.tls_probe import Seen, Target
from ansible_collections.infosec.principles.tests.unit.pairs import played_tls
from ansible_collections.infosec.principles.tests.unit.pairs.played_tls import Speaks

Serve = t.Callable[[socket.socket], None]
HERE = "127.0.0.1"


class Played(Host):
    """A host whose every port is served so; counts the connections."""

    def __init__(self, serve: Serve) -> None:
        super().__init__(dialer=self._dial)
        self._serve = serve
        self.connections = 0

    def _dial(self, address: str, port: int, timeout: float) -> socket.socket:
        self.connections += 1
        ours, theirs = socket.socketpair()
        ours.settimeout(timeout)
        threading.Thread(target=self._answer, args=(theirs,), daemon=True).start()
        return ours

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self._serve(connection)


def speaking(**terms: t.Any) -> Serve:
    return played_tls.server(lambda: Speaks(**terms))


def read(serve: Serve, begins: str = tls_probe.AT_ONCE, name: str = "", profile: str = "intermediate") -> Seen:
    target = Target(HERE, 443, begins, name)
    return tls_probe.read(Played(serve), target, tls_guideline.PROFILES[profile])


# What it speaks


def test_a_clean_port_is_asked_five_times() -> None:
    host = Played(speaking())
    seen = tls_probe.read(host, Target(HERE, 443), tls_guideline.INTERMEDIATE)
    assert (seen.state, seen.protocols, seen.ciphers, seen.groups) == ("speaks", (), (), ())
    assert seen.first and (seen.first.protocol, seen.first.group) == ("TLSv1.3", "X25519")
    assert host.connections == 5


def test_all_that_is_too_much_is_named() -> None:
    seen = read(
        speaking(
            protocols=("SSLv3", "TLSv1", "TLSv1.2", "TLSv1.3"),
            ciphers=("AES128-SHA", "ECDHE-RSA-AES128-GCM-SHA256", "DHE-RSA-AES128-GCM-SHA256", "ADH-AES128-SHA"),
            suites=("TLS_AES_128_GCM_SHA256", "TLS_AES_128_CCM_SHA256"),
            groups=("X448", "X25519", "secp521r1"),
            prime=1024,
        )
    )
    assert seen.protocols == ("SSLv3", "TLSv1")
    assert set(seen.ciphers) == {
        "AES128-SHA",
        "DHE-RSA-AES128-GCM-SHA256",
        "ADH-AES128-SHA",
        "TLS_AES_128_CCM_SHA256",
    }
    assert (seen.groups, seen.bits) == (("X448", "secp521r1"), 1024)


@pytest.mark.parametrize(
    ("protocols", "profile", "surplus"),
    [
        (("TLSv1",), "intermediate", ("TLSv1",)),
        (("TLSv1.2",), "intermediate", ()),
        (("TLSv1.2", "TLSv1.3"), "modern", ("TLSv1.2",)),
        (("TLSv1.1", "TLSv1.2"), "modern", ("TLSv1.1", "TLSv1.2")),
        (("TLSv1.3",), "modern", ()),
    ],
)
def test_protocols_by_profile(protocols: tuple[str, ...], profile: str, surplus: tuple[str, ...]) -> None:
    assert read(speaking(protocols=protocols), profile=profile).protocols == surplus


def test_the_best_group_is_none_too_much() -> None:
    assert read(speaking(groups=("X25519MLKEM768", "X25519"))).groups == ()


def test_a_port_for_names_alone() -> None:
    serve = speaking(names=("shop.example.org",))
    assert read(serve).state == tls_probe.NAME
    assert read(serve, name="shop.example.org").state == tls_probe.SPEAKS


# What does not speak it


def closes(connection: socket.socket) -> None:
    """Whatever comes."""


def refuses(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(played_tls.alert(played_tls.HANDSHAKE_FAILURE))


def waits(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def proxied(connection: socket.socket) -> None:
    """As nginx does with proxy_protocol: nothing but TLS behind the line."""
    if connection.recv(6) == b"PROXY ":
        while connection.recv(1) != b"\n":
            pass
        played_tls.hello(connection, Speaks())


def web(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize(
    ("serve", "state", "why"),
    [
        (web, tls_probe.CLEAR, "something else"),
        (closes, tls_probe.REFUSES, "closes every connection"),
        (refuses, tls_probe.REFUSES, "handshake_failure"),
        (waits, tls_probe.UNKNOWN, "no answer within"),
    ],
)
def test_no_verdict_where_there_is_no_tls(serve: Serve, state: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls_probe, "ANSWER_SECONDS", 0.1)
    seen = read(serve)
    assert (seen.state, seen.first) == (state, None)
    assert why in seen.why


def test_a_port_that_is_shut_is_unknown() -> None:
    def shut(address: str, port: int, timeout: float) -> socket.socket:
        raise ConnectionRefusedError(111, "Connection refused")

    seen = tls_probe.read(Host(dialer=shut), Target(HERE, 443), tls_guideline.INTERMEDIATE)
    assert seen.state == tls_probe.SHUT and "Connection refused" in seen.why


def test_behind_the_proxy_protocol_it_is_asked_all_the_same() -> None:
    seen = read(proxied)
    assert (seen.state, seen.proxied, seen.protocols) == (tls_probe.SPEAKS, True, ())


def test_one_endpoint_takes_so_long_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls_probe, "ENDPOINT_SECONDS", 0.0)
    assert read(speaking()).state == tls_probe.UNKNOWN


# What comes before it


def talk(*turns: tuple[bytes, bytes], greeting: bytes = b"", speaks: bool = True) -> Serve:
    """A server that answers so to what begins so, and speaks TLS afterwards."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(greeting)
        for expected, answer in turns:
            assert connection.recv(len(expected)) == expected
            connection.sendall(answer)
        if speaks:
            played_tls.hello(connection, Speaks())

    return serve


EHLO, STARTTLS = b"EHLO localhost\r\n", b"STARTTLS\r\n"
USER, AUTH = b"USER infosec-principles\r\n", b"AUTH TLS\r\n"
CAPABILITY = b"a CAPABILITY\r\n"
SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
LDAP_STARTTLS = bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"
#: MariaDB 10.11's greeting, with its flags taken apart.
GREETING = b"\x0a5.5.5-10.11.6-MariaDB\0" + bytes(4) + b"scramble" + b"\0" + b"%s" + b"\x2d\x02\x00" + bytes(30)


def mysql(flags: bytes, speaks: bool = True) -> Serve:
    body = GREETING.replace(b"%s", flags)
    request = b"\x20\x00\x00\x01\x00\x8a\x00\x00\x00\x00\x00\x01\x2d" + bytes(23)
    head = len(body).to_bytes(3, "little") + b"\0"
    return talk(*([(request, b"")] if speaks else []), greeting=head + body, speaks=speaks)


@pytest.mark.parametrize(
    ("begins", "serve", "login"),
    [
        (
            "smtp",
            talk((EHLO, b"250-mx\r\n250 STARTTLS\r\n"), (STARTTLS, b"220 go\r\n"), greeting=b"220-a\r\n220 b\r\n"),
            False,
        ),
        (
            "smtp",
            talk((EHLO, b"250-STARTTLS\r\n250 AUTH PLAIN\r\n"), (STARTTLS, b"220 go\r\n"), greeting=b"220 b\r\n"),
            True,
        ),
        (
            "imap",
            talk(
                (CAPABILITY, b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na OK done\r\n"),
                (b"b STARTTLS\r\n", b"b OK go\r\n"),
                greeting=b"* OK ready\r\n",
            ),
            False,
        ),
        (
            "imap",
            talk(
                (CAPABILITY, b"* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\na OK done\r\n"),
                (b"b STARTTLS\r\n", b"b OK go\r\n"),
                greeting=b"* OK ready\r\n",
            ),
            True,
        ),
        (
            "pop3",
            talk((b"CAPA\r\n", b"+OK\r\nUIDL\r\nSTLS\r\n.\r\n"), (b"STLS\r\n", b"+OK\r\n"), greeting=b"+OK ready\r\n"),
            False,
        ),
        (
            "pop3",
            talk((b"CAPA\r\n", b"+OK\r\nUSER\r\nSTLS\r\n.\r\n"), (b"STLS\r\n", b"+OK\r\n"), greeting=b"+OK ready\r\n"),
            True,
        ),
        (
            "sieve",
            talk((STARTTLS, b'OK "go"\r\n'), greeting=b'"SASL" ""\r\n"STARTTLS"\r\nOK "ready"\r\n'),
            False,
        ),
        ("ftp", talk((AUTH, b"234 go\r\n"), greeting=b"220-a\r\n b\r\n220 c\r\n"), None),
        ("ldap", talk((LDAP_STARTTLS, bytes.fromhex("300c02010178070a010004000400"))), None),
        ("postgresql", talk((SSL_REQUEST, b"S")), None),
        ("mysql", mysql(b"\xfe\xff"), None),
    ],
)
def test_tls_begins_in_other_protocols(begins: str, serve: Serve, login: bool | None) -> None:
    seen = read(serve, begins)
    assert (seen.state, seen.why, seen.login) == (tls_probe.SPEAKS, "", login)


@pytest.mark.parametrize(
    ("begins", "serve", "login"),
    [
        ("smtp", talk((EHLO, b"250-mx\r\n250 AUTH LOGIN\r\n"), greeting=b"220 b\r\n", speaks=False), True),
        ("smtp", talk(greeting=b"554 go away\r\n", speaks=False), None),
        ("smtp", talk(greeting=b"SSH-2.0-OpenSSH_9.2\r\n", speaks=False), None),
        ("imap", talk((CAPABILITY, b"* CAPABILITY IMAP4rev1\r\na OK\r\n"), greeting=b"* OK\r\n", speaks=False), True),
        ("imap", talk(greeting=b"* BYE too many\r\n", speaks=False), None),
        ("pop3", talk((b"CAPA\r\n", b"+OK\r\nUIDL\r\n.\r\n"), greeting=b"+OK\r\n", speaks=False), False),
        ("sieve", talk(greeting=b'"SASL" "PLAIN"\r\nOK\r\n', speaks=False), True),
        ("ftp", talk((AUTH, b"530 no\r\n"), greeting=b"220 c\r\n", speaks=False), None),
        ("ldap", talk((LDAP_STARTTLS, bytes.fromhex("300c02010178070a013404000400")), speaks=False), None),
        ("ldap", talk((LDAP_STARTTLS, b"HTTP/1.1 400 Bad Request" * 4), speaks=False), None),
        ("postgresql", talk((SSL_REQUEST, b"N"), speaks=False), None),
        ("mysql", mysql(b"\xfe\xf7", speaks=False), None),
        ("mysql", talk(greeting=b"\x05\x00\x00\x00\xff\x6a\x04no", speaks=False), None),
    ],
)
def test_tls_that_is_not_offered(begins: str, serve: Serve, login: bool | None) -> None:
    seen = read(serve, begins)
    assert (seen.state, seen.login) == (tls_probe.CLEAR, login)
    assert seen.why


@pytest.mark.parametrize(
    ("begins", "serve", "taken"),
    [
        ("ftp", talk((USER, b"331 password?\r\n"), greeting=b"220 c\r\n", speaks=False), True),
        ("ftp", talk((USER, b"530 use TLS\r\n"), greeting=b"220 c\r\n", speaks=False), False),
        ("smtp", talk((EHLO, b"250 AUTH PLAIN\r\n"), greeting=b"220 b\r\n", speaks=False), True),
        ("ldap", talk((LDAP_STARTTLS, bytes.fromhex("300c02010178070a010004000400")), speaks=False), None),
    ],
)
def test_whether_a_password_would_be_taken(begins: str, serve: Serve, taken: bool | None) -> None:
    def after_a_look(connection: socket.socket) -> None:
        with contextlib.suppress(OSError, AssertionError):
            serve(connection)

    assert tls_probe.login(Played(after_a_look), ("0.0.0.0",), 21, begins) is taken


def test_who_is_trusted_by_his_address_is_not_told() -> None:
    def serve(connection: socket.socket) -> None:
        connection.sendall(b"220 b\r\n")
        connection.recv(1024)
        connection.sendall(b"250 AUTH PLAIN\r\n")

    assert tls_probe.login(Played(serve), ("127.0.0.1",), 587, "smtp") is None
    assert tls_probe.login(Played(serve), ("192.0.2.7",), 587, "smtp") is True
    with pytest.raises(HostError, match="does not speak"):
        tls_probe.login(Played(talk(greeting=b"554 no\r\n", speaks=False)), ("192.0.2.7",), 587, "smtp")


# Certificates, and HTTP that only leads on


def test_certificates_of_both_kinds() -> None:
    serve = speaking(certificate=b"0\x00")
    assert tls_probe.certificates(Played(serve), Target(HERE, 443)) == ((b"0\x00",),)


@pytest.mark.parametrize("oldest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_real_server_of_python(oldest: ssl.TLSVersion, tmp_path: pathlib.Path) -> None:
    pair = own_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = oldest
    context.load_cert_chain(pair)
    with socket.create_server((HERE, 0)) as listening:
        threading.Thread(target=serve_all, args=(listening, context), daemon=True).start()
        target = Target(HERE, listening.getsockname()[1])
        seen = tls_probe.read(Host(), target, tls_guideline.INTERMEDIATE)
        ((shown, *_chain),) = tls_probe.certificates(Host(), target)
    assert (seen.state, seen.protocols) == (tls_probe.SPEAKS, ())
    assert seen.first and seen.first.protocol == "TLSv1.3"
    assert x509.load_der_x509_certificate(shown) == x509.load_pem_x509_certificate(pair.read_bytes())


def serve_all(listening: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _peer = listening.accept()
        except OSError:
            return
        with connection, contextlib.suppress(OSError):
            context.wrap_socket(connection, server_side=True)


def own_certificate(folder: pathlib.Path) -> pathlib.Path:
    """A file with a key and a certificate that it signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "pair.pem"
    path.write_bytes(
        key.private_bytes(*form) + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_without_tls_there_is_no_certificate() -> None:
    with pytest.raises(HostError, match="something else"):
        tls_probe.certificates(Played(web), Target(HERE, 443))


@pytest.mark.parametrize(
    ("answer", "leads_on"),
    [
        (b"HTTP/1.1 308 Permanent Redirect\r\nServer: x\r\nLocation: https://shop.example.org/\r\n\r\n", True),
        (b"HTTP/1.1 301 Moved\r\nlocation: HTTPS://shop/\r\n\r\n", True),
        (b"HTTP/1.1 302 Found\r\nLocation: http://shop/\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nLocation: https://shop/\r\n\r\n", False),
        (b"220 mail ESMTP\r\n", False),
        (b"", False),
    ],
)
def test_http_that_leads_on_to_https(answer: bytes, leads_on: bool) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)

    assert tls_probe.redirects(Played(serve), HERE, 80) is leads_on


def test_loopback_is_dialled_first() -> None:
    assert tls_probe.dialled(("192.0.2.7", "0.0.0.0", "::")) == ["127.0.0.1", "::1", "192.0.2.7"]
    assert tls_probe.dialled(("fe80::1%eth0", "192.0.2.7")) == ["192.0.2.7"]
