# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads Junos' configurations: filters of routers, policies of SRX, and the stateful firewall of MS-MPC."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._network_firewall.rules import (
    NUMBERS,
    Ports,
    Rule,
    of_family,
)

_TOKEN = re.compile(r"/\*.*?\*/|[{};]|[^\s{};]+", re.DOTALL)
# With IPv4, with IPv6, and with IPv6 in Junos Evolved.
_PROTOCOL = ("protocol", "next-header", "payload-protocol")
_NUMBERS = {**NUMBERS, "icmp6": 58}


@dataclasses.dataclass
class Node:
    """A statement: its words, and what stands in its braces."""

    words: list[str]
    inner: list[Node]

    def all(self, word: str) -> t.Iterator[Node]:
        """The statements below, at any depth, that begin with the word; `replace:` aside."""
        for one in self.inner:
            if one.words[:1] == [word]:
                yield one
            yield from one.all(word)

    def words_of(self, word: str) -> list[str]:
        """What follows the word in the one statement of it below, or stands in its braces."""
        return [
            text
            for one in self.all(word)
            for text in (*one.words[1:], *(x.words[0] for x in one.inner))
            if text not in "[]"
        ]


def parse(text: str) -> Node:
    root = Node([], [])
    open_nodes, words = [root], []
    for token in _TOKEN.findall(text):
        if token == "}":
            open_nodes.pop()
        elif token in ("{", ";"):
            node = Node([word for word in words if word != "replace:"], [])
            open_nodes[-1].inner.append(node)
            words = []
            if token == "{":
                open_nodes.append(node)
        elif not token.startswith("/*"):
            words.append(token)
    assert open_nodes == [root]
    return root


def juniper(text: str, family: int) -> t.Iterator[Rule]:
    name = {4: "inet", 6: "inet6"}[family]
    for of_one in parse(text).all("family"):
        for term in of_one.all("term") if of_one.words[1] == name else ():
            protocol = [word for key in _PROTOCOL for word in term.words_of(key)]
            yield Rule(
                _says(term, "accept"),
                _NUMBERS[protocol[0]] if protocol else None,
                tuple(term.words_of("source-address")),
                tuple(term.words_of("destination-address")),
                _ports(term.words_of("source-port")),
                _ports(term.words_of("destination-port")),
                bool(list(term.all("tcp-established"))),
            )


def srx(text: str, family: int) -> t.Iterator[Rule]:
    root = parse(text)
    addresses = {one.words[1]: one.words[2] for one in root.all("address") if len(one.words) == 3}
    sets = {one.words[1]: [addresses[name] for name in one.words_of("address")] for one in root.all("address-set")}
    for policy in root.all("policy"):
        sides = [
            tuple(network for name in policy.words_of(side) if name != "any" for network in sets[name])
            for side in ("source-address", "destination-address")
        ]
        for protocol, ports in _applications(root, policy.words_of("application")):
            yield from of_family(Rule(_says(policy, "permit"), protocol, *sides, ports=ports), family)


def msmpc(text: str, family: int) -> t.Iterator[Rule]:
    root = parse(text)
    (firewall,) = root.all("stateful-firewall")
    for term in firewall.all("term"):
        sides = [tuple(term.words_of(side)) for side in ("source-address", "destination-address")]
        for protocol, ports in _applications(root, term.words_of("application-sets") or ["any"]):
            yield from of_family(Rule(_says(term, "accept"), protocol, *sides, ports=ports), family)


def _applications(root: Node, names: list[str]) -> t.Iterator[tuple[int | None, Ports]]:
    """The protocols and ports behind the names of applications and their sets."""
    if names == ["any"]:
        yield None, ()
        return
    sets = {one.words[1]: one.words_of("application") for one in root.all("application-set")}
    known = {one.words[1]: one for one in root.all("application") if one.inner}
    for name in [inner for one in names for inner in sets.get(one, [one])]:
        for term in list(known[name].all("term")) or [known[name]]:
            # On one line in an SRX, a statement each in an MS-MPC.
            words = [*term.words, *(word for one in term.inner for word in one.words)]
            values = dict(zip(words, words[1:], strict=False))
            yield (
                _NUMBERS[values["protocol"]],
                _ports([values["destination-port"]] if "destination-port" in values else []),
            )


def _says(term: Node, verdict: str) -> bool:
    return verdict in term.words_of("then")


def _ports(words: list[str]) -> Ports:
    pairs = (word.partition("-") for word in words)
    return tuple((int(first), int(last or first)) for first, _dash, last in pairs)
