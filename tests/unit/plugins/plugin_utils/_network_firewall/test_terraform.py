# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules of Terraform: read as the clouds would, they say what the register says; and nothing exceeds a limit.

Arguments as in the providers' documentation of aws_vpc_security_group_ingress_rule, aws_ec2_managed_prefix_list,
aws_security_group, openstack_networking_secgroup_v2 and openstack_networking_secgroup_rule_v2.
"""

from __future__ import annotations

import collections
import ipaddress
import itertools
import json
import re
import typing as t

import jsonschema
import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall import terraform
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._network_firewall.samples import (
    PORTS,
    SITE,
    Site,
    entry,
    random_site,
)
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._network_firewall.test_aclcheck import pairs

CLOUDS = ("aws", "openstack")
IN_AWS, LISTS = "aws_vpc_security_group_ingress_rule", "aws_ec2_managed_prefix_list"
IN_OPENSTACK = "openstack_networking_secgroup_rule_v2"
REFERENCE = re.compile(r"\$\{(?:(var)\.(\w+)|(each)\.(value)|([a-z0-9_]+)\.([a-z_][a-z0-9_-]*)\.id)\}")
NAME = {"pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"}
# AWS: up to 255 of these, and no name that begins with sg-; OpenStack takes any text of 255.
TEXT = {"type": "string", "pattern": r"^[a-zA-Z0-9 ._:/()#,@\[\]+=&;{}!$*-]{1,255}$"}
PORT = {"type": "integer", "minimum": -1, "maximum": 65535}
EACH = {"type": "object", "minProperties": 1}


def _block(required: list[str], **arguments: t.Any) -> dict[str, t.Any]:
    return {"type": "object", "required": required, "additionalProperties": False, "properties": arguments}


def _blocks(schema: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"type": "object", "propertyNames": NAME, "additionalProperties": schema, "minProperties": 1}


_REMOTES = [{"required": [key]} for key in ("cidr_ipv4", "cidr_ipv6", "prefix_list_id")]
RESOURCES = {
    "aws_security_group": _block(
        ["name_prefix", "vpc_id"],
        **{"name_prefix": {**TEXT, "maxLength": 100, "not": {"pattern": "^sg-"}}, "description": TEXT, "vpc_id": TEXT},
        lifecycle=_block([], create_before_destroy={"type": "boolean"}),
    ),
    IN_AWS: {
        **_block(
            ["security_group_id", "ip_protocol", "from_port", "to_port"],
            **{
                "security_group_id": TEXT,
                "description": TEXT,
                "ip_protocol": {"enum": ["tcp", "udp", "icmp", "icmpv6"]},
            },
            **{"from_port": PORT, "to_port": PORT, "cidr_ipv4": TEXT, "cidr_ipv6": TEXT, "prefix_list_id": TEXT},
            for_each=EACH,
        ),
        "oneOf": _REMOTES,
    },
    "aws_vpc_security_group_egress_rule": {
        **_block(
            ["security_group_id", "ip_protocol"],
            **{"security_group_id": TEXT, "ip_protocol": {"const": "-1"}, "cidr_ipv4": TEXT, "cidr_ipv6": TEXT},
        ),
        "oneOf": _REMOTES,
    },
    LISTS: _block(
        ["name", "address_family", "max_entries"],
        **{
            "name": TEXT,
            "address_family": {"enum": ["IPv4", "IPv6"]},
            "max_entries": {"type": "integer", "maximum": 1000},
        },
        entry={"type": "array", "uniqueItems": True, "items": _block(["cidr"], cidr=TEXT, description=TEXT)},
    ),
    "openstack_networking_secgroup_v2": _block(["name"], name=TEXT, description=TEXT),
    IN_OPENSTACK: _block(
        ["direction", "ethertype", "security_group_id", "protocol"],
        **{"direction": {"const": "ingress"}, "ethertype": {"enum": ["IPv4", "IPv6"]}, "security_group_id": TEXT},
        **{"protocol": {"enum": ["tcp", "udp", "icmp", "ipv6-icmp"]}, "remote_ip_prefix": TEXT, "description": TEXT},
        **{"port_range_min": PORT, "port_range_max": PORT, "for_each": EACH},
    ),
}
MODULE = _block(
    ["//", "terraform", "resource", "output"],
    **{"//": {"type": "string"}, "terraform": {"type": "object"}, "variable": _blocks({"type": "object"})},
    resource=_block([], **{kind: _blocks(schema) for kind, schema in RESOURCES.items()}),
    output=_blocks(_block(["value"], description=TEXT, value={"type": "object"})),
)


def module(cloud: str, site: Site = SITE, **quotas: t.Any) -> dict[str, t.Any]:
    """As Terraform reads it."""
    made = json.loads(terraform.text(terraform.module(cloud, site.flows(), quotas)))
    return t.cast("dict[str, t.Any]", made)


def strings(value: t.Any) -> t.Iterator[str]:
    """All text in a module."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings(item)
    elif isinstance(value, list):
        yield from (text for item in value for text in strings(item))
    elif isinstance(value, str):
        yield value


