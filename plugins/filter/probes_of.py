# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter probes_of."""

from __future__ import annotations

DOCUMENTATION = r"""
name: probes_of
short_description: What one host tries
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Takes from a plan the addresses and ports that one host tries. A host never tries its own.
positional: host
options:
  _input:
    description: A plan as P(infosec.principles.plan_reachability#filter) returns it.
    type: str
    required: true
  host:
    description: Name of the host in the inventory.
    type: str
    required: true
seealso:
  - plugin: infosec.principles.plan_reachability
    plugin_type: filter
  - module: infosec.principles.reachability_info
"""

EXAMPLES = r"""
- name: Try what this host is to try
  infosec.principles.reachability_info:
    probes: "{{ plan | infosec.principles.probes_of(inventory_hostname) }}"
  register: tried
"""

RETURN = r"""
_value:
  description: The option O(infosec.principles.reachability_info#module:probes).
  type: list
  elements: dict
"""

import typing as t


def probes_of(plan: str, host: str) -> list[dict[str, t.Any]]:
    """What this host tries."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._reachability import plan as plans
    from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.wire import unpack

    return plans.probes_of(unpack(plan), host)


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"probes_of": probes_of}
