# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Databases listen for, and let in, only the clients that the register names.

Mozilla, "Do not expose unnecessary services": no database that accepts any machine of the VLAN when one needs it.
Each product is one file in _databases with a `find`; this one holds what is the same for all.
"""

from __future__ import annotations

import time
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._databases import (
    postgresql,
    redis,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._databases.model import (
    HEADER,
    Endpoint,
    Needs,
    Refused,
    Server,
    Verdict,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._databases.need import need
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import (
    SERVICES_OPTION,
    Control,
    Options,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import WriteFile, write_file
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._host import processes
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot

REFERENCE = "https://infosec.mozilla.org/fundamentals/security_principles.html#do-not-expose-unnecessary-services"

BIND = Rule(
    "bind",
    "Databases listen only where the clients that the register names come in",
    "high",
    REFERENCE,
    "Name the clients in the register; then let the database listen on loopback and on the addresses they come to.",
)
ADMISSION = Rule(
    "admission",
    "Databases let in only the clients that the register names, and only with proof of who they are",
    "high",
    REFERENCE,
    "Narrow the database's own access rules to the addresses of the clients, and require a password or certificate.",
)
RULES = (BIND, ADMISSION)

NEVER, WHEN_NEEDED = "never", "when_needed"
OPTIONS: dict[str, dict[str, t.Any]] = {
    "services": SERVICES_OPTION,
    "restart": {"type": "str", "choices": [NEVER, WHEN_NEEDED], "default": NEVER},
    "restrict_accounts": {"type": "bool", "default": False},
}

PRODUCTS: tuple[t.Callable[[Host], t.Iterator[Server]], ...] = (postgresql.find, redis.find)

#: A specific address can be bound only once the network has it; without this a server that boots faster fails.
AFTER_NETWORK = f"{HEADER}[Unit]\nWants=network-online.target\nAfter=network-online.target\n"
FORGETS = "; a restart empties what it holds in memory alone"


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """Both rules for each database server that runs on the host, and for those that should."""
    if not host.once(processes.holders).complete:
        raise NeedsRoot("which process holds which socket is readable by root alone; run as root (become: true)")
    servers = [server for find in PRODUCTS for server in find(host)]
    for server in servers:
        yield from _judge(host, server, options)
    if not servers:
        yield from (Finding(rule, "databases", f.NOT_APPLICABLE, "no database server runs here") for rule in RULES)


def _judge(host: Host, server: Server, options: Options) -> t.Iterator[Finding]:
    needs = {end.key: need(host, options["services"], *end.key) for end in server.endpoints}
    bind = _Bind(host, server, needs, options["restart"] == WHEN_NEEDED)
    yield from bind.findings()
    try:
        for verdict in server.admission(host, needs):
            yield _admission(server, verdict, bind)
    except NeedsRoot:
        raise
    except HostError as exc:
        yield Finding(ADMISSION, server.name, f.NOT_ASSESSED, str(exc))


def _admission(server: Server, verdict: Verdict, bind: _Bind) -> Finding:
    subject = f"{server.name} ({verdict.about})" if verdict.about else server.name
    fix = bind.fix if verdict.by_bind else verdict.fix
    return Finding(ADMISSION, subject, verdict.status, verdict.message, verdict.evidence, fix)


class _Bind:
    """The rule `bind` for one server: one finding a port, and one fix for all of them."""

    def __init__(self, host: Host, server: Server, needs: Needs, may_restart: bool) -> None:
        self.host, self.server, self.needs, self.may_restart = host, server, needs, may_restart
        self.fix: tuple[Change, ...] = ()
        self.why = ""
        if any(map(self.wider, server.endpoints)):
            self._plan()

    def findings(self) -> t.Iterator[Finding]:
        """One for each port."""
        for end in self.server.endpoints:
            wider = self.wider(end)
            subject = f"{self.server.name} {end.name}"
            if not wider:
                yield Finding(BIND, subject, f.PASS, self._passes(end), self._evidence(end))
                continue
            message = f"{end.name} listens on {', '.join(wider)}, needed by {self.needs[end.key].says()}{self.why}"
            yield Finding(BIND, subject, f.FAIL, message, self._evidence(end), self.fix)

    def wider(self, end: Endpoint) -> tuple[str, ...]:
        """The addresses that nobody needs it on."""
        need = self.needs[end.key]
        return () if need.anyone else tuple(at for at in end.exposed if at not in need.addresses)

    def _passes(self, end: Endpoint) -> str:
        need = self.needs[end.key]
        if need.anyone and end.exposed:
            return f"{end.name} listens on {', '.join(end.exposed)}; the register says that anyone may come"
        return f"{end.name} listens on {', '.join(end.addresses) or 'no address'}"

    def _evidence(self, end: Endpoint) -> tuple[Evidence, ...]:
        need = self.needs[end.key]
        listens = Evidence(f"/proc/net/{end.protocol}", ", ".join(end.addresses) or "no address", need.expects())
        ways = tuple(Evidence("register", f"no route to client {client}", "a route") for client in need.unreachable)
        try:
            return (listens, *self.server.bind_evidence(self.host), *ways)
        except HostError:
            return (listens, *ways)

    def _plan(self) -> None:
        try:
            self._refuse()
            files = self.server.bind_files(self.host, self._wanted())
        except (Refused, HostError, ChangeError) as exc:
            self.why = f"; not fixed: {exc}"
            return
        changed = tuple(file for file in files if file.before != file.after)
        self._finish(files, changed)

    def _finish(self, files: tuple[WriteFile, ...], changed: tuple[WriteFile, ...]) -> None:
        unit = self.server.unit
        if not changed and self._taken_up(files):
            paths = ", ".join(file.path for file in files)
            self.why = f"; {paths} says otherwise and is in use, so something wins over it: look for it"
        elif self.may_restart and unit:
            self.fix = (*changed, *self._order(), Activate(unit, "restart", self._answering()))
        else:
            self.fix = changed
            how = "set restart: when_needed or restart it by hand" if unit else "by hand: it has no systemd unit"
            forgets = FORGETS if self.server.FORGETS else ""
            self.why = f"; a restart is {'needed' if changed else 'pending'} ({how}{forgets})"

    def _refuse(self) -> None:
        unknown = [end.name for end in self.server.endpoints if self.wider(end) and not self.needs[end.key].declared]
        if unknown:
            ports = ", ".join(unknown)
            raise Refused(
                f"unknown clients are cut off unless the register has {ports} (clients: none for this host alone)"
            )
        lost = [client for need in self.needs.values() for client in need.unreachable if not need.addresses]
        if lost:
            raise Refused(f"there is no route to the clients {', '.join(lost)}")

    def _wanted(self) -> Wanted:
        return {key: None if need.anyone else need.addresses for key, need in self.needs.items()}

    def _order(self) -> tuple[WriteFile, ...]:
        """Our drop-in for the unit, where the server is to bind an address that the network brings."""
        if not any(self._wanted().values()):
            return ()
        plan = write_file(self.host, f"/etc/systemd/system/{self.server.unit}.d/infosec-principles.conf", AFTER_NETWORK)
        return (plan,) if plan.before != plan.after else ()

    def _answering(self) -> tuple[tuple[str, int], ...]:
        ports = [end for end in self.server.endpoints if end.protocol == "tcp"]
        return tuple((at, end.port) for end in ports for at in ("127.0.0.1", *(self._wanted()[end.key] or ())))

    def _taken_up(self, files: tuple[WriteFile, ...]) -> bool:
        """Whether the server was started after the files were written."""
        shown = self.host.ask("systemctl", "show", "-p", "ExecMainStartTimestampMonotonic", "--", self.server.unit)
        microseconds = shown.stdout.partition("=")[2].strip()
        status = [self.host.stat(file.path) for file in files]
        if not microseconds.isdigit() or not all(status):
            return False
        started = int(microseconds) / 1e6 + self.host.now().timestamp() - time.monotonic()
        return all(found is not None and found.st_mtime < started for found in status)


CONTROL = Control(
    name="database_exposure",
    principle="exposed_services",
    title="Databases are for their clients alone",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
