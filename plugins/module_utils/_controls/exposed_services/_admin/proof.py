# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What the fixes of programs have in common: the head of their files, and requests that prove what they did."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    REFUSED,
    Found,
    Shut,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.requests import Request
from ansible_collections.infosec.principles.plugins.module_utils._host import addresses
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host


def still(host: Host, shuts: t.Iterable[Shut], *, seconds: float = 30) -> tuple[Request, ...]:
    """See that each answers this host over loopback as before. Raises HostError where it does not now."""
    return tuple(_request(host, one.found, "127.0.0.1", seconds) for one in shuts if _by_loopback(one.found.at))


def _by_loopback(at: Vhost) -> bool:
    """Whether it listens there now: what is bound to other addresses alone has no such answer."""
    return at.address in ("127.0.0.1", "::1")


def _request(host: Host, found: Found, address: str, seconds: float) -> Request:
    path = asked(found)
    status = found.at.ask(host, path).status
    title = f"see that {found.interface.title} still answers this host"
    return Request(title, address, found.at.port, found.at.asked, path, (status,), found.at.tls, seconds=seconds)


def asked(found: Found) -> str:
    """The page by which it is known."""
    return f"{found.path.rstrip('/')}/{found.interface.page}" if found.interface.page else found.path


def turned_away(host: Host, shut: Shut, *, seconds: float) -> tuple[Request, ...]:
    """See that it refuses an address of this host that is no client's, where there is one."""
    found = shut.found
    clients = [ipaddress.ip_network(one) for one in shut.clients]
    other = next((one for one in _own(host, found.at) if not any(_in(one, net) for net in clients)), "")
    if not other:
        return ()
    title = f"see that {found.interface.title} refuses {other}, which the register does not name"
    return (
        Request(
            title,
            other,
            found.at.port,
            found.at.asked,
            asked(found),
            (REFUSED,),
            found.at.tls,
            seconds=seconds,
        ),
    )


def _own(host: Host, at: Vhost) -> t.Iterator[str]:
    """The addresses of this host that it is reached at from outside, and from which it then comes itself.

    To a second address of a network the kernel comes from the first one.
    """
    bound = set(at.run.addresses(at.port))
    own = host.once(addresses.read)
    others = {str(one.ip) for one in own}
    for one in own:
        if addresses.source_for(host, str(one.ip)) in others - {str(one.ip)}:
            continue
        everywhere = {"::"} if one.version == 6 else {"::", "0.0.0.0"}
        if not one.ip.is_loopback and bound & {str(one.ip), *everywhere}:
            yield str(one.ip)


def _in(address: str, network: t.Any) -> bool:
    return bool(ipaddress.ip_address(address) in network)
