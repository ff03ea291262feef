# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is found in a project, what is not, and that no finding tells a secret."""

from __future__ import annotations

import json
import pathlib
import subprocess
import typing as t

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.infosec.principles.plugins.plugin_utils import _libraries
from ansible_collections.infosec.principles.plugins.plugin_utils._vault import names, password_files, scan
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._vault import planted

Wanted = scan.Wanted
VAULT = VaultLib([("default", VaultSecret(b"the password"))])


@pytest.fixture
def project(tmp_path: pathlib.Path) -> pathlib.Path:
    planted.plant(tmp_path)
    return tmp_path


def written(root: pathlib.Path, name: str, text: str) -> pathlib.Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def found(root: pathlib.Path, **more: t.Any) -> dict[str, str]:
    return {one.subject: one.kind for one in scan.Scan(Wanted(root, **more)).found().secrets}


def test_every_planted_secret_is_found_and_nothing_else(project: pathlib.Path) -> None:
    assert len(planted.SECRETS) >= 30
    assert len(planted.LOOKALIKES) >= 60
    secrets = scan.Scan(Wanted(project)).found().secrets
    assert {one.subject: not one.value.by_hand for one in secrets} == planted.SECRETS
    assert len(secrets) == len(planted.SECRETS)


def test_no_finding_tells_a_secret(project: pathlib.Path) -> None:
    values = [one.value.text for one in scan.Scan(Wanted(project)).found().secrets if one.value.text]
    told = json.dumps(scan.findings(Wanted(project)))
    assert len(values) > 30
    assert [value for value in values if value in told] == []
    assert planted.STRIPE not in told and "b3BlbnNzaC1rZXk" not in told


def test_findings_name_the_place_and_what_to_do(project: pathlib.Path) -> None:
    findings = {one["subject"]: one for one in scan.findings(Wanted(project))}
    one = findings["group_vars/all/main.yml:db_password"]
    assert (one["status"], one["risk"], one["rule"]) == ("fail", "high", "vaulted_variables.plain_secret")
    assert one["evidence"][0]["source"] == "group_vars/all/main.yml:5"
    assert "Run vault_secrets.yml" in one["remedy"]
    assert "it is a number" in findings["group_vars/all/main.yml:door_pin"]["remedy"]


@pytest.mark.parametrize(("name", "value"), planted.LOOKALIKES.items(), ids=list(planted.LOOKALIKES))
def test_what_looks_like_a_secret_is_none(tmp_path: pathlib.Path, name: str, value: str) -> None:
    written(tmp_path, "group_vars/all.yml", f"{name}: {value}\n")
    assert found(tmp_path) == {}


def test_encrypted_files_and_values_are_none(tmp_path: pathlib.Path) -> None:
    whole = VAULT.encrypt("db_password: hunter2\n").decode()
    written(tmp_path, "group_vars/all/vault.yml", whole)
    lines = "".join(f"  {line}\n" for line in VAULT.encrypt("hunter2").decode().splitlines())
    written(tmp_path, "group_vars/all/vars.yml", f"db_password: !vault |\n{lines}")
    assert found(tmp_path) == {}


def test_a_clean_project_passes_by_every_rule(tmp_path: pathlib.Path) -> None:
    written(tmp_path, "group_vars/all.yml", "db_user: app\n")
    assert [(one["rule"].split(".")[1], one["status"]) for one in scan.findings(Wanted(tmp_path))] == [
        ("plain_secret", "pass"),
        ("printed_secret", "pass"),
        ("password_file", "pass"),
    ]


def test_without_detect_secrets_nothing_passes(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_libraries, "has_detect_secrets", lambda: False)
    findings = scan.findings(Wanted(tmp_path))
    assert [one["status"] for one in findings] == ["not_assessed", "not_assessed", "pass"]
    assert "pip install detect-secrets" in findings[0]["message"]


