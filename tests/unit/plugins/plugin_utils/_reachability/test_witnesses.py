# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import collections

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.witnesses import Witnesses
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._reachability.fleet import (
    entry,
    only,
    planned,
)

HOSTS = [f"{group}{number:03}" for group in "abc" for number in range(60)]
GROUPS = {"all": HOSTS, **{group: [host for host in HOSTS if host[0] == group] for group in "abc"}}
ALLOWED = frozenset(GROUPS["a"])


@pytest.mark.parametrize("count", [1, 2, 5])
def test_so_many_of_every_group(count: int) -> None:
    chosen = Witnesses(count, GROUPS, HOSTS, HOSTS).choose(ALLOWED, "b000", "ssh")
    # Those of "all" are those of its parts.
    assert collections.Counter(host[0] for host in chosen) == {"a": count, "b": count, "c": count}
    assert "b000" not in chosen


def test_of_a_group_that_is_let_in_by_half_both_halves_have_witnesses() -> None:
    allowed = frozenset(GROUPS["a"][:30])
    chosen = Witnesses(2, GROUPS, HOSTS, HOSTS).choose(allowed, "b000", "ssh")
    assert len([host for host in chosen if host[0] == "a"]) == 4
    assert len(allowed.intersection(chosen)) == 2


def test_always_the_same() -> None:
    first, second = (Witnesses(2, groups, HOSTS, HOSTS) for groups in (GROUPS, dict(reversed(GROUPS.items()))))
    assert first.choose(ALLOWED, "b000", "ssh") == second.choose(ALLOWED, "b000", "ssh")


def test_every_host_has_its_turn() -> None:
    witnesses = Witnesses(2, GROUPS, HOSTS, HOSTS)
    load = collections.Counter(host for target in HOSTS for host in witnesses.choose(ALLOWED, target, "ssh"))
    assert load.keys() == set(HOSTS)
    assert max(load.values()) <= 3 * load.total() / len(HOSTS)


def test_the_number_of_pairs_grows_with_the_hosts() -> None:
    def pairs(number: int) -> int:
        hosts = HOSTS[:number]
        witnesses = Witnesses(2, {"all": hosts}, hosts, hosts)
        return sum(len(witnesses.choose(frozenset(), target, "ssh")) for target in hosts)

    assert [pairs(number) for number in (30, 60, 120)] == [60, 120, 240]


def test_those_that_are_offline_stand_in_only_where_nobody_else_is() -> None:
    online = [host for host in HOSTS if host[0] != "c" and host not in ("b001", "b002")]
    witnesses = Witnesses(3, GROUPS, HOSTS, online)
    chosen = [host for target in HOSTS for host in witnesses.choose(ALLOWED, target, "ssh")]
    assert {"b001", "b002"}.isdisjoint(chosen)
    assert any(host[0] == "c" for host in chosen)


def test_small_groups_and_the_target_alone() -> None:
    assert Witnesses(5, {"all": ["a", "b"]}, ["a", "b"], ["a", "b"]).choose(frozenset(), "a", "x") == ["b"]
    assert Witnesses(5, {"all": ["a"]}, ["a"], ["a"]).choose(frozenset(), "a", "x") == []


def test_a_plan_names_them() -> None:
    made = planned([entry()], [], witnesses=1)
    chosen = only(made)["sources"]
    assert chosen is not None
    assert len(chosen) == 2
    assert "web1" in chosen
    assert made["witnesses"] == 1
