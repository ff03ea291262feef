# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The rsh family: rshd and rlogind let in whom hosts.equiv or a .rhosts names, by the address he comes from; rexecd
sends the password in the clear. ssh_pivoting judges the rhosts files themselves.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import verdict
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust.verdict import (
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._host import sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: Names of services(5) and their ports: exec 512, login 513, shell 514. rsyslog may hold 514/tcp too.
PORTS = {512: "rexec", 513: "rlogin", 514: "rsh"}
SERVICES = {"exec": "rexec", "login": "rlogin", "shell": "rsh", "rsh": "rsh", "rlogin": "rlogin", "rexec": "rexec"}
SERVERS = re.compile(r"(?:inetutils-|openbsd-|x)?inetd|(?:in\.)?r(?:shd|logind|execd)")
SOCKET_UNITS = re.compile(r"(?:in\.)?r(?:sh|login|exec)d?(?:@.*)?\.socket")
EQUIVALENT = "/etc/hosts.equiv"
INETD, XINETD = "/etc/inetd.conf", "/etc/xinetd.d"
_DISABLED = re.compile(r"^\s*disable\s*=\s*yes\b", re.MULTILINE)
STEPS = (
    "Use ssh instead. Close it: {how}. Then remove the package that brings it (apt-get purge rsh-server "
    "rsh-redone-server inetutils-inetd; dnf remove rsh-server), and hosts.equiv and .rhosts files (control "
    "ssh_pivoting)."
)
LISTENS = "systemctl disable --now UNIT.socket, or take its line out of /etc/inetd.conf and reload inetd"


def judge(host: Host, options: Options) -> t.Iterator[Verdict]:
    """What listens, and what a super-server would start."""
    written = dict((*_inetd(host), *_xinetd(host)))
    open_ = {PORTS[item.port]: item for item in verdict.seen(host) if _is_ours(item)}
    for name in sorted({*written, *open_}):
        yield _found(host, name, written.get(name), open_.get(name))
    if not written and not open_:
        yield Verdict("rsh", f.PASS, "no rsh, rlogin or rexec listens here, and no super-server starts one")


def _is_ours(item: sockets.Listener) -> bool:
    named = SERVERS.fullmatch(item.process) or SOCKET_UNITS.fullmatch(item.socket_unit)
    return item.protocol == "tcp" and item.port in PORTS and bool(named) and not item.published_by


def _found(host: Host, name: str, written: Evidence | None, item: sockets.Listener | None) -> Verdict:
    how = f"take its line out of {written.source} and reload the super-server" if written else LISTENS
    evidence = (*((written,) if written else ()), *_listening(host, item), *_equivalent(host))
    now = "" if item else "; nothing listens now, but the super-server would at its next start"
    trusts = "takes a password in the clear" if name == "rexec" else "trusts the address that a user comes from"
    return Verdict(name, f.FAIL, f"{name} {trusts}{now}", evidence, remedy=STEPS.format(how=how))


def _listening(host: Host, item: sockets.Listener | None) -> tuple[Evidence, ...]:
    if item is None:
        return ()
    place = Evidence("/proc/net/tcp", f"{item.place}, {item.process}", "nothing")
    return (place, *verdict.in_use(host, ("tcp", item.port)))


def _equivalent(host: Host) -> tuple[Evidence, ...]:
    """The file by which whole hosts are trusted, where it is there; ssh_pivoting removes it."""
    return (Evidence(EQUIVALENT, "is there", "nothing"),) if host.exists(EQUIVALENT) else ()


def _inetd(host: Host) -> t.Iterator[tuple[str, Evidence]]:
    """Each line of inetd.conf for one of the services; some inetds take an address before the name."""
    try:
        lines = verdict.text(host, INETD).splitlines()
    except Missing:
        return
    for number, line in enumerate(lines, 1):
        fields = line.split("#")[0].split()
        name = SERVICES.get(fields[0].rpartition(":")[2]) if len(fields) > 4 else None
        if name:
            yield name, Evidence(f"{INETD}:{number}", printable(" ".join(fields)), "no such line")


def _xinetd(host: Host) -> t.Iterator[tuple[str, Evidence]]:
    for service, name in SERVICES.items():
        path = f"{XINETD}/{service}"
        try:
            text = verdict.text(host, path)
        except Missing:
            continue
        if not _DISABLED.search(text):
            yield name, Evidence(path, "not disabled", "disable = yes")
