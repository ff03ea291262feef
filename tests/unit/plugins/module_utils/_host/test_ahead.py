# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that are begun before somebody asks for them: the same answers, once, and nothing left behind."""

from __future__ import annotations

import os
import pathlib
import subprocess
import time
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host

SHOW = ("sh", "-c", "echo told; echo wrong >&2; exit 3")


@pytest.fixture
def host() -> t.Iterator[Host]:
    host = Host()
    yield host
    host.close()
    assert host._begun == {}


def count(path: pathlib.Path) -> tuple[str, ...]:
    return ("sh", "-c", f"echo run >> {path}; cat {path}")


def test_the_answer_is_that_of_a_command_run_now(host: Host) -> None:
    host.ahead(*SHOW)
    assert host.ask(*SHOW) == Host().ask(*SHOW) == Completed(3, "told\n", "wrong\n")


def test_it_runs_once(host: Host, tmp_path: pathlib.Path) -> None:
    for _time in range(2):
        host.ahead(*count(tmp_path / "runs"))
    assert [host.ask(*count(tmp_path / "runs")).stdout for _time in range(2)] == ["run\n", "run\n"]


@pytest.mark.parametrize("size", [0, 1024 * 1024, 3 * 1024 * 1024])
def test_an_answer_of_any_size_arrives_whole(host: Host, size: int) -> None:
    command = ("head", "-c", str(size), "/dev/zero")
    host.ahead(*command)
    assert host.ask(*command) == Completed(0, "\0" * size, "")


def test_it_goes_on_while_nobody_listens(host: Host, tmp_path: pathlib.Path) -> None:
    host.ahead("sh", "-c", f"head -c 500000 /dev/zero; touch {tmp_path}/done")
    deadline = time.monotonic() + 10
    while not (tmp_path / "done").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_it_sees_the_same_world(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "s3cret")
    command = ("sh", "-c", "env | sort; pwd; cat")
    host.ahead(*command)
    assert host.ask(*command) == Host().ask(*command)


def test_a_change_never_gets_an_old_answer(host: Host, tmp_path: pathlib.Path) -> None:
    host.ahead("cat", str(tmp_path / "state"))
    time.sleep(0.1)
    (tmp_path / "state").write_text("new", encoding="utf-8")
    assert host.run(["cat", str(tmp_path / "state")]).stdout == "new"


def test_the_host_read_anew_is_asked_anew(host: Host, tmp_path: pathlib.Path) -> None:
    host.ahead(*count(tmp_path / "runs"))
    assert host.ask(*count(tmp_path / "runs")).stdout == "run\n"
    assert host.refresh().ask(*count(tmp_path / "runs")).stdout == "run\nrun\n"


def test_one_that_takes_too_long_is_ended(host: Host) -> None:
    host.ahead("sleep", "60")
    process = host._begun["sleep", "60"]
    assert host.ask("sleep", "60", timeout=0.1) == Completed(124, "", "sleep: no end after 0.1 s")
    assert process.returncode == -9


def test_a_missing_program_is_missing_when_it_is_asked(host: Host) -> None:
    host.ahead("no-such-program", "--now")
    assert host.ask("no-such-program", "--now") == Completed(127, "", "no-such-program: command not found")


def test_what_nobody_asked_for_is_ended_and_reaped(host: Host) -> None:
    host.ahead("sleep", "60")
    host.ahead("sleep", "61")
    processes = list(host._begun.values())
    host.close()
    for process in processes:
        assert process.returncode == -9
        with pytest.raises(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)


def test_a_time_limit_in_between_leaves_nothing_running(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """As assess() has it: an exception out of nowhere."""

    def expired(self: t.Any, timeout: float) -> t.NoReturn:
        raise KeyboardInterrupt

    host.ahead("sleep", "60")
    process = host._begun["sleep", "60"]
    monkeypatch.setattr(subprocess.Popen, "communicate", expired)
    with pytest.raises(KeyboardInterrupt):
        host.ask("sleep", "60")
    assert process.returncode == -9


def test_a_played_machine_is_only_asked() -> None:
    played = Host(runner=lambda argv, stdin, timeout: Completed(0, "played", ""))
    played.ahead("touch", "/no/such/folder/file")
    assert played._begun == {}
    assert played.ask("touch", "/no/such/folder/file").stdout == "played"
