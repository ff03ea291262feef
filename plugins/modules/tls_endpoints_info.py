#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tls_endpoints_info
short_description: Ask from the controller what every endpoint that owes TLS offers
version_added: "1.0.0"
description:
  - Asks each TCP port of each entry of the register that owes TLS, on each of its hosts, with B(sslyze) from the controller, and holds what it
    offers against the profile of Mozilla's guideline. C(prove.yml) does so once for all hosts.
  - Rule C(offered) fails for a port that speaks no TLS and does not only send clients on to https, rule C(profile) for one that offers a
    version, cipher or group that the profile does not have, and rule C(certificate) for a certificate that has ended, is not for the names of
    the entry, or is of no authority that is trusted.
  - Without sslyze, and where a port cannot be reached from the controller, the findings are C(not_assessed) and say why.
options:
  plan:
    description:
      - A plan as P(infosec.principles.plan_reachability#filter) returned it.
    type: str
    required: true
  register:
    description:
      - The register as P(infosec.principles.resolve_register#filter) returned it.
    type: list
    elements: dict
    required: true
  profile:
    description:
      - The profile of entries that name none.
    type: str
    choices: [intermediate, modern]
    default: intermediate
  authorities:
    description:
      - The folder of C(internal_ca.yml) on the controller, whose authorities are trusted besides the public ones. It need not be there.
    type: path
  timeout:
    description:
      - Seconds for each answer.
    type: int
    default: 5
  time_limit:
    description:
      - Seconds for all endpoints. What was not asked by then is C(not_assessed).
    type: int
    default: 600
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._attributes.info_module
attributes:
  platform:
    details:
      - It acts on the controller, whatever the host of the task is.
    platforms: all
    support: full
requirements:
  - sslyze 6 on the controller
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - TLS begins by STARTTLS at ports 21, 25, 110, 143, 389, 587 and 5432. sslyze does not know how it begins in MySQL's protocol (3306) and in
    ManageSieve (4190); M(infosec.principles.service_tls) asks those on the host.
  - sslyze knows no post-quantum group, so that C(X25519MLKEM768) is neither seen nor missed.
seealso:
  - module: infosec.principles.reachability
  - module: infosec.principles.service_tls
  - module: infosec.principles.certificates
"""

EXAMPLES = r"""
- name: Ask what TLS endpoints offer, once for all
  infosec.principles.tls_endpoints_info:
    plan: "{{ plan }}"
    register: "{{ resolved }}"
  register: endpoints
  run_once: true
"""

RETURN = r"""
by_host:
  description: Findings by the name of the host that was asked, as M(infosec.principles.reachability) takes them.
  returned: success
  type: dict
asked:
  description: How many endpoints were asked.
  returned: success
  type: int
  sample: 12
"""

from ansible.module_utils.basic import AnsibleModule

SPEC = {
    "plan": {"type": "str", "required": True},
    "register": {"type": "list", "elements": "dict", "required": True},
    "profile": {"type": "str", "choices": ["intermediate", "modern"], "default": "intermediate"},
    "authorities": {"type": "path"},
    "timeout": {"type": "int", "default": 5},
    "time_limit": {"type": "int", "default": 600},
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    module.fail_json(
        msg="the action plugin infosec.principles.tls_endpoints_info does this on the controller; it is missing"
    )


if __name__ == "__main__":
    main()
