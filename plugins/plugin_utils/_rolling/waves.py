# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which hosts may be off at the same time: no two of one group."""

from __future__ import annotations

import typing as t


def waves(hosts: t.Iterable[str], groups: t.Iterable[t.Iterable[str]]) -> list[list[str]]:
    """The hosts in waves, each once: every host goes into the first wave that has nobody of its groups.

    The order is that of `hosts`, so that the same hosts give the same waves.
    """
    peers = neighbours(groups)
    made: list[list[str]] = []
    for host in dict.fromkeys(hosts):
        free = next((wave for wave in made if peers.get(host, set()).isdisjoint(wave)), None)
        if free is None:
            made.append([host])
        else:
            free.append(host)
    return made


def neighbours(groups: t.Iterable[t.Iterable[str]]) -> dict[str, set[str]]:
    """For each host of a group, all others of its groups."""
    known: dict[str, set[str]] = {}
    for group in map(frozenset, groups):
        for host in group:
            known.setdefault(host, set()).update(group)
    return {host: others - {host} for host, others in known.items()}
