#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rekey_vault
short_description: Give the Ansible Vault values of a project a new password
version_added: "1.0.0"
description:
  - Encrypts every value below O(path) that has the old password anew with the new one, files that are encrypted as a whole and inline
    values (C(!vault)). All other bytes stay, indents, line ends and comments among them.
  - Nothing is written before every value was opened. Each file is proved before it takes its place in one step, and all are proved once more
    at the end. They say the same as before, and nothing else differs.
  - A run that was cut off leaves whole files, some with the old password and some with the new one; the next run does the rest.
  - The former bytes are kept in C(.rekey-backup) below O(path), which git ignores. They still open with the old password, so remove the
    folder when all is well, and replace the values themselves where the old password has leaked. Versions in git keep the old one too.
options:
  path:
    description:
      - The folder of the project.
    type: path
    required: true
  old_password_file:
    description:
      - File with the old password, or a program that prints it, as with C(--vault-password-file).
    type: path
    required: true
  new_password_file:
    description:
      - File with the new password, or a program that prints it.
    type: path
    required: true
  vault_id:
    description:
      - Only values with this vault id are meant; all where it is empty. Values keep their id.
    type: str
    default: ""
  exclude:
    description:
      - Patterns of names below O(path) that are left alone, such as V(docs/*), where an example has a value in it.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - infosec.principles._attributes
attributes:
  check_mode:
    description: Can run in C(check_mode) and name the files that would change, after opening every value.
  diff_mode:
    support: none
  platform:
    details:
      - It acts on the controller, whatever the host of the task is.
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - Links are not followed. C(.git), virtual environments, C(node_modules) and C(.collections) are left out.
  - Values in another form, such as one line of JSON, are a fault that names the file, so that none is forgotten.
"""

EXAMPLES = r"""
- name: Give the project a new vault password
  infosec.principles.rekey_vault:
    path: "{{ playbook_dir }}"
    old_password_file: ~/.vault-old
    new_password_file: ~/.vault-new
"""

RETURN = r"""
files:
  description: The files that were changed, or would be, below O(path).
  returned: success
  type: list
  elements: str
  sample: [group_vars/all/vault.yml]
values:
  description: How many values there are, those with the new password among them.
  returned: success
  type: int
  sample: 12
backup:
  description: The folder with the former files; empty where nothing was changed.
  returned: success
  type: str
  sample: /srv/ansible/.rekey-backup
"""

from ansible.module_utils.basic import AnsibleModule

SPEC = {
    "path": {"type": "path", "required": True},
    "old_password_file": {"type": "path", "required": True, "no_log": False},
    "new_password_file": {"type": "path", "required": True, "no_log": False},
    "vault_id": {"type": "str", "default": ""},
    "exclude": {"type": "list", "elements": "str", "default": []},
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    module.fail_json(msg="the action plugin infosec.principles.rekey_vault does this on the controller; it is missing")


if __name__ == "__main__":
    main()
