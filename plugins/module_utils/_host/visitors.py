# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Where people log in over SSH from: what a run without an SSH connection of its own must not cut."""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress

from ansible_collections.infosec.principles.plugins.module_utils._host import connection, logins, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

#: Who has not come for longer is not waited for.
SINCE = datetime.timedelta(days=90)
SOCKET_UNITS = ("ssh.socket", "sshd.socket")


@dataclasses.dataclass(frozen=True)
class Visitors:
    """ports: TCP ports on which sshd takes connections. peers: addresses that are connected now, or have logged in."""

    ports: tuple[int, ...]
    peers: tuple[str, ...]


def read(host: Host) -> Visitors:
    """The visitors of the last SINCE, as sockets and all sources of logins tell. Use as `host.once(visitors.read)`."""
    ports = _ports(host)
    if not ports:
        return Visitors((), ())
    since = host.now() - SINCE
    connected = [peer for port in ports for peer in sockets.peers(host).get(("tcp", port), ())]
    told = [
        login.peer
        for source in logins.sources(host, since)
        for login in source.logins
        if login.when >= since and _is_address(login.peer)
    ]
    return Visitors(ports, tuple(dict.fromkeys([*connected, *told])))


def _ports(host: Host) -> tuple[int, ...]:
    found = {
        item.port
        for item in host.once(sockets.read)
        if item.protocol == "tcp" and not item.loopback and _is_sshd(item.process, item.socket_unit)
    }
    return tuple(sorted(found))


def _is_sshd(process: str, socket_unit: str) -> bool:
    return process in connection.DAEMONS or socket_unit in SOCKET_UNITS


def _is_address(text: str) -> bool:
    try:
        return not ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False
