# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What aerleon's own judge, aclcheck, makes of the policies: what the register allows passes, and nothing else."""

from __future__ import annotations

import ipaddress
import itertools
import typing as t

import pytest
from aerleon.lib import aclcheck, naming, policy_builder
from aerleon.lib import policy as aerleon_policy

from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall import policy
from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall.platforms import PLATFORMS
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._network_firewall.samples import (
    OPTIONS,
    PORTS,
    SITE,
    Site,
    random_site,
)

# The others name no destination, but the machines that carry a tag, or only what pods may reach.
ADDRESSED = [name for name, platform in PLATFORMS.items() if platform.place == "address"]
STATELESS = [name for name, platform in PLATFORMS.items() if platform.replies == "explicit"]
# A client's own port.
EPHEMERAL = 54321


class Judge:
    """aclcheck with a policy of a site, each list of rules for its family."""

    def __init__(self, site: Site, target: str) -> None:
        made = policy.policies(site.flows(), {target: OPTIONS[target]})
        names = naming.Naming()
        names.ParseDefinitionsObject(made["definitions"], "")
        self._lists: dict[int, t.Any] = {}
        for one in made["policies"]:
            for each in one["filters"]:
                builder = policy_builder.PolicyBuilder({"filename": one["filename"], "filters": [each]}, names)
                parsed = aerleon_policy.FromBuilder(builder)
                for family in _families(each):
                    self._lists[family] = parsed

    def verdicts(
        self, source: str, destination: str, protocol: str, port: int, own: int
    ) -> t.Iterator[tuple[str, bool]]:
        """What each matching rule says, up to the first that is certain; and whether it is certain."""
        listed = self._lists.get(ipaddress.ip_address(source).version)
        if listed is None:
            return
        check = aclcheck.AclCheck(listed, source, destination, str(own), str(port), protocol)
        for match in check.Matches():
            yield match.action, not match.possibles

    def accepts(self, source: str, destination: str, protocol: str, port: int) -> bool:
        """Whether a new connection passes."""
        *_possible, last = self.verdicts(source, destination, protocol, port, EPHEMERAL)
        assert last[1], "the list has no rule that decides"
        return last[0] == "accept"


def _families(rules: dict[str, t.Any]) -> set[int]:
    """Those that a list of rules is for; its last rule tells."""
    own = rules["terms"][-1]["name"].removeprefix("default-deny")
    return {int(own)} if own else {4, 6}


def pairs(site: Site) -> t.Iterator[tuple[str, str]]:
    """All addresses of different hosts, and two that are nobody's."""
    strangers = {"stranger": ["203.0.113.9", "2001:db8:ffff::9"]}
    everybody = {**site.addresses, **strangers}
    for source, destination in itertools.permutations(everybody, 2):
        for one, other in itertools.product(everybody[source], everybody[destination]):
            if ipaddress.ip_address(one).version == ipaddress.ip_address(other).version:
                yield one, other


def disagreements(site: Site, target: str, ports: t.Iterable[tuple[str, int]]) -> tuple[int, int, list[str]]:
    """How many pairs are allowed and denied, and where aclcheck and the register differ."""
    judge = Judge(site, target)
    wrong, count = [], {True: 0, False: 0}
    for (source, destination), (protocol, port) in itertools.product(pairs(site), ports):
        if target == "ciscoasa" and ":" in source:
            continue
        expected = site.allows(source, destination, protocol, port)
        count[expected] += 1
        if judge.accepts(source, destination, protocol, port) != expected:
            wrong.append(f"{source} -> {destination} {port}/{protocol}: expected {expected}")
    return count[True], count[False], wrong


@pytest.mark.parametrize("target", ADDRESSED)
def test_all_that_is_allowed_passes_and_nothing_else(target: str) -> None:
    allowed, denied, wrong = disagreements(SITE, target, PORTS)
    assert wrong == []
    assert allowed >= 20
    assert denied >= 200


@pytest.mark.parametrize("seed", range(12))
def test_of_any_register(seed: int) -> None:
    site = random_site(seed)
    # Each end of each range, and its neighbours.
    numbers = {
        (protocol, int(end) + step)
        for one in site.register
        for text in one["ports"]
        for ends, protocol in [text.split("/")]
        for end in ends.split("-")
        for step in (-1, 0, 1)
    }
    for target in ("nftables", "cisco"):
        _allowed, denied, wrong = disagreements(site, target, sorted(numbers))
        assert wrong == [], site
        assert denied > 0


@pytest.mark.parametrize("target", STATELESS)
def test_answers_pass_without_state(target: str) -> None:
    judge = Judge(SITE, target)
    for source, destination, protocol, port in [
        ("10.76.1.10", "10.76.2.20", "udp", 53),
        ("fd00:76:1::10", "fd00:76:2::20", "udp", 53),
    ]:
        assert list(judge.verdicts(destination, source, protocol, EPHEMERAL, port))[-1] == ("accept", True)
    # TCP only as far as a connection stands, which aclcheck calls possible.
    for client, server in [("10.76.1.10", "10.76.2.20"), ("fd00:76:1::10", "fd00:76:2::20")]:
        said = list(judge.verdicts(server, client, "tcp", EPHEMERAL, 53))
        assert said == [("accept", False), ("deny", True)]


@pytest.mark.parametrize("target", STATELESS)
def test_answers_go_to_clients_alone_and_come_from_the_service(target: str) -> None:
    judge = Judge(SITE, target)
    for source, destination, own in [
        ("10.76.2.20", "203.0.113.9", 53),
        ("10.76.2.20", "10.76.1.10", 54),
        ("10.76.1.66", "10.76.1.10", 53),
    ]:
        assert list(judge.verdicts(source, destination, "udp", EPHEMERAL, own)) == [("deny", True)]
