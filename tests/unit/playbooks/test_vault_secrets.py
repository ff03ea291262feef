# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook vault_secrets as a user runs it, and what harden.yml and audit.yml report of the project."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest

from ansible_collections.infosec.principles.tests.unit.playbooks.test_playbooks import play
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._vault import planted


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """A project with secrets, a password, and an inventory that Ansible itself can read."""
    planted.plant(tmp_path)
    (tmp_path / "password").write_text("open sesame", encoding="utf-8")
    (tmp_path / "password").chmod(0o600)
    (tmp_path / "hosts").write_text("[web]\nweb1 ansible_connection=local\n", encoding="utf-8")
    return tmp_path


def encrypt(folder: pathlib.Path, *more: str) -> str:
    status, output = play(
        folder,
        "vault_secrets",
        *more,
        infosec_vault_project=str(folder),
        infosec_vault_password_file=str(folder / "password"),
        infosec_vault_backup=str(folder / "backup"),
    )
    assert status == 0, output
    assert "Tr0ub4dor" not in output and "hunter" not in output and "open sesame" not in output
    return output


def test_ansible_reads_what_was_encrypted(folder: pathlib.Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    output = encrypt(folder, "--check", "--diff")
    assert "-db_password: (plain)" in output and "+db_password: !vault" in output
    assert "changed=1" in output
    assert {path: path.read_bytes() for path in before} == before
    assert "it is a number, and Ansible Vault makes text of it" in encrypt(folder)
    assert "changed=0" in encrypt(folder)
    assert (folder / "group_vars/all/main.yml").read_text(encoding="utf-8").count("!vault |") == 12
    (folder / "group_vars" / "lookalikes.yml").unlink()
    (folder / "read.yml").write_text(
        "- hosts: web1\n  gather_facts: false\n  tasks:\n  - ansible.builtin.assert:\n      that:\n"
        "      - db_password == 'Tr0ub4dor&3'\n      - users[0].password == 'ann-likes-2-dance'\n"
        "      - db_passwords.shop == 'sh0p-of-horrors'\n      - deploy_key is search('END OPENSSH')\n"
        "      - app_environment[0].value == 'm4il-me-maybe'\n      - door_pin == 4711\n"
        "  - ansible.builtin.set_fact:\n      done: true\n      password: !vault |\n"
        + _task_block(folder)
        + "  - ansible.builtin.assert:\n      that: password == 'plain-in-a-task-1'\n",
        encoding="utf-8",
    )
    status, said = ansible(folder, "read.yml")
    assert status == 0, said


def _task_block(folder: pathlib.Path) -> str:
    """The value that a task of the role had."""
    text = (folder / "roles/shop/tasks/main.yml").read_text(encoding="utf-8")
    block = text.partition("!vault |\n")[2].partition("- name: Dump")[0]
    return "".join(f"        {line.strip()}\n" for line in block.splitlines())


def ansible(folder: pathlib.Path, playbook: str) -> tuple[int, str]:
    """A playbook of the project's own."""
    argv = [sys.executable, "-m", "ansible", "playbook", "-i", "hosts", "--vault-password-file", "password", playbook]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    done = subprocess.run(argv, capture_output=True, text=True, cwd=folder, env=environment, check=False, timeout=120)
    return done.returncode, done.stdout + done.stderr


def report(folder: pathlib.Path, name: str, *more: str, **variables: t.Any) -> tuple[int, str, list[dict[str, t.Any]]]:
    """The findings about the project of a run in which no host is asked for anything."""
    callback = "[defaults]\ncallbacks_enabled = infosec.principles.compliance\n"
    (folder / "ansible.cfg").write_text(callback, encoding="utf-8")
    status, output = play(folder, name, *more, inventory=("-i", "hosts"), infosec_hosts="nobody", **variables)
    path = folder / "reports" / "latest" / "compliance.json"
    findings = json.loads(path.read_text(encoding="utf-8"))["findings"] if path.exists() else []
    return status, output, [one for one in findings if one["control"] == "vaulted_variables"]


def test_a_run_reports_the_project_once_under_the_controller(folder: pathlib.Path) -> None:
    status, output, findings = report(folder, "audit")
    assert status == 0, output
    failed = {one["subject"] for one in findings if one["rule"].endswith("plain_secret")}
    assert failed == set(planted.SECRETS)
    assert {one["host"] for one in findings} == {"controller"}
    assert "Tr0ub4dor" not in output
    assert "Tr0ub4dor" not in (folder / "reports" / "latest" / "compliance.html").read_text(encoding="utf-8")


def test_fail_on_and_waivers_count_for_the_project(folder: pathlib.Path) -> None:
    variables: dict[str, t.Any] = {"infosec_project": str(folder), "infosec_fail_on": "high"}
    waiver = {"match": "control == 'vaulted_variables'", "why": "a test", "owner": "us", "expires": "2999-01-01"}
    status, output, _findings = report(folder, "audit", **variables)
    assert status == 2
    assert "risk high or above are left: vaulted_variables.plain_secret (group_vars/all/main.yml:admin_pass" in output
    status, output, findings = report(folder, "harden", infosec_waivers=[waiver], **variables)
    assert status == 0, output
    assert {one["status"] for one in findings} == {"waived", "pass"}


def test_tags_leave_the_project_out(folder: pathlib.Path) -> None:
    _status, _output, findings = report(folder, "audit", "--tags", "patching")
    assert findings == []
