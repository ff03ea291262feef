# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""hosts.allow and hosts.deny used as access control (hosts_access(5)).

They count for programs that are linked with libwrap, which Debian's sshd still is, and for what inetd starts through
tcpd.
"""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import verdict
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust.verdict import (
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import continued
from ansible_collections.infosec.principles.plugins.module_utils._host import processes, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

FILES = ("/etc/hosts.allow", "/etc/hosts.deny")
LIBRARY = "libwrap.so"
#: What sshd starts for each connection, and which of its parts may be the one that asks (since OpenSSH 9.8).
SESSIONS = ("/usr/lib/openssh/sshd-session", "/usr/libexec/openssh/sshd-session")
#: Bytes of a program in which the names of its libraries are looked for.
PROGRAM = 4 * 1024 * 1024
STEPS = (
    "Name the clients of {who} in the register and let the control host_firewall keep the others out; see that it "
    "does (prove.yml), and only then delete the lines: without a firewall, deleting them opens the host."
)
DEAD = "Delete the lines: no running program reads them, so they keep nobody out."


def judge(host: Host, options: Options) -> t.Iterator[Verdict]:
    """One verdict for both files: they are read together."""
    lines = [line for path in FILES for line in _lines(host, path)]
    if not lines:
        yield Verdict("hosts.allow, hosts.deny", f.PASS, "they hold comments alone")
        return
    readers = _readers(host)
    who = ", ".join(readers[: verdict.NAMED])
    known = host.once(processes.holders).complete
    none = "programs that use libwrap" + ("; none listens now" if known else "")
    message = f"{len(lines)} lines decide by address who reaches {who or none}"
    remedy = DEAD if known and not readers else STEPS.format(who=who or "these programs")
    evidence = tuple(lines[: verdict.MAX_FOUND])
    yield Verdict("hosts.allow, hosts.deny", f.FAIL, message, evidence, remedy=remedy)


def _lines(host: Host, path: str) -> list[Evidence]:
    """Each rule's programs and clients; the command that may follow them is left out, as it may hold secrets."""
    try:
        text = verdict.text(host, path)
    except Missing:
        return []
    rules = ((number, line) for number, line in continued.lines(text) if line.strip() and not line.startswith("#"))
    return [
        Evidence(f"{path}:{number}", printable(":".join(line.split(":")[:2]).strip()), "no such line")
        for number, line in rules
    ]


def _readers(host: Host) -> list[str]:
    """The programs that listen and are linked with the library. Looked for only where there are rules."""
    found: dict[str, None] = {}
    for item in host.once(sockets.read):
        if item.process and not item.published_by and item.process not in found and _linked(host, item):
            found[item.process] = None
    return list(found)


def _linked(host: Host, item: sockets.Listener) -> bool:
    if item.process == "sshd" and any(_names_library(host, path) for path in SESSIONS):
        return True
    try:
        return LIBRARY in host.read_text(f"/proc/{item.pid}/maps")
    except HostError:
        return False


def _names_library(host: Host, path: str) -> bool:
    try:
        return LIBRARY.encode() in host.read_part(path, PROGRAM)
    except HostError:
        return False
