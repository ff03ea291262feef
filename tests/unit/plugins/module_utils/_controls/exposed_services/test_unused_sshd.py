# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""unused_sshd: what counts as sshd, as a login, as enough history, and what the fix does to which unit."""

from __future__ import annotations

import datetime
import pathlib
import struct
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services import unused_sshd
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._host import connection, logins
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host

NOW = datetime.datetime(2026, 11, 24, 14, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
DEFAULTS = {name: spec["default"] for name, spec in unused_sshd.OPTIONS.items()}
OWN = connection.Connection("192.0.2.50", 4711, "192.0.2.1", 22, (900, 800), "ssh.service", ("ssh.service",))
Lines = t.Mapping[str, str]


class Ground:
    """A host below a folder: units that systemctl shows, processes, a journal and a wtmp that covers `days`."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.units: dict[str, Lines] = {}
        self.journal = ""
        self.journal_days = 365.0
        self.write("/run/systemd/system/x", "")
        self.write("/proc/1/cgroup", "0::/init.scope\n")

    def write(self, name: str, data: str | bytes) -> None:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)

    def unit(self, name: str, *, active: str = "active", enablement: str = "enabled", **more: str) -> None:
        shown = {"Id": name, "Names": name, "LoadState": "loaded", "FragmentPath": f"/lib/systemd/system/{name}"}
        self.units[name] = {**shown, "ActiveState": active, "UnitFileState": enablement, **more}

    def process(self, pid: int, title: str, unit: str, name: str = "sshd", container: str = "") -> None:
        self.write(f"/proc/{pid}/comm", f"{name}\n")
        self.write(f"/proc/{pid}/cmdline", title.replace(" ", "\0"))
        self.write(f"/proc/{pid}/stat", f"{pid} ({name}) S 1 1 1\n")
        self.write(f"/proc/{pid}/cgroup", f"0::{container}/system.slice/{unit}\n")

    def assess(self, own: connection.Connection | None = None, **options: t.Any) -> Finding:
        host = Host(root=str(self.root), runner=self._run, now=NOW)
        host._memory[connection.read] = own
        (finding,) = unused_sshd.assess(host, {**DEFAULTS, **options})
        return finding

    def _run(self, argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        if argv[0] == "systemctl":
            wanted = [self.units.get(name) for name in argv if name.endswith((".service", ".socket"))]
            shown = [unit for unit in (wanted if "*" not in argv else self.units.values()) if unit]
            return Completed(0, "\n\n".join("\n".join(f"{k}={v}" for k, v in unit.items()) for unit in shown), "")
        if "--header" in argv:
            times = [int((NOW - days * DAY).timestamp() * 1_000_000) for days in (self.journal_days, 0)]
            head, tail = (f"{w} realtime timestamp: x ({time:x})\n" for w, time in zip(("Head", "Tail"), times))
            return Completed(0, f"File path: /var/log/journal/1/system.journal\n{head}{tail}", "")
        return Completed(0, self.journal, "") if argv[0] == "journalctl" else Completed(127, "", "missing")


@pytest.fixture
def ground(tmp_path: pathlib.Path) -> Ground:
    return Ground(tmp_path)


def accepted(days: float, account: str = "root", peer: str = "192.0.2.9") -> str:
    when = (NOW - days * DAY).timestamp()
    return f"{when} box sshd[1]: Accepted publickey for {account} from {peer} port 1 ssh2\n"


def wtmp(*records: tuple[float, bytes]) -> bytes:
    layout = struct.Struct("<hxxi32s4s32s256shhiii16s20x")
    stamps = [(int((NOW - days * DAY).timestamp()), host) for days, host in records]
    return b"".join(layout.pack(7, 1, b"pts/0", b"", b"root", host, 0, 0, 0, when, 0, b"") for when, host in stamps)


# Whether sshd is on


@pytest.mark.parametrize(
    ("units", "status"),
    [
        ({}, "not_applicable"),
        ({"ssh.service": {"active": "inactive", "enablement": "masked"}}, "pass"),
        ({"ssh.service": {"active": "inactive", "enablement": "disabled"}}, "pass"),
        ({"ssh.service": {}}, "fail"),
        ({"ssh.service": {"active": "failed", "enablement": "enabled"}}, "fail"),
        ({"ssh.service": {"active": "active", "enablement": "disabled"}}, "fail"),
        ({"ssh.socket": {}, "ssh.service": {"active": "inactive", "enablement": "disabled"}}, "fail"),
        ({"sshd.service": {}}, "fail"),
        ({"sshd.socket": {}}, "fail"),
        ({"sshd-unix-local.socket": {"enablement": "generated"}}, "not_applicable"),
    ],
)
def test_which_units_are_sshd_and_on(ground: Ground, units: t.Mapping[str, t.Any], status: str) -> None:
    for name, fields in units.items():
        ground.unit(name, **fields)
    finding = ground.assess()
    assert (finding.subject, finding.status) == ("sshd", status)
    assert bool(finding.fix) == (status == "fail")


LISTENER = "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"


@pytest.mark.parametrize("title", [LISTENER, "/usr/sbin/sshd -D -oCiphers=x"])
def test_an_sshd_without_a_unit_is_reported_and_left_alone(ground: Ground, title: str) -> None:
    ground.process(50, title, "run.scope")
    finding = ground.assess()
    assert (finding.status, finding.fix) == ("fail", ())
    assert "process 50" in finding.message


def test_an_sshd_of_any_other_unit_is_found_by_its_process(ground: Ground) -> None:
    ground.unit("jump.service")
    ground.process(50, LISTENER, "jump.service")
    finding = ground.assess()
    assert [change.describe() for change in finding.fix] == ["stop and disable and mask jump.service"]


def test_an_sshd_in_a_container_is_the_containers_own(ground: Ground) -> None:
    ground.process(50, LISTENER, f"docker-{'0' * 64}.scope")
    assert ground.assess().status == "not_applicable"


# What counts as a login


def test_the_connection_of_this_run_is_one(ground: Ground) -> None:
    ground.unit("ssh.service")
    finding = ground.assess(OWN)
    assert (finding.status, finding.fix) == ("pass", ())
    assert finding.evidence[-1].source == "connection of this run"


def test_unless_another_daemon_carries_it(ground: Ground) -> None:
    ground.unit("ssh.service")
    dropbear = connection.Connection(
        "192.0.2.50", 1, "192.0.2.1", 2222, (9,), "dropbear.service", ("dropbear.service",)
    )
    assert ground.assess(dropbear).status == "fail"


@pytest.mark.parametrize(
    ("title", "name", "status"),
    [
        ("sshd: backup@notty", "sshd", "pass"),
        ("sshd-session: backup@pts/3", "sshd-session", "pass"),
        ("sshd: backup [priv]", "sshd", "fail"),
        ("sshd: unknown [net]", "sshd", "fail"),
        ("sshd-auth: backup [preauth]", "sshd-auth", "fail"),
    ],
)
def test_an_open_session_is_one_however_old(ground: Ground, title: str, name: str, status: str) -> None:
    ground.unit("ssh.service")
    ground.process(60, title, "ssh.service", name)
    finding = ground.assess()
    assert finding.status == status
    assert (finding.message == "backup is logged in now") == (status == "pass")


@pytest.mark.parametrize(("days", "status"), [(1, "pass"), (89.9, "pass"), (90.1, "fail"), (-0.5, "pass")])
def test_a_login_in_the_window_is_one(ground: Ground, days: float, status: str) -> None:
    ground.unit("ssh.service")
    ground.journal = accepted(days)
    assert ground.assess().status == status


def test_a_login_in_the_window_passes_with_little_history(ground: Ground) -> None:
    ground.unit("ssh.service")
    ground.journal_days = 2
    ground.journal = accepted(1, "deploy")
    finding = ground.assess()
    assert (finding.status, finding.message) == ("pass", "deploy logged in from 192.0.2.9 on 2026-11-23")


# Cutting our own connection


def test_own_logins_do_not_count_where_they_may_be_cut(ground: Ground) -> None:
    ground.unit("ssh.service")
    ground.process(900, "sshd: ansible@notty", "ssh.service")
    ground.journal = accepted(0, "ansible", OWN.peer) + accepted(30, "ansible", OWN.peer)
    assert ground.assess(OWN).status == "pass"
    finding = ground.assess(OWN, allow_self_cutoff=True)
    assert finding.status == "fail" and finding.fix


@pytest.mark.parametrize(("account", "peer"), [("ansible", "192.0.2.51"), ("alice", OWN.peer)])
def test_logins_of_others_count_still(ground: Ground, account: str, peer: str) -> None:
    ground.unit("ssh.service")
    ground.process(900, "sshd: ansible@notty", "ssh.service")
    ground.journal = accepted(30, account, peer)
    assert ground.assess(OWN, allow_self_cutoff=True).status == "pass"


def test_sessions_of_others_count_still(ground: Ground) -> None:
    ground.unit("ssh.service")
    ground.process(900, "sshd: ansible@notty", "ssh.service")
    ground.process(901, "sshd: alice@pts/0", "ssh.service")
    assert ground.assess(OWN, allow_self_cutoff=True).message == "alice is logged in now"


# How much history is enough


@pytest.mark.parametrize(
    ("days", "status"), [(91, "fail"), (90, "fail"), (89.5, "not_assessed"), (0.1, "not_assessed")]
)
def test_history_must_reach_back(ground: Ground, days: float, status: str) -> None:
    ground.unit("ssh.service")
    ground.journal_days = days
    finding = ground.assess()
    assert finding.status == status
    assert (f"remembered for {int(days)} days only" in finding.message) == (status == "not_assessed")


def test_wtmp_alone_does_not_show_who_came_without_a_terminal(ground: Ground) -> None:
    ground.unit("ssh.service")
    ground.journal_days = 0
    ground.write("/etc/ssh/sshd_config", "LogLevel QUIET\n")
    ground.write("/var/log/wtmp", wtmp((400, b"h"), (0, b"")))
    finding = ground.assess()
    assert finding.status == "not_assessed"
    assert "without a terminal" in finding.message and "LogLevel QUIET" in finding.message


def test_a_wrong_clock_is_told(ground: Ground) -> None:
    ground.unit("ssh.service")
    ground.write("/var/log/wtmp", wtmp((400, b"h"), (-30, b"h")))
    finding = ground.assess()
    assert (finding.status, finding.fix) == ("not_assessed", ())
    assert "the clock is wrong: it says 2026-11-24, but there are log entries of 2026-12-24" in finding.message


def test_idle_days_of_nothing_are_refused(ground: Ground) -> None:
    ground.unit("ssh.service")
    finding = ground.assess(idle_days=0)
    assert (finding.status, finding.fix) == ("error", ())


def test_nothing_is_read_past_the_first_login(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    def unexpected(*args: t.Any) -> t.NoReturn:
        raise AssertionError("read although a login is known")

    ground.unit("ssh.service")
    ground.write("/var/log/wtmp", wtmp((1, b"h")))
    monkeypatch.setattr(logins, "journal", unexpected)
    assert ground.assess().status == "pass"


# The fix


def test_sockets_go_first_and_everything_that_exists_is_masked(ground: Ground) -> None:
    ground.unit("ssh.service", enablement="disabled", TriggeredBy="ssh.socket")
    ground.unit("ssh.socket", Triggers="ssh.service")
    assert [change.describe() for change in ground.assess().fix] == [
        "stop and disable and mask ssh.socket",
        "stop and mask ssh.service",
    ]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"FragmentPath": "/etc/systemd/system/ssh.service"}, "stop and disable ssh.service"),
        ({"FragmentPath": "/run/systemd/transient/ssh.service", "Transient": "yes"}, "stop ssh.service"),
    ],
)
def test_what_cannot_be_masked_is_only_stopped(ground: Ground, more: Lines, expected: str) -> None:
    ground.unit("ssh.service", **more)
    assert [change.describe() for change in ground.assess().fix] == [expected]
