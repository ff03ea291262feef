# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter proven_rotations."""

from __future__ import annotations

DOCUMENTATION = r"""
name: proven_rotations
short_description: The rotations whose new key is in use and opens a host
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Returns the rotations for which M(infosec.principles.ssh_login_info) has logged in to the host with the key that is
    in use by now (C(infosec_key_proofs) of the source). Their old keys may go.
positional: hostvars, host
options:
  _input:
    description: Rotations as P(infosec.principles.running_rotations#filter) returns them.
    type: list
    elements: dict
    required: true
  hostvars:
    description: Ansible's variable C(hostvars).
    type: dict
    required: true
  host:
    description: Name of the host in the inventory.
    type: str
    required: true
seealso:
  - plugin: infosec.principles.running_rotations
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Which old keys may go?
  ansible.builtin.debug:
    msg: "{{ infosec_key_rotations | infosec.principles.proven_rotations(hostvars, inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: Those of the rotations.
  type: list
  elements: dict
"""

import typing as t


def proven_rotations(
    rotations: t.Iterable[dict[str, t.Any]], hostvars: t.Mapping[str, t.Any], host: str
) -> list[dict[str, t.Any]]:
    """Those whose new key opens the host."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._rotation.progress import proven

    return proven(rotations, hostvars, str(host))


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"proven_rotations": proven_rotations}
