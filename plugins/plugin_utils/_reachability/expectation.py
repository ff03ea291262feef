# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whom the register lets in: networks as sorted ranges of numbers, since every pair of hosts is asked about."""

from __future__ import annotations

import bisect
import functools
import ipaddress
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import ANY

#: Version, first and last address.
Range = tuple[int, int, int]


@functools.lru_cache(maxsize=65536)
def span(cidr: str) -> Range:
    """The addresses of an address or CIDR. Raises ValueError."""
    network = ipaddress.ip_network(cidr)
    return (network.version, int(network.network_address), int(network.broadcast_address))


class Clients:
    """The clients of a resolved service: `any`, or networks that are merged (so that none overlap)."""

    def __init__(self, clients: t.Iterable[str]) -> None:
        written = list(clients)
        self.any = written == [ANY]
        self._ranges = [] if self.any else sorted(map(span, written))
        self._admits: dict[str, bool] = {}

    def admits(self, cidr: str) -> bool:
        """Whether all addresses of this address or CIDR are let in."""
        known = self._admits.get(cidr)
        if known is None:
            known = self._admits[cidr] = self.any or self._holds(span(cidr))
        return known

    def _holds(self, wanted: Range) -> bool:
        version, first, last = wanted
        at = bisect.bisect_right(self._ranges, (version, first, 1 << 128)) - 1
        return at >= 0 and self._ranges[at][0] == version and last <= self._ranges[at][2]

    def expect(self, addresses: t.Iterable[str], local: str) -> bool:
        """Whether a host with these addresses is let in when it comes from the address `local` ("" if not known).

        An address that the inventory does not have belongs to a host that is translated on its way, or that the
        inventory knows too little of: then the host is let in when any address is that it has there.
        """
        known = list(addresses)
        if local and (self.admits(local) or any(_within(local, cidr) for cidr in known)):
            return self.admits(local)
        return self.any or any(map(self.admits, known))


@functools.lru_cache(maxsize=65536)
def _within(address: str, cidr: str) -> bool:
    (version, first, last), outer = span(address), span(cidr)
    return version == outer[0] and outer[1] <= first and last <= outer[2]
