# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter open_rotations."""

from __future__ import annotations

DOCUMENTATION = r"""
name: open_rotations
short_description: Why rotations of keys did not come to their end
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Returns for each key of the plan that is being rotated, or that could not be looked at, which hosts still take its
    old one, and why.
positional: rotations, hostvars
options:
  _input:
    description: A plan as P(infosec.principles.plan_key_rotation#filter) returns it.
    type: list
    elements: dict
    required: true
  rotations:
    description: Rotations as P(infosec.principles.running_rotations#filter) returns them.
    type: list
    elements: dict
    required: true
  hostvars:
    description: Ansible's variable C(hostvars).
    type: dict
    required: true
seealso:
  - plugin: infosec.principles.running_rotations
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Say what is left
  ansible.builtin.assert:
    that: infosec_key_plan | infosec.principles.open_rotations(infosec_key_rotations, hostvars) | length == 0
"""

RETURN = r"""
_value:
  description: By the name of the key, the reasons; keys with nothing left to be done are left out.
  type: dict
  sample:
    deploy: ["web2: was not reached, so the old key stays in use until a run reaches it"]
"""

import typing as t


def open_rotations(
    plan: t.Sequence[dict[str, t.Any]], rotations: t.Sequence[dict[str, t.Any]], hostvars: t.Mapping[str, t.Any]
) -> dict[str, list[str]]:
    """What is left of each key, and why."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._rotation.progress import left

    return left(plan, rotations, hostvars)


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"open_rotations": open_rotations}
