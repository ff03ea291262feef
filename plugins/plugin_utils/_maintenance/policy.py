# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Judges infosec_maintenance as a person wrote it: every fault, with its place and the remedy."""

from __future__ import annotations

import datetime
import difflib
import re
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._maintenance import zones
from ansible_collections.infosec.principles.plugins.plugin_utils._maintenance.model import (
    DAY,
    DAYS,
    REBOOT,
    Forbidden,
    Policy,
)

# A fault of a value: where (".start", ".days[2]"), and what is wrong there with the remedy.
Fault = tuple[str, str]
_Read = t.Callable[[t.Any], t.Any]

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_LENGTH = re.compile(r"(?=\d)(?:(\d{1,3})h)?(?:(\d{1,4})m(?:in)?)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
#: Minutes that one host needs where the policy does not say: to install, to restart, to be back.
SLOT = 15
_WORDS = {"daily": range(7), "weekdays": range(5), "weekends": (5, 6)}


class _Wrong(ValueError):
    """A value that cannot be used: what to write instead. where: the part of it."""

    def __init__(self, remedy: str, where: str = "", found: t.Any = None) -> None:
        super().__init__(remedy)
        self.where = where
        self.found = found


def parse(raw: t.Any, groups: t.Collection[str]) -> tuple[Policy | None, list[Fault]]:
    """The policy, or all that is wrong with it. groups: those of the inventory."""
    if not isinstance(raw, t.Mapping):
        return None, [("", f"{found(raw)}; write a mapping with {', '.join(_READ)}")]
    values, faults = _values(raw, _READ, _REQUIRED)
    faults += [
        (".groups", f"found {name!r}; the inventory has no such group; {_instead(name, groups)}")
        for name in values.get("groups") or ()
        if name not in groups
    ]
    if not faults:
        values.setdefault("slot", min(SLOT, values["duration"]))
        faults += _relations(values)
    return (None, faults) if faults else (Policy(**{**_DEFAULTS, **values}), [])


def found(value: t.Any) -> str:
    """What stands there, for a message."""
    if value is None or value in ("", [], {}):
        return "is empty"
    text = repr(str(value)) if isinstance(value, str) else str(value)
    return f"found {text if len(text) < 100 else text[:97] + '...'}"


def _instead(name: str, known: t.Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.75)
    return f"did you mean {close[0]}?" if close else f"write one of {', '.join(sorted(known)[:12])}"


def _values(
    raw: t.Mapping[t.Any, t.Any], read: t.Mapping[str, _Read], required: t.Collection[str]
) -> tuple[dict[str, t.Any], list[Fault]]:
    values: dict[str, t.Any] = {}
    faults = [(f".{key}", f"unknown key; {_instead(str(key), read)}") for key in raw if key not in read]
    faults += [(f".{key}", f"missing; write {_WANTED[key]}") for key in required if key not in raw]
    for key in (key for key in read if key in raw):
        try:
            values[key] = read[key](raw[key])
        except _Several as exc:
            faults += [(f".{key}{where}", why) for where, why in exc.faults]
        except _Wrong as exc:
            what = raw[key] if exc.found is None else exc.found
            faults.append((f".{key}{exc.where}", f"{found(what)}; {exc}"))
    return values, faults


def _relations(values: t.Mapping[str, t.Any]) -> list[Fault]:
    if values["slot"] > values["duration"]:
        return [(".slot", f"found {values['slot']} min, but the window has {values['duration']}; write a shorter slot")]
    # What is made up for starts at the boot, and would restart the host again at any time of the day.
    if values.get("catch_up") and values.get("reboot") == "when_needed":
        return [
            (
                ".catch_up",
                "made up for, it would restart the host outside its slot; write catch_up: false, or reboot: never",
            )
        ]
    return []


# --- One value --------------------------------------------------------------------------------------------------------

_WANTED = {
    "days": "a list such as [sat, sun], or daily, weekdays, weekends",
    "dates": 'a list of days such as ["2026-12-24", "2026-12-27..2027-01-02"]',
    "start": 'a time of the day in quotes, such as "02:00"',
    "duration": "how long the window is, such as 4h, 30m, 1h30m; at most 24h",
    "why": "why nothing may be done then",
}


def _days(value: t.Any) -> tuple[int, ...]:
    """Weekdays, by name or their first three letters, in any case."""
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list | tuple) or not words:
        raise _Wrong(f"write {_WANTED['days']}")
    days: set[int] = set()
    for index, word in enumerate(words):
        name = str(word).lower()
        if name in _WORDS:
            days.update(_WORDS[name])
        elif name[:3] in DAYS and _FULL[name[:3]].startswith(name):
            days.add(DAYS.index(name[:3]))
        else:
            raise _Wrong(f"write {_WANTED['days']}", "" if isinstance(value, str) else f"[{index}]", word)
    return tuple(sorted(days))


