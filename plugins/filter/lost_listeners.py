# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter lost_listeners."""

from __future__ import annotations

DOCUMENTATION = r"""
name: lost_listeners
short_description: What a host does not listen on any more
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Compares what M(infosec.principles.sockets_info) returned before and after, by address, port and protocol.
  - Ports from 32768 on that no service declares are compared by unit and address, since Linux gives them out anew at
    each start.
positional: after, services, expected
options:
  _input:
    description: The listeners before.
    type: list
    elements: dict
    required: true
  after:
    description: The listeners after.
    type: list
    elements: dict
    required: true
  services:
    description: The services of the host, as P(infosec.principles.services_of#filter) returns them.
    type: list
    elements: dict
    default: []
  expected:
    description: Patterns of ports that are meant to be gone, such as V(8080/tcp).
    type: list
    elements: str
    default: []
seealso:
  - module: infosec.principles.sockets_info
"""

EXAMPLES = r"""
- name: See what is gone
  ansible.builtin.debug:
    msg: "{{ before.listeners | infosec.principles.lost_listeners(after.listeners) }}"
"""

RETURN = r"""
_value:
  description: What is gone, such as V([::]:443/tcp), sorted.
  type: list
  elements: str
"""

import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.plugin_utils._rolling.listeners import Listeners


def lost_listeners(
    before: Listeners,
    after: Listeners,
    services: t.Iterable[t.Mapping[str, t.Any]] = (),
    expected: t.Iterable[str] = (),
) -> list[str]:
    """What is gone."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._rolling.listeners import lost

    ports = [port for service in services for port in service["ports"]]
    declared = [(int(one["first"]), int(one["last"]), str(one["protocol"])) for one in ports]
    return lost(before, after, declared, [str(one) for one in expected])


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"lost_listeners": lost_listeners}
