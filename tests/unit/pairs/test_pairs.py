# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole catalogue, case by case: check mode tells the truth, a fix fixes, a second run does nothing, undo undoes.

A control's cases are in the file of its name beside this one; every rule needs a violating case and a clean one.
"""

from __future__ import annotations

import dataclasses
import importlib
import pathlib
import socket
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.infosec.principles.plugins.module_utils._controls.catalogue import CATALOGUE
from ansible_collections.infosec.principles.plugins.module_utils._engine import guard, journal
from ansible_collections.infosec.principles.plugins.module_utils._engine.assess import Request
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control
from ansible_collections.infosec.principles.plugins.module_utils._engine.run import Result, Settings, resume, run
from ansible_collections.infosec.principles.plugins.module_utils._engine.undo import Settings as UndoSettings
from ansible_collections.infosec.principles.plugins.module_utils._engine.undo import undo
from ansible_collections.infosec.principles.plugins.module_utils._host.host import NeedsRoot

from .case import Case
from .machine import Machine


def cases(control: str) -> tuple[Case, ...]:
    """The cases of one control."""
    package = __name__.rpartition(".")[0]
    found: tuple[Case, ...] = importlib.import_module(f"{package}.{control}").CASES
    return found


ALL = [
    pytest.param(control, case, id=f"{control.name}-{case.name}")
    for control in CATALOGUE.values()
    for case in cases(control.name)
]
FIXED = [param for param in ALL if t.cast(Case, param.values[1]).fixed]


@pytest.fixture
def machine(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    # The timer's process is there at once, and never acts; test_guard.py has the real one.
    monkeypatch.setattr(guard, "_start", guard.say_ready)
    monkeypatch.setattr(journal, "SETTLE_SECONDS", 0)
    made = Machine(tmp_path)
    monkeypatch.setattr(socket, "create_connection", made.connecting(socket.create_connection))
    return made


def harden(machine: Machine, control: Control, case: Case, *, check: bool = False) -> Result:
    """One run; packages that it waits for are taken as installed, and what is guarded is confirmed at once."""
    validated = ArgumentSpecValidator(dict(control.options)).validate(dict(case.options))
    assert not validated.error_messages
    requests = [Request(control, {"enforce": True, **validated.validated_parameters})]
    settings = Settings(unreadable=NeedsRoot, check=check, by="a test")
    first = result = run(machine.host(), requests, settings)
    while (result.packages or result.confirm) and not check:
        for name in result.packages:
            machine.programs["install"](["install", name], None)
        result = resume(machine.host(), requests, settings, result.run_id)
    return dataclasses.replace(result, diff=first.diff, changed=first.changed or result.changed)


def rules(result: Result, status: str, key: str = "status") -> set[str]:
    return {finding["rule"].partition(".")[2] for finding in result.findings if finding[key] == status}


def as_before(result: Result) -> list[dict[str, t.Any]]:
    """The findings of a run as they were before its fixes."""
    old = [finding for finding in result.findings if finding["note"] != "first seen after the fix"]
    return [{**finding, "status": finding["status_before"], "note": "", **_measured(finding)} for finding in old]


def _measured(finding: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {"measure": finding["measure_before"]} if "measure" in finding else {}


@pytest.mark.parametrize(("control", "case"), ALL)
def test_check_mode_judges_and_changes_nothing(machine: Machine, control: Control, case: Case) -> None:
    case.lay(machine)
    first = machine.state()
    result = harden(machine, control, case, check=True)
    errors = [finding for finding in result.findings if finding["status"] == "error"]
    assert not errors
    assert rules(result, "fail") == set(case.fails)
    assert set(case.passes) <= rules(result, "pass")
    assert machine.state() == first and not machine.path("/var/lib/infosec-principles").exists()


@pytest.mark.parametrize(("control", "case"), FIXED)
def test_the_run_does_what_check_mode_showed(machine: Machine, control: Control, case: Case) -> None:
    case.lay(machine)
    check = harden(machine, control, case, check=True)
    real = harden(machine, control, case)
    assert real.diff == check.diff and real.changed and check.changed
    assert as_before(real) == check.findings
    assert set(case.fixed) <= rules(real, "fixed"), [f["note"] for f in real.findings]
    assert rules(real, "fail", "status_before") - rules(real, "fail") >= set(case.fixed)


@pytest.mark.parametrize(("control", "case"), FIXED)
def test_a_second_run_does_nothing(machine: Machine, control: Control, case: Case) -> None:
    case.lay(machine)
    harden(machine, control, case)
    hardened = machine.state()
    again = harden(machine, control, case)
    assert (again.changed, again.diff, again.run_id) == (False, [], "")
    assert not rules(again, "fail") & set(case.fixed)
    assert machine.state() == hardened


@pytest.mark.parametrize(("control", "case"), FIXED)
def test_undo_brings_the_first_state_back(machine: Machine, control: Control, case: Case) -> None:
    case.lay(machine)
    first = machine.state()
    harden(machine, control, case)
    assert machine.state() != first
    for name in undo(machine.host(), "all", UndoSettings()).packages:
        machine.programs["remove"](["remove", name], None)
    left = machine.state()
    assert {name: left.get(name) for name in {*first, *left} - case.stays} == {
        name: first.get(name) for name in {*first, *left} - case.stays
    }


@pytest.mark.parametrize("control", CATALOGUE.values(), ids=list(CATALOGUE))
def test_every_rule_has_a_violating_and_a_clean_case(control: Control) -> None:
    names = {rule.name for rule in control.rules}
    assert {name for case in cases(control.name) for name in case.fails} == names
    assert {name for case in cases(control.name) for name in case.passes} >= names
