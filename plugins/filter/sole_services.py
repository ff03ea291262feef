# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter sole_services."""

from __future__ import annotations

DOCUMENTATION = r"""
name: sole_services
short_description: The services that only one host runs
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Takes from a register the names of the services that this host runs and no other host of the inventory.
  - While such a host is away, nobody answers. M(infosec.principles.reboot_safety) says so.
positional: groups, host, group_names
options:
  _input:
    description: A register as people write it, or as P(infosec.principles.resolve_register#filter) returns it.
    type: list
    elements: dict
    required: true
  groups:
    description: Ansible's variable C(groups).
    type: dict
    required: true
  host:
    description: Name of the host in the inventory.
    type: str
    required: true
  group_names:
    description: The groups that the host is in; Ansible's variable C(group_names). C(all) need not be among them.
    type: list
    elements: str
    required: true
seealso:
  - plugin: infosec.principles.services_of
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Ask whether this host can be away without anybody noticing
  infosec.principles.reboot_safety:
    sole_services: "{{ infosec_services | infosec.principles.sole_services(groups, inventory_hostname, group_names) }}"
"""

RETURN = r"""
_value:
  description: Names of services, as in the register.
  type: list
  elements: str
"""

import typing as t


def sole_services(
    register: t.Iterable[t.Mapping[str, t.Any]],
    groups: t.Mapping[str, t.Iterable[str]],
    host: str,
    group_names: t.Iterable[str],
) -> list[str]:
    """Names of the services that `host`, which is in these groups, runs and no other host."""
    own = {"all", host, *group_names}
    return [
        str(service["name"])
        for service in register
        if not own.isdisjoint(service["hosts"]) and _members(service["hosts"], groups) <= {host}
    ]


def _members(names: t.Iterable[str], groups: t.Mapping[str, t.Iterable[str]]) -> set[str]:
    """The hosts that these groups and hosts are."""
    return {member for name in names for member in groups.get(name, (name,))}


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"sole_services": sole_services}
