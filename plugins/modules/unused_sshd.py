#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: unused_sshd
short_description: Turn off an sshd that nobody logs in to
version_added: "1.0.0"
description:
  - Finds out whether anybody has logged in over SSH within O(idle_days), and stops, disables and masks sshd and its socket where nobody has.
  - Logins are looked for in wtmp and its rotated copies, wtmpdb, lastlog2, the journal, and C(auth.log) or C(secure) with their rotated
    copies. A session that is open now counts as a login, and so does the connection that carries this run.
  - What is remembered has to reach back O(idle_days) without a gap. With less, the finding is RV(findings[].status=not_assessed) and says how
    many days there are. A log that nothing writes to any more covers nothing after its last entry.
  - sshd notes logins without a terminal (scp, rsync, Ansible) neither in wtmp nor in wtmpdb. So one of the journal and C(auth.log) has to be
    readable as well; the evidence says since when such logins are known.
options:
  idle_days:
    description:
      - Days without a login after which sshd counts as unused; 1 or more.
    type: int
    default: 90
  allow_self_cutoff:
    description:
      - With V(true) the connection that carries this run does not count as a login, nor do earlier ones of the same account from the same
        address, and sshd may be turned off underneath it. The run itself goes on, but nobody can come back over SSH.
      - With V(false) an sshd that carries this run passes and is never turned off.
    type: bool
    default: false
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - Run it over another way in than SSH (a console, C(docker exec), an agent), since over SSH sshd is in use.
  - A unit whose file lies in C(/etc/systemd/system) cannot be masked and is only stopped and disabled. An sshd that no unit started is
    reported and left alone.
  - Open sessions survive, for the units of the distributions stop the listening process alone.
  - Sockets that systemd makes for this machine or its hypervisor (C(sshd-unix-local.socket), C(sshd-vsock.socket)) are on no network and
    are not looked at.
  - As an ordinary user only what that user may read is looked at; the rest is RV(findings[].status=not_assessed).
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.undo
  - name: Mozilla's security principles
    description: Where the rule comes from.
    link: https://infosec.mozilla.org/fundamentals/security_principles
"""

EXAMPLES = r"""
- name: Report whether anybody uses sshd
  infosec.principles.unused_sshd:
    enforce: false

- name: Turn off an sshd that nobody has used for half a year
  infosec.principles.unused_sshd:
    idle_days: 180
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
      sample: sshd
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
      sample: medium
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services.unused_sshd import CONTROL
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
