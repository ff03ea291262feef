# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter network_policy."""

from __future__ import annotations

DOCUMENTATION = r"""
name: network_policy
short_description: Turn a register of services into policies for aerleon
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Returns the policies and definitions that P(infosec.principles.network_firewall#filter) has written, as plain data,
    for those who run aerleon themselves, ask its C(aclcheck), or add rules of their own.
  - Needs no aerleon.
positional: hostvars, groups, targets
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
  targets:
    description: Generators of aerleon with their options, as in P(infosec.principles.network_firewall#filter).
    type: dict
    required: true
  hosts:
    description: The groups and hosts whose services it is about. By default all.
    type: list
    elements: str
seealso:
  - plugin: infosec.principles.network_firewall
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Keep the policy for another program
  ansible.builtin.copy:
    content: "{{ infosec_services | infosec.principles.network_policy(hostvars, groups, {'cisco': {}}) | to_yaml }}"
    dest: policy.yml
    mode: "0644"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
_value:
  description: C(policies), a list for C(aerleon.api.Generate), and C(definitions), for its C(Naming).
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall import files
    from ansible_collections.infosec.principles.plugins.plugin_utils._register import resolve


def network_policy(
    register: t.Any,
    hostvars: resolve.Hostvars,
    groups: files.Groups,
    targets: files.Targets,
    hosts: t.Sequence[str] | None = None,
) -> dict[str, t.Any]:
    """Policies and definitions of aerleon. Raises AnsibleFilterError with the remedy."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall import files, policy
    from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall.flows import flows

    try:
        files.check(targets)
        wanted = files.members("network_policy", hosts, groups)
        return policy.policies(flows(register, hostvars, groups, wanted), targets)
    except ValueError as exc:
        raise AnsibleFilterError(str(exc)) from exc


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"network_policy": network_policy}
