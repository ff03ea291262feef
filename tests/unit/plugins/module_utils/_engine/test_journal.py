# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed at any instant, a host is before or after each change, and the journal says which."""

from __future__ import annotations

import datetime
import errno
import json
import multiprocessing
import os
import pathlib
import signal
import subprocess
import sys
import time
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine import files
from ansible_collections.infosec.principles.plugins.module_utils._engine import journal as journal_module
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import TakeUp
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import WriteFile
from ansible_collections.infosec.principles.plugins.module_utils._engine.journal import (
    Journal,
    Locked,
    holder,
    lock,
    recover,
    runs,
    take_back,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.undo import Settings, listing, undo
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import toy

#: Records of one whole run: run, fix, 5 × (begin, done), fixed, ended.
RECORDS = 14


@pytest.fixture
def root(tmp_path: pathlib.Path) -> pathlib.Path:
    toy.lay(tmp_path)
    return tmp_path


def killed(root: pathlib.Path, point: int) -> None:
    done = subprocess.run(
        [sys.executable, toy.__file__, str(root), str(point)], check=False, capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def host(root: pathlib.Path) -> toy.RootHost:
    return toy.RootHost(root=str(root))


def test_a_run_writes_as_many_records_as_the_kill_test_covers(root: pathlib.Path) -> None:
    seen: list[str] = []
    toy.harden(root, fault=seen.append)
    assert len(seen) == RECORDS and seen[-1] == "ended"


@pytest.mark.parametrize("point", range(1, RECORDS + 1))
def test_next_run_completes_after_sigkill(root: pathlib.Path, point: int) -> None:
    killed(root, point)
    result = toy.harden(root)
    assert {finding["status"] for finding in result.findings} <= {"pass", "fixed"}
    assert (root / "etc/edited.conf").read_text() == "good\n"
    assert (root / "etc/flag").read_text() == "on"
    assert not list(root.rglob(".*")), "a temporary file was left"
    assert toy.harden(root).changed is False
    assert {run.state for run in runs(host(root))} == {"ended"}


@pytest.mark.parametrize("point", range(1, RECORDS + 1))
def test_undo_after_sigkill_brings_the_first_bytes_back(root: pathlib.Path, point: int) -> None:
    first = toy.state(root)
    killed(root, point)
    undo(host(root), "all", Settings())
    assert toy.state(root) == first
    assert not (root / "etc/new").exists(), "folders made for a file go with it"


def test_killed_between_writing_beside_and_renaming(root: pathlib.Path) -> None:
    """The validator kills the run: the candidate lies beside the file and goes at the next run."""
    first = toy.state(root)
    program = (
        f"import sys; sys.path.insert(0, {str(pathlib.Path(toy.__file__).parents[5] / '.collections')!r})\n"
        "from ansible_collections.infosec.principles.plugins.module_utils._engine.files import write_file\n"
        "from ansible_collections.infosec.principles.plugins.module_utils._engine.journal import Journal\n"
        "from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host\n"
        f"host = Host(root={str(root)!r})\n"
        "journal = Journal(host, 'r1'); journal.start(by='test'); journal.fix(1, 'toy', ['x'])\n"
        "change = write_file(host, '/etc/edited.conf', 'good', validate=('sh', '-c', 'kill -9 $PPID; cat {}'))\n"
        "step = journal.begin(1, change); change.apply(host, tag=journal.tag(step))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGKILL
    assert list((root / "etc").glob(".*"))
    assert undo(host(root), "all", Settings()).undone == []
    assert toy.state(root) == first


def test_a_record_cut_short_announces_nothing(root: pathlib.Path) -> None:
    toy.harden(root)
    (file,) = (root / "var/lib/infosec-principles/runs").iterdir()
    text = file.read_text()
    file.write_text(text[: text.rindex('{"event": "ended"') + 9])
    assert runs(host(root))[0].state == "running"
    assert toy.harden(root).messages == [f"run {file.stem} was cut off: nothing was half-done"]
    assert runs(host(root))[0].state == "ended"


def test_killed_while_undoing(root: pathlib.Path) -> None:
    first = toy.state(root)
    toy.harden(root)

    class Dead(Exception):
        """Stands for the kill; the engine's own handlers do not know it."""

    seen = 0

    def die(event: str) -> None:
        nonlocal seen
        seen += 1
        if seen == 3:
            raise Dead

    with pytest.raises(Dead):
        undo(host(root), "latest", Settings(fault=die))
    assert toy.state(root) != first
    undo(host(root), "all", Settings())
    assert toy.state(root) == first


def test_undo_refuses_a_file_changed_since_and_names_it(root: pathlib.Path) -> None:
    first = toy.state(root)
    toy.harden(root)
    (root / "etc/edited.conf").write_text("mine now\n")
    with pytest.raises(ChangeError, match=r"/etc/edited\.conf: somebody changed it since this run"):
        undo(host(root), "latest", Settings())
    assert (root / "etc/flag").read_text() == "on", "nothing of the run was taken back"
    undo(host(root), "latest", Settings(force=True))
    assert toy.state(root) == first


def test_undo_goes_newest_first(root: pathlib.Path) -> None:
    first = toy.state(root)
    toy.harden(root)
    (root / "etc/edited.conf").write_text("bad again\n")
    toy.harden(root)
    newest, oldest = (row["run_id"] for row in listing(host(root)))
    with pytest.raises(ChangeError, match="newer runs stand"):
        undo(host(root), oldest, Settings())
    assert undo(host(root), newest, Settings()).undone == [newest]
    assert (root / "etc/edited.conf").read_text() == "bad again\n"
    with pytest.raises(ChangeError, match="changed it since"):
        undo(host(root), "all", Settings())
    undo(host(root), "all", Settings(force=True))
    assert toy.state(root) == first
    assert undo(host(root), "all", Settings()).undone == []


def test_a_clock_set_back_does_not_change_the_order(root: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = toy.harden(root).run_id
    (root / "etc/edited.conf").write_text("bad\n")

    class Past(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
            return cls(2020, 1, 1, tzinfo=tz)

    monkeypatch.setattr(datetime, "datetime", Past)
    second = toy.harden(root).run_id
    assert second > first
    assert undo(host(root), "latest", Settings()).undone == [second]
    assert (root / "etc/edited.conf").read_text() == "bad\n"


def test_undo_in_check_mode_changes_nothing(root: pathlib.Path) -> None:
    toy.harden(root)
    hardened = toy.state(root)
    shown = undo(host(root), "latest", Settings(check=True))
    assert toy.state(root) == hardened
    assert shown.diff == undo(host(root), "latest", Settings()).diff
    assert {"etc/flag"} <= set(toy.state(root))


def test_unknown_run(root: pathlib.Path) -> None:
    with pytest.raises(ChangeError, match="no-such-run: no such run to take back; there are: none"):
        undo(host(root), "no-such-run", Settings())


def _hold(root: str, ready: t.Any, release: t.Any) -> None:
    with lock(toy.RootHost(root=root), by="alice from 192.0.2.7", timeout=1):
        ready.set()
        release.wait(10)


def test_second_run_waits_then_says_who_holds_the_host(root: pathlib.Path) -> None:
    context = multiprocessing.get_context("fork")
    ready, release = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(str(root), ready, release))
    holder.start()
    try:
        assert ready.wait(10)
        began = time.monotonic()
        with pytest.raises(Locked, match=rf"process {holder.pid} of alice from 192\.0\.2\.7, since 20"):
            toy.harden(root)
        assert 0.3 <= time.monotonic() - began < 3
        assert (root / "etc/flag").read_text() == "off"
    finally:
        release.set()
        holder.join()
    assert toy.harden(root).changed


def test_a_number_of_the_past_is_nobodys(root: pathlib.Path) -> None:
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        with lock(host(root), by="me", timeout=1):
            assert holder(host(root)) == os.getpid()
        file = root / "var/lib/infosec-principles/lock"
        file.write_text(json.dumps({"pid": sleeper.pid, "by": "a run long over", "since": ""}))
        with pytest.raises(ProcessLookupError, match="is not the one that wrote"):
            holder(host(root))
    finally:
        sleeper.kill()
        sleeper.wait()


def test_what_cannot_be_taken_back_keeps_nothing_else_from_it(
    root: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = toy.state(root)
    toy.harden(root)
    (run,) = runs(host(root))
    steps = run.steps()

    def fail(*args: t.Any, **more: t.Any) -> None:
        raise KeyError("odd")

    monkeypatch.setattr(type(steps[0].change), "revert", fail)
    assert take_back(host(root), Journal(host(root), run.run_id), steps) == ["'odd'"]
    assert {name for name, was in first.items() if toy.state(root).get(name) != was} <= {"etc/hosts.equiv"}


def test_the_journal_is_roots_alone(root: pathlib.Path) -> None:
    toy.harden(root)
    state = root / "var/lib/infosec-principles"
    assert state.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in state.rglob("*.jsonl"))


def test_change_of_another_version_is_named(root: pathlib.Path) -> None:
    toy.harden(root)
    (file,) = (root / "var/lib/infosec-principles/runs").iterdir()
    file.write_text(file.read_text().replace('"kind": "WriteFile"', '"kind": "FromTheFuture"'))
    with pytest.raises(ChangeError, match="change of unknown kind 'FromTheFuture'"):
        runs(host(root))


def test_changes_survive_the_journal(root: pathlib.Path) -> None:
    journal = Journal(host(root), "r1")
    journal.start(by="test")
    journal.fix(1, "toy", ["x"])
    change = WriteFile("/etc/x", "old \udcff", "new", 0o600, ("true", "{}"), True)
    journal.begin(1, change)
    assert journal.read().fixes[1].steps[0].change == change
    assert json.loads((root / "var/lib/infosec-principles/runs/r1.jsonl").read_text().splitlines()[-1])["step"] == 1


def test_a_disk_that_fills_up_is_no_success(root: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, really, room = toy.state(root), os.write, [1500]

    def write(fd: int, data: bytes) -> int:
        if b"jsonl" not in os.readlink(f"/proc/self/fd/{fd}").encode():
            return really(fd, data)
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        part = really(fd, data[: room[0]])
        room[0] -= part
        return part

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(ChangeError, match=r"the journal cannot be written \(No space left on device\)"):
        toy.harden(root)
    assert toy.state(root) == first
    monkeypatch.undo()
    toy.harden(root)
    undo(host(root), "all", Settings())
    assert toy.state(root) == first


def test_an_unwritable_place_is_named(root: pathlib.Path) -> None:
    (root / "var/lib").mkdir(parents=True)
    (root / "var/lib/infosec-principles").write_text("no folder")
    with pytest.raises(ChangeError, match=r"infosec-principles: the journal cannot be written \(Not a directory\)"):
        toy.harden(root)


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a folder to another user, which root alone may")
@pytest.mark.parametrize("name", ["", "runs"])
def test_a_journal_that_somebody_else_made_is_refused(root: pathlib.Path, name: str) -> None:
    first, state = toy.state(root), root / "var/lib/infosec-principles"
    (state / "runs").mkdir(parents=True)
    os.chown(state / name, 65534, 65534)
    with pytest.raises(ChangeError, match="belongs to user 65534, nothing was done"):
        toy.harden(root)
    assert toy.state(root) == first


def test_what_services_read_is_there_first_and_gone_last(root: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that sshd reads for each connection must not be gone while sshd still knows of it."""
    log: list[str] = []
    monkeypatch.setattr(journal_module, "SETTLE_SECONDS", 0)

    class Told(toy.RootHost):
        def run(self, argv: t.Sequence[str], *, stdin: str | None = None, timeout: float = 10) -> t.Any:
            log.append("taken up, list " + ("there" if (root / "etc/list").exists() else "gone"))
            return Completed(int(len(log) in failing), "", "ill")

    failing: set[int] = set()
    machine = Told(root=str(root))
    changes = (
        files.write_data(machine, "/etc/list", b"\0\xff"),
        files.write_file(machine, "/etc/names-it", "list\n"),
        TakeUp("take it up", ("toy",)),
    )
    journal = Journal(machine, "20261124T130744.123456Z-toy")
    journal.start(by="a test")
    journal.fix(1, "toy", ["toy"])
    steps = []
    for change in changes:
        steps.append(journal.begin(1, change))
        change.apply(machine, tag=journal.tag(steps[-1]))
    assert (root / "etc/list").read_bytes() == b"\0\xff" and "2 bytes" in changes[0].diff()["after"]
    failing.add(2)
    failures = take_back(machine, journal, steps[::-1])
    assert len(failures) == 2 and "may still depend on it" in failures[1] and (root / "etc/list").exists()
    assert take_back(machine, journal, steps[::-1]) == []
    assert log == ["taken up, list there"] * 3 and not (root / "etc/list").exists()


class Sick(toy.RootHost):
    """No service starts on it."""

    def __init__(self, root: pathlib.Path) -> None:
        super().__init__(root=str(root))
        self.tries = 0

    def run(self, argv: t.Sequence[str], *, stdin: str | None = None, timeout: float = 10) -> Completed:
        self.tries += 1
        return Completed(1, "", "it does not start")


def test_a_service_that_stays_ill_is_not_restarted_by_each_run_for_ever(root: pathlib.Path) -> None:
    host = Sick(root)
    journal = Journal(host, "20270101T000000.000000Z-000000")
    journal.start(by="test")
    journal.fix(1, "toy", ["web"])
    changes = (WriteFile("/etc/ours", None, "new\n"), Activate("web.service", "restart", ()))
    for change in changes:
        step = journal.begin(1, change)
        if change is changes[0]:
            change.apply(host, tag=journal.tag(step))
    (first,) = recover(host)
    assert "could not be put back" in first and not (root / "etc/ours").exists()
    tries = host.tries
    assert tries > 0
    (second,) = recover(host)
    assert "given up, since it failed before" in second and "web.service" in second
    assert recover(host) == [] and host.tries == tries
