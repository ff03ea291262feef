# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whose members must not be under maintenance at once: the groups of a policy, the services, or the inventory's own."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._maintenance.slots import Lot

Groups = t.Mapping[str, t.Sequence[str]]
#: The groups that every inventory has.
GENERAL = ("all", "ungrouped")


def members_of(lots: t.Sequence[Lot], groups: Groups, register: t.Sequence[t.Any]) -> dict[str, frozenset[str]]:
    """The members of each group that have a policy by which the group counts, two of them or more.

    The groups of a policy, else the hosts of each service of the register, else the inventory's groups. What all hosts
    run is no redundancy of anything and does not count.
    """
    default = _services(groups, register) if register else _leaves(groups)
    found: dict[str, set[str]] = {}
    for lot in lots:
        named = lot.policy.groups
        counted = default if named is None else {f"group {name}": frozenset(groups[name]) for name in named}
        hosts = frozenset(lot.hosts)
        for name, members in counted.items():
            found.setdefault(name, set()).update(hosts & members)
    return _distinct({name: frozenset(members) for name, members in found.items() if len(members) > 1})


def _distinct(groups: t.Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """The same members once, under the first of the names."""
    first = {members: name for name, members in sorted(groups.items(), reverse=True)}
    return {name: members for members, name in first.items()}


def _services(groups: Groups, register: t.Sequence[t.Any]) -> dict[str, frozenset[str]]:
    everybody = frozenset(groups.get("all", ()))
    sets = {name: frozenset(members) for name, members in groups.items()}
    entries = [entry for entry in register if isinstance(entry, t.Mapping)]
    found = {f"service {entry.get('name')}": _hosts(entry.get("hosts"), sets) for entry in entries}
    return {name: members for name, members in found.items() if members != everybody}


def _hosts(names: t.Any, sets: t.Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The hosts behind groups and hosts. A register that is not valid is judged elsewhere."""
    words = [str(name) for name in names] if isinstance(names, list | tuple) else []
    return frozenset(words).difference(sets).union(*(sets[word] for word in words if word in sets))


def _leaves(groups: Groups) -> dict[str, frozenset[str]]:
    """The inventory's groups but those that only bring others together."""
    sets = {name: frozenset(members) for name, members in groups.items() if name not in GENERAL and members}
    names_of: dict[str, set[str]] = {}
    for name, members in sets.items():
        for host in members:
            names_of.setdefault(host, set()).add(name)
    covered: dict[str, set[str]] = {}
    for members in sets.values():
        around = functools.reduce(lambda names, host: names & names_of[host], members, set(sets))
        for name in around:
            if len(sets[name]) > len(members):
                covered.setdefault(name, set()).update(members)
    return {f"group {name}": members for name, members in sets.items() if covered.get(name, set()) != set(members)}
