# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters of the network firewall."""

from __future__ import annotations

import re
import sys
import typing as t

import pytest
from ansible.errors import AnsibleError, AnsibleFilterError

from ansible_collections.infosec.principles.plugins.filter.network_firewall import network_firewall
from ansible_collections.infosec.principles.plugins.filter.network_policy import network_policy
from ansible_collections.infosec.principles.plugins.filter.security_groups import security_groups
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._network_firewall.samples import SITE

WHERE: t.Any = (SITE.hostvars, SITE.groups)


def test_files_of_all_targets_come_together() -> None:
    targets = {"aws": {"hosts": ["web"]}, "nftables": None, "speedway": {}}
    assert sorted(network_firewall(SITE.register, *WHERE, targets)) == [
        "aws/security_groups.tf.json",
        "nftables.nft",
        "speedway-inet.ipt",
        "speedway-inet6.ipt",
    ]


def test_policies_are_plain_data() -> None:
    made = network_policy(SITE.register, *WHERE, {"cisco": {"name": "edge"}}, hosts=["web"])
    (policy,) = made["policies"]
    assert policy["filename"] == "cisco"
    assert [one["header"]["targets"]["cisco"] for one in policy["filters"]] == [
        "edge-extended extended",
        "edge-inet6 inet6",
    ]
    assert policy["filters"][0]["terms"][0] == {
        "name": "website-tcp4",
        "comment": "website (web@example.org, review by 2027-06-30)",
        "protocol": "tcp",
        "destination-address": "WEBSITE-TO4",
        "destination-port": "WEBSITE-TCP",
        "action": "accept",
    }
    assert made["definitions"]["networks"]["WEBSITE-TO4"] == {"values": [{"address": "10.76.2.10/32"}]}
    assert made["definitions"]["services"]["WEBSITE-TCP"] == [
        {"port": "443", "protocol": "tcp"},
        {"port": "8000-8010", "protocol": "tcp"},
    ]


def test_security_groups_tell_who_is_in_them() -> None:
    made = security_groups(SITE.register, *WHERE, "openstack", ["web"])
    assert set(made["output"]["infosec_security_groups"]["value"]) == {"web1"}


@pytest.mark.parametrize(
    ("filtered", "arguments", "message"),
    [
        (network_firewall, ({"nftables": {"hosts": "x"}},), "nftables.hosts: found x; write groups and hosts"),
        (network_firewall, (["nftables"],), "targets: found ['nftables']; write a mapping, such as {nftables: {}}"),
        (network_firewall, ({"nftables": "x"},), "nftables: found 'x'; write a mapping of its options"),
        (network_policy, (["nftables"],), "targets: found ['nftables']; write a mapping"),
        (network_firewall, ({"aws": {"groups_per_interface": 1}},), "aws: app1 would be in 2 security groups"),
        (network_policy, ({"aws": {}},), "aws: no such target; write one of arista,"),
        (security_groups, ("nftables",), "nftables: no such cloud; write one of aws, openstack"),
    ],
)
def test_faults_come_as_ansible_knows_them(filtered: t.Any, arguments: t.Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=re.escape(message)):
        filtered(SITE.register, *WHERE, *arguments)


@pytest.mark.parametrize("filtered", [network_firewall, network_policy])
def test_a_bad_register_is_told_with_all_its_faults(filtered: t.Any) -> None:
    with pytest.raises(AnsibleFilterError, match=r"has 2 fault\(s\)"):
        filtered([{**SITE.register[0], "ports": ["x"], "hosts": []}], *WHERE, {"nftables": {}})


def test_aerleon_is_asked_for_only_where_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aerleon.api", None)
    assert network_firewall(SITE.register, *WHERE, {"aws": {}})
    assert network_policy(SITE.register, *WHERE, {"nftables": {}})
    with pytest.raises(AnsibleError, match=re.escape(f"{sys.executable} -m pip install aerleon")):
        network_firewall(SITE.register, *WHERE, {"nftables": {}})
