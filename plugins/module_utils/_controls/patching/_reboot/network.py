# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Addresses, routes and rules that somebody gave the kernel by hand, and that no configuration brings back.

A permanent address is configured where any file of any network's program names it: files differ, addresses do not. What
comes by DHCP or router advertisements, what daemons set, and what a container's runtime gave is left out.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot.rules import rule
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding
from ansible_collections.infosec.principles.plugins.module_utils._host import container, rtnetlink, startup
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot

NETWORK = rule(
    "network",
    "Addresses, routes and rules of the network are those that a boot sets",
    "high",
    "Write it into the configuration of the network, or take away what is not meant to stay (ip ... del).",
)
RULES = (NETWORK,)
OPTIONS: dict[str, dict[str, t.Any]] = {}

SUBJECT = "network"
#: Files of ifupdown, systemd-networkd, NetworkManager, netplan, RHEL, SUSE, ConnMan, dhcpcd, clusters; leases.
FILES = (
    *("/etc/network/interfaces", "/etc/network/interfaces.d/*", "/etc/systemd/network/*", "/etc/systemd/network/*/*"),
    *("/run/systemd/network/*", "/usr/lib/systemd/network/*", "/usr/local/lib/systemd/network/*"),
    *("/etc/NetworkManager/system-connections/*", "/run/NetworkManager/system-connections/*", "/etc/netplan/*"),
    *("/usr/lib/NetworkManager/system-connections/*", "/lib/netplan/*", "/run/netplan/*"),
    *("/etc/sysconfig/network-scripts/*", "/etc/sysconfig/network/ifcfg-*", "/etc/sysconfig/network/ifroute-*"),
    *("/etc/sysconfig/network/routes", "/var/lib/connman/*/settings", "/etc/dhcpcd.conf", "/proc/cmdline"),
    *("/etc/keepalived/keepalived.conf", "/etc/ucarp/*", "/etc/frr/frr.conf", "/etc/iproute2/rt_tables"),
    *("/run/systemd/netif/leases/*", "/run/NetworkManager/devices/*", "/var/lib/NetworkManager/*.lease"),
    *("/var/lib/dhcp/*", "/var/lib/dhclient/*", "/var/lib/dhcpcd/*", "/var/lib/wicked/*", "/run/net-*.conf"),
)
#: Kinds of interfaces whose programs give them their addresses and routes whenever they start.
DAEMONS = frozenset(
    {"gre", "ip6tnl", "ipip", "sit", "tun", "veth", "vti", "vxlan", "wireguard", "xfrm", "geneve", "nlmon"}
)
OWNED = re.compile(
    r"docker|br-[0-9a-f]{12}$|virbr|vnet|veth|cni|flannel|cali|cilium|lxc|lxdbr|incus|podman|tailscale|zt|wg|kube|nerdctl"
    r"|mpqemubr|vboxnet|vmnet|weave|antrea|ovn|ovs|nodelocaldns|fwbr|fwpr|fwln|tap"
)
#: Kubernetes routes between its nodes as it likes.
CLUSTER = re.compile(r"cni\d|flannel|cali|cilium|kube|weave|antrea|ovn")
#: Protocols of addresses and of routes that stand for a hand, or for a program that does not tell (include/uapi/linux).
BY_HAND_ADDRESS = frozenset({0})
BY_HAND_ROUTE = frozenset({3, 4})
BY_HAND_RULE = frozenset({0, 3})
KERNEL_RULES = frozenset({0, 32766, 32767})
#: Made this long, in 1/100 s, after the container's first process: by its runtime.
WITH_START = 500
TICKS = 100
_TOKENS = (
    re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w)"),
    re.compile(r"(?<![\w.:])[0-9a-fA-F]*:[0-9a-fA-F:.]*(?![\w:])"),
)
_FAMILY = {rtnetlink.FOUR: "-4", rtnetlink.SIX: "-6"}


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """One finding for each address, route and rule without a configuration, or one that passes."""
    try:
        links = rtnetlink.links(host)
        found = [*_addresses(host, links), *_routes(host, links), *_rules(host, links)]
    except NeedsRoot:
        raise
    except HostError as exc:
        yield Finding(NETWORK, SUBJECT, f.NOT_ASSESSED, str(exc))
        return
    yield from found or [Finding(NETWORK, SUBJECT, f.PASS, "every address, route and rule comes back at boot")]


# Addresses


