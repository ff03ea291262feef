# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what aerleon wrote, without aerleon: rules in the order in which a firewall asks them."""

from __future__ import annotations

import ipaddress
import json
import re
import typing as t
from xml.etree import ElementTree

import yaml

from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._network_firewall import junos
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._network_firewall.rules import (
    NUMBERS,
    Ports,
    Rule,
    of_family,
)

#: Cisco's names of ports.
PORTS = {"https": 443, "domain": 53}


# --- Access lists -----------------------------------------------------------------------------------------------------


def access_list(text: str, family: int) -> t.Iterator[Rule]:
    """Cisco's, and those like it: permit tcp host A range B C D/24 eq E established."""
    blocks = re.split(r"(?m)^(?=(?:ip|ipv4|ipv6) access-list)", text)
    mine = [block for block in blocks if block.startswith("ipv6") == (family == 6)] if len(blocks) > 1 else [text]
    for line in "".join(mine).splitlines():
        match = re.fullmatch(r"(?:access-list \S+ extended)? ?(permit|deny) (\S+) (.*)", line)
        if match:
            yield _access_rule(match[1] == "permit", match[2], match[3].split(), masks="extended" in line)


def _access_rule(accept: bool, protocol: str, words: list[str], masks: bool) -> Rule:
    number = None if protocol in ("ip", "ipv4", "ipv6") else int(NUMBERS.get(protocol, 0) or protocol)
    source, own = _side(words, masks)
    destination, ports = _side(words, masks)
    return Rule(accept, number, source, destination, own, ports, established="established" in words)


def _side(words: list[str], masks: bool) -> tuple[tuple[str, ...], Ports]:
    """Take an address and its ports away from the words."""
    first = words.pop(0)
    if first == "any":
        network: tuple[str, ...] = ()
    elif first == "host":
        network = (words.pop(0),)
    elif "/" in first:
        network = (first,)
    else:
        # A netmask, or its inverse, as ipaddress tells by itself; it takes 0.0.0.1 for the inverse of a /31 alone.
        network = (str(ipaddress.ip_network((first, _length(words.pop(0), masks)))),)
    if words[:1] == ["eq"]:
        number = _number(words[1])
        del words[:2]
        return network, ((number, number),)
    if words[:1] == ["range"]:
        ends = (_number(words[1]), _number(words[2]))
        del words[:3]
        return network, (ends,)
    return network, ()


def _length(mask: str, masks: bool) -> int:
    ones = bin(int(ipaddress.IPv4Address(mask))).count("1")
    return ones if masks else 32 - ones


def _number(word: str) -> int:
    return PORTS.get(word) or int(word)


# --- Others -----------------------------------------------------------------------------------------------------------


def traffic_policy(text: str, family: int) -> t.Iterator[Rule]:
    """Arista's: blocks of match NAME ipv4, in which no action means that it passes."""
    for body in re.findall(rf"(?s)      match \S+ ipv{family}\n(.*?)\n      !", text):
        said = {
            key: value.split()
            for key, value in re.findall(r"(?m)^ *(source prefix|destination prefix|protocol) (.*)", body)
        }
        protocol = " ".join(said.get("protocol", []))
        own, ports = (re.findall(rf"{side} port ([-\d ]+)", protocol) for side in ("source", "destination"))
        yield Rule(
            "drop" not in body,
            NUMBERS[protocol.split()[0]] if protocol else None,
            tuple(said.get("source prefix", ())),
            tuple(said.get("destination prefix", ())),
            _commas(",".join(own).replace(" ", ",")),
            _commas(",".join(ports).replace(" ", ",")),
            "established" in protocol,
        )


def openconfig(text: str, family: int) -> t.Iterator[Rule]:
    for acl in json.loads(text):
        if acl["type"] != f"ACL_IPV{family}":
            continue
        for one in acl["acl-entries"]["acl-entry"]:
            header = one.get(f"ipv{family}", {}).get("config", {})
            transport = one.get("transport", {}).get("config", {})
            yield Rule(
                one["actions"]["config"]["forwarding-action"] == "ACCEPT",
                header.get("protocol"),
                _one(header.get("source-address")),
                _one(header.get("destination-address")),
                _range(transport.get("source-port")),
                _range(transport.get("destination-port")),
                transport.get("builtin-detail") == "TCP_ESTABLISHED",
            )


def nsxt(text: str, family: int) -> t.Iterator[Rule]:
    for one in json.loads(text)["rules"]:
        for service in one.get("service_entries") or [{}]:
            protocol = service.get("l4_protocol") or service.get("protocol")
            number = {None: None, "TCP": 6, "UDP": 17, "ICMPv4": 1, "ICMPv6": 58}[protocol]
            groups = (tuple(x for x in one[side] if x != "ANY") for side in ("source_groups", "destination_groups"))
            ports = tuple(tuple(map(int, ends.split("-"))) for ends in service.get("destination_ports", []))
            yield from of_family(Rule(one["action"] == "ALLOW", number, *groups, ports=t.cast(Ports, ports)), family)


