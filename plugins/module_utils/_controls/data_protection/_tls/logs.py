# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What a server has written to the journal: for many products, that alone tells who came in clear."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import Clear
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: Lines of the journal that are looked through, which takes about a second.
MAX_LINES = 100_000
SECONDS = 15
DAY = 86400.0
#: The first line says how far back the journal reaches.
_READ = f'journalctl -q --no-pager -o short-unix -n {MAX_LINES} -u "$1" 2>/dev/null | sed -n -E -e 1p -e "/$2/p"'


@dataclasses.dataclass(frozen=True)
class Log:
    """days: how far back it reaches. lines: (days ago, the text behind the time), oldest first."""

    days: float
    lines: tuple[tuple[float, str], ...]


def read(host: Host, unit: str, pattern: str) -> Log | None:
    """Lines of a unit that match an extended regular expression; None where the journal has nothing of the unit."""
    done = host.ask("sh", "-c", _READ, "sh", unit, pattern, timeout=SECONDS)
    found = list(_lines(host.now().timestamp(), done.stdout)) if done.rc == 0 else []
    return Log(found[0][0], tuple(found)) if found else None


def _lines(now: float, text: str) -> t.Iterator[tuple[float, str]]:
    for line in text.splitlines():
        time, _space, rest = line.partition(" ")
        try:
            yield max(0.0, (now - float(time)) / DAY), rest
        except ValueError:
            continue


def clear(log: Log | None, came: t.Iterable[tuple[str, float]], base: Clear, further: str) -> Clear:
    """What the log adds to what the configuration says. came: (who came in clear, days ago), in any order."""
    if log is None:
        return dataclasses.replace(base, told=False, further=further)
    latest: dict[str, float] = {}
    for name, ago in came:
        latest[printable(name)] = min(ago, latest.get(printable(name), ago))
    return dataclasses.replace(
        base, told=True, came=tuple(sorted(latest.items())), days=log.days, looked="the lines of the journal"
    )
