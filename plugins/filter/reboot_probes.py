# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter reboot_probes."""

from __future__ import annotations

DOCUMENTATION = r"""
name: reboot_probes
short_description: Which clients try what before a host is rebooted
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Returns for the ports of the host and of those that stand in for it which hosts of the inventory are to try them.
  - Clients are hosts that the register admits, the nearest by their addresses first. The controller tries what
    everybody may reach, where the inventory has no other host.
positional: host, wave, count
options:
  _input:
    description: A plan as P(infosec.principles.plan_reboots#filter) returns it.
    type: str
    required: true
  host:
    description: Name of the host in the inventory.
    type: str
    required: true
  wave:
    description: Hosts that are rebooted at the same time. They try only what nobody else can.
    type: list
    elements: str
    default: []
  count:
    description: How many clients try each line of an entry.
    type: int
    default: 2
seealso:
  - plugin: infosec.principles.plan_reboots
    plugin_type: filter
  - plugin: infosec.principles.judge_reboot
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Try the ports of this host and of its peers
  infosec.principles.reachability_info:
    probes: "{{ item.probes }}"
  delegate_to: "{{ item.client }}"
  loop: "{{ plan | infosec.principles.reboot_probes(inventory_hostname) }}"
  register: tried
"""

RETURN = r"""
_value:
  description: C(client), a host, and C(probes), the option O(infosec.principles.reachability_info#module:probes).
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.plugin_utils._rolling.plan import Try


def reboot_probes(plan: str, host: str, wave: t.Iterable[str] = (), count: int = 2) -> list[Try]:
    """Who tries what. Raises AnsibleFilterError for a number of clients that is none."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._rolling.plan import tries, unpack

    number = str(count)
    if not number.isdecimal() or number == "0":
        raise AnsibleFilterError(f"infosec_roll_clients: found {number!r}; write a number of hosts, 1 or more")
    return tries(unpack(plan), host, frozenset(map(str, wave)), int(number))


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"reboot_probes": reboot_probes}
