# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters of maintenance; in a playbook too, where values come tagged, lazy, and templated on the way."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.infosec.principles.plugins.filter.plan_maintenance import plan_maintenance
from ansible_collections.infosec.principles.plugins.filter.slot_of import slot_of

COLLECTIONS = pathlib.Path(__file__).resolve().parents[4] / ".collections"
POLICY = {"days": "daily", "start": "02:00", "duration": "30m", "slot": "15m"}
GROUPS = {"all": ["web1", "web2", "db1"], "web": ["web1", "web2"], "db": ["db1"]}
HOSTVARS = {"web1": {"infosec_maintenance": POLICY}, "web2": {"infosec_maintenance": POLICY}, "db1": {}}

VARIABLES = """
zone: Europe/Berlin
infosec_maintenance:
  days: [sat, sun]
  start: "{{ '%02d:00' | format(4) }}"
  duration: 30m
  time_zone: "{{ zone }}"
"""
PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.set_fact:
        infosec_slots: >-
          {{ groups['all'] | infosec.principles.plan_maintenance(hostvars, groups, infosec_services | default([])) }}
      run_once: true
    - ansible.builtin.copy:
        content: "{{ infosec_slots | infosec.principles.slot_of(inventory_hostname) | to_json }}"
        dest: "{{ playbook_dir }}/{{ inventory_hostname }}.json"
        mode: "0600"
"""


def play(folder: pathlib.Path, variables: str) -> str:
    """Run PLAYBOOK in the folder, with these variables of group web; its output."""
    (folder / "group_vars").mkdir()
    files = {"group_vars/web.yml": variables, "hosts": "[web]\nweb1\nweb2\n[db]\ndb1\n"}
    for name, text in {**files, "play.yml": PLAYBOOK, "ansible.cfg": "[defaults]\n"}.items():
        (folder / name).write_text(text, encoding="utf-8")
    python = f"ansible_python_interpreter={sys.executable}"
    argv = [sys.executable, "-m", "ansible", "playbook", "-i", "hosts", "-c", "local", "-e", python, "play.yml"]
    own = {"ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "HOME": str(folder)}
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **own}
    done = subprocess.run(argv, capture_output=True, text=True, cwd=folder, env=environment, check=False, timeout=120)
    return done.stdout + done.stderr


def test_in_a_playbook(tmp_path: pathlib.Path) -> None:
    output = play(tmp_path, VARIABLES)
    assert (tmp_path / "db1.json").exists(), output
    slots = {name: json.loads((tmp_path / f"{name}.json").read_text()) for name in ("web1", "web2", "db1")}
    assert slots["db1"] == {}
    assert {slots["web1"]["start"], slots["web2"]["start"]} == {"04:00", "04:15"}
    assert slots["web1"]["time_zone"] == "Europe/Berlin"
    assert slots["web1"]["days"] == ["sat", "sun"]
    assert len(slots["web1"]["next"]) == 6


def test_faults_stop_a_playbook(tmp_path: pathlib.Path) -> None:
    output = play(tmp_path, VARIABLES.replace("Europe/Berlin", "Europe/Nowhere").replace("30m", "30x"))
    assert "infosec_maintenance.duration (web1, web2): found '30x'" in output
    assert "infosec_maintenance.time_zone (web1, web2): found 'Europe/Nowhere'; no such time zone" in output
    assert not list(tmp_path.glob("*.json"))


def test_plan_and_slot() -> None:
    slots = plan_maintenance(GROUPS["all"], HOSTVARS, GROUPS)
    assert slots.keys() == {"web1", "web2"}
    assert slot_of(slots, "web1")["minutes"] == 15
    assert slot_of(slots, "db1") == {}


def test_all_faults_reach_the_user() -> None:
    hostvars = {**HOSTVARS, "db1": {"infosec_maintenance": {**POLICY, "start": 1380, "reboot": "x"}}}
    with pytest.raises(AnsibleFilterError, match=r"(?s)have 2 fault\(s\):.*\.start \(db1\).*\.reboot \(db1\)"):
        plan_maintenance(GROUPS["all"], hostvars, GROUPS)
