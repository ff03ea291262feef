# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter judge_reboot."""

from __future__ import annotations

DOCUMENTATION = r"""
name: judge_reboot
short_description: Whether a host is rebooted now
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Judges by what M(infosec.principles.reboot_safety) and other controls found on the host, by what clients reached of
    the host and of those that stand in for it, and by its maintenance slot.
  - A host that needs no reboot, or whose slot is closed, is left alone. One that is not safe to reboot, whose own ports
    do not answer, or one of whose peers is down, is refused.
positional: host, findings, tried, slot
options:
  _input:
    description: A plan as P(infosec.principles.plan_reboots#filter) returns it.
    type: str
    required: true
  host:
    description: Name of the host in the inventory.
    type: str
    required: true
  findings:
    description: The findings of M(infosec.principles.reboot_safety) and M(infosec.principles.security_updates).
    type: list
    elements: dict
    required: true
  tried:
    description: The results of the loop over P(infosec.principles.reboot_probes#filter).
    type: list
    elements: dict
    required: true
  slot:
    description: The host's slot of the maintenance window; empty where none is declared, or where it does not count.
    type: dict
    default: {}
  when:
    description: Reboot the hosts that need it, or all.
    type: str
    choices: [needed, always]
    default: needed
  unproven:
    description: Go on where something could not be assessed.
    type: bool
    default: false
seealso:
  - plugin: infosec.principles.plan_reboots
    plugin_type: filter
  - plugin: infosec.principles.reboot_probes
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Judge
  ansible.builtin.set_fact:
    verdict: "{{ plan | infosec.principles.judge_reboot(inventory_hostname, asked.findings, tried.results) }}"
"""

RETURN = r"""
_value:
  description:
    - C(state) is V(reboot), V(leave) or V(refuse); C(why) says so in sentences.
    - C(again) is what answered of the host itself, in the form of P(infosec.principles.reboot_probes#filter).
  type: dict
"""

import datetime
import typing as t

from ansible.errors import AnsibleFilterError

Results = t.Sequence[t.Mapping[str, t.Any]]


def judge_reboot(
    plan: str,
    host: str,
    findings: Results,
    tried: Results,
    slot: t.Mapping[str, t.Any] | None = None,
    *,
    when: str = "needed",
    unproven: bool = False,
) -> dict[str, t.Any]:
    """The verdict, and what answered. Raises AnsibleFilterError for a `when` that is none."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._rolling.answered import judge
    from ansible_collections.infosec.principles.plugins.plugin_utils._rolling.plan import unpack
    from ansible_collections.infosec.principles.plugins.plugin_utils._rolling.verdict import (
        ALWAYS,
        NEEDED,
        outside,
        verdict,
    )

    if when not in (NEEDED, ALWAYS):
        raise AnsibleFilterError(f"infosec_roll_when: found {when!r}; write {NEEDED} or {ALWAYS}")
    seen = judge(unpack(plan), host, tried)
    closed = outside(slot or {}, datetime.datetime.now(datetime.timezone.utc))
    judged = verdict(findings, seen, closed, when=when, unproven=unproven)
    return {**judged, "again": list(seen.again)}


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"judge_reboot": judge_reboot}