def test_what_cannot_be_read_is_not_assessed(tmp_path: pathlib.Path) -> None:
    written(tmp_path, "group_vars/all.yml", "a: [\nb_password: hunter2-is-here\n")
    (tmp_path / "group_vars" / "web.yml").write_bytes(b"a: \xff\xfe\n")
    findings = {one["subject"]: one for one in scan.findings(Wanted(tmp_path)) if one["status"] != "pass"}
    assert {name: one["status"] for name, one in findings.items()} == {
        "group_vars/all.yml": "not_assessed",
        "group_vars/web.yml": "not_assessed",
    }
    assert "hunter2" not in json.dumps(findings)


def test_links_and_foreign_folders_are_left_out(tmp_path: pathlib.Path) -> None:
    written(tmp_path, "elsewhere/secret.yml", "db_password: hunter2-is-here\n")
    written(tmp_path, "roles/.venv/lib/x.yml", "db_password: hunter2-is-here\n")
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all.yml").symlink_to(tmp_path / "elsewhere" / "secret.yml")
    (tmp_path / "host_vars").symlink_to(tmp_path / "elsewhere")
    assert found(tmp_path) == {}


def test_inventories_elsewhere_are_read_with_the_variables_beside_them(tmp_path: pathlib.Path) -> None:
    hosts = written(tmp_path, "stage/hosts.yml", "all:\n  vars:\n    db_password: hunter2-is-here\n")
    written(tmp_path, "stage/host_vars/db.yml", "api_token: a1b2c3d4e5f6\n")
    (tmp_path / "project").mkdir()
    assert set(found(tmp_path / "project", inventories=(hosts,))) == {
        "../stage/hosts.yml:all.vars.db_password",
        "../stage/host_vars/db.yml:api_token",
    }
    assert found(tmp_path / "project", inventories=(hosts,), exclude=("../stage/*",)) == {}


def test_what_has_the_same_name_in_a_list_stays_two_findings(tmp_path: pathlib.Path) -> None:
    text = "users:\n- name: ann\n  password: hunter-2\n- name: ann\n  password: hunter-3\n"
    written(tmp_path, "group_vars/all.yml", text)
    assert set(found(tmp_path)) == {
        "group_vars/all.yml:users[ann].password",
        "group_vars/all.yml:users[ann 2].password",
    }


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("db_password", "password"),
        ("dbPassword2", "password"),
        ("PGPASSWORD", "password"),
        ("ansible_become_pass", "password"),
        ("wpa_psk", "password"),
        ("clientSecret", "secret"),
        ("secret-access-key", "secret"),
        ("door_pin", "PIN"),
        ("enable_password", "password"),
        ("passwordIDStore", ""),
        ("passport", ""),
        ("bypass", ""),
        ("compass", ""),
        ("password_file", ""),
        ("public_key", ""),
        ("tokenizer", ""),
        ("update_password", ""),
        ("", ""),
    ],
)
def test_names(name: str, kind: str) -> None:
    assert names.kind(name) == kind


# Tasks


def leaks(root: pathlib.Path) -> list[str]:
    return [leak.task for _name, leak in scan.Scan(Wanted(root)).found().leaks]


def test_tasks_that_print_a_secret(tmp_path: pathlib.Path) -> None:
    written(tmp_path, "group_vars/all.yml", "users:\n- name: ann\n  password: ann-likes-2-dance\n")
    written(tmp_path, "roles/loud/tasks/main.yml", planted.LOUD_TASKS)
    written(tmp_path, "roles/quiet/tasks/main.yml", planted.QUIET_TASKS)
    assert leaks(tmp_path) == list(planted.LOUD)


def test_a_play_or_a_block_says_no_log_for_its_tasks(tmp_path: pathlib.Path) -> None:
    task = "- name: x\n      debug: {var: db_password}\n"
    for name, head in (("a.yml", "  no_log: true\n"), ("b.yml", "  no_log: false\n"), ("c.yml", "")):
        written(tmp_path, name, f"- hosts: all\n{head}  tasks:\n    {task}")
    found_in = [name for name, _leak in scan.Scan(Wanted(tmp_path)).found().leaks]
    assert found_in == ["b.yml", "c.yml"]


