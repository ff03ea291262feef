# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Interfaces, addresses, routes and rules as the kernel has them (rtnetlink(7); no root needed, no program run)."""

from __future__ import annotations

import dataclasses
import ipaddress
import struct
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host import netlink
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

# include/uapi/linux: rtnetlink.h, if_link.h, if_addr.h, fib_rules.h
NETLINK_ROUTE = 0
GET_LINK, GET_ADDRESS, GET_ROUTE, GET_RULE = 18, 22, 26, 34
#: The answers' types, of a message each, and the fixed part of their bodies.
NEW = {GET_LINK: 16, GET_ADDRESS: 20, GET_ROUTE: 24, GET_RULE: 32}
_BODY = {
    GET_LINK: struct.Struct("=BxHiII"),
    GET_ADDRESS: struct.Struct("=BBBBI"),
    GET_ROUTE: struct.Struct("=BBBBBBBBI"),
    GET_RULE: struct.Struct("=BBBBBBBBI"),
}
PERMANENT = 0x80
FOUR, SIX = 2, 10
MAIN, LOCAL = 254, 255
CLONED = 0x200
Address = t.Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
Network = t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
_Row = tuple[tuple[int, ...], dict[int, bytes]]


@dataclasses.dataclass(frozen=True)
class Link:
    """An interface; kind: what made it ("bridge", "dummy"), "" for a card."""

    index: int
    name: str
    kind: str
    mac: bytes


@dataclasses.dataclass(frozen=True)
class Held:
    """An address. permanent: without an end. protocol: who set it (0: not told). made: when, in 1/100 s since boot."""

    index: int
    address: Address
    length: int
    permanent: bool
    link_local: bool
    protocol: int
    made: int


@dataclasses.dataclass(frozen=True)
class Route:
    """protocol: who set it (RTPROT_*). gateway, index: None and 0 where there is none."""

    target: Network
    gateway: Address | None
    index: int
    table: int
    protocol: int
    type: int


@dataclasses.dataclass(frozen=True)
class Rule:
    """A rule of policy routing; source and target: None for any."""

    family: int
    priority: int
    table: int
    protocol: int
    source: Network | None
    target: Network | None
    mark: int


def links(host: Host) -> dict[int, Link]:
    """By index. Raises HostError."""
    found = {}
    for (_family, _type, index, _flags, _change), rest in _rows(host, GET_LINK):
        info = dict(netlink.attributes(rest.get(18, b"")))
        kind = info.get(1, b"").rstrip(b"\0").decode("ascii", "replace")
        name = rest.get(3, b"").rstrip(b"\0").decode("utf-8", "replace")
        found[index] = Link(index, name, kind, rest.get(1, b""))
    return found


def addresses(host: Host) -> list[Held]:
    """Of all interfaces. Raises HostError."""
    found = []
    for (_family, length, flags, scope, index), rest in _rows(host, GET_ADDRESS):
        raw = rest.get(2) or rest.get(1)
        if raw is None or len(raw) not in (4, 16):
            continue
        whole = struct.unpack("=I", rest[8])[0] if 8 in rest else flags
        made = struct.unpack("=4I", rest[6])[2] if len(rest.get(6, b"")) == 16 else 0
        protocol = rest[11][0] if 11 in rest else 0
        held = Held(index, ipaddress.ip_address(raw), length, bool(whole & PERMANENT), scope == 253, protocol, made)
        found.append(held)
    return found


def routes(host: Host) -> list[Route]:
    """But those that the kernel makes for its own addresses, and cached ones. Raises HostError."""
    found = []
    for body, rest in _rows(host, GET_ROUTE):
        family, length, _source, _tos, table, protocol, _scope, type_, flags = body
        table = _word(rest, 15, table)
        if family not in (FOUR, SIX) or table == LOCAL or flags & CLONED:
            continue
        hops = rest.get(9, b"")
        inner = dict(netlink.attributes(hops[8:])) if len(hops) >= 8 else {}
        index = _word(rest, 4, struct.unpack_from("=i", hops, 4)[0] if len(hops) >= 8 else 0)
        gateway = _address(rest.get(5) or inner.get(5) or rest.get(18, b"")[2:] or inner.get(18, b"")[2:])
        found.append(Route(_network(family, rest.get(1), length), gateway, index, table, protocol, type_))
    return found


def rules(host: Host) -> list[Rule]:
    """Of IPv4 and IPv6. Raises HostError."""
    found = []
    for body, rest in _rows(host, GET_RULE):
        family, target, source, _tos, table, _res1, _res2, _action, _flags = body
        if family not in (FOUR, SIX):
            continue
        sides = [_network(family, rest.get(kind), size) if size else None for kind, size in ((2, source), (1, target))]
        protocol = rest[21][0] if 21 in rest else 0
        found.append(
            Rule(family, _word(rest, 6, 0), _word(rest, 15, table), protocol, sides[0], sides[1], _word(rest, 10, 0))
        )
    return found


def _rows(host: Host, kind: int) -> t.Iterator[_Row]:
    layout = _BODY[kind]
    for found, body in netlink.messages(host.netlink(NETLINK_ROUTE, kind, bytes(layout.size))):
        if found == netlink.ERROR:
            raise HostError(f"netlink: the kernel answers with error {-struct.unpack_from('=i', body)[0]}")
        if found == NEW[kind]:
            # The topmost bit says that attributes are nested in it.
            pairs = ((type_ & 0x3FFF, value) for type_, value in netlink.attributes(body[layout.size :]))
            yield layout.unpack_from(body), dict(pairs)


def _word(rest: t.Mapping[int, bytes], kind: int, default: int) -> int:
    return t.cast(int, struct.unpack("=I", rest[kind])[0]) if len(rest.get(kind, b"")) == 4 else default


def _address(raw: bytes | None) -> Address | None:
    return ipaddress.ip_address(raw) if raw and len(raw) in (4, 16) else None


def _network(family: int, raw: bytes | None, length: int) -> Network:
    address = ipaddress.ip_address(raw or bytes(4 if family == FOUR else 16))
    return ipaddress.ip_network(f"{address}/{length}", strict=False)
