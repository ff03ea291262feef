# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks as a user runs them, as far as that needs no control."""

from __future__ import annotations

import atexit
import functools
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import typing as t

import pytest

COLLECTIONS = pathlib.Path(__file__).resolve().parents[3] / ".collections"
# A control that does not exist says that it was asked for, and nothing else happens.
PRINCIPLES = ("exposed_services", "patching", "data_protection")
PROBES = {f"{principle}_controls": {f"probe_{principle}": {}} for principle in PRINCIPLES}


@functools.lru_cache(maxsize=1)
def _ansible_home() -> str:
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def play(
    folder: pathlib.Path,
    name: str,
    *more: str,
    inventory: t.Sequence[str] = ("-i", "localhost,", "-c", "local"),
    **variables: t.Any,
) -> tuple[int, str]:
    """Run a playbook of the collection on this machine, in the folder; its exit status and its output."""
    if not (folder / "ansible.cfg").exists():
        (folder / "ansible.cfg").write_text("[defaults]\n", encoding="utf-8")
    extra = {**variables, "ansible_python_interpreter": sys.executable, "ansible_become": False}
    argv = [sys.executable, "-m", "ansible", "playbook", *inventory, "-e", json.dumps(extra)]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    environment["ANSIBLE_COLLECTIONS_PATH"] = str(COLLECTIONS)
    # One program for each module that runs, and not five.
    environment["ANSIBLE_PIPELINING"] = "1"
    # What Ansible builds of our modules is built once for all tests.
    environment["ANSIBLE_HOME"] = _ansible_home()
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


SERVICE = {
    "name": "site",
    "hosts": ["web"],
    "clients": ["web"],
    "justification": "x",
    "owner": "x",
    "review_by": "2999-01-01",
}
# On this machine 127.0.0.2 and 127.0.0.3 are two hosts, as far as the addresses go; the first does not answer.
FLEET = """
[gone]
off ansible_connection=ssh ansible_host=127.0.0.4 ansible_port=1 infosec_addresses=127.0.0.4
[web]
one ansible_connection=local infosec_addresses=127.0.0.2
two ansible_connection=local infosec_addresses=127.0.0.3
"""


def prove(folder: pathlib.Path, *more: str, port: int, **variables: t.Any) -> tuple[int, str, dict[str, t.Any]]:
    (folder / "hosts").write_text(FLEET, encoding="utf-8")
    callback = "[defaults]\ncallbacks_enabled = infosec.principles.compliance\n"
    (folder / "ansible.cfg").write_text(callback, encoding="utf-8")
    services = [{**SERVICE, "ports": [f"{port}/tcp"]}]
    status, output = play(folder, "prove", *more, inventory=("-i", "hosts"), infosec_services=services, **variables)
    report = folder / "reports" / "latest" / "compliance.json"
    return status, output, json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}


@pytest.mark.parametrize("check", [[], ["--check"]], ids=["run", "check"])
def test_prove_judges_each_host_and_those_that_are_offline(tmp_path: pathlib.Path, check: list[str]) -> None:
    with socket.create_server(("127.0.0.3", 0)) as server:
        port = server.getsockname()[1]
        status, output, report = prove(tmp_path, *check, port=port)
    # A host that was lost fails the run, as everywhere in Ansible.
    assert status == 2, output
    found = {
        (one["host"], one["rule"].split(".")[1]): one["status"]
        for one in report["findings"]
        if f"{port}/tcp" in one["subject"]
    }
    # Each comes from 127.0.0.1, which the inventory does not have, so that it counts as what it is called there.
    assert found == {
        ("one", "blocked_but_allowed"): "fail",
        ("one", "reachable_but_denied"): "not_assessed",
        ("two", "blocked_but_allowed"): "pass",
        ("two", "reachable_but_denied"): "not_assessed",
    }
    assert [one["status"] for one in report["findings"] if one["host"] == "off"] == ["error"]
    rows = {one["target"]: one["outcomes"] for one in report["reachability"] if one["port"] == port}
    assert (rows["two"]["reached"], rows["two"]["not_assessed"]) == (["one"], ["off"])
    assert (rows["one"]["blocked_but_allowed"], rows["one"]["not_assessed"]) == (["two"], ["off"])


def test_prove_of_a_part_fails_as_it_is_told_to(tmp_path: pathlib.Path) -> None:
    status, output, _report = prove(tmp_path, "--limit", "web", port=1, infosec_fail_on="medium", infosec_witnesses=1)
    assert status == 2
    assert "risk medium or above are left: reachability.blocked_but_allowed (1/tcp site)" in output
    assert prove(tmp_path, "--limit", "web", port=1)[0] == 0


def test_prove_stops_at_a_fault_before_a_host_is_touched(tmp_path: pathlib.Path) -> None:
    status, output, _report = prove(tmp_path, port=70000)
    assert status == 2
    assert "infosec_services[0] (site).ports[0]: found '70000/tcp'" in output
    assert "Read what listens" not in output
