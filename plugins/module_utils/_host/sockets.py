# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""TCP and UDP sockets of this network namespace, and who holds them, read from /proc.

A listener is a TCP socket in state LISTEN, an unconnected bound UDP socket, or a port that a container engine leads
into a container (see published.py). Sockets in other network namespaces are not seen.
"""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import sys
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host import netlink, processes, published, units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing

ESTABLISHED, CLOSED, LISTEN = 0x01, 0x07, 0x0A
#: net/ipv4/af_inet.c's default, for a host that does not tell.
EPHEMERAL = (32768, 60999)
TABLES = (("tcp", "/proc/net/tcp"), ("tcp", "/proc/net/tcp6"), ("udp", "/proc/net/udp"), ("udp", "/proc/net/udp6"))
DHCP_PORTS = {68: "DHCP", 546: "DHCPv6"}
DHCP_CLIENTS = ("dhclient", "dhcpcd", "systemd-network", "NetworkManager", "nm-dhcp", "udhcpc", "connmand", "wickedd")

#: Who holds a listener.
PROCESS, KERNEL, NAT, UNKNOWN = "process", "kernel", "nat", "unknown"


@dataclasses.dataclass(frozen=True)
class Socket:
    """One line of /proc/net/{tcp,tcp6,udp,udp6}. Addresses are text, IPv4-mapped ones as IPv4."""

    protocol: str
    address: str
    port: int
    peer: str
    peer_port: int
    state: int
    inode: int

    @property
    def listens(self) -> bool:
        """Whether anyone may send to it."""
        return self.state == LISTEN if self.protocol == "tcp" else self.state == CLOSED and self.peer_port == 0


@dataclasses.dataclass(frozen=True)
class Listener:
    """One address and port that takes packets, and who is behind it.

    holder: PROCESS, KERNEL (no process has it: NFS, WireGuard), NAT (a rule leads the port into a container), or
        UNKNOWN where this user may not see.
    families: "IPv4", "IPv6" or both: a socket on [::] takes both unless it is IPV6_V6ONLY.
    families_known: False where the kernel did not tell and both were assumed.
    pid, process, exe: of the first process that holds it; 0 and "" unless holder is PROCESS. `pids`: of all.
    unit: the system unit that runs it, or that its socket unit would start. user_unit: the unit of a user's systemd.
    socket_unit: the .socket unit that opened it.
    published_by: docker, podman or kubernetes. target: where that leads, as far as known.
    """

    protocol: str
    address: str
    port: int
    families: tuple[str, ...] = ("IPv4",)
    families_known: bool = True
    inode: int = 0
    holder: str = UNKNOWN
    pid: int = 0
    pids: tuple[int, ...] = ()
    process: str = ""
    exe: str = ""
    unit: str = ""
    user_unit: str = ""
    socket_unit: str = ""
    published_by: str = ""
    target: str = ""

    @property
    def name(self) -> str:
        """As in the register: 80/tcp."""
        return f"{self.port}/{self.protocol}"

    @property
    def place(self) -> str:
        """As in a URL: 0.0.0.0:80, [::]:80."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether only this host can reach it."""
        return is_loopback(self.address)

    @property
    def wildcard(self) -> bool:
        """Whether it is bound to every address."""
        return self.address in ("0.0.0.0", "::")


def is_loopback(address: str) -> bool:
    """Whether the address is one that never leaves the host."""
    return address.startswith("127.") or address == "::1"


def parse(text: str, protocol: str) -> list[Socket]:
    """Read one table. A line that is no socket (the heading) is left out."""
    rows = (line.split() for line in text.split("\n")[1:])
    return [_socket(row, protocol) for row in rows if len(row) > 9]


def _socket(row: list[str], protocol: str) -> Socket:
    address, port = _endpoint(row[1])
    peer, peer_port = _endpoint(row[2])
    return Socket(protocol, address, port, peer, peer_port, int(row[3], 16), int(row[9]))


def _endpoint(text: str) -> tuple[str, int]:
    address, _colon, port = text.partition(":")
    return _address(address), int(port, 16)


@functools.lru_cache(maxsize=65536)
def _address(text: str) -> str:
    # The kernel prints 32-bit words in the machine's byte order.
    words = [bytes.fromhex(text[at : at + 8]) for at in range(0, len(text), 8)]
    packed = b"".join(word[::-1] if sys.byteorder == "little" else word for word in words)
    if len(packed) == 4:
        return str(ipaddress.IPv4Address(packed))
    six = ipaddress.IPv6Address(packed)
    return str(six.ipv4_mapped or six)


def table(host: Host) -> tuple[Socket, ...]:
    """All TCP and UDP sockets. Raises HostError where the kernel shows none. Use as `host.once(sockets.table)`."""
    return tuple(socket for protocol, path in TABLES for socket in parse(_text(host, path), protocol))


def _text(host: Host, path: str) -> str:
    try:
        return host.read_text(path)
    except Missing:
        # A kernel without IPv6 has no tables for it.
        if path.endswith("6"):
            return ""
        raise


