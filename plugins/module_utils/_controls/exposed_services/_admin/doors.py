# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What shutting an interface comes to on any web server: who is to get in, by what it is known, what proves it."""

from __future__ import annotations

import dataclasses
import hashlib
import ipaddress
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import networks
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import AddressSet
from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import spellings
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    ANY,
    REFUSED,
    Admission,
    Found,
    Kept,
    Shut,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.requests import Request
from ansible_collections.infosec.principles.plugins.module_utils._host import addresses
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: What `says` said, in a file of an earlier run.
_SAID = re.compile(r"(\S.*) at (/\S*), however that is written: shut")
#: Answers to those who get in: the page, a way to it, or a question for a password.
SERVES = (200, 301, 302, 303, 307, 308, 401)


@dataclasses.dataclass(frozen=True)
class Door:
    """One path of one site, whatever names and ports it is reached by. clients: the networks that get in."""

    shuts: tuple[Shut, ...]

    @property
    def found(self) -> Found:
        """The first of those who found it."""
        return self.shuts[0].found

    @property
    def path(self) -> str:
        return self.found.path

    @property
    def clients(self) -> tuple[str, ...]:
        """Those of every shut: whoever is declared for one of the ports comes to the same configuration."""
        try:
            named = {one for shut in self.shuts for one in shut.clients}
            return tuple((networks.EVERYBODY if ANY in named else AddressSet.of(named)).networks())
        except ValueError as exc:
            raise Refused(f"{self.found.subject}: its clients are no networks ({printable(str(exc))})") from exc

    @property
    def says(self) -> str:
        """One line for people who read the configuration."""
        found = self.found
        whom = f"shut but for {', '.join(self.clients)}" if self.clients else "shut"
        return f"{found.interface.title} at {printable(found.path)}, however that is written: {whom}."

    def mark(self, *site: str) -> str:
        """Eight characters by which what is written for it is known in the next run."""
        return hashlib.sha256("\0".join((*site, self.path.rstrip("/"))).encode("utf-8", "replace")).hexdigest()[:8]


def kept(text: str, place: str) -> t.Iterator[Kept]:
    """What a text of ours says that it shuts."""
    match = _SAID.search(text)
    if match:
        yield Kept(match[1].rpartition("# ")[2].rpartition(": ")[2], match[2], place)


def doors(shuts: t.Iterable[Shut], site: t.Callable[[Found], t.Hashable]) -> tuple[Door, ...]:
    """The shuts by what they close. site: what tells one site's configuration from another's."""
    found: dict[tuple[t.Hashable, str], list[Shut]] = {}
    for shut in shuts:
        found.setdefault((site(shut.found), shut.found.path.rstrip("/")), []).append(shut)
    return tuple(Door(tuple(ones)) for ones in found.values())


def admission(found: Found, admitted: AddressSet, evidence: t.Iterable[Evidence] = ()) -> Admission:
    """Whom the configuration lets in, where this host itself does not count."""
    bound = found.at.run.addresses(found.at.port)
    if bound and all(ipaddress.ip_address(one.partition("%")[0]).is_loopback for one in bound):
        where = Evidence(f"port {found.at.port}/tcp", f"listens on {', '.join(bound)}", "loopback alone")
        return Admission((), (where, *evidence))
    if not networks.EVERYBODY - networks.LOOPBACK - admitted:
        return Admission((ANY,), tuple(evidence))
    return Admission(tuple((admitted - networks.LOOPBACK).networks()), tuple(evidence))


def proofs(host: Host, door: Door, statuses: tuple[int, ...] = (REFUSED,)) -> t.Iterator[Request]:
    """See by real requests who gets in at each name and port: from this host's addresses, whichever the server takes.

    Who is admitted still gets in. Another way to write the path gets as little as the path itself.
    """
    admitted = AddressSet.of(door.clients)
    for shut in door.shuts:
        at, path = shut.found.at, shut.found.path
        for own in dict.fromkeys((at.address, *_declared(host, at, admitted))):
            if _has(admitted, own):
                yield _request(dataclasses.replace(at, address=own), path, _before(host, at, path), "still serves")
            else:
                for one in (path, *spellings.others(path)):
                    yield _request(at, one, statuses, "refuses")


def _declared(host: Host, at: Vhost, admitted: AddressSet) -> list[str]:
    """The first address of this host that is admitted, if the server answers there."""
    own = [str(one.ip) for one in host.once(addresses.read) if _has(admitted, str(one.ip))][:1]
    return [
        one
        for one in own
        # To a second address of a network the kernel comes from the first one.
        if _has(admitted, addresses.source_for(host, one) or one)
        and _answers(host, dataclasses.replace(at, address=one))
    ]


def _answers(host: Host, at: Vhost) -> bool:
    try:
        return bool(at.ask(host, "/").status)
    except HostError:
        return False


def _has(admitted: AddressSet, own: str) -> bool:
    return not AddressSet.of([own.partition("%")[0]]) - admitted


def _before(host: Host, at: Vhost, path: str) -> tuple[int, ...]:
    """What the interface answers now, to loopback; or what no refusal is, since loopback may have been turned away."""
    asked = at.ask(host, path).status
    return SERVES if asked == REFUSED else tuple(dict.fromkeys((*SERVES, asked)))


def _request(at: Vhost, path: str, statuses: tuple[int, ...], does: str) -> Request:
    return Request(
        title=f"see that {at.url}{printable(path)} {does} ({at.address})",
        address=at.address,
        port=at.port,
        name=at.asked,
        path=path,
        statuses=statuses,
        tls=at.tls,
        proxied=at.proxied,
    )
