# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter plan_maintenance."""

from __future__ import annotations

DOCUMENTATION = r"""
name: plan_maintenance
short_description: Give every host its slot of the maintenance window
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Reads the variable C(infosec_maintenance) of every host, cuts each window into slots, and gives each host one.
  - Which slot follows from the name of the host in the inventory. A host that comes or goes moves hardly any other.
  - No two members of one group share a slot, also where they have different windows or time zones that overlap.
    Groups are those of C(infosec_maintenance.groups), else the hosts of each service of the register but those that
    all hosts run, else the groups of the inventory that do not only bring other groups together.
  - Fails with one message that lists all faults with their place and the remedy, among them a window that is too short
    for the members of a group, and one that overlaps a forbidden time.
  - Needs no facts. C(infosec_maintenance) has to be a variable of the inventory or an extra variable, since those of
    plays and roles are not in C(hostvars).
positional: hostvars, groups, register
options:
  _input:
    description: The hosts to plan for; all of the inventory, so that the plan does not depend on who is asked.
    type: list
    elements: str
    required: true
  hostvars:
    description: Ansible's variable C(hostvars).
    type: dict
    required: true
  groups:
    description: Ansible's variable C(groups).
    type: dict
    required: true
  register:
    description: The register of services, resolved or not; only C(name) and C(hosts) of its entries are read.
    type: list
    elements: dict
    default: []
notes:
  - Slots that meet a time which the clock of the zone skips in spring are not used, since no timer would start in them.
seealso:
  - plugin: infosec.principles.slot_of
    plugin_type: filter
  - module: infosec.principles.maintenance_window
"""

EXAMPLES = r"""
# group_vars/all:
# infosec_maintenance:
#   days: [sat, sun]
#   start: "02:00"
#   duration: 4h
#   time_zone: Europe/Berlin
#   reboot: when_needed
- name: Plan once for all hosts
  ansible.builtin.set_fact:
    infosec_slots: >-
      {{ groups['all'] | infosec.principles.plan_maintenance(hostvars, groups, infosec_services | default([])) }}
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - The slot of each host that has a window. C(days) are those on which the slot begins, C(start) is in C(time_zone),
      C(minutes) is how long it is, C(next) is when it begins (UTC), the one that is open first.
  type: dict
  sample:
    web1:
      days: [sat, sun]
      start: "04:15"
      minutes: 15
      time_zone: Europe/Berlin
      reboot: when_needed
      catch_up: false
      next: ["2026-11-28T03:15:00+00:00", "2026-11-29T03:15:00+00:00"]
"""

import datetime
import typing as t

from ansible.errors import AnsibleFilterError


def plan_maintenance(
    hosts: t.Iterable[str],
    hostvars: t.Mapping[str, t.Any],
    groups: t.Mapping[str, t.Sequence[str]],
    register: t.Sequence[t.Any] = (),
) -> dict[str, t.Any]:
    """The slot of each host that has a window. Raises AnsibleFilterError with all faults."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._maintenance.model import (
        VARIABLE,
        MaintenanceError,
    )
    from ansible_collections.infosec.principles.plugins.plugin_utils._maintenance.plan import plan

    members = {str(name): [str(host) for host in groups[name]] for name in groups}
    now = datetime.datetime.now(datetime.timezone.utc)
    try:
        return plan(map(str, hosts), lambda host: hostvars[host].get(VARIABLE), members, register, now)
    except MaintenanceError as exc:
        raise AnsibleFilterError(str(exc)) from exc


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"plan_maintenance": plan_maintenance}
