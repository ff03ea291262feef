# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two modules as Ansible calls them: arguments in, one JSON answer out, every failure once."""

from __future__ import annotations

import functools
import json
import pathlib
import typing as t

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.infosec.principles.plugins.module_utils import _plumbing
from ansible_collections.infosec.principles.plugins.module_utils._controls.catalogue import CATALOGUE
from ansible_collections.infosec.principles.plugins.modules import harden, undo

from ..module_utils._engine import toy

Answer = t.Callable[..., dict[str, t.Any]]


@pytest.fixture
def root(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A small machine in the place of this one, with one more control in the catalogue."""
    toy.lay(tmp_path)
    host = functools.partial(toy.RootHost, root=str(tmp_path))
    monkeypatch.setattr("ansible_collections.infosec.principles.plugins.module_utils._host.host.Host", host)
    monkeypatch.setattr(undo, "Host", host)
    monkeypatch.setitem(CATALOGUE, "toy", toy.CONTROL)
    return tmp_path


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Answer:
    def ask(main: t.Callable[[], None], *, check: bool = False, **args: t.Any) -> dict[str, t.Any]:
        with patch_module_args({**args, "_ansible_check_mode": check}), pytest.raises(SystemExit):
            main()
        answer: dict[str, t.Any] = json.loads(capsys.readouterr().out)
        answer.pop("invocation", None)
        return answer

    return ask


def test_harden_then_undo(root: pathlib.Path, call: Answer) -> None:
    first = toy.state(root)
    check = call(harden.main, check=True, controls={"toy": {}})
    assert toy.state(root) == first
    real = call(harden.main, controls={"toy": None})
    assert (
        set(check)
        == set(real)
        == {*("findings", "changed", "diff", "run_id", "packages", "confirm", "package_manager")}
    )
    assert check["diff"] == real["diff"] and check["changed"] and real["changed"]
    listed = call(undo.main)
    assert [row["run_id"] for row in listed["runs"]] == [real["run_id"]] and not listed["changed"]
    assert call(undo.main, run_id="latest")["undone"] == [real["run_id"]]
    assert toy.state(root) == first


@pytest.mark.parametrize(
    ("controls", "message"),
    [
        ({"nosuch": {}}, "controls.nosuch: no such control; there are: listening_services, unused_sshd"),
        ({"unused_sshd": {"idle": 3}}, "controls.unused_sshd: idle. Supported parameters include:"),
        ({"unused_sshd": {"idle_days": "many"}}, "controls.unused_sshd: argument 'idle_days' is of type"),
        (
            {"listening_services": {"services": [{"name": "x"}]}},
            "controls.listening_services: missing required arguments",
        ),
    ],
)
def test_wrong_options_are_named(root: pathlib.Path, call: Answer, controls: dict[str, t.Any], message: str) -> None:
    answer = call(harden.main, controls=controls)
    assert answer["failed"] and message in answer["msg"]


def test_all_faults_at_once(root: pathlib.Path, call: Answer) -> None:
    answer = call(harden.main, controls={"nosuch": {}, "unused_sshd": {"idle": 3}})
    assert "controls.nosuch" in answer["msg"] and "controls.unused_sshd" in answer["msg"]


def test_resuming_what_does_not_wait(root: pathlib.Path, call: Answer) -> None:
    run_id = call(harden.main, controls={"toy": {}})["run_id"]
    answer = call(harden.main, controls={"toy": {}}, resume=run_id)
    assert answer["failed"] and answer["msg"].startswith(f"run {run_id}: is ended, not waiting to be resumed")


def test_resuming_a_run_that_is_not_there(root: pathlib.Path, call: Answer) -> None:
    answer = call(harden.main, controls={"toy": {}}, resume="r0")
    assert answer["failed"] and answer["msg"] == "run r0: there is no such run in the journal of this host"


def test_undo_of_an_unknown_run(root: pathlib.Path, call: Answer) -> None:
    answer = call(undo.main, run_id="r0")
    assert answer["failed"] and answer["msg"] == "r0: no such run to take back; there are: none"


def test_undo_names_the_changed_file(root: pathlib.Path, call: Answer) -> None:
    call(harden.main, controls={"toy": {}})
    (root / "etc/edited.conf").write_text("mine")
    assert "/etc/edited.conf: somebody changed it" in call(undo.main, run_id="latest")["msg"]


def test_a_run_that_was_cut_off_is_told(root: pathlib.Path, call: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(_plumbing.AnsibleModule, "warn", lambda module, message: said.append(message))
    call(harden.main, controls={"toy": {}})
    (file,) = (root / "var/lib/infosec-principles/runs").iterdir()
    file.write_text("".join(line for line in file.read_text().splitlines(True) if '"ended"' not in line))
    call(harden.main, controls={"toy": {}})
    assert said == [f"run {file.stem} was cut off: nothing was half-done"]
