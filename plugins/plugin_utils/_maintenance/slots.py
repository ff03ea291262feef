# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which host gets which slot: by a hash of its name, and none that a member of one of its groups has."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import math
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._maintenance import zones
from ansible_collections.infosec.principles.plugins.plugin_utils._maintenance.model import WEEK, Policy

#: A slot: the number of its policy, and which of that policy's slots.
Cell = tuple[int, int]
#: How many slots are tried, over all hosts, where others have to move so that one finds its place.
BUDGET = 200_000
DEPTH = 3


@dataclasses.dataclass(frozen=True)
class Lot:
    """A policy, when its slots begin (minutes from the midnight before its window), and the hosts that share them."""

    policy: Policy
    starts: tuple[int, ...]
    hosts: tuple[str, ...]


def starts(policy: Policy, year: int) -> tuple[int, ...]:
    """When the slots begin. Those that meet a time that the zone's clock skips are left out: systemd would, too."""
    spans = zones.skipped(policy.time_zone, year)
    first = range(policy.start, policy.start + policy.duration - policy.slot + 1, policy.slot)
    return tuple(start for start in first if not zones.touches(policy.days, start, policy.slot, spans))


class Plan:
    """Gives each host a slot. `groups`: the members of each group in which no slot is used twice.

    The order and the wishes of hosts follow from their names alone. So a host that comes or goes moves only those that
    it takes a slot from, or leaves one to.
    """

    def __init__(self, lots: t.Sequence[Lot], groups: t.Mapping[str, t.Collection[str]], year: int) -> None:
        self._lots = lots
        self._lot_of = {host: number for number, lot in enumerate(lots) for host in lot.hosts}
        self._groups_of: dict[str, list[str]] = {}
        self._sizes: dict[tuple[str, int], int] = {}
        for name in sorted(groups):
            for host in groups[name]:
                self._groups_of.setdefault(host, []).append(name)
                place = (name, self._lot_of[host])
                self._sizes[place] = self._sizes.get(place, 0) + 1
        self._overlaps = Overlaps(lots, year)
        self._users: dict[tuple[str, Cell], set[str]] = {}
        self._tries = BUDGET
        self.cells: dict[str, Cell] = {}
        self.homeless: list[str] = []

    def make(self) -> Plan:
        """Give every host its slot; those that find none are `homeless`."""
        for host in sorted(self._lot_of, key=lambda host: (self._shares(host), _digest(host)[:8], host)):
            free = next((cell for cell in self._wishes(host) if self._is_free(host, cell)), None)
            if free is not None:
                self._put(host, free)
            elif self._shares(host):
                self._put(host, min(self._wishes(host), key=lambda cell: self._load(host, cell)))
            elif not self._make_room(host, DEPTH, frozenset()):
                self.homeless.append(host)
        return self

    def _shares(self, host: str) -> bool:
        return self._lots[self._lot_of[host]].policy.share

    def _wishes(self, host: str) -> t.Iterator[Cell]:
        """All slots of its policy, in an order that differs from name to name."""
        number, digest = self._lot_of[host], _digest(host)
        count = len(self._lots[number].starts)
        at, step = int.from_bytes(digest[8:16], "big") % count, int.from_bytes(digest[16:24], "big") % count
        while math.gcd(step, count) != 1:
            step += 1
        return ((number, (at + step * index) % count) for index in range(count))

    def _is_free(self, host: str, cell: Cell) -> bool:
        return all(self._used(group, cell) < self._room(group, cell) for group in self._groups_of.get(host, ()))

    def _load(self, host: str, cell: Cell) -> tuple[int, int]:
        """By how much the fullest of its groups is over what the slot has room for, and how many are there in all."""
        groups = self._groups_of.get(host, ())
        used = [(self._used(group, cell), self._room(group, cell)) for group in groups]
        return max((count - room for count, room in used), default=0), sum(count for count, _room in used)

    def _used(self, group: str, cell: Cell) -> int:
        return sum(len(self._users.get((group, one), ())) for one in self._overlaps.of(cell))

    def _room(self, group: str, cell: Cell) -> int:
        """How many members may have the slot: one; where they have to share, as many in each but for a remainder."""
        number, index = cell
        members, lot = self._sizes[group, number], self._lots[number]
        if not lot.policy.share or members <= len(lot.starts):
            return 1
        whole, rest = divmod(members, len(lot.starts))
        return whole + (index in _favourites(group, len(lot.starts))[:rest])

    def _put(self, host: str, cell: Cell) -> None:
        self.cells[host] = cell
        for group in self._groups_of.get(host, ()):
            self._users.setdefault((group, cell), set()).add(host)

    def _take(self, host: str) -> Cell:
        cell = self.cells.pop(host)
        for group in self._groups_of.get(host, ()):
            self._users[group, cell].discard(host)
        return cell

    def _make_room(self, host: str, depth: int, settled: frozenset[str]) -> bool:
        """Move others, and if need be those who are in their way, so that the host gets a slot."""
        for cell in self._wishes(host):
            self._tries -= 1
            others = self._in_the_way(host, cell)
            if self._tries < 0 or depth == 0:
                return False
            if others & settled:
                continue
            before = dict(self.cells)
            for other in others:
                self._take(other)
            self._put(host, cell)
            if all(self._settle(other, depth - 1, settled | {host}) for other in sorted(others)):
                return True
            self._restore(before)
        return False

    def _settle(self, host: str, depth: int, settled: frozenset[str]) -> bool:
        free = next((cell for cell in self._wishes(host) if self._is_free(host, cell)), None)
        if free is None:
            return self._make_room(host, depth, settled)
        self._put(host, free)
        return True

    def _in_the_way(self, host: str, cell: Cell) -> frozenset[str]:
        return frozenset(
            other
            for group in self._groups_of.get(host, ())
            for one in self._overlaps.of(cell)
            for other in self._users.get((group, one), ())
        )

    def _restore(self, before: t.Mapping[str, Cell]) -> None:
        moved = [host for host, cell in self.cells.items() if before.get(host) != cell]
        for host in moved:
            self._take(host)
        for host, cell in before.items():
            if host not in self.cells:
                self._put(host, cell)


