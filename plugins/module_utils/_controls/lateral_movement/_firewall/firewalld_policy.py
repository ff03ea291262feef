# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The register as a policy and sets of firewalld: the text of their files, and what the kernel then filters by.

A policy from anywhere to this host comes before all zones, whatever interfaces and sources they have, so that nobody's
zone has to be edited (a zone of ours would have to take everybody's interfaces and sources).
"""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t
from xml.sax.saxutils import quoteattr

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall.policy import (
    ANY,
    Admission,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import nft
from ansible_collections.infosec.principles.plugins.module_utils._engine.nft import Chain, Table, plain

#: firewalld takes at most 17 letters for a policy, 31 for a set.
OWN = "infosec-"
POLICY = f"{OWN}inbound"
FOLDER = "/etc/firewalld"
POLICY_FILE = f"{FOLDER}/policies/{POLICY}.xml"
SETS = f"{FOLDER}/ipsets"
#: The first that there can be; those of firewalld and libvirt have higher numbers.
PRIORITY = -32768
MADE_BY = "<!-- Made by infosec.principles from the register of services; edits are overwritten. -->"
HEAD = f'<?xml version="1.0" encoding="utf-8"?>\n{MADE_BY}\n'
#: Kernels make room for so many addresses unless they are told otherwise.
USUAL_SIZE = 65536

FAMILIES = {4: "ipv4", 6: "ipv6"}
PREFIX = {"ipv4": "ip", "ipv6": "ip6"}
WHOLE = {4: ("0.0.0.0/0",), 6: ("::/0",)}
LINK_LOCAL = "fe80::/10"

#: firewalld's names of ICMP types, and the kernel's where they are others.
ICMP = {
    "router-solicitation": "nd-router-solicit",
    "router-advertisement": "nd-router-advert",
    "neighbour-solicitation": "nd-neighbor-solicit",
    "neighbour-advertisement": "nd-neighbor-advert",
}
ICMP_OF = {"ipv4": "icmp", "ipv6": "icmpv6"}


@dataclasses.dataclass(frozen=True)
class Accept:
    """One rich rule that lets packets in.

    element: ("icmp-type", name), ("protocol", name) or ("port", ports, protocol). family: "" for both.
    source: a network, or "@" and a set's name, of that family; "" for anywhere.
    """

    element: tuple[str, ...]
    family: str = ""
    source: str = ""

    def xml(self) -> str:
        """As an element of the policy's file."""
        family = f" family={quoteattr(self.family)}" if self.family else ""
        name = "ipset" if self.source.startswith("@") else "address"
        source = f"<source {name}={quoteattr(self.source.lstrip('@'))}/>" if self.source else ""
        return f"<rule{family}>{source}{self._element()}<accept/></rule>"

    def _element(self) -> str:
        kind, *values = self.element
        names = {"icmp-type": ("name",), "protocol": ("value",), "port": ("port", "protocol")}[kind]
        return f"<{kind} {' '.join(f'{name}={quoteattr(value)}' for name, value in zip(names, values))}/>"

    def kernel(self) -> t.Iterator[tuple[str, ...]]:
        """The kernel's rules that firewalld makes of it, in normal form."""
        kind, *values = self.element
        if kind == "icmp-type":
            for version in [self.family] if self.family else ICMP_OF:
                yield normal((f"{ICMP_OF[version]} type {ICMP.get(values[0], values[0])}", "accept"))
            return
        element = f"meta l4proto {values[0]}" if kind == "protocol" else f"{values[1]} dport {values[0]}"
        source = [f"{PREFIX[self.family]} saddr {self.source}"] if self.source else []
        family = [f"meta nfproto {self.family}"] if self.family else []
        yield normal((*family, *source, element, "accept"))


#: What a host needs whatever it serves. These say a little more than they should, since a rich rule knows one port,
#: no hop limit, and before 2.0 no MLD; our table beside firewalld judges what they say too much.
BASICS = (
    *(
        Accept(("icmp-type", name))
        for name in ("destination-unreachable", "echo-request", "parameter-problem", "time-exceeded")
    ),
    *(Accept(("icmp-type", name), "ipv6") for name in ("packet-too-big", *ICMP)),
    Accept(("protocol", "ipv6-icmp"), "ipv6", LINK_LOCAL),
    Accept(("port", "68", "udp"), "ipv4"),
    Accept(("port", "546", "udp"), "ipv6", LINK_LOCAL),
)


@dataclasses.dataclass(frozen=True)
class AddressSet:
    """Networks of one family (4 or 6) under a name, and the services that let them in."""

    name: str
    version: int
    networks: tuple[str, ...]
    services: tuple[str, ...]

    @property
    def path(self) -> str:
        return f"{SETS}/{self.name}.xml"

    def text(self) -> str:
        """The set's file."""
        family = {4: "inet", 6: "inet6"}[self.version]
        # Room to grow: a set whose size changes would be another set.
        size = max(USUAL_SIZE, 1 << len(self.networks).bit_length())
        lines = [
            '<ipset type="hash:net">',
            f"  <short>clients of {_text(', '.join(self.services))}</short>",
            f'  <option name="family" value="{family}"/>',
            f'  <option name="maxelem" value="{size}"/>',
            *(f"  <entry>{network}</entry>" for network in self.networks),
            "</ipset>",
        ]
        return HEAD + "\n".join(lines) + "\n"


@dataclasses.dataclass(frozen=True)
class Policy:
    """What firewalld is to hold."""

    accepts: tuple[Accept, ...]
    sets: tuple[AddressSet, ...]

    def files(self) -> dict[str, str]:
        """Path and text of each file."""
        return {**{one.path: one.text() for one in self.sets}, POLICY_FILE: self._text()}

    def _text(self) -> str:
        lines = [
            f'<policy target="DROP" priority="{PRIORITY}">',
            "  <short>infosec.principles</short>",
            "  <description>Lets in the clients of the register of services, and drops the rest.</description>",
            '  <ingress-zone name="ANY"/>',
            '  <egress-zone name="HOST"/>',
            *(f"  {one.xml()}" for one in self.accepts),
            "</policy>",
        ]
        return HEAD + "\n".join(lines) + "\n"


def made(admissions: t.Sequence[Admission]) -> Policy:
    """The policy that lets in those admissions; clients that several of them share are one set."""
    accepts: list[Accept] = []
    sets: dict[tuple[str, ...], AddressSet] = {}
    for one in admissions:
        ports = ("port", f"{one.first}" if one.first == one.last else f"{one.first}-{one.last}", one.protocol)
        if one.clients == (ANY,):
            accepts.append(Accept(ports))
            continue
        for version, family in FAMILIES.items():
            networks = _merged(one.of_family(version))
            if networks == WHOLE[version]:
                accepts.append(Accept(ports, family))
            elif networks:
                accepts.append(Accept(ports, family, f"@{_set(sets, one.service, version, networks)}"))
    return Policy((*BASICS, *dict.fromkeys(accepts)), tuple(sets.values()))


def _set(sets: dict[tuple[str, ...], AddressSet], service: str, version: int, networks: tuple[str, ...]) -> str:
    found = sets.get(networks) or AddressSet(f"{OWN}{len(sets) + 1}-v{version}", version, networks, ())
    services = tuple(dict.fromkeys((*found.services, service)))
    sets[networks] = dataclasses.replace(found, services=services)
    return found.name


def _merged(clients: t.Sequence[str]) -> tuple[str, ...]:
    """As networks that neither overlap nor could be one: firewalld refuses a set with overlapping entries."""
    networks: t.Any = [ipaddress.ip_network(client, strict=False) for client in clients]
    return tuple(str(network) for network in ipaddress.collapse_addresses(networks))


def _text(value: str) -> str:
    """A text that firewalld's readers take, whatever a service is called."""
    return "".join(letter if letter.isalnum() or letter in " ,._-" else "?" for letter in value)


# What the kernel has


#: What changes nothing about whom a rule lets in: "established" has had its answer before, and counters count.
IDLE = ("ct state == { new, untracked }", "ct state new,untracked", "counter")
#: What firewalld lets in before all policies. Our table beside it judges translated packets.
BEFORE = (
    ("accept", "ct state == { established, related }"),
    ("accept", "ct state established,related"),
    ("accept", "ct status dnat"),
    ("accept", "meta iifname lo"),
)
VERDICTS = ("accept", "drop")
#: Statements, in nft's JSON, after which a packet goes on to the next rule. Any other may lead it elsewhere ("return").
GOING_ON = ('{"log"', '{"limit"', '{"match"', '{"mangle"', '{"notrack"')
BASE = "filter_INPUT"
POLICIES = "filter_IN_policy_"
OURS = f"{POLICIES}{POLICY}"


def parse(text: str) -> Table:
    """firewalld's table from `nft -j list table`. Raises ValueError where it is something else."""
    table = nft.parse(text)
    # firewalld 2 owns its table; any other flag is one that switches it off.
    return dataclasses.replace(table, other=()) if '"owner"' in text else table


def normal(expressions: t.Sequence[str]) -> tuple[str, ...]:
    """A rule's expressions without what is idle or implied, in one order."""
    return tuple(sorted(plain([text for text in expressions if text not in IDLE])))


def filtered(table: Table) -> list[tuple[str, ...]] | None:
    """The verdicts of our policy in the kernel, those of inner chains in their place; None where it is not there."""
    chains = {chain.name: chain for chain in table.chains}
    return list(_flat(chains, OURS)) if OURS in chains else None


def _flat(chains: t.Mapping[str, Chain], name: str) -> t.Iterator[tuple[str, ...]]:
    for rule in chains[name].rules:
        conditions, target = _split(rule.expressions)
        if target in chains and not conditions:
            yield from _flat(chains, target)
        elif target or _decides(rule.expressions):
            yield normal(rule.expressions)


def bypasses(table: Table) -> list[str]:
    """What lets packets in to this host before our policy has judged them, as rules; none where nothing does."""
    chains = {chain.name: chain for chain in table.chains}
    if BASE not in chains or " hook input " not in chains[BASE].base:
        return [f"no chain {BASE} at the input hook"]
    found, closed = _walk(chains, BASE)
    return found if closed else [*found, f"{BASE}: not all of it leads to {OURS}"]


def _walk(chains: t.Mapping[str, Chain], name: str) -> tuple[list[str], bool]:
    """Rules of the chain (and those it leads to) that keep something from our policy; whether that judges all else.

    What has been judged is gone: our policy ends with a drop. So rules with the same conditions, or more, see nothing.
    """
    found: list[str] = []
    judged: list[set[str]] = []
    for rule in chains[name].rules:
        conditions, target = _split(rule.expressions)
        if any(gone <= conditions for gone in judged):
            continue
        inner, closed = ([], True) if target == OURS else _walk(chains, target) if target in chains else ([], False)
        found += inner
        if closed or _refuses(rule.expressions):
            judged.append(conditions)
        # A jump comes back to the next rule; what else decides, and "goto", does not.
        elif _decides(rule.expressions) and normal(rule.expressions) not in BEFORE:
            found.append(f"{name}: {' '.join(rule.expressions)}")
    return found, set() in judged


def _split(expressions: t.Sequence[str]) -> tuple[set[str], str]:
    """A rule's conditions, and the chain that it leads to ("" for none)."""
    ends = [text for text in expressions if text.startswith(("jump ", '{"goto"')) or text in VERDICTS]
    target = ends[0].replace('{"goto": {"target": "', "jump ").rstrip('"}').partition("jump ")[2] if ends else ""
    conditions = {text for text in expressions if text not in ends and not text.startswith('{"reject"')}
    return conditions - set(IDLE), target


def _refuses(expressions: t.Sequence[str]) -> bool:
    return any(text == "drop" or text.startswith('{"reject"') for text in expressions)


def _decides(expressions: t.Sequence[str]) -> bool:
    return any(text in VERDICTS or (text.startswith("{") and not text.startswith(GOING_ON)) for text in expressions)
