#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: automatic_updates
short_description: See that security updates install themselves
version_added: "1.0.0"
description:
  - Judges by what is in effect, not by the text of one file. Debian and its relatives update themselves by unattended-upgrades, the family of
    Red Hat by dnf-automatic or the plugin C(automatic) of dnf5, SUSE by os-update, transactional-update or YaST's online update.
  - Rule C(installed) looks for that program.
  - Rule C(enabled) asks whether it fetches and installs updates (C(APT::Periodic) of C(apt-config dump), C(apply_updates), C(UPDATE_CMD)),
    whichever file has the last word.
  - Rule C(origins) looks whether security updates are among those that are installed. On Debian the patterns of unattended-upgrades, with
    their macros, are matched against the Release file of each configured security source; without fetched lists, or with lists that are past
    the day until which they are valid, it is RV(findings[].status=not_assessed); without any security source it fails.
  - Rule C(timers) asks systemd whether the timers are enabled, active and due, and may start what they are for.
  - Rule C(exclusions) names the packages that updates never reach (blacklists, whitelists, holds, version locks, excludes, pins below 0). Whether
    that is meant is for a person to say, in a waiver; nothing is changed.
  - Rule C(report) asks whether somebody learns of a failure. C(OnFailure=) of C(apt-daily-upgrade.service) does not count, since
    C(apt.systemd.daily) ends well when unattended-upgrades does not.
  - Rule C(sources) asks whether each source of packages has to prove by its signature who it is.
  - The fix installs the package, writes nothing but what is missing (on Debian into C(/etc/apt/apt.conf.d/zz-infosec-principles)), and turns
    the timers on. Where a file that apt reads later would override that, the finding names it and nothing is written.
options:
  mail:
    description:
      - The address that failures are mailed to. Only where a program is installed that sends mail.
      - Empty for leaving alone what is set; then rule C(report) passes for any address.
    type: str
    default: ""
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - Where the system is of another family it is RV(findings[].status=not_assessed). On relatives of Debian other than Ubuntu it is not known
    which source carries security updates unless its Release file or its name says so.
  - No source is ever added, and no list is fetched.
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.undo
  - name: Mozilla's security principles
    description: Where the rules come from.
    link: https://infosec.mozilla.org/fundamentals/security_principles
"""

EXAMPLES = r"""
- name: Report whether security updates install themselves
  infosec.principles.automatic_updates:
    enforce: false

- name: See that they do, and that somebody hears of it when they do not
  infosec.principles.automatic_updates:
    mail: ops@example.org
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
      sample: automatic_updates
    principle:
      description: The principle (and role) that the control belongs to.
      returned: success
      type: str
      sample: patching
    rule:
      description: Stable id of the rule.
      returned: success
      type: str
      sample: automatic_updates.enabled
    title:
      description: The state that passes.
      returned: success
      type: str
    subject:
      description: What was judged.
      returned: success
      type: str
      sample: APT::Periodic
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching.automatic_updates import CONTROL
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
