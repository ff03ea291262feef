# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets which slot: nobody that a peer has, the same whoever else is there, and every fault told before that."""

from __future__ import annotations

import collections
import datetime
import itertools
import time
import typing as t

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.infosec.principles.plugins.plugin_utils._maintenance.model import MaintenanceError
from ansible_collections.infosec.principles.plugins.plugin_utils._maintenance.plan import plan

NOW = datetime.datetime(2026, 11, 24, 12, 0, tzinfo=datetime.timezone.utc)
WINDOW = {"days": ["sat", "sun"], "start": "22:00", "duration": "4h", "time_zone": "Europe/Berlin", "slot": "15m"}
Groups = dict[str, list[str]]


def names(count: int) -> list[str]:
    return [f"host{number:05}" for number in range(count)]


def inventory(**groups: list[str]) -> Groups:
    return {"all": sorted({host for members in groups.values() for host in members}), **groups}


def made(
    inventory_groups: Groups,
    /,
    policies: t.Mapping[str, t.Any] | None = None,
    register: t.Sequence[t.Any] = (),
    **written: t.Any,
) -> dict[str, t.Any]:
    """The plan; all hosts have WINDOW, changed by `written`, or what `policies` says."""
    policy = {**WINDOW, **written}
    hosts = inventory_groups["all"]
    return plan(hosts, (policies or dict.fromkeys(hosts, policy)).get, inventory_groups, register, NOW)


def busy(slot: t.Mapping[str, t.Any]) -> list[tuple[datetime.datetime, datetime.datetime]]:
    begins = [datetime.datetime.fromisoformat(text) for text in slot["next"]]
    return [(begin, begin + datetime.timedelta(minutes=slot["minutes"])) for begin in begins]


def collide(one: t.Mapping[str, t.Any], other: t.Mapping[str, t.Any]) -> bool:
    pairs = itertools.product(busy(one), busy(other))
    return any(begin < other_end and other_begin < end for (begin, end), (other_begin, other_end) in pairs)


def collisions(slots: t.Mapping[str, t.Any], groups: Groups) -> list[tuple[str, str]]:
    pairs = {pair for name, members in groups.items() if name != "all" for pair in itertools.combinations(members, 2)}
    return [pair for pair in sorted(pairs) if collide(slots[pair[0]], slots[pair[1]])]


def faults(*args: t.Any, **keywords: t.Any) -> list[str]:
    with pytest.raises(MaintenanceError) as caught:
        made(*args, **keywords)
    return list(caught.value.faults)


# On the wire


def test_one_slot_on_the_wire() -> None:
    groups = inventory(web=["web1"])
    slot = made(groups, days=["sat"], start="23:30", duration="15m", reboot="when_needed")["web1"]
    assert slot["next"][:2] == ["2026-11-28T22:30:00+00:00", "2026-12-05T22:30:00+00:00"]
    assert {key: value for key, value in slot.items() if key != "next"} == {
        **{"days": ["sat"], "start": "23:30", "minutes": 15, "time_zone": "Europe/Berlin"},
        **{"reboot": "when_needed", "catch_up": False},
    }


def test_after_midnight_it_is_the_next_weekday() -> None:
    slots = made(inventory(web=names(16)), start="23:00", days=["sat"], time_zone="UTC")
    by_start = {slot["start"]: slot["days"] for slot in slots.values()}
    assert by_start["23:45"] == ["sat"] and by_start["00:00"] == ["sun"] and by_start["02:45"] == ["sun"]
    assert len(by_start) == 16


def test_hosts_without_a_window_have_no_slot() -> None:
    assert made(inventory(web=["web1", "web2"]), {"web1": WINDOW, "web2": {}}).keys() == {"web1"}


# Groups


@hypothesis.settings(deadline=None, max_examples=40)
@hypothesis.given(st.lists(st.sets(st.sampled_from(names(30)), min_size=1, max_size=12), min_size=1, max_size=6))
def test_no_two_members_share_a_slot(members: list[set[str]]) -> None:
    groups = inventory(**{f"g{number}": sorted(hosts) for number, hosts in enumerate(members)})
    slots = made(groups, groups=[name for name in groups if name != "all"])
    assert slots.keys() == set(groups["all"])
    assert collisions(slots, groups) == []


