# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What /proc/net does not show: whether a socket on [::] takes IPv4 as well (sock_diag(7); no root needed)."""

from __future__ import annotations

import contextlib
import socket
import struct
import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

# include/uapi/linux: netlink.h, sock_diag.h, inet_diag.h
NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY = 4, 20
REQUEST_DUMP = 0x301
ERROR, DONE = 2, 3
INET_DIAG_SKV6ONLY = 11
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI48x")
_MESSAGE = struct.Struct("=68xI")
_ATTRIBUTE = struct.Struct("=HH")
#: Protocol and the states, as a bit mask, of the sockets that listen: LISTEN for TCP, CLOSE for UDP.
QUERIES = ((socket.IPPROTO_TCP, 1 << 10), (socket.IPPROTO_UDP, 1 << 7))


def v6only(host: Host) -> dict[int, bool]:
    """IPV6_V6ONLY of every listening IPv6 socket, by inode; empty where the kernel does not answer."""
    if host.root != "/":
        return {}
    found: dict[int, bool] = {}
    for protocol, states in QUERIES:
        with contextlib.suppress(OSError):
            found.update(parse(dump(protocol, states)))
    return found


def dump(protocol: int, states: int) -> bytes:
    """The kernel's answer: its IPv6 sockets of that protocol in those states. Raises OSError."""
    body = _REQUEST.pack(socket.AF_INET6, protocol, 0, 0, states)
    return ask(NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, body)


def ask(family: int, kind: int, body: bytes) -> bytes:
    """The kernel's whole answer to a request to dump, of a family such as NETLINK_ROUTE. Raises OSError."""
    request = _HEADER.pack(_HEADER.size + len(body), kind, REQUEST_DUMP, 1, 0) + body
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family) as channel:
        channel.settimeout(2)
        channel.sendall(request)
        return b"".join(_parts(channel))


def _parts(channel: socket.socket) -> t.Iterator[bytes]:
    while True:
        part = channel.recv(1 << 18)
        yield part
        if not part or any(kind in (ERROR, DONE) for kind, _payload in messages(part)):
            return


def messages(data: bytes) -> t.Iterator[tuple[int, bytes]]:
    """The type and the body of each netlink message; stops at a broken one."""
    while len(data) >= _HEADER.size:
        length, kind, _flags, _sequence, _sender = _HEADER.unpack_from(data)
        if not _HEADER.size <= length <= len(data):
            return
        yield kind, data[_HEADER.size : length]
        data = data[_aligned(length) :]


def parse(data: bytes) -> dict[int, bool]:
    """IPV6_V6ONLY by inode, from the kernel's answer."""
    found = {}
    for kind, body in messages(data):
        if kind == SOCK_DIAG_BY_FAMILY and len(body) >= _MESSAGE.size:
            value = dict(attributes(body[_MESSAGE.size :])).get(INET_DIAG_SKV6ONLY)
            if value:
                found[_MESSAGE.unpack_from(body)[0]] = value[0] != 0
    return found


def attributes(data: bytes) -> t.Iterator[tuple[int, bytes]]:
    """The type and the value of each attribute; stops at a broken one."""
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        if not _ATTRIBUTE.size <= length <= len(data):
            return
        yield kind, data[_ATTRIBUTE.size : length]
        data = data[_aligned(length) :]


def _aligned(length: int) -> int:
    return (length + 3) & ~3
