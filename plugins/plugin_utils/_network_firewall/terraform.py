# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The register as security groups: one module of Terraform, in its JSON syntax, for each cloud.

Terraform's JSON: https://developer.hashicorp.com/terraform/language/syntax/json. No text of a register reaches it but
through names.label() and names.safe(), which let no "${" through.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall.flows import (
    EVERYWHERE,
    FAMILIES,
    ICMP,
    Flow,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._register.ports import Port

Block = dict[str, t.Any]

COMMENT = "Made from infosec_services by infosec.principles; changes are overwritten"
OUTPUT = "infosec_security_groups"
#: The group of every machine: ICMP in, everything out. No label of a service has an underscore.
BASE = "every_host"
_FAMILY = {4: "IPv4", 6: "IPv6"}
_ICMP = {4: "icmp", 6: "icmpv6"}


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a cloud allows: rules of a group and family, where each client's address counts; groups of a machine."""

    rules: int = sys.maxsize
    groups: int = sys.maxsize


@dataclasses.dataclass(frozen=True)
class Group:
    """A security group: what it admits. label: made of a-z, 0-9, "-" and "_", unique."""

    label: str
    remark: str
    flows: tuple[Flow, ...]

    @property
    def hosts(self) -> frozenset[str]:
        """Who has to be in it."""
        return frozenset(host for flow in self.flows for host in flow.hosts)


def module(cloud: str, flows: t.Sequence[Flow], options: t.Mapping[str, t.Any]) -> Block:
    """One module. Raises ValueError for an unknown cloud or option, and for what no limit allows."""
    if cloud not in CLOUDS:
        raise ValueError(f"{cloud}: no such cloud; write one of {', '.join(CLOUDS)}")
    write, limits = CLOUDS[cloud]
    groups = _groups(cloud, flows, _limits(cloud, limits, options))
    return {"//": COMMENT, **write(groups)}


def text(block: t.Mapping[str, t.Any]) -> str:
    """As a file, the same for the same register."""
    return json.dumps(block, indent=2, ensure_ascii=True) + "\n"


# --- Groups -----------------------------------------------------------------------------------------------------------


def _limits(cloud: str, usual: Limits, options: t.Mapping[str, t.Any]) -> Limits:
    names = {"rules_per_group": "rules", "groups_per_interface": "groups"}
    wanted: dict[str, int] = {}
    for option, value in options.items():
        if option not in names:
            raise ValueError(f"{cloud}.{option}: unknown; it takes {', '.join(names)}")
        if not str(value).isdecimal() or int(value) < 1:
            raise ValueError(f"{cloud}.{option}: found {str(value)!r}; write the quota, a number above 0")
        wanted[names[option]] = int(value)
    return dataclasses.replace(usual, **wanted)


def _groups(cloud: str, flows: t.Sequence[Flow], limits: Limits) -> list[Group]:
    services: dict[str, list[Flow]] = {}
    for flow in flows:
        services.setdefault(flow.label, []).append(flow)
    groups = [group for label, own in services.items() for group in _split(cloud, label, own, limits.rules)]
    for host in sorted({host for group in groups for host in group.hosts}):
        count = 1 + sum(host in group.hosts for group in groups)
        if count > limits.groups:
            remedy = (
                f"raise the quota and say so with {cloud}.groups_per_interface, or let its services have fewer clients"
            )
            raise ValueError(
                f"{cloud}: {host} would be in {count} security groups, and {limits.groups} are allowed; {remedy}"
            )
    return groups


def _split(cloud: str, label: str, flows: t.Sequence[Flow], limit: int) -> t.Iterator[Group]:
    """As many groups as the rules of one service need."""
    ports = len(flows[0].ports)
    room = limit // ports
    if not room:
        remedy = f"join its ports to ranges, or raise the quota and say so with {cloud}.rules_per_group"
        raise ValueError(f"{cloud}: {flows[0].service!r} has {ports} ports and a group {limit} rules; {remedy}")
    parts = [_parts(flow, room) for flow in flows]
    for number in range(max(map(len, parts))):
        own = tuple(part[number] for part in parts if number < len(part))
        yield Group(f"{label}_{number + 1}" if number else label, flows[0].remark, own)


def _parts(flow: Flow, room: int) -> list[Flow]:
    if not flow.sources:
        return [flow]
    starts = range(0, len(flow.sources), room)
    return [dataclasses.replace(flow, sources=flow.sources[start : start + room]) for start in starts]


def _membership(groups: t.Sequence[Group], kind: str) -> Block:
    """From each host to the groups that it has to be in."""
    hosts = sorted({host for group in groups for host in group.hosts})
    ids = {
        _literal(host): [
            f"${{{kind}.{label}.id}}" for label in (BASE, *(one.label for one in groups if host in one.hosts))
        ]
        for host in hosts
    }
    return {OUTPUT: {"description": "The security groups of each host of the inventory", "value": ids}}


def _literal(text: str) -> str:
    """What Terraform does not expand."""
    return text.replace("${", "$${").replace("%{", "%%{")


def _open(groups: t.Sequence[Group]) -> t.Iterator[tuple[str, Group, Flow, Port]]:
    """Each port of each group, with a name for its rule."""
    for group in groups:
        for flow in group.flows:
            for port in sorted(flow.ports):
                name = f"{group.label}_{port.protocol}_{port.first}"
                yield (
                    f"{name if port.first == port.last else f'{name}_{port.last}'}_ipv{flow.family}",
                    group,
                    flow,
                    port,
                )


# --- AWS --------------------------------------------------------------------------------------------------------------

_AWS_GROUP, _AWS_IN = "aws_security_group", "aws_vpc_security_group_ingress_rule"
_AWS_OUT, _AWS_LIST = "aws_vpc_security_group_egress_rule", "aws_ec2_managed_prefix_list"
#: More clients than these are a prefix list. It counts as much as rules of their own do, and is one line to read.
LONG = 10


def _aws(groups: t.Sequence[Group]) -> Block:
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": ">= 5.0"}}},
        "variable": {"vpc_id": {"description": "The VPC of the hosts", "type": "string"}},
        "resource": _without_empty(
            {
                _AWS_GROUP: {
                    BASE: _aws_group(BASE, "ICMP in, everything out"),
                    **{one.label: _aws_group(one.label, one.remark) for one in groups},
                },
                _AWS_LIST: {f"{one.label}_ipv{flow.family}": _aws_list(one, flow) for one, flow in _long(groups)},
                _AWS_IN: {
                    **{
                        f"{BASE}_icmp_{one.number}_ipv{family}": _aws_icmp(family, one.number)
                        for family, one in _icmp()
                    },
                    **{name: _aws_rule(group, flow, port) for name, group, flow, port in _open(groups)},
                },
                # Terraform takes away the rule that lets everything out, which AWS gives to a new group.
                _AWS_OUT: {f"{BASE}_ipv{family}": _aws_egress(family) for family in FAMILIES},
            }
        ),
        "output": _membership(groups, _AWS_GROUP),
    }


