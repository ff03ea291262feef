# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cases of Postfix, Dovecot, slapd and RabbitMQ have in common."""

from __future__ import annotations

import os
import socket
import sys
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import played_tls
from .machine import NOW, Machine, Program
from .played_tls import Speaks

CLEAN = frozenset({"offered", "protocols", "ciphers", "groups", "guideline"})
TERMS = frozenset({"protocols", "ciphers", "groups"})
OLD = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")


def entry(name: str, *ports: int) -> dict[str, t.Any]:
    """One entry of the register that owes TLS."""
    listed = [{"first": port, "last": port, "protocol": "tcp"} for port in ports]
    return {"name": name, "ports": listed, "clients": ["192.0.2.0/24"], "tls": "intermediate"}


def deployed(machine: Machine, name: str) -> None:
    """A pair for an entry, where the playbook of the authority lays it."""
    for file in ("fullchain.pem", "key.pem"):
        machine.write(f"/etc/ssl/infosec/{name}/{file}", "", mode=0o640)


def tools(machine: Machine, unit: str) -> None:
    """What a fix tries before and after all go well; the process of the unit runs as nobody. Lay it behind the units."""
    machine.programs[os.path.basename(sys.executable)] = lambda argv, stdin: Completed(0, "", "")
    machine.programs["runuser"] = lambda argv, stdin: Completed(0, "", "")
    machine.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n")
    machine.write(f"/proc/{100 + sorted(machine.units).index(unit)}/status", "Uid:\t65534\t65534\t65534\t65534\n")


def linked(machine: Machine, module: str) -> None:
    """A module that is linked with OpenSSL 3.0."""
    machine.write(module, b"\x7fELF\0libssl.so.3\0libcrypto.so.3\0")
    machine.write("/usr/lib/libcrypto.so.3", b"\0OpenSSL 3.0.22 1 Jan 2026\0")


def journal(*lines: str, days: float = 30) -> Program:
    """A journal that reaches so far back, and has these lines of today behind its first."""
    now = NOW.timestamp()
    told = [f"{now - days * 86400:.6f} host systemd[1]: Started.", *(f"{now - 60:.6f} host {line}" for line in lines)]
    return lambda argv, stdin: Completed(0, "".join(f"{line}\n" for line in told), "")


def starttls(greeting: bytes, offer: bytes, speaks: t.Callable[[], Speaks | None]) -> t.Callable[[socket.socket], None]:
    """A server that greets, offers, says OK to STARTTLS and answers a hello; without TLS where it speaks none."""

    def serve(connection: socket.socket) -> None:
        terms = speaks()
        connection.sendall(greeting)
        connection.recv(1024)
        connection.sendall(offer)
        connection.recv(1024)
        if terms:
            connection.sendall(b"220 go on\r\n" if greeting.startswith(b"220") else b"b OK go on\r\n")
            played_tls.hello(connection, terms)

    return serve
