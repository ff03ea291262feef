# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What is tried for real before and after a server takes up a certificate: many start without one, and only log it."""

from __future__ import annotations

import sys
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Pair
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    AT_ONCE,
    Endpoint,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Check
from ansible_collections.infosec.principles.plugins.module_utils._host import tls_probe
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

#: Python's own ssl: the key belongs to the certificate, and both can be read.
PAIR = """
import ssl, sys

try:
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*sys.argv[1:], lambda: sys.exit("it is encrypted"))
except OSError as exc:
    sys.exit("%s: %s" % (exc.__class__.__name__, exc))
"""
#: A whole handshake, which nobody verifies here; tried again for some seconds, since a reload takes its time.
SPEAKS = """
import imaplib, poplib, smtplib, socket, ssl, sys, time

address, port, begins = sys.argv[1], int(sys.argv[2]), sys.argv[3]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE


def smtp():
    with smtplib.SMTP(address, port, "localhost", timeout=5) as client:
        if client.starttls(context=context)[0] != 220:
            raise OSError("STARTTLS is refused")


def imap():
    with imaplib.IMAP4(address, port, timeout=5) as client:
        client.starttls(context)


def pop3():
    client = poplib.POP3(address, port, timeout=5)
    client.stls(context)
    client.quit()


def ldap():
    with socket.create_connection((address, port), 5) as stream:
        stream.sendall(bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037")
        if bytes.fromhex("0a0100") not in stream.recv(1024):
            raise OSError("StartTLS is refused")
        context.wrap_socket(stream).close()


def sieve():
    with socket.create_connection((address, port), 5) as stream, stream.makefile("rb") as lines:
        if not any(line.upper().startswith(b"OK") for line in lines):
            raise OSError("it does not greet")
        stream.sendall(b"STARTTLS\\r\\n")
        if not lines.readline().upper().startswith(b"OK"):
            raise OSError("STARTTLS is refused")
        context.wrap_socket(stream).close()


def tls():
    with socket.create_connection((address, port), 5) as stream:
        context.wrap_socket(stream).close()


end = time.monotonic() + float(sys.argv[4])
while True:
    try:
        globals()[begins]()
        break
    except Exception as exc:
        if time.monotonic() > end:
            sys.exit("%s: %s" % (exc.__class__.__name__, exc))
        time.sleep(0.5)
"""
SECONDS = 15


def together(pairs: t.Iterable[Pair]) -> tuple[Check, ...]:
    """See that each certificate and its key can be read and belong together."""
    return tuple(
        Check(
            f"see that {pair.certificate} and {pair.key} belong together",
            (sys.executable, "-c", PAIR, pair.certificate, pair.key),
        )
        for pair in dict.fromkeys(pairs)
    )


def readable(host: Host, pid: int, pairs: t.Iterable[Pair]) -> tuple[Check, ...]:
    """See that the user of a process can read each key."""
    user = _user(host, pid)
    return tuple(
        Check(f"see that {user} can read {pair.key}", ("runuser", "-u", user, "--", "test", "-r", pair.key))
        for pair in dict.fromkeys(pairs)
        if user != "root"
    )


def _user(host: Host, pid: int) -> str:
    status = host.read_part(f"/proc/{pid}/status", 8192).decode("utf-8", "replace")
    uid = next((line.split()[1] for line in status.splitlines() if line.startswith("Uid:")), "0")
    lines = (line.split(":") for line in host.read_text("/etc/passwd").splitlines())
    return next((fields[0] for fields in lines if len(fields) > 2 and fields[2] == uid), "root")


def speaks(endpoints: t.Iterable[Endpoint]) -> tuple[Check, ...]:
    """See by a handshake with each that it speaks TLS; one that does not has the whole fix taken back."""
    return tuple(_speaks(endpoint) for endpoint in endpoints)


def asked(host: Host, endpoints: t.Iterable[Endpoint], offered: t.Container[int]) -> list[Endpoint]:
    """Those that can be tried: to offer TLS, or a handshake succeeds now. One for a proxy alone takes none of ours."""
    return [one for one in endpoints if one.port in offered or host.ask(*_handshake(one, 1)).rc == 0]


def _handshake(endpoint: Endpoint, seconds: float) -> tuple[str, ...]:
    address = tls_probe.dialled(endpoint.addresses)[0] if endpoint.addresses else "127.0.0.1"
    return (sys.executable, "-c", SPEAKS, address, str(endpoint.port), endpoint.begins, str(seconds))


def _speaks(endpoint: Endpoint) -> Check:
    how = "at once" if endpoint.begins == AT_ONCE else f"after STARTTLS of {endpoint.begins}"
    title = f"see that {endpoint.name} speaks TLS {how}"
    return Check(title, _handshake(endpoint, SECONDS))


def ports(endpoints: t.Iterable[Endpoint]) -> tuple[tuple[str, int], ...]:
    """Where a server has to take connections again, as `Activate` wants them."""
    found = ((tls_probe.dialled(endpoint.addresses), endpoint.port) for endpoint in endpoints)
    return tuple((near[0], port) for near, port in found if near)
