#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: authorized_key_rotation
short_description: Rotate a key at the end where it opens an account
version_added: "1.0.0"
description:
  - Adds the new key beside the old one, with the very options that the old one has (O(state=present)), or removes the old one where the new
    one is there (O(state=absent)).
  - Which files admit the account is asked of every sshd that runs here (C(sshd -T -C)). Other lines stay byte by byte; the file keeps owner,
    mode, ACL and label, is written beside and renamed, and no link of its owner is followed.
options:
  account:
    description:
      - The account that the key opens.
    type: str
    required: true
  key:
    description:
      - The new public key as a C(.pub) file has it.
    type: str
    required: true
  replaces:
    description:
      - Fingerprints (C(SHA256:)) of the keys that it takes the place of.
    type: list
    elements: str
    required: true
  options:
    description:
      - Options of the new key, as a line has them. Those of the old key where it is left out.
    type: str
  state:
    description:
      - V(present) adds the new key; V(absent) removes those that it O(replaces).
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - infosec.principles._attributes
attributes:
  check_mode:
    description: Can run in C(check_mode) and return the predicted change without modifying the host.
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - Where no old key opens the account, nothing tells with which options a new one may, and the module fails.
  - Accounts that certificates or C(AuthorizedKeysCommand) open are not looked at.
seealso:
  - module: infosec.principles.machine_key
"""

EXAMPLES = r"""
- name: Admit the new key with the options of the old one
  infosec.principles.authorized_key_rotation:
    account: deploy
    key: "{{ deploy_key.new.line }}"
    replaces: "{{ deploy_key.old | map(attribute='fingerprint') }}"
"""

RETURN = r"""
files:
  description: The files that were changed.
  returned: success
  type: list
  elements: str
  sample: [/home/deploy/.ssh/authorized_keys]
"""

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infosec.principles.plugins.module_utils._engine.change import ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import WriteFile
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._rotation import authorized

SPEC: dict[str, dict[str, t.Any]] = {
    "account": {"type": "str", "required": True},
    "key": {"type": "str", "required": True, "no_log": False},
    "replaces": {"type": "list", "elements": "str", "required": True},
    "options": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def plan(host: Host, params: t.Mapping[str, t.Any]) -> list[WriteFile]:
    """The changes that are still to be made. Raises AuthorizedError."""
    found = authorized.files(host, params["account"])
    if params["state"] == "absent":
        return authorized.dismissed(found, params["key"], params["replaces"])
    return authorized.admitted(found, params["key"], params["replaces"], params["options"])


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    host = Host()
    try:
        changes = plan(host, module.params)
        for change in changes if not module.check_mode else ():
            change.apply(host, tag=f"rotation-{os.getpid()}")
    except (authorized.AuthorizedError, ChangeError) as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(
        changed=bool(changes),
        files=[change.path for change in changes],
        diff=[change.diff() for change in changes],
    )


if __name__ == "__main__":
    main()
