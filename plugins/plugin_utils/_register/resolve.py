# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Puts addresses in the place of names: on the controller, without facts, each host once."""

from __future__ import annotations

import concurrent.futures
import functools
import socket
import typing as t

from ansible.errors import AnsibleError

from ansible_collections.infosec.principles.plugins.plugin_utils._register import networks
from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import (
    ANY,
    NONE,
    Inventory,
    RegisterError,
    Service,
)

if t.TYPE_CHECKING:
    from netaddr import IPNetwork

#: From a name to its addresses; raises OSError or UnicodeError.
Lookup = t.Callable[[str], t.Iterable[str]]
Hostvars = t.Mapping[str, t.Mapping[str, t.Any]]

_REMEDY = "set infosec_addresses (or an ansible_host that others can reach) for it"
# Names are asked for at the same time: a resolver's answer is mostly waiting.
_THREADS = 32


def look_up(name: str) -> list[str]:
    """All addresses of a name, as this machine's resolver says. Raises OSError or UnicodeError."""
    return [str(answer[4][0]) for answer in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)]


def resolve(
    services: t.Sequence[Service],
    inventory: Inventory,
    hostvars: Hostvars,
    lookup: Lookup = look_up,
) -> list[dict[str, t.Any]]:
    """The services as controls take them, and their `hosts`. Raises RegisterError naming every host without address."""
    written = {client for service in services for client in service.clients}
    # A base whose clients are `any` no longer names those of the administration at its ports.
    written |= {client for service in services for entry in service.admin for client in entry.clients}
    names = {client for client in written if inventory.knows(client)} - {ANY, NONE}
    found, faults = addresses(sorted(inventory.members(names)), hostvars, lookup)
    if faults:
        raise RegisterError([f"clients: {name}: {fault}" for name, fault in faults.items()])

    @functools.cache
    def clients(written: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_clients(written, inventory, found))

    return [_resolved(service, clients) for service in services]


def addresses(
    hosts: t.Iterable[str], hostvars: Hostvars, lookup: Lookup = look_up
) -> tuple[dict[str, list[IPNetwork]], dict[str, str]]:
    """The addresses of hosts, and why others have none.

    They are infosec_addresses, else ansible_host, else what the resolver answers for that or for the inventory's name.
    """
    found: dict[str, list[IPNetwork]] = {}
    faults: dict[str, str] = {}
    asked: dict[str, str] = {}
    for host in hosts:
        try:
            known = _known(host, hostvars[host])
        except (ValueError, AnsibleError) as exc:
            faults[host] = str(exc)
            continue
        if isinstance(known, str):
            asked[host] = known
        else:
            found[host] = known
    answers = _answers(sorted(set(asked.values())), lookup)
    for host, name in asked.items():
        answer = answers[name]
        if isinstance(answer, str):
            faults[host] = answer
        else:
            found[host] = answer
    return found, faults


def _known(host: str, variables: t.Mapping[str, t.Any]) -> list[IPNetwork] | str:
    """The addresses that the inventory gives, or the name to look up. Raises ValueError."""
    declared = variables.get("infosec_addresses")
    if declared:
        return [_declared(text) for text in ([declared] if isinstance(declared, str) else declared)]
    target = str(variables.get("ansible_host") or host)
    try:
        address = networks.parse(target)
    except ValueError:
        return target
    return _reachable(target, [address])


def _declared(text: t.Any) -> IPNetwork:
    try:
        return networks.parse(str(text))
    except ValueError as exc:
        raise ValueError(f"infosec_addresses: found {str(text)!r}; {exc}") from exc


def _answers(names: t.Sequence[str], lookup: Lookup) -> dict[str, list[IPNetwork] | str]:
    with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
        return dict(zip(names, pool.map(lambda name: _answer(name, lookup), names), strict=True))


def _answer(name: str, lookup: Lookup) -> list[IPNetwork] | str:
    """The addresses of a name, or why there are none."""
    try:
        # fe80::1%eth0 means something on this machine alone.
        texts = [text for text in lookup(name) if "%" not in text]
        return _reachable(name, [networks.parse(text) for text in texts])
    except (OSError, UnicodeError) as exc:
        return f"{name!r} cannot be resolved ({exc}); {_REMEDY}"
    except ValueError as exc:
        return str(exc)


def _reachable(name: str, known: t.Sequence[IPNetwork]) -> list[IPNetwork]:
    """Those that others can see. Raises ValueError: Debian's /etc/hosts, for one, has the own name at 127.0.1.1."""
    reachable = [one for one in known if not one.ip.is_loopback() and not one.ip.is_link_local()]
    if not reachable:
        addresses = ", ".join(sorted({str(one.ip) for one in known})) or "no address"
        raise ValueError(f"{name!r} is {addresses} here, where other hosts do not see it; {_REMEDY}")
    return reachable


def _clients(written: tuple[str, ...], inventory: Inventory, found: t.Mapping[str, list[IPNetwork]]) -> list[str]:
    if ANY in written:
        return [ANY]
    places = [text for text in written if text != NONE]
    plain = [networks.parse(text) for text in places if not inventory.knows(text)]
    return networks.merge([*plain, *(network for host in inventory.members(places) for network in found[host])])


def _resolved(service: Service, clients: t.Callable[[tuple[str, ...]], tuple[str, ...]]) -> dict[str, t.Any]:
    return {
        "name": service.name,
        "unit": service.unit,
        "ports": [port.as_dict() for port in service.ports],
        "clients": list(clients(service.clients)),
        "tls": service.tls,
        "names": list(service.names),
        "admin": [{"name": entry.name, "clients": list(clients(entry.clients))} for entry in service.admin],
        "justification": service.justification,
        "owner": service.owner,
        "review_by": service.review_by,
        "hosts": list(service.hosts),
    }
