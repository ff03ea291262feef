# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Against real sockets of this machine. 127.0.0.2 is another host here, since the kernel comes to it from 127.0.0.1."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import os
import resource
import select
import shutil
import socket
import subprocess
import time
import types
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._reachability import probing, requests
from ansible_collections.infosec.principles.plugins.module_utils._reachability.probing import Answer, Limits, Probe

THERE, HERE = "127.0.0.2", "127.0.0.1"
QUICK = Limits(timeout=0.2)


def bound(kind: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, kind)
    sock.bind((THERE, 0))
    return sock


def port_of(sock: socket.socket) -> int:
    return int(sock.getsockname()[1])


@pytest.fixture
def listener() -> t.Iterator[socket.socket]:
    with bound(socket.SOCK_STREAM) as sock:
        sock.listen(64)
        yield sock


@pytest.fixture
def datagrams() -> t.Iterator[socket.socket]:
    with bound(socket.SOCK_DGRAM) as sock:
        yield sock


def answer(probe: Probe, limits: Limits = QUICK) -> Answer:
    return probing.run([probe], limits)[probe]


def closed(protocol: str) -> int:
    """A port on which nobody is."""
    with bound(socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM) as sock:
        return port_of(sock)


def test_open(listener: socket.socket) -> None:
    assert answer(Probe(THERE, "tcp", port_of(listener))) == Answer("open", HERE)


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_refused(protocol: str) -> None:
    assert answer(Probe(THERE, protocol, closed(protocol))) == Answer("refused", HERE)


def test_filtered(listener: socket.socket) -> None:
    """A full queue drops requests, as a firewall does."""
    listener.listen(0)
    with contextlib.ExitStack() as stack:
        for _filler in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex((THERE, port_of(listener)))
        assert answer(Probe(THERE, "tcp", port_of(listener))) == Answer("filtered", HERE)


@pytest.mark.parametrize(
    ("address", "expected"), [("224.0.0.1", Answer("no_route")), (HERE, Answer("self", HERE))], ids=["no route", "own"]
)
def test_what_sends_nothing(address: str, expected: Answer) -> None:
    assert answer(Probe(address, "tcp", 9)) == expected


@pytest.mark.parametrize(
    ("ignored", "expected"), [(0, "open"), (1, "open"), (2, "silent")], ids=["answers", "loses one", "silent"]
)
def test_udp(datagrams: socket.socket, ignored: int, expected: str) -> None:
    def serve() -> None:
        for number in range(ignored + 1):
            _data, peer = datagrams.recvfrom(2000)
            if number == ignored:
                datagrams.sendto(b"x", peer)

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        datagrams.settimeout(1)
        served = pool.submit(serve)
        assert answer(Probe(THERE, "udp", port_of(datagrams))) == Answer(expected, HERE)
        assert (served.exception() is not None) == (expected == "silent")


def test_who_comes_late_to_look_does_not_take_that_for_silence(listener: socket.socket) -> None:
    async def late() -> bool:
        with socket.socket() as sock:
            sock.setblocking(False)
            sock.connect_ex((THERE, port_of(listener)))
            waiting = asyncio.create_task(probing._ready(sock, select.POLLOUT, 0.05))
            await asyncio.sleep(0)
            time.sleep(0.2)
            return await waiting

    assert asyncio.run(late())


def test_sends_what_the_port_understands(datagrams: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "request", {port_of(datagrams): b"hello"}.get)
    answer(Probe(THERE, "udp", port_of(datagrams)))
    assert datagrams.recv(100) == b"hello"


def test_a_local_shortage_is_no_answer(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*args: t.Any) -> t.NoReturn:
        raise OSError(24, "Too many open files")

    # The module alone, since asyncio needs sockets too.
    monkeypatch.setattr(probing, "socket", types.SimpleNamespace(socket=exhausted, AF_INET=2, AF_INET6=10))
    assert answer(Probe(THERE, "tcp", port_of(listener))) == Answer("failed")


def test_time_is_limited(datagrams: socket.socket) -> None:
    probes = [Probe(f"127.0.1.{number}", "udp", port_of(datagrams)) for number in range(1, 200)]
    closed_one = Probe(THERE, "udp", closed("udp"))
    with contextlib.ExitStack() as stack:
        for probe in probes:
            silent = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            silent.bind((probe.address, probe.port))
        start = time.monotonic()
        answers = probing.run([*probes, closed_one], Limits(concurrency=20, timeout=0.1, time_limit=1.5))
    assert time.monotonic() - start < 3
    assert list(answers) == [*probes, closed_one]
    # What was silent once and not tried again proves nothing; the time was enough to go around once.
    assert {answers[probe].outcome for probe in probes} == {"silent", "untried"}
    assert answers[closed_one].outcome == "refused"


