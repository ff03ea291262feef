# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter running_rotations."""

from __future__ import annotations

DOCUMENTATION = r"""
name: running_rotations
short_description: The keys of a plan that are being rotated
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Returns the keys for which M(infosec.principles.machine_key) found or made a new one, by what it said on each
    source (C(infosec_key_made)).
positional: hostvars
options:
  _input:
    description: A plan as P(infosec.principles.plan_key_rotation#filter) returns it.
    type: list
    elements: dict
    required: true
  hostvars:
    description: Ansible's variable C(hostvars).
    type: dict
    required: true
seealso:
  - plugin: infosec.principles.proven_rotations
    plugin_type: filter
  - plugin: infosec.principles.open_rotations
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Which keys are being rotated?
  ansible.builtin.set_fact:
    infosec_key_rotations: "{{ infosec_key_plan | infosec.principles.running_rotations(hostvars) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: Those keys, each with C(new), the key that comes in, and C(old), the fingerprints of those that go.
  type: list
  elements: dict
"""

import typing as t


def running_rotations(plan: t.Iterable[dict[str, t.Any]], hostvars: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """The keys that are being rotated."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._rotation.progress import running

    return running(plan, hostvars)


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"running_rotations": running_rotations}