class Overlaps:
    """Which slots of other policies are at the time of one in some week: clocks change on different days."""

    def __init__(self, lots: t.Sequence[Lot], year: int) -> None:
        self._lots, self._year = lots, year
        self.of = functools.cache(self._of)
        self._mask = functools.cache(self._mask_of)

    def _of(self, cell: Cell) -> tuple[Cell, ...]:
        mine = self._mask(cell)
        others = (number for number in range(len(self._lots)) if number != cell[0])
        return (cell, *(found for number in others for found in self._meeting(cell[0], mine, number)))

    def _meeting(self, mine: int, mask: int, other: int) -> t.Iterator[Cell]:
        zone = self._lots[mine].policy.time_zone
        shifts = zones.differences(zone, self._lots[other].policy.time_zone, self._year)
        for index in range(len(self._lots[other].starts)):
            theirs = self._mask((other, index))
            if any(mask & turned(theirs, shift) for shift in shifts):
                yield (other, index)

    def _mask_of(self, cell: Cell) -> int:
        """The minutes of the week in the policy's own time, one bit each."""
        policy, start = self._lots[cell[0]].policy, self._lots[cell[0]].starts[cell[1]]
        slot = (1 << policy.slot) - 1
        return functools.reduce(lambda mask, day: mask | turned(slot, day * WEEK // 7 + start), policy.days, 0)


def turned(mask: int, minutes: int) -> int:
    """A week of minutes, so much later, round and round."""
    minutes %= WEEK
    moved = mask << minutes
    return (moved | moved >> WEEK) & ((1 << WEEK) - 1)


@functools.lru_cache(maxsize=1 << 17)
def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()


@functools.lru_cache(maxsize=1 << 12)
def _favourites(group: str, count: int) -> tuple[int, ...]:
    """All slots in the order in which they take one member more."""
    return tuple(sorted(range(count), key=lambda index: _digest(f"{group}\0{index}")))