def _addresses(host: Host, links: t.Mapping[int, rtnetlink.Link]) -> t.Iterator[Finding]:
    for held in rtnetlink.addresses(host):
        link = links.get(held.index)
        if link is None or _is_passing(held) or _is_owned(host, link) or _is_own(link, held):
            continue
        if _is_runtimes(host, held) or str(held.address) in host.once(named):
            continue
        yield _address(link, held)


def _is_passing(held: rtnetlink.Held) -> bool:
    """Loopback and link-local, what has an end (DHCP, router advertisements), and what the kernel or a program set."""
    address = held.address
    local = address.is_loopback or address.is_link_local or held.link_local
    return local or not held.permanent or held.protocol not in BY_HAND_ADDRESS


def _is_owned(host: Host, link: rtnetlink.Link) -> bool:
    """Whether a daemon gives this interface what it has. A container's own cards are of the kind veth as well."""
    if link.kind == "veth" and host.once(container.read) and not OWNED.match(link.name):
        return False
    return link.kind in DAEMONS or bool(OWNED.match(link.name))


def _is_own(link: rtnetlink.Link, held: rtnetlink.Held) -> bool:
    """An IPv6 address made of the card's own (RFC 4291, appendix A): by a router's advertisement without an end."""
    if held.address.version == 4 or len(link.mac) != 6:
        return False
    mac = link.mac
    return held.address.packed[8:] == bytes((mac[0] ^ 2, mac[1], mac[2], 0xFF, 0xFE, mac[3], mac[4], mac[5]))


def _is_runtimes(host: Host, held: rtnetlink.Held) -> bool:
    """Whether the container's runtime gave it: it wrote it into /etc/hosts, or did so before the first process ran."""
    if not host.once(container.read):
        return False
    if str(held.address) in container.names(host):
        return True
    return held.made <= host.once(_started) + WITH_START


def _started(host: Host) -> int:
    """When PID 1 started, in 1/100 s since boot (proc(5): the 22nd word of stat, in ticks)."""
    try:
        return int(host.read_text("/proc/1/stat").rpartition(")")[2].split()[19]) * 100 // TICKS
    except (HostError, IndexError, ValueError):
        return 0


def _address(link: rtnetlink.Link, held: rtnetlink.Held) -> Finding:
    spelled = f"{held.address}/{held.length}"
    message = f"{spelled} on {link.name} was added by hand: no configuration of the network names it"
    seen = Evidence(f"ip address show dev {link.name}", spelled, "an address that a file names, or that has an end")
    keep = _keep(link.name, f"Address={spelled}", f"up ip address add {spelled} dev $IFACE")
    back = f"to take it away: ip address del {spelled} dev {link.name}"
    return Finding(NETWORK, f"address {spelled} {link.name}", f.FAIL, message, (seen,), remedy=f"{keep}\n{back}")


def _keep(interface: str, networkd: str, ifupdown: str) -> str:
    return (
        f"to keep it: systemd-networkd: {networkd} in the .network file of {interface}; ifupdown: {ifupdown} in the "
        f"stanza of {interface} in /etc/network/interfaces; else with nmcli connection modify, or in /etc/netplan"
    )


# Routes


def _routes(host: Host, links: t.Mapping[int, rtnetlink.Link]) -> t.Iterator[Finding]:
    if any(CLUSTER.match(link.name) for link in links.values()):
        return
    found = rtnetlink.routes(host)
    gateways = {str(route.gateway) for route in found if route.target.prefixlen == 0 and route.gateway}
    for route in found:
        link = links.get(route.index)
        if route.protocol not in BY_HAND_ROUTE or (link and _is_owned(host, link)) or (link is None and route.index):
            continue
        if not _is_configured(host, route, gateways, links):
            yield _route(route, link.name if link else "")


def _is_configured(
    host: Host, route: rtnetlink.Route, gateways: set[str], links: t.Mapping[int, rtnetlink.Link]
) -> bool:
    known = host.once(named)
    if route.target.prefixlen == 0 and route.table == rtnetlink.MAIN:
        return _is_default_of(host, route, links)
    if route.target.prefixlen == route.target.max_prefixlen and str(route.target.network_address) in gateways:
        # The way to a gateway outside of the link's own network.
        return True
    if {str(route.target.network_address), str(route.target)} & known:
        return True
    leased = re.search(r"rfc3442|classless", host.once(_all_text))
    return leased is not None or (route.target.prefixlen == 0 and str(route.gateway) in known)


def _is_default_of(host: Host, route: rtnetlink.Route, links: t.Mapping[int, rtnetlink.Link]) -> bool:
    """A default route is the first thing that whoever configures an address sets: DHCP, a runtime, or a file."""
    gateway = str(route.gateway) if route.gateway else ""
    if gateway in host.once(named) or not gateway:
        return True
    held = [one for one in rtnetlink.addresses(host) if one.index == route.index and not one.link_local]
    if any(not one.permanent for one in held):
        return True
    return any(_is_runtimes(host, one) and _within(gateway, one) for one in held)


