# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter owed_certificates."""

from __future__ import annotations

DOCUMENTATION = r"""
name: owed_certificates
short_description: Say which certificates of the internal authority a host owes
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - One for each service of the register that owes TLS and runs on the host, and one for the host itself.
  - They are for the names of the entry, the names of the host (its name in the inventory, C(ansible_host),
    C(infosec_certificate_names)), and its addresses, as the register is resolved with them.
positional: host, hostvars, own
options:
  _input:
    description: The services of the host, as P(infosec.principles.services_of#filter) returns them.
    type: list
    elements: dict
    required: true
  host:
    description: Name of the host in the inventory.
    type: str
    required: true
  hostvars:
    description: Ansible's variable C(hostvars).
    type: dict
    required: true
  own:
    description: Whether the host has a certificate for itself.
    type: bool
    default: true
seealso:
  - module: infosec.principles.certificate_request
"""

EXAMPLES = r"""
- name: Which certificates does this host owe?
  ansible.builtin.debug:
    msg: >-
      {{ infosec_register | infosec.principles.services_of(inventory_hostname, group_names)
         | infosec.principles.owed_certificates(inventory_hostname, hostvars) }}
"""

RETURN = r"""
_value:
  description: The option O(infosec.principles.certificate_request#module:certificates).
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError


def owed_certificates(
    services: t.Iterable[t.Mapping[str, t.Any]],
    host: str,
    hostvars: t.Mapping[str, t.Mapping[str, t.Any]],
    own: bool = True,
) -> list[dict[str, t.Any]]:
    """The certificates of one host. Raises AnsibleFilterError for a name that cannot be one."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._certificates import owed

    try:
        return owed.owed(services, host, hostvars, own=bool(own))
    except owed.PlanError as exc:
        raise AnsibleFilterError(str(exc)) from exc


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"owed_certificates": owed_certificates}
