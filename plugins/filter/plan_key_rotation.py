# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter plan_key_rotation."""

from __future__ import annotations

DOCUMENTATION = r"""
name: plan_key_rotation
short_description: Say which keys of machines there are, where they lie and what they open
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Judges the variable C(infosec_machine_keys) and resolves the names of hosts and groups in it.
  - Fails with one message that lists all faults with their place and the remedy.
positional: hostvars, groups
options:
  _input:
    description:
      - The declared keys. Each has C(name), C(from) (a host, or V(controller)), C(account), C(key) (a path) and C(to)
        (hosts and groups); it may have C(as), C(options), C(type), C(max_age_days), C(arguments) and C(owner).
        See docs/key_rotation.md.
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
seealso:
  - plugin: infosec.principles.running_rotations
    plugin_type: filter
"""

EXAMPLES = r"""
# group_vars/all:
# infosec_machine_keys:
#   - {name: deploy, from: ci, account: ci, key: .ssh/id_ed25519_deploy, to: [web], as: deploy}
- name: Plan once for all hosts
  ansible.builtin.set_fact:
    infosec_key_plan: "{{ infosec_machine_keys | infosec.principles.plan_key_rotation(hostvars, groups) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The keys, each with C(source), a host, C(hosts), and C(targets), where and how the source logs in.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError


def plan_key_rotation(
    declared: t.Any, hostvars: t.Mapping[str, t.Any], groups: t.Mapping[str, t.Sequence[str]]
) -> list[dict[str, t.Any]]:
    """The plan. Raises AnsibleFilterError with all faults."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._rotation.plan import RotationError, plan

    try:
        return plan(declared, hostvars, groups)
    except RotationError as exc:
        raise AnsibleFilterError(str(exc)) from exc


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"plan_key_rotation": plan_key_rotation}