class Cloud:
    """What the groups of a module let in."""

    def __init__(self, made: dict[str, t.Any]) -> None:
        self.resources = made["resource"]
        self.groups: dict[str, set[str]] = {
            host: {t.cast("re.Match[str]", REFERENCE.fullmatch(one))[6] for one in ids}
            for host, ids in made["output"]["infosec_security_groups"]["value"].items()
        }
        self.rules = [
            one
            for kind in (IN_AWS, IN_OPENSTACK)
            for rule in self.resources.get(kind, {}).values()
            for one in self._each(rule)
        ]

    def _each(self, rule: dict[str, t.Any]) -> t.Iterator[dict[str, t.Any]]:
        """One rule for each source: (group, protocol, first, last, network)."""
        match = REFERENCE.fullmatch(rule["security_group_id"])
        assert match
        remote = rule.get("cidr_ipv4") or rule.get("cidr_ipv6") or rule.get("remote_ip_prefix")
        networks = list(rule["for_each"].values()) if "for_each" in rule else [remote]
        if "prefix_list_id" in rule:
            referred = REFERENCE.fullmatch(rule["prefix_list_id"])
            assert referred
            networks = [one["cidr"] for one in self.resources[LISTS][referred[6]]["entry"]]
        first, last = rule.get("from_port", rule.get("port_range_min")), rule.get("to_port", rule.get("port_range_max"))
        # "To expose the full port-range 1:65535, use 0": the documentation of OpenStack's rule.
        ends = (1, 65535) if (first, last) == (0, 0) else (first, last)
        for network in networks:
            yield {
                "group": match[6],
                "protocol": rule.get("ip_protocol", rule.get("protocol")),
                "ports": ends,
                "network": network,
            }

    def allows(self, host: str, source: str, protocol: str, port: int) -> bool:
        return any(
            one["group"] in self.groups.get(host, ())
            and one["protocol"] == protocol
            and one["ports"][0] <= port <= one["ports"][1]
            and ipaddress.ip_address(source) in ipaddress.ip_network(one["network"])
            for one in self.rules
        )


def disagreements(cloud: Cloud, site: Site, ports: t.Iterable[tuple[str, int]]) -> list[str]:
    owner = {address: host for host, addresses in site.addresses.items() for address in addresses}
    return [
        f"{source} -> {destination} {port}/{protocol}"
        for (source, destination), (protocol, port) in itertools.product(pairs(site), ports)
        if destination in owner
        and cloud.allows(owner[destination], source, protocol, port) != site.allows(source, destination, protocol, port)
    ]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_groups_say_what_the_register_says(cloud: str) -> None:
    assert disagreements(Cloud(module(cloud)), SITE, PORTS) == []


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("seed", range(8))
def test_of_any_register(cloud: str, seed: int) -> None:
    site = random_site(seed)
    ports = [
        (protocol, port)
        for protocol in ("tcp", "udp")
        for number in range(1, 9)
        for port in (number * 1000, number * 1000 + 15)
    ]
    made = module(cloud, site, groups_per_interface=20)
    jsonschema.validate(made, MODULE)
    assert disagreements(Cloud(made), site, ports) == []


@pytest.mark.parametrize("cloud", CLOUDS)
def test_modules_have_the_arguments_of_the_providers(cloud: str) -> None:
    made = module(cloud)
    jsonschema.validate(made, MODULE)
    assert set(made["terraform"]["required_providers"]) == {cloud}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_modules_refer_to_what_they_define(cloud: str) -> None:
    made = module(cloud, crowded(25))
    for text in strings(made):
        for piece in re.findall(r"\$\{[^}]*\}|%\{[^}]*\}", text):
            match = REFERENCE.fullmatch(piece)
            assert match, piece
            if match[1]:
                assert match[2] in made["variable"]
            elif match[5]:
                assert match[6] in made["resource"][match[5]]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_icmp_that_paths_need_gets_in_everywhere(cloud: str) -> None:
    made = Cloud(module(cloud))
    six = "icmpv6" if cloud == "aws" else "ipv6-icmp"
    types = collections.defaultdict(set)
    for one in made.rules:
        if one["group"] == terraform.BASE:
            types[one["protocol"]].add(one["ports"][0])
            assert one["network"] in ("0.0.0.0/0", "::/0")
    assert types == {"icmp": {3, 8, 11, 12}, six: {1, 2, 3, 4, 128}}
    assert all(terraform.BASE in groups for groups in made.groups.values())


