# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declared keys of machines: every fault with its place, and who logs in where."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._rotation.plan import RotationError, plan

GROUPS = {"all": ["ci", "web1", "web2", "db"], "web": ["web1", "web2"], "ungrouped": []}
HOSTVARS: dict[str, dict[str, t.Any]] = {
    "ci": {},
    "web1": {"ansible_host": "192.0.2.11", "ansible_user": "admin", "ansible_port": 2222},
    "web2": {"ansible_host": "203.0.113.9", "infosec_ssh_address": "192.0.2.12", "infosec_ssh_port": 22},
    "db": {"ansible_user": "admin", "ansible_ssh_common_args": "-o ProxyJump=bastion -o 'X=a b'"},
}
KEY = {"name": "deploy", "from": "ci", "account": "ci", "key": ".ssh/id_deploy", "to": ["web"], "as": "deploy"}


def faults(*keys: t.Any) -> list[str]:
    with pytest.raises(RotationError) as caught:
        plan(list(keys), HOSTVARS, GROUPS)
    return list(caught.value.faults)


def test_groups_are_resolved_and_hosts_reached_as_others_reach_them() -> None:
    (key,) = plan([{**KEY, "to": ["web", "web1", "db"], "arguments": ["-4"]}], HOSTVARS, GROUPS)
    assert (key["source"], key["hosts"], key["options"], key["type"]) == ("ci", ["web1", "web2", "db"], None, "ed25519")
    assert [(one["address"], one["port"], one["account"], one["arguments"]) for one in key["targets"]] == [
        ("192.0.2.11", 2222, "deploy", ["-4"]),
        ("192.0.2.12", 22, "deploy", ["-4"]),
        ("db", 0, "deploy", ["-4"]),
    ]


def test_ansibles_own_key_goes_the_way_that_ansible_goes() -> None:
    own = {"name": "ansible", "from": "controller", "key": "~/.ssh/id_ed25519", "to": ["web1", "db"]}
    (key,) = plan([own], HOSTVARS, GROUPS)
    assert (key["source"], key["account"], key["max_age_days"]) == ("localhost", "", 730)
    assert [(one["account"], one["arguments"]) for one in key["targets"]] == [
        ("admin", []),
        ("admin", ["-o", "ProxyJump=bastion", "-o", "X=a b"]),
    ]


def test_whom_it_opens_has_to_be_known() -> None:
    own = {"name": "ansible", "from": "controller", "key": "id", "to": ["web2"]}
    assert faults(own) == ["infosec_machine_keys (ansible).as: missing, and web2 has no ansible_user"]


def test_empty_options_are_said_and_not_left_out() -> None:
    assert plan([{**KEY, "options": ""}], HOSTVARS, GROUPS)[0]["options"] == ""


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"name": "a b"}, "[0] (a b).name: found 'a b'; write what the key is called"),
        ({"from": "cii"}, "[0] (deploy).from: found 'cii'; the inventory has no such host; did you mean ci?"),
        ({"to": ["webb"]}, "[0] (deploy).to: found 'webb'; the inventory has no such host or group; did you mean web?"),
        ({"to": []}, "[0] (deploy).to: is empty; write a list of the hosts and groups that it opens"),
        ({"to": "web"}, "[0] (deploy).to: found 'web'; write a list of the hosts and groups that it opens"),
        ({"as": "-x"}, "[0] (deploy).as: found '-x'; write the account that it opens there"),
        ({"key": "-i"}, "[0] (deploy).key: found '-i'; write the path of the private key"),
        ({"options": "restrict\nssh-ed25519 AAAA"}, "[0] (deploy).options: found"),
        ({"type": "dsa"}, "[0] (deploy).type: found 'dsa'; write one of ed25519, rsa"),
        ({"max_age_days": 0}, "[0] (deploy).max_age_days: found 0; write a number of days, 1 or more"),
        ({"max_age_days": True}, "[0] (deploy).max_age_days: found True; write a number of days, 1 or more"),
        ({"arguments": "-4"}, "[0] (deploy).arguments: found '-4'; write a list of arguments of ssh"),
        ({"max_age": 9}, "[0] (deploy).max_age: unknown key; did you mean max_age_days?"),
    ],
)
def test_each_fault_has_its_place_and_the_remedy(change: dict[str, t.Any], fault: str) -> None:
    (found,) = faults({**KEY, **change})
    assert found.startswith(f"infosec_machine_keys{fault}")


def test_all_faults_are_told_at_once() -> None:
    assert faults({"name": "x", "from": "ci"}, "y", KEY, KEY) == [
        "infosec_machine_keys[0] (x).account: missing; write the account there that logs in with it",
        "infosec_machine_keys[0] (x).key: missing; write the path of the private key, absolute or below the home of the account",
        "infosec_machine_keys[0] (x).to: missing; write a list of the hosts and groups that it opens",
        "infosec_machine_keys[1]: found 'y'; write a mapping with name, from, account, key, to, as, options, type, "
        "max_age_days, arguments, owner",
        "infosec_machine_keys: deploy is there twice; give each key a name of its own",
    ]


def test_what_is_no_list_is_a_fault() -> None:
    with pytest.raises(RotationError, match=r"infosec_machine_keys: found \{'name': 'x'\}; write a list"):
        plan({"name": "x"}, HOSTVARS, GROUPS)
