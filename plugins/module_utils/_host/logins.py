# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Who logged in over SSH, as far back as this machine remembers.

Each source says what it saw and over which spans of time it would have seen a login. Only spans that reach up to the
present without a gap prove that nobody came: a file that nothing writes to any more proves nothing.

sshd itself notes in wtmp (Debian 13: wtmpdb) only the logins with a terminal; scp, rsync and Ansible leave their traces
in the journal, in auth.log and in lastlog2 alone.
"""

from __future__ import annotations

import dataclasses
import datetime
import os
import re
import tempfile
import typing as t
import zlib

from ansible_collections.infosec.principles.plugins.module_utils._formats import authlog, utmp
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

UTC = datetime.timezone.utc
#: Two spans with no more than this between them are one; a log in use is never silent for longer.
GAP = datetime.timedelta(days=1)
#: Programs that write down a boot may do so before the clock is right.
BOOT_SLACK = datetime.timedelta(hours=1)
#: Bytes of one log, and of all auth.logs together: a multiple of both lengths of a wtmp record.
MAX_BYTES = 9600 * 3500
MAX_LOGINS = 500
JOURNAL_SECONDS = 8.0
SSHD_CONFIG = "/etc/ssh/sshd_config"
_QUIET = re.compile(r"(?im)^[ \t]*LogLevel[ \t]*[ \t=][ \t]*\"?(QUIET|FATAL|ERROR)\b")
WTMPDB = ("/var/lib/wtmpdb/wtmp*.db", "/var/log/wtmp*.db")
WTMPDB_SESSION = 3
LASTLOG2 = "/var/lib/lastlog/lastlog2.db"
AUTH_LOGS = ("/var/log/auth.log", "/var/log/secure")
#: Where the part of sshd lies that notes a session (OpenSSH >= 9.8, then before).
WRITERS = ("/usr/lib/openssh/sshd-session", "/usr/libexec/openssh/sshd-session", "/usr/sbin/sshd")

_STAMP = r"(?m)^{} realtime timestamp: .*\(([0-9a-f]+)\)"

Span = tuple[datetime.datetime, datetime.datetime]


@dataclasses.dataclass(frozen=True)
class Login:
    """One login over SSH. Names are printable. `peer` may be a name, or "" where the source does not say.

    method, fingerprint, authority: as sshd logged them (see authlog.Entry); other sources do not know.
    """

    when: datetime.datetime
    account: str
    peer: str
    source: str
    method: str = ""
    fingerprint: str = ""
    authority: str = ""


@dataclasses.dataclass(frozen=True)
class Source:
    """What one source knows.

    name: path or command. logins: newest last, of those that it could read. spans: when it would have seen a login.
    partial: factors that others had to follow, where sshd writes them down.
    every_login: also those without a terminal. newest: time of its last entry of any kind.
    problems: what could not be read, one sentence each.
    """

    name: str
    logins: tuple[Login, ...] = ()
    spans: tuple[Span, ...] = ()
    every_login: bool = False
    newest: datetime.datetime | None = None
    problems: tuple[str, ...] = ()
    partial: tuple[Login, ...] = ()


@dataclasses.dataclass(frozen=True)
class _Piece:
    """One file of a rotated log: `age` 0 is the one being written; `cut` where its end is missing."""

    age: int
    first: datetime.datetime | None = None
    last: datetime.datetime | None = None
    cut: bool = False


def sources(host: Host, since: datetime.datetime) -> t.Iterator[Source]:
    """All sources, the quick ones first, so that a caller may stop at the first login. `since` bounds the journal."""
    yield wtmp(host)
    yield wtmpdb(host)
    yield lastlog2(host)
    yield journal(host, since)
    yield host.once(auth_log)


def covered_since(spans: t.Iterable[Span], now: datetime.datetime) -> datetime.datetime | None:
    """The oldest moment from which the spans reach up to `now` without a gap; None where they do not reach it."""
    reach = now
    for first, last in sorted(spans, key=lambda span: span[1], reverse=True):
        if last >= reach - GAP:
            reach = min(reach, first)
    return reach if reach < now else None


# wtmp


def wtmp(host: Host) -> Source:
    """wtmp and its rotated copies. A session counts where it came from another place and has a pseudo-terminal."""
    logins: list[Login] = []
    pieces: list[_Piece] = []
    problems: list[str] = []
    for age, name in _rotated(host, "/var/log/wtmp"):
        data, cut, problem = _read(host, name)
        log = utmp.parse(data)
        logins += [_session(record, name) for record in log.records if _is_ssh(record)]
        # The last record of the file in use may be half written.
        pieces.append(_Piece(age, _maybe(log.first), _maybe(log.last), cut or (log.cut and age > 0)))
        damage = f"{name}: {log.damaged} damaged records, what is before them does not count" if log.damaged else ""
        problems += [text for text in (problem, damage) if text]
    newest = max((piece.last for piece in pieces if piece.last), default=None)
    alive = newest is not None and newest >= _boot(host) - BOOT_SLACK
    if newest and not alive:
        problems.append(f"/var/log/wtmp: nothing has been written to it since {newest:%Y-%m-%d}, before the last boot")
    spans = _spans(pieces, host.now() if alive else None)
    return Source("/var/log/wtmp", _sorted(logins), spans, False, newest, tuple(problems))


def _session(record: utmp.Record, source: str) -> Login:
    return Login(_moment(record.when), printable(record.user), printable(record.host), source)


def _is_ssh(record: utmp.Record) -> bool:
    """A login at the console has no host; terminal multiplexers and X name themselves or a display (":0") there."""
    remote = bool(record.host) and not record.host.startswith((":", "tmux(", "screen"))
    return record.kind == utmp.USER_PROCESS and remote and record.line.startswith(("pts/", "ssh"))


def _boot(host: Host) -> datetime.datetime:
    """When PID 1 started: the boot of the machine, or of the container."""
    try:
        booted = re.search(r"^btime (\d+)", host.read_text("/proc/stat"), re.MULTILINE)
        ticks = host.read_text("/proc/1/stat").rpartition(")")[2].split()[19]
        return _moment(int(booted[1] if booted else 0) + int(ticks) // os.sysconf("SC_CLK_TCK"))
    except (HostError, IndexError, ValueError):
        return host.now()


# SQLite databases


def wtmpdb(host: Host) -> Source:
    """The databases of wtmpdb(8); like wtmp, they show sessions with a terminal, and boots."""
    logins: list[Login] = []
    oldest: list[datetime.datetime] = []
    newest: list[datetime.datetime] = []
    problems: list[str] = []
    for name in _distinct(host, WTMPDB):
        rows, problem = _query(
            host, name, "SELECT Login, User, RemoteHost, Type FROM wtmp ORDER BY Login DESC", divisor=1_000_000
        )
        problems += [problem] if problem else []
        logins += [Login(when, texts[0], texts[1], name) for when, texts in rows if _is_remote_session(texts)]
        oldest += [rows[-1][0]] if rows else []
        newest += [rows[0][0]] if rows else []
    alive = newest and (_writes_wtmpdb(host) or max(newest) >= _boot(host) - BOOT_SLACK)
    spans = ((min(oldest), host.now() if alive and not problems else max(newest)),) if oldest else ()
    return Source("wtmpdb", _sorted(logins), spans, False, max(newest, default=None), tuple(problems))


def _is_remote_session(texts: tuple[str, ...]) -> bool:
    return texts[2] == str(WTMPDB_SESSION) and bool(texts[1]) and not texts[1].startswith(":")


def _writes_wtmpdb(host: Host) -> bool:
    for name in WRITERS:
        try:
            return b"libwtmpdb.so" in host.read_bytes(name)
        except HostError:
            continue
    return False


def lastlog2(host: Host) -> Source:
    """The last login of each account. It proves that somebody came, never that nobody did: one login hides another."""
    if not host.exists(LASTLOG2):
        return Source(LASTLOG2)
    rows, problem = _query(host, LASTLOG2, "SELECT Time, Name, RemoteHost, Service FROM Lastlog2 ORDER BY Time DESC")
    logins = [Login(when, texts[0], texts[1], LASTLOG2) for when, texts in rows if texts[2] == "sshd"]
    return Source(LASTLOG2, _sorted(logins), (), False, rows[0][0] if rows else None, (problem,) if problem else ())


Row = tuple[datetime.datetime, tuple[str, ...]]


def _query(host: Host, name: str, sql: str, *, divisor: int = 1) -> tuple[list[Row], str]:
    """Rows whose first column is a time, asked of a copy: SQLite writes beside what it reads where there is a WAL."""
    try:
        import sqlite3
    except ImportError:  # Debian's python3-minimal
        return [], f"{name}: this Python has no sqlite3 module (Debian: install libpython3-stdlib)"
    with tempfile.TemporaryDirectory(prefix="infosec-") as folder:
        copy = os.path.join(folder, "copy.db")
        try:
            _copy(host, name, copy)
            return [(_moment(row[0] // divisor), _texts(row[1:])) for row in _rows(copy, sql)], ""
        except HostError as exc:
            return [], str(exc)
        except (sqlite3.Error, TypeError, ValueError, OverflowError, OSError) as exc:
            return [], f"{name}: no readable database ({exc})"


def _copy(host: Host, name: str, copy: str) -> None:
    for suffix in ("", "-wal", "-journal"):
        if not suffix or host.exists(name + suffix):
            with open(copy + suffix, "wb") as stream:
                stream.write(host.read_bytes(name + suffix))


def _rows(path: str, sql: str) -> list[tuple[t.Any, ...]]:
    import sqlite3

    if not os.path.getsize(path):
        return []  # made at installation, filled by the first login
    database = sqlite3.connect(path)
    try:
        return database.execute(f"{sql} LIMIT 20000").fetchall()
    finally:
        database.close()


def _texts(values: t.Iterable[t.Any]) -> tuple[str, ...]:
    return tuple("" if value is None else printable(str(value)) for value in values)


def _distinct(host: Host, patterns: t.Iterable[str]) -> list[str]:
    """Matching files, each once however many links lead to it."""
    found: dict[tuple[int, int], str] = {}
    for name in (name for pattern in patterns for name in host.glob(pattern)):
        status = host.stat(name)
        if status is not None:
            found.setdefault((status.st_dev, status.st_ino), name)
    return list(found.values())


# The journal


def journal(host: Host, since: datetime.datetime, *, limit: int = MAX_LOGINS) -> Source:
    """sshd's entries in the system journal, which reaches as far back as its oldest file (that goes first).

    limit: of its newest entries, how many are read.
    """
    name = "journalctl _COMM=sshd"
    header = host.ask("journalctl", "--quiet", "--no-pager", "--header")
    spans = journal_spans(header.stdout)
    if not spans:
        return Source(
            name, problems=(f"{name}: {_said(header.stderr) or 'no system journal that this user may read'}",)
        )
    told = host.ask(*_journal_command(since, limit), timeout=JOURNAL_SECONDS)
    logins, partial = _told(
        (entry, name) for entry in authlog.parse_unix(told.stdout.encode("utf-8", "surrogateescape"))
    )
    newest = max(last for _first, last in spans)
    silent = _said(told.stderr) or _silence(host)
    if silent:
        return Source(name, logins, (), True, newest, (f"{name}: {silent}",), partial)
    first = min(first for first, _last in spans)
    if told.stdout.count("\n") >= limit and logins:
        first = max(first, logins[0].when)
    return Source(name, logins, ((first, host.now()),), True, newest, (), partial)


def _said(stderr: str) -> str:
    """What journalctl complains of, without the colours that it uses there whoever reads."""
    return printable(re.sub(r"\x1b\[[0-9;]*m", "", stderr).strip().rstrip("."))


def _journal_command(since: datetime.datetime, limit: int) -> tuple[str, ...]:
    # From midnight on, so that controls that ask for as many days share one answer.
    midnight = since.replace(hour=0, minute=0, second=0, microsecond=0)
    # A process that ends before journald looks has no _COMM; its identifier it names itself.
    fields = [f"{field}={name}" for field in ("_COMM", "SYSLOG_IDENTIFIER") for name in ("sshd", "sshd-session")]
    matches = [word for field in fields for word in ("+", field)][1:]
    bounds = (f"--since=@{int(midnight.timestamp())}", f"--lines={limit}", "--reverse", f"--grep={authlog.MESSAGES}")
    return ("journalctl", "--quiet", "--no-pager", "--output=short-unix", *bounds, *matches)


def journal_spans(header: str) -> list[Span]:
    """From first to last entry of each file of the system journal, out of `journalctl --header`."""
    spans = []
    for block in re.split(r"(?m)^File path: ", header)[1:]:
        head, tail = (re.search(_STAMP.format(word), block) for word in ("Head", "Tail"))
        if head and tail and os.path.basename(block.splitlines()[0]).startswith("system"):
            spans.append((_moment(int(head[1], 16) // 1_000_000), _moment(int(tail[1], 16) // 1_000_000)))
    return spans


# auth.log and secure


def auth_log(host: Host) -> Source:
    """What syslog wrote: auth.log (Debian family) or secure (RHEL family), and their rotated copies."""
    entries: list[tuple[authlog.Entry, str]] = []
    pieces: list[_Piece] = []
    problems: list[str] = []
    budget = MAX_BYTES
    for age, name in ((age, name) for base in AUTH_LOGS for age, name in _rotated(host, base)):
        if budget <= 0:
            problems.append(f"{name}: not read, nor anything older: {MAX_BYTES >> 20} MiB of log are the limit")
            break
        data, cut, problem = _read(host, name, limit=budget)
        budget -= len(data)
        log = authlog.parse(data, newest=_modified(host, name))
        entries += [(entry, name) for entry in log.entries]
        pieces.append(_Piece(age, log.first, log.last, cut))
        problems += [problem] if problem else []
    newest = max((piece.last for piece in pieces if piece.last), default=None)
    alive = newest is not None and newest >= host.now() - GAP
    silent = _silence(host) if pieces else ""
    problems += [f"/var/log/auth.log: {silent}"] if silent else []
    spans = () if silent else _spans(pieces, host.now() if alive else None)
    logins, partial = _told(entries)
    return Source("/var/log/auth.log", logins, spans, True, newest, tuple(problems), partial)


def _silence(host: Host) -> str:
    """Why the absence of log lines says nothing; any LogLevel that hides logins will do, whomever it is for."""
    for name in (SSHD_CONFIG, *host.glob(f"{SSHD_CONFIG}.d/*.conf")):
        try:
            match = _QUIET.search(host.read_text(name))
        except Missing:
            continue
        except HostError as exc:
            return f"the LogLevel of sshd is unknown: {exc}"
        if match:
            return f"sshd does not log logins: LogLevel {printable(match[1])} in {name}"
    return ""


def _modified(host: Host, name: str) -> datetime.datetime:
    """When the file was last written, with this machine's zone (which syslog writes in)."""
    status = host.stat(name)
    return (_moment(int(status.st_mtime)) if status else host.now()).astimezone()


