# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whom the host's firewall lets in to a port, where that is the table of this collection (control host_firewall).

What other firewalls let through is not read, so that nothing passes for them.
"""

from __future__ import annotations

import dataclasses
import re

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import networks
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import AddressSet
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    ANY,
    Admission,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import nft, ruleset
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.nft import Table
from ansible_collections.infosec.principles.plugins.module_utils._host import netfilter
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot

FAMILY, TABLE = "inet", "infosec_principles"
#: What lets in nobody who begins a connection over TCP from elsewhere.
NOBODY = re.compile(r"meta iif lo$|ct state established,related$|icmp|ip6 hoplimit 255$|udp |meta nfproto ipv4$")
_OPEN_BEFORE = ("ct state new", "tcp flags & syn == 0", "accept")
_PORTS = re.compile(r"tcp dport (\d+)(?:-(\d+))?")
_SOURCES = {"meta nfproto ipv4": "0.0.0.0/0", "meta nfproto ipv6": "::/0"}


def narrowed(host: Host, told: Admission, port: int) -> Admission:
    """The admission of a server without those whom the firewall turns away before."""
    passed = _passed(host, port)
    if passed is None:
        return told
    admitted = (networks.EVERYBODY if told.everybody else AddressSet.of(told.networks)) & passed
    everybody = not networks.EVERYBODY - networks.LOOPBACK - admitted
    says = ", ".join(passed.networks()[:5]) or "nobody"
    evidence = Evidence(f"nft list table {FAMILY} {TABLE}", f"port {port}/tcp is open to {says}")
    return dataclasses.replace(
        told,
        networks=(ANY,) if everybody else tuple((admitted - networks.LOOPBACK).networks()),
        evidence=(*told.evidence, *(() if everybody else (evidence,))),
    )


def _passed(host: Host, port: int) -> AddressSet | None:
    """Who gets past it to a port; None where it is not there, or is not as we make it."""
    table = host.once(read)
    chains = {chain.name: chain for chain in table.chains} if table else {}
    refused = [rule.expressions for rule in chains["refused"].rules] if "refused" in chains else []
    if table is None or "input" not in chains or refused != [("counter", "drop")]:
        return None
    if not re.fullmatch(r"type filter hook input priority .*; policy drop;", chains["input"].base):
        return None
    passed = networks.NOBODY
    for rule in chains["input"].rules:
        some = _by_rule(table, rule.expressions, port)
        if some is None:
            return None
        passed |= some
    return passed


def _by_rule(table: Table, words: tuple[str, ...], port: int) -> AddressSet | None:
    """Whom one rule lets in to the port; None for a rule that is not read."""
    if words[-1:] != ("accept",):
        return networks.NOBODY if words[-1:] == ("jump refused",) else None
    ports = _PORTS.fullmatch(words[0])
    if ports is None:
        harmless = words == _OPEN_BEFORE or NOBODY.match(words[0]) or "udp sport" in words[1] or "icmpv6" in words[1]
        return networks.NOBODY if harmless else None
    if not int(ports[1]) <= port <= int(ports[2] or ports[1]):
        return networks.NOBODY
    return _sources(table, words[1:-1])


def _sources(table: Table, words: tuple[str, ...]) -> AddressSet | None:
    if not words:
        return networks.EVERYBODY
    named = {f"{prefix} saddr @{one.name}": one for one in table.sets for prefix in (_prefix(one.type),)}
    if len(words) != 1 or (words[0] not in _SOURCES and words[0] not in named):
        return None
    if words[0] in _SOURCES:
        return AddressSet.of([_SOURCES[words[0]]])
    found = named[words[0]]
    return AddressSet(tuple((4 if nft.BITS[found.type] == 32 else 6, *each) for each in found.ranges))


def _prefix(kind: str) -> str:
    return "ip" if nft.BITS.get(kind) == 32 else "ip6"


def read(host: Host) -> Table | None:
    """The table as the kernel has it; None where there is none. Use as `host.once(firewall.read)`."""
    try:
        if (FAMILY, TABLE) not in host.once(netfilter.tables):
            return None
        # In the words of host_firewall, so that it is asked once.
        return nft.parse(host.ask(*ruleset.listing(FAMILY, TABLE), timeout=ruleset.SECONDS).stdout)
    except NeedsRoot:
        raise
    except (HostError, ValueError):
        return None
