# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whom a pg_hba.conf admits, and the block that admits the clients alone.

The first rule that matches the type of connection, database, user and address decides (PostgreSQL manual, "The
pg_hba.conf File"); the keyword "all" does not name replication connections.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import (
    EVERYBODY,
    AddressSet,
)
from ansible_collections.infosec.principles.plugins.module_utils._formats import hba
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: What closes our block: nobody else, over TCP, for any database and for replication.
REJECT_THE_REST = ("host all all all reject", "host replication all all reject")


@dataclasses.dataclass(frozen=True)
class Rule:
    """One line of pg_hba.conf as pg_hba_file_rules shows it. `address` is a network, a keyword, a host name, or ""."""

    file: str
    line: int
    type: str
    databases: tuple[str, ...]
    users: tuple[str, ...]
    address: str
    method: str
    error: str = ""

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}"

    @property
    def text(self) -> str:
        """The rule on one line, without its options, which may hold secrets."""
        fields = (self.type, ",".join(self.databases), ",".join(self.users), self.address, self.method)
        return printable(" ".join(filter(None, fields)))


def rule(record: t.Mapping[str, t.Any], hba_file: str) -> Rule:
    """Read one row; file_name is there since PostgreSQL 16."""
    address, mask = record["address"] or "", record["netmask"] or ""
    return Rule(
        record.get("file_name") or hba_file,
        record["line_number"],
        record["type"] or "",
        tuple(record["database"] or ()),
        tuple(record["user_name"] or ()),
        _network(address, mask) if mask else address,
        record["auth_method"] or "",
        record["error"] or "",
    )


def _network(address: str, mask: str) -> str:
    ones = bin(AddressSet.of([mask]).ranges[0][1]).count("1")
    return AddressSet.of([f"{address}/{ones}"]).networks()[0]


@dataclasses.dataclass(frozen=True)
class Access:
    """The rules in order, whom they may admit, this host's own addresses, and the networks on its links."""

    rules: t.Sequence[Rule]
    allowed: AddressSet
    own: AddressSet
    links: AddressSet

    def over_tcp(self) -> list[Rule]:
        """The rules for TCP connections."""
        return [rule for rule in self.rules if rule.type.startswith("host")]

    def addresses(self, rule: Rule) -> AddressSet | None:
        """The addresses that a rule is for; None for a host name, which only DNS can tell."""
        keywords = {"all": EVERYBODY, "samehost": self.own, "samenet": self.links}
        if rule.address in keywords:
            return keywords[rule.address]
        try:
            return AddressSet.of([rule.address])
        except ValueError:
            return None

    def admitted(self, wanted: Rule) -> AddressSet:
        """The addresses that this rule lets in, less those that an earlier rule turns away for everybody."""
        if not wanted.type.startswith("host") or wanted.method == "reject":
            return AddressSet()
        found = self.addresses(wanted) or EVERYBODY
        blocked = {kind: self._blocked(wanted, kind) for kind in _kinds(wanted)}
        left = AddressSet()
        for turned_away in blocked.values():
            left = left | (found - turned_away)
        return left

    def strangers(self) -> list[Rule]:
        """The rules that let in whom they should not."""
        plain = [rule for rule in self.over_tcp() if self.addresses(rule) is not None]
        return [rule for rule in plain if self.admitted(rule) - self.allowed]

    def by_name(self) -> list[Rule]:
        """The rules in use that let in by host name."""
        return [rule for rule in self.over_tcp() if self.addresses(rule) is None and self.admitted(rule)]

    def _blocked(self, wanted: Rule, kind: str) -> AddressSet:
        blocked = AddressSet()
        for rule in self.rules[: self.rules.index(wanted)]:
            if rule.method == "reject" and rule.type == "host" and "all" in rule.users and kind in rule.databases:
                blocked = blocked | (self.addresses(rule) or AddressSet())
        return blocked


def _kinds(rule: Rule) -> list[str]:
    """Which of the two kinds of connections a rule is for, by the keyword that blocks them."""
    return sorted({"replication" if database == "replication" else "all" for database in rule.databases})


def block(access: Access, raw: t.Mapping[str, t.Mapping[int, hba.Line]]) -> list[str]:
    """The lines of our block: every rule as it stands, for the allowed among its addresses, and then no one.

    What each allowed address met before, it meets again: same order, databases, users, methods and options.
    `raw` has the lines of each file by number, so that quotes and lists stay as they were written.
    """
    copies = (line for rule in access.over_tcp() for line in _copies(access, rule, raw[rule.file][rule.line]))
    return [*dict.fromkeys(copies), *REJECT_THE_REST]


def _copies(access: Access, rule: Rule, line: hba.Line) -> list[str]:
    found = access.addresses(rule)
    if found is None or not found - access.allowed:
        return [line.text]
    if rule.method == "reject":
        return [line.text] if found & access.allowed else []
    return [line.for_address(network) for network in (found & access.allowed).networks()]
