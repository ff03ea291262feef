#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: reachability
short_description: Report what other hosts reached of this one
version_added: "1.0.0"
description:
  - Gives the judgement of P(infosec.principles.judge_reachability#filter) about one host to the report, after waivers, and fails by O(fail_on).
  - Works on the controller alone. The host need not be there; then the task fails and says so.
options:
  judgement:
    description:
      - What was found out about this host.
    type: dict
    required: true
    suboptions:
      findings:
        description: The findings, as M(infosec.principles.harden) returns them.
        type: list
        elements: dict
        required: true
      reachability:
        description: The rows of the matrix.
        type: list
        elements: dict
        required: true
      offline:
        description: Why the host could neither try nor be tried; empty where it could.
        type: str
        default: ""
  waivers:
    description:
      - Findings that somebody has accepted. They stay in the report with status V(waived) and do not fail the task.
      - Each needs a C(match) (a JMESPath expression over the finding), C(why), C(owner) and C(expires).
    type: list
    elements: dict
    default: []
  fail_on:
    description:
      - The task fails when a finding of this risk or above is left.
      - With V(none) a finding never fails the task.
    type: str
    choices: [none, low, medium, high, maximum]
    default: none
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what it would return without.
    support: full
  diff_mode:
    description: Returns what has changed, when in C(diff) mode.
    support: N/A
    details:
      - It changes nothing.
  idempotent:
    description: A second run changes nothing.
    support: full
    details:
      - It changes nothing.
  platform:
    description: The operating systems that it works on.
    platforms: any, since nothing runs on the host
    support: full
author:
  - The infosec.principles authors (@infosec-principles)
seealso:
  - module: infosec.principles.reachability_info
  - plugin: infosec.principles.judge_reachability
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Report it
  infosec.principles.reachability:
    judgement: "{{ judged[inventory_hostname] }}"
    fail_on: high
"""

RETURN = r"""
findings:
  description:
    - One finding for each rule and service. See M(infosec.principles.harden) for their form.
    - C(reachability.reachable_but_denied) fails where a host reached what the register does not let it reach.
    - C(reachability.blocked_but_allowed) fails where a host did not reach what the register lets it reach.
  returned: always
  type: list
  elements: dict
reachability:
  description: One row for each address and port that was tried.
  returned: always
  type: list
  elements: dict
  contains:
    service:
      description: Name of the entry in the register; empty where there is none.
      returned: always
      type: str
      sample: orders-db
    protocol:
      description: V(tcp) or V(udp).
      returned: always
      type: str
      sample: tcp
    port:
      description: The port.
      returned: always
      type: int
      sample: 5432
    address:
      description: The address.
      returned: always
      type: str
      sample: 192.0.2.10
    outcomes:
      description:
        - The hosts that tried it, each once, by what became of it, sorted.
        - C(reached) and C(refused) are as the register has it.
      returned: always
      type: dict
      sample:
        reached: [app1]
        refused: [web1, web2]
        reachable_but_denied: []
        blocked_but_allowed: []
        not_assessed: [web3]
    witnesses:
      description: How many hosts of every group tried it; 0 for all.
      returned: always
      type: int
      sample: 0
"""

from ansible.module_utils.basic import AnsibleModule

JUDGEMENT = {
    "findings": {"type": "list", "elements": "dict", "required": True},
    "reachability": {"type": "list", "elements": "dict", "required": True},
    "offline": {"type": "str", "default": ""},
}
SPEC = {
    "judgement": {"type": "dict", "required": True, "options": JUDGEMENT},
    "waivers": {"type": "list", "elements": "dict", "default": []},
    "fail_on": {"type": "str", "choices": ["none", "low", "medium", "high", "maximum"], "default": "none"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    module.fail_json(msg="the action plugin infosec.principles.reachability does this on the controller; it is missing")


if __name__ == "__main__":
    main()
