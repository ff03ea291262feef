#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vault_secrets
short_description: Encrypt the secrets of a project in their places
version_added: "1.0.0"
description:
  - Encrypts each value that M(infosec.principles.vaulted_variables) finds in plain, in its place, as C(!vault |). All other bytes of the file
    stay, comments, quotes, indents and line ends among them.
  - Before a file is replaced, in one step, it is proved that nothing but these values differs, that each opens with the password and says
    what it did, and that another parser (ruamel.yaml) reads the same from the file as before.
  - What cannot be encrypted in its place is left, and named in RV(by_hand) with the reason. Those are numbers, since Ansible Vault makes text of
    them, values within braces (and so JSON), in INI inventories, with an anchor or a tag, parts of templates, of commands and of comments,
    and files that a role deploys.
  - The former files are kept below O(backup), each encrypted with the same password, so that no plain copy is left. C(ansible-vault view)
    opens them.
  - A secret that was in plain is in the versions of git still. Replace it where it was given to anybody.
options:
  path:
    description:
      - The folder of the project, as in M(infosec.principles.vaulted_variables).
    type: path
    required: true
  password_file:
    description:
      - File with the password, or a program that prints it, as with C(--vault-password-file).
      - A file is left as it is where it has a value already, without a vault id or with O(vault_id), that this password does not open.
    type: path
    required: true
  vault_id:
    description:
      - The vault id that the values get; none where it is empty.
    type: str
    default: ""
  exclude:
    description:
      - Patterns of names below O(path) that are left alone.
    type: list
    elements: str
    default: []
  backup:
    description:
      - The folder for the former files; each run has a folder of its own in it, and only the user can enter it.
    type: path
    default: ~/.ansible/infosec_principles_vault
requirements:
  - detect-secrets and ruamel.yaml on the controller
extends_documentation_fragment:
  - infosec.principles._attributes
attributes:
  check_mode:
    description: Can run in C(check_mode) and name the values that it would encrypt, after proving that it can.
  diff_mode:
    description: Shows the names of the values, and never what they say.
  platform:
    details:
      - It acts on the controller, whatever the host of the task is.
author:
  - The infosec.principles authors (@infosec-principles)
seealso:
  - module: infosec.principles.vaulted_variables
  - module: infosec.principles.rekey_vault
"""

EXAMPLES = r"""
- name: Encrypt what is in plain
  infosec.principles.vault_secrets:
    path: "{{ playbook_dir }}"
    password_file: ~/.vault-password
"""

RETURN = r"""
files:
  description: The files that were changed, or would be, below O(path).
  returned: success
  type: list
  elements: str
  sample: [group_vars/all.yml]
encrypted:
  description: The values that were encrypted, or would be.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file, below O(path).
      returned: always
      type: str
      sample: group_vars/all.yml
    line:
      description: The line of the value, as it was.
      returned: always
      type: int
      sample: 12
    variable:
      description: The variable.
      returned: always
      type: str
      sample: users[ann].password
by_hand:
  description: Secrets, and files that could not be read, that are left; each as in RV(encrypted) and with C(why).
  returned: success
  type: list
  elements: dict
  sample:
    - path: group_vars/all.yml
      line: 14
      variable: door_pin
      why: it is a number, and Ansible Vault makes text of it; quote it first if text will do
backup:
  description: The folder with the former files; empty where nothing was changed.
  returned: success
  type: str
  sample: /home/ann/.ansible/infosec_principles_vault/2026-01-31T120000.000000Z
"""

from ansible.module_utils.basic import AnsibleModule

SPEC = {
    "path": {"type": "path", "required": True},
    "password_file": {"type": "path", "required": True, "no_log": False},
    "vault_id": {"type": "str", "default": ""},
    "exclude": {"type": "list", "elements": "str", "default": []},
    "backup": {"type": "path", "default": "~/.ansible/infosec_principles_vault"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    module.fail_json(
        msg="the action plugin infosec.principles.vault_secrets does this on the controller; it is missing"
    )


if __name__ == "__main__":
    main()
