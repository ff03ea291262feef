# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the played databases of service_tls have in common: how TLS begins in them, and what a start takes up."""

from __future__ import annotations

import os
import re
import socket
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import played_tls, played_web
from .machine import Machine, Server
from .played_tls import Speaks

FOLDER = "/etc/ssl/infosec"
CLIENT_SSL = 0x0800


def entry(name: str, port: int, tls: str = "required") -> dict[str, t.Any]:
    """One entry of the register."""
    ports = [{"first": port, "last": port, "protocol": "tcp"}]
    return {"name": name, "ports": ports, "clients": ["192.0.2.0/24"], "tls": tls}


def deployed(machine: Machine, name: str) -> None:
    """A pair where playbooks/internal_ca.yml lays it; what is in it, the check of the server's user tells."""
    for file in ("fullchain.pem", "key.pem"):
        machine.write(f"{FOLDER}/{name}/{file}", f"{file}\n", mode=0o640)


def as_user(machine: Machine, play: t.Callable[[t.Sequence[str], str], Completed]) -> None:
    """What runs as the server's user: `play` has the rest of the command line; a pair loads where it is there."""

    def runuser(argv: t.Sequence[str], stdin: str | None) -> Completed:
        words = argv[list(argv).index("--") + 1 :]
        if "load_cert_chain" in " ".join(words):
            missing = [path for path in words[-2:] if not machine.path(path).exists()]
            return Completed(1, "", f"{missing[0]}: no such file") if missing else Completed(0, "", "")
        return play(words, stdin or "")

    machine.programs["runuser"] = runuser


def on_start(machine: Machine, unit: str, verbs: t.Sequence[str], take_up: t.Callable[[], None]) -> None:
    """Let the unit take its configuration up now and with each of these verbs; its process has OpenSSL loaded."""
    systemctl = machine.programs["systemctl"]

    def play(argv: t.Sequence[str], stdin: str | None) -> Completed:
        done = systemctl(argv, stdin)
        if argv[1] in verbs:
            take_up()
            systemctl(["systemctl", "daemon-reload"], None)
        if argv[1] != "show":
            _process(machine, unit)
        return done

    machine.programs["systemctl"] = play
    play(["systemctl", verbs[0], unit], None)


def _process(machine: Machine, unit: str) -> None:
    played_web.library(machine, unit)
    pid = 100 + sorted(machine.units).index(unit)
    drop_in = machine.path(f"/etc/systemd/system/{unit}.d/infosec-service-tls.conf")
    named = re.search(r"OPENSSL_CONF=\S+", drop_in.read_text(encoding="utf-8")) if drop_in.exists() else None
    machine.write(f"/proc/{pid}/environ", f"LANG=C\0{named[0] if named else ''}\0")
    machine.write("/etc/ssl/openssl.cnf", "openssl_conf = openssl_init\n")
    machine.write("/etc/passwd", f"database:x:{os.getuid()}:{os.getgid()}::/:/bin/false\n")


def groups(machine: Machine, unit: str) -> str:
    """What OPENSSL_CONF of the unit says; "" for nothing."""
    path = machine.path(f"/etc/ssl/infosec-{unit.partition('.')[0]}.cnf")
    return played_web.found(r"(?m)^Groups = (.+)$", path.read_text(encoding="utf-8")) if path.exists() else ""


def postgresql(speaks: t.Callable[[], Speaks | None]) -> Server:
    """A port of PostgreSQL: SSLRequest, then S or N (its manual, "SSL Session Encryption")."""

    def serve(connection: socket.socket) -> None:
        connection.recv(8)
        terms = speaks()
        connection.sendall(b"S" if terms else b"N")
        if terms:
            played_tls.hello(connection, terms)

    return serve


def mysql(speaks: t.Callable[[], Speaks | None]) -> Server:
    """A port of MariaDB: its greeting says whether it has TLS (protocol 4.1, "Initial Handshake Packet")."""

    def serve(connection: socket.socket) -> None:
        terms = speaks()
        flags = (CLIENT_SSL if terms else 0).to_bytes(2, "little")
        body = (
            b"\x0a5.5.5-10.11.19-MariaDB\0" + b"\x01\0\0\0" + b"saltsalt\0" + flags + b"\x2d\x02\0\0\0\x15" + bytes(10)
        )
        connection.sendall(len(body).to_bytes(3, "little") + b"\0" + body)
        if terms:
            connection.recv(36)
            played_tls.hello(connection, terms)

    return serve
