#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: reboot_safety
short_description: See that a host can be switched off and on
version_added: "1.0.0"
description:
  - Judges whether the host comes back from a boot as it is now, so that a patch that needs a reboot is no adventure.
  - Rule C(verdict) sums up in one finding on the subject V(host), which is V(pass) for yes, V(fail) for no with the reasons, and
    RV(findings[].status=not_assessed) where something decisive could not be looked at.
  - Rules C(enabled), C(failed) and C(masked) ask systemd what of that which runs the next boot starts, by the relations of its units. What
    is only not enabled is enabled; for transient units, files without an C([Install]) section and masks the finding tells each step.
  - Rule C(unit) finds programs that listen and that somebody started by hand. Its remedy is the whole unit file, with what is named like a
    secret left out.
  - Rule C(containers) finds containers of Docker and Podman that no restart policy and no unit starts; those of Docker get the policy
    C(unless-stopped).
  - Rules C(mounts), C(swaps), C(crypttab), C(sysctl), C(firewall) and C(network) compare what the kernel has with what files make of it at boot.
  - Rule C(kernel) looks up what the default entry of GRUB, systemd-boot or extlinux loads. Rule C(clock) wants a clock that a time server
    keeps right, and a clock of the hardware that agrees. Neither applies to a container.
  - The verdict is about coming back whole. That nobody else answers meanwhile (rule C(redundancy)), what starts outside of any unit (rule
    C(jobs)) and leftovers of masked units (rule C(masked)) are the same before a boot and after it, and are said beside the verdict.
options:
  expected_gone:
    description:
      - Subjects of findings that are meant to be gone after a boot, as shell patterns, such as V(debug-*.service), V(8080/tcp) or V(/mnt/usb).
      - Such findings are V(not_applicable) and do not count for the verdict. A waiver accepts a finding in the report only.
    type: list
    elements: str
    default: []
  sole_services:
    description:
      - Names of the services of the register that no other host runs. Made of C(infosec_services) by the filter
        P(infosec.principles.sole_services#filter).
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - Without systemd the rules about units are RV(findings[].status=not_assessed), and so is the verdict unless something else makes it no.
  - Of a user's own Podman and Docker, and of virtual machines, nothing is known.
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.undo
  - name: Mozilla's security principles
    description: Where the rules come from.
    link: https://infosec.mozilla.org/fundamentals/security_principles
"""

EXAMPLES = r"""
- name: Ask whether the host may be rebooted
  infosec.principles.reboot_safety:
    enforce: false
  register: reboot

- name: See that it may, where that is plain to do
  infosec.principles.reboot_safety:
    expected_gone: ["debug-*.service"]
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
      sample: reboot_safety
    principle:
      description: The principle (and role) that the control belongs to.
      returned: success
      type: str
      sample: patching
    rule:
      description: Stable id of the rule.
      returned: success
      type: str
      sample: reboot_safety.verdict
    title:
      description: The state that passes.
      returned: success
      type: str
    subject:
      description: What was judged.
      returned: success
      type: str
      sample: host
    status:
      description:
        - One of V(pass), V(fail), V(fixed), V(waived), V(not_applicable), V(not_assessed), V(error), as it is at the end of the run.
      returned: success
      type: str
      sample: fail
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
"""

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching.reboot_safety import CONTROL
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
