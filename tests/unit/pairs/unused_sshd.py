# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of unused_sshd."""

from __future__ import annotations

import datetime
import struct

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from .case import Case
from .machine import NOW, Machine, Program

DAY = datetime.timedelta(days=1)
UNUSED = frozenset({"unused"})
BOOT, SESSION = 2, 7


def record(kind: int, days: float) -> bytes:
    """A record of wtmp, so many days old."""
    when = int((NOW - days * DAY).timestamp())
    line, user, host = (b"~", b"reboot", b"6.1.0") if kind == BOOT else (b"pts/0", b"root", b"192.0.2.9")
    return struct.pack("<hxxi32s4s32s256shhiii16s20x", kind, 1, line, b"", user, host, 0, 0, 0, when, 0, b"")


def journal(days: float, told: str = "") -> Program:
    """A journal that reaches back so many days and tells of these logins."""
    first, last = (int(when.timestamp() * 1_000_000) for when in (NOW - days * DAY, NOW))
    header = (
        "File path: /var/log/journal/1f/system.journal\n"
        f"Head realtime timestamp: Tue 2026 ({first:x})\nTail realtime timestamp: Tue 2026 ({last:x})\n"
    )
    return lambda argv, stdin: Completed(0, header if "--header" in argv else told, "")


def sshd(machine: Machine) -> None:
    """sshd as Debian has it: the service on, the socket there but off."""
    machine.unit("ssh.service", process="sshd", sockets=[("tcp", "0.0.0.0", 22), ("tcp", "::", 22)])
    machine.unit("ssh.socket", active=False, enablement="disabled")


def idle(machine: Machine, days: float = 400, *recent: bytes) -> None:
    sshd(machine)
    machine.write("/var/log/wtmp", record(SESSION, days) + b"".join(recent) + record(BOOT, 0.01))
    machine.program("journalctl", journal(0.5))


def socket_activated(machine: Machine) -> None:
    """sshd as Ubuntu has it: the socket on, and the service that it started."""
    idle(machine)
    machine.unit("ssh.service", enablement="disabled", process="sshd", sockets=[("tcp", "0.0.0.0", 22)])
    machine.unit("ssh.socket", properties={"Triggers": "ssh.service"})


def own_unit_file(machine: Machine) -> None:
    idle(machine)
    machine.unit("sshd.service", properties={"FragmentPath": "/etc/systemd/system/sshd.service"})


def in_the_journal(machine: Machine) -> None:
    idle(machine)
    stamp = (NOW - DAY).timestamp()
    machine.program("journalctl", journal(30, f"{stamp} box sshd[1]: Accepted publickey for u from h port 1 ssh2\n"))


def without_logs(machine: Machine) -> None:
    """wtmp alone: who came without a terminal is unknown."""
    idle(machine)
    machine.program("journalctl", lambda argv, stdin: Completed(1, "", "No journal files were found."))


CASES = (
    Case("nobody for a year", idle, fails=UNUSED, fixed=UNUSED),
    Case("nobody, socket-activated", socket_activated, fails=UNUSED, fixed=UNUSED),
    Case("nobody, and a unit file where the mask would be", own_unit_file, fails=UNUSED, fixed=UNUSED),
    Case("somebody last week", lambda machine: idle(machine, 400, record(SESSION, 7)), passes=UNUSED),
    Case("somebody without a terminal", in_the_journal, passes=UNUSED),
    Case(
        "idle for longer than asked", lambda machine: idle(machine, 40), {"idle_days": 30}, fails=UNUSED, fixed=UNUSED
    ),
    Case("too little history", lambda machine: idle(machine, 40, record(BOOT, 39)), {"idle_days": 60}),
    Case("no log of logins without a terminal", without_logs),
    Case("no sshd", lambda machine: None),
)
