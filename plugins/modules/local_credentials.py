#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: local_credentials
short_description: Keep no passwords of people on hosts
version_added: "1.0.0"
description:
  - Rule C(local_hash) fails for each person with a usable password in C(/etc/shadow) although keys or certificates open the account over
    SSH, or an identity provider is in force (see M(infosec.principles.single_sign_on)).
  - The password is locked (C(usermod -L)), which leaves the hash in its place, so that taking back is exact. It is not locked where no
    listed key lets the person in (O(certificates_suffice)), where a key that is weak, has expired, is bound to a C(command=), or is in a file
    that C(StrictModes) refuses does not count; where sshd runs without PAM, which takes such an account for locked altogether;
    where C(AuthenticationMethods) wants the password besides the key; where sudo needs it (O(lock_sudo_passwords)); and where the
    connection of this run logged in by it.
  - Rule C(web_passwords) fails for each file of passwords that the configuration of nginx or Apache httpd names, with how many users it has
    and by which kinds of hashes, and for modules that have passwords checked by LDAP, PAM or a database.
  - Rule C(service_passwords) fails for each password store of a service that is known by its path and holds users, such as those of vsftpd,
    ProFTPD, Dovecot, Samba, Cyrus SASL, Mosquitto and Squid.
  - Passwords and hashes are in no finding, diff or journal. Only passwords of accounts are changed; for the rest the findings name the
    steps. The host takes a lock back by itself unless a new connection confirms it within O(confirm_seconds).
  - The passwords of accounts that programs log in to (O(automation)) are not judged here.
options:
  rescue_accounts:
    description:
      - Accounts (or patterns as the shell has them) that keep a local password for emergencies. Without that of root, systemd's emergency
        shell lets nobody in.
    type: list
    elements: str
    default: [root]
  certificates_suffice:
    description:
      - Whether a trusted authority is enough of another way in to lock the password of somebody whom no listed key lets in. Whether a
        person holds a certificate cannot be seen on a host.
    type: bool
    default: false
  lock_sudo_passwords:
    description:
      - Whether to lock also passwords that their owner needs for sudo, who then can use sudo no more.
    type: bool
    default: false
  confirm_seconds:
    description:
      - Seconds in which a new connection has to confirm the change. When they are over, the host takes everything back by itself.
    type: int
    default: 60
  allow_self_cutoff:
    description:
      - Whether to lock a password even where the connection of this run logged in by it.
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
  - Reading C(/etc/shadow) takes root; without, the rule C(local_hash) is RV(findings[].status=not_assessed).
  - A locked password is also none for the console, for C(su), C(doas) and polkit.
  - C(.htaccess) files are not looked for.
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.single_sign_on
  - module: infosec.principles.local_passwords
"""

EXAMPLES = r"""
- name: Report who has passwords here
  infosec.principles.local_credentials:
    enforce: false

- name: Lock the passwords of people who come by keys
  infosec.principles.local_credentials:
    rescue_accounts: [root, rescue]
    automation:
      - name: ansible
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
      sample: local_credentials.local_hash
    subject:
      description: A person, the path of a file or its line, C(accounts), C(web servers) or C(services).
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor.local_credentials import CONTROL
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