@hypothesis.settings(deadline=None, max_examples=40)
@hypothesis.given(st.sets(st.integers(0, 10**6), min_size=2, max_size=14), st.data())
def test_a_host_that_goes_moves_few(numbers: set[int], data: st.DataObject) -> None:
    hosts = sorted(f"host{number}" for number in numbers)
    gone = data.draw(st.sampled_from(hosts))
    others = ["other1", "other2"]
    before = made(inventory(web=hosts, db=others))
    after = made(inventory(web=[host for host in hosts if host != gone], db=others))
    # Who is in no group with it never moves; a peer moves only into a slot that somebody left.
    assert all(before[host] == after[host] for host in others)
    moved = {host for host in after if after[host] != before[host]}
    left = {before[host]["start"] for host in moved | {gone}}
    assert {after[host]["start"] for host in moved} <= left


def test_on_average_hardly_anybody_moves() -> None:
    hosts = names(12)
    full = made(inventory(web=hosts), duration="3h")
    moves = [
        sum(
            made(inventory(web=[h for h in hosts if h != gone]), duration="3h")[host] != full[host]
            for host in hosts
            if host != gone
        )
        for gone in hosts
    ]
    # Of eleven others, in a window without a single free slot.
    assert sum(moves) / len(moves) < 2.5


def test_the_order_of_the_inventory_does_not_matter() -> None:
    hosts = names(10)
    assert made({"all": hosts[::-1], "web": hosts}) == made({"web": hosts[::-1], "all": hosts})


def test_a_full_window_of_hosts_in_many_groups() -> None:
    """Sixteen slots, and rows and columns of sixteen: each host has to find the one slot that is left."""
    rows = {f"row{row}": [f"h{row}-{column}" for column in range(16)] for row in range(4)}
    columns = {f"column{column}": [f"h{row}-{column}" for row in range(4)] for column in range(16)}
    groups = inventory(**rows, **columns)
    assert collisions(made(groups, days=["sat"], start="20:00"), groups) == []


@pytest.mark.parametrize("slots", [3, 5, 7])
def test_shared_slots_are_shared_evenly(slots: int) -> None:
    given_out = made(inventory(web=names(20)), share=True, duration=f"{slots * 15}m")
    used = collections.Counter(slot["start"] for slot in given_out.values())
    assert len(used) == slots
    assert max(used.values()) - min(used.values()) <= 1


def test_hosts_in_no_group_are_spread() -> None:
    used = collections.Counter(slot["start"] for slot in made({"all": names(1600)}).values())
    assert len(used) == 16
    assert all(60 < count < 140 for count in used.values())


REGISTER = [{"name": "site", "hosts": ["web", "lb1"]}, {"name": "ssh", "hosts": ["all"]}, {"name": "x"}, "y"]


def test_groups_follow_from_the_register() -> None:
    groups = inventory(web=names(3), others=["lb1", "db1", "db2"])
    one_slot = {"duration": "15m"}
    assert "service site has 4 members here" in faults(groups, register=REGISTER, **one_slot)[0]
    # Everybody runs ssh, so that it is no group; nor are those of the inventory, once there is a register.
    assert len(faults(groups, register=REGISTER, **one_slot)) == 1
    assert len(made(groups, register=REGISTER[1:], **one_slot)) == 6


def test_groups_follow_from_the_inventory_where_there_is_no_register() -> None:
    groups = inventory(web=["w1", "w2"], db=["d1", "d2"], tier=["w1", "w2", "d1", "d2"], canary=["w1"])
    found = faults(groups, duration="15m")
    assert [fault.partition(": ")[2].partition(" has")[0] for fault in found] == ["group db", "group web"]


def test_groups_of_the_policy_count_alone() -> None:
    groups = inventory(web=["w1", "w2"], db=["d1", "d2"])
    assert made(groups, groups=[], duration="15m").keys() == set(groups["all"])
    assert len(faults(groups, groups=["db"], duration="15m")) == 1


