# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guarded changes: they stand once a new connection has confirmed them, and go by themselves otherwise.

The process behind the guard is the real one, without systemd (there is none below these roots).
"""

from __future__ import annotations

import dataclasses
import errno
import os
import pathlib
import signal
import subprocess
import sys
import time
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine import deadman, guard, units
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.assess import Request
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import write_file
from ansible_collections.infosec.principles.plugins.module_utils._engine.guard import Guard
from ansible_collections.infosec.principles.plugins.module_utils._engine.journal import Journal, Locked, lock, runs
from ansible_collections.infosec.principles.plugins.module_utils._engine.packages import InstallPackage
from ansible_collections.infosec.principles.plugins.module_utils._engine.run import Result, resume, run
from ansible_collections.infosec.principles.plugins.module_utils._engine.undo import Settings as UndoSettings
from ansible_collections.infosec.principles.plugins.module_utils._engine.undo import undo
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

from . import toy

PATH = "/etc/firewall.conf"
PLAIN = "/etc/plain.conf"


def control(seconds: int = 60, before: tuple[t.Any, ...] = (), after: tuple[t.Any, ...] = ()) -> Control:
    """A firewall in one file, guarded, and beside it a file that needs no guard."""

    def assess(host: Host, options: Options) -> t.Iterator[f.Finding]:
        fix = (*before, Guard(seconds), write_file(host, PATH, "deny\n"), *after)
        for path, changes in ((PATH, fix), (PLAIN, (write_file(host, PLAIN, "good\n"),))):
            good = host.exists(path)
            yield f.Finding(toy.RULE, path, f.PASS if good else f.FAIL, "looked at", fix=() if good else changes)

    return Control("guarded", "lateral_movement", "Guarded", (toy.RULE,), {}, assess)


@dataclasses.dataclass
class Site:
    """A host below a folder, and calls that come over numbered connections."""

    root: pathlib.Path
    seconds: int = 60
    before: tuple[t.Any, ...] = ()
    after: tuple[t.Any, ...] = ()

    @property
    def host(self) -> Host:
        return toy.RootHost(root=str(self.root))

    def _requests(self) -> list[Request]:
        return [Request(control(self.seconds, self.before, self.after), {})]

    def run(self, connection: str = "first", **changes: t.Any) -> Result:
        return run(self.host, self._requests(), toy.settings(connection=lambda: connection, **changes))

    def resume(self, run_id: str, connection: str = "second") -> Result:
        return resume(self.host, self._requests(), toy.settings(connection=lambda: connection), run_id)

    def text(self, path: str = PATH) -> str | None:
        file = self.root / path.lstrip("/")
        return file.read_text() if file.exists() else None

    def state(self, run_id: str) -> str:
        return Journal(self.host, run_id).read().state

    def await_state(self, run_id: str, wanted: str, seconds: float = 10) -> None:
        end = time.monotonic() + seconds
        while self.state(run_id) != wanted:
            assert time.monotonic() < end, f"{self.state(run_id)} after {seconds} s, not {wanted}"
            time.sleep(0.05)


@pytest.fixture
def site(tmp_path: pathlib.Path) -> t.Iterator[Site]:
    (tmp_path / "etc").mkdir()
    site = Site(tmp_path)
    yield site
    for told in runs(site.host):
        guard.disarm(site.host, told.run_id)


def statuses(result: Result) -> dict[str, str]:
    return {finding["subject"]: finding["status"] for finding in result.findings}


def notes(result: Result) -> dict[str, str]:
    return {finding["subject"]: finding["note"] for finding in result.findings}


def left_behind(site: Site) -> list[str]:
    return sorted(path.name for path in (site.root / guard.FOLDER.lstrip("/")).glob("*"))


def test_a_new_connection_confirms(site: Site) -> None:
    check = site.run(check=True)
    waiting = site.run()
    assert (waiting.confirm, waiting.changed, waiting.diff) == (60, True, check.diff)
    assert site.text() == "deny\n" and site.state(waiting.run_id) == "guarded"
    confirmed = site.resume(waiting.run_id)
    assert statuses(confirmed) == {PATH: "fixed", PLAIN: "fixed"} and not confirmed.confirm
    assert notes(confirmed)[PLAIN] == f"create {PLAIN}" and notes(confirmed)[PATH].endswith(f"create {PATH}")
    assert site.state(waiting.run_id) == "ended" and left_behind(site) == []
    again = site.run()
    assert (again.changed, again.confirm, statuses(again)) == (False, 0, {PATH: "pass", PLAIN: "pass"})


def test_the_old_connection_does_not(site: Site) -> None:
    waiting = site.run("first")
    with pytest.raises(ChangeError, match="the connection that made the change cannot confirm it"):
        site.resume(waiting.run_id, "first")
    assert site.state(waiting.run_id) == "guarded"


def test_without_a_connection_to_lose_the_second_call_confirms(site: Site) -> None:
    assert statuses(site.resume(site.run("").run_id, ""))[PATH] == "fixed"


def test_unconfirmed_the_host_puts_it_back_by_itself_and_says_so(site: Site) -> None:
    site.seconds = 1
    waiting = site.run()
    site.await_state(waiting.run_id, "expired")
    assert site.text() is None and site.text(PLAIN) == "good\n", "what needed no guard stands"
    late = site.resume(waiting.run_id)
    assert "no new connection confirmed it in time" in late.failure
    assert statuses(late) == {PATH: "error", PLAIN: "fixed"}
    assert notes(late)[PLAIN] == f"create {PLAIN}" and "put everything of this fix back" in notes(late)[PATH]
    end = time.monotonic() + 5
    while left_behind(site) and time.monotonic() < end:
        time.sleep(0.05)
    assert left_behind(site) == []


def in_child(act: t.Callable[[], object]) -> int:
    """Do it in a process of its own, which ends with the act; its id."""
    child = os.fork()
    if not child:
        act()
        os._exit(0)
    return child


def ended_by(child: int) -> int:
    return os.WTERMSIG(os.waitpid(child, 0)[1])


def test_a_controller_that_dies_half_way_leaves_the_host_as_it_was(site: Site) -> None:
    """SIGKILL right after the guarded file was written: the run does not end, and nobody confirms."""
    site.seconds = 1
    events: list[str] = []

    def die(event: str) -> None:
        events.append(event)
        if events.count("done") == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    assert ended_by(in_child(lambda: site.run(fault=die))) == signal.SIGKILL
    assert site.text() == "deny\n"
    (told,) = runs(site.host)
    site.await_state(told.run_id, "ended")
    assert site.text() is None and site.text(PLAIN) == "good\n"


def test_a_run_that_is_killed_while_it_arms_leaves_nothing_behind(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_start_session", lambda argv: os.kill(os.getpid(), signal.SIGKILL))
    assert ended_by(in_child(site.run)) == signal.SIGKILL
    assert left_behind(site) != []
    monkeypatch.undo()
    waiting = site.run()
    site.resume(waiting.run_id)
    assert left_behind(site) == []


def test_a_run_that_hangs_is_killed_and_taken_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadman, "PATIENCE", 0.3)
    waiting = site.run()
    held = site.root / "held"

    def hang() -> None:
        with lock(site.host, by="a run that hangs", timeout=5):
            held.touch()
            time.sleep(60)

    child = in_child(hang)
    while not held.exists():
        time.sleep(0.05)
    deadman.expire(site.host, waiting.run_id)
    assert ended_by(child) == signal.SIGKILL
    assert site.text() is None and site.state(waiting.run_id) == "expired"


def test_a_service_that_stays_ill_does_not_hold_the_host_for_ever(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadman, "PAUSES", (0, 0))
    calls: list[str] = []

    def apply(self: units.Activate, host: Host, *, tag: str) -> None:
        calls.append(self.unit)
        if len(calls) > 1:
            raise ChangeError("not healthy")

    monkeypatch.setattr(units.Activate, "apply", apply)
    site.after = (units.Activate("ssh.service", "reload"),)
    waiting = site.run()
    deadman.expire(site.host, waiting.run_id)
    assert len(calls) == 1 + deadman.SERVICES, "asked again, and then let be"
    assert site.text() is None and site.state(waiting.run_id) == "expired" and left_behind(site) == []


def test_another_run_waits_for_the_confirmation(site: Site) -> None:
    waiting = site.run()
    with pytest.raises(Locked, match=f"run {waiting.run_id} waits for a new connection"):
        site.run()
    with pytest.raises(Locked):
        undo(site.host, "all", UndoSettings(lock_timeout=0.1))
    assert site.text() == "deny\n"


def test_past_its_time_the_next_run_takes_it_back_though_the_guard_died(site: Site) -> None:
    waiting = site.run()
    pid = int((site.root / guard.FOLDER.lstrip("/") / f"{waiting.run_id}.ready").read_text())
    os.kill(pid, signal.SIGKILL)
    guard.extend(site.host, waiting.run_id, 0)
    again = site.run()
    assert any("was not confirmed by a new connection" in message for message in again.messages)
    assert site.state(waiting.run_id) == "expired" and again.run_id != waiting.run_id


def test_packages_first_then_the_guard(site: Site) -> None:
    site.before = (InstallPackage("nftables"),)
    waiting = site.run()
    assert (waiting.packages, waiting.confirm, site.text()) == (["nftables"], 0, None)
    assert site.text(PLAIN) == "good\n"
    installed = site.resume(waiting.run_id, "first")
    assert (installed.confirm, site.text()) == (60, "deny\n")
    assert statuses(site.resume(waiting.run_id, "second"))[PATH] == "fixed"
    assert undo(site.host, "all", UndoSettings()).packages == ["nftables"] and site.text() is None


def test_a_guard_that_cannot_be_armed_changes_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    result = site.run()
    assert statuses(result) == {PATH: "error", PLAIN: "fixed"} and not result.confirm
    (note,) = (finding["note"] for finding in result.findings if finding["subject"] == PATH)
    assert "the guard could not be armed, so nothing was changed" in note
    assert site.text() is None and left_behind(site) == []


def test_a_fix_that_fails_under_the_guard_is_put_back_at_once(site: Site) -> None:
    def assess(host: Host, options: Options) -> t.Iterator[f.Finding]:
        refused = write_file(host, PATH, "odd\n", validate=("sh", "-c", "exit 3", "{}"))
        yield f.Finding(toy.RULE, PATH, f.FAIL, "bad", fix=(Guard(60), refused))

    odd = Control("odd", "lateral_movement", "Odd", (toy.RULE,), {}, assess)
    result = run(site.host, [Request(odd, {})], toy.settings())
    assert statuses(result) == {PATH: "error"} and not result.confirm
    assert site.state(result.run_id) == "ended" and left_behind(site) == []


@dataclasses.dataclass
class Clocks:
    """Time that passes by sleeping alone; at `second`, somebody sets the wall clock forward by `jump`."""

    jump: float
    second: float = 10
    passed: float = 0

    def sleep(self, seconds: float) -> None:
        self.passed += max(seconds, 0.001)

    def monotonic(self) -> float:
        return self.passed

    def wall(self) -> float:
        return 1e9 + self.passed + (self.jump if self.passed >= self.second else 0)

    def use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(time, "sleep", self.sleep)
        monkeypatch.setattr(time, "monotonic", self.monotonic)
        monkeypatch.setattr(time, "time", self.wall)


@pytest.mark.parametrize(("jump", "second", "expected"), [(0, 10, 30), (-3600, 10, 30), (-1e9, 0, 30), (3600, 10, 10)])
def test_setting_the_clock_never_prolongs_the_time(
    site: Site, monkeypatch: pytest.MonkeyPatch, jump: float, second: float, expected: float
) -> None:
    """Set back while the process waits, and before it looks for the first time (a boot without a battery's clock)."""
    clocks = Clocks(jump, second=1e9)
    clocks.use(monkeypatch)
    guard.extend(site.host, "x", 30)
    clocks.second = second
    assert deadman.wait(site.host, "x") is True
    assert clocks.passed == pytest.approx(expected, abs=1)
    guard.disarm(site.host, "x")


def test_a_timer_set_anew_waits_anew(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = Clocks(0)
    clocks.use(monkeypatch)
    guard.extend(site.host, "x", 30)

    def sleep(seconds: float) -> None:
        first = not clocks.passed
        clocks.sleep(20 if first else seconds)
        if first:
            guard.extend(site.host, "x", 30)

    monkeypatch.setattr(time, "sleep", sleep)
    assert deadman.wait(site.host, "x") is True
    assert clocks.passed == pytest.approx(50, abs=1)
    guard.disarm(site.host, "x")


@pytest.mark.parametrize("told", ["", "1764000000.0\n", "nonsense of a disk\n"])
def test_a_timer_that_cannot_be_read_is_overdue(site: Site, told: str) -> None:
    """A power cut may leave an empty file: taken for a disarmed one, it would leave everybody shut out."""
    guard.extend(site.host, "x", 30)
    (site.root / guard.FOLDER.lstrip("/") / "x.until").write_text(told)
    assert deadman.wait(site.host, "x") is True
    guard.disarm(site.host, "x")


@pytest.mark.parametrize("seconds", [0, -5])
def test_no_number_of_seconds_makes_it_unguarded(site: Site, seconds: int) -> None:
    site.seconds = seconds
    waiting = site.run()
    assert waiting.confirm == 1
    site.await_state(waiting.run_id, "expired")
    assert site.text() is None


def test_it_is_taken_back_however_long_that_fails(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, tries = site.run(), 12
    failing = [ChangeError("the disk is full")] * tries
    put_in_order = deadman.put_in_order

    def attempt(*args: t.Any, **more: t.Any) -> object:
        if failing:
            raise failing.pop()
        return put_in_order(*args, **more)

    monkeypatch.setattr(deadman, "put_in_order", attempt)
    monkeypatch.setattr(deadman, "PAUSES", (0,))
    deadman.expire(site.host, waiting.run_id)
    assert site.text() is None and site.state(waiting.run_id) == "expired" and left_behind(site) == []


def test_on_a_full_disk_the_rules_are_taken_back_all_the_same(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be written: neither that the process is there, nor who holds the host, nor any record."""
    waiting = site.run()
    os.kill(int((site.root / guard.FOLDER.lstrip("/") / f"{waiting.run_id}.ready").read_text()), signal.SIGKILL)
    guard.extend(site.host, waiting.run_id, 0)
    full = True

    def refuse(*_args: t.Any) -> t.NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    def make_room(_seconds: float) -> None:
        nonlocal full
        assert site.text() is None, "taken back before there was room"
        if full:
            full = False
            patch.undo()

    patch = pytest.MonkeyPatch()
    with patch.context() as disk:
        patch = disk
        for module, name in ((guard, "_write"), (os, "pwrite"), (os, "write")):
            disk.setattr(module, name, refuse)
        monkeypatch.setattr(time, "sleep", make_room)
        monkeypatch.setattr(sys, "argv", ["pyz", waiting.run_id, str(site.root)])
        deadman.main(toy.RootHost)
    assert not full and site.state(waiting.run_id) == "expired" and site.text() is None


def test_the_archive_runs_alone(site: Site, tmp_path: pathlib.Path) -> None:
    """No path of this checkout, no environment, no site packages: what a host is left with."""
    waiting = site.run()
    archive = site.root / guard.FOLDER.lstrip("/") / f"{waiting.run_id}.pyz"
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(archive), "no-such-run", str(site.root)],
        capture_output=True,
        text=True,
        check=False,
        env={},
        cwd="/",
    )
    assert (done.returncode, done.stderr) == (0, "")
