# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Web servers and applications for the cases: pages over TLS with certificates of an authority that is made here."""

from __future__ import annotations

import datetime
import pathlib
import re
import select
import socket
import ssl
import tempfile
import threading
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from . import played_tls
from .machine import NOW, Machine, Server
from .played_tls import Speaks

_KEY = ec.generate_private_key(ec.SECP256R1())
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority")])


def _certificate(name: str, key: ec.EllipticCurvePrivateKey, *, authority: bool) -> bytes:
    now = datetime.datetime.now(datetime.timezone.utc)
    begins, ends = min(now, NOW) - datetime.timedelta(days=1), max(now, NOW) + datetime.timedelta(days=10)
    subject = _NAME if authority else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(_NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )
    return builder.sign(_KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


AUTHORITY = _certificate("authority.example.org", _KEY, authority=True).decode()


def certificate(name: str) -> bytes:
    """One of the authority, in PEM."""
    return _certificate(name, _KEY, authority=False)


def context(name: str) -> ssl.SSLContext:
    """A server's, with a certificate of the authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "pem")
        path.write_bytes(_certificate(name, key, authority=False) + secret)
        made.load_cert_chain(path)
    return made


def page(
    status: str = "200 OK", *, secured: ssl.SSLContext | None = None, headers: str = "", body: str = "yes"
) -> Server:
    """Answers one request so; by TLS where there is a context."""

    def serve(connection: socket.socket) -> None:
        with secured.wrap_socket(connection, server_side=True) if secured else connection as channel:
            channel.recv(4096)
            kind = "" if "content-type:" in headers.lower() else "Content-Type: text/plain\r\n"
            head = f"HTTP/1.1 {status}\r\n{kind}{headers}Content-Length: {len(body)}\r\n\r\n"
            channel.sendall(f"{head}{body}".encode())

    return serve


#: What a played site says to a path: status, lines of its head (each with its end), body.
Says = tuple[str, str, str]


def site(says: t.Callable[[str], Says], *, secured: ssl.SSLContext | None = None) -> Server:
    """Answers one request by its path."""

    def serve(connection: socket.socket) -> None:
        with secured.wrap_socket(connection, server_side=True) if secured else connection as channel:
            asked = _request(channel).decode("latin-1").split(" ")
            status, headers, body = says(asked[1] if len(asked) > 1 else "/")
            kind = "" if "content-type:" in headers.lower() else "Content-Type: text/html\r\n"
            channel.sendall(f"HTTP/1.1 {status}\r\n{kind}{headers}Content-Length: {len(body)}\r\n\r\n{body}".encode())

    return serve


def _request(channel: socket.socket) -> bytes:
    """What is asked. Behind the line of the PROXY protocol, which may come by itself, stands the request."""
    received = channel.recv(8192)
    if received.startswith(b"PROXY "):
        _line, _end, received = received.partition(b"\r\n")
    return received or channel.recv(8192)


def listen(serve: Server) -> int:
    """A port of this machine, served for as long as the tests run."""
    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(listening, serve), daemon=True).start()
    return t.cast(int, listening.getsockname()[1])


def _accept(listening: socket.socket, serve: Server) -> None:
    while True:
        # A thread that waits in accept has taken the number of a file already, which tests that count them cannot see.
        select.select([listening], [], [])
        connection, _peer = listening.accept()
        threading.Thread(target=_one, args=(connection, serve), daemon=True).start()


def _one(connection: socket.socket, serve: Server) -> None:
    with connection:
        connection.settimeout(5)
        try:
            serve(connection)
        except OSError:
            return


WEAK = ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA", "AES128-SHA")
DEFAULT_GROUPS = ("X25519", "prime256v1", "secp521r1")


def speaks(protocols: t.Iterable[str], ciphers: str, groups: str) -> Speaks:
    """What a server with these settings takes; "" and ALL for what its library takes by itself."""
    known = [name for name in ciphers.split(":") if name in played_tls.CIPHERS]
    curves = [name for name in groups.split(":") if name in played_tls.GROUPS]
    return Speaks(tuple(protocols), tuple(known) or WEAK, groups=tuple(curves) or DEFAULT_GROUPS)


def library(machine: Machine, unit: str) -> None:
    """OpenSSL 3.0 loaded by the unit's process; lay it behind the units."""
    pid = 100 + sorted(machine.units).index(unit)
    machine.write(f"/proc/{pid}/maps", "7f00-7f01 r-xp 00000000 08:01 1 /usr/lib/libcrypto.so.3\n")
    machine.write("/usr/lib/libcrypto.so.3", b"\0OpenSSL 3.0.22 1 Jan 2026\0")


def found(pattern: str, *texts: str) -> str:
    """The first match in the first text that has one; "" for none."""
    return next((match[1] for text in texts for match in [re.search(pattern, text)] if match), "")
