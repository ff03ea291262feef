# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Knocks at ports of other hosts, many at a time, and tells how each behaves."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import os
import resource
import select
import socket
import time
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._reachability.requests import request

TCP, UDP = "tcp", "udp"

OPEN = "open"
#: The target says that nobody listens (RST, or ICMP port unreachable), or a firewall says so in its name.
REFUSED = "refused"
#: TCP: no answer at all.
FILTERED = "filtered"
#: ICMP says that the way ends.
UNREACHABLE = "unreachable"
#: UDP: no answer, which an open port may give as well.
SILENT = "silent"
#: The kernel sent nothing: it has no route, or no address of that family.
NO_ROUTE = "no_route"
#: The address is one of this host's own.
SELF = "self"
#: The time was over, or something of this host's own ran out.
UNTRIED, FAILED = "untried", "failed"

#: What the kernel says at once has not come from the network.
_AT_ONCE = dict.fromkeys(
    (
        *(errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT),
        *(errno.EACCES, errno.EPERM, errno.EINVAL),
    ),
    NO_ROUTE,
)
# Linux: icmp_err_convert in net/ipv4/icmp.c, tab_unreach in net/ipv6/icmp.c.
_LATER = {
    0: OPEN,
    errno.ECONNREFUSED: REFUSED,
    errno.ECONNRESET: REFUSED,
    errno.ETIMEDOUT: FILTERED,
    **dict.fromkeys(
        (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.EACCES, errno.ENOPROTOOPT, errno.EPROTO),
        UNREACHABLE,
    ),
}
#: A lost packet looks like a filtered one: these are tried once more.
_DOUBTFUL = (FILTERED, SILENT)
_KINDS = {TCP: socket.SOCK_STREAM, UDP: socket.SOCK_DGRAM}
#: UDP: IP_RECVERR and IPV6_RECVERR of linux/in.h and in6.h; without, the kernel keeps some of what ICMP says to itself.
_TELL_ALL = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}
#: File descriptors that are left to the rest of the process.
_SPARE = 16


class Probe(t.NamedTuple):
    """One port to knock at. address: IPv4 or IPv6, numeric. protocol: TCP or UDP."""

    address: str
    protocol: str
    port: int


class Answer(t.NamedTuple):
    """How it behaved, and the address of this host that the kernel chose ("" where it chose none)."""

    outcome: str
    local: str = ""


@dataclasses.dataclass(frozen=True)
class Limits:
    """concurrency: probes at a time. timeout: seconds of one try, of two. time_limit: seconds of all together."""

    concurrency: int = 128
    timeout: float = 2.0
    time_limit: float = 300.0

    def within(self, descriptors: int) -> int:
        """Probes at a time with so many free file descriptors."""
        return max(1, min(self.concurrency, descriptors - _SPARE))


def run(probes: t.Iterable[Probe], limits: Limits) -> dict[Probe, Answer]:
    """The answers to all probes, in their order, within the time limit."""
    return asyncio.run(_run(dict.fromkeys(probes, Answer(UNTRIED)), limits))


async def _run(answers: dict[Probe, Answer], limits: Limits) -> dict[Probe, Answer]:
    """Two rounds: what did not answer is tried again when all has been tried, since losses come in bursts."""
    deadline = time.monotonic() + limits.time_limit
    await _round(list(answers), answers, limits, deadline)
    doubtful = [probe for probe in answers if answers[probe].outcome in _DOUBTFUL]
    await _round(doubtful, answers, limits, deadline)
    return answers


async def _round(probes: t.Sequence[Probe], answers: dict[Probe, Answer], limits: Limits, deadline: float) -> None:
    waiting = iter(probes)
    at_a_time = min(limits.within(free_descriptors()), len(probes))
    await asyncio.gather(*(_work(waiting, answers, limits.timeout, deadline) for worker in range(at_a_time)))


def free_descriptors() -> int:
    """How many more files this process may open."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft - len(os.listdir("/proc/self/fd")) if soft != resource.RLIM_INFINITY else 1 << 20


async def _work(waiting: t.Iterator[Probe], answers: dict[Probe, Answer], timeout: float, deadline: float) -> None:
    """One of many that take from the same heap, so that a probe costs memory only while it is under way."""
    for probe in waiting:
        answers[probe] = await _try(probe, timeout, deadline)


async def _try(probe: Probe, timeout: float, deadline: float) -> Answer:
    seconds = min(timeout, deadline - time.monotonic())
    if seconds <= 0:
        return Answer(UNTRIED)
    try:
        with socket.socket(socket.AF_INET6 if ":" in probe.address else socket.AF_INET, _KINDS[probe.protocol]) as sock:
            answer = await _knock(sock, probe, seconds)
    except OSError as exc:
        return Answer(_AT_ONCE.get(exc.errno or 0, FAILED))
    # Silence counts only when the probe had its full time.
    return Answer(UNTRIED) if answer.outcome in _DOUBTFUL and seconds < timeout else answer


async def _knock(sock: socket.socket, probe: Probe, seconds: float) -> Answer:
    sock.setblocking(False)
    code = sock.connect_ex((probe.address, probe.port))
    if code not in (0, errno.EINPROGRESS):
        return Answer(_AT_ONCE.get(code, _LATER.get(code, FAILED)))
    # Now, since the kernel forgets it when the connection fails.
    local = str(sock.getsockname()[0])
    if local == probe.address:
        return Answer(SELF, local)
    behaviour = _connected if probe.protocol == TCP else _asked
    return Answer(await behaviour(sock, probe, seconds), local)


async def _connected(sock: socket.socket, _probe: Probe, seconds: float) -> str:
    if not await _ready(sock, select.POLLOUT, seconds):
        return FILTERED
    return _LATER.get(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), FAILED)


async def _asked(sock: socket.socket, probe: Probe, seconds: float) -> str:
    try:
        sock.setsockopt(*_TELL_ALL[sock.family], 1)
        sock.send(request(probe.port))
        if not await _ready(sock, select.POLLIN, seconds):
            return SILENT
        sock.recv(1)
    except OSError as exc:
        return _LATER.get(exc.errno or 0, FAILED)
    return OPEN


async def _ready(sock: socket.socket, event: int, seconds: float) -> bool:
    """Whether this (select.POLLIN or POLLOUT), or an error, happens to the socket within so many seconds."""
    loop, happened = asyncio.get_running_loop(), asyncio.Event()
    watch, forget = (
        (loop.add_reader, loop.remove_reader) if event == select.POLLIN else (loop.add_writer, loop.remove_writer)
    )
    watch(sock, happened.set)
    try:
        await asyncio.wait_for(happened.wait(), seconds)
    except asyncio.TimeoutError:
        return _is_ready(sock, event)
    finally:
        forget(sock)
    return True


def _is_ready(sock: socket.socket, event: int) -> bool:
    """Whether it is now: a host that is short of CPU comes late to look, and must not take that for silence."""
    poll = select.poll()
    poll.register(sock, event)
    return bool(poll.poll(0))
