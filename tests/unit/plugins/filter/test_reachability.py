# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the filters add to the functions behind them."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.infosec.principles.plugins.filter import judge_reachability, plan_reachability, probes_of

GROUPS = {"all": ["a1", "b1", "c1"], "a": ["a1"]}
HOSTVARS = {"a1": {"ansible_host": "192.0.2.1"}, "b1": {"infosec_addresses": ["192.0.2.2", "2001:db8::2"]}}
LISTENER = {"protocol": "tcp", "address": "::", "port": 22, "families": ["IPv4", "IPv6"], "ephemeral": False}
SEEN: dict[str, t.Any] = {"a1": {"listeners": []}, "b1": {"listeners": [LISTENER]}, "c1": {"unreachable": True}}


class Hostvars(dict[str, t.Any]):
    """Ansible's templates each value that is looked at; what a task has registered is taken as it lies."""

    def raw_get(self, host: str) -> dict[str, t.Any]:
        return {**self[host], "sockets": SEEN[host], "tried": {"tried": []}}


PLAIN = Hostvars(HOSTVARS | {"c1": {"ansible_host": "127.0.0.1"}})


def plan(**more: t.Any) -> t.Any:
    return plan_reachability.plan_reachability(SEEN, [], PLAIN, GROUPS, "sockets", **more)


def test_from_the_plan_to_the_judgement() -> None:
    made = plan()
    assert json.loads(made)["hosts"] == {"a1": ["192.0.2.1/32"], "b1": ["192.0.2.2/32", "2001:db8::2/128"], "c1": []}
    filters = {**probes_of.FilterModule().filters(), **judge_reachability.FilterModule().filters()}
    assert filters["probes_of"](made, "a1") == [
        {"address": "192.0.2.2", "protocol": "tcp", "ports": [22]},
        {"address": "2001:db8::2", "protocol": "tcp", "ports": [22]},
    ]
    judged = filters["judge_reachability"](made, PLAIN, "tried")
    assert [len(judged[host]["reachability"]) for host in SEEN] == [0, 2, 0]


@pytest.mark.parametrize("witnesses", ["x", "-1", 1.5, None])
def test_witnesses_are_a_number(witnesses: t.Any) -> None:
    with pytest.raises(AnsibleFilterError, match=r"infosec_witnesses: found .*; write a number of hosts, or 0 for all"):
        plan(witnesses=witnesses)


def test_witnesses_may_be_text() -> None:
    assert json.loads(plan(witnesses="2"))["witnesses"] == 2


@pytest.mark.parametrize("registered", [{}, {"sockets": None}, {"sockets": "{{ x }}"}])
def test_a_host_without_a_result_was_offline(registered: dict[str, t.Any]) -> None:
    hostvars = {"a1": {**HOSTVARS["a1"], **registered}}
    made = json.loads(plan_reachability.plan_reachability(["a1"], [], hostvars, GROUPS, "sockets"))
    assert made["offline"] == {"a1": "it was not looked at"}
