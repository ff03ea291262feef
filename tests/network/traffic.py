# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The traffic of test_router.py, in a network namespace. serve PORTS | probe (stdin) | hold SOURCE HOST PORT."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import struct
import sys
import typing as t

SECONDS, AGAIN = 3.0, 0.5
Probe = tuple[str, str, str, int]


def family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


# --- Servers: they send back what they get ----------------------------------------------------------------------------


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = t.cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: t.Any) -> None:
        self.transport.sendto(data, addr)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(4096):
        writer.write(data)
    writer.close()


async def serve(ports: list[tuple[str, int]], addresses: list[str]) -> None:
    loop = asyncio.get_running_loop()
    for protocol, port in ports:
        if protocol == "tcp":
            await asyncio.start_server(echo, None, port)
            continue
        # On each address, so that the answer comes from the one that was asked.
        for address in addresses:
            await loop.create_datagram_endpoint(Echo, (address, port))
    print("ready", flush=True)
    await asyncio.Event().wait()


def own_addresses() -> list[str]:
    """Of this namespace, but those of links."""
    out = os.popen("ip -json address show dev wire").read()
    return [one["local"] for link in json.loads(out) for one in link["addr_info"] if one["scope"] == "global"]


# --- Clients ----------------------------------------------------------------------------------------------------------


async def tcp(source: str, host: str, port: int) -> bytes:
    reader, writer = await asyncio.open_connection(host, port, local_addr=(source, 0))
    try:
        writer.write(b"hello")
        return await reader.readexactly(5)
    finally:
        writer.transport.abort()


async def udp(source: str, host: str, port: int) -> bytes:
    with socket.socket(family(host), socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.bind((source, 0))
        sock.connect((host, port))
        return await _ask(sock, b"hello", lambda data: data == b"hello")


async def icmp(source: str, host: str, _port: int) -> bytes:
    six = ":" in host
    # The kernel works out the checksum of ICMPv6 alone.
    with socket.socket(family(host), socket.SOCK_RAW, socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP) as sock:
        sock.setblocking(False)
        sock.bind((source, 0))
        sock.connect((host, 0))
        mark = os.urandom(4)
        request = struct.pack("!BBH", 128 if six else 8, 0, 0) + mark
        request = request if six else request[:2] + struct.pack("!H", checksum(request)) + request[4:]
        kind, at = (129, 0) if six else (0, 20)
        return await _ask(sock, request, lambda data: data[at] == kind and data.endswith(mark))


async def refused(source: str, host: str, port: int) -> bytes:
    """Whether the host's ICMP says that nothing listens on this port of UDP."""
    try:
        await udp(source, host, port)
    except ConnectionRefusedError:
        return b"refused"
    return b""


def checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


async def _ask(sock: socket.socket, request: bytes, is_answer: t.Callable[[bytes], bool]) -> bytes:
    """The answer, asked for again and again: a busy machine may lose a packet."""
    while True:
        await asyncio.get_running_loop().sock_sendall(sock, request)
        with contextlib.suppress(asyncio.TimeoutError):
            return await asyncio.wait_for(_answer(sock, is_answer), AGAIN)


async def _answer(sock: socket.socket, is_answer: t.Callable[[bytes], bool]) -> bytes:
    while True:
        data = await asyncio.get_running_loop().sock_recv(sock, 4096)
        if is_answer(data):
            return data


PROTOCOLS = {"tcp": tcp, "udp": udp, "icmp": icmp, "refused": refused}


async def answered(probe: Probe) -> bool:
    source, host, protocol, port = probe
    try:
        return bool(await asyncio.wait_for(PROTOCOLS[protocol](source, host, port), SECONDS))
    except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError):
        return False


async def probe_all(asked: list[Probe]) -> list[Probe]:
    said = await asyncio.gather(*map(answered, asked))
    return [one for one, yes in zip(asked, said, strict=True) if yes]


def hold(source: str, host: str, port: int) -> None:
    """Keep one connection open, and send each line of stdin through it."""
    with socket.create_connection((host, port), 5, (source, 0)) as sock:
        print("open", flush=True)
        for line in sys.stdin:
            sock.sendall(line.encode())
            print(sock.makefile().readline(), end="", flush=True)


def main(what: str, *arguments: str) -> None:
    if what == "serve":
        asyncio.run(serve(json.loads(arguments[0]), own_addresses()))
    elif what == "probe":
        print(json.dumps(asyncio.run(probe_all(json.load(sys.stdin)))))
    elif what == "hold":
        hold(arguments[0], arguments[1], int(arguments[2]))


if __name__ == "__main__":
    main(*sys.argv[1:])