def _told(entries: t.Iterable[tuple[authlog.Entry, str]]) -> tuple[tuple[Login, ...], tuple[Login, ...]]:
    """(logins, factors that others had to follow) of entries with their sources."""
    logins: tuple[list[Login], list[Login]] = ([], [])
    for entry, source in entries:
        user, peer, *key = map(printable, (entry.user, entry.peer, entry.method, entry.fingerprint, entry.authority))
        logins[entry.partial].append(Login(entry.when, user, peer, source, *key))
    return _sorted(logins[False]), _sorted(logins[True])


# Rotated files


def _rotated(host: Host, base: str) -> list[tuple[int, str]]:
    """(age, path) of a log and its rotated copies, newest first: NAME, NAME.1, NAME.2.gz or NAME, NAME-20260901.xz."""
    numbered: list[tuple[int, str]] = []
    dated: list[tuple[str, str]] = []
    for name in host.glob(f"{base}*"):
        match = re.fullmatch(r"(?:\.(\d{1,4})|-(\d{8})\d*)?(?:\.(?:gz|xz|zst|bz2))?", name[len(base) :])
        if match and match[2]:
            dated.append((match[2], name))
        elif match:
            numbered.append((int(match[1] or 0), name))
    newest_first = sorted(dated, reverse=True)
    return sorted(numbered) + [(age, name) for age, (_date, name) in enumerate(newest_first, 1)]