_FULL = dict(zip(DAYS, ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), strict=True))


def _clock(value: t.Any) -> int:
    # YAML reads 23:00 without quotes as the number 23 * 60.
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < DAY:
        raise _Wrong(f'write it in quotes: "{value // 60:02}:{value % 60:02}"')
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise _Wrong(f"write {_WANTED['start']}")
    return int(match[1]) * 60 + int(match[2])


def _until(value: t.Any) -> int:
    return DAY if value == "24:00" else _clock(value)


def _length(value: t.Any) -> int:
    """Minutes. Raises _Wrong."""
    text = value if isinstance(value, str) else ""
    match, time = _LENGTH.fullmatch(text), _CLOCK.fullmatch(text)
    hours, minutes = (time[1], time[2]) if time else (match[1], match[2]) if match else (0, 0)
    total = int(hours or 0) * 60 + int(minutes or 0)
    if not 0 < total <= DAY:
        raise _Wrong(f"write {_WANTED['duration']}")
    return total


def _zone(value: t.Any) -> str:
    try:
        zones.zone(str(value) if isinstance(value, str) else "")
    except zones.UnknownZone as exc:
        raise _Wrong(f"no such time zone; {exc}") from exc
    return str(value)


def _choice(value: t.Any) -> str:
    if value not in REBOOT:
        raise _Wrong(f"write one of {', '.join(REBOOT)}")
    return str(value)


def _flag(value: t.Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("write true or false")
    return value


def _names(value: t.Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise _Wrong("write a list of inventory groups")
    return tuple(map(str, value))


def _text(value: t.Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(f"write {_WANTED['why']}")
    return str(value)


def _dates(value: t.Any) -> tuple[tuple[datetime.date, datetime.date], ...]:
    if not isinstance(value, list | tuple) or not value:
        raise _Wrong(f"write {_WANTED['dates']}")
    return tuple(_span(item, index) for index, item in enumerate(value))


def _span(value: t.Any, index: int) -> tuple[datetime.date, datetime.date]:
    first, dots, last = str(value).partition("..")
    try:
        if not all(_DATE.fullmatch(text) for text in (first, last if dots else first)):
            raise ValueError
        span = datetime.date.fromisoformat(first), datetime.date.fromisoformat(last if dots else first)
    except ValueError:
        raise _Wrong(f"write {_WANTED['dates']}", f"[{index}]", value) from None
    if span[0] > span[1]:
        raise _Wrong("the last day comes before the first", f"[{index}]", value)
    return span


class _Several(_Wrong):
    """More than one thing is wrong with a value."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("")
        self.faults = faults


def _forbidden(value: t.Any) -> tuple[Forbidden, ...]:
    if not isinstance(value, list | tuple):
        raise _Wrong("write a list of mappings with days or dates, from, until and why")
    faults: list[Fault] = []
    times = []
    for index, raw in enumerate(value):
        if not isinstance(raw, t.Mapping):
            faults.append((f"[{index}]", f"{found(raw)}; write a mapping with {', '.join(_READ_FORBIDDEN)}"))
            continue
        values, wrong = _values(raw, _READ_FORBIDDEN, ("why",))
        if not {"days", "dates"} & set(raw):
            wrong.append(
                ("", f"says neither days nor dates; write days: {_WANTED['days']}, or dates: {_WANTED['dates']}")
            )
        faults += [(f"[{index}]{where}", why) for where, why in wrong]
        if not wrong:
            times.append(_time(values))
    if faults:
        raise _Several(faults)
    return tuple(times)


def _time(values: t.Mapping[str, t.Any]) -> Forbidden:
    return Forbidden(
        days=frozenset(values.get("days", range(7))),
        dates=values.get("dates", ()),
        first=values.get("from", 0),
        last=values.get("until", DAY),
        why=values["why"],
    )


_READ: dict[str, _Read] = {
    "days": _days,
    "start": _clock,
    "duration": _length,
    "time_zone": _zone,
    "reboot": _choice,
    "slot": _length,
    "catch_up": _flag,
    "forbidden": _forbidden,
    "groups": _names,
    "share": _flag,
}
_REQUIRED = ("days", "start", "duration")
_READ_FORBIDDEN: dict[str, _Read] = {"days": _days, "dates": _dates, "from": _clock, "until": _until, "why": _text}
_DEFAULTS: dict[str, t.Any] = {
    **{"time_zone": "UTC", "reboot": "never", "catch_up": False},
    **{"forbidden": (), "groups": None, "share": False},
}