def test_no_time_at_all(listener: socket.socket) -> None:
    assert answer(Probe(THERE, "tcp", port_of(listener)), Limits(time_limit=0)) == Answer("untried")


def test_file_descriptors_are_limited(listener: socket.socket) -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    probes = [Probe(THERE, "tcp", port) for port in range(20000, 20400)]
    used = limit[0] - probing.free_descriptors()
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 24, limit[1]))
    try:
        answers = probing.run(probes, Limits(concurrency=1000, timeout=0.2))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    assert "failed" not in {one.outcome for one in answers.values()}


@pytest.mark.parametrize(("descriptors", "expected"), [(5000, 128), (100, 84), (10, 1)])
def test_at_a_time(descriptors: int, expected: int) -> None:
    assert Limits().within(descriptors) == expected


def test_nothing_to_try() -> None:
    assert probing.run([], QUICK) == {}


def test_the_same_port_is_tried_once(listener: socket.socket) -> None:
    probe = Probe(THERE, "tcp", port_of(listener))
    assert list(probing.run([probe, probe], QUICK)) == [probe]


@pytest.mark.parametrize(
    ("port", "begins", "length"),
    [
        (53, "1d0c 0000 0001 0000 0000 0000 07", 30),
        (123, "23 00", 48),
        (161, "30 37 02 01 03", 57),
        (443, "c0 1a2a3a4a 08", 1200),
        (1194, "", 0),
    ],
)
def test_requests(port: int, begins: str, length: int) -> None:
    request = requests.request(port)
    assert request.startswith(bytes.fromhex(begins))
    assert len(request) == length


# Real firewalls, where this user may make network namespaces

NETWORK = """
add table inet t
add chain inet t in { type filter hook input priority 0; }
add rule inet t in tcp dport 1001 drop
add rule inet t in tcp dport 1002 reject with tcp reset
add rule inet t in tcp dport 1003 reject with icmpx type admin-prohibited
add rule inet t in udp dport 1004 reject with icmpx type host-unreachable
"""


def ip(*words: str, **more: t.Any) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, **more)


@pytest.fixture(scope="module")
def firewalled() -> t.Iterator[tuple[str, str]]:
    """An IPv4 and an IPv6 address behind a real firewall."""
    name = f"h4-{os.getpid()}"
    if os.geteuid() or not shutil.which("nft") or not shutil.which("ip"):
        pytest.skip("needs root, iproute2 and nftables")
    try:
        ip("netns", "add", name)
    except subprocess.CalledProcessError:
        pytest.skip("may not make a network namespace")
    try:
        ip("link", "add", name[:15], "type", "veth", "peer", "name", "eth0", "netns", name)
        for net in ("10.74.255.1/30", "fd00:74:ffff::1/126"):
            ip("address", "add", net, "dev", name[:15], *(["nodad"] if ":" in net else []))
        ip("link", "set", name[:15], "up")
        for net in ("10.74.255.2/30", "fd00:74:ffff::2/126"):
            ip("-n", name, "address", "add", net, "dev", "eth0", *(["nodad"] if ":" in net else []))
        ip("-n", name, "link", "set", "eth0", "up")
        ip("netns", "exec", name, "nft", "-f", "-", input=NETWORK.encode())
        yield "10.74.255.2", "fd00:74:ffff::2"
    finally:
        ip("netns", "delete", name)


@pytest.mark.parametrize("family", [0, 1], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize(
    ("port", "outcome"), [(1001, "filtered"), (1002, "refused"), (1003, "unreachable"), (1000, "refused")]
)
def test_firewalls(firewalled: tuple[str, str], family: int, port: int, outcome: str) -> None:
    own = ("10.74.255.1", "fd00:74:ffff::1")[family]
    # Over a veth the first ICMP error comes before the socket may look at it; the second one, after a second, counts.
    limits = Limits(timeout=1.5) if outcome == "unreachable" else QUICK
    assert answer(Probe(firewalled[family], "tcp", port), limits) == Answer(outcome, own)


@pytest.mark.parametrize("family", [0, 1], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize(("port", "outcome"), [(1004, "unreachable"), (1000, "refused")])
def test_firewalls_and_udp(firewalled: tuple[str, str], family: int, port: int, outcome: str) -> None:
    assert answer(Probe(firewalled[family], "udp", port)).outcome == outcome
