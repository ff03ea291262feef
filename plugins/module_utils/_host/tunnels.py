# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whether the way to an address leads through a tunnel that encrypts: WireGuard, IPsec, a TUN or TAP interface.

Interfaces such as GRE or VXLAN only wrap; what a TUN interface does is its program's business, which is OpenVPN as a
rule, so whoever judges by it names it.
"""

from __future__ import annotations

import ipaddress
import struct
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host import addresses, netlink, rtnetlink
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

Address = t.Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
Network = t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

#: By the kernel's name for what made the interface (IFLA_INFO_KIND).
KINDS: t.Mapping[str, str] = {"wireguard": "WireGuard", "xfrm": "IPsec", "vti": "IPsec", "vti6": "IPsec", "tun": "TUN"}
#: include/uapi/linux: netlink.h, xfrm.h
NETLINK_XFRM, GET_POLICY, NEW_POLICY = 6, 0x15, 0x13
_POLICY = struct.Struct("=16s16s8xHBB12x96xII4B4x")
_OUT, _ALLOW, _TEMPLATE = 1, 0, 5


def through(host: Host, address: str) -> str:
    """What the way leads through ("wg0 (WireGuard)", "IPsec"); "" for no tunnel. Raises HostError."""
    wanted = ipaddress.ip_address(address)
    if any(wanted in network for network in host.once(_policies)):
        return "IPsec"
    links, found = host.once(rtnetlink.links), {*_by_routes(host, wanted), *_by_source(host, address)}
    named = sorted(f"{links[one].name} ({KINDS[links[one].kind]})" for one in found if links[one].kind in KINDS)
    return named[0] if named else ""


def _by_routes(host: Host, wanted: Address) -> t.Iterator[int]:
    """The interface of the narrowest route of the main table."""
    fitting = [
        route
        for route in host.once(rtnetlink.routes)
        if route.table == rtnetlink.MAIN and wanted.version == route.target.version and wanted in route.target
    ]
    best = max(fitting, key=lambda route: route.target.prefixlen, default=None)
    if best is not None and best.index in host.once(rtnetlink.links):
        yield best.index


def _by_source(host: Host, address: str) -> t.Iterator[int]:
    """The interface that has the address which the kernel would send from; so its policy routing has its say."""
    source = addresses.source_for(host, address)
    links = host.once(rtnetlink.links)
    return (one.index for one in host.once(rtnetlink.addresses) if str(one.address) == source and one.index in links)


def _policies(host: Host) -> tuple[Network, ...]:
    """Where the kernel sends nothing but by IPsec (ip-xfrm(8)); none where it has no IPsec."""
    try:
        answer = host.netlink(NETLINK_XFRM, GET_POLICY, bytes(64))
    except HostError:
        return ()
    bodies = [body for kind, body in netlink.messages(answer) if kind == NEW_POLICY and len(body) >= _POLICY.size]
    return tuple(network for network in map(_network, bodies) if network)


def _network(body: bytes) -> Network | None:
    target, _source, family, length, _own, _priority, _index, direction, action, _flags, _share = _POLICY.unpack_from(
        body
    )
    templates = any(kind & 0x3FFF == _TEMPLATE for kind, _value in netlink.attributes(body[_POLICY.size :]))
    if direction != _OUT or action != _ALLOW or not templates or family not in (rtnetlink.FOUR, rtnetlink.SIX):
        return None
    raw = target[:4] if family == rtnetlink.FOUR else target
    return ipaddress.ip_network(f"{ipaddress.ip_address(raw)}/{length}", strict=False)
