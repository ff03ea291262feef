# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What a host does not do any more since it was rebooted."""

from __future__ import annotations

import fnmatch
import typing as t

#: From here on, Linux gives out ports by itself: what listens there has another port after each start.
EPHEMERAL = 32768

Listeners = t.Iterable[t.Mapping[str, t.Any]]


def lost(
    before: Listeners,
    after: Listeners,
    declared: t.Iterable[tuple[int, int, str]] = (),
    expected: t.Collection[str] = (),
) -> list[str]:
    """What listened before and does not now.

    declared: first, last and protocol of ports that are the same after each start. expected: patterns of ports that are
    meant to be gone, such as 8080/tcp.
    """
    known = tuple(declared)
    meant = [one for one in before if not one.get("ephemeral") and not _matches(one, expected)]
    return sorted({_key(one, known) for one in meant} - {_key(one, known) for one in after})


def _matches(one: t.Mapping[str, t.Any], patterns: t.Collection[str]) -> bool:
    return any(fnmatch.fnmatchcase(f"{one['port']}/{one['protocol']}", pattern) for pattern in patterns)


def _key(one: t.Mapping[str, t.Any], declared: t.Sequence[tuple[int, int, str]]) -> str:
    port, protocol = int(one["port"]), str(one["protocol"])
    fixed = port < EPHEMERAL or any(protocol == kind and first <= port <= last for first, last, kind in declared)
    place = f"[{one['address']}]" if ":" in str(one["address"]) else one["address"]
    name = one.get("unit") or one.get("process") or "unknown"
    return f"{place}:{port}/{protocol}" if fixed else f"a port of {name} at {place}/{protocol}"
