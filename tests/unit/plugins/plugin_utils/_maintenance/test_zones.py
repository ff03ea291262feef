# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clocks that skip and repeat hours: no slot is lost or comes twice, and `next` is right."""

from __future__ import annotations

import datetime
import itertools
import zoneinfo

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.infosec.principles.plugins.plugin_utils._maintenance import policy, slots, zones

UTC = datetime.timezone.utc
SUN, MON = 6, 0


def upcoming(days: tuple[int, ...], minute: int, name: str, now: str, *, length: int = 15) -> list[str]:
    moment = datetime.datetime.fromisoformat(now).replace(tzinfo=UTC)
    return [f"{at:%m-%d %H:%M}" for at in itertools.islice(zones.upcoming(days, minute, length, name, moment), 3)]


@pytest.mark.parametrize(
    ("minute", "now", "expected"),
    [
        # Berlin is UTC+1 in winter and UTC+2 from 2027-03-28 to 2027-10-31.
        (195, "2027-03-20 00:00", ["03-21 02:15", "03-28 01:15", "04-04 01:15"]),
        (135, "2027-10-30 00:00", ["10-31 00:15", "11-07 01:15", "11-14 01:15"]),
        # What is open comes first, until it ends.
        (195, "2027-03-21 02:29:59", ["03-21 02:15", "03-28 01:15", "04-04 01:15"]),
        (195, "2027-03-21 02:30", ["03-28 01:15", "04-04 01:15", "04-11 01:15"]),
    ],
)
def test_next_beginnings(minute: int, now: str, expected: list[str]) -> None:
    assert upcoming((SUN,), minute, "Europe/Berlin", now) == expected


def test_what_is_open_since_yesterday_comes_first() -> None:
    assert upcoming((SUN,), 1439, "UTC", "2027-03-22 00:10", length=60)[0] == "03-21 23:59"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("UTC", ()),
        ("Asia/Tokyo", ()),
        ("Europe/Berlin", ((SUN, 120, 180),)),
        ("America/New_York", ((SUN, 120, 180),)),
        # Half an hour.
        ("Australia/Lord_Howe", ((SUN, 120, 150),)),
        ("Europe/Lisbon", ((SUN, 60, 120),)),
        # Midnight itself.
        ("America/Santiago", ((SUN, 0, 60),)),
    ],
)
def test_skipped_hours(name: str, expected: tuple[tuple[int, int, int], ...]) -> None:
    assert zones.skipped(name, 2026) == expected


def starts(**written: str) -> list[str]:
    read, faults = policy.parse({"slot": "30m", "time_zone": "Europe/Berlin", **written}, ())
    assert read is not None, faults
    return [f"{start // 60:02}:{start % 60:02}" for start in slots.starts(read, 2026)]


def test_slots_that_meet_a_skipped_hour_are_not_used() -> None:
    assert starts(days="sun", start="01:00", duration="3h") == ["01:00", "01:30", "03:00", "03:30"]
    assert starts(days="sun", start="01:15", duration="3h") == ["01:15", "03:15", "03:45"]
    assert len(starts(days="sat", start="01:00", duration="3h")) == 6
    # Past midnight of Saturday it is Sunday.
    assert "26:00" not in starts(days="sat", start="23:00", duration="5h")
    assert "27:00" in starts(days="sat", start="23:00", duration="5h")
    assert starts(days="sun", start="02:00", duration="1h") == []


ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu", "UTC")


@hypothesis.given(
    st.sampled_from(ZONES),
    st.sets(st.integers(0, 6), min_size=1),
    st.integers(0, 1439),
    st.datetimes(datetime.datetime(2026, 1, 1), datetime.datetime(2028, 6, 1)),
)
def test_a_slot_comes_once_on_each_of_its_days(name: str, days: set[int], minute: int, now: datetime.datetime) -> None:
    hypothesis.assume(not zones.touches(days, minute, 5, zones.skipped(name, 2026)))
    first = now.replace(tzinfo=UTC)
    found = list(itertools.islice(zones.upcoming(days, minute, 5, name, first), 30))
    local = [at.astimezone(zoneinfo.ZoneInfo(name)) for at in found]
    assert {at.hour * 60 + at.minute for at in local} == {minute}
    assert {at.weekday() for at in local} <= days
    # Every such day between the first and the last, each once.
    dates = [at.date() for at in local]
    span = (dates[0] + datetime.timedelta(days=count) for count in range((dates[-1] - dates[0]).days + 1))
    assert dates == [day for day in span if day.weekday() in days]
    assert found[0] + datetime.timedelta(minutes=5) > first


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Europe/Berlin", "Europe/Berlin", (0,)),
        ("Europe/Berlin", "Europe/London", (60,)),
        # The clocks of Europe and of America change weeks apart.
        ("Europe/Berlin", "America/New_York", (300, 360)),
        ("UTC", "Europe/Berlin", (-120, -60)),
        # An hour apart, which is none for one hour in spring and two in autumn.
        ("America/New_York", "America/Chicago", (0, 60, 120)),
    ],
)
def test_differences(one: str, other: str, expected: tuple[int, ...]) -> None:
    assert zones.differences(one, other, 2026) == expected
