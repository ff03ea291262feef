# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter plan_reboots."""

from __future__ import annotations

DOCUMENTATION = r"""
name: plan_reboots
short_description: Plan what has to answer while hosts are rebooted, and who tries it
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Takes from the register which hosts stand in for each other, which TCP ports they answer on, and which hosts of the
    inventory can try those ports because the register admits them.
  - Ports are tried at addresses of the inventory only (see P(infosec.principles.resolve_register#filter)). Of a range,
    the first 64 ports are tried, of which one has to answer.
  - Make it once a run.
positional: register, hostvars, groups, roll_groups
options:
  _input:
    description: The hosts that are to be rebooted.
    type: list
    elements: str
    required: true
  register:
    description: A register as P(infosec.principles.resolve_register#filter) returns it.
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
  roll_groups:
    description:
      - Inventory groups whose hosts stand in for each other. Without any, those are the hosts of each entry of the
        register.
    type: list
    elements: str
    default: []
seealso:
  - plugin: infosec.principles.reboot_waves
    plugin_type: filter
  - plugin: infosec.principles.reboot_probes
    plugin_type: filter
  - plugin: infosec.principles.judge_reboot
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Plan once for all
  ansible.builtin.set_fact:
    plan: "{{ ansible_play_hosts_all | infosec.principles.plan_reboots(infosec_register, hostvars, groups) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The plan, for the other filters; a text whose form may change at any time.
  type: str
"""

import typing as t

from ansible.errors import AnsibleFilterError

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.plugin_utils._register import resolve
    from ansible_collections.infosec.principles.plugins.plugin_utils._rolling.plan import Entries


def plan_reboots(
    hosts: t.Iterable[str],
    register: Entries,
    hostvars: resolve.Hostvars,
    groups: t.Mapping[str, t.Iterable[str]],
    roll_groups: t.Sequence[str] = (),
) -> str:
    """The plan. Raises AnsibleFilterError for a group that is none."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._register import resolve
    from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import Inventory
    from ansible_collections.infosec.principles.plugins.plugin_utils._rolling.plan import pack, plan

    unknown = sorted(set(map(str, roll_groups)) - set(map(str, groups)))
    if unknown:
        raise AnsibleFilterError(f"infosec_roll_groups: no group of the inventory: {', '.join(unknown)}")
    inventory = Inventory(groups)
    found, _faults = resolve.addresses(sorted(inventory.hosts), hostvars)
    addresses = {host: [str(network) for network in found[host]] for host in found}
    return pack(plan(list(map(str, hosts)), register, inventory, addresses, list(map(str, roll_groups))))


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"plan_reboots": plan_reboots}