# Several policies


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Europe/London", "America/New_York", "Asia/Tokyo"])
def test_windows_that_overlap_do_not_collide(zone: str) -> None:
    hosts = names(12)
    other = {**WINDOW, "start": "00:10", "time_zone": zone, "slot": "20m", "days": "daily"}
    groups = inventory(web=hosts)
    slots = made(groups, {host: (WINDOW if index % 2 else other) for index, host in enumerate(hosts)})
    assert collisions(slots, groups) == []


def test_windows_collide_in_the_weeks_between_two_changes_of_clocks() -> None:
    """New York is five or six hours behind Berlin: 17:00 there meets 22:00 here for some weeks a year only."""
    there = {**WINDOW, "start": "17:00", "duration": "15m", "time_zone": "America/New_York"}
    here = {**WINDOW, "start": "22:00", "duration": "15m"}
    assert "no slot is left for" in faults(inventory(web=["a", "b"]), {"a": here, "b": there})[0]
    tokyo = {**there, "time_zone": "Asia/Tokyo"}
    assert len(made(inventory(web=["a", "b"]), {"a": here, "b": tokyo})) == 2


# Faults


def test_a_window_that_is_too_short() -> None:
    (fault,) = faults(inventory(web=names(40)))
    assert fault.startswith(
        "infosec_maintenance (host00000, host00001, host00002 and 37 more): group web has 40 members"
    )
    assert "16 slots of 15 min: they need 600 min, it has 240 min; lengthen duration" in fault


def test_a_window_without_a_slot() -> None:
    (fault,) = faults(inventory(web=["web1"]), start="02:00", duration="1h")
    assert "every slot of the window (sat,sun 02:00, 60 min, Europe/Berlin) meets a time that the clock skips" in fault


@pytest.mark.parametrize(
    ("forbidden", "when"),
    [
        ({"days": "sun", "from": "01:00", "until": "03:00"}, "sat"),
        ({"days": "mon", "until": "01:00"}, "sun"),
        ({"days": "sat", "from": "20:00", "until": "06:00"}, "sat"),
        ({"days": "weekdays", "from": "08:00", "until": "18:00"}, ""),
        ({"days": "sat", "until": "22:00"}, ""),
        ({"dates": ["2026-12-25", "2026-12-24"]}, ""),
        ({"dates": ["2026-12-20..2027-01-06"]}, "2026-12-20"),
        # It is past midnight of Saturday the 26th.
        ({"dates": ["2026-12-27"], "until": "01:00"}, "2026-12-27"),
        ({"dates": ["2026-12-28"], "from": "02:00"}, ""),
        ({"dates": ["2026-01-01..2026-11-01"]}, ""),
        ({"dates": ["2026-12-20..2027-01-06"], "days": ["mon", "tue"], "from": "03:00"}, ""),
    ],
)
def test_forbidden_times(forbidden: dict[str, t.Any], when: str) -> None:
    policy = {**WINDOW, "forbidden": [{**forbidden, "why": "freeze"}]}
    groups = inventory(web=["web1"])
    if when:
        (fault,) = faults(groups, {"web1": policy})
        assert fault.startswith("infosec_maintenance.forbidden[0] (web1): the window")
        assert f"on {when} (freeze)" in fault
    else:
        assert made(groups, {"web1": policy})


def test_faults_of_all_hosts_at_once() -> None:
    policies = {"a": {"days": "sat"}, "b": {**WINDOW, "start": 1380}, "c": {**WINDOW, "start": 1380}, "d": "x"}
    found = faults(inventory(web=[*policies]), policies)
    assert [fault.partition(": ")[0] for fault in found] == [
        "infosec_maintenance.start (a)",
        "infosec_maintenance.duration (a)",
        "infosec_maintenance.start (b, c)",
        "infosec_maintenance (d)",
    ]


def test_thousands_of_hosts_in_no_time() -> None:
    """10,000 take 0.2 s on one core; this leaves room for a busy machine."""
    groups = inventory(**{f"g{number}": [f"h{number}-{member}" for member in range(16)] for number in range(200)})
    begun = time.monotonic()
    assert len(made(groups, start="20:00", days="sat")) == 3200
    assert time.monotonic() - begun < 2