def paloalto(text: str, family: int) -> t.Iterator[Rule]:
    root = ElementTree.fromstring(text)
    addresses = {
        one.get("name"): one.findtext("ip-netmask") for one in root.iter("entry") if one.find("ip-netmask") is not None
    }
    groups = {
        one.get("name"): [addresses[x.text] for x in one.iter("member")]
        for one in root.iterfind(".//address-group/entry")
    }
    services = {
        one.get("name"): (NUMBERS[kind.tag], _commas(kind.findtext("port") or ""))
        for one in root.iterfind(".//vsys/entry/service/entry")
        for kind in one.iterfind("protocol/*")
    }
    for one in root.iterfind(".//rules/entry"):
        members = {
            key: [x.text or "" for x in one.findall(f"{key}/member")]
            for key in ("source", "destination", "service", "application")
        }
        sides = (
            tuple(t.cast(str, x) for name in members[key] if name != "any" for x in groups[name])
            for key in ("source", "destination")
        )
        protocol, ports = services.get(members["service"][0], (1 if members["application"] != ["any"] else None, ()))
        yield from of_family(Rule(one.findtext("action") == "allow", protocol, *sides, ports=ports), family)


def fortigate(text: str, family: int) -> t.Iterator[Rule]:
    edits = re.findall(r"(?s)    edit (\S+)\n(.*?)\n    next", text)
    tables = {name: dict(re.findall(r"set (\S+) (.*)", body)) for name, body in edits}
    suffix = "6" if family == 6 else ""
    for name, body in ((name, tables[name]) for name, _text in edits if name.isdecimal()):
        if f"srcaddr{suffix}" not in body:
            continue
        sides = (_fortigate_addresses(tables, body[f"{side}{suffix}"]) for side in ("srcaddr", "dstaddr"))
        service = tables.get(body["service"].strip('"'), {})
        assert service or body["service"] == '"ALL"', name
        kinds = [
            (NUMBERS[kind], service[f"{kind}-portrange"]) for kind in ("tcp", "udp") if f"{kind}-portrange" in service
        ]
        protocol, ports = kinds[0] if kinds else (None, "")
        yield Rule(body.get("action") == "accept", protocol, *sides, ports=_commas(ports.replace(" ", ",")))


def _fortigate_addresses(tables: dict[str, dict[str, str]], names: str) -> tuple[str, ...]:
    if names == '"all"':
        return ()
    members = re.findall(r'"([^"]+)"', tables[names.strip('"')]["member"])
    return tuple(
        str(ipaddress.ip_network(tables[one].get("ip6") or tables[one]["subnet"].replace(" ", "/"))) for one in members
    )


def gce(text: str, family: int) -> t.Iterator[Rule]:
    rules = json.loads(text)
    for one in sorted(rules, key=lambda rule: rule.get("priority", 1000)):
        accept = "allowed" in one
        for kind in one["allowed" if accept else "denied"]:
            protocol = (
                None if kind["IPProtocol"] == "all" else int(NUMBERS.get(kind["IPProtocol"]) or kind["IPProtocol"])
            )
            tag = "".join(one.get("targetTags", []))
            rule = Rule(
                accept, protocol, tuple(one["sourceRanges"]), ports=_commas(",".join(kind.get("ports", []))), tag=tag
            )
            yield from of_family(rule, family)


def k8s(text: str, family: int) -> t.Iterator[Rule]:
    """Of what pods send. A policy only ever adds to what is allowed; the last allows nothing."""
    items = yaml.safe_load(text)["items"]
    assert items[-1]["spec"] == {"podSelector": {}, "policyTypes": ["Egress"]}
    for one in items[:-1]:
        for egress in one["spec"]["egress"]:
            blocks = tuple(peer["ipBlock"]["cidr"] for peer in egress["to"])
            for port in egress["ports"]:
                ports = ((port["port"], port.get("endPort", port["port"])),)
                yield from of_family(Rule(True, NUMBERS[port["protocol"].lower()], (), blocks, (), ports), family)
    yield Rule(False)


def _one(text: str | None) -> tuple[str, ...]:
    return (text,) if text else ()


def _range(value: t.Any) -> Ports:
    if value is None:
        return ()
    first, _dots, last = str(value).partition("..")
    return ((int(first), int(last or first)),)


def _commas(text: str) -> Ports:
    pairs = (one.partition("-") for one in text.split(",") if one)
    return tuple((int(first), int(last or first)) for first, _dash, last in pairs)


READERS: dict[str, t.Callable[[str, int], t.Iterator[Rule]]] = {
    **dict.fromkeys(("arista", "brocade", "cisco", "ciscoasa", "cisconx", "ciscoxr"), access_list),
    "arista_tp": traffic_policy,
    "juniper": junos.juniper,
    "juniperevo": junos.juniper,
    "msmpc": junos.msmpc,
    "srx": junos.srx,
    "fortigate": fortigate,
    "gce": gce,
    "k8s": k8s,
    "nsxt": nsxt,
    "openconfig": openconfig,
    "paloalto": paloalto,
}
