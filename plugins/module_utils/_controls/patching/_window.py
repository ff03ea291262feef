# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The time in which this host may be changed and restarted: its slot of infosec_maintenance, by the controller."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options

#: The host's slot of the maintenance window (an option of the controls that keep to it); empty where none is declared.
WINDOW_OPTION: dict[str, t.Any] = {
    "type": "dict",
    "options": {
        "days": {"type": "list", "elements": "str"},
        "start": {"type": "str"},
        "minutes": {"type": "int"},
        "time_zone": {"type": "str"},
        "reboot": {"type": "str", "choices": ["never", "when_needed"], "default": "never"},
        "catch_up": {"type": "bool"},
        "next": {"type": "list", "elements": "str"},
    },
}


@dataclasses.dataclass(frozen=True)
class Window:
    """One host's slot.

    days: "mon" to "sun". start: "HH:MM" in time_zone (an IANA name). minutes: how long it is. reboot: never, or
    when_needed. catch_up: a run that was missed (the host was off) is made up for at the next boot.
    next: when the slot that is open or comes next begins, and those after it (UTC): hosts need no time zone database.
    """

    days: tuple[str, ...]
    start: str
    minutes: int
    time_zone: str
    reboot: str
    catch_up: bool
    next: tuple[datetime.datetime, ...]

    def is_open(self, now: datetime.datetime) -> bool:
        """Whether the slot is open now."""
        length = datetime.timedelta(minutes=self.minutes)
        return any(start <= now < start + length for start in self.next)

    def opens(self, now: datetime.datetime) -> datetime.datetime | None:
        """When the slot opens the next time, as far as the controller said."""
        return next((start for start in self.next if start > now), None)


def parse(options: Options) -> Window | None:
    """The option `window` of a control; None where no window is declared."""
    given = options["window"]
    if not (given and given.get("start")):
        return None
    return Window(
        days=tuple(given["days"]),
        start=given["start"],
        minutes=given["minutes"],
        time_zone=given["time_zone"],
        reboot=given["reboot"],
        catch_up=given["catch_up"],
        next=tuple(datetime.datetime.fromisoformat(one) for one in given["next"]),
    )
