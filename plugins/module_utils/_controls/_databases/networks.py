# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Sets of IP addresses, of both versions at once."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

Network = t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
#: IP version, first and last address as numbers.
Range = tuple[int, int, int]
_ADDRESS: dict[int, t.Callable[[int], t.Any]] = {4: ipaddress.IPv4Address, 6: ipaddress.IPv6Address}


@dataclasses.dataclass(frozen=True)
class AddressSet:
    """Sorted ranges that neither overlap nor touch."""

    ranges: tuple[Range, ...] = ()

    @classmethod
    def of(cls, networks: t.Iterable[str | Network]) -> AddressSet:
        """The addresses of these networks ("192.0.2.0/24"; an address is a network of one). Raises ValueError."""
        parsed = (ipaddress.ip_network(str(network), strict=False) for network in networks)
        return _merged((net.version, int(net.network_address), int(net.broadcast_address)) for net in parsed)

    def __or__(self, other: AddressSet) -> AddressSet:
        return _merged((*self.ranges, *other.ranges))

    def __sub__(self, other: AddressSet) -> AddressSet:
        left = list(self.ranges)
        for cut in other.ranges:
            left = [piece for whole in left for piece in _without(whole, cut)]
        return _merged(left)

    def __and__(self, other: AddressSet) -> AddressSet:
        return self - (self - other)

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def networks(self) -> list[str]:
        """The fewest networks that make up the set, as text; one address is a /32 or /128."""
        return [
            str(network)
            for version, first, last in self.ranges
            for network in ipaddress.summarize_address_range(_ADDRESS[version](first), _ADDRESS[version](last))
        ]


def _without(whole: Range, cut: Range) -> list[Range]:
    version, first, last = whole
    if cut[0] != version or cut[2] < first or cut[1] > last:
        return [whole]
    pieces = [(version, first, cut[1] - 1), (version, cut[2] + 1, last)]
    return [piece for piece in pieces if piece[1] <= piece[2]]


def _merged(ranges: t.Iterable[Range]) -> AddressSet:
    merged: list[Range] = []
    for version, first, last in sorted(ranges):
        if merged and merged[-1][0] == version and first <= merged[-1][2] + 1:
            merged[-1] = (version, merged[-1][1], max(last, merged[-1][2]))
        else:
            merged.append((version, first, last))
    return AddressSet(tuple(merged))


NOBODY = AddressSet()
EVERYBODY = AddressSet.of(["0.0.0.0/0", "::/0"])
LOOPBACK = AddressSet.of(["127.0.0.0/8", "::1/128"])
