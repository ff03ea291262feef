# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter judge_reachability."""

from __future__ import annotations

DOCUMENTATION = r"""
name: judge_reachability
short_description: Hold what hosts reached against the register
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Judges what M(infosec.principles.reachability_info) returned on all hosts, once for all, by the host that was tried.
  - A host counts as the address that it came from, where that is known.
  - What a host did not try, or could not, is not assessed.
positional: hostvars, tried
options:
  _input:
    description: A plan as P(infosec.principles.plan_reachability#filter) returned it.
    type: str
    required: true
  hostvars:
    description: Ansible's variable C(hostvars).
    type: dict
    required: true
  tried:
    description: The name of the variable in which M(infosec.principles.reachability_info) was registered on the hosts.
    type: str
    required: true
seealso:
  - plugin: infosec.principles.plan_reachability
    plugin_type: filter
  - module: infosec.principles.reachability
"""

EXAMPLES = r"""
- name: Judge once for all
  ansible.builtin.set_fact:
    judged: "{{ plan | infosec.principles.judge_reachability(hostvars, 'tried') }}"
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - By the host's name, the option O(infosec.principles.reachability#module:judgement).
  type: dict
"""

import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.judge import Judgement
    from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.wire import Hostvars


def judge_reachability(plan: str, hostvars: Hostvars, tried: str) -> dict[str, Judgement]:
    """The judgement about each host of the plan."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.judge import judge
    from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.wire import registered, unpack

    made = unpack(plan)
    return judge(made, registered(made["hosts"], hostvars, tried))


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"judge_reachability": judge_reachability}
