#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: security_updates
short_description: See that no known hole is left open where the update that closes it is there
version_added: "1.0.0"
description:
  - Rule C(pending) compares what is installed with the lists of the security sources that are here. On Debian and its relatives only files
    are read; dnf and zypper are asked with the metadata that they have. Nothing is fetched. Packages that are on hold or pinned are named
    as such, and an installation that was cut off is found as well.
  - Rule C(lists) says of which day that knowledge is. What is older than O(lists_days), or was never fetched, lets nothing pass; the rule
    C(pending) is RV(findings[].status=not_assessed) then, with the day of the last data.
  - Rule C(reboot) looks for the flag that packages leave, for a newer kernel than the one that runs, and for what only a boot replaces.
  - Rule C(libraries) finds services that still run deleted libraries or programs, read from C(/proc/*/maps).
  - Rule C(end_of_life) compares the release with a table of dates, unless C(SUPPORT_END) of os-release tells.
  - The fix installs security updates and nothing else, in the versions that were shown, inside the slot of O(window) or with O(now). It
    removes no package and keeps configuration files that were changed. These updates stay when the run is undone.
options:
  window:
    description:
      - The slot of this host in C(infosec_maintenance), made by the filter P(infosec.principles.slot_of#filter).
      - Outside of it nothing is changed. Without any, nothing is changed unless O(now) says so.
    type: dict
    suboptions:
      days:
        description: Days of the week, V(mon) to V(sun).
        type: list
        elements: str
      start:
        description: When the slot begins, as HH:MM in O(window.time_zone).
        type: str
      minutes:
        description: How long it is.
        type: int
      time_zone:
        description: Name of the time zone in the IANA database.
        type: str
      reboot:
        description: Whether the host may be booted in it.
        type: str
        choices: [never, when_needed]
        default: never
      catch_up:
        description: Whether a slot that was missed is made up for at the next boot.
        type: bool
      next:
        description: When the next slots begin (UTC).
        type: list
        elements: str
  now:
    description: Install now, whatever the window says.
    type: bool
    default: false
  restart_services:
    description:
      - Restart services that run on deleted libraries, inside the window or with O(now). Each has to be active and to answer on its ports
        afterwards.
      - Never restarted are what carries the connection of the run (sshd is, where that keeps its sessions), networks, containers or virtual
        machines, and D-Bus, logind and PID 1.
    type: bool
    default: false
  lists_days:
    description: Data on security updates that is older, in days, lets nothing pass.
    type: int
    default: 7
  extended_support:
    description:
      - Count extended support as support - Debian LTS, and Ubuntu Pro, Extended Life Cycle Support and LTSS where the host has them.
    type: bool
    default: true
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - A service that an update of this very run has outdated is found after it, and restarted by the next run.
  - The dates of rule C(end_of_life) are those of distro-info-data and endoflife.date; the findings say of which day.
  - Neither Red Hat's nor SUSE's systems were tried; what their programs write is read as their manuals describe it.
seealso:
  - module: infosec.principles.automatic_updates
  - module: infosec.principles.harden
  - module: infosec.principles.undo
  - name: Mozilla's security principles
    description: Where the rules come from.
    link: https://infosec.mozilla.org/fundamentals/security_principles
"""

EXAMPLES = r"""
- name: Report what waits
  infosec.principles.security_updates:
    enforce: false

- name: Install what waits, now, and restart what runs on replaced libraries
  infosec.principles.security_updates:
    now: true
    restart_services: true
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
      sample: security_updates
    principle:
      description: The principle (and role) that the control belongs to.
      returned: success
      type: str
      sample: patching
    rule:
      description: Stable id of the rule.
      returned: success
      type: str
      sample: security_updates.pending
    title:
      description: The state that passes.
      returned: success
      type: str
    subject:
      description: What was judged.
      returned: success
      type: str
      sample: security updates
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching.security_updates import CONTROL
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
