# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Servers whose product nobody adapts: an entry of the register asks for TLS on a port, and the wire tells the rest."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import needs
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    AT_ONCE,
    Clear,
    Endpoint,
    Server,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host import crypto_library, processes, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.crypto_library import Library
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.sockets import Listener

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._host import tls_probe
else:
    tls_probe = later("_host.tls_probe")

#: In what TLS begins, by the port (IANA's registry of service names); on all others it begins at once.
BEGINS = {
    21: "ftp",
    25: "smtp",
    587: "smtp",
    143: "imap",
    110: "pop3",
    4190: "sieve",
    389: "ldap",
    5432: "postgresql",
    3306: "mysql",
}
#: Ports that are asked though no entry asks for TLS there: whoever opens them means TLS.
MEANT = frozenset(
    {443, 465, 563, 636, 853, 989, 990, 992, 993, 994, 995, 2376, 5061, 5671, 6443, 6514, 6697, 8443, 8883}
)
#: Mail between servers (RFC 3207, section 4): a public one must not insist on TLS.
BETWEEN_SERVERS = 25


@dataclasses.dataclass(frozen=True)
class Alone(Server):
    """A server that is known by its port alone. program: its process's name."""

    program: str = ""

    @property
    def name(self) -> str:
        return self.unit or processes.printable(self.program) or "an unknown program"

    def library(self, host: Host) -> Library:
        return crypto_library.of(host, self.pids[0]) if self.pids else Library()

    def clear(self, host: Host, endpoint: Endpoint) -> Clear:
        """By what the protocol says before TLS; where that begins at once, whether HTTP only leads on to https."""
        if endpoint.begins == AT_ONCE:
            return _of_web(host, endpoint)
        login = tls_probe.login(host, endpoint.addresses, endpoint.port, endpoint.begins)
        if login is None:
            raise HostError(f"whether {self.name} insists on TLS at {endpoint.name} cannot be told from outside")
        said = "passwords are taken" if login else "no password is taken"
        evidence = (Evidence(f"{endpoint.begins} at port {endpoint.port}", f"{said} before TLS"),)
        excused = "mail between servers has to get in" if endpoint.port == BETWEEN_SERVERS else ""
        return Clear(login or bool(excused), evidence, excused=excused, passwords=login)

    def changes(self, host: Host, wanted: Wanted) -> tuple[Change, ...]:
        what = processes.printable(self.program) or self.name
        raise Refused(f"this collection does not know the configuration of {what}; set it there and run this again")


def _of_web(host: Host, endpoint: Endpoint) -> Clear:
    address = tls_probe.answering(host, endpoint.addresses, endpoint.port)
    source = f"a request to http://{address}:{endpoint.port}"
    if tls_probe.redirects(host, address, endpoint.port):
        return Clear(False, (Evidence(source, "a redirect to https"),))
    return Clear(True, (Evidence(source, "no redirect", "a redirect to https"),))


def find(host: Host, services: t.Sequence[needs.Service], known: t.Container[int]) -> t.Iterator[Alone]:
    """One server for each unit (or program) with ports of the register that no product of ours has."""
    grouped: dict[tuple[str, str], list[Listener]] = {}
    for item in host.once(sockets.read):
        if item.protocol == "tcp" and item.port not in known and _asked(services, item.port):
            grouped.setdefault((item.unit or item.user_unit, item.process), []).append(item)
    for (unit, program), items in grouped.items():
        yield Alone(unit, items[0].pids, _endpoints(items), program)


def _asked(services: t.Sequence[needs.Service], port: int) -> bool:
    """Whether an entry has the port and asks for TLS, or the port is one of TLS."""
    entries = [service for service in services if needs.covers(service, port)]
    return any(service["tls"] != "none" for service in entries) or bool(entries and port in MEANT)


def _endpoints(items: list[Listener]) -> tuple[Endpoint, ...]:
    places: dict[int, list[str]] = {}
    for item in items:
        places.setdefault(item.port, []).append(item.address)
    return tuple(Endpoint(port, tuple(found), BEGINS.get(port, AT_ONCE)) for port, found in places.items())
