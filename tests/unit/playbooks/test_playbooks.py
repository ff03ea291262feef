# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks as a user runs them, as far as that needs no control."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
import typing as t

import pytest

COLLECTIONS = pathlib.Path(__file__).resolve().parents[3] / ".collections"
# A control that does not exist says that it was asked for, and nothing else happens.
PRINCIPLES = ("exposed_services", "patching", "data_protection")
PROBES = {f"{principle}_controls": {f"probe_{principle}": {}} for principle in PRINCIPLES}


def play(folder: pathlib.Path, name: str, *more: str, **variables: t.Any) -> tuple[int, str]:
    """Run a playbook of the collection on this machine, in the folder; its exit status and its output."""
    (folder / "ansible.cfg").write_text("[defaults]\n", encoding="utf-8")
    extra = {**variables, "ansible_python_interpreter": sys.executable, "ansible_become": False}
    argv = [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local", "-e", json.dumps(extra)]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    environment["ANSIBLE_COLLECTIONS_PATH"] = str(COLLECTIONS)
    argv += [f"infosec.principles.{name}", *more]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=folder, env=environment, check=False, timeout=120)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ([], {*PRINCIPLES}),
        (["--tags", "patching"], {"patching"}),
        (["--skip-tags", "patching"], {"exposed_services", "data_protection"}),
        (["--tags", "patching,data_protection", "--skip-tags", "patching"], {"data_protection"}),
        (["--tags", "something-else"], set()),
    ],
)
def test_tags_choose_controls(tmp_path: pathlib.Path, arguments: list[str], asked: set[str]) -> None:
    status, output = play(tmp_path, "harden", "--check", *arguments, **PROBES)
    assert set(re.findall(r"controls\.probe_(\w+): no such control", output)) == asked, output
    assert (status == 0) == (not asked)


@pytest.mark.parametrize(
    ("variables", "fault"),
    [
        ({"infosec_services": [{"name": "x"}]}, "infosec_services[0] (x).owner: missing"),
        ({"infosec_waivers": [{"why": "x"}]}, "waivers[0].owner: missing"),
    ],
)
def test_faults_stop_before_a_host_is_touched(tmp_path: pathlib.Path, variables: dict[str, t.Any], fault: str) -> None:
    status, output = play(tmp_path, "audit", **variables, **PROBES)
    assert status != 0
    assert fault in output
    assert "no such control" not in output


def test_discover_writes_a_draft(tmp_path: pathlib.Path) -> None:
    status, output = play(tmp_path, "discover")
    assert status == 0, output
    written = (tmp_path / "services.draft.yml").read_text(encoding="utf-8")
    assert written.startswith("# A draft: what 1 host(s) listened on")
    assert "\ninfosec_services:" in written


def test_discover_in_check_mode_writes_nothing(tmp_path: pathlib.Path) -> None:
    status, output = play(tmp_path, "discover", "--check")
    assert status == 0, output
    assert not (tmp_path / "services.draft.yml").exists()


def test_discover_never_writes_over_a_file(tmp_path: pathlib.Path) -> None:
    (tmp_path / "mine.yml").write_text("mine", encoding="utf-8")
    status, output = play(tmp_path, "discover", infosec_draft="mine.yml")
    assert status != 0
    assert "mine.yml exists, and a draft never overwrites a file" in output
    # Before any host was looked at.
    assert "Read what listens" not in output
    assert (tmp_path / "mine.yml").read_text(encoding="utf-8") == "mine"
