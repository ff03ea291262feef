# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What `iptables-save` and `ip6tables-save` print, which is also what `iptables-restore` reads."""

from __future__ import annotations

import dataclasses
import ipaddress
import shlex
import typing as t

#: The rules of each chain of one table, in order, without the "-A CHAIN" that they begin with.
Chains = t.Mapping[str, t.Sequence[str]]

#: Targets that end the way of a packet through the table; any other but RETURN and a chain lets it go on.
VERDICTS = ("ACCEPT", "DROP", "REJECT")


def parse(text: str, table: str) -> dict[str, list[str]]:
    """The chains of that table, also empty ones; none where the table is not there."""
    chains: dict[str, list[str]] = {}
    now = ""
    for line in text.splitlines():
        if line.startswith("*"):
            now = line[1:]
        elif now == table and line.startswith(":"):
            chains.setdefault(line[1:].split(" ")[0], [])
        elif now == table and line.startswith("-A "):
            chain, _blank, rule = line[3:].partition(" ")
            chains.setdefault(chain, []).append(rule)
    return chains


@dataclasses.dataclass(frozen=True)
class Packet:
    """New packets from a network (None: from anywhere) to all ports of a range of this host; not over loopback."""

    source: ipaddress.IPv4Network | ipaddress.IPv6Network | None
    protocol: str
    first: int
    last: int


@dataclasses.dataclass(frozen=True)
class Rule:
    """One rule, as far as it is understood. certain: whether nothing else than these fields decides about a packet."""

    text: str
    target: str = ""
    source: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None
    protocol: str = ""
    ports: tuple[tuple[int, int], ...] = ()
    certain: bool = True

    def aims_at(self, packet: Packet) -> bool:
        """Whether it applies to all of those packets, wherever they come from."""
        if not self.certain or self.protocol not in ("", packet.protocol):
            return False
        return not self.ports or any(first <= packet.first and packet.last <= last for first, last in self.ports)

    def applies(self, packet: Packet) -> bool:
        """Whether it applies to all of those packets."""
        return self.aims_at(packet) and (self.source is None or _within(packet.source, self.source))


def _within(source: t.Any, network: t.Any) -> bool:
    return source is not None and source.version == network.version and source.subnet_of(network)


def rule(text: str) -> Rule:
    """Read one rule, without its "-A CHAIN"."""
    words = iter(shlex.split(text))
    fields: dict[str, t.Any] = {}
    for word in words:
        read = _OPTIONS.get(word)
        if read is None:
            # REJECT, LOG and the like have options of their own, which choose no packets.
            fields["certain"] = fields.get("certain", True) and "target" in fields
        else:
            fields.update(read(next(words, "")))
    return Rule(text, **fields)


def _uncertain_unless(good: bool) -> dict[str, t.Any]:
    return {} if good else {"certain": False}


def _ports(text: str) -> dict[str, t.Any]:
    pairs = [part.partition(":") for part in text.split(",")]
    return {"ports": tuple((int(first), int(last or first)) for first, _colon, last in pairs)}


_OPTIONS: dict[str, t.Callable[[str], dict[str, t.Any]]] = {
    "-m": lambda value: {},
    "--comment": lambda value: {},
    "-j": lambda value: {"target": value},
    "-s": lambda value: {"source": ipaddress.ip_network(value)},
    "-p": lambda value: {"protocol": value},
    "--dport": _ports,
    "--dports": _ports,
    "--ctstate": lambda value: _uncertain_unless("NEW" in value.split(",")),
    "--dst-type": lambda value: _uncertain_unless(value == "LOCAL"),
}


def verdict(chains: t.Mapping[str, t.Sequence[Rule]], chain: str, packet: Packet) -> Rule | None:
    """The first rule that surely decides about those packets, from the beginning of the chain; None for its end."""
    for one in chains.get(chain, ()):
        if not one.applies(packet):
            continue
        if one.target in VERDICTS:
            return one
        if one.target == "RETURN":
            return None
        found = verdict(chains, one.target, packet) if one.target in chains else None
        if found:
            return found
    return None
