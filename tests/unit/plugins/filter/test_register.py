# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters of the register; in a playbook too, where values come tagged, lazy, and templated on the way."""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.infosec.principles.plugins.filter.draft_register import draft_register
from ansible_collections.infosec.principles.plugins.filter.resolve_register import resolve_register
from ansible_collections.infosec.principles.plugins.filter.services_of import services_of
from ansible_collections.infosec.principles.plugins.filter.validate_register import validate_register

COLLECTIONS = pathlib.Path(__file__).resolve().parents[4] / ".collections"
GROUPS = {"all": ["web1", "db1"], "web": ["web1"], "db": ["db1"]}
HOSTVARS = {"web1": {"infosec_addresses": ["2001:db8::1", "192.0.2.1"]}, "db1": {"infosec_addresses": "192.0.2.2"}}
SITE = {
    **{"name": "site", "hosts": ["web"], "ports": ["80/tcp"], "clients": ["db"]},
    **{"justification": "Public.", "owner": "web@example.org", "review_by": "2027-06-30"},
}
SOCKETS = {"listeners": [{"protocol": "tcp", "port": 80, "process": "{{ 1 + 1 }}"}], "peers": []}

VARIABLES = """
office: 198.51.100.0/24
infosec_addresses: "{{ {'web1': ['2001:db8::1', '192.0.2.1'], 'db1': '192.0.2.2'}[inventory_hostname] }}"
infosec_services:
  - name: orders
    hosts: [db]
    ports: [5432/tcp]
    clients: [web, "{{ office }}"]
    justification: Orders.
    owner: data@example.org
    review_by: 2027-06-30
"""
PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.set_fact:
        infosec_register: >-
          {{ infosec_services | infosec.principles.validate_register(groups, hostvars, ansible_play_hosts_all)
             | infosec.principles.resolve_register(hostvars, groups) }}
      run_once: true
    - ansible.builtin.copy:
        content: "{{ infosec_register | infosec.principles.services_of(inventory_hostname, group_names) | to_json }}"
        dest: "{{ playbook_dir }}/{{ inventory_hostname }}.json"
        mode: "0600"
"""


def play(folder: pathlib.Path, variables: str = VARIABLES, of_db: str = "") -> str:
    """Run PLAYBOOK in the folder, with the variables of all hosts and of group db; its output."""
    (folder / "group_vars").mkdir()
    files = {"group_vars/all.yml": variables, "group_vars/db.yml": of_db, "hosts": "[web]\nweb1\n[db]\ndb1\n"}
    for name, text in {**files, "play.yml": PLAYBOOK, "ansible.cfg": "[defaults]\n"}.items():
        (folder / name).write_text(text, encoding="utf-8")
    python = f"ansible_python_interpreter={sys.executable}"
    argv = [sys.executable, "-m", "ansible", "playbook", "-i", "hosts", "-c", "local", "-e", python, "play.yml"]
    own = {"ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "HOME": str(folder)}
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **own}
    done = subprocess.run(argv, capture_output=True, text=True, cwd=folder, env=environment, check=False, timeout=120)
    return done.stdout + done.stderr


def test_in_a_playbook(tmp_path: pathlib.Path) -> None:
    output = play(tmp_path)
    assert (tmp_path / "db1.json").exists(), output
    (orders,) = json.loads((tmp_path / "db1.json").read_text(encoding="utf-8"))
    assert orders == {
        "name": "orders",
        "unit": "",
        "ports": [{"first": 5432, "last": 5432, "protocol": "tcp"}],
        "clients": ["192.0.2.1/32", "198.51.100.0/24", "2001:db8::1/128"],
        "tls": "none",
        "names": [],
        "admin": [],
        "justification": "Orders.",
        "owner": "data@example.org",
        "review_by": "2027-06-30",
    }
    assert json.loads((tmp_path / "web1.json").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (
            {"variables": VARIABLES.replace("100.0/24", "100.1/24")},
            "clients[1]: found '198.51.100.1/24'; write 198.51.100.0/24",
        ),
        ({"variables": VARIABLES.replace("office:", "offices:")}, "'office' is undefined"),
        ({"of_db": "infosec_services: []"}, "infosec_services: web1 and db1 have different ones"),
    ],
)
def test_faults_stop_a_playbook(tmp_path: pathlib.Path, changes: dict[str, str], fault: str) -> None:
    assert fault in play(tmp_path, **changes)
    assert not list(tmp_path.glob("*.json"))


def test_validate_register_returns_it() -> None:
    assert validate_register([SITE], GROUPS) == [SITE]


@pytest.mark.parametrize(
    "judge", [lambda given: validate_register(given, GROUPS), lambda given: resolve_register(given, {}, GROUPS)]
)
def test_all_faults_reach_the_user(judge: t.Callable[[t.Any], t.Any]) -> None:
    with pytest.raises(
        AnsibleFilterError, match=r"(?s)infosec_services\[0\].name: missing.*infosec_services\[0\].owner: missing"
    ):
        judge([{"hosts": ["db"]}])
    with pytest.raises(AnsibleFilterError, match="write a list of services"):
        judge("{{ x }}")


def test_resolve_register_names_hosts_without_address() -> None:
    with pytest.raises(AnsibleFilterError, match=r"clients: db1: infosec_addresses: found 'x'"):
        resolve_register([SITE], {"db1": {"infosec_addresses": "x"}}, GROUPS)


def test_resolve_register_for_one_host_resolves_no_other() -> None:
    other = {**SITE, "name": "other", "hosts": ["db"], "clients": ["web"]}
    (site,) = resolve_register([other, SITE], {"db1": {"ansible_host": "192.0.2.2"}}, GROUPS, "web1")
    assert (site["name"], site["clients"]) == ("site", ["192.0.2.2/32"])


@pytest.mark.parametrize(
    ("hosts", "services"),
    [
        (["db"], [{"name": "x"}]),
        (["db1"], [{"name": "x"}]),
        (["all"], [{"name": "x"}]),
        (["web"], []),
        (["web", "db"], [{"name": "x"}]),
    ],
)
def test_services_of(hosts: list[str], services: list[dict[str, str]]) -> None:
    assert services_of([{"name": "x", "hosts": hosts}], "db1", ["db"]) == services


def test_draft_register() -> None:
    connected = {**SOCKETS, "peers": [{"protocol": "tcp", "port": 80, "addresses": ["192.0.2.1", "192.0.2.9"]}]}
    (entry,) = draft_register({"db1": connected}, HOSTVARS, GROUPS, "2027-06-30")
    assert (entry["name"], entry["hosts"], entry["clients"]) == ("1-1", ["db1"], ["web1", "192.0.2.9"])
    assert entry["review_by"] == "2027-06-30"


def test_draft_register_does_without_the_addresses_of_hosts() -> None:
    (entry,) = draft_register({"db1": SOCKETS}, {"web1": {"infosec_addresses": "x"}, "db1": HOSTVARS["db1"]}, GROUPS)
    assert entry["hosts"] == ["db1"]


def test_draft_register_is_looked_at_in_half_a_year() -> None:
    (entry,) = draft_register({"db1": SOCKETS}, HOSTVARS, GROUPS)
    ahead = datetime.date.fromisoformat(entry["review_by"]) - datetime.datetime.now(datetime.timezone.utc).date()
    assert 180 <= ahead.days <= 184
    with pytest.raises(AnsibleFilterError, match="review_by: found 'soon'; write a day such as 2027-06-30"):
        draft_register({"db1": SOCKETS}, HOSTVARS, GROUPS, "soon")
