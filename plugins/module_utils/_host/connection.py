# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The SSH connection that carries this run, so that no fix cuts it.

Found by walking up the process tree (sudo drops SSH_CONNECTION) to an sshd, whose own established socket is the
connection. Where that socket is not readable (an ordinary user), SSH_CONNECTION of an ancestor says the same.
"""

from __future__ import annotations

import dataclasses
import os

from ansible_collections.infosec.principles.plugins.module_utils._host import processes, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

#: Names of processes that carry SSH connections (OpenSSH >= 9.8 splits them) and so run below the listening one.
DAEMONS = ("sshd", "sshd-session", "sshd-auth", "dropbear")
#: Units that hold whole logins or systemd itself, and say nothing about the daemon.
_NOT_A_DAEMON = ("session-", "user@", "init.scope")


@dataclasses.dataclass(frozen=True)
class Connection:
    """One SSH connection, seen from the host.

    peer, peer_port: where it comes from, as this host sees it. local, local_port: where it arrived.
    pids: the processes that carry it, from this one up to PID 1.
    unit: the unit of the sshd that took it, "" where that is unknown.
    units: every unit that must go on for it, and for the next one, to work (`unit`, its socket, those of `pids`, and
        what passes the connection on, such as sslh, where it comes from this host).
    """

    peer: str
    peer_port: int
    local: str
    local_port: int
    pids: tuple[int, ...]
    unit: str
    units: tuple[str, ...]


def read(host: Host) -> Connection | None:
    """The connection that carries this process; None for a local run. Use as `host.once(connection.read)`."""
    own = host.once(lineage)
    return trace(host, own[0].pid) if own else None


def lineage(host: Host) -> tuple[processes.Process, ...]:
    """This process and its ancestors, nearest first; none where `host` is not the machine that it runs on."""
    return processes.lineage(host, os.getpid()) if host.root == "/" else ()


def trace(host: Host, pid: int) -> Connection | None:
    """The SSH connection that carries the process `pid`, or None."""
    chain = processes.lineage(host, pid)
    ends = _by_socket(host, chain) or _by_environment(host, chain)
    return _connection(host, chain, ends) if ends else None


Ends = tuple[str, int, str, int]


def _by_socket(host: Host, chain: tuple[processes.Process, ...]) -> Ends | None:
    carriers = {process.pid for process in chain if process.name in DAEMONS}
    if not carriers:
        return None
    pids = host.once(processes.holders).pids
    for socket in host.once(sockets.table):
        held = socket.protocol == "tcp" and socket.state == sockets.ESTABLISHED
        if held and carriers.intersection(pids.get(socket.inode, ())):
            return socket.peer, socket.peer_port, socket.address, socket.port
    return None


def _by_environment(host: Host, chain: tuple[processes.Process, ...]) -> Ends | None:
    for process in chain:
        try:
            variables = host.read_text(f"/proc/{process.pid}/environ").split("\0")
        except HostError:
            continue
        for variable in variables:
            words = variable.partition("SSH_CONNECTION=")[2].split() if variable.startswith("SSH_CONNECTION=") else []
            if len(words) == 4 and words[1].isdigit() and words[3].isdigit():
                return words[0], int(words[1]), words[2], int(words[3])
    return None


def _connection(host: Host, chain: tuple[processes.Process, ...], ends: Ends) -> Connection:
    listening = [
        item for item in host.once(sockets.read) if (item.protocol, item.port) == ("tcp", ends[3]) and not item.loopback
    ]
    relays = [process.place.unit for process in _relays(host, ends)]
    carried = [process.place.unit for process in chain if process.pid != 1]
    daemons = [process.place.unit for process in reversed(chain) if process.name in DAEMONS]
    taken = [unit for unit in (*daemons, *(item.unit for item in listening)) if _is_daemon(unit)]
    wanted = (*carried, *relays, *(name for item in listening for name in (item.unit, item.socket_unit)))
    units = tuple(dict.fromkeys(unit for unit in wanted if unit))
    return Connection(*ends, pids=tuple(p.pid for p in chain), unit=taken[0] if taken else "", units=units)


def _relays(host: Host, ends: Ends) -> list[processes.Process]:
    """The processes at the other end of the connection, where that is on this host."""
    other = (*ends[2:], *ends[:2])
    table = host.once(sockets.table)
    inodes = [one.inode for one in table if (one.peer, one.peer_port, one.address, one.port) == other]
    pids = host.once(processes.holders).pids
    found = [processes.describe(host, pid) for inode in inodes for pid in pids.get(inode, ())]
    return [process for process in found if process]


def _is_daemon(unit: str) -> bool:
    return bool(unit) and not unit.startswith(_NOT_A_DAEMON)
