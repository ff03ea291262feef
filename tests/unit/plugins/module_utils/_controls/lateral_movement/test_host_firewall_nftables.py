# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""host_firewall with nftables: the table that a register makes, by what it does to packets, and what differs from it."""

from __future__ import annotations

import ipaddress
import pathlib
import random
import re
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import (
    nftables,
    policy,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall.backend import (
    LOG,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import nft
from ansible_collections.infosec.principles.plugins.module_utils._engine.nft import Table
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host, HostError, NeedsRoot

FIXTURES = pathlib.Path(__file__).resolve().parents[4] / "fixtures" / "nft"
VERSIONS = ("nft-0.9.8-debian11", "nft-1.0.6-debian12", "nft-1.1.3-debian13")
Service = dict[str, t.Any]


def service(name: str, clients: list[str], *ports: tuple[int, int, str]) -> Service:
    told = [{"first": first, "last": last, "protocol": protocol} for first, last, protocol in ports]
    return {"name": name, "clients": clients, "ports": told or [{"first": 22, "last": 22, "protocol": "tcp"}]}


def table(*services: Service, mode: str = "enforce") -> Table:
    return nftables.table(Wanted(policy.admissions(services), mode))


#: What the fixtures were made of.
RECORDED = (
    service(
        "orders-db",
        ["10.0.0.0/25", "10.0.0.128/25", "10.0.1.7", "10.0.1.8/30", "2001:db8::/64", "2001:db8:1::5/128"],
        (5432, 5432, "tcp"),
    ),
    service('we"b $(x)\n', ["any"], (80, 80, "tcp"), (8000, 8010, "udp")),
    service("half", ["0.0.0.0/0", "::/1", "fe80::/10"], (99, 99, "tcp")),
)


@pytest.mark.parametrize("mode", ["enforce", "log"])
@pytest.mark.parametrize("version", VERSIONS)
def test_real_kernels_list_what_was_made(version: str, mode: str) -> None:
    found = nft.parse((FIXTURES / f"{version}-{mode}.json").read_text(encoding="utf-8"))
    assert list(nftables._differences(found, table(*RECORDED, mode=mode))) == []
    assert found.digest == table(*RECORDED, mode=mode).digest


@pytest.mark.parametrize("version", VERSIONS)
def test_differences_are_told(version: str) -> None:
    found = nft.parse((FIXTURES / f"{version}-edited.json").read_text(encoding="utf-8"))
    told = {where: (here, there) for where, here, there in nftables._differences(found, table(*RECORDED))}
    assert told["set clients4_orders-db"] == ("surplus: 203.0.113.0-203.0.114.3", "missing: none")
    assert told["set clients6_orders-db"] == ("surplus: none", "missing: 2001:db8:1::5")
    assert told["chain input, rule 1"] == ("tcp dport 22 accept", "meta iif lo accept")
    assert told["chain side"] == ("present", "absent")
    assert len(told) == 5  # And what is in the table besides chains and sets of addresses.


# What it does to packets


class Packet(t.NamedTuple):
    """One packet as the rules see it; `nat`: the port that it was sent to, where it is led into a container.

    syn: whether it asks for a connection.
    """

    protocol: str = "tcp"
    source: str = "192.0.2.9"
    port: int = 22
    iif: str = "eth0"
    state: str = "new"
    sport: int = 40000
    hops: int = 64
    type: str = ""
    nat: int = 0
    syn: bool = True


def verdict(table: Table, packet: Packet) -> str:
    """The fate of the packet: in the input chain, or in the forward chain where it is led into a container."""
    chain = "forward" if packet.nat else "input"
    (base,) = [one.base for one in table.chains if one.name == chain]
    return _walk(table, chain, packet) or re.findall(r"policy (\w+);", base)[0]


def _walk(table: Table, chain: str, packet: Packet) -> str:
    (rules,) = [one.rules for one in table.chains if one.name == chain]
    for rule in rules:
        *matches, end = rule.expressions
        if all(_holds(table, match, packet) for match in matches if not match.startswith(("counter", "limit"))):
            verb, _space, target = end.partition(" ")
            told = _walk(table, target, packet) if verb == "jump" else verb if verb in ("accept", "drop") else ""
            if told:
                return told
    return ""


def _holds(table: Table, match: str, packet: Packet) -> bool:
    six = ":" in packet.source
    if match == "tcp flags & syn == 0":
        return packet.protocol == "tcp" and not packet.syn
    selector, value = re.fullmatch(r"(ct original proto-dst|\S+ \S+) (.+)", match).groups()  # type: ignore[union-attr]
    if selector in ("ip saddr", "ip6 saddr"):
        return six == (selector == "ip6 saddr") and _among(table, value, packet.source)
    seen = {
        "meta iif": packet.iif,
        "meta nfproto": "ipv6" if six else "ipv4",
        "meta l4proto": packet.protocol,
        "ct state": packet.state,
        "ct status": "dnat" if packet.nat else "",
        "ct original proto-dst": packet.nat or packet.port,
        "icmp type": packet.type if packet.protocol == "icmp" else None,
        "icmpv6 type": packet.type if packet.protocol == "ipv6-icmp" else None,
        "ip6 hoplimit": packet.hops if six else None,
        f"{packet.protocol} dport": packet.port,
        f"{packet.protocol} sport": packet.sport,
    }.get(selector)
    first, dash, last = value.partition("-") if selector.endswith(("port", "proto-dst")) else (value, "", "")
    if dash:
        return isinstance(seen, int) and int(first) <= seen <= int(last)
    return str(seen) in re.split(r"[ ,{}]+", value)


def _among(table: Table, value: str, source: str) -> bool:
    if not value.startswith("@"):
        return ipaddress.ip_address(source) in ipaddress.ip_network(value)
    (found,) = [one for one in table.sets if one.name == value[1:]]
    return any(first <= int(ipaddress.ip_address(source)) <= last for first, last in found.ranges)


REGISTER = (
    service("ssh", ["192.0.2.0/24", "2001:db8::/64"]),
    service("web", ["any"], (443, 443, "tcp"), (443, 443, "udp")),
    service("all4", ["0.0.0.0/0"], (25, 25, "tcp")),
    service("alone", [], (6379, 6379, "tcp")),
    service("range", ["198.51.100.7/32"], (8000, 8010, "tcp")),
)
LOCAL6 = "fe80::1"
NEIGHBOURS = ("nd-router-solicit", "nd-router-advert", "nd-neighbor-solicit", "nd-neighbor-advert")
PACKETS: list[tuple[Packet, str]] = [
    (Packet(), "accept"),
    (Packet(source="192.0.3.1"), "drop"),
    (Packet(source="2001:db8::7"), "accept"),
    (Packet(source="2001:db8:0:1::7"), "drop"),
    (Packet(protocol="udp"), "drop"),
    (Packet(port=443, source="203.0.113.1"), "accept"),
    (Packet(protocol="udp", port=443, source="2001:db9::1"), "accept"),
    (Packet(port=25, source="203.0.113.1"), "accept"),
    (Packet(port=25, source="2001:db8::7"), "drop"),
    (Packet(port=6379), "drop"),
    (Packet(port=6379, source="127.0.0.1", iif="lo"), "accept"),
    (Packet(port=8010, source="198.51.100.7"), "accept"),
    (Packet(port=8011, source="198.51.100.7"), "drop"),
    (Packet(port=50000, source="203.0.113.1", state="established"), "accept"),
    (Packet(port=50000, source="203.0.113.1", state="related"), "accept"),
    (Packet(state="invalid"), "drop"),
    (Packet(protocol="icmp", type="echo-request", source="203.0.113.1"), "accept"),
    (Packet(protocol="icmp", type="destination-unreachable"), "accept"),
    (Packet(protocol="icmp", type="redirect"), "drop"),
    (Packet(protocol="icmp", type="timestamp-request"), "drop"),
    (Packet(protocol="ipv6-icmp", type="packet-too-big", source="2001:db9::1"), "accept"),
    *((Packet(protocol="ipv6-icmp", type=one, source=LOCAL6, hops=255), "accept") for one in NEIGHBOURS),
    *((Packet(protocol="ipv6-icmp", type=one, source=LOCAL6, hops=254), "drop") for one in NEIGHBOURS),
    (Packet(protocol="ipv6-icmp", type="mld-listener-query", source=LOCAL6, hops=1), "accept"),
    (Packet(protocol="ipv6-icmp", type="mld-listener-query", source="2001:db8::1", hops=1), "drop"),
    (Packet(protocol="ipv6-icmp", type="nd-redirect", source=LOCAL6, hops=255), "drop"),
    (Packet(protocol="udp", sport=67, port=68, source="203.0.113.1"), "accept"),
    (Packet(protocol="udp", sport=67, port=68, source=LOCAL6), "drop"),
    (Packet(protocol="udp", sport=547, port=546, source=LOCAL6), "accept"),
    (Packet(protocol="udp", sport=547, port=546, source="2001:db8::1"), "drop"),
    (Packet(protocol="gre", port=0), "drop"),
    # Led into a container: the port that counts is the one that was asked for.
    (Packet(port=9999, nat=22), "accept"),
    (Packet(port=22, nat=9999), "drop"),
    (Packet(port=9999, nat=22, source="192.0.3.1"), "drop"),
    (Packet(port=9999, nat=443, source="2001:db9::1"), "accept"),
    (Packet(port=9999, nat=9998, state="established"), "accept"),
    (Packet(protocol="udp", port=9999, nat=22), "drop"),
]


def test_what_was_open_before_anything_tracked_it_goes_on() -> None:
    """Conntrack takes the first packet that it sees for a new connection, whoever sends it."""
    peer = Packet(source="203.0.113.9", sport=5432, port=40000)
    assert verdict(table(), peer._replace(syn=False)) == "accept"
    assert verdict(table(), peer) == "drop", "nobody opens a connection so"
    assert verdict(table(), peer._replace(protocol="udp")) == "drop"
    assert verdict(table(), peer._replace(syn=False, state="invalid")) == "drop"


@pytest.mark.parametrize(("packet", "fate"), PACKETS)
def test_the_fate_of_packets(packet: Packet, fate: str) -> None:
    assert verdict(table(*REGISTER), packet) == fate


@pytest.mark.parametrize("packet", [packet for packet, _fate in PACKETS])
def test_mode_log_drops_nothing(packet: Packet) -> None:
    assert verdict(table(*REGISTER, mode=LOG), packet) == "accept"


def test_other_forwarded_packets_pass() -> None:
    (forward,) = [one for one in table(*REGISTER).chains if one.name == "forward"]
    assert forward.base.endswith("policy accept;")
    assert [rule.expressions for rule in forward.rules] == [("ct state new", "ct status dnat", "jump published")]


@pytest.mark.parametrize("seed", range(20))
def test_the_table_and_the_policy_agree(seed: int) -> None:
    dice = random.Random(seed)
    services = tuple(_random_service(dice, number) for number in range(dice.randrange(6)))
    made, admitted = table(*services), policy.admissions(services)
    for _number in range(150):
        protocol, port = dice.choice(["tcp", "udp"]), dice.randrange(10)
        source = dice.choice(["10.0.0.", "10.0.1.", "2001:db8::", "2001:db8:1::"]) + str(dice.randrange(1, 9))
        expected = "accept" if policy.admitting(admitted, protocol, source, port) else "drop"
        assert verdict(made, Packet(protocol, source, port)) == expected
        assert verdict(made, Packet(protocol, source, 12345, nat=port or 1)) == (
            "accept" if policy.admitting(admitted, protocol, source, port or 1) else "drop"
        )


def _random_service(dice: random.Random, number: int) -> Service:
    clients = dice.choice([["any"], [], _networks(dice), _networks(dice), _networks(dice)])
    first = dice.randrange(10)
    return service(f"s{number}", clients, (first, first + dice.randrange(3), dice.choice(["tcp", "udp"])))


def _networks(dice: random.Random) -> list[str]:
    four = [f"10.0.{dice.randrange(2)}.{dice.randrange(4) * 2}/31" for _number in range(dice.randrange(3))]
    six = [f"2001:db8:{dice.randrange(2)}::{dice.randrange(8)}/128" for _number in range(dice.randrange(3))]
    return [*four, *six, *dice.choice([[], [], ["0.0.0.0/0"], ["::/0"], ["10.0.0.0/24"]])]


# Hostile registers

HOSTILE = (
    'x"; flush ruleset; #',
    "$(touch /x)`y`",
    "line\nbreak } }",
    "\\",
    "é" * 300,
    "",
    " ",
    "-",
    "tcp",
    "@x",
    "a\x00b",
    "\udcff",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_cannot_leave_their_place(name: str) -> None:
    text = table(service(name, ["192.0.2.0/24", "2001:db8::/64"])).render()
    rules = [line for line in text.splitlines() if "@clients" in line]
    wanted = r"\t\t(tcp dport|meta l4proto tcp ct original proto-dst) 22 (ip|ip6) saddr @clients[46]_[\w-]{0,61} accept"
    assert len(rules) == 4
    for rule in rules:
        assert re.fullmatch(wanted + r'( comment "[ !#-\[\]-~]{1,100}")?', rule, re.ASCII)
    for line in text.splitlines():
        assert re.fullmatch(r"[\t !-~]*", line)
    assert len(re.findall(r"^\tset clients", text, re.MULTILINE)) == 2


def test_services_of_alike_names_keep_their_clients_apart() -> None:
    made = table(service("a b", ["192.0.2.1/32"]), service("a/b", ["192.0.2.2/32"]), service("a.b", ["192.0.2.1/32"]))
    assert {one.name: one.ranges for one in made.sets} == {
        "clients4_a_b": nft.merged(["192.0.2.1"]),
        "clients4_a_b_": nft.merged(["192.0.2.2"]),
    }


def test_ten_thousand_clients_are_one_set_a_family() -> None:
    clients = [f"10.{number >> 8}.{number & 255}.1/32" for number in range(10_000)] + ["2001:db8::/64"]
    made = table(service("big", clients, (1, 1, "tcp"), (2, 2, "udp"), (3, 9, "tcp")))
    assert [(one.name, len(one.ranges)) for one in made.sets] == [("clients4_big", 10_000), ("clients6_big", 1)]
    assert sum(len(chain.rules) for chain in made.chains) < 30


def test_a_client_that_is_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="does not appear"):
        table(service("x", ["10.0.0.0/8 } ; flush ruleset"]))


def test_nobody_at_all() -> None:
    assert verdict(table(), Packet()) == "drop"
    assert table().sets == ()


# Asking


def host(tmp_path: pathlib.Path, done: Completed, *, root: bool = True) -> Host:
    class Machine(Host):
        is_root = root  # type: ignore[assignment]

    return Machine(root=str(tmp_path), runner=lambda argv, stdin, timeout: done)


@pytest.mark.parametrize(
    ("done", "words"),
    [
        (Completed(1, "", "netlink: Error: cache initialization failed: Operation not supported"), "not supported"),
        (Completed(1, "", ""), "ended with 1"),
        (Completed(-11, "", ""), "ended with -11"),
        (Completed(0, "JSON support not compiled-in", ""), "Expecting value"),
        (Completed(0, '{"nftables": []}', ""), "no listing"),
    ],
)
def test_a_kernel_that_does_not_tell(tmp_path: pathlib.Path, done: Completed, words: str) -> None:
    with pytest.raises(HostError, match=f"nft -j list table inet infosec_principles: .*{words}"):
        nftables.compare(host(tmp_path, done), Wanted(()))


def test_the_kernel_tells_root_alone(tmp_path: pathlib.Path) -> None:
    with pytest.raises(NeedsRoot, match="become: true"):
        nftables.compare(host(tmp_path, Completed(0, "", ""), root=False), Wanted(()))
