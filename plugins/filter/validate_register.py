# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter validate_register."""

from __future__ import annotations

DOCUMENTATION = r"""
name: validate_register
short_description: Check a register of services
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Returns the register as it is when it is valid, and fails otherwise, with one message that lists all faults with
    their place and the remedy.
  - No two entries may have the same name, or claim the same port on the same host.
positional: groups, hostvars, hosts
options:
  _input:
    description: The register.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: A name of one line that no other entry has.
        type: str
        required: true
      hosts:
        description: Inventory groups and hosts that run the service.
        type: list
        elements: str
        required: true
      unit:
        description: The systemd unit that holds the socket.
        type: str
      ports:
        description: Ports such as V(443/tcp) or V(8000-8010/udp).
        type: list
        elements: str
        required: true
      clients:
        description:
          - Who may connect. V(any) alone, V(none) alone (this host only), or inventory groups, hosts, addresses and
            CIDRs.
        type: list
        elements: str
        required: true
      tls:
        description: What TLS the ports must speak.
        type: str
        choices: [none, required, intermediate, modern]
        default: none
      names:
        description: DNS names that clients know the service by; its certificates have to cover them.
        type: list
        elements: str
      admin:
        description:
          - Whether the entry is for administration over the web. It may then share ports of another entry on the same
            hosts, and names who alone may use the administration there.
        type: bool
        default: false
      justification:
        description: Why the service is presented to the network.
        type: str
        required: true
      owner:
        description: Who answers for it.
        type: str
        required: true
      review_by:
        description: The day by which somebody looks at the entry again, as YYYY-MM-DD.
        type: str
        required: true
  groups:
    description: The inventory's groups and their hosts; Ansible's variable C(groups).
    type: dict
    required: true
  hostvars:
    description: Ansible's variable C(hostvars); only needed with O(hosts).
    type: dict
  hosts:
    description:
      - Hosts that must have the same register, since it is one list for the whole inventory. Use it before a register
        is resolved once for all of them.
    type: list
    elements: str
    default: []
seealso:
  - plugin: infosec.principles.resolve_register
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Judge the register before any host is touched
  ansible.builtin.debug:
    msg: "{{ infosec_services | infosec.principles.validate_register(groups) | length }} services"
  run_once: true
"""

RETURN = r"""
_value:
  description: The register as it was given.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError


def validate_register(
    register: t.Any,
    groups: t.Mapping[str, t.Iterable[str]],
    hostvars: t.Mapping[str, t.Any] | None = None,
    hosts: t.Sequence[str] = (),
) -> t.Any:
    """The register, if it is valid and that of all hosts. Raises AnsibleFilterError with all its faults."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import Inventory, RegisterError
    from ansible_collections.infosec.principles.plugins.plugin_utils._register.validate import check_same, parse

    try:
        parse(register, Inventory(groups))
        if hosts and hostvars is not None:
            check_same(hosts, hostvars)
    except RegisterError as exc:
        raise AnsibleFilterError(str(exc)) from exc
    return register


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"validate_register": validate_register}
