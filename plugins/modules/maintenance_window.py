#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: maintenance_window
short_description: See that updates are installed in a maintenance window
version_added: "1.0.0"
description:
  - Judges the times at which systemd starts what installs updates, as systemd has them in effect, and what restarts the host.
  - Rule C(declared) wants a maintenance window for every host. Without one, the other rules are RV(findings[].status=not_applicable).
  - Rule C(schedule) compares the effective timer (its calendar, delays, and the next elapse that systemd tells) with the slot.
  - Rule C(lists) wants the lists of packages fetched right before updates are installed.
  - Rule C(reboot) compares what C(apt-config dump) tells of C(Unattended-Upgrade::Automatic-Reboot) with the policy. With V(when_needed)
    the host restarts as soon as the updates are installed, which is in the slot, since nothing else starts them. A time of the day is not
    used, since on any day but those of the window it would be outside of it.
  - The fix writes C(zz-infosec-principles.conf) for C(apt-daily-upgrade.timer) and C(apt-daily-upgrade.service), and
    C(/etc/apt/apt.conf.d/zz-infosec-principles-window), and restarts the timer without starting what it starts. Where another file would
    have the last word, the finding names it and nothing is written. C(apt-daily.timer) keeps its times, since it only downloads.
  - On Red Hat's and SUSE's families the timers of dnf-automatic, dnf5, os-update and transactional-update are held to the slot; what
    restarts the host there is judged, and changed by a person.
options:
  window:
    description:
      - The slot of this host, as P(infosec.principles.slot_of#filter) gives it; empty where no window is declared.
    type: dict
    suboptions:
      days:
        description: Weekdays on which the slot begins, V(mon) to V(sun).
        type: list
        elements: str
      start:
        description: When it begins, as V(HH:MM) in O(window.time_zone).
        type: str
      minutes:
        description: How long it is.
        type: int
      time_zone:
        description: An IANA name such as V(Europe/Berlin), or V(UTC).
        type: str
      reboot:
        description: Whether updates restart the host, as soon as they are installed. Never with O(window.catch_up).
        type: str
        choices: [never, when_needed]
        default: never
      catch_up:
        description: Whether a run that was missed, because the host was off, is made up for at the next boot, outside the slot.
        type: bool
      next:
        description: When the slot begins, in UTC; the one that is open or comes next is the first.
        type: list
        elements: str
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - An installation that takes longer than the slot is not cut off, and restarts the host when it ends. Let the slot be what a host needs.
  - Hosts without systemd are RV(findings[].status=not_assessed).
seealso:
  - plugin: infosec.principles.plan_maintenance
    plugin_type: filter
  - module: infosec.principles.harden
  - module: infosec.principles.undo
  - name: Mozilla's security principles
    description: Where the rules come from.
    link: https://infosec.mozilla.org/fundamentals/security_principles
"""

EXAMPLES = r"""
- name: Let updates install themselves in the slot of this host alone
  infosec.principles.maintenance_window:
    window:
      days: [sat, sun]
      start: "04:15"
      minutes: 15
      time_zone: Europe/Berlin
      reboot: when_needed
      catch_up: false
      next: ["2026-11-28T03:15:00+00:00"]
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
      sample: maintenance_window
    principle:
      description: The principle (and role) that the control belongs to.
      returned: success
      type: str
      sample: patching
    rule:
      description: Stable id of the rule.
      returned: success
      type: str
      sample: maintenance_window.schedule
    title:
      description: The state that passes.
      returned: success
      type: str
    subject:
      description: What was judged.
      returned: success
      type: str
      sample: apt-daily-upgrade.timer
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching.maintenance_window import CONTROL
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
