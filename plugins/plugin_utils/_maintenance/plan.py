# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""From what people wrote to one slot a host: reads the policies, and says all that stands in the way."""

from __future__ import annotations

import datetime
import itertools
import json
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._maintenance import policy as policies
from ansible_collections.infosec.principles.plugins.plugin_utils._maintenance import zones
from ansible_collections.infosec.principles.plugins.plugin_utils._maintenance.groups import members_of
from ansible_collections.infosec.principles.plugins.plugin_utils._maintenance.model import (
    DAY,
    DAYS,
    VARIABLE,
    MaintenanceError,
    Policy,
    clock,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._maintenance.slots import Cell, Lot, Plan, starts

Slot = dict[str, t.Any]
Groups = t.Mapping[str, t.Sequence[str]]
#: Beginnings of a slot that the host is told.
NEXT = 6


def plan(
    hosts: t.Iterable[str],
    read: t.Callable[[str], t.Any],
    groups: Groups,
    register: t.Sequence[t.Any],
    now: datetime.datetime,
) -> dict[str, Slot]:
    """The slot of each host that has a policy. `read`: a host's infosec_maintenance, empty where it has none.

    Raises MaintenanceError with all faults.
    """
    lots = _lots(hosts, read, groups, now)
    members = members_of(lots, groups, register)
    faults = [fault for lot in lots for fault in _too_many(lot, members)]
    if faults:
        raise MaintenanceError(faults)
    made = Plan(lots, members, now.year).make()
    if made.homeless:
        raise MaintenanceError([_homeless(made.homeless)])
    slots = {cell: _slot(lots, cell, now) for cell in set(made.cells.values())}
    return {host: slots[made.cells[host]] for host in sorted(made.cells)}


def _lots(hosts: t.Iterable[str], read: t.Callable[[str], t.Any], groups: Groups, now: datetime.datetime) -> list[Lot]:
    written: dict[str, tuple[t.Any, list[str]]] = {}
    for host in sorted(hosts):
        raw = read(host)
        if raw:
            written.setdefault(json.dumps(raw, sort_keys=True, default=str), (raw, []))[1].append(host)
    lots, faults = [], []
    for raw, owners in written.values():
        policy, wrong = policies.parse(raw, groups)
        begin = starts(policy, now.year) if policy else ()
        wrong += _conflicts(policy, begin, now) if policy else []
        faults += [f"{VARIABLE}{place} ({some(owners)}): {why}" for place, why in wrong]
        lots += [Lot(policy, begin, tuple(owners))] if policy else []
    if faults:
        raise MaintenanceError(faults)
    return lots


def some(names: t.Sequence[str], most: int = 3) -> str:
    """The first names, and how many more."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


# --- What stands in the way -------------------------------------------------------------------------------------------


def _conflicts(policy: Policy, begin: t.Sequence[int], now: datetime.datetime) -> list[policies.Fault]:
    window = f"the window ({_names(policy.days)} {clock(policy.start)}, {policy.duration} min, {policy.time_zone})"
    faults = []
    if not begin:
        remedy = "start it at another hour, or leave that day out"
        faults.append((".start", f"every slot of {window} meets a time that the clock skips in spring; {remedy}"))
    for index, forbidden in enumerate(policy.forbidden):
        when = _forbidden_at(policy, forbidden, now)
        if when:
            why = f"{window} overlaps this time on {when} ({forbidden.why}); move or shorten the window"
            faults.append((f".forbidden[{index}]", why))
    return faults


def _forbidden_at(policy: Policy, forbidden: t.Any, now: datetime.datetime) -> str:
    """The first weekday or day on which the window meets a forbidden time; "" where there is none."""
    last = forbidden.last + (DAY if forbidden.last <= forbidden.first else 0)
    if not forbidden.dates:
        days = (day for day in policy.days)
        spans = [(day, forbidden.first, last) for day in forbidden.days]
        return next((DAYS[day] for day in days if zones.touches((day,), policy.start, policy.duration, spans)), "")
    for first, end in forbidden.dates:
        for at in _days(max(first, now.date() - datetime.timedelta(days=1)), end):
            # The window of the day before may still be open.
            for day, start in ((at, policy.start), (at - datetime.timedelta(days=1), policy.start - DAY)):
                meets = start < last and start + policy.duration > forbidden.first
                if at.weekday() in forbidden.days and day.weekday() in policy.days and meets:
                    return at.isoformat()
    return ""


def _days(first: datetime.date, last: datetime.date) -> t.Iterator[datetime.date]:
    # After two years all combinations of weekday and date have come by.
    for count in range(min((last - first).days + 1, 2 * 366)):
        yield first + datetime.timedelta(days=count)


def _too_many(lot: Lot, groups: t.Mapping[str, t.Collection[str]]) -> t.Iterator[str]:
    if lot.policy.share:
        return
    hosts, slots, policy = set(lot.hosts), len(lot.starts), lot.policy
    for name in sorted(groups):
        members = sorted(hosts.intersection(groups[name]))
        if len(members) <= slots:
            continue
        needed, has = len(members) * policy.slot, slots * policy.slot
        skips = " (others meet a time that the clock skips in spring)" if slots < policy.duration // policy.slot else ""
        yield (
            f"{VARIABLE} ({some(lot.hosts)}): {name} has {len(members)} members here ({some(members, 10)}) that must "
            f"not share a slot, and the window has {slots} slots of {policy.slot} min{skips}: they need {needed} min, "
            f"it has {has} min; lengthen duration, shorten slot, name groups that matter, or share: true"
        )


def _homeless(hosts: t.Sequence[str]) -> str:
    return (
        f"{VARIABLE}: no slot is left for {some(sorted(hosts), 10)}, since each of them is at the same time as that of "
        "a member of one of their groups (windows of several policies overlap, or hosts are in many groups); "
        "lengthen duration, shorten slot, move a window, or share: true"
    )


# --- On the wire ------------------------------------------------------------------------------------------------------


def _slot(lots: t.Sequence[Lot], cell: Cell, now: datetime.datetime) -> Slot:
    policy, start = lots[cell[0]].policy, lots[cell[0]].starts[cell[1]]
    # What begins after midnight begins on the next weekday.
    days = sorted({(day + start // DAY) % 7 for day in policy.days})
    times = zones.upcoming(days, start % DAY, policy.slot, policy.time_zone, now)
    return {
        "days": [DAYS[day] for day in days],
        "start": clock(start),
        "minutes": policy.slot,
        "time_zone": policy.time_zone,
        "reboot": policy.reboot,
        "catch_up": policy.catch_up,
        "next": [moment.isoformat() for moment in itertools.islice(times, NEXT)],
    }


def _names(days: t.Iterable[int]) -> str:
    return ",".join(DAYS[day] for day in days)
