# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""See that a server's own user can read a certificate and its key, and that they match; and that TLS is spoken then."""

from __future__ import annotations

import sys

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Pair
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Check
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

#: A key under a password is refused: no server here could ask for it.
_LOADS = """import ssl, sys
try:
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(sys.argv[1], sys.argv[2], lambda: "")
except (OSError, ValueError) as exc:
    sys.exit("%s" % exc)
"""
#: A handshake of any client; whose certificate it is, others judge.
_HANDSHAKE = """import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 5) as wire:
        context.wrap_socket(wire).close()
except (OSError, ValueError) as exc:
    sys.exit("%s" % exc)
"""


def speaks(address: str, port: int) -> Check:
    """The check that a port, on which TLS begins at once, takes a handshake."""
    argv = (sys.executable or "python3", "-I", "-c", _HANDSHAKE, address, str(port))
    return Check(f"see that {address} port {port} speaks TLS", argv)


def loads(user: str, pair: Pair) -> Check:
    """The check, made as the server's user by the very calls that servers make."""
    argv = ("runuser", "-u", user, "--", sys.executable or "python3", "-I", "-c", _LOADS, pair.certificate, pair.key)
    return Check(f"see that {user} can read {pair.certificate} and {pair.key}, and that they match", argv)


def user_of(host: Host, pid: int) -> str:
    """The name of the user that a process runs as. Raises HostError."""
    status = host.stat(f"/proc/{pid}")
    found = [one.name for one in host.once(accounts.read) if status and one.uid == status.st_uid]
    if not found:
        raise HostError(f"the user of process {pid} is not known")
    return found[0]
