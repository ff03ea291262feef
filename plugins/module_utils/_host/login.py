# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""How the SSH connection of this run logged in, so that no fix takes that way from it.

sshd writes it down: `Accepted publickey for ann from 192.0.2.7 port 4711 ssh2: ED25519 SHA256:...`, and with LogLevel
VERBOSE a `Partial ...` for each factor before the last.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host import connection
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

AUTH_LOGS = ("/var/log/auth.log", "/var/log/secure")
_LOG_BYTES = 4 * 1024 * 1024
_PASSED = re.compile(
    r"(?P<verdict>Accepted|Partial) (?P<method>[\w-]+)(?:/\S+)? for (?P<account>.{1,256}?) from (?P<peer>\S+) "
    r"port (?P<port>\d+)(?: ssh2(?:: (?P<algorithm>\S+) (?P<fingerprint>SHA256:\S+))?"
    r"(?: ID .* CA (?P<ca_algorithm>\S+) (?P<authority>SHA256:\S+))?)?"
)


@dataclasses.dataclass(frozen=True)
class Login:
    """One login over SSH that ended well.

    methods: as AuthenticationMethods names them, in their order, such as ("publickey", "keyboard-interactive").
    algorithm, fingerprint: of the key ("ED25519", "RSA-CERT"; "SHA256:..."), "" where none was used.
    authority: the fingerprint of the CA where the key had a certificate.
    """

    account: str
    methods: tuple[str, ...]
    algorithm: str = ""
    fingerprint: str = ""
    authority: str = ""


def read(host: Host) -> Login | None:
    """How the connection that carries this run logged in; None without one, or where no log tells.

    Use as `host.once(login.read)`, and only where a fix is at stake: it searches the journal.
    """
    own = host.once(connection.read)
    return of(_log(host, own), own.peer, own.peer_port) if own else None


def of(text: str, peer: str, port: int) -> Login | None:
    """The last login from this address and port in the lines of a log."""
    passed = [match for match in _PASSED.finditer(text) if (match["peer"], match["port"]) == (peer, str(port))]
    if not passed or passed[-1]["verdict"] != "Accepted":
        return None
    last = passed[-1]
    own = [match for match in passed if match["account"] == last["account"]]
    keyed = next((match for match in reversed(own) if match["fingerprint"]), None)
    methods = tuple(dict.fromkeys(match["method"] for match in own))
    if keyed is None:
        return Login(last["account"], methods)
    return Login(last["account"], methods, keyed["algorithm"], keyed["fingerprint"], keyed["authority"] or "")


def _log(host: Host, own: connection.Connection) -> str:
    wanted = f"from {own.peer} port {own.peer_port}"
    matches = [word for name in ("sshd", "sshd-session") for word in ("+", f"SYSLOG_IDENTIFIER={name}")][1:]
    # Not --lines as well: before systemd 249 that takes the last lines first, and searches in those alone.
    command = ("journalctl", "--quiet", "--no-pager", "--output=cat", "--boot", f"--grep={re.escape(wanted)}")
    return "\n".join((host.ask(*command, *matches).stdout, *_tails(host)))


def _tails(host: Host) -> t.Iterator[str]:
    for name in AUTH_LOGS:
        if host.exists(name):
            yield host.ask("tail", "-c", str(_LOG_BYTES), "--", host.path(name)).stdout
