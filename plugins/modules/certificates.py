#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificates
short_description: See that certificates hold for those who ask, are renewed in time, and that their keys are kept
version_added: "1.0.0"
description:
  - Judges every certificate that a server of this host shows on the wire, for each name that its clients know, and where a server shows
    none, those that its configuration names. How old keys are, and certificates that only lie there, M(infosec.principles.key_rotation) judges.
  - Rule C(expiry) fails O(renew_days) before a certificate ends, and for one that lives for a short time when a third of it is left.
    RV(findings[].due) is that day.
  - Rule C(lifespan) fails where it is valid for longer than the profile of Mozilla's guideline allows (366 days, or 90 in the modern one), or, of
    a public authority, longer than those may make them (200 days since 2026-03-15, 100 since 2027-03-15, 47 since 2029-03-15).
  - Rule C(key) fails for a key of a kind or size that the profile does not have, rule C(signature) where it, or one between it and the root, is
    signed by MD5 or SHA-1, or it is signed by an algorithm that the profile does not have.
  - Rule C(chain) fails for a self-signed certificate, for a chain that C(openssl s_client) does not verify as a client of this host, up to an
    authority of the system or of C(ca.pem) in O(certificate_folder), and for one that is out of order.
  - Rule C(names) fails where a certificate is not for a name of the register or of the server's configuration. Where there is none it has to be
    for this host, by its name, its address, or a name that leads here. A name that leads to another machine, such as a load balancer, is
    RV(findings[].status=not_assessed) until the register has it.
  - Rule C(key_mode) fails where others than its owner and its group can read a key, or others than its owner write it.
  - Rule C(reload_pending) fails where the file has another certificate than the wire, as after a renewal without a reload.
  - Rule C(stapling) fails where a certificate names a responder of OCSP and the server does not send its answer along. There is no such finding
    for the many that name none any more.
  - The fix of C(key_mode) takes rights away from others, where the service is seen to read the key by its owner or group. The fix of
    C(reload_pending) reloads nginx, Apache, HAProxy, PostgreSQL, Postfix and Dovecot, and sees that they answer. All others are steps for a person, or
    C(internal_ca.yml).
options:
  profile:
    description: The profile that a certificate is judged by where no entry of the register names one.
    type: str
    choices: [intermediate, modern]
    default: intermediate
  renew_days:
    description:
      - How many days before its end a certificate fails. Usual tools renew 30 days before it, so that nothing has renewed it by then.
    type: int
    default: 21
  certificate_folder:
    description: Where the playbook C(infosec.principles.internal_ca) deploys certificates, and C(ca.pem).
    type: str
    default: /etc/ssl/infosec
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
  - infosec.principles._control.services
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - A certificate is verified without regard to its days, which C(expiry) judges.
  - Needs C(openssl) on the host for C(chain) and C(stapling), which are RV(findings[].status=not_assessed) without it, and root.
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.key_rotation
  - module: infosec.principles.service_tls
  - name: Mozilla's guideline for TLS
    description: Where the profiles come from.
    link: https://wiki.mozilla.org/Security/Server_Side_TLS
"""

EXAMPLES = r"""
- name: Which certificates are due when?
  infosec.principles.certificates:
    enforce: false

- name: Hold the shop's certificate to its name
  infosec.principles.certificates:
    services:
      - name: shop
        ports:
          - first: 443
            last: 443
            protocol: tcp
        clients:
          - any
        tls: modern
        names:
          - shop.example.org
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
      sample: certificates.expiry
    subject:
      description:
        - The file of a certificate, the unit and port (and name) that shows it where the file is not known, or C(host) where there is none.
      returned: success
      type: str
      sample: /etc/letsencrypt/live/shop/fullchain.pem
    status:
      description:
        - One of V(pass), V(fail), V(fixed), V(waived), V(not_applicable), V(not_assessed), V(error).
      returned: success
      type: str
      sample: pass
    due:
      description: The day on which C(expiry) fails if nobody acts.
      returned: when there is one
      type: str
      sample: "2027-02-06"
run_id:
  description: Names this run in the journal of the host; empty where nothing was written.
  returned: success
  type: str
  sample: 20261124T130744.123456Z-1f09ab
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection.certificates import (
    CONTROL,
)
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    """Run the one control."""
    run_module(CONTROL)


if __name__ == "__main__":
    main()
