#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: harden
short_description: Assess a host by any number of controls, fix what fails, and assess again
version_added: "1.0.0"
description:
  - Runs controls of this collection in one process on the host, so that a host costs one round trip whatever the number of controls.
  - Each control yields findings with evidence. A finding that fails and can be put right carries its fix, a tuple of reversible changes.
  - In check mode the fixes are rendered, not applied; a real run applies the very same changes, so that its diff is the one that check mode
    showed.
  - Every change is journaled on the host before it is made; M(infosec.principles.undo) takes runs back. A run that was killed is put in order
    by the next one.
  - A control that fails or takes too long yields RV(findings[].status=error) for itself alone; the others go on.
options:
  controls:
    description:
      - The controls to run, as a dictionary of the control's name and its options. Each control is also a module of the same name, whose
        documentation describes the options.
      - Every control takes C(enforce) besides its own options. With V(false) it only reports.
    type: dict
    required: true
  secrets:
    description:
      - Options of controls that must not be logged, such as C(luks_passphrases) of M(infosec.principles.disk_encryption); in the shape of
        O(controls).
      - The action plugin moves them here from O(controls), so that they can be written where the other options are.
    type: dict
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control.run
author:
  - The infosec.principles authors (@infosec-principles)
seealso:
  - module: infosec.principles.undo
"""

EXAMPLES = r"""
- name: Hold the host to two controls in one round trip
  infosec.principles.harden:
    controls:
      unused_sshd:
        idle_days: 90
      automatic_updates:
        enforce: false
    fail_on: high
"""

RETURN = r"""
findings:
  description:
    - One record for each rule and subject that was judged, also for what passes; sorted by control, rule and subject.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: Name of the control.
      returned: success
      type: str
      sample: unused_sshd
    principle:
      description: The principle (and role) that the control belongs to.
      returned: success
      type: str
      sample: exposed_services
    rule:
      description: Stable id of the rule.
      returned: success
      type: str
      sample: unused_sshd.unused
    title:
      description: The state that passes.
      returned: success
      type: str
    subject:
      description: What was judged.
      returned: success
      type: str
      sample: ssh.service
    status:
      description:
        - One of V(pass), V(fail), V(fixed), V(waived), V(not_applicable), V(not_assessed), V(error), as it is at the end of the run.
      returned: success
      type: str
      sample: fixed
    status_before:
      description: The status before any fix; the same as RV(findings[].status) in check mode.
      returned: success
      type: str
      sample: fail
    risk:
      description: One of V(low), V(medium), V(high), V(maximum).
      returned: success
      type: str
      sample: high
    message:
      description: What was found, in one sentence.
      returned: success
      type: str
    note:
      description: What the fix did, or why it failed; empty where nothing was fixed.
      returned: success
      type: str
    evidence:
      description: Where it was read (RV(ignore:source)), what was found and what was expected. Never a secret.
      returned: success
      type: list
      elements: dict
    remedy:
      description: What a person does about it.
      returned: success
      type: str
    reference:
      description: The page that the rule comes from.
      returned: success
      type: str
    fix:
      description: One line for each change that puts it right; empty where there is no fix.
      returned: success
      type: list
      elements: str
    diff:
      description: Before and after of each of these changes.
      returned: success
      type: list
      elements: dict
    fingerprints:
      description: What the report joins across hosts, each with C(kind), C(value) (a digest) and C(holder).
      returned: when the finding has any
      type: list
      elements: dict
run_id:
  description: Names this run in the journal of the host; empty where nothing was written.
  returned: success
  type: str
  sample: 20261124T130744.123456Z-1f09ab
packages:
  description: Packages that the host still waits for. The action plugin installs them and goes on, so that users see an empty list.
  returned: success
  type: list
  elements: str
confirm:
  description:
    - Seconds within which a new connection has to confirm the guarded changes of this run. The action plugin does that, so that users see V(0).
  returned: success
  type: int
  sample: 0
package_manager:
  description: The module that installs packages on this host; V(auto) lets M(ansible.builtin.package) find out.
  returned: success
  type: str
  sample: apt
"""

import contextlib
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infosec.principles.plugins.module_utils._engine import archive
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import RUN_OPTIONS

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host


def main() -> None:
    spec = {"controls": {"type": "dict", "required": True}, "secrets": {"type": "dict", "no_log": True}, **RUN_OPTIONS}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    archive.compile_once()
    from ansible_collections.infosec.principles.plugins.module_utils._controls import _ahead
    from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

    with contextlib.closing(Host()) as host:
        _ahead.begin(host, module.params["controls"])
        run(module, host)


def run(module: AnsibleModule, host: Host) -> None:
    # All controls are compiled here, while the host is at its first answers.
    from ansible_collections.infosec.principles.plugins.module_utils._controls.catalogue import CATALOGUE
    from ansible_collections.infosec.principles.plugins.module_utils._plumbing import (
        joined,
        parse_controls,
        run_requests,
    )

    try:
        requests = parse_controls(CATALOGUE, joined(module.params["controls"], module.params["secrets"] or {}))
    except ValueError as exc:
        module.fail_json(msg=str(exc))
    run_requests(module, host, requests)


if __name__ == "__main__":
    main()
