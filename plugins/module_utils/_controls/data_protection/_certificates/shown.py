# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which certificates the servers of this host show: on the wire, and in the files that their configuration names."""

from __future__ import annotations

import dataclasses
import re
import time
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _certificate_files
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import needs, products
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    NEVER,
    Endpoint,
    Server,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._formats import x509
from ansible_collections.infosec.principles.plugins.module_utils._host import sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import alone
    from ansible_collections.infosec.principles.plugins.module_utils._host import tls_probe
else:
    alone = later("_controls.data_protection._tls.alone")
    tls_probe = later("_host.tls_probe")

#: Seconds for all handshakes of a host, and names of servers that are asked for at one port.
SECONDS, MOST_NAMES = 10.0, 50
#: A file of a server has a handful, ca.pem those that count.
MOST_AUTHORITIES = 50
_NAME = re.compile(r"(?:[A-Za-z0-9_](?:[-A-Za-z0-9_]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_][-A-Za-z0-9_]{0,62}")


@dataclasses.dataclass(frozen=True)
class Place:
    """One port, as clients see it that ask for `name` ("" for none).

    chains: what it shows, the server's own certificate first. why: there is none. named: its clients know this name.
    """

    server: Server
    endpoint: Endpoint
    need: needs.Need
    address: str
    name: str = ""
    named: bool = False
    chains: tuple[tuple[x509.Certificate, ...], ...] = ()
    why: str = ""

    @property
    def subject(self) -> str:
        """As service_tls has it."""
        place = f"{self.server.name} {self.endpoint.name}"
        return f"{place} ({printable(self.name)})" if self.name else place

    @property
    def source(self) -> str:
        """For evidence."""
        asked = f" for {printable(self.name)}" if self.name else ""
        return f"a handshake with {self.address} port {self.endpoint.port}{asked}"


@dataclasses.dataclass(frozen=True)
class Shown:
    """One certificate, with the chain that is sent with it. places: where it was seen; () for one that only lies there.

    path: the file that it is in; "" where that is not known.
    """

    chain: tuple[x509.Certificate, ...]
    path: str = ""
    places: tuple[Place, ...] = ()

    @property
    def certificate(self) -> x509.Certificate:
        return self.chain[0]

    @property
    def subject(self) -> str:
        """The file; for one that is not in a file that is known, where it is shown."""
        return printable(self.path) or self.places[0].subject

    @property
    def source(self) -> str:
        return printable(self.path) or self.places[0].source


# Where


def places(host: Host, services: t.Sequence[needs.Service], profile: str) -> list[Place]:
    """Every port that speaks TLS, for each name that its clients know."""
    known = host.once(products.read).servers
    ports = {endpoint.port for server in known for endpoint in server.endpoints}
    servers = (*known, *alone.find(host, services, ports)) if services else known
    deadline = time.monotonic() + SECONDS
    found: list[Place] = []
    for server in servers:
        for endpoint in server.endpoints:
            if endpoint.begins != NEVER:
                need = needs.of(services, endpoint.port, profile)
                found += _ask(host, Place(server, endpoint, need, ""), _names(services, endpoint), deadline)
    return found


def _names(services: t.Sequence[needs.Service], endpoint: Endpoint) -> list[str]:
    """What clients ask for: the register's names, and those that the server tells apart, wildcards left out."""
    declared = [name for one in services if needs.covers(one, endpoint.port) for name in one.get("names") or ()]
    return [name for name in dict.fromkeys([*declared, *endpoint.names]) if _NAME.fullmatch(name)][:MOST_NAMES]


def _ask(host: Host, place: Place, names: t.Sequence[str], deadline: float) -> t.Iterator[Place]:
    """The port without a name, then each name; one answer holds for all where the server has one certificate."""
    first = _anywhere(host, place, deadline)
    yield first
    alike = bool(first.chains) and len(place.endpoint.pairs) == 1
    for name in names:
        one = dataclasses.replace(first, name=name, named=True)
        yield one if alike else _asked(host, one, deadline)


