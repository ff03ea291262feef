# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback in real runs of ansible-playbook, against a module of the collection that returns what it is given."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
import typing as t

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[4]

MODULE = """
from ansible.module_utils.basic import AnsibleModule

SPEC = {
    "findings": {"type": "list", "elements": "dict"},
    "waivers": {"type": "list", "elements": "dict", "default": []},
    "outcome": {"type": "str", "default": "ok"},
    "reachability": {"type": "list", "elements": "dict", "default": []},
}


def main():
    module = AnsibleModule(SPEC, supports_check_mode=True)
    if module.params["outcome"] == "crash":
        raise RuntimeError("the control crashed")
    if module.params["outcome"] == "fail":
        module.fail_json(msg="1 finding is left", findings=module.params["findings"])
    module.exit_json(findings=module.params["findings"], reachability=module.params["reachability"])


main()
"""

FINDING = {
    "control": "given",
    "principle": "patching",
    "rule": "given.rule",
    "title": "It passes",
    "subject": "{{ ansible_loop_var | default('one') }}",
    "status": "fail",
    "risk": "high",
    "message": "\\x1b[31m" + "{{ '{{' }} 7*7 {{ '}}' }}",
}
WAIVERS = [
    {"match": "host == 'waived'", "why": "w", "owner": "o", "expires": "2099-01-01"},
    {"match": "host == 'nobody'", "why": "w", "owner": "o", "expires": "2099-01-01"},
    {"match": "host == 'web'", "why": "w", "owner": "o", "expires": "2020-01-01"},
]
PLAY = [
    {
        "hosts": "all",
        "gather_facts": False,
        "vars": {"infosec_report_directory": "{{ playbook_dir }}/reports", "accepted": WAIVERS},
        "tasks": [
            {
                "name": "Look",
                "infosec.principles.given": {
                    "findings": [FINDING],
                    "waivers": "{{ accepted | infosec.principles.validate_waivers }}",
                    "outcome": "{{ outcome | default('ok') }}",
                },
            },
            {
                "name": "Look again and again",
                "infosec.principles.given": {"findings": [FINDING | {"subject": "{{ item }}", "status": "pass"}]},
                "loop": ["two", "three"],
            },
        ],
    }
]
INVENTORY = {
    "all": {
        "vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
        "hosts": {
            "web": {},
            "waived": {},
            "fails": {"outcome": "fail"},
            "crashes": {"outcome": "crash"},
            "lost": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1},
        },
    }
}


def collection(folder: pathlib.Path) -> pathlib.Path:
    """The collection with one more module, so that a test needs no host to assess."""
    target = folder / "ansible_collections" / "infosec" / "principles"
    (target / "plugins" / "modules").mkdir(parents=True)
    (target / "galaxy.yml").symlink_to(ROOT / "galaxy.yml")
    for name in ("callback", "filter", "module_utils", "plugin_utils"):
        (target / "plugins" / name).symlink_to(ROOT / "plugins" / name)
    for name in ("given", "reachability"):
        (target / "plugins" / "modules" / f"{name}.py").write_text(MODULE)
    (target / "plugins" / "modules" / "undo.py").symlink_to(ROOT / "plugins" / "modules" / "undo.py")
    return folder


def playbook(folder: pathlib.Path, play: t.Any, *options: str) -> str:
    """Run a playbook in the folder and return what it printed."""
    (folder / "play.yml").write_text(yaml.safe_dump(play))
    (folder / "hosts.yml").write_text(yaml.safe_dump(INVENTORY))
    (folder / "ansible.cfg").write_text("[defaults]\ncallbacks_enabled = infosec.principles.compliance\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    environment |= {
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(collection(folder / "collections")),
        "ANSIBLE_HOME": str(folder / "home"),
        "INFOSEC_REPORT_DIRECTORY": str(folder / "from-environment"),
        "ANSIBLE_PIPELINING": "1",
    }
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "hosts.yml", "play.yml", *options]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert "Callback dispatch" not in done.stderr, done.stderr
    return done.stdout + done.stderr


def statuses(folder: pathlib.Path) -> set[tuple[str, str, str, str]]:
    body = json.loads((folder / "reports" / "latest" / "compliance.json").read_text())
    return {(one["host"], one["rule"], one["subject"], one["status"]) for one in body["findings"]}


GIVEN = "infosec.principles.given"
#: What "Look again and again" adds on hosts that come so far.
LOOP = {(host, "given.rule", subject, "pass") for host in ("web", "waived") for subject in ("two", "three")}


def test_a_run_with_every_outcome(tmp_path: pathlib.Path) -> None:
    printed = playbook(tmp_path, PLAY, "--check")
    assert statuses(tmp_path) == LOOP | {
        ("web", "given.rule", "one", "fail"),
        ("waived", "given.rule", "one", "waived"),
        ("fails", "given.rule", "one", "fail"),
        ("crashes", "run.failed", GIVEN, "error"),
        ("lost", "run.unreachable", GIVEN, "error"),
        ("controller", "waiver.expired", "host == 'web'", "fail"),
        ("controller", "waiver.unused", "host == 'nobody'", "not_assessed"),
    }
    body = json.loads((tmp_path / "reports" / "latest" / "compliance.json").read_text())
    assert (body["mode"], body["unseen"]) == ("check", "")
    assert body["generator"]["version"] == yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
    assert {path.name for path in (tmp_path / "reports" / "latest").iterdir()} == {
        "compliance.json",
        "compliance.html",
        "junit.xml",
    }
    assert re.search(r"COMPLIANCE \(check mode, nothing was changed\)\n\nhost +patching +run +worst\n", printed)
    assert f"Report: {(tmp_path / 'reports' / 'latest').resolve()}/" in printed
    assert "{{ 7*7 }}" in (tmp_path / "reports" / "latest" / "compliance.html").read_text()


