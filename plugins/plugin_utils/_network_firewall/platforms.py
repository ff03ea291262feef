# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The firewalls that aerleon writes rules for, and what each of them can say."""

from __future__ import annotations

import dataclasses
import re
import typing as t

# aerleon splits a header at blanks.
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9.,_:/-]*")

BOTH = 0
_INET = {4: "inet", 6: "inet6"}
_CISCO = {4: "extended", 6: "inet6"}
_MIXED = {BOTH: "mixed"}
_NAME = {"name": "infosec"}
_ZONES = {"from_zone": "", "to_zone": ""}


@dataclasses.dataclass(frozen=True)
class Platform:
    """One generator of aerleon.

    header: what it wants to be told, with fields for {family} and the options. options: with their defaults, "" where a
    person has to say. families: the lists of rules that it needs, and its word for each (BOTH: one list holds both).
    apart: a file for each list. replies: "kept" (it keeps state), "established" (it has to be told so), or "explicit"
    (without state: a rule for the answers of each service). icmp: by "types", "all" of it, or "none". place: what says
    where a service is: its "address", a "tag" on its machines, or, seen from its "clients", only where they may go.
    """

    header: str
    options: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    families: t.Mapping[int, str] = dataclasses.field(default_factory=lambda: _INET)
    apart: bool = False
    replies: str = "kept"
    icmp: str = "types"
    place: str = "address"

    def settings(self, name: str, given: t.Mapping[str, t.Any]) -> dict[str, str]:
        """All options, a list with commas. Raises ValueError for what it does not take, or lacks."""
        values = {**self.options, **{str(key): _text(value) for key, value in given.items()}}
        for option, value in values.items():
            if option not in self.options:
                known = ", ".join(self.options) or "no option"
                raise ValueError(f"{name}.{option}: unknown; it takes {known}")
            if not _WORD.fullmatch(value):
                wanted = "a word of letters, digits and . _ : / -"
                raise ValueError(f"{name}.{option}: {f'found {value!r}' if value else 'missing'}; write {wanted}")
        return values

    def headers(self, settings: t.Mapping[str, str]) -> dict[int, str]:
        """The header of each list of rules."""
        return {family: self.header.format(family=word, **settings) for family, word in self.families.items()}


def _text(value: t.Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _access_list(families: t.Mapping[int, str]) -> Platform:
    """Of a router that keeps no state. A list has one family, so the names have to differ."""
    return Platform("{name}-{family} {family}", _NAME, families, replies="explicit")


PLATFORMS: t.Mapping[str, Platform] = {
    "arista": _access_list(_CISCO),
    "arista_tp": Platform("{name} {family}", _NAME, _MIXED, replies="explicit"),
    "brocade": _access_list(_CISCO),
    "cisco": _access_list(_CISCO),
    # aerleon writes no IPv6 for it.
    "ciscoasa": Platform("{name}", _NAME, {4: "inet"}),
    "cisconx": _access_list(_CISCO),
    "ciscoxr": _access_list(_CISCO),
    # With ICMP in a rule aerleon lets everything pass; FortiOS itself passes the errors of a session.
    "fortigate": Platform("from-zone {from_zone} to-zone {to_zone} {family}", _ZONES, icmp="none"),
    "gce": Platform("{network} INGRESS {family}", {"network": "default"}, icmp="all", place="tag"),
    "iptables": Platform("FORWARD DROP {family}", apart=True, replies="established"),
    "juniper": _access_list(_INET),
    "juniperevo": Platform(
        "{name}-{family} {family} {direction} {interface}",
        {**_NAME, "direction": "ingress", "interface": "physical"},
        replies="explicit",
    ),
    "k8s": Platform("EGRESS", {"pods": ""}, {BOTH: ""}, icmp="none", place="clients"),
    "msmpc": Platform("{name} {family}", _NAME, _MIXED),
    # Without remarks: nft of Debian 11 knows none on chains.
    "nftables": Platform("{family} forward noverbose"),
    "nsxt": Platform("{name} {family}", _NAME, _MIXED, icmp="all"),
    "openconfig": Platform("{name}-{family} {family}", _NAME, replies="explicit", icmp="all"),
    "paloalto": Platform("from-zone {from_zone} to-zone {to_zone} {family}", _ZONES, _MIXED),
    "speedway": Platform("FORWARD DROP {family}", apart=True, replies="established"),
    "srx": Platform("from-zone {from_zone} to-zone {to_zone} {family}", _ZONES, _MIXED),
}
