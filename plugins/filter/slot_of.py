# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter slot_of."""

from __future__ import annotations

DOCUMENTATION = r"""
name: slot_of
short_description: The slot of one host
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Takes from a plan of maintenance what concerns one host, in the form that controls take as C(window).
positional: host
options:
  _input:
    description: A plan as P(infosec.principles.plan_maintenance#filter) returns it.
    type: dict
    required: true
  host:
    description: Name of the host in the inventory.
    type: str
    required: true
seealso:
  - plugin: infosec.principles.plan_maintenance
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Let updates install themselves in the slot of this host alone
  infosec.principles.maintenance_window:
    window: "{{ infosec_slots | infosec.principles.slot_of(inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: The slot of that host; empty where it has no window.
  type: dict
"""

import typing as t


def slot_of(slots: t.Mapping[str, t.Mapping[str, t.Any]], host: str) -> dict[str, t.Any]:
    """The host's slot, or nothing."""
    return dict(slots.get(host, {}))


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"slot_of": slot_of}