def test_what_is_encrypted_is_known_by_its_name(tmp_path: pathlib.Path) -> None:
    lines = "".join(f"  {line}\n" for line in VAULT.encrypt("x").decode().splitlines())
    written(tmp_path, "group_vars/all.yml", f"mail_relay: !vault |\n{lines}")
    written(tmp_path, "tasks/main.yml", "- name: y\n  shell: relay {{ mail_relay }}\n- shell: relay {{ mail_host }}\n")
    assert leaks(tmp_path) == ["y"]


# Files with passwords


def judged(root: pathlib.Path, *given: str) -> dict[str, tuple[str, str]]:
    findings = scan.findings(Wanted(root, password_files=given))
    of = (one for one in findings if one["rule"].endswith("password_file"))
    return {one["subject"]: (one["status"], one["message"]) for one in of}


def secret_file(root: pathlib.Path, name: str, mode: int = 0o600) -> pathlib.Path:
    path = written(root, name, "the password\n")
    path.chmod(mode)
    return path


def git(root: pathlib.Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True)


def test_a_password_file_that_others_can_read(tmp_path: pathlib.Path) -> None:
    secret_file(tmp_path, ".vault_pass", 0o640)
    secret_file(tmp_path, "vault-password-prod.txt")
    told = judged(tmp_path)
    assert {name: status for name, (status, _message) in told.items()} == {
        ".vault_pass": "fail",
        "vault-password-prod.txt": "pass",
    }
    assert "its mode is 0640, so that others can read it" in told[".vault_pass"][1]


def test_a_program_that_prints_it_may_be_read_and_not_be_written(tmp_path: pathlib.Path) -> None:
    secret_file(tmp_path, "vault_pass.sh", 0o755)
    assert judged(tmp_path)["vault_pass.sh"][0] == "pass"
    (tmp_path / "vault_pass.sh").chmod(0o777)
    assert judged(tmp_path)["vault_pass.sh"][0] == "fail"


def test_a_password_file_in_git(tmp_path: pathlib.Path) -> None:
    git(tmp_path, "init", "--quiet")
    path = secret_file(tmp_path, "pw")
    (tmp_path / "ansible.cfg").write_text("[defaults]\nvault_password_file = pw\n", encoding="utf-8")
    assert "git does not ignore it" in judged(tmp_path)["pw"][1]
    (tmp_path / ".gitignore").write_text("pw\n", encoding="utf-8")
    assert judged(tmp_path)["pw"][0] == "pass"
    git(tmp_path, "add", "--force", "pw")
    assert "git has it" in judged(tmp_path)["pw"][1]
    assert path.stat().st_mode & 0o777 == 0o600


def test_git_that_does_not_answer_is_not_assessed(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "--quiet")
    secret_file(tmp_path, ".vault_pass")
    monkeypatch.setenv("PATH", "/nowhere")
    assert judged(tmp_path)[".vault_pass"][0] == "not_assessed"


def test_what_ansible_was_told_of_is_judged_wherever_it_lies(tmp_path: pathlib.Path) -> None:
    (tmp_path / "project").mkdir()
    path = secret_file(tmp_path, "anything", 0o644)
    assert judged(tmp_path / "project", str(path), "/nowhere/at/all") == {
        str(path): (
            "fail",
            f"{path} has a password of Ansible Vault, and its mode is 0644, so that others can read it.",
        )
    }


def test_identities_of_ansible_cfg(tmp_path: pathlib.Path) -> None:
    config = written(tmp_path, "ansible.cfg", "[defaults]\nvault_identity_list = dev@a.txt, prod@~/b, prompt@prompt\n")
    assert password_files.configured(config) == [tmp_path / "a.txt", pathlib.Path("~/b").expanduser()]
