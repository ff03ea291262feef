# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter services_of."""

from __future__ import annotations

DOCUMENTATION = r"""
name: services_of
short_description: The services that one host runs
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Takes from a resolved register what one host runs, in the form that controls take.
  - The names of hosts are taken away, so that a host learns addresses only.
positional: host, groups
options:
  _input:
    description: A register as P(infosec.principles.resolve_register#filter) returns it.
    type: list
    elements: dict
    required: true
  host:
    description: Name of the host in the inventory.
    type: str
    required: true
  groups:
    description: The groups that the host is in; Ansible's variable C(group_names). C(all) need not be among them.
    type: list
    elements: str
    required: true
seealso:
  - plugin: infosec.principles.resolve_register
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Look at the sockets of this host
  infosec.principles.listening_services:
    services: "{{ infosec_register | infosec.principles.services_of(inventory_hostname, group_names) }}"
"""

RETURN = r"""
_value:
  description: The services of that host, without C(hosts).
  type: list
  elements: dict
"""

import typing as t


def services_of(
    register: t.Iterable[t.Mapping[str, t.Any]], host: str, groups: t.Iterable[str]
) -> list[dict[str, t.Any]]:
    """The services that a host in these groups runs, without the names of hosts."""
    names = {"all", host, *groups}
    return [
        {key: value for key, value in service.items() if key != "hosts"}
        for service in register
        if not names.isdisjoint(service["hosts"])
    ]


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"services_of": services_of}