def _within(gateway: str, held: rtnetlink.Held) -> bool:
    network = ipaddress.ip_network(f"{held.address}/{held.length}", strict=False)
    return ipaddress.ip_address(gateway) in network


def _route(route: rtnetlink.Route, interface: str) -> Finding:
    words = [*(["via", str(route.gateway)] if route.gateway else []), *(["dev", interface] if interface else [])]
    words += [] if route.table == rtnetlink.MAIN else ["table", str(route.table)]
    spelled = " ".join((_TYPES.get(route.type, ""), str(route.target), *words)).strip()
    message = f"the route {spelled} was added by hand: no configuration of the network names it"
    seen = Evidence("ip route show table all", spelled, "a route that a file names")
    sections = f"[Route] Destination={route.target}" + (f" Gateway={route.gateway}" if route.gateway else "")
    keep = _keep(interface or "an interface", sections, f"up ip route add {spelled}")
    back = f"to take it away: ip route del {spelled}"
    return Finding(NETWORK, f"route {spelled}", f.FAIL, message, (seen,), remedy=f"{keep}\n{back}")


_TYPES = {6: "blackhole", 7: "unreachable", 8: "prohibit", 9: "throw"}


# Rules


def _rules(host: Host, links: t.Mapping[int, rtnetlink.Link]) -> t.Iterator[Finding]:
    """Those with marks are made by daemons of tunnels where there are any, and by Kubernetes."""
    daemons = any(link.kind in ("wireguard", "tun") or CLUSTER.match(link.name) for link in links.values())
    for one in rtnetlink.rules(host):
        if one.priority in KERNEL_RULES or one.protocol not in BY_HAND_RULE or daemons:
            continue
        if not _is_ruled(host, one):
            yield _rule(one)


def _is_ruled(host: Host, one: rtnetlink.Rule) -> bool:
    """Whether a file speaks of rules, and names what this one is about."""
    text = host.once(_all_text)
    if not re.search(
        r"ip (-[46] )?rule|RoutingPolicyRule|routing-(policy|rule)|^rule", text, re.IGNORECASE | re.MULTILINE
    ):
        return False
    sides = [str(side.network_address) for side in (one.source, one.target) if side]
    marks = [rf"(?i)\b(0x0*{one.mark:x}|{one.mark})\b"] if one.mark else []
    return all(side in host.once(named) for side in sides) and all(re.search(mark, text) for mark in marks)


def _rule(one: rtnetlink.Rule) -> Finding:
    spelled = f"from {one.source or 'all'}" + (f" to {one.target}" if one.target else "")
    spelled += (f" fwmark {one.mark:#x}" if one.mark else "") + f" table {one.table} priority {one.priority}"
    message = f"the rule {spelled} was added by hand: no configuration of the network names it"
    seen = Evidence(f"ip {_FAMILY[one.family]} rule show", spelled, "a rule that a file names")
    keep = _keep("an interface", f"[RoutingPolicyRule] for {spelled}", f"up ip rule add {spelled}")
    back = f"to take it away: ip {_FAMILY[one.family]} rule del {spelled}"
    return Finding(NETWORK, f"rule {_FAMILY[one.family]} {spelled}", f.FAIL, message, (seen,), remedy=f"{keep}\n{back}")


# What files name


def _all_text(host: Host) -> str:
    """Every file in which an address of this host may be configured. Raises NeedsRoot."""
    paths = [path for place in FILES for path in (host.glob(place) if "*" in place else [place])]
    texts = (_text(host, path) for path in dict.fromkeys(paths))
    return "\n".join((*texts, *host.once(startup.texts).values()))


def named(host: Host) -> set[str]:
    """Every address in those files, without its length, in its usual spelling. Use as `host.once(named)`."""
    text = _without_comments(host.once(_all_text))
    found = set()
    for token in {token for pattern in _TOKENS for token in pattern.findall(text)}:
        with contextlib.suppress(ValueError):
            found.add(str(ipaddress.ip_address(token)))
    return found


def _without_comments(text: str) -> str:
    return re.sub(r"^[^\S\n]*[#;].*$", "", text, flags=re.MULTILINE)


def _text(host: Host, path: str) -> str:
    try:
        return host.read_part(path, startup.LARGEST).decode("utf-8", "replace")
    except NeedsRoot:
        raise
    except HostError:
        return ""
