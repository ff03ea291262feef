# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Timers and what they start, as systemd has them in effect."""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

_PROPERTIES = (
    *("Id", "LoadState", "ActiveState", "SubState", "TimersCalendar", "TimersMonotonic", "RandomizedDelayUSec"),
    *("AccuracyUSec", "Persistent", "NextElapseUSecRealtime", "DropInPaths", "Wants", "Requires", "After"),
)
_CALENDAR = re.compile(r"\{ OnCalendar=(.*?) ; next_elapse=.*\}")
#: systemd.time(7), in the units in which systemctl writes spans.
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


@dataclasses.dataclass(frozen=True)
class Timer:
    """A timer, or what it starts. calendar: its events as systemd writes them. monotonic: those counted from a boot.

    random, accuracy: seconds by which it may be late; -1 where that could not be read. next: when it elapses (UTC).
    """

    name: str
    load: str = ""
    active: str = ""
    sub: str = ""
    calendar: tuple[str, ...] = ()
    monotonic: tuple[str, ...] = ()
    random: float = 0
    accuracy: float = 0
    persistent: bool = False
    next: datetime.datetime | None = None
    drop_ins: tuple[str, ...] = ()
    pulls: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()


def read(host: Host, names: t.Sequence[str]) -> tuple[dict[str, Timer], str]:
    """The units of these names, loaded or not; or why there are none."""
    if not host.exists("/run/systemd/system"):
        return {}, "systemd does not run here (no /run/systemd/system)"
    # systemctl writes times in its own time zone, with abbreviations that can mean anything.
    told = host.ask("env", "TZ=UTC", "systemctl", "show", f"--property={','.join(_PROPERTIES)}", "--", *names)
    units = parse(told.stdout)
    if set(units) != set(names):
        return {}, f"systemctl show: {told.stderr.strip() or f'ended with {told.rc}'}"
    return units, ""


def parse(text: str) -> dict[str, Timer]:
    """Read the output of `systemctl show`, one block a unit."""
    return {unit.name: unit for unit in map(_unit, re.split(r"\n\n+", text)) if unit.name}


def _unit(block: str) -> Timer:
    pairs = [line.partition("=")[::2] for line in block.strip().split("\n")]
    values = dict(pairs)
    words = {key: tuple(value.split()) for key, value in values.items()}
    events = (_CALENDAR.fullmatch(value) for key, value in pairs if key == "TimersCalendar")
    return Timer(
        name=values.get("Id", ""),
        load=values.get("LoadState", ""),
        active=values.get("ActiveState", ""),
        sub=values.get("SubState", ""),
        calendar=tuple(match[1] for match in events if match),
        monotonic=tuple(value for key, value in pairs if key == "TimersMonotonic" and value),
        random=seconds(values.get("RandomizedDelayUSec", "0")),
        accuracy=seconds(values.get("AccuracyUSec", "0")),
        persistent=values.get("Persistent") == "yes",
        next=moment(values.get("NextElapseUSecRealtime", "")),
        drop_ins=words.get("DropInPaths", ()),
        pulls=frozenset((*words.get("Wants", ()), *words.get("Requires", ()))),
        after=frozenset(words.get("After", ())),
    )


def seconds(text: str) -> float:
    """A span such as "1h 30min" or "0"; -1 for anything else."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([a-z]*)", text)
    if not parts or not all(unit in _SECONDS or number == "0" for number, unit in parts):
        return -1
    return sum(float(number) * _SECONDS.get(unit, 0) for number, unit in parts)


def moment(text: str) -> datetime.datetime | None:
    """A moment such as "Sat 2026-11-28 01:15:00 UTC"; None where there is none."""
    try:
        when = datetime.datetime.strptime(text[4:], "%Y-%m-%d %H:%M:%S UTC")
    except ValueError:
        return None
    return when.replace(tzinfo=datetime.timezone.utc)
