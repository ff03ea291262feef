#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ssh_login_info
short_description: Prove that a key opens accounts on other hosts
version_added: "1.0.0"
description:
  - Logs in to each target over a connection of its own, offers the key without an agent, and returns for each why it did not get in.
  - Nothing runs there. The login ends as soon as it is through (C(ssh -N)), so that a forced command is not called. What got in must be this
    very key by its fingerprint; another one that the configuration of ssh names is no proof.
  - Host keys have to be known, and nobody is asked for anything.
options:
  account:
    description:
      - The account that logs in from here, whose configuration and known hosts count; the one that runs this where it is empty.
    type: str
    default: ""
  key:
    description:
      - Path of the private key; what does not begin with C(/) is below the home of O(account).
    type: str
    required: true
  fingerprint:
    description:
      - Fingerprint (C(SHA256:)) of the key.
    type: str
    required: true
  targets:
    description:
      - Where to log in.
    type: list
    elements: dict
    required: true
    suboptions:
      host:
        description: What the target is called in the result.
        type: str
        required: true
      address:
        description: What ssh is given.
        type: str
        required: true
      account:
        description: The account to log in to.
        type: str
        required: true
      port:
        description: The port; that of ssh's configuration where it is V(0).
        type: int
        default: 0
      arguments:
        description: More arguments for ssh.
        type: list
        elements: str
        default: []
  seconds:
    description:
      - How long one login may take.
    type: int
    default: 15
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._attributes.info_module
author:
  - The infosec.principles authors (@infosec-principles)
seealso:
  - module: infosec.principles.machine_key
"""

EXAMPLES = r"""
- name: Does the new key open the web servers?
  infosec.principles.ssh_login_info:
    account: ci
    key: "{{ deploy_key.new.path }}"
    fingerprint: "{{ deploy_key.new.fingerprint }}"
    targets:
      - {host: web1, address: 192.0.2.11, account: deploy}
"""

RETURN = r"""
logins:
  description: For each target why the key did not get in; empty where it did.
  returned: success
  type: dict
  sample: {"web1": "", "web2": "deploy@192.0.2.12: Permission denied (publickey)."}
"""

import concurrent.futures
import pwd
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infosec.principles.plugins.module_utils._rotation import logins, machine_keys
from ansible_collections.infosec.principles.plugins.module_utils._rotation.rights import RotationError, acting_as

TARGET: dict[str, dict[str, t.Any]] = {
    "host": {"type": "str", "required": True},
    "address": {"type": "str", "required": True},
    "account": {"type": "str", "required": True},
    "port": {"type": "int", "default": 0},
    "arguments": {"type": "list", "elements": "str", "default": []},
}
SPEC: dict[str, dict[str, t.Any]] = {
    "account": {"type": "str", "default": ""},
    "key": {"type": "str", "required": True, "no_log": False},
    "fingerprint": {"type": "str", "required": True},
    "targets": {"type": "list", "elements": "dict", "required": True, "options": TARGET},
    "seconds": {"type": "int", "default": 15},
}
#: More at a time would be turned away by one sshd (MaxStartups 10).
AT_ONCE = 8


def log_in(params: t.Mapping[str, t.Any], path: str) -> dict[str, str]:
    """What became of each login."""
    targets = [logins.Target(**{**one, "arguments": tuple(one["arguments"])}) for one in params["targets"]]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        said = pool.map(lambda one: logins.log_in(one, path, params["fingerprint"], params["seconds"]), targets)
        return dict(zip((one.host for one in targets), said))


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    params = module.params

    def work(account: pwd.struct_passwd) -> dict[str, str]:
        return log_in(params, machine_keys.locate(account, params["key"]))

    try:
        module.exit_json(logins=acting_as(params["account"], work))
    except RotationError as exc:
        module.fail_json(msg=str(exc))


if __name__ == "__main__":
    main()
