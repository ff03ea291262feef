# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The register of services as it stands once it is valid, and the inventory that it speaks about."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._register.ports import Port

VARIABLE = "infosec_services"
TLS = ("none", "required", "intermediate", "modern")
#: Clients that are no place: everybody, and nobody but the host itself.
ANY, NONE = "any", "none"


class RegisterError(ValueError):
    """The register cannot be used. faults: each with its place and the remedy."""

    def __init__(self, faults: t.Sequence[str]) -> None:
        heading = f"The register of services ({VARIABLE}) has {len(faults)} fault(s):"
        super().__init__("\n".join([heading, *(f"- {fault}" for fault in faults)]))
        self.faults = tuple(faults)


class Admin(t.NamedTuple):
    """Who may use a web administration at a service's ports. name: of the entry that says so."""

    name: str
    clients: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Service:
    """One valid entry. hosts and clients: as written, so that a group of 10,000 is one word; review_by: YYYY-MM-DD.

    admin: what the entry itself, and those that share its ports, say of web administration there.
    """

    name: str
    hosts: tuple[str, ...]
    unit: str
    ports: tuple[Port, ...]
    clients: tuple[str, ...]
    tls: str
    justification: str
    owner: str
    review_by: str
    names: tuple[str, ...] = ()
    admin: tuple[Admin, ...] = ()


class Inventory:
    """Names that may stand in `hosts` and `clients`: of groups and of hosts. A name that is both means both."""

    def __init__(self, groups: t.Mapping[str, t.Iterable[str]]) -> None:
        self._groups = {str(name): tuple(map(str, groups[name])) for name in groups}

    @functools.cached_property
    def hosts(self) -> frozenset[str]:
        """Every host."""
        return frozenset(host for members in self._groups.values() for host in members)

    def knows(self, name: str) -> bool:
        """Whether it is a group or a host."""
        return name in self._groups or name in self.hosts

    def members(self, names: t.Iterable[str]) -> frozenset[str]:
        """The hosts behind groups and hosts; nothing for a name that is not known."""
        return self._members(frozenset(names))

    @functools.cached_property
    def _members(self) -> t.Callable[[frozenset[str]], frozenset[str]]:
        def members(names: frozenset[str]) -> frozenset[str]:
            return (names & self.hosts).union(*(self._groups.get(name, ()) for name in names))

        return functools.cache(members)

    def names(self) -> list[str]:
        """Every group and host."""
        return sorted({*self._groups, *self.hosts})