def _anywhere(host: Host, place: Place, deadline: float) -> Place:
    for address in tls_probe.dialled(place.endpoint.addresses):
        place = _asked(host, dataclasses.replace(place, address=address), deadline)
        if place.chains:
            break
    return place


def _asked(host: Host, place: Place, deadline: float) -> Place:
    if time.monotonic() > deadline:
        return dataclasses.replace(place, chains=(), why=f"the handshakes of this host took longer than {SECONDS:g} s")
    target = tls_probe.Target(place.address, place.endpoint.port, place.endpoint.begins, place.name)
    try:
        chains = tuple(_parsed(chain) for chain in tls_probe.certificates(host, target))
    except NeedsRoot:
        raise
    except (HostError, ValueError, IndexError) as exc:
        return dataclasses.replace(place, chains=(), why=str(exc))
    return dataclasses.replace(place, chains=chains, why="")


def _parsed(chain: t.Sequence[bytes]) -> tuple[x509.Certificate, ...]:
    return tuple(x509.parse(one) for one in chain[:20])


# What


def certificates(host: Host, seen: t.Sequence[Place]) -> list[Shown]:
    """Each certificate once: those on the wire, then those in files of servers that show none."""
    files = _files(host, seen)
    shown: dict[str, Shown] = {}
    for place in seen:
        for chain in place.chains:
            digest = chain[0].digest
            before = shown.get(digest, Shown(chain, files.get(digest, "")))
            shown[digest] = dataclasses.replace(before, places=(*before.places, place))
    for digest, path in files.items():
        if digest not in shown and not _superseded(path, seen):
            shown[digest] = Shown(tuple(every(host, path)), path)
    return list(shown.values())


def _files(host: Host, seen: t.Sequence[Place]) -> dict[str, str]:
    """By the digest of its certificate: each file of a server, and what the configuration of another daemon names.

    What a server that showed its certificates names besides, it does not use: something else outweighs that line.
    """
    pairs = [pair.certificate for place in seen for pair in place.endpoint.pairs]
    asked = {pid for place in seen if place.chains for pid in place.server.pids}
    known = {one.process for one in host.once(sockets.read) if asked & {one.pid, *one.pids}}
    held = [one for one in host.once(_certificate_files.read) if set(one.used_by) - known]
    others = [one.path for one in held if one.certificate and not one.certificate.authority]
    found: dict[str, str] = {}
    for path in dict.fromkeys([*pairs, *others]):
        for certificate in every(host, path)[:1]:
            found.setdefault(certificate.digest, path)
    return found


def _superseded(path: str, seen: t.Sequence[Place]) -> bool:
    """Whether a server that was asked shows something else in its place, which reload_pending says."""
    return any(path == pair.certificate for place in seen if place.chains for pair in place.endpoint.pairs)


def keys(host: Host, seen: t.Sequence[Place]) -> dict[str, set[int]]:
    """The files with the keys of all these certificates, shown or not, and the main processes known to read each."""
    found: dict[str, set[int]] = {}
    for place in seen:
        for pair in place.endpoint.pairs:
            found.setdefault(pair.key, set()).update(place.server.pids[:1])
    for one in host.once(_certificate_files.read):
        if one.used and one.key:
            found.setdefault(one.path, set())
    return {path: pids for path, pids in found.items() if path}


def every(host: Host, path: str) -> list[x509.Certificate]:
    """The certificates of a file, read once a run; none where it cannot be read."""
    known = host.once(_files_read)
    if path not in known:
        known[path] = _read(host, path)
    return known[path]


def _files_read(host: Host) -> dict[str, list[x509.Certificate]]:
    return {}


def _read(host: Host, path: str) -> list[x509.Certificate]:
    try:
        return x509.every(host.read_part(path, x509.MAX_SIZE), MOST_AUTHORITIES)
    except NeedsRoot:
        raise
    except HostError:
        return []
