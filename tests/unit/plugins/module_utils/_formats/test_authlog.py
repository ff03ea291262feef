# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins in the lines of rsyslog and of the journal."""

from __future__ import annotations

import datetime
import pathlib
import random

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import authlog

FIXTURES = pathlib.Path(__file__).parents[3] / "fixtures" / "logins"
UTC = datetime.timezone.utc
NEWEST = datetime.datetime(2026, 11, 24, 14, tzinfo=UTC)


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("auth.log-rsyslog-8.2302-debian-12", ["13:50:04", "13:50:04", "13:50:05", "13:50:05"]),
        ("auth.log-rsyslog-8.2302-traditional-debian-12", ["13:50:34", "13:50:34"]),
    ],
)
def test_files_of_real_machines(name: str, times: list[str]) -> None:
    log = authlog.parse((FIXTURES / name).read_bytes(), newest=NEWEST)
    assert [(f"{entry.when:%Y-%m-%d %H:%M:%S}", entry.user) for entry in log.entries] == [
        (f"2026-11-24 {time}", "root") for time in times
    ]
    assert [entry.peer for entry in log.entries] == ["127.0.0.1", ""] * (len(times) // 2)
    assert log.first is not None and log.last is not None and log.first <= log.last <= NEWEST


@pytest.mark.parametrize("name", ["247.3-debian-11", "257.13-debian-13"])
def test_output_of_journalctl(name: str) -> None:
    entries = authlog.parse_unix((FIXTURES / f"journalctl-accepted-{name}.txt").read_bytes())
    assert [(entry.user, entry.peer) for entry in entries] == [("root", ""), ("root", "127.0.0.1")] * 2
    assert all(entry.when.date() == NEWEST.date() for entry in entries)


def classic(*stamps: str) -> bytes:
    return "".join(
        f"{stamp} box sshd[1]: Accepted password for u from 192.0.2.1 port 1 ssh2\n" for stamp in stamps
    ).encode()


@pytest.mark.parametrize(
    ("stamps", "newest", "dates"),
    [
        (["Nov  3 10:00:00", "Nov 24 13:00:00"], "2026-11-24", ["2026-11-03", "2026-11-24"]),
        (["Dec 31 23:59:59", "Jan  1 00:00:01"], "2026-01-02", ["2025-12-31", "2026-01-01"]),
        (["Jun  1 00:00:00", "Mar  1 00:00:00"], "2026-03-02", ["2025-06-01", "2026-03-01"]),
        (["Feb 29 12:00:00", "Mar  1 00:00:00"], "2025-03-02", ["2024-02-29", "2025-03-01"]),
        # Written on New Year's Eve in a zone that is ahead, and a clock put back by an hour.
        (["Jan  1 00:00:30"], "2025-12-31", ["2026-01-01"]),
        (["Mar  2 00:10:00", "Mar  1 23:20:00"], "2026-03-02", ["2026-03-02", "2026-03-01"]),
        # Three years in one file, since nobody rotates it.
        (
            ["Dec  1 00:00:00", "Mar  1 00:00:00", "Feb  1 00:00:00"],
            "2026-02-02",
            ["2024-12-01", "2025-03-01", "2026-02-01"],
        ),
    ],
)
def test_years_follow_from_the_newest_line(stamps: list[str], newest: str, dates: list[str]) -> None:
    log = authlog.parse(classic(*stamps), newest=at(newest))
    assert [f"{entry.when:%Y-%m-%d}" for entry in log.entries] == dates
    assert (log.first, log.last) == (log.entries[0].when, log.entries[-1].when)


def test_a_long_file_has_the_times_of_its_ends() -> None:
    lines = [f"2026-11-{day:02}T10:00:00+00:00 box CRON[1]: session opened\n" * 200 for day in range(1, 25)]
    log = authlog.parse("".join(lines).encode(), newest=NEWEST)
    assert (log.first, log.last, log.entries) == (at("2026-11-01T10:00:00"), at("2026-11-24T10:00:00"), ())


def test_other_zones_and_fractions() -> None:
    text = (
        b"2026-11-24T15:00:00.123456+02:00 box sshd[9]: Accepted publickey for a from 2001:db8::1 port 2 ssh2\n"
        b"2026-11-24T13:30:00Z box sshd-session[9]: Accepted publickey for b from 192.0.2.2 port 2 ssh2\n"
    )
    log = authlog.parse(text, newest=NEWEST)
    assert [entry.when for entry in log.entries] == [at("2026-11-24T13:00:00"), at("2026-11-24T13:30:00")]
    assert [entry.peer for entry in log.entries] == ["2001:db8::1", "192.0.2.2"]


@pytest.mark.parametrize(
    "line",
    [
        b"Nov 24 10:00:00 box sshd[1]: Failed password for root from 192.0.2.1 port 1 ssh2",
        b"Nov 24 10:00:00 box sshd[1]: Invalid user Accepted password for root from 192.0.2.1 port 1",
        b"Nov 24 10:00:00 box sudo: x : COMMAND=/bin/echo sshd[1]: Accepted password for u from h port 1",
        b"Nov 24 10:00:00 box login[1]: pam_unix(login:session): session opened for user root(uid=0) by LOGIN(uid=0)",
        b"Nov 99 10:00:00 box sshd[1]: Accepted password for u from 192.0.2.1 port 1 ssh2",
    ],
)
def test_what_is_no_login(line: bytes) -> None:
    assert authlog.parse(line + b"\n", newest=NEWEST).entries == ()


def test_hostile_bytes_never_raise() -> None:
    dice = random.Random(11)
    words = [
        b"Nov 24 10:00:00",
        b"Feb 30",
        b"2026-13-99T99:99:99Z",
        b" box ",
        b"sshd[1]: Accepted x for ",
        b"\n",
        b"\xff\0",
        b"9" * 400,
    ]
    for _attempt in range(500):
        data = b"".join(dice.choice(words) for _word in range(20))
        authlog.parse(data, newest=NEWEST)
        authlog.parse_unix(data)
    assert authlog.parse(b"\xff" * 200000, newest=NEWEST) == authlog.Log()


def test_keys_of_logins() -> None:
    """The lines of LogLevel VERBOSE: a factor before the last, a plain key, and a certificate with its CA."""
    lines = b"""\
1795528201.5 box sshd[1]: Partial publickey for ann from 192.0.2.7 port 1 ssh2: ED25519 SHA256:aaa
1795528202.5 box sshd[1]: Accepted keyboard-interactive/pam for ann from 192.0.2.7 port 1 ssh2
1795528203.5 box sshd[2]: Accepted publickey for bob from 192.0.2.8 port 2 ssh2: RSA SHA256:bbb
1795528204.5 box sshd[3]: Accepted publickey for cy from 192.0.2.9 port 3 ssh2: ED25519-CERT SHA256:ccc ID cy CA x (serial 7) CA RSA SHA256:ddd
"""
    found = authlog.parse_unix(lines)
    assert [(one.user, one.method, one.fingerprint, one.authority, one.partial) for one in found] == [
        ("ann", "publickey", "SHA256:aaa", "", True),
        ("ann", "keyboard-interactive", "", "", False),
        ("bob", "publickey", "SHA256:bbb", "", False),
        ("cy", "publickey", "SHA256:ccc", "SHA256:ddd", False),
    ]
