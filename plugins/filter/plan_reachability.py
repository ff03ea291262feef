# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter plan_reachability."""

from __future__ import annotations

DOCUMENTATION = r"""
name: plan_reachability
short_description: Plan which host tries which ports of which other
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Puts together what the register names and what hosts really listen on, and at which addresses of the inventory.
    Other addresses are never tried.
  - Of a range of ports, its ends and what listens are tried.
  - Make it once a run; P(infosec.principles.probes_of#filter) takes from it what one host tries.
positional: register, hostvars, groups, sockets, witnesses
options:
  _input:
    description: The hosts that try each other, such as C(ansible_play_hosts_all).
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
  sockets:
    description:
      - The name of the variable in which M(infosec.principles.sockets_info) was registered on the hosts. A host whose
        result has no C(listeners) was offline.
    type: str
    required: true
  witnesses:
    description:
      - Let only so many hosts of every group try a service, of those that must not reach it and of those that may. The
        same hosts are chosen every time. With V(0) all do.
    type: int
    default: 0
seealso:
  - plugin: infosec.principles.probes_of
    plugin_type: filter
  - plugin: infosec.principles.judge_reachability
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Plan who tries what, once for all
  ansible.builtin.set_fact:
    plan: >-
      {{ ansible_play_hosts_all
         | infosec.principles.plan_reachability(infosec_register, hostvars, groups, 'sockets', witnesses=2) }}
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
    from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.wire import Hostvars


def plan_reachability(
    hosts: t.Iterable[str],
    register: t.Sequence[t.Mapping[str, t.Any]],
    hostvars: Hostvars,
    groups: t.Mapping[str, t.Iterable[str]],
    sockets: str,
    witnesses: int = 0,
) -> str:
    """Who tries what. Raises AnsibleFilterError for a number of witnesses that is none."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.plan import Fleet, plan
    from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.wire import pack, registered
    from ansible_collections.infosec.principles.plugins.plugin_utils._register import resolve
    from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import Inventory

    count = str(witnesses)
    if not count.isdecimal():
        raise AnsibleFilterError(f"infosec_witnesses: found {count!r}; write a number of hosts, or 0 for all")
    seen = registered(hosts, hostvars, sockets)
    found, faults = resolve.addresses(sorted(seen), hostvars)
    addresses = {host: [str(network) for network in found[host]] for host in found}
    return pack(plan(Fleet(register, seen, Inventory(groups), groups, addresses, faults), int(count)))


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"plan_reachability": plan_reachability}
