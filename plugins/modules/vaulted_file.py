#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vaulted_file
short_description: Keep a secret on the controller, encrypted by Ansible Vault
version_added: "1.0.0"
description:
  - Writes O(content) to a file of the controller, encrypted with the run's own vault password, and reads back that it says the same.
  - The secret is never on disk in clear, not for a moment either. Where the run has no vault password, it fails and writes nothing.
  - What such a file says is read with P(ansible.builtin.file#lookup).
options:
  path:
    description:
      - The file. Its folder is made for the user who runs Ansible alone.
    type: path
    required: true
  content:
    description:
      - The secret.
    type: str
    required: true
  vault_id:
    description:
      - With the password of which vault id; the first of the run where it is empty.
    type: str
    default: ""
extends_documentation_fragment:
  - infosec.principles._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
  platform:
    details:
      - It acts on the controller, whatever the host of the task is.
    platforms: all
    support: full
author:
  - The infosec.principles authors (@infosec-principles)
seealso:
  - module: infosec.principles.rekey_vault
"""

EXAMPLES = r"""
- name: Keep the key of an authority
  infosec.principles.vaulted_file:
    path: internal_ca/2026-11-29.key
    content: "{{ made.privatekey }}"
  no_log: true
"""

RETURN = r""" # """

from ansible.module_utils.basic import AnsibleModule

SPEC = {
    "path": {"type": "path", "required": True},
    "content": {"type": "str", "required": True, "no_log": True},
    "vault_id": {"type": "str", "default": ""},
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    module.fail_json(msg="the action plugin infosec.principles.vaulted_file does this on the controller; it is missing")


if __name__ == "__main__":
    main()
