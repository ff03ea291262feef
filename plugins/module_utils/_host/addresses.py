# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The addresses that this host has, and the one that it answers a given client from."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
import struct
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, Missing

Interface = t.Union[ipaddress.IPv4Interface, ipaddress.IPv6Interface]

_LOCAL = re.compile(r"\|-- (\S+)\n\s+/32 host LOCAL")
_GATEWAY = 0x0002  # RTF_GATEWAY of linux/route.h
_LINK_SCOPE = "20"  # IPV6_ADDR_LINKLOCAL in /proc/net/if_inet6


def read(host: Host) -> tuple[Interface, ...]:
    """Every address of this host with its network, but link-local ones. Use as `host.once(addresses.read)`."""
    four = parse_four(_text(host, "/proc/net/fib_trie"), _text(host, "/proc/net/route"))
    six = parse_six(_text(host, "/proc/net/if_inet6"))
    return (*sorted(four), *sorted(six))


def _text(host: Host, path: str) -> str:
    # A kernel without IPv4 or IPv6 has none of its files.
    with contextlib.suppress(Missing):
        return host.read_text(path)
    return ""


def parse_four(trie: str, routes: str) -> set[ipaddress.IPv4Interface]:
    """Local addresses from /proc/net/fib_trie, each with the narrowest network that /proc/net/route has on the link."""
    links = [network for network in map(_link, routes.splitlines()[1:]) if network]
    return {_interface(ipaddress.IPv4Address(text), links) for text in _LOCAL.findall(trie)}


def _link(line: str) -> ipaddress.IPv4Network | None:
    fields = line.split()
    if len(fields) < 8 or int(fields[3], 16) & _GATEWAY or int(fields[7], 16) == 0:
        return None
    # The kernel prints the 32-bit word in the machine's byte order.
    words = [ipaddress.IPv4Address(struct.pack("=I", int(fields[at], 16))) for at in (1, 7)]
    return ipaddress.IPv4Network((str(words[0]), str(words[1])), strict=False)


def _interface(address: ipaddress.IPv4Address, links: list[ipaddress.IPv4Network]) -> ipaddress.IPv4Interface:
    if address.is_loopback:
        return ipaddress.IPv4Interface(f"{address}/8")
    around = [network.prefixlen for network in links if address in network]
    return ipaddress.IPv4Interface(f"{address}/{max(around, default=32)}")


def parse_six(text: str) -> set[ipaddress.IPv6Interface]:
    """Addresses from /proc/net/if_inet6: address, index, prefix length, scope, flags (all hexadecimal) and device."""
    rows = (line.split() for line in text.splitlines())
    return {
        ipaddress.IPv6Interface((bytes.fromhex(row[0]), int(row[2], 16)))
        for row in rows
        if len(row) == 6 and row[3] != _LINK_SCOPE
    }


def source_for(host: Host, client: str) -> str:
    """The address of this host that the kernel sends from to the client; "" without a route. Sends no packet."""
    sources = host.once(_sources)
    if client not in sources:
        sources[client] = kernel_source(client)
    return sources[client]


def _sources(host: Host) -> dict[str, str]:
    return {}


def kernel_source(client: str) -> str:
    """Ask the kernel by connecting a UDP socket, which only chooses a route."""
    family = socket.AF_INET6 if ":" in client else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((client, 9))
            return str(probe.getsockname()[0])
    except OSError:
        return ""
