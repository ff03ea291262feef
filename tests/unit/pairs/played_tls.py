# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A played server of TLS: it answers the first message of a handshake by what it is said to take, and no further.

It reads hellos and writes answers by the RFCs, with nothing of the code that it is there to test.
"""

from __future__ import annotations

import dataclasses
import socket
import struct
import typing as t

NUMBERS = {"SSLv3": 0x0300, "TLSv1": 0x0301, "TLSv1.1": 0x0302, "TLSv1.2": 0x0303, "TLSv1.3": 0x0304}
#: A few of each kind; RFC 8446, appendix B.4, and RFC 5246, appendix A.5.
CIPHERS = {
    "TLS_AES_128_GCM_SHA256": 0x1301,
    "TLS_AES_256_GCM_SHA384": 0x1302,
    "TLS_AES_128_CCM_SHA256": 0x1304,
    "ECDHE-RSA-AES128-GCM-SHA256": 0xC02F,
    "ECDHE-RSA-AES256-GCM-SHA384": 0xC030,
    "ECDHE-RSA-AES128-SHA": 0xC013,
    "DHE-RSA-AES128-GCM-SHA256": 0x009E,
    "AES128-SHA": 0x002F,
    "DES-CBC3-SHA": 0x000A,
    "ADH-AES128-SHA": 0x0034,
}
GROUPS = {"X25519": 29, "prime256v1": 23, "secp384r1": 24, "secp521r1": 25, "X448": 30, "X25519MLKEM768": 4588}
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
HANDSHAKE_FAILURE, PROTOCOL_VERSION, UNRECOGNIZED_NAME = 40, 70, 112


@dataclasses.dataclass(frozen=True)
class Speaks:
    """What a server takes, best first. names: those it knows; () where it answers to anybody."""

    protocols: tuple[str, ...] = ("TLSv1.2", "TLSv1.3")
    ciphers: tuple[str, ...] = ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384")
    suites: tuple[str, ...] = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384")
    groups: tuple[str, ...] = ("X25519", "prime256v1", "secp384r1")
    names: tuple[str, ...] = ()
    certificate: bytes = b"0\x03\x02\x01\x07"
    prime: int = 2048


@dataclasses.dataclass(frozen=True)
class Hello:
    """What a client offers, as numbers."""

    versions: tuple[int, ...]
    ciphers: tuple[int, ...]
    groups: tuple[int, ...]
    name: str


def server(speaks: t.Callable[[], Speaks]) -> t.Callable[[socket.socket], None]:
    """A server of TLS for Machine.servers, asked what it speaks at each connection."""

    def serve(connection: socket.socket) -> None:
        hello(connection, speaks())

    return serve


def hello(connection: socket.socket, speaks: Speaks) -> None:
    """Answer one hello."""
    head = _exactly(connection, 5)
    record = _exactly(connection, int.from_bytes(head[3:5], "big"))
    connection.sendall(answer(read(record), speaks))
    connection.recv(1024)


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise ConnectionResetError
        data += part
    return data


def read(record: bytes) -> Hello:
    """RFC 8446, section 4.1.2."""
    legacy = int.from_bytes(record[4:6], "big")
    at = 38 + 1 + record[38]
    size = int.from_bytes(record[at : at + 2], "big")
    ciphers = _numbers(record[at + 2 : at + 2 + size])
    at += 2 + size
    at += 1 + record[at]
    extensions = _extensions(record[at + 2 :])
    versions = _numbers(extensions[43][1:]) if 43 in extensions else tuple(range(0x0300, legacy + 1))
    name = extensions.get(0, b"\0\0\0\0\0")[5:].decode()
    return Hello(versions, ciphers, _numbers(extensions.get(10, b"\0\0")[2:]), name)


def _extensions(data: bytes) -> dict[int, bytes]:
    found = {}
    while data:
        number, size = struct.unpack("!HH", data[:4])
        found[number] = data[4 : 4 + size]
        data = data[4 + size :]
    return found


def _numbers(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"!{len(data) // 2}H", data)


def answer(asked: Hello, speaks: Speaks) -> bytes:
    """The server's records."""
    if speaks.names and asked.name not in speaks.names:
        return alert(UNRECOGNIZED_NAME)
    versions = [NUMBERS[name] for name in speaks.protocols if NUMBERS[name] in asked.versions]
    if not versions:
        return alert(PROTOCOL_VERSION)
    version = max(versions)
    named = speaks.suites if version == NUMBERS["TLSv1.3"] else speaks.ciphers
    groups = [GROUPS[name] for name in speaks.groups if GROUPS[name] in asked.groups]
    shared = [name for name in named if CIPHERS[name] in asked.ciphers and (groups or not _by_group(name))]
    if not shared:
        return alert(HANDSHAKE_FAILURE)
    if version == NUMBERS["TLSv1.3"]:
        return _retry(CIPHERS[shared[0]], groups[0])
    return _first_flight(version, shared[0], groups[0] if groups else 0, speaks)


def _by_group(cipher: str) -> bool:
    return cipher.startswith(("ECDHE", "TLS_"))


def _retry(cipher: int, group: int) -> bytes:
    """HelloRetryRequest: RFC 8446, section 4.1.4."""
    extensions = struct.pack("!HHHHHH", 43, 2, 0x0304, 51, 2, group)
    return _record(
        _message(2, b"\x03\x03" + RETRY + b"\0" + struct.pack("!HBH", cipher, 0, len(extensions)) + extensions)
    )


def _first_flight(version: int, cipher: str, group: int, speaks: Speaks) -> bytes:
    """ServerHello, Certificate, ServerKeyExchange and ServerHelloDone: RFC 5246, section 7.4."""
    messages = _message(2, struct.pack("!H", version) + bytes(32) + b"\0" + struct.pack("!HB", CIPHERS[cipher], 0))
    if not cipher.startswith("ADH"):
        one = len(speaks.certificate).to_bytes(3, "big") + speaks.certificate
        messages += _message(11, len(one).to_bytes(3, "big") + one)
    if cipher.startswith("ECDHE"):
        messages += _message(12, b"\x03" + struct.pack("!HB", group, 32) + bytes(32))
    elif cipher.startswith(("DHE", "ADH")):
        size = speaks.prime // 8
        messages += _message(12, struct.pack("!H", size) + b"\xff" * size + b"\0\x01\x02")
    return _record(messages + _message(14, b""))


def _message(number: int, body: bytes) -> bytes:
    return bytes((number,)) + len(body).to_bytes(3, "big") + body


def _record(body: bytes) -> bytes:
    return b"\x16\x03\x03" + struct.pack("!H", len(body)) + body


def alert(description: int) -> bytes:
    """A fatal one."""
    return b"\x15\x03\x03\x00\x02\x02" + bytes((description,))
