# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of service_tls: servers that answer handshakes by what they are said to take.

Those of a product (with a fix) are in the file of its name beside this one, service_tls_PRODUCT.py.
"""

from __future__ import annotations

import importlib
import pathlib
import socket
import typing as t

from . import played_tls
from .case import Case
from .machine import Machine
from .played_tls import Speaks

PORT = 9443
TERMS = Speaks()
#: Certificates are not judged by this control.
CLEAN = frozenset({"protocols", "ciphers", "groups", "guideline"})


def entry(tls: str, *ports: int, clients: t.Sequence[str] = ("192.0.2.0/24",)) -> dict[str, t.Any]:
    """One entry of the register."""
    listed = [{"first": port, "last": port, "protocol": "tcp"} for port in ports]
    return {"name": "shop", "ports": listed, "clients": list(clients), "tls": tls}


def server(port: int, serve: t.Callable[[socket.socket], None]) -> t.Callable[[Machine], None]:
    """A unit of a product that nobody adapts, and what answers at its port."""

    def lay(machine: Machine) -> None:
        machine.unit("shop.service", process="shopd", sockets=[("tcp", "0.0.0.0", port)])
        machine.servers[port] = serve

    return lay


def speaking(port: int = PORT, **terms: t.Any) -> t.Callable[[Machine], None]:
    return server(port, played_tls.server(lambda: Speaks(**terms)))


def web(connection: socket.socket) -> None:
    """HTTP in clear: whatever comes is a bad request."""
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def smtp(*offered: str, terms: Speaks = TERMS) -> t.Callable[[socket.socket], None]:
    """Submission that offers these, and speaks TLS after STARTTLS."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"220 mail.example.org ESMTP\r\n")
        connection.recv(1024)
        connection.sendall("".join(f"250-{line}\r\n" for line in offered).encode() + b"250 OK\r\n")
        connection.recv(1024)
        connection.sendall(b"220 go on\r\n")
        played_tls.hello(connection, terms)

    return serve


OWN = (
    Case(
        "clean-and-asked-for",
        speaking(),
        {"services": [entry("required", PORT)]},
        passes=CLEAN | {"offered", "clear_text"},
    ),
    Case(
        "in-clear-though-asked-for",
        server(PORT, web),
        {"services": [entry("required", PORT)]},
        fails=frozenset({"offered", "clear_text"}),
    ),
    Case(
        "old-and-weak",
        speaking(
            protocols=("TLSv1", "TLSv1.1", "TLSv1.2"),
            ciphers=("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA", "AES128-SHA", "DES-CBC3-SHA"),
            groups=("X25519", "secp521r1"),
        ),
        {"services": [entry("intermediate", PORT)]},
        fails=frozenset({"protocols", "ciphers", "groups"}),
        passes=frozenset({"offered", "clear_text", "guideline"}),
    ),
    Case(
        "of-the-guideline-before",
        speaking(ciphers=("ECDHE-RSA-AES128-GCM-SHA256", "DHE-RSA-AES128-GCM-SHA256")),
        {"services": [entry("required", PORT)]},
        fails=frozenset({"guideline"}),
        passes=frozenset({"offered", "protocols", "ciphers", "groups", "clear_text"}),
    ),
    Case(
        "passwords-before-starttls",
        server(587, smtp("STARTTLS", "AUTH PLAIN")),
        {"services": [entry("required", 587)]},
        fails=frozenset({"clear_text"}),
        passes=CLEAN | {"offered"},
    ),
    Case(
        "no-passwords-before-starttls",
        server(587, smtp("STARTTLS")),
        {"services": [entry("required", 587)]},
        passes=CLEAN | {"offered", "clear_text"},
    ),
)


def products() -> t.Iterator[Case]:
    """The cases of each product."""
    for path in sorted(pathlib.Path(__file__).parent.glob("service_tls_*.py")):
        yield from importlib.import_module(f"{__package__}.{path.stem}").CASES


CASES = (*OWN, *products())
