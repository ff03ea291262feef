# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Addresses and networks, IPv4 and IPv6, on top of netaddr."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._libraries import netaddr

if t.TYPE_CHECKING:
    from netaddr import IPNetwork

REMEDY = "write an address such as 192.0.2.10, or a network such as 192.0.2.0/24 or 2001:db8::/64"


def parse(text: str) -> IPNetwork:
    """Read an address or a CIDR; an IPv4-mapped one is IPv4. Raises ValueError with the remedy."""
    try:
        network = netaddr.IPNetwork(text)
    except (netaddr.AddrFormatError, ValueError) as exc:
        raise ValueError(REMEDY) from exc
    if not text.partition("/")[2].isdecimal() and "/" in text:
        raise ValueError(REMEDY)
    if network.ip != network.network:
        raise ValueError(f"write {network.cidr} for the network, or {network.ip} for the one address")
    return network.ipv4() if network.ip.is_ipv4_mapped() and network.prefixlen >= 96 else network


def merge(networks: t.Iterable[IPNetwork]) -> list[str]:
    """The fewest CIDRs that hold exactly these addresses; IPv4 first, ascending, always with the prefix's length."""
    return [
        str(network) for network in sorted(netaddr.cidr_merge(list(networks)), key=lambda one: (one.version, one.first))
    ]