def _aws_group(label: str, remark: str) -> Block:
    # A group whose description changes is made anew; its rules have to leave it first.
    lifecycle = {"create_before_destroy": True}
    return {
        "name_prefix": f"infosec-{label}-",
        "description": remark,
        "vpc_id": "${var.vpc_id}",
        "lifecycle": lifecycle,
    }


def _aws_list(group: Group, flow: Flow) -> Block:
    return {
        "name": f"infosec-{group.label}-ipv{flow.family}",
        "address_family": _FAMILY[flow.family],
        "max_entries": len(flow.sources),
        "entry": [{"cidr": cidr} for cidr in flow.sources],
    }


def _aws_rule(group: Group, flow: Flow, port: Port) -> Block:
    rule = {
        "security_group_id": f"${{{_AWS_GROUP}.{group.label}.id}}",
        "description": group.remark,
        "ip_protocol": port.protocol,
        "from_port": port.first,
        "to_port": port.last,
    }
    if len(flow.sources) > LONG:
        return {**rule, "prefix_list_id": f"${{{_AWS_LIST}.{group.label}_ipv{flow.family}.id}}"}
    return {**rule, **_each(flow), f"cidr_ipv{flow.family}": "${each.value}"}


def _aws_icmp(family: int, number: int) -> Block:
    return {
        "security_group_id": f"${{{_AWS_GROUP}.{BASE}.id}}",
        "ip_protocol": _ICMP[family],
        "from_port": number,
        "to_port": -1,
        f"cidr_ipv{family}": EVERYWHERE[family],
    }


