# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""systemd.time(7): calendar events that begin at a time of the day, on some weekdays or all."""

from __future__ import annotations

import dataclasses
import re

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# As systemd writes it out: weekdays, any date, the time, and a time zone unless it is the host's own.
_EVENT = re.compile(r"(?:(?P<days>[A-Z][A-Za-z.,]+) )?\*-\*-\* (?P<time>\d\d:\d\d):00(?: (?P<zone>\S+))?")


@dataclasses.dataclass(frozen=True)
class Event:
    """days: "mon" to "sun". time: HH:MM. zone: an IANA name, or "" for the host's own time."""

    days: frozenset[str]
    time: str
    zone: str

    def render(self) -> str:
        """As systemd writes it out, but for runs of weekdays, which it joins."""
        days = ",".join(day.capitalize() for day in DAYS if day in self.days)
        every_day = len(self.days) == len(DAYS)
        return " ".join(filter(None, ("" if every_day else days, f"*-*-* {self.time}:00", self.zone)))


def parse(text: str) -> Event | None:
    """The event that systemd tells of; None for one of another kind."""
    match = _EVENT.fullmatch(text)
    if not match:
        return None
    try:
        days = frozenset(day for part in (match["days"] or "Mon..Sun").split(",") for day in _run(part))
    except ValueError:
        return None
    return Event(days, match["time"], match["zone"] or "")


def _run(part: str) -> tuple[str, ...]:
    first, _dots, last = part.lower().partition("..")
    return DAYS[DAYS.index(first) : DAYS.index(last or first) + 1]
