# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.infosec.principles.plugins.plugin_utils._rolling.waves import neighbours, waves

HOSTS = st.lists(st.sampled_from([f"h{number}" for number in range(12)]), unique=True)
GROUPS = st.lists(st.sets(st.sampled_from([f"h{number}" for number in range(14)])), max_size=6)


@pytest.mark.parametrize(
    ("hosts", "groups", "expected"),
    [
        ("a b c", ["abc"], ["a", "b", "c"]),
        ("a b c", [], ["a b c"]),
        ("a b x y", ["ab", "xy"], ["a x", "b y"]),
        ("y b x a", ["ab", "xy"], ["y b", "x a"]),
        ("a b c", ["ab", "bc"], ["a c", "b"]),
        ("a", ["abc"], ["a"]),
        ("", ["abc"], []),
        ("a a", ["a"], ["a"]),
    ],
    ids=["one group", "no group", "two groups", "their order", "a host of two", "a part", "nobody", "twice"],
)
def test_waves(hosts: str, groups: list[str], expected: list[str]) -> None:
    assert waves(hosts.split(), groups) == [wave.split() for wave in expected]


@given(HOSTS, GROUPS)
def test_no_two_of_a_group_are_in_one_wave(hosts: list[str], groups: list[set[str]]) -> None:
    for wave, group in itertools.product(waves(hosts, groups), groups):
        assert len(group.intersection(wave)) <= 1


@given(HOSTS, GROUPS)
def test_every_host_is_in_one_wave(hosts: list[str], groups: list[set[str]]) -> None:
    made = waves(hosts, groups)
    assert sorted(itertools.chain(*made)) == sorted(hosts)
    assert all(made)


@given(HOSTS, GROUPS, st.randoms(use_true_random=False))
def test_waves_are_stable(hosts: list[str], groups: list[set[str]], random: st.Random) -> None:
    """In whatever order a register has its entries, and sets their members."""
    shuffled = [random.sample(sorted(group), len(group)) for group in random.sample(groups, len(groups))]
    assert waves(hosts, shuffled) == waves(hosts, groups)


@given(HOSTS, GROUPS)
def test_nobody_waits_for_more_than_he_has_peers(hosts: list[str], groups: list[set[str]]) -> None:
    made = waves(hosts, groups)
    known = neighbours(groups)
    for number, wave in enumerate(made):
        assert all(number <= len(known.get(host, ())) for host in wave)