def test_what_hosts_share_and_reach_is_in_the_report(tmp_path: pathlib.Path) -> None:
    key = {"kind": "host_key", "value": "SHA256:x", "holder": "/etc/ssh/ssh_host_rsa_key"}
    row = {"service": "ssh", "protocol": "tcp", "port": 22, "address": "192.0.2.1", "outcomes": {"refused": ["lost"]}}
    tasks = [
        {"infosec.principles.given": {"findings": [FINDING | {"status": "pass", "fingerprints": [key]}]}},
        {"infosec.principles.reachability": {"findings": [], "reachability": [row]}},
    ]
    printed = playbook(tmp_path, [PLAY[0] | {"hosts": "web:waived", "tasks": tasks}])
    shared = "ssh_pivoting.shared_host_key"
    assert {one for one in statuses(tmp_path) if one[1] == shared} == {
        (host, shared, key["holder"], "fail") for host in ("web", "waived")
    }
    body = json.loads((tmp_path / "reports" / "latest" / "compliance.json").read_text())
    assert [(one["target"], one["outcomes"]["refused"]) for one in body["reachability"]] == [
        ("waived", ["lost"]),
        ("web", ["lost"]),
    ]
    assert "COMPLIANCE (no violation was put right)" in printed
    assert "0 denied pairs reached, 0 allowed pairs blocked, 0 not assessed" in printed
    assert "lost → 22/tcp ssh waived, web" in (tmp_path / "reports" / "latest" / "compliance.html").read_text()


@pytest.mark.parametrize("hosts", ["web:lost", "lost"])
def test_the_title_of_an_audit_in_which_a_host_is_lost(tmp_path: pathlib.Path, hosts: str) -> None:
    task = {"infosec.principles.given": {"findings": [FINDING]}, "check_mode": "{{ audit | default(true) }}"}
    printed = playbook(tmp_path, [PLAY[0] | {"hosts": hosts, "tasks": [task]}])
    assert "COMPLIANCE (check mode, nothing was changed)" in printed


def test_a_narrowed_run_does_not_judge_unused_waivers(tmp_path: pathlib.Path) -> None:
    playbook(tmp_path, PLAY, "--limit", "web")
    assert statuses(tmp_path) == {one for one in LOOP if one[0] == "web"} | {
        ("web", "given.rule", "one", "fail"),
        ("controller", "waiver.expired", "host == 'web'", "fail"),
        ("controller", "waiver.unused", "host == 'waived'", "not_assessed"),
        ("controller", "waiver.unused", "host == 'nobody'", "not_assessed"),
    }
    body = json.loads((tmp_path / "reports" / "latest" / "compliance.json").read_text())
    assert (body["mode"], body["unseen"]) == ("run", "the run was narrowed by --limit")


def test_a_run_without_our_modules_writes_nothing(tmp_path: pathlib.Path) -> None:
    printed = playbook(tmp_path, [{"hosts": "web", "gather_facts": False, "tasks": [{"ansible.builtin.ping": {}}]}])
    assert "COMPLIANCE" not in printed
    assert not (tmp_path / "reports").exists()
    assert not (tmp_path / "from-environment").exists()


def test_a_run_that_only_undoes_writes_nothing(tmp_path: pathlib.Path) -> None:
    undo = {"infosec.principles.undo": {}, "vars": {"ansible_python_interpreter": sys.executable}}
    printed = playbook(tmp_path, [{"hosts": "web", "gather_facts": False, "tasks": [undo]}])
    assert "ok: [web]" in printed
    assert "COMPLIANCE" not in printed and not (tmp_path / "from-environment").exists()


def test_options_of_the_environment_and_of_extra_variables(tmp_path: pathlib.Path) -> None:
    play = [PLAY[0] | {"vars": {"accepted": []}, "hosts": "web"}]
    extra = json.dumps({"infosec_report_formats": ["junit"], "infosec_report_console": False})
    printed = playbook(tmp_path, play, "--extra-vars", extra)
    assert "COMPLIANCE" not in printed
    assert [path.name for path in (tmp_path / "from-environment" / "latest").iterdir()] == ["junit.xml"]


MALFORMED = {"match": "hots == 'web'", "why": "", "expires": "never"}
FAULTS = ("waivers[0].match: a finding has no 'hots'", "[0].why: is empty", "[0].owner: missing", "[0].expires: must")


def test_malformed_waivers_stop_the_run_with_all_faults(tmp_path: pathlib.Path) -> None:
    play = [PLAY[0] | {"vars": {"accepted": [MALFORMED]}, "hosts": "web"}]
    printed = playbook(tmp_path, play)
    assert [fault for fault in FAULTS if fault not in printed.replace("\\n", "\n")] == []
    assert "ok=0" in printed


def test_a_report_that_cannot_be_written_is_said(tmp_path: pathlib.Path) -> None:
    (tmp_path / "reports").write_text("in the way")
    play = [PLAY[0] | {"hosts": "web"}]
    printed = playbook(tmp_path, play)
    assert f"Cannot write the report to {tmp_path}/reports: File exists" in " ".join(printed.split())
    assert "Report: " not in printed
