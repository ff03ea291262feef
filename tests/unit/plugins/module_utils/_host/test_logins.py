# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login histories: what each source says, what it covers, and what it must not claim to cover."""

from __future__ import annotations

import datetime
import gzip
import lzma
import os
import pathlib
import sqlite3
import struct
import sys
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import logins
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host, NeedsRoot

FIXTURES = pathlib.Path(__file__).parents[3] / "fixtures" / "logins"
UTC = datetime.timezone.utc
NOW = datetime.datetime(2026, 11, 24, 14, tzinfo=UTC)
DAY = datetime.timedelta(days=1)
WTMP = struct.Struct("<hxxi32s4s32s256shhiii16s20x")


class Ground:
    """A host below a folder, with played programs."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.answers: dict[str, Completed] = {}
        self.asked: list[t.Sequence[str]] = []
        self.write("/proc/stat", f"cpu 1\nbtime {int((NOW - 30 * DAY).timestamp())}\n".encode())
        self.write("/proc/1/stat", b"1 (systemd) S " + b"0 " * 18 + b"100 0\n")

    def write(self, name: str, data: bytes, *, mtime: datetime.datetime = NOW) -> pathlib.Path:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (mtime.timestamp(), mtime.timestamp()))
        return path

    def fixture(self, name: str, at: str) -> None:
        self.write(at, (FIXTURES / name).read_bytes())

    def host(self) -> Host:
        return Host(root=str(self.root), runner=self._run, now=NOW)

    def _run(self, argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        self.asked.append(argv)
        key = "header" if "--header" in argv else argv[0]
        return self.answers.get(key, Completed(127, "", f"{argv[0]}: command not found"))


@pytest.fixture
def ground(tmp_path: pathlib.Path) -> Ground:
    return Ground(tmp_path)


def record(days: float, *, kind: int = 7, line: bytes = b"pts/0", host: bytes = b"192.0.2.1") -> bytes:
    """A record of so many days ago."""
    when = int((NOW - days * DAY).timestamp())
    return WTMP.pack(kind, 7, line, b"", b"root", host, 0, 0, 0, when, 0, b"")


def boot(days: float) -> bytes:
    return record(days, kind=2, line=b"~", host=b"6.1.0")


def ago(when: datetime.datetime | None) -> float | None:
    return None if when is None else round((NOW - when) / DAY, 1)


def covered(source: logins.Source) -> float | None:
    """How many days back the source reaches."""
    return ago(logins.covered_since(source.spans, NOW))


# What is covered


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], None),
        ([(9, 0)], 9),
        ([(9, 5), (5, 0)], 9),
        ([(9, 5), (4.5, 0)], 9),
        ([(9, 5), (3, 0)], 3),
        ([(9, 2)], None),
        ([(100, 50), (60, 0), (3, 1)], 100),
        ([(1, 0), (50, 0.5)], 50),
    ],
)
def test_spans_must_reach_the_present_without_a_gap(spans: list[tuple[float, float]], expected: float | None) -> None:
    assert ago(logins.covered_since([(NOW - a * DAY, NOW - b * DAY) for a, b in spans], NOW)) == expected


# wtmp


def test_wtmp_with_rotated_copies(ground: Ground) -> None:
    ground.write("/var/log/wtmp", boot(30) + record(10))
    ground.write("/var/log/wtmp.1", boot(60) + record(50))
    ground.write("/var/log/wtmp.2.gz", gzip.compress(record(200) + boot(190)))
    ground.write("/var/log/wtmp.3.xz", lzma.compress(record(300)))
    source = logins.wtmp(ground.host())
    assert covered(source) == 300
    assert [ago(login.when) for login in source.logins] == [300, 200, 50, 10]
    assert (source.every_login, source.problems) == (False, ())
    assert {login.source for login in source.logins if ago(login.when) == 200} == {"/var/log/wtmp.2.gz"}


def test_wtmp_rotated_by_date(ground: Ground) -> None:
    ground.write("/var/log/wtmp", boot(30))
    ground.write("/var/log/wtmp-20261001", boot(60))
    ground.write("/var/log/wtmp-20260901.gz", gzip.compress(boot(90)))
    assert covered(logins.wtmp(ground.host())) == 90


def test_an_empty_file_after_rotation_goes_on_with_the_one_before(ground: Ground) -> None:
    ground.write("/var/log/wtmp", b"")
    ground.write("/var/log/wtmp.1", boot(100) + boot(30))
    assert covered(logins.wtmp(ground.host())) == 100


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"wtmp": boot(30), "wtmp.2": boot(100) + boot(60)}, 30),
        ({"wtmp": boot(30), "wtmp.1.gz": gzip.compress(boot(100) + boot(60))[:-20]}, 30),
        ({"wtmp": boot(30), "wtmp.1.gz": b"no gzip at all"}, 30),
        ({"wtmp": boot(30), "wtmp.1.zst": b"\x28\xb5\x2f\xfd"}, 30),
        ({"wtmp": boot(30), "wtmp.1": (boot(100) + boot(60))[:-50]}, 30),
        ({"wtmp": boot(100) + b"\xff" * 384 + boot(30)}, 30),
        ({"wtmp": boot(100) + boot(30) + record(1)[:17]}, 100),
        ({"wtmp": b"\xff" * 1000}, None),
        ({}, None),
    ],
)
def test_what_is_missing_or_damaged_ends_what_is_covered(
    ground: Ground, files: dict[str, bytes], expected: float | None
) -> None:
    for name, data in files.items():
        ground.write(f"/var/log/{name}", data)
    assert covered(logins.wtmp(ground.host())) == expected


def test_a_file_that_nothing_writes_to_covers_nothing_after_its_end(ground: Ground) -> None:
    ground.write("/var/log/wtmp", boot(400) + record(200))
    source = logins.wtmp(ground.host())
    assert covered(source) is None
    assert [ago(login.when) for login in source.logins] == [200]
    assert "nothing has been written to it since 2026-05-08" in source.problems[0]


@pytest.mark.parametrize(
    ("line", "host", "counts"),
    [
        (b"pts/0", b"192.0.2.1", True),
        (b"pts/7", b"client.example.org", True),
        (b"tty1", b"", False),
        (b"tty1", b"192.0.2.1", False),
        (b"pts/1", b"", False),
        (b"pts/1", b":0", False),
        (b":0", b":0", False),
        (b"pts/1", b"tmux(312).%0", False),
    ],
)
def test_which_sessions_came_over_ssh(ground: Ground, line: bytes, host: bytes, counts: bool) -> None:
    ground.write("/var/log/wtmp", record(1, line=line, host=host))
    assert bool(logins.wtmp(ground.host()).logins) == counts


def test_hostile_names_come_out_printable(ground: Ground) -> None:
    ground.write("/var/log/wtmp", record(1, host=b"\x1b[2J\xff\xe2\x80\xae"))
    (login,) = logins.wtmp(ground.host()).logins
    assert login.peer.isprintable()


@pytest.mark.parametrize(
    "name", ["wtmp-openssh-8.4p1-debian-11", "wtmp-openssh-9.2p1-debian-12", "wtmp-openssh-10.0p1-debian-13"]
)
def test_wtmp_of_real_machines(ground: Ground, name: str) -> None:
    ground.fixture(name, "/var/log/wtmp")
    (login,) = logins.wtmp(ground.host()).logins
    assert (login.account, login.peer, f"{login.when:%Y-%m-%d}") == ("root", "127.0.0.1", "2026-11-24")


# Databases


def test_wtmpdb_of_a_real_machine(ground: Ground) -> None:
    ground.fixture("wtmp.db-wtmpdb-0.73.0-debian-13", "/var/log/wtmp.db")
    (ground.root / "var/lib/wtmpdb").mkdir(parents=True)
    (ground.root / "var/lib/wtmpdb/wtmp.db").symlink_to("../../log/wtmp.db")
    source = logins.wtmpdb(ground.host())
    ((login),) = source.logins
    assert (login.account, login.peer, f"{login.when:%Y-%m-%d %H:%M}") == ("root", "127.0.0.1", "2026-11-24 13:50")
    assert covered(source) == 0.0 and source.problems == ()


def test_lastlog2_of_a_real_machine_shows_a_login_without_a_terminal(ground: Ground) -> None:
    ground.fixture("lastlog2.db-2.41.5-debian-13", "/var/lib/lastlog/lastlog2.db")
    source = logins.lastlog2(ground.host())
    assert [(login.account, login.peer) for login in source.logins] == [("root", "127.0.0.1")]
    assert source.spans == ()


def database(path: pathlib.Path, days: t.Iterable[float]) -> sqlite3.Connection:
    made = sqlite3.connect(path)
    made.execute(
        "CREATE TABLE wtmp(ID INTEGER PRIMARY KEY, Type INTEGER, User TEXT, Login INTEGER, Logout INTEGER, TTY TEXT, RemoteHost TEXT, Service TEXT)"
    )
    for day in days:
        when = int((NOW - day * DAY).timestamp()) * 1_000_000
        made.execute("INSERT INTO wtmp VALUES(NULL, 3, 'root', ?, NULL, 'pts/0', '192.0.2.1', NULL)", (when,))
    made.commit()
    return made


def test_wtmpdb_covers_the_present_where_sshd_writes_to_it(ground: Ground) -> None:
    folder = ground.write("/var/lib/wtmpdb/x", b"").parent
    database(folder / "wtmp.db", [100, 95]).close()
    database(folder / "wtmp_20260101.db", [400]).close()
    assert covered(logins.wtmpdb(ground.host())) is None
    ground.write("/usr/lib/openssh/sshd-session", b"\x7fELF...libwtmpdb.so.0\0...")
    assert covered(logins.wtmpdb(ground.host())) == 400


def test_a_write_ahead_log_is_read_and_nothing_is_written(ground: Ground) -> None:
    folder = ground.write("/var/lib/wtmpdb/x", b"").parent
    made = database(folder / "wtmp.db", [100])
    made.execute("PRAGMA journal_mode=WAL")
    made.execute(
        "INSERT INTO wtmp VALUES(NULL, 3, 'late', ?, NULL, 'pts/0', 'h', NULL)", (int(NOW.timestamp()) * 1_000_000,)
    )
    made.commit()
    assert (folder / "wtmp.db-wal").stat().st_size
    before = {
        path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir() if "shm" not in path.name
    }
    source = logins.wtmpdb(ground.host())
    after = {
        path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir() if "shm" not in path.name
    }
    made.close()
    assert [login.account for login in source.logins] == ["root", "late"]
    assert before == after


@pytest.mark.parametrize("data", [b"no database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_database_is_a_problem_and_covers_nothing(ground: Ground, data: bytes) -> None:
    ground.write("/var/log/wtmp.db", data)
    ground.write("/var/lib/lastlog/lastlog2.db", data)
    for source in (logins.wtmpdb(ground.host()), logins.lastlog2(ground.host())):
        assert (source.logins, source.spans) == ((), ())
        assert "no readable database" in source.problems[0]


def test_an_empty_database_is_none(ground: Ground) -> None:
    ground.write("/var/lib/lastlog/lastlog2.db", b"")
    assert logins.lastlog2(ground.host()) == logins.Source(logins.LASTLOG2)


def test_without_sqlite_it_says_so(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    ground.fixture("wtmp.db-wtmpdb-0.73.0-debian-13", "/var/log/wtmp.db")
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    assert "no sqlite3 module" in logins.wtmpdb(ground.host()).problems[0]


# The journal


@pytest.mark.parametrize("name", ["247.3-debian-11", "257.13-debian-13"])
def test_journal_of_real_machines(ground: Ground, name: str) -> None:
    header, told = ((FIXTURES / f"journalctl-{kind}-{name}.txt").read_text() for kind in ("header", "accepted"))
    ground.answers = {"header": Completed(0, header, ""), "journalctl": Completed(0, told, "")}
    source = logins.journal(ground.host(), NOW - 90 * DAY)
    assert [(login.account, login.peer) for login in source.logins] == [("root", "127.0.0.1"), ("root", "")] * 2
    assert covered(source) == 0.0 and source.every_login and source.problems == ()
    assert f"--since=@{int((NOW - 90 * DAY).replace(hour=0).timestamp())}" in ground.asked[1]


def header(kind: str, first: float, last: float) -> str:
    times = [int((NOW - day * DAY).timestamp() * 1_000_000) for day in (first, last)]
    head, tail = (f"{word} realtime timestamp: Tue ({time:x})" for word, time in zip(("Head", "Tail"), times))
    return f"File path: /var/log/journal/1f/{kind}.journal\n{head}\n{tail}\n\n"


@pytest.mark.parametrize(
    ("files", "answer", "expected", "problem"),
    [
        ([("system", 10, 0), ("system@1f", 100, 10)], Completed(1, "", ""), 100, ""),
        ([("system", 10, 0), ("user-1000@1f", 100, 10)], Completed(1, "", ""), 10, ""),
        ([("system", 100, 0)], Completed(124, "", "journalctl: no end after 8 s"), None, "no end after 8 s"),
        ([("system", 100, 0)], Completed(1, "", "Compiled without pattern matching support"), None, "pattern matching"),
        ([("user-1000", 100, 0)], Completed(1, "", ""), None, "no system journal"),
        ([], Completed(1, "", ""), None, "no system journal"),
    ],
)
def test_what_the_journal_covers(
    ground: Ground, files: list[tuple[str, float, float]], answer: Completed, expected: float | None, problem: str
) -> None:
    ground.answers = {"header": Completed(0, "".join(header(*file) for file in files), ""), "journalctl": answer}
    source = logins.journal(ground.host(), NOW - 90 * DAY)
    assert covered(source) == expected
    assert problem in " ".join(source.problems) and bool(problem) == bool(source.problems)


def test_a_journal_with_too_many_logins_covers_what_was_read(ground: Ground) -> None:
    stamp = (NOW - 3 * DAY).timestamp()
    lines = f"{stamp} box sshd[1]: Accepted password for u from h port 1 ssh2\n" * logins.MAX_LOGINS
    ground.answers = {"header": Completed(0, header("system", 100, 0), ""), "journalctl": Completed(0, lines, "")}
    assert covered(logins.journal(ground.host(), NOW - 90 * DAY)) == 3


@pytest.mark.parametrize(
    ("config", "silent"),
    [
        ("LogLevel VERBOSE\n", False),
        ("#LogLevel QUIET\n", False),
        ("LogLevel ERROR\n", True),
        ("loglevel=quiet\n", True),
        ('Match User backup\n\tLogLevel "FATAL"\n', True),
    ],
)
def test_a_log_level_that_hides_logins_covers_nothing(ground: Ground, config: str, silent: bool) -> None:
    ground.write("/etc/ssh/sshd_config", b"Include /etc/ssh/sshd_config.d/*.conf\n")
    ground.write("/etc/ssh/sshd_config.d/10-x.conf", config.encode())
    ground.answers = {"header": Completed(0, header("system", 100, 0), ""), "journalctl": Completed(1, "", "")}
    ground.write("/var/log/auth.log", b"2026-08-01T00:00:00Z box x: y\n2026-11-24T13:00:00Z box x: y\n")
    for source in (logins.journal(ground.host(), NOW - 90 * DAY), logins.auth_log(ground.host())):
        assert (covered(source) is None) == silent
        assert ("LogLevel" in " ".join(source.problems)) == silent


# auth.log and secure


def syslog(*days: float) -> bytes:
    return b"".join(f"{NOW - day * DAY:%Y-%m-%dT%H:%M:%S}+00:00 box CRON[1]: x\n".encode() for day in days)


def test_auth_log_with_rotated_copies(ground: Ground) -> None:
    ground.write("/var/log/auth.log", syslog(7, 0.1))
    ground.write("/var/log/auth.log.1", syslog(14, 7.1), mtime=NOW - 7 * DAY)
    login = b"2026-11-05T10:00:00+00:00 box sshd[1]: Accepted publickey for deploy from 192.0.2.7 port 1 ssh2\n"
    ground.write("/var/log/auth.log.2.gz", gzip.compress(syslog(21) + login + syslog(14.1)), mtime=NOW - 14 * DAY)
    source = logins.auth_log(ground.host())
    assert covered(source) == 21 and source.every_login
    assert [(found.account, found.peer, found.source) for found in source.logins] == [
        ("deploy", "192.0.2.7", "/var/log/auth.log.2.gz")
    ]


def test_secure_of_the_rhel_family_composed(ground: Ground) -> None:
    text = (
        b"Nov  1 00:00:00 el9 sshd[1]: Server listening on :: port 22.\n"
        b"Nov 24 13:30:00 el9 sshd[8]: Accepted publickey for root from 192.0.2.9 port 5 ssh2: RSA SHA256:x\n"
    )
    ground.write("/var/log/secure", text)
    ground.write(
        "/var/log/secure-20261101", b"Oct 25 00:00:00 el9 x: y\nOct 31 23:59:00 el9 x: y\n", mtime=NOW - 23 * DAY
    )
    source = logins.auth_log(ground.host())
    assert 30 < (covered(source) or 0) < 31
    assert [found.account for found in source.logins] == ["root"]


def test_a_log_that_rsyslog_no_longer_writes_covers_nothing_now(ground: Ground) -> None:
    ground.write("/var/log/auth.log", syslog(200, 100), mtime=NOW - 100 * DAY)
    assert covered(logins.auth_log(ground.host())) is None


def test_only_the_end_of_a_huge_log_is_read(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "MAX_BYTES", 1000)
    ground.write("/var/log/auth.log", syslog(*[9] * 100))
    ground.write("/var/log/auth.log.1", syslog(30))
    ground.answers = {"tail": Completed(0, "0 box x: torn\n" + syslog(3, 0).decode() + "x" * 1000, "")}
    source = logins.auth_log(ground.host())
    assert covered(source) == 3
    assert any("only its last" in problem for problem in source.problems)
    assert any("auth.log.1: not read" in problem for problem in source.problems)


def test_what_this_user_may_not_read_is_a_problem(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Host, name: str) -> bytes:
        raise NeedsRoot(f"{name}: not readable by this user; run as root (become: true)")

    ground.write("/var/log/auth.log", syslog(100, 0))
    monkeypatch.setattr(Host, "read_bytes", refused)
    source = logins.auth_log(ground.host())
    assert covered(source) is None
    assert "run as root" in " ".join(source.problems)


def test_sources_are_asked_one_after_the_other(ground: Ground) -> None:
    names = [source.name for source in logins.sources(ground.host(), NOW - DAY)]
    assert names == ["/var/log/wtmp", "wtmpdb", logins.LASTLOG2, "journalctl _COMM=sshd", "/var/log/auth.log"]