def read(host: Host) -> tuple[Listener, ...]:
    """Every listener, sorted by protocol, port and address. Use as `host.once(sockets.read)`."""
    held = [_listener(host, socket) for socket in dict.fromkeys(s for s in host.once(table) if s.listens)]
    merged = _with_published(held, host.once(published.read).ports)
    return tuple(sorted(merged, key=lambda item: (item.protocol, item.port, item.address, item.inode)))


def _listener(host: Host, socket: Socket) -> Listener:
    families, known = _families(host, socket)
    listener = Listener(
        socket.protocol,
        socket.address,
        socket.port,
        families=families,
        families_known=known,
        inode=socket.inode,
        socket_unit=host.once(_socket_units).get((socket.protocol, socket.address, socket.port), ""),
    )
    return _held(host, listener)


def _families(host: Host, socket: Socket) -> tuple[tuple[str, ...], bool]:
    if ":" not in socket.address:
        return ("IPv4",), True
    if socket.address != "::":
        return ("IPv6",), True
    alone = host.once(netlink.v6only).get(socket.inode)
    return (("IPv6",) if alone else ("IPv4", "IPv6")), alone is not None


def _held(host: Host, listener: Listener) -> Listener:
    holders = host.once(processes.holders)
    pids = holders.pids.get(listener.inode, ())
    process = _process(host, pids[0]) if pids else None
    if process is None:
        unseen = KERNEL if holders.complete and not pids else UNKNOWN
        return dataclasses.replace(listener, holder=unseen, unit=_started_by(host, listener))
    return dataclasses.replace(
        listener,
        holder=PROCESS,
        pid=process.pid,
        pids=pids,
        process=process.name,
        exe=process.exe,
        unit=_started_by(host, listener) if process.pid == 1 else process.place.unit,
        user_unit=process.place.user_unit,
        published_by=published.PROXIES.get(process.name, process.place.engine),
        target=published.target(host, process),
    )


def _process(host: Host, pid: int) -> processes.Process | None:
    known = host.once(_described)
    if pid not in known:
        known[pid] = processes.describe(host, pid)
    return known[pid]


def _described(host: Host) -> dict[int, processes.Process | None]:
    return {}


def _socket_units(host: Host) -> dict[tuple[str, str, int], str]:
    listening = (unit for unit in host.once(units.read) if unit.is_active)
    return {endpoint: unit.name for unit in listening for endpoint in unit.listen}


def _started_by(host: Host, listener: Listener) -> str:
    """The service that a socket unit starts; one instance a connection (Accept=yes) is none."""
    unit = host.once(units.read).get(listener.socket_unit)
    return unit.triggers[0] if unit and unit.triggers and not unit.accept else ""


def _with_published(held: list[Listener], ports: tuple[published.Port, ...]) -> t.Iterator[Listener]:
    by_place = {(port.protocol, port.address, port.port): port for port in ports}
    for listener in held:
        port = by_place.pop((listener.protocol, listener.address, listener.port), None)
        yield dataclasses.replace(listener, published_by=port.engine, target=port.target) if port else listener
    for port in by_place.values():
        families = ("IPv6",) if ":" in port.address else ("IPv4",)
        yield Listener(
            port.protocol,
            port.address,
            port.port,
            families=families,
            holder=NAT,
            published_by=port.engine,
            target=port.target,
        )


def ephemeral(host: Host) -> tuple[int, int]:
    """The first and last port that the kernel gives to sockets that ask for none."""
    try:
        first, last = host.read_text("/proc/sys/net/ipv4/ip_local_port_range").split()
        return int(first), int(last)
    except (HostError, ValueError):
        return EPHEMERAL


def is_client(host: Host, item: Listener) -> bool:
    """Whether it may be open for the replies of a server only; a UDP socket does not tell."""
    return is_dhcp_client(item) or is_ephemeral(host, item)


def is_dhcp_client(item: Listener) -> bool:
    """Whether a DHCP client holds its client port: RFC 2131 section 4.1, RFC 8415 section 7.2."""
    return item.protocol == "udp" and item.port in DHCP_PORTS and item.process.startswith(DHCP_CLIENTS)


def is_ephemeral(host: Host, item: Listener) -> bool:
    """Whether it may be a client's: an unconnected UDP socket of a process, on a port of the kernel's choosing."""
    first, last = host.once(ephemeral)
    chosen = (
        item.protocol == "udp" and item.holder in (PROCESS, UNKNOWN) and not (item.published_by or item.socket_unit)
    )
    return chosen and first <= item.port <= last


def peers(host: Host) -> dict[tuple[str, int], tuple[str, ...]]:
    """For each (protocol, port) that listens: the sorted addresses connected to it now, this host's own left out."""
    sockets = host.once(table)
    ports = {(socket.protocol, socket.port) for socket in sockets if socket.listens}
    found: dict[tuple[str, int], set[str]] = {port: set() for port in ports}
    for socket in sockets:
        own = is_loopback(socket.peer) or socket.peer == socket.address
        if socket.state == ESTABLISHED and (socket.protocol, socket.port) in ports and not own:
            found[(socket.protocol, socket.port)].add(socket.peer)
    return {port: tuple(sorted(found[port])) for port in sorted(found)}
