#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: key_rotation
short_description: See that keys are replaced before they are old
version_added: "1.0.0"
description:
  - Rule C(host_keys) fails for each key by which an sshd shows who it is that is older than O(max_age_days).
  - Rule C(machine_keys) fails for each such SSH key that programs log in with. These are private keys without a passphrase in the C(.ssh) of
    a home directory, and the keys that open the accounts of O(automation).
  - Rule C(tls_keys) fails for each such private key of TLS, rule C(certificates) for each certificate that ends within O(expiry_days). Looked
    at are the files that the configurations of running daemons name (nginx, Apache, HAProxy, Postfix, Dovecot, PostgreSQL, MariaDB, MySQL,
    Redis, OpenLDAP, stunnel, OpenVPN) and those in the folders where they usually lie (C(/etc/letsencrypt/live), C(/etc/ssl), C(/etc/pki/tls)).
    Authorities that the host trusts are no keys of its own and are left out.
  - Rule C(api_keys) fails for each declared key of an API (O(api_keys)) that is older than its days.
  - Every finding says what is due when (RV(findings[].due)), those that pass too; the report lists the days.
  - The age of a key is told by a date in the name of its file (C(id_ed25519_deploy-2026-05-01)) or in its comment; for keys of certbot by
    their certificate, unless certbot keeps keys (C(reuse_key)). The time of a file and the first day of a certificate only show how old a
    key is at least, since copying renews the one and a renewal the other. So they can make a key fail, but let none pass, which is then
    RV(findings[].status=not_assessed), unless O(trust_file_times) is set.
  - There is no fix. New keys of programs are brought in by C(rotate_keys.yml); for the others the findings name the steps.
options:
  max_age_days:
    description:
      - How many days a key of SSH or TLS may be in use.
    type: int
    default: 730
  api_key_days:
    description:
      - How many days a key of an API may be in use where O(api_keys[].rotate_days) is not set.
    type: int
    default: 90
  expiry_days:
    description:
      - How many days before its end a certificate fails.
    type: int
    default: 30
  trust_file_times:
    description:
      - Whether a key passes by the time of its file, where nothing better tells.
    type: bool
    default: false
  api_keys:
    description:
      - Keys of APIs that this host uses. The keys themselves are not wanted here.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What the key is for.
        type: str
        required: true
      created:
        description: The day on which it was made, such as V(2026-09-01).
        type: str
        required: true
      rotate_days:
        description: How many days it may be in use.
        type: int
      owner:
        description: Who replaces it.
        type: str
        default: ""
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
  - infosec.principles._control.automation
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - Keys with a passphrase, and those that need a security key, are people's and not judged here.
  - As an ordinary user not all can be seen; what cannot is RV(findings[].status=not_assessed).
  - Homes on network and FUSE file systems are not looked into.
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.machine_key
  - name: Mozilla's guideline for the management of keys
    description: Where the two years come from.
    link: https://infosec.mozilla.org/guidelines/key_management
"""

EXAMPLES = r"""
- name: What is due when?
  infosec.principles.key_rotation:
    automation:
      - {name: deploy, from: [192.0.2.5], owner: release team}
    api_keys:
      - {name: billing, created: "2026-09-01", owner: shop team}
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
      sample: key_rotation.machine_keys
    subject:
      description:
        - The path of a key or certificate, the account and the fingerprint of a key that opens it, the name of a key of an API, or C(host)
          where there is none.
      returned: success
      type: str
      sample: /home/ci/.ssh/id_ed25519_deploy-2026-05-01
    status:
      description:
        - One of V(pass), V(fail), V(waived), V(not_applicable), V(not_assessed), V(error).
      returned: success
      type: str
      sample: pass
    due:
      description: The day on which it fails if nobody acts.
      returned: when there is one
      type: str
      sample: "2028-04-30"
run_id:
  description: Names this run in the journal of the host; empty, since nothing is written.
  returned: success
  type: str
  sample: ""
packages:
  description: Always empty here.
  returned: success
  type: list
  elements: str
confirm:
  description:
    - Always V(0) here.
  returned: success
  type: int
  sample: 0
"""

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication.key_rotation import (
    CONTROL,
)
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
