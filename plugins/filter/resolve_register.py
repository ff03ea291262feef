# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter resolve_register."""

from __future__ import annotations

DOCUMENTATION = r"""
name: resolve_register
short_description: Put addresses in the place of names in a register of services
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Validates the register as P(infosec.principles.validate_register#filter) does, then resolves the inventory groups
    and hosts in C(clients) to networks, IPv4 and IPv6, merged to the fewest CIDRs. Hosts only ever see addresses.
  - Works on the controller and needs no facts. The addresses of a host are its variable C(infosec_addresses)
    (one or a list), else C(ansible_host) when that is an address, else what the controller's resolver answers for
    C(ansible_host) or the inventory name.
  - Addresses that other hosts cannot see (loopback, link-local) count only when C(infosec_addresses) names them.
  - Fails with one message that names every host without an address.
positional: hostvars, groups, host
options:
  _input:
    description: The register.
    type: list
    elements: dict
    required: true
  hostvars:
    description: Ansible's variable C(hostvars). Only hosts that C(clients) names are looked at.
    type: dict
    required: true
  groups:
    description: Ansible's variable C(groups).
    type: dict
    required: true
  host:
    description: Resolve only the services that this host runs. Without it, all of them.
    type: str
seealso:
  - plugin: infosec.principles.services_of
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Resolve the register once for all hosts
  ansible.builtin.set_fact:
    infosec_register: "{{ infosec_services | infosec.principles.resolve_register(hostvars, groups) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - The services as the controls take them. C(ports) are dictionaries of C(first), C(last) and C(protocol);
      C(clients) is V([any]), or CIDRs, IPv4 first, or empty for this host alone.
    - C(hosts) are the groups and hosts that run the service, as written;
      P(infosec.principles.services_of#filter) takes them away.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.plugin_utils._register import resolve


def resolve_register(
    register: t.Any,
    hostvars: resolve.Hostvars,
    groups: t.Mapping[str, t.Iterable[str]],
    host: str | None = None,
) -> list[dict[str, t.Any]]:
    """The services that host runs, or all, with addresses. Raises AnsibleFilterError with all faults."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._register import resolve, validate
    from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import Inventory, RegisterError

    try:
        inventory = Inventory(groups)
        services = validate.parse(register, inventory)
        wanted = [service for service in services if host is None or host in inventory.members(service.hosts)]
        return resolve.resolve(wanted, inventory, hostvars)
    except RegisterError as exc:
        raise AnsibleFilterError(str(exc)) from exc


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"resolve_register": resolve_register}
