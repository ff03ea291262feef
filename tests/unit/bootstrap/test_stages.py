# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs the stages of `make test`: each of them ends, says how, and leaves nothing behind."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import time
import typing as t

import pytest

STAGES = pathlib.Path(__file__).resolve().parents[2] / "bootstrap" / "stages"
#: In the place of make. What hangs leaves its number in the file `started`, and hears no SIGTERM where it is deaf.
MAKE = """#!/usr/bin/env bash
case $1 in
    good) echo all is well ;;
    bad) echo "$1 complains" >&2; exit 2 ;;
    hangs) (trap '' TERM; echo $BASHPID > started; echo waiting; while :; do sleep 0.2; done) & wait ;;
    deaf) trap '' TERM; echo $$ > started; while :; do sleep 0.2; done ;;
    leaves) setsid bash -c 'echo $$ > started; exec sleep 60' & until [ -s started ]; do sleep 0.02; done ;;
esac
"""

Run = t.Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: pathlib.Path) -> Run:
    """Run stages in a folder of their own; the exit status and what was said."""
    make = tmp_path / "make"
    make.write_text(MAKE, encoding="utf-8")
    make.chmod(0o755)
    environment = {**os.environ, "MAKE": str(make), "STAGE_LIMIT": "2s", "STAGE_GRACE": "0.3s"}

    def stages(*names: str) -> tuple[int, str]:
        argv = [str(STAGES), *names]
        done = subprocess.run(
            argv, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=30
        )
        return done.returncode, done.stdout + done.stderr

    return stages


def lives(folder: pathlib.Path) -> bool:
    """Whether that runs which left its number; what is dead and not yet buried does not."""
    number = (folder / "started").read_text(encoding="utf-8").strip()
    stat = pathlib.Path("/proc", number, "stat")
    return stat.exists() and stat.read_text(encoding="utf-8").rpartition(") ")[2][0] not in "ZX"


def verdicts(output: str) -> list[list[str]]:
    """The table at the end: name, verdict, and why."""
    table = output.rpartition(" s in all\n")[2].splitlines()
    return [[*line.split()[:2], " ".join(line.split()[4:])] for line in table]


def test_all_of_them_run_whatever_fails(run: Run) -> None:
    status, output = run("bad", "good")
    assert status == 1
    assert "bad complains\n" in output and "all is well\n" in output
    assert verdicts(output) == [["bad", "FAILED", ""], ["good", "passed", ""]]


def test_the_status_says_that_all_is_well(run: Run, tmp_path: pathlib.Path) -> None:
    status, output = run("good")
    assert (status, verdicts(output)) == (0, [["good", "passed", ""]])
    assert (tmp_path / ".build/logs/good.log").read_text(encoding="utf-8") == "all is well\n"


def test_those_that_run_at_once_are_told_apart(run: Run) -> None:
    status, output = run("bad+good")
    assert status == 1
    assert "bad | bad complains\n" in output and "good | all is well\n" in output
    assert verdicts(output) == [["bad", "FAILED", ""], ["good", "passed", ""]]


@pytest.mark.parametrize("name", ["hangs", "deaf"])
def test_what_does_not_end_is_ended_with_all_that_it_started(run: Run, tmp_path: pathlib.Path, name: str) -> None:
    status, output = run(f"{name}+good", "good")
    assert status == 1
    why = f"it did not end within 2s, see .build/logs/{name}.log"
    assert verdicts(output) == [[name, "FAILED", why], ["good", "passed", ""], ["good", "passed", ""]]
    assert f"===== {name} " in output.partition(" s in all")[0], "the verdict stands in the table alone"
    assert not lives(tmp_path)


def test_what_a_stage_leaves_running_keeps_nobody_waiting(run: Run, tmp_path: pathlib.Path) -> None:
    start = time.monotonic()
    status, output = run("leaves")
    seconds = time.monotonic() - start
    try:
        assert (status, verdicts(output)) == (0, [["leaves", "passed", ""]])
        assert seconds < 20
        assert lives(tmp_path), "nothing was left that could keep anybody"
    finally:
        os.kill(int((tmp_path / "started").read_text(encoding="utf-8")), signal.SIGKILL)


def test_whoever_breaks_it_off_ends_what_runs(run: Run, tmp_path: pathlib.Path) -> None:
    environment = {**os.environ, "MAKE": str(tmp_path / "make")}
    with subprocess.Popen([str(STAGES), "hangs"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE) as stages:
        while not (tmp_path / "started").exists() or not (tmp_path / "started").read_text(encoding="utf-8"):
            time.sleep(0.02)
        stages.terminate()
        assert stages.wait(20) == 130
    assert not lives(tmp_path)
