# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Time zones of the controller: when a slot begins, and what their clocks skip."""

from __future__ import annotations

import datetime
import functools
import typing as t
import zoneinfo

from ansible_collections.infosec.principles.plugins.plugin_utils._maintenance.model import DAY

UTC = datetime.timezone.utc
_HOUR = datetime.timedelta(hours=1)
#: Years for which changes of a clock are looked at, from the present one on.
YEARS = 3


class UnknownZone(ValueError):
    """No such time zone on the controller; the message says the remedy."""


@functools.cache
def zone(name: str) -> datetime.tzinfo:
    """The time zone of an IANA name. Raises UnknownZone."""
    if name == "UTC":
        return UTC
    try:
        # Names of the database have a region; "localtime" or "posixrules" mean another thing on each machine.
        if not name[:1].isupper():
            raise ValueError
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = zoneinfo.available_timezones()
        remedy = "write an IANA name such as Europe/Berlin" if known else "the controller has no time zone database; "
        raise UnknownZone(remedy if known else remedy + "install tzdata (pip install tzdata)") from None


def begins(day: datetime.date, minute: int, name: str) -> datetime.datetime:
    """The moment (UTC) at which the clock of the zone first shows this minute of the day."""
    local = datetime.datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone(name))
    return local.astimezone(UTC)


def upcoming(
    days: t.Collection[int], minute: int, length: int, name: str, now: datetime.datetime
) -> t.Iterator[datetime.datetime]:
    """When what takes `length` minutes on these weekdays begins: what is under way now, then all that follows."""
    today = now.astimezone(zone(name)).date()
    # What began the evening before may still be under way.
    day = today - datetime.timedelta(days=2)
    while True:
        if day.weekday() in days:
            start = begins(day, minute, name)
            if start + datetime.timedelta(minutes=length) > now:
                yield start
        day += datetime.timedelta(days=1)


@functools.cache
def skipped(name: str, year: int) -> tuple[tuple[int, int, int], ...]:
    """(weekday, first minute, last minute) that the zone's clock skips in YEARS years, such as 02:00 to 03:00."""
    found = set()
    for before, after, moment in changes(name, year):
        length = int((after - before).total_seconds() // 60)
        if length > 0:
            local = (moment + before).replace(tzinfo=None)
            first = local.hour * 60 + local.minute
            found.add((local.weekday(), first, first + length))
    return tuple(sorted(found))


@functools.cache
def changes(name: str, year: int) -> tuple[tuple[datetime.timedelta, datetime.timedelta, datetime.datetime], ...]:
    """(offset before, offset after, moment in UTC) of each change of the zone's clock in YEARS years."""
    found = []
    moment = datetime.datetime(year, 1, 1, tzinfo=UTC)
    while moment.year < year + YEARS:
        later = moment + 24 * _HOUR
        if offset(name, moment) != offset(name, later):
            exact = _exact(name, moment, later)
            found.append((offset(name, moment), offset(name, later), exact))
        moment = later
    return tuple(found)


def offset(name: str, moment: datetime.datetime) -> datetime.timedelta:
    """How far the clock of the zone is ahead of UTC at that moment."""
    return t.cast(datetime.timedelta, moment.astimezone(zone(name)).utcoffset())


def _exact(name: str, first: datetime.datetime, last: datetime.datetime) -> datetime.datetime:
    """The minute of the change between two moments, halving."""
    before = offset(name, first)
    while last - first > datetime.timedelta(minutes=1):
        middle = first + datetime.timedelta(minutes=(last - first) // datetime.timedelta(minutes=2))
        first, last = (middle, last) if offset(name, middle) == before else (first, middle)
    return last


@functools.cache
def differences(one: str, other: str, year: int) -> tuple[int, ...]:
    """By how many minutes the clock of `one` is ahead of that of `other`: every value of the year and the next two."""
    moments = [moment for name in (one, other) for _before, _after, moment in changes(name, year)]
    start = datetime.datetime(year, 1, 1, tzinfo=UTC)
    return tuple(sorted({int((offset(one, at) - offset(other, at)).total_seconds() // 60) for at in (start, *moments)}))


def touches(days: t.Collection[int], minute: int, length: int, spans: t.Iterable[tuple[int, int, int]]) -> bool:
    """Whether `length` minutes from `minute` on (also past midnight) of one of these weekdays meet one of the spans."""
    return any(
        (day * DAY + minute) < at * DAY + last + week and (day * DAY + minute + length) > at * DAY + first + week
        for day in days
        for at, first, last in spans
        for week in (-7 * DAY, 0, 7 * DAY)
    )
