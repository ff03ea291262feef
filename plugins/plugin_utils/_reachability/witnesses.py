# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which hosts try a service where not all of them do: some of every group, always the same ones.

Every service has its own witnesses, so that each host tries about as much as every other.
"""

from __future__ import annotations

import functools
import hashlib
import typing as t


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


class _Circle:
    """Hosts in an order of their own, to be taken from any point on."""

    def __init__(self, hosts: t.Sequence[str]) -> None:
        self._hosts = hosts
        self._members = frozenset(hosts)

    def add(self, count: int, start: int, target: str, chosen: set[str]) -> None:
        """Choose until `count` of these hosts are chosen, as far as there are so many besides the target."""
        missing = count - len(chosen & self._members)
        for step in range(len(self._hosts)):
            if missing <= 0:
                return
            host = self._hosts[(start + step) % len(self._hosts)]
            if host != target and host not in chosen:
                chosen.add(host)
                missing -= 1


class Witnesses:
    """Chooses `count` hosts of every group: of `online`, or of all `hosts` where a group has none that is."""

    def __init__(
        self, count: int, groups: t.Mapping[str, t.Iterable[str]], hosts: t.Collection[str], online: t.Collection[str]
    ) -> None:
        self._count, self._online = count, frozenset(online)
        known = frozenset(hosts)
        members = {known, *(known.intersection(groups[name]) for name in groups)}
        # Small groups first: their witnesses are also those of the groups that hold them.
        self._groups = sorted(
            (sorted(group, key=_number) for group in members if group), key=lambda one: (len(one), one)
        )
        self._circles = functools.cache(self._split)

    def choose(self, allowed: frozenset[str], target: str, service: str) -> list[str]:
        """Those of every group that must not reach the service, and as many of those that may; sorted."""
        chosen: set[str] = set()
        start = _number(f"{target} {service}")
        for circle in self._circles(allowed):
            circle.add(self._count, start, target, chosen)
        return sorted(chosen)

    def _split(self, allowed: frozenset[str]) -> list[_Circle]:
        halves = [
            [host for host in group if (host in allowed) is may] for group in self._groups for may in (False, True)
        ]
        return [_Circle([host for host in half if host in self._online] or half) for half in halves if half]
