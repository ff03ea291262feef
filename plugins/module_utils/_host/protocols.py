# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""IP protocols besides TCP, UDP and ICMP that this host takes in: routing, redundancy, tunnels, IPsec.

Told by raw sockets (/proc/net/raw), by tunnel devices that are up (/sys/class/net) and by who negotiates IPsec keys.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host import sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

#: Protocol numbers of IANA's registry for which a raw socket means that packets are waited for. ICMP is let in anyway.
NUMBERS = {4: "IPIP", 41: "IPv6 in IPv4", 46: "RSVP", 47: "GRE", 50: "ESP", 51: "AH", 88: "EIGRP", 89: "OSPF"}
NUMBERS.update({103: "PIM", 108: "IPComp", 112: "VRRP", 115: "L2TP", 132: "SCTP", 136: "UDPLite"})
#: ARPHRD_ types of linux/if_arp.h.
TUNNELS = {"768": "IPIP", "769": "IPv6 tunnel", "776": "IPv6 in IPv4", "778": "GRE", "823": "GRE"}
IFF_UP = 1
IKE = 500


@dataclasses.dataclass(frozen=True)
class Use:
    """One protocol, and what shows that it is in use."""

    protocol: str
    source: str


def read(host: Host) -> tuple[Use, ...]:
    """All that are in use, each with the first sign of it. Use as `host.once(protocols.read)`."""
    signs = [*_raw(host), *_tunnels(host), *_ipsec(host)]
    return tuple({use.protocol: use for use in reversed(signs)}.values())[::-1]


def _raw(host: Host) -> t.Iterator[Use]:
    for table in ("/proc/net/raw", "/proc/net/raw6"):
        for line in _text(host, table).splitlines()[1:]:
            # The protocol stands where other tables have the port.
            number = line.split()[1].rpartition(":")[2] if len(line.split()) > 1 else ""
            protocol = NUMBERS.get(int(number, 16)) if number else None
            if protocol:
                yield Use(protocol, f"a raw socket in {table}")


def _tunnels(host: Host) -> t.Iterator[Use]:
    for device in host.listdir("/sys/class/net"):
        place = f"/sys/class/net/{device}"
        protocol = TUNNELS.get(_text(host, f"{place}/type").strip())
        flags = _text(host, f"{place}/flags").strip()
        if protocol and flags and int(flags, 16) & IFF_UP:
            yield Use(protocol, f"the device {device}, which is up")


def _ipsec(host: Host) -> t.Iterator[Use]:
    held = [item for item in host.once(sockets.read) if item.protocol == "udp" and item.port == IKE]
    if held:
        yield Use("ESP", f"{held[0].process or 'somebody'} on {IKE}/udp, which negotiates keys for IPsec")


def _text(host: Host, name: str) -> str:
    try:
        return host.read_text(name)
    except HostError:
        return ""
