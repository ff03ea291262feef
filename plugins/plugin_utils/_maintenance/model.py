# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""A maintenance policy as it stands once it is valid."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

VARIABLE = "infosec_maintenance"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
REBOOT = ("never", "when_needed")
DAY = 24 * 60
WEEK = 7 * DAY


class MaintenanceError(ValueError):
    """No plan can be made. faults: each with its place and the remedy."""

    def __init__(self, faults: t.Sequence[str]) -> None:
        heading = f"The maintenance windows ({VARIABLE}) have {len(faults)} fault(s):"
        super().__init__("\n".join([heading, *(f"- {fault}" for fault in faults)]))
        self.faults = tuple(faults)


@dataclasses.dataclass(frozen=True)
class Forbidden:
    """A time in which nothing may be done: weekdays (0 is Monday) or days, from and until in minutes of the day."""

    days: frozenset[int]
    dates: tuple[tuple[datetime.date, datetime.date], ...]
    first: int
    last: int
    why: str


@dataclasses.dataclass(frozen=True)
class Policy:
    """One valid infosec_maintenance. days: 0 is Monday. start: minute of the day. duration, slot: minutes.

    groups: inventory groups whose members must not share a slot; None where that follows from the register.
    """

    days: tuple[int, ...]
    start: int
    duration: int
    slot: int
    time_zone: str
    reboot: str
    catch_up: bool
    forbidden: tuple[Forbidden, ...]
    groups: tuple[str, ...] | None
    share: bool


def clock(minute: int) -> str:
    """A minute of the day as HH:MM."""
    return f"{minute % DAY // 60:02}:{minute % 60:02}"
