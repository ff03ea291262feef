# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Who came to PostgreSQL in clear, by its log: pg_stat_ssl knows only who is connected now.

With log_connections, each connection leaves "connection received: host=…" and, by the same process, "connection
authorized: user=… database=…", with "SSL enabled" for TLS (src/backend/utils/init/postinit.c).
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

#: Of the log and of the one before it; what is larger is not read, and tells nothing.
MAX_BYTES = 32 * 1024 * 1024
_RECEIVED = re.compile(r"connection received: host=(\S+)")
_AUTHORIZED = re.compile(
    r"connection authorized: user=(?P<user>.*?)(?: database=(?P<database>.*?))?"
    r"(?: application_name=.*?)?(?P<tls> SSL enabled \(.*)?$"
)
#: Of the escapes of log_line_prefix those that tell something here; %t and %m are as in "2026-11-29 14:31:23.903 UTC".
_ESCAPES = {
    "m": r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\S* \S+",
    "t": r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\S* \S+",
    "p": r"(?P<pid>\d+)",
    "q": "",
    "%": "%",
}


@dataclasses.dataclass(frozen=True)
class Visit:
    """One connection in clear: who, from where ("[local]" for the Unix socket, "" for not told), to what, and when."""

    user: str
    address: str
    database: str
    when: datetime.datetime


@dataclasses.dataclass(frozen=True)
class Told:
    """since: the first connection that was read. clear: those that came without TLS, the most recent of each alone."""

    since: datetime.datetime | None = None
    clear: tuple[Visit, ...] = ()


def read(host: Host, path: str, prefix: str) -> Told:
    """The log and the one before it (logrotate's name). What is not there, or too large, tells nothing."""
    line = _pattern(prefix)
    if not path or line is None:
        return Told()
    texts = [_text(host, name) for name in (f"{path}.1", path)]
    return parse("".join(texts) if texts[1] else "", line)


def _text(host: Host, path: str) -> str:
    status = host.stat(path)
    readable = status is not None and stat.S_ISREG(status.st_mode) and status.st_size <= MAX_BYTES
    return host.read_text(path) if readable else ""


def _pattern(prefix: str) -> re.Pattern[str] | None:
    """What a line begins with; None where time and process are not in it."""
    pieces = re.split(r"%(-?\d*)([A-Za-z%])", prefix)
    text = re.escape(pieces[0])
    for width, letter, rest in zip(pieces[1::3], pieces[2::3], pieces[3::3]):
        told = _ESCAPES.get(letter, ".*?")
        text += (rf"\s*{told}\s*" if width else told) + re.escape(rest)
    pattern = rf"{text}\s*LOG:\s+(?P<said>.*)" if text.count("(?P<time>") == text.count("(?P<pid>") == 1 else ""
    return re.compile(pattern) if pattern else None


def parse(text: str, line: re.Pattern[str]) -> Told:
    """Read a log. Times are the log's own, in whatever zone it is written in."""
    since, hosts = None, {}
    clear: dict[tuple[str, str, str], Visit] = {}
    for found in map(line.match, _connections(text)):
        if found is None:
            continue
        received = _RECEIVED.match(found["said"])
        if received:
            hosts[found["pid"]] = received[1]
        authorized = _authorized(found["said"])
        if authorized:
            when = datetime.datetime.fromisoformat(found["time"]).replace(tzinfo=datetime.timezone.utc)
            since = since or when
            visit = Visit(authorized["user"], hosts.get(found["pid"], ""), authorized["database"] or "", when)
            if not authorized["tls"]:
                clear[(visit.user, visit.address, visit.database)] = visit
    return Told(since, tuple(clear.values()))


def _connections(text: str) -> t.Iterator[str]:
    return (line for line in text.split("\n") if "connection " in line)


def _authorized(said: str) -> re.Match[str] | None:
    return _AUTHORIZED.match(said.replace("replication connection", "connection", 1))
