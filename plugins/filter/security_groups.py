# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter security_groups."""

from __future__ import annotations

DOCUMENTATION = r"""
name: security_groups
short_description: Turn a register of services into security groups for Terraform
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Returns a module of Terraform as data. C(to_json) of it is a C(.tf.json) file.
  - A service has a security group, open to its clients; one more, for every host, lets the ICMP in that RFC 4890 wants,
    and everything out. The module's output C(infosec_security_groups) tells which groups each host has to be in.
  - In AWS a group has 60 rules (for IPv4, and for IPv6), and each address of a client counts, in a prefix list too. A
    service that needs more gets more groups, as far as a machine may be in so many.
positional: hostvars, groups, cloud
options:
  _input:
    description: The register.
    type: list
    elements: dict
    required: true
  hostvars:
    description: Ansible's variable C(hostvars).
    type: dict
    required: true
  groups:
    description: Ansible's variable C(groups).
    type: dict
    required: true
  cloud:
    description: The cloud.
    type: str
    choices: [aws, openstack]
    required: true
  hosts:
    description: The groups and hosts that are in that cloud. By default all.
    type: list
    elements: str
  rules_per_group:
    description: The quota of rules of a group, where it is not the usual one.
    type: int
  groups_per_interface:
    description: The quota of groups of a network interface, where it is not the usual one (5 in AWS).
    type: int
seealso:
  - plugin: infosec.principles.network_firewall
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Write the security groups of the hosts in AWS
  ansible.builtin.copy:
    content: "{{ infosec_services | infosec.principles.security_groups(hostvars, groups, 'aws', ['cloud']) | to_json }}"
    dest: security_groups.tf.json
    mode: "0644"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
_value:
  description: A module of Terraform.
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall import files
    from ansible_collections.infosec.principles.plugins.plugin_utils._register import resolve


def security_groups(
    register: t.Any,
    hostvars: resolve.Hostvars,
    groups: files.Groups,
    cloud: str,
    hosts: t.Sequence[str] | None = None,
    **quotas: int,
) -> dict[str, t.Any]:
    """A module of Terraform. Raises AnsibleFilterError with the remedy."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall import files, terraform
    from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall.flows import flows

    try:
        wanted = files.members(cloud, hosts, groups)
        return terraform.module(cloud, flows(register, hostvars, groups, wanted), quotas)
    except ValueError as exc:
        raise AnsibleFilterError(str(exc)) from exc


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"security_groups": security_groups}