def _aws_egress(family: int) -> Block:
    group = f"${{{_AWS_GROUP}.{BASE}.id}}"
    return {"security_group_id": group, "ip_protocol": "-1", f"cidr_ipv{family}": EVERYWHERE[family]}


def _long(groups: t.Iterable[Group]) -> t.Iterator[tuple[Group, Flow]]:
    return ((group, flow) for group in groups for flow in group.flows if len(flow.sources) > LONG)


# --- OpenStack --------------------------------------------------------------------------------------------------------

_OS_GROUP, _OS_RULE = "openstack_networking_secgroup_v2", "openstack_networking_secgroup_rule_v2"
_OS_ICMP = {4: "icmp", 6: "ipv6-icmp"}


def _openstack(groups: t.Sequence[Group]) -> Block:
    """Neutron's own rules, which let everything out, stay."""
    source = {"source": "terraform-provider-openstack/openstack", "version": ">= 1.50"}
    return {
        "terraform": {"required_providers": {"openstack": source}},
        "resource": {
            _OS_GROUP: {
                BASE: {"name": f"infosec-{BASE}", "description": "ICMP in, everything out"},
                **{one.label: {"name": f"infosec-{one.label}", "description": one.remark} for one in groups},
            },
            _OS_RULE: {
                **{f"{BASE}_icmp_{one.number}_ipv{family}": _os_icmp(family, one.number) for family, one in _icmp()},
                **{name: _os_rule(group, flow, port) for name, group, flow, port in _open(groups)},
            },
        },
        "output": _membership(groups, _OS_GROUP),
    }


def _os_rule(group: Group, flow: Flow, port: Port) -> Block:
    # The provider takes all ports for none: "To expose the full port-range 1:65535, use 0".
    everything = (port.first, port.last) == (1, 65535)
    return {
        **_each(flow),
        **_os_ingress(group.label, flow.family, port.protocol),
        "description": group.remark,
        "port_range_min": 0 if everything else port.first,
        "port_range_max": 0 if everything else port.last,
        "remote_ip_prefix": "${each.value}",
    }


def _os_icmp(family: int, number: int) -> Block:
    rule = _os_ingress(BASE, family, _OS_ICMP[family])
    return {**rule, "port_range_min": number, "remote_ip_prefix": EVERYWHERE[family]}


def _os_ingress(label: str, family: int, protocol: str) -> Block:
    return {
        "security_group_id": f"${{{_OS_GROUP}.{label}.id}}",
        "direction": "ingress",
        "ethertype": _FAMILY[family],
        "protocol": protocol,
    }


# --- Both -------------------------------------------------------------------------------------------------------------


def _icmp() -> t.Iterator[tuple[int, t.Any]]:
    """The types to let in. Both clouds keep state, so answers to an echo need no rule."""
    return ((family, one) for family in FAMILIES for one in ICMP[family] if one.name != "echo-reply")


def _each(flow: Flow) -> Block:
    """A rule for each client, known by its address: one more or less leaves the others alone."""
    return {"for_each": {cidr: cidr for cidr in flow.sources or (EVERYWHERE[flow.family],)}}


def _without_empty(blocks: Block) -> Block:
    return {kind: block for kind, block in blocks.items() if block}


CLOUDS: dict[str, tuple[t.Callable[[t.Sequence[Group]], Block], Limits]] = {
    # https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups
    "aws": (_aws, Limits(rules=60, groups=5)),
    # Neutron limits neither; a project has a quota of 100 rules in all, unless it is raised.
    "openstack": (_openstack, Limits()),
}