def _spans(pieces: t.Iterable[_Piece], until: datetime.datetime | None) -> tuple[Span, ...]:
    """What the pieces cover, newest first: each up to where the next newer one begins, and the newest up to `until`."""
    spans: list[Span] = []
    expected = 0
    for piece in pieces:
        if piece.age != expected or piece.cut:
            until = None
        expected = piece.age + 1
        if piece.first and piece.last:
            spans.append((piece.first, max(piece.last, until) if until else piece.last))
            until = piece.first
        elif piece.cut:
            until = None
    return tuple(spans)


def _read(host: Host, name: str, *, limit: int = MAX_BYTES) -> tuple[bytes, bool, str]:
    """(bytes, whether some are missing, why): decompressed, at most `limit` of them."""
    try:
        status = host.stat(name)
        if status and status.st_size > limit and not name.endswith((".gz", ".xz")):
            tail = host.ask("tail", "-c", str(limit), "--", host.path(name)).stdout.encode("utf-8", "surrogateescape")
            return tail, False, f"{name}: only its last {limit >> 20} MiB read"
        return _unpack(name, host.read_bytes(name), limit)
    except HostError as exc:
        return b"", True, str(exc)


def _unpack(name: str, data: bytes, limit: int) -> tuple[bytes, bool, str]:
    import lzma

    if not name.endswith((".gz", ".xz", ".zst", ".bz2")):
        return data, False, ""
    if name.endswith((".zst", ".bz2")):
        return b"", True, f"{name}: compressed in a way that is not read here (gz and xz are)"
    packer: t.Any = zlib.decompressobj(31) if name.endswith(".gz") else lzma.LZMADecompressor()
    try:
        plain = packer.decompress(data, limit)
    except (zlib.error, lzma.LZMAError) as exc:
        return b"", True, f"{name}: damaged ({exc})"
    return plain, not packer.eof, "" if packer.eof else f"{name}: its end is missing, or past {limit >> 20} MiB"


def _sorted(logins: t.Iterable[Login]) -> tuple[Login, ...]:
    return tuple(sorted(logins, key=lambda login: login.when))


def _moment(seconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, UTC)


def _maybe(seconds: int | None) -> datetime.datetime | None:
    return None if seconds is None else _moment(seconds)
