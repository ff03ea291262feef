# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a boot loses of packet filters and of the network's addresses, routes and rules.

The files of systemd-networkd, NetworkManager, netplan, RHEL and SUSE are composed from the formats that they document.
"""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot import firewall, network
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, NeedsRoot
from ansible_collections.infosec.principles.tests.unit.pairs import kernel
from ansible_collections.infosec.principles.tests.unit.reboothost import RebootHost, lay

# The network

ETH0 = kernel.link(2, "eth0", mac=b"\x52\x54\x00\xaa\xbb\xcc")
INTERFACES = "auto eth0\niface eth0 inet static\n    address 192.0.2.10/24\n    gateway 192.0.2.1\n"
NETWORKD = "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.10/24\n[Route]\nGateway=192.0.2.1\n"
KEYFILE = "[connection]\nid=eth0\n[ipv4]\naddress1=192.0.2.10/24,192.0.2.1\nmethod=manual\n"
NETPLAN = "network:\n  ethernets:\n    eth0:\n      addresses: [192.0.2.10/24]\n      routes: [{to: default, via: 192.0.2.1}]\n"
IFCFG = "DEVICE=eth0\nBOOTPROTO=none\nIPADDR=192.0.2.10\nPREFIX=24\nGATEWAY=192.0.2.1\n"
DHCP = "iface eth0 inet dhcp\n"


def machine(
    tmp_path: pathlib.Path,
    files: t.Mapping[str, str] | None = None,
    *,
    links: t.Sequence[bytes] = (ETH0,),
    addresses: t.Sequence[bytes] = (),
    routes: t.Sequence[bytes] = (),
    rules: t.Sequence[bytes] = (),
) -> RebootHost:
    rows = {kernel.LINKS: links, kernel.ADDRESSES: addresses, kernel.ROUTES: routes, kernel.RULES: rules}
    answers = {f"{kernel.ROUTE}-{kind}": kernel.answer(*messages) for kind, messages in rows.items()}
    return lay(tmp_path, files or {}, answers=answers)


def found(host: RebootHost) -> list[str]:
    return [one.subject for one in network.assess(host, {}) if one.status != "pass"]


HELD = kernel.address(2, "192.0.2.10/24")
DEFAULT = kernel.route("0.0.0.0/0", "192.0.2.1")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/network/interfaces", INTERFACES),
        ("/etc/network/interfaces.d/eth0", INTERFACES),
        ("/etc/systemd/network/10-eth0.network", NETWORKD),
        ("/run/systemd/network/10-netplan-eth0.network", NETWORKD),
        ("/etc/NetworkManager/system-connections/eth0.nmconnection", KEYFILE),
        ("/etc/netplan/50-cloud-init.yaml", NETPLAN),
        ("/etc/sysconfig/network-scripts/ifcfg-eth0", IFCFG),
        ("/proc/cmdline", "ip=192.0.2.10::192.0.2.1:255.255.255.0::eth0:off"),
    ],
)
def test_what_a_file_names_comes_back(tmp_path: pathlib.Path, path: str, text: str) -> None:
    host = machine(tmp_path, {path: text}, addresses=(HELD,), routes=(DEFAULT,))
    assert found(host) == []


def test_what_no_file_names_does_not(tmp_path: pathlib.Path) -> None:
    host = machine(tmp_path, {"/etc/network/interfaces": DHCP}, addresses=(HELD,), routes=(DEFAULT,))
    assert found(host) == ["address 192.0.2.10/24 eth0", "route 0.0.0.0/0 via 192.0.2.1 dev eth0"]


def test_a_comment_names_nothing(tmp_path: pathlib.Path) -> None:
    assert found(machine(tmp_path, {"/etc/network/interfaces": "# 192.0.2.10/24\n"}, addresses=(HELD,)))


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(kernel.address(2, "192.0.2.50/24", flags=0), id="DHCP"),
        pytest.param(kernel.address(2, "2001:db8::1234/64", flags=0x100), id="router's advertisement"),
        pytest.param(kernel.address(2, "fe80::1/64", scope=253, protocol=3), id="link-local"),
        pytest.param(kernel.address(1, "127.0.0.1/8", scope=254), id="loopback"),
        pytest.param(kernel.address(2, "2001:db8::5054:ff:feaa:bbcc/64"), id="of the card's own address"),
        pytest.param(kernel.address(2, "2001:db8::9/64", protocol=2), id="by the kernel"),
        pytest.param(kernel.address(3, "172.17.0.1/16"), id="Docker's bridge"),
        pytest.param(kernel.address(4, "10.8.0.1/24"), id="a tunnel"),
        pytest.param(kernel.address(5, "192.168.122.1/24"), id="libvirt's bridge"),
    ],
)
def test_addresses_that_others_set(tmp_path: pathlib.Path, address: bytes) -> None:
    links = (
        *(kernel.link(1, "lo"), ETH0, kernel.link(3, "docker0", "bridge"), kernel.link(4, "vpn", "wireguard")),
        kernel.link(5, "virbr0", "bridge"),
    )
    assert found(machine(tmp_path, links=links, addresses=(address,))) == []


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        (kernel.address(1, "192.0.2.99/32"), "address 192.0.2.99/32 lo"),
        (kernel.address(2, "2001:db8::5/64"), "address 2001:db8::5/64 eth0"),
        (kernel.address(6, "198.51.100.1/24"), "address 198.51.100.1/24 dummy0"),
    ],
)
def test_addresses_by_hand(tmp_path: pathlib.Path, address: bytes, subject: str) -> None:
    links = (kernel.link(1, "lo"), ETH0, kernel.link(6, "dummy0", "dummy"))
    assert found(machine(tmp_path, links=links, addresses=(address,))) == [subject]


def test_an_address_is_named_in_any_spelling(tmp_path: pathlib.Path) -> None:
    text = "iface eth0 inet6 static\n  address 2001:0DB8:0::0005/64\n"
    host = machine(tmp_path, {"/etc/network/interfaces": text}, addresses=(kernel.address(2, "2001:db8::5/64"),))
    assert found(host) == []


CONTAINER = {
    "/.dockerenv": "",
    "/etc/hosts": "127.0.0.1 localhost\n172.18.0.4\tweb\n",
    "/proc/sys/kernel/hostname": "web\n",
    "/proc/1/stat": "1 (systemd) S " + " ".join(["0"] * 18) + " 100000 0\n",
}


@pytest.mark.parametrize(
    ("address", "made", "bad"),
    [
        ("172.17.0.2/16", 100010, False),
        ("172.18.0.4/16", 900000, False),
        ("192.0.2.77/24", 900000, True),
    ],
    ids=["with the start", "a network joined later", "by hand"],
)
def test_addresses_of_a_container(tmp_path: pathlib.Path, address: str, made: int, bad: bool) -> None:
    link = kernel.link(2, "eth0", "veth")
    host = machine(tmp_path, CONTAINER, links=(link,), addresses=(kernel.address(2, address, made=made),))
    assert bool(found(host)) == bad


@pytest.mark.parametrize(
    ("route", "bad"),
    [
        pytest.param(kernel.route("198.51.100.0/24", "192.0.2.1"), True, id="by hand"),
        pytest.param(kernel.route("203.0.113.0/24", "192.0.2.1"), False, id="in a file"),
        pytest.param(kernel.route("198.51.100.0/24", "192.0.2.1", protocol=2), False, id="the kernel's"),
        pytest.param(kernel.route("198.51.100.0/24", "192.0.2.1", protocol=16), False, id="DHCP's"),
        pytest.param(kernel.route("198.51.100.0/24", "192.0.2.1", protocol=186), False, id="BGP's"),
        pytest.param(kernel.route("198.51.100.0/24", "192.0.2.1", number=255), False, id="local"),
        pytest.param(kernel.route("172.18.0.0/16", index=3), False, id="a bridge of Docker"),
        pytest.param(kernel.route("2001:db8:1::/48", "2001:db8::1"), True, id="IPv6 by hand"),
        pytest.param(kernel.route("198.51.100.9/32", index=0, kind=6), True, id="a blackhole"),
        pytest.param(kernel.route("192.0.2.1/32"), False, id="the way to the gateway"),
        pytest.param(kernel.route("0.0.0.0/0", "192.0.2.1", number=100), False, id="another table, a known gateway"),
        pytest.param(kernel.route("0.0.0.0/0", "192.0.2.254", number=100), True, id="another table by hand"),
    ],
)
def test_routes(tmp_path: pathlib.Path, route: bytes, bad: bool) -> None:
    text = INTERFACES + "    up ip route add 203.0.113.0/24 via 192.0.2.1\n"
    links = (ETH0, kernel.link(3, "docker0", "bridge"))
    host = machine(tmp_path, {"/etc/network/interfaces": text}, links=links, addresses=(HELD,), routes=(DEFAULT, route))
    assert bool(found(host)) == bad


def test_the_default_route_of_dhcp(tmp_path: pathlib.Path) -> None:
    leased = kernel.address(2, "192.0.2.50/24", flags=0)
    assert found(machine(tmp_path, addresses=(leased,), routes=(DEFAULT,))) == []


def test_kubernetes_routes_as_it_likes(tmp_path: pathlib.Path) -> None:
    links = (ETH0, kernel.link(7, "cni0", "bridge"))
    route = kernel.route("10.244.1.0/24", "192.0.2.11")
    assert found(machine(tmp_path, links=links, routes=(route,))) == []


@pytest.mark.parametrize(
    ("rule", "text", "bad"),
    [
        pytest.param(kernel.rule("192.0.2.77/32", 100), "", True, id="by hand"),
        pytest.param(kernel.rule("", 100, mark=7), "", True, id="with a mark"),
        pytest.param(
            kernel.rule("192.0.2.77/32", 100), "up ip rule add from 192.0.2.77 table 100\n", False, id="ifupdown"
        ),
        pytest.param(
            kernel.rule("192.0.2.77/32", 100), "up ip rule add from 192.0.2.78 table 100\n", True, id="another"
        ),
        pytest.param(
            kernel.rule("", 100, mark=7), "up ip rule add fwmark 0x7 table 100\n", False, id="a mark of a file"
        ),
        pytest.param(kernel.rule("", 254, priority=32766), "", False, id="main"),
        pytest.param(kernel.rule("192.0.2.77/32", 100, protocol=4), "", False, id="a program's"),
        pytest.param(kernel.rule("", 254, priority=32766, protocol=2), "", False, id="the kernel's"),
    ],
)
def test_rules(tmp_path: pathlib.Path, rule: bytes, text: str, bad: bool) -> None:
    assert bool(found(machine(tmp_path, {"/etc/network/interfaces": DHCP + text}, rules=(rule,)))) == bad


def test_a_kernel_that_does_not_answer_is_not_assessed(tmp_path: pathlib.Path) -> None:
    refused = kernel.message(2, (-95).to_bytes(4, "little", signed=True))
    host = lay(tmp_path, {}, answers={f"{kernel.ROUTE}-{kernel.LINKS}": refused})
    assert [one.status for one in network.assess(host, {})] == ["not_assessed"]


# Packet filters

ENABLED = "Id={0}\nNames={0}\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n"
NFT_UNIT = {
    "/run/systemd/system/.keep": "",
    "/usr/lib/systemd/system/nftables.service": "[Service]\nExecStart=/usr/sbin/nft -f /etc/nftables.conf\n",
    "/etc/nftables.conf": "table inet filter {}\n",
}


def rule(expression: str) -> dict[str, t.Any]:
    return {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 9, "expr": [{expression: None}]}}


def ruleset(*rules: str, packets: int = 0, elements: t.Sequence[str] = ()) -> str:
    """A listing of nft -j with counters, and a set that packets fill."""
    base = {"family": "inet", "table": "filter"}
    hook = {"type": "filter", "hook": "input", "prio": 0, "policy": "accept"}
    counted = {"expr": [{"counter": {"packets": packets, "bytes": 0}}]}
    seen = {"name": "seen", "type": "ipv4_addr", "flags": ["dynamic"], **({"elem": list(elements)} if elements else {})}
    items = [
        {"metainfo": {"version": "1.0.6"}},
        {"table": {"family": "inet", "name": "filter", "handle": 1}},
        {"chain": {**base, "name": "input", "handle": 1, **hook}},
        {"set": {**base, **seen}},
        {"rule": {**base, "chain": "input", "handle": packets + 3, **counted}},
        *map(rule, rules),
    ]
    return json.dumps({"nftables": items})


def filtered(
    tmp_path: pathlib.Path,
    *,
    tables: t.Sequence[tuple[int, str]] = (),
    now: t.Mapping[str, str] | None = None,
    boot: str | None = None,
    enabled: str = "nftables.service",
    files: t.Mapping[str, str] | None = None,
) -> list[Finding]:
    answers = {f"{kernel.NETFILTER}-{kernel.TABLES}": kernel.answer(*(kernel.table(*one) for one in tables))}
    commands = {name: Completed(0, text, "") for name, text in (now or {}).items()}
    commands["systemctl"] = Completed(0, ENABLED.format(enabled) if boot is not None else "", "")
    commands["unshare"] = Completed(0, boot or "", "") if boot != "broken" else Completed(1, "", "syntax error")
    host = lay(tmp_path, {**NFT_UNIT, **(files or {})}, commands=commands, answers=answers)
    return list(firewall.assess(host, {}))


FILTER = [(1, "filter")]
LIST = "nft -j list ruleset"


def test_an_empty_kernel_passes_and_no_program_is_run(tmp_path: pathlib.Path) -> None:
    assert [one.status for one in filtered(tmp_path)] == ["pass"]


@pytest.mark.parametrize(
    "name", ["docker-bridges", "f2b-table", "firewalld", "libvirt_network", "kube-proxy", "netavark"]
)
def test_tables_of_daemons_are_theirs(tmp_path: pathlib.Path, name: str) -> None:
    assert [one.status for one in filtered(tmp_path, tables=[(1, name)])] == ["pass"]


@pytest.mark.parametrize(
    ("now", "boot", "status"),
    [
        pytest.param(ruleset("accept"), ruleset("accept"), "pass", id="the same"),
        pytest.param(ruleset("accept", packets=7), ruleset("accept"), "pass", id="counters and handles"),
        pytest.param(ruleset("accept", elements=["192.0.2.9"]), ruleset("accept"), "pass", id="what packets add"),
        pytest.param(ruleset("accept", "drop"), ruleset("accept"), "fail", id="a rule more"),
        pytest.param(ruleset(), ruleset("accept"), "fail", id="a rule less"),
        pytest.param(ruleset("accept", "drop"), ruleset("drop", "accept"), "fail", id="another order"),
        pytest.param(ruleset("accept"), None, "fail", id="nothing loads it"),
        pytest.param(ruleset("accept"), "broken", "not_assessed", id="a file that does not load"),
    ],
)
def test_nftables(tmp_path: pathlib.Path, now: str, boot: str | None, status: str) -> None:
    assert [one.status for one in filtered(tmp_path, tables=FILTER, now={LIST: now}, boot=boot)] == [status]


def test_what_a_boot_loads_and_the_kernel_has_not(tmp_path: pathlib.Path) -> None:
    (found,) = filtered(tmp_path, boot=ruleset("accept"))
    assert found.message == "a boot loads inet filter from /etc/nftables.conf, but the kernel does not have it now"


def test_a_script_that_may_make_the_rules(tmp_path: pathlib.Path) -> None:
    files = {"/etc/rc.local": "#!/bin/sh\n/usr/sbin/nft -f /root/rules.nft\n"}
    (found,) = filtered(tmp_path, tables=FILTER, now={LIST: ruleset("accept")}, files=files)
    assert found.status == "not_assessed"
    assert "/etc/rc.local" in found.message


def test_a_script_of_a_unit_of_somebodys(tmp_path: pathlib.Path) -> None:
    files = {
        "/etc/systemd/system/fw.service": "[Service]\nExecStart=/usr/local/sbin/fw start\n",
        "/usr/local/sbin/fw": "#!/bin/sh\niptables -A INPUT -j DROP\n",
    }
    (found,) = filtered(tmp_path, tables=FILTER, now={LIST: ruleset("accept")}, files=files)
    assert found.status == "not_assessed"


EMPTY = json.dumps({"nftables": []})
SAVED = "*filter\n:INPUT ACCEPT [3:180]\n:FORWARD {policy} [0:0]\n:OUTPUT ACCEPT [0:0]\n{rules}COMMIT\n"
DOCKER = (
    ":DOCKER - [0:0]\n:DOCKER-USER - [0:0]\n-A FORWARD -j DOCKER-USER\n-A FORWARD -o docker0 -j DOCKER\n"
    "-A FORWARD -i docker0 ! -o docker0 -j ACCEPT\n-A DOCKER -d 172.17.0.2/32 ! -i docker0 -j ACCEPT\n"
)
HAND = "-A INPUT -p tcp -m tcp --dport 7777 -j DROP\n"
IPTABLES = [(2, "filter")]
MARKED = f"{firewall.MARK}\n"


@pytest.mark.parametrize(
    ("rules", "policy", "status"),
    [
        ("", "ACCEPT", "pass"),
        (DOCKER, "DROP", "pass"),
        (HAND, "ACCEPT", "fail"),
        (DOCKER + HAND, "DROP", "fail"),
        ("", "DROP", "fail"),
        (":f2b-sshd - [0:0]\n-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd\n", "ACCEPT", "pass"),
    ],
)
def test_iptables(tmp_path: pathlib.Path, rules: str, policy: str, status: str) -> None:
    now = {LIST: EMPTY, "iptables-save": SAVED.format(rules=rules, policy=policy)}
    assert [one.status for one in filtered(tmp_path, tables=IPTABLES, now=now)] == [status]


def test_iptables_that_a_boot_restores(tmp_path: pathlib.Path) -> None:
    text = SAVED.format(rules=HAND, policy="ACCEPT")
    files = {"/etc/iptables/rules.v4": text}
    now = {LIST: EMPTY, "iptables-save": text}
    loader = "netfilter-persistent.service"
    same = filtered(
        tmp_path / "a", tables=IPTABLES, now=now, boot=f"{MARKED}{text}{MARKED}", enabled=loader, files=files
    )
    assert [one.status for one in same] == ["pass"]
    other = f"{MARKED}{SAVED.format(rules='', policy='ACCEPT')}{MARKED}"
    (found,) = filtered(tmp_path / "b", tables=IPTABLES, now=now, boot=other, enabled=loader, files=files)
    assert (found.status, found.subject) == ("fail", "iptables filter")


def test_rules_of_the_old_iptables(tmp_path: pathlib.Path) -> None:
    files = {"/proc/net/ip_tables_names": "filter\n"}
    now = {"iptables-save": SAVED.format(rules=HAND, policy="ACCEPT")}
    assert [one.subject for one in filtered(tmp_path, now=now, files=files)] == ["iptables filter"]


def test_without_nft_its_tables_are_not_assessed(tmp_path: pathlib.Path) -> None:
    (found,) = filtered(tmp_path, tables=FILTER)
    assert found.status == "not_assessed"
    assert "nft is missing" in found.message


def test_nftables_is_for_root(tmp_path: pathlib.Path) -> None:
    refused = kernel.message(2, (-1).to_bytes(4, "little", signed=True))
    host = lay(tmp_path, {}, answers={f"{kernel.NETFILTER}-{kernel.TABLES}": refused})
    with pytest.raises(NeedsRoot, match="root alone"):
        list(firewall.assess(host, {}))
