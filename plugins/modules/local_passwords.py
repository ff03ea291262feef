#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: local_passwords
short_description: See that local passwords are there and hold guessing up
version_added: "1.0.0"
description:
  - Rule C(empty) fails for each account whose password is empty, so that whoever gives none is let in; the evidence says whether PAM does so
    now (C(nullok)). The fix gives the account the password C(*), which nothing fits. Its keys go on working, also with an sshd without PAM,
    which refuses the keys of an account that is locked by C(!).
  - Rule C(locked_usable) fails for each account whose password was locked (C(passwd -l), C(usermod -L)) although keys still let somebody in
    over SSH, which these commands do not end. Accounts that never had a password, that have expired, whose shell takes no logins, or that
    O(automation) names do not fail. Nor does any where no sshd asks for passwords of this host, or that
    M(infosec.principles.local_credentials) locked, since a locked password is what goes with keys there.
  - Rule C(weak_hash) fails for each password that is kept as a hash of DES, MD5, SHA-1 or NT, which is soon guessed, and for each hash that
    lies in C(/etc/passwd), where everybody can read it.
  - Rule C(weak_scheme) fails where C(/etc/login.defs) or a line of PAM makes such hashes of new passwords.
  - Rule C(default_account) fails for each account by whose name images and products are tried first (C(pi), C(vagrant), C(oracle)) where it
    takes a password. No password is ever tried.
  - Rule C(uid_zero) fails for each account besides root with the user id 0.
  - Rule C(group_password) fails for each group with a password, which gives whoever knows it the group's rights.
  - Only accounts without a password are changed; for the rest the findings name the steps. Hashes never leave the host, and are in no
    finding, diff or journal.
  - An account is not locked where the connection of this run logged in to it without a key, nor root as long as it is not seen that this
    run has another way to become root. The host takes the change back by itself unless a new connection confirms it within
    O(confirm_seconds).
  - Accounts that programs log in to (O(automation)) may have a locked password while their keys are in use.
options:
  confirm_seconds:
    description:
      - Seconds in which a new connection has to confirm the change. When they are over, the host takes everything back by itself.
    type: int
    default: 60
  allow_self_cutoff:
    description:
      - Whether to lock also root, and the very account that this run logged in to without a key.
      - The host still takes it back unless a new connection confirms it.
    type: bool
    default: false
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
  - infosec.principles._control.automation
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - Reading C(/etc/shadow) takes root; without it only C(uid_zero) and C(weak_scheme) are judged.
  - Local accounts alone are judged, those of C(/etc/passwd). What a directory service keeps is judged where it is kept.
  - Certificates (C(TrustedUserCAKeys)) and C(AuthorizedKeysCommand) open accounts too; C(locked_usable) looks at files with keys alone.
  - C(undo) makes the password empty again, and leaves one that somebody has set since.
seealso:
  - module: infosec.principles.harden
  - name: Mozilla's security principles
    description: Require strong authentication.
    link: https://infosec.mozilla.org/fundamentals/security_principles#require-strong-authentication
"""

EXAMPLES = r"""
- name: Report the state of local passwords
  infosec.principles.local_passwords:
    enforce: false

- name: Lock accounts without a password
  infosec.principles.local_passwords:
    automation:
      - name: deploy
        from: [192.0.2.5]
"""

RETURN = r"""
findings:
  description:
    - One record for each rule and subject, also for what passes; see M(infosec.principles.harden) for its keys.
  returned: success
  type: list
  elements: dict
  contains:
    rule:
      description: Stable id of the rule.
      returned: success
      type: str
      sample: local_passwords.empty
    subject:
      description: The name of an account or group, the path of a file, C(accounts) or C(groups).
      returned: success
      type: str
      sample: ann
    status:
      description:
        - One of V(pass), V(fail), V(fixed), V(waived), V(not_applicable), V(not_assessed), V(error), as it is at the end of the run.
      returned: success
      type: str
      sample: fixed
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication.local_passwords import (
    CONTROL,
)
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
