# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What aerleon writes: the same as once was looked at, and, read without aerleon, what the register says."""

from __future__ import annotations

import collections
import itertools
import pathlib
import re

import aerleon
import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall import files, policy, render
from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall.platforms import PLATFORMS
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._network_firewall.readers import (
    READERS,
    Rule,
)
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._network_firewall.samples import (
    OPTIONS,
    PORTS,
    SITE,
    Site,
)
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._network_firewall.test_aclcheck import (
    EPHEMERAL,
    pairs,
)

FIXTURES = pathlib.Path(__file__).resolve().parents[3] / "fixtures" / "network_firewall" / "aerleon-1.18.0"


def written(target: str, site: Site = SITE) -> dict[str, str]:
    return files.files(site.register, site.hostvars, site.groups, {target: OPTIONS[target]})


@pytest.mark.parametrize("target", PLATFORMS)
def test_files_are_as_they_were_once_looked_at(target: str) -> None:
    made = written(target)
    assert made
    for name, text in made.items():
        assert (FIXTURES / name).read_text(encoding="utf-8") == text, f"{name}: aerleon {aerleon.__file__}"


@pytest.mark.parametrize("target", PLATFORMS)
def test_files_are_the_same_whenever_they_are_written(target: str) -> None:
    assert written(target) == written(target)


def tags() -> dict[str, set[str]]:
    """What each address carries: the names of what it runs."""
    made = collections.defaultdict(set)
    for flow in SITE.flows():
        for host in flow.hosts:
            for address in SITE.addresses[host]:
                made[address].add(flow.label)
    return made


def verdict(rules: list[Rule], source: str, destination: str, protocol: str, port: int, tags: set[str]) -> bool:
    """Of the first rule that matches."""
    return next(one.accept for one in rules if one.matches(source, destination, protocol, port, EPHEMERAL, tags))


@pytest.mark.parametrize("target", READERS)
def test_files_say_what_the_register_says(target: str) -> None:
    (text,) = written(target).values()
    rules = {family: list(READERS[target](text, family)) for family in (4, 6)}
    wrong, allowed, carried = [], 0, tags()
    for (source, destination), (protocol, port) in itertools.product(pairs(SITE), PORTS):
        family = 6 if ":" in source else 4
        if (target, family) == ("ciscoasa", 6) or (target == "k8s" and not _is_pod(source)):
            continue
        expected = SITE.allows(source, destination, protocol, port)
        if target == "k8s":
            # Pods are one network: only what all of them may reach is allowed.
            expected = all(SITE.allows(one, destination, protocol, port) for one in _pods(family))
        allowed += expected
        if verdict(rules[family], source, destination, protocol, port, carried[destination]) != expected:
            wrong.append(f"{source} -> {destination} {port}/{protocol}: expected {expected}")
    assert wrong == []
    assert allowed > 10


def _is_pod(address: str) -> bool:
    return address.startswith(("10.76.1.", "fd00:76:1:"))


def _pods(family: int) -> list[str]:
    return (
        ["10.76.1.10", "10.76.1.66", "10.76.1.200"]
        if family == 4
        else ["fd00:76:1::10", "fd00:76:1::66", "fd00:76:1::c8"]
    )


def test_nothing_but_icmp_passes_where_the_register_is_empty() -> None:
    for target, reader in READERS.items():
        (text,) = files.files([], SITE.hostvars, SITE.groups, {target: OPTIONS[target]}).values()
        for family in (4,) if target == "ciscoasa" else (4, 6):
            *others, last = reader(text, family)
            assert not last.accept
            assert {one.protocol for one in others if one.accept} <= {1, 58}, target


# --- What is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ({"nftable": {}}, "nftable: no such target; write one of arista,"),
        ({"paloalto": {"from_zone": "a"}}, "paloalto.to_zone: missing; write a word"),
        ({"srx": {"from_zone": "a", "to_zone": "b c"}}, "srx.to_zone: found 'b c'; write a word"),
        ({"cisco": {"nmae": "x"}}, "cisco.nmae: unknown; it takes name"),
        ({"nftables": {"name": "x"}}, "nftables.name: unknown; it takes no option"),
        ({"k8s": {}}, "k8s.pods: missing"),
        (
            {"k8s": {"pods": "10.244.0.1/16"}},
            "k8s.pods: 10.244.0.1/16 has host bits set; write the network of the pods",
        ),
    ],
)
def test_targets_are_judged(targets: dict[str, dict[str, str]], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        policy.policies(SITE.flows(), targets)


def test_unknown_hosts_of_a_target_are_named() -> None:
    with pytest.raises(ValueError, match=r"nftables\.hosts: found wbe; write groups and hosts"):
        files.files(SITE.register, SITE.hostvars, SITE.groups, {"nftables": {"hosts": ["wbe"]}})


def test_hosts_narrow_a_target() -> None:
    (text,) = files.files(SITE.register, SITE.hostvars, SITE.groups, {"nftables": {"hosts": ["web"]}}).values()
    assert "website-tcp4" in text
    assert "dns-tcp4" in text
    assert "5432" not in text
    assert "10.76.2.20" not in text


def test_failures_of_aerleon_name_the_policy() -> None:
    made = policy.policies(SITE.flows(), {"cisco": {}})
    made["policies"][0]["filters"][0]["terms"][0]["protocol"] = "nonsense"
    with pytest.raises(render.RenderError, match="cisco: aerleon cannot write this policy: "):
        render.render(made)