def test_hosts_that_run_nothing_are_in_no_group() -> None:
    assert set(Cloud(module("aws")).groups) == set(SITE.addresses)
    lonely = Site({"a": ["192.0.2.1"], "b": ["192.0.2.2"]}, {"all": ["a", "b"]}, [entry("x", ["a"], ["1/tcp"], ["b"])])
    assert set(Cloud(module("aws", lonely)).groups) == {"a"}


# --- Limits -----------------------------------------------------------------------------------------------------------


def crowded(clients: int, ports: int = 1) -> Site:
    """One service with so many clients of each family, none next to another, and so many ports."""
    networks = [f"10.{number // 256}.{number % 256}.1/32" for number in range(clients)] + [
        f"fd00:{number:x}::1/128" for number in range(clients)
    ]
    wanted = [f"{1000 + 2 * number}/tcp" for number in range(ports)]
    return Site(
        {"web1": ["192.0.2.1", "2001:db8::1"]}, {"all": ["web1"]}, [entry("website", ["web1"], wanted, networks)]
    )


def weights(made: dict[str, t.Any]) -> collections.Counter[tuple[str, int]]:
    """The rules of each group and family, as AWS counts them: every entry of a prefix list is one."""
    return collections.Counter(
        (one["group"], ipaddress.ip_network(one["network"]).version) for one in Cloud(made).rules
    )


@pytest.mark.parametrize(
    ("clients", "ports"), [(1, 1), (10, 1), (11, 1), (60, 1), (61, 1), (100, 2), (7, 30), (200, 1)]
)
def test_groups_of_aws_stay_below_their_quota(clients: int, ports: int) -> None:
    site = crowded(clients, ports)
    made = module("aws", site)
    jsonschema.validate(made, MODULE)
    counted = weights(made)
    assert max(counted.values()) <= 60
    own = sum(number for (group, family), number in counted.items() if family == 4 and group != terraform.BASE)
    assert own == clients * ports
    assert len(Cloud(made).groups["web1"]) <= 5
    for one in made["resource"].get(LISTS, {}).values():
        assert one["max_entries"] == len(one["entry"])


@pytest.mark.parametrize(("clients", "lists"), [(10, 0), (11, 2)])
def test_long_lists_are_prefix_lists(clients: int, lists: int) -> None:
    assert len(module("aws", crowded(clients))["resource"].get(LISTS, {})) == lists


def test_quotas_may_be_raised() -> None:
    counted = weights(module("aws", crowded(500), rules_per_group=200, groups_per_interface=5))
    assert len({group for group, _family in counted}) == 4
    assert max(counted.values()) == 200


@pytest.mark.parametrize(
    ("site", "quotas", "message"),
    [
        (crowded(300), {}, "aws: web1 would be in 6 security groups, and 5 are allowed; raise the quota"),
        (crowded(1, 61), {}, "aws: 'website' has 61 ports and a group 60 rules; join its ports to ranges"),
        (crowded(1), {"rules_per_group": "many"}, "aws.rules_per_group: found 'many'; write the quota"),
        (crowded(1), {"groups_per_interface": 0}, "aws.groups_per_interface: found '0'; write the quota"),
        (crowded(1), {"groups": 1}, "aws.groups: unknown; it takes rules_per_group, groups_per_interface"),
    ],
)
def test_what_no_quota_allows_is_refused(site: Site, quotas: dict[str, t.Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        module("aws", site, **quotas)


def test_an_unknown_cloud_is_named() -> None:
    with pytest.raises(ValueError, match=r"azure: no such cloud; write one of aws, openstack"):
        module("azure")


def test_nothing_in_a_register_is_expanded_by_terraform() -> None:
    evil = '${file("/etc/passwd")} %{if true}'
    site = Site(
        {"web1": ["192.0.2.1"]}, {"all": ["web1"], "${x}": ["web1"]}, [entry(evil, ["web1"], ["1/tcp"], ["any"])]
    )
    made = module("aws", site)
    for text in strings(made):
        assert re.sub(REFERENCE, "", text).count("${") == 0
        assert "%{" not in text
    assert terraform._literal("a${b}%{c}") == "a$${b}%%{c}"
