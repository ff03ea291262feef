# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What sshd and its PAM stack write about logins, in the journal or through syslog."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import re
import typing as t

#: The messages of a login, for `journalctl --grep`. The second is there even where LogLevel hides the first.
MESSAGES = r"^((Accepted|Partial) [^ ]+ for |pam_unix\(sshd:session\): session opened for user )"
_DAY = datetime.timedelta(days=1)
_NAMES = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_ISO = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)"
_CLASSIC = rb"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
_LOGIN = re.compile(
    rb"^(?P<stamp>" + _ISO + rb"|" + _CLASSIC + rb"|\d+\.\d+) \S+ sshd(?:-session)?(?:\[\d+\])?: "
    rb"(?:(?P<verdict>Accepted|Partial) (?P<method>[\w-]+)\S* for (?P<user>.{1,256}?) from (?P<peer>\S+) port \d+"
    rb"(?: ssh2: \S+ (?P<fingerprint>SHA256:\S+)(?: ID .* CA \S+ (?P<authority>SHA256:\S+))?)?"
    rb"|pam_unix\(sshd:session\): session opened for user (?P<opened>[^ (]+))",
    re.MULTILINE,
)
_STAMP = re.compile(rb"^(?:" + _ISO + rb"|" + _CLASSIC + rb")(?= )")
_ZONE = re.compile(r"(?:Z|([+-]\d\d):?(\d\d))$")


@dataclasses.dataclass(frozen=True)
class Entry:
    """One login. `peer` is "" where only the session's opening was logged.

    method: such as "publickey". fingerprint, authority: of the key, and of the CA of its certificate, as far as logged.
    partial: it was a factor that others had to follow (LogLevel VERBOSE tells).
    """

    when: datetime.datetime
    user: str
    peer: str
    method: str = ""
    fingerprint: str = ""
    authority: str = ""
    partial: bool = False


@dataclasses.dataclass(frozen=True)
class Log:
    """One file: its logins, and the times of its first and last line (None where no line has one)."""

    entries: tuple[Entry, ...] = ()
    first: datetime.datetime | None = None
    last: datetime.datetime | None = None


def parse(data: bytes, *, newest: datetime.datetime) -> Log:
    """Read auth.log or secure, with RFC 3339 or classic stamps (local time, no year).

    newest: when the last line was written at the latest (the file's mtime), with the zone of the classic stamps.
    """
    years = _years(data, newest)
    stamped = [(offset, match.group()) for offset, line in _edges(data) for match in [_STAMP.match(line)] if match]
    times = [_when(stamp, _year_at(years, offset), newest.tzinfo) for offset, stamp in stamped]
    known = [time for time in times if time is not None]
    entries = (_entry(match, _year_at(years, match.start()), newest.tzinfo) for match in _LOGIN.finditer(data))
    return Log(tuple(entry for entry in entries if entry), known[0] if known else None, known[-1] if known else None)


def parse_unix(text: bytes) -> tuple[Entry, ...]:
    """The logins in the output of `journalctl --output=short-unix`."""
    entries = (_entry(match, 0, None) for match in _LOGIN.finditer(text))
    return tuple(entry for entry in entries if entry)


def _entry(match: re.Match[bytes], year: int, zone: datetime.tzinfo | None) -> Entry | None:
    when = _when(match["stamp"], year, zone)
    if when is None:
        return None
    user, peer, method, fingerprint, authority = (
        (match[name] or b"").decode("utf-8", "surrogateescape")
        for name in ("user" if match["user"] else "opened", "peer", "method", "fingerprint", "authority")
    )
    return Entry(when, user, peer, method, fingerprint, authority, match["verdict"] == b"Partial")


def _edges(data: bytes) -> t.Iterator[tuple[int, bytes]]:
    """First lines and last lines with their offsets; several of each, since one may be damaged."""
    offset = 0
    for line in data[:4096].splitlines(keepends=True):
        yield offset, line
        offset += len(line)
    if len(data) > 4096:
        start = data.find(b"\n", max(4096, len(data) - 65536)) + 1
        for line in data[start:].splitlines(keepends=True):
            yield start, line
            start += len(line)


def _when(stamp: bytes, year: int, zone: datetime.tzinfo | None) -> datetime.datetime | None:
    text = stamp.decode("ascii")
    try:
        if text[0].isdigit():
            if "T" not in text:
                return datetime.datetime.fromtimestamp(float(text), datetime.timezone.utc)
            # Python 3.9 reads neither "Z" nor "+0000", and no fraction but of 3 or 6 digits.
            return datetime.datetime.fromisoformat(text[:19] + _ZONE.sub(_colon, text)[-6:])
        return datetime.datetime.strptime(f"{year} {text}", "%Y %b %d %H:%M:%S").replace(tzinfo=zone)
    except (ValueError, OverflowError, OSError):
        return None


def _colon(match: re.Match[str]) -> str:
    return f"{match[1]}:{match[2]}" if match[1] else "+00:00"


Years = list[tuple[int, int]]


def _years(data: bytes, newest: datetime.datetime) -> Years:
    """(offset, year) wherever the year of the classic stamps changes, last first.

    Going back, each day is the latest one that is not after the next by more than a day (clocks are put right).
    """
    years: Years = []
    limit = newest + _DAY
    for offset, month, day in reversed(list(_days(data))):
        when = _latest(month, day, limit)
        if when is None:
            continue
        if years and years[-1][1] == when.year:
            years.pop()
        years.append((offset, when.year))
        limit = min(limit, when + _DAY)
    return years


def _days(data: bytes) -> t.Iterator[tuple[int, int, int]]:
    """Offset, month and day of the first line of each day that has a classic stamp."""
    if not re.search(rb"^" + _CLASSIC, data, re.MULTILINE):
        return
    starts = (
        (match.start(), match.group())
        for match in re.finditer(rb"^[A-Z][a-z]{2} [ \d]\d(?= \d\d:)", data, re.MULTILINE)
    )
    for stamp, group in itertools.groupby(starts, key=lambda item: item[1]):
        if stamp[:3] in _MONTHS:
            yield min(group)[0], _MONTHS[stamp[:3]], int(stamp[4:])


def _latest(month: int, day: int, limit: datetime.datetime) -> datetime.datetime | None:
    """The latest such day before `limit`; 29 February may be eight years back."""
    for year in range(limit.year, limit.year - 9, -1):
        try:
            when = datetime.datetime(year, month, day, tzinfo=limit.tzinfo)
        except ValueError:
            continue
        if when <= limit:
            return when
    return None


def _year_at(years: Years, offset: int) -> int:
    return next((year for start, year in years if start <= offset), years[-1][1] if years else 1970)
