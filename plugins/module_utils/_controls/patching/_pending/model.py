# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What every package manager is asked for: which security updates wait, and of which day the data is."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t


@dataclasses.dataclass(frozen=True)
class Update:
    """A security update that waits. name: as the package manager takes it. place: the list or advisory that has it.

    held: why the package manager leaves it alone; "" where it would install it.
    """

    name: str
    installed: str
    version: str
    place: str
    held: str = ""


@dataclasses.dataclass(frozen=True)
class Data:
    """One source of security updates. subject: its name. place: the file that tells its day.

    date: of which day its data is, None where there is none. expires: until when its maker vouches for it.
    fault: why it cannot be judged by; "" where it can.
    """

    subject: str
    place: str
    date: datetime.datetime | None = None
    expires: datetime.datetime | None = None
    fault: str = ""


@dataclasses.dataclass(frozen=True)
class Known:
    """All that the package manager knows without asking anybody. why: why that is nothing at all; "" where it is not.

    unfinished: packages that an installation which was cut off left half-done.
    """

    manager: str
    sources: tuple[Data, ...] = ()
    updates: tuple[Update, ...] = ()
    unfinished: tuple[str, ...] = ()
    why: str = ""


def stale(data: Data, now: datetime.datetime, days: int) -> str:
    """Why the data says nothing about today; "" where it does."""
    if data.date is None:
        return data.fault or "has not been fetched yet"
    if data.date > now + datetime.timedelta(days=1):
        return f"is of {data.date:%Y-%m-%d}, which has not come yet; look at the clock"
    if data.expires and data.expires < now:
        return f"is of {data.date:%Y-%m-%d} and was good until {data.expires:%Y-%m-%d}"
    if now - data.date > datetime.timedelta(days=days):
        return f"is of {data.date:%Y-%m-%d}, more than {days} days ago"
    return data.fault


def last(sources: t.Iterable[Data]) -> str:
    """The day of the oldest data, as text."""
    dates = [data.date for data in sources if data.date]
    return f"{min(dates):%Y-%m-%d}" if dates else "no day at all"
