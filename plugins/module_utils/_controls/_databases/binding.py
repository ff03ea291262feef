# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The rule `bind` for one server: one finding a port, and one fix for all of them."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.model import (
    HEADER,
    Endpoint,
    Needs,
    Refused,
    Server,
    Wanted,
    as_passage,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import WriteFile, write_file
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

#: An address can be bound only once the network has it; without this a server that is quicker at boot fails.
AFTER_NETWORK = f"{HEADER}[Unit]\nWants=network-online.target\nAfter=network-online.target\n"
FORGETS = "; a restart empties what it holds in memory alone"
UNDECLARED = (
    "not fixed: unknown clients are cut off unless the register has the port (clients: none for this host alone)"
)


@dataclasses.dataclass(frozen=True)
class Plan:
    """How to narrow: the changes ("" none), and what is still to be said."""

    changes: tuple[Change, ...] = ()
    remark: str = ""


@dataclasses.dataclass(frozen=True)
class Binding:
    """One server, who needs its ports, and whether it may be restarted."""

    host: Host
    server: Server
    needs: Needs
    may_restart: bool

    def wider(self, end: Endpoint) -> tuple[str, ...]:
        """The addresses that nobody needs the port on."""
        need = self.needs[end.key]
        return () if need.anyone else tuple(at for at in end.exposed if at not in need.addresses)

    def findings(self, rule: Rule, plan: Plan) -> t.Iterator[Finding]:
        """One for each port."""
        for end in self.server.endpoints:
            subject = f"{self.server.name} {end.name}"
            if not self.wider(end):
                yield Finding(rule, subject, f.PASS, self._passes(end), self._evidence(end))
            elif self._unknown(end):
                yield Finding(rule, subject, f.FAIL, f"{self._fails(end)}; {UNDECLARED}", self._evidence(end))
            else:
                message = f"{self._fails(end)}{plan.remark and '; '}{plan.remark}"
                yield Finding(rule, subject, f.FAIL, message, self._evidence(end), plan.changes)

    def plan(self) -> Plan:
        """What to change where a port is wider than its clients need."""
        if not any(self.wider(end) and not self._unknown(end) for end in self.server.endpoints):
            return Plan()
        try:
            self._see_that_clients_can_come()
            return self._finish(self.server.bind_files(self.host, self.wanted()))
        except (Refused, HostError, ChangeError) as exc:
            return Plan(remark=f"not fixed: {exc}")

    def wanted(self) -> Wanted:
        """Where each port is to listen; where nobody has said who needs it, it stays as it is."""
        return {
            end.key: None if self.needs[end.key].anyone or self._unknown(end) else self.needs[end.key].addresses
            for end in self.server.endpoints
        }

    def _unknown(self, end: Endpoint) -> bool:
        return bool(end.exposed) and not self.needs[end.key].declared

    def _fails(self, end: Endpoint) -> str:
        return f"{end.name} listens on {', '.join(self.wider(end))}; clients: {self.needs[end.key].says()}"

    def _passes(self, end: Endpoint) -> str:
        said = f"{end.name} listens on {', '.join(end.addresses) or 'no address'}"
        return f"{said}; the register says that anyone may come" if self.needs[end.key].anyone else said

    def _evidence(self, end: Endpoint) -> tuple[Evidence, ...]:
        need = self.needs[end.key]
        listens = Evidence(f"/proc/net/{end.protocol}", ", ".join(end.addresses) or "no address", need.expects())
        ways = tuple(Evidence("register", f"no route to client {client}", "a route") for client in need.unreachable)
        try:
            return (listens, *self.server.bind_evidence(self.host), *ways)
        except HostError:
            return (listens, *ways)

    def _see_that_clients_can_come(self) -> None:
        lost = [client for need in self.needs.values() for client in need.unreachable]
        if lost:
            raise Refused(f"there is no route to the clients {', '.join(lost)}, so where they come in is unknown")

    def _finish(self, files: tuple[WriteFile, ...]) -> Plan:
        unit = self.server.unit
        changed = tuple(as_passage(file) for file in files if file.before != file.after)
        if not changed and self._taken_up(files):
            paths = ", ".join(file.path for file in files)
            return Plan(remark=f"{paths} says otherwise and is in use: something wins over it, look for it")
        if self.may_restart and unit:
            restart = Activate(unit, "restart", self._answering())
            return Plan((*changed, *self._order(), *self.server.starts_again(self.host), restart))
        how = "set restart: when_needed, or restart it by hand" if unit else "by hand, it has no systemd unit"
        forgets = FORGETS if self.server.FORGETS else ""
        return Plan(changed, f"a restart is {'needed' if changed else 'pending'} ({how}{forgets})")

    def _order(self) -> tuple[WriteFile, ...]:
        """Our drop-in for the unit, where the server is to bind an address that the network brings."""
        if not any(self.wanted().values()):
            return ()
        path = f"/etc/systemd/system/{self.server.unit}.d/infosec-principles.conf"
        plan = write_file(self.host, path, AFTER_NETWORK)
        return (plan,) if plan.before != plan.after else ()

    def _answering(self) -> tuple[tuple[str, int], ...]:
        """Where it has to answer after the restart: there it answers now too, so the same tells that undo worked."""
        wanted = self.wanted()
        ports = [end for end in self.server.endpoints if end.protocol == "tcp"]
        places = [(at, end) for end in ports for at in ("127.0.0.1", *(wanted[end.key] or ()))]
        return tuple((at, end.port) for at, end in places if end.answers_at(at))

    def _taken_up(self, files: tuple[WriteFile, ...]) -> bool:
        """Whether the server was started after the files were written."""
        shown = self.host.ask("systemctl", "show", "-p", "ExecMainStartTimestampMonotonic", "--", self.server.unit)
        microseconds = shown.stdout.partition("=")[2].strip()
        status = [self.host.stat(file.path) for file in files]
        if not microseconds.isdigit():
            return False
        started = int(microseconds) / 1e6 + self.host.now().timestamp() - time.monotonic()
        return all(found is not None and found.st_mtime < started for found in status)
