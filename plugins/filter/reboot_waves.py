# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter reboot_waves."""

from __future__ import annotations

DOCUMENTATION = r"""
name: reboot_waves
short_description: Which hosts can be rebooted at the same time
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Sorts hosts into waves so that no two hosts of a wave stand in for each other. Each host is in one wave.
  - The order is that of the hosts given; the same hosts give the same waves.
positional: hosts
options:
  _input:
    description: A plan as P(infosec.principles.plan_reboots#filter) returns it.
    type: str
    required: true
  hosts:
    description: The hosts that are to be rebooted.
    type: list
    elements: str
    required: true
seealso:
  - plugin: infosec.principles.plan_reboots
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the waves
  ansible.builtin.debug:
    msg: "{{ plan | infosec.principles.reboot_waves(ansible_play_hosts_all) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The waves, each a list of hosts.
  type: list
  elements: list
"""

import typing as t


def reboot_waves(plan: str, hosts: t.Iterable[str]) -> list[list[str]]:
    """The hosts in waves."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._rolling.plan import unpack
    from ansible_collections.infosec.principles.plugins.plugin_utils._rolling.waves import waves

    return waves(map(str, hosts), unpack(plan)["groups"])


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"reboot_waves": reboot_waves}
