# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of cleartext_protocols: units of the played systemd that listen, and what some of them answer."""

from __future__ import annotations

import socket
import typing as t

from . import service_tls
from .case import Case
from .machine import Machine

BOTH = frozenset({"passwords", "content"})
CLOSE = {"close_cleartext": True}


def listening(*units: tuple[str, str, str, int]) -> t.Callable[[Machine], None]:
    """Units (name, process, protocol, port) that others can reach."""

    def lay(machine: Machine) -> None:
        for name, process, protocol, port in units:
            machine.unit(name, process=process, sockets=[(protocol, "0.0.0.0", port)])

    return lay


def ftp(user: bytes, auth: bytes) -> t.Callable[[Machine], None]:
    """An FTP server that answers so to USER and to AUTH, and goes away after a refusal, as vsftpd does."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"220 ready\r\n")
        said = user if connection.recv(1024).startswith(b"USER") else auth
        connection.sendall(said)
        if not said.startswith(b"530"):
            connection.recv(1024)

    def lay(machine: Machine) -> None:
        machine.unit("vsftpd.service", process="vsftpd", sockets=[("tcp", "0.0.0.0", 21)])
        machine.servers[21] = serve

    return lay


def mail(*offered: str) -> t.Callable[[Machine], None]:
    def lay(machine: Machine) -> None:
        machine.unit("postfix@-.service", process="master", sockets=[("tcp", "0.0.0.0", 587)])
        machine.servers[587] = service_tls.smtp(*offered)

    return lay


def snmp(*lines: str) -> t.Callable[[Machine], None]:
    def lay(machine: Machine) -> None:
        machine.unit("snmpd.service", process="snmpd", sockets=[("udp", "0.0.0.0", 161)], title="snmpd")
        machine.write("/etc/snmp/snmpd.conf", "\n".join(lines) + "\n")

    return lay


def syslog(*lines: str, port: int = 6514) -> t.Callable[[Machine], None]:
    def lay(machine: Machine) -> None:
        machine.unit("rsyslog.service", process="rsyslogd", sockets=[("tcp", "0.0.0.0", port)])
        machine.write("/etc/rsyslog.conf", "\n".join(lines) + "\n")

    return lay


TELNET = ("inetd.service", "inetd", "tcp", 23)
TFTP = ("tftpd-hpa.service", "in.tftpd", "udp", 69)

CASES = (
    Case("nothing-in-clear", listening(("nginx.service", "nginx", "tcp", 443)), passes=BOTH),
    Case(
        "telnet-and-tftp-that-nobody-declared",
        listening(TELNET, TFTP),
        CLOSE,
        fails=BOTH,
        fixed=BOTH,
    ),
    Case("telnet-that-is-left-running", listening(TELNET), fails=frozenset({"passwords"})),
    Case(
        "tftp-that-the-register-declares",
        listening(TFTP),
        {
            **CLOSE,
            "services": [
                {
                    "name": "boot",
                    "ports": [{"first": 69, "last": 69, "protocol": "udp"}],
                    "clients": ["192.0.2.0/24"],
                }
            ],
        },
        fails=frozenset({"content"}),
    ),
    Case(
        "ftp-that-takes-passwords",
        ftp(b"331 password?\r\n", b"530 no TLS\r\n"),
        CLOSE,
        fails=frozenset({"passwords"}),
        fixed=frozenset({"passwords"}),
    ),
    Case("ftp-for-everybody", ftp(b"530 anonymous only\r\n", b"530 no TLS\r\n"), fails=frozenset({"content"})),
    Case("ftp-that-insists-on-tls", ftp(b"530 not without TLS\r\n", b"234 go on\r\n"), passes=BOTH),
    Case("mail-that-takes-passwords", mail("STARTTLS", "AUTH PLAIN"), fails=frozenset({"passwords"})),
    Case("mail-that-does-not", mail("STARTTLS"), passes=BOTH),
    Case("snmp-with-a-community", snmp("rocommunity public default"), fails=frozenset({"passwords"})),
    Case("snmp-with-users", snmp("rouser monitor priv", "rocommunity public 127.0.0.1"), passes=BOTH),
    Case(
        "syslog-in-clear",
        syslog('module(load="imtcp")', 'input(type="imtcp" port="6514")'),
        fails=frozenset({"content"}),
    ),
    Case(
        "syslog-by-tls",
        syslog(
            'module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1")', 'input(type="imtcp" port="6514")'
        ),
        passes=BOTH,
    ),
)
