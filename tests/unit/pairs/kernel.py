# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of the kernel, put together as rtnetlink(7) and nf_tables.h lay them out."""

from __future__ import annotations

import ipaddress
import struct

DONE = struct.pack("=IHHIIi", 20, 3, 2, 1, 0, 0)
NETFILTER, ROUTE = 12, 0
TABLES, LINKS, ADDRESSES, ROUTES, RULES = 0xA01, 18, 22, 26, 34


def message(kind: int, body: bytes) -> bytes:
    size = 16 + len(body)
    return struct.pack("=IHHII", size, kind, 2, 1, 0) + body + bytes(-size % 4)


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def answer(*messages: bytes) -> bytes:
    return b"".join(messages) + DONE


def table(family: int, name: str) -> bytes:
    return message(0xA00, struct.pack("=BBH", family, 0, 0) + attribute(1, name.encode() + b"\0"))


def link(index: int, name: str, kind: str = "", mac: bytes = b"\x02\x42\xac\x11\x00\x0b") -> bytes:
    info = attribute(18, attribute(1, kind.encode())) if kind else b""
    return message(
        16, struct.pack("=BxHiII", 0, 1, index, 0, 0) + attribute(3, name.encode() + b"\0") + attribute(1, mac) + info
    )


def address(index: int, text: str, *, flags: int = 0x80, scope: int = 0, protocol: int = 0, made: int = 0) -> bytes:
    one = ipaddress.ip_interface(text)
    body = struct.pack("=BBBBI", 2 if one.version == 4 else 10, one.network.prefixlen, flags & 0xFF, scope, index)
    rest = attribute(1, one.ip.packed) + attribute(8, struct.pack("=I", flags))
    rest += attribute(6, struct.pack("=4I", 0xFFFFFFFF, 0xFFFFFFFF, made, made))
    return message(20, body + rest + (attribute(11, bytes([protocol])) if protocol else b""))


def route(
    target: str, gateway: str = "", index: int = 2, *, protocol: int = 3, number: int = 254, kind: int = 1
) -> bytes:
    one = ipaddress.ip_network(target)
    body = struct.pack("=BBBBBBBBI", 2 if one.version == 4 else 10, one.prefixlen, 0, 0, number, protocol, 0, kind, 0)
    rest = attribute(1, one.network_address.packed) if one.prefixlen else b""
    rest += attribute(5, ipaddress.ip_address(gateway).packed) if gateway else b""
    return message(24, body + rest + attribute(15, struct.pack("=I", number)) + attribute(4, struct.pack("=I", index)))


def rule(source: str, number: int, *, priority: int = 32765, protocol: int = 3, mark: int = 0) -> bytes:
    one = ipaddress.ip_network(source) if source else None
    family = 10 if one and one.version == 6 else 2
    body = struct.pack("=BBBBBBBBI", family, 0, one.prefixlen if one else 0, 0, number & 0xFF, 0, 0, 1, 0)
    rest = attribute(2, one.network_address.packed) if one else b""
    numbers: tuple[tuple[int, int], ...] = ((6, priority), (15, number), *(((10, mark),) if mark else ()))
    rest += b"".join(attribute(kind, struct.pack("=I", value)) for kind, value in numbers)
    return message(32, body + rest + attribute(21, bytes([protocol])))
