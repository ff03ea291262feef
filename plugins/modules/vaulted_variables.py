#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vaulted_variables
short_description: Find secrets of a project that Ansible Vault does not protect
version_added: "1.0.0"
description:
  - Looks through the files of an Ansible project on the controller - inventories, C(group_vars), C(host_vars), roles and playbooks.
    No host is asked.
  - C(vaulted_variables.plain_secret) fails for each value in plain that is a secret. It is one by the name of its variable, by one of the
    patterns of detect-secrets (keys of clouds, tokens of services, private keys, passwords in URLs, webhooks), or since nobody but a
    machine writes such a value. Texts are looked through for C(--password=...), and comments and the files of roles for what
    detect-secrets knows.
  - No plain secrets are values that are encrypted already, templates, references, placeholders, empty values, paths, public keys, checksums,
    and salted hashes that take long to try (SHA-512, bcrypt, yescrypt, Argon2, PBKDF2). A hash that is tried fast is one (MD5, SHA-1, what
    PostgreSQL and MySQL keep of old).
  - C(vaulted_variables.printed_secret) fails for each task without C(no_log) that uses a secret where Ansible prints it, in what a module is
    given or in a loop. An option that is itself named like a secret is taken for protected by its module, except in modules that print
    whatever they are given, such as M(ansible.builtin.debug), M(ansible.builtin.set_fact) and M(ansible.builtin.command).
  - C(vaulted_variables.password_file) fails for each file with a password of Ansible Vault that others can read, that git has, or that git
    would take. These files are those that Ansible was told of, those that C(ansible.cfg) of the project names, and those that are called so.
  - A finding names the file, the line, the variable and the kind of secret. Neither the value nor a digest of it leaves the module.
  - M(infosec.principles.vault_secrets) encrypts what was found.
options:
  path:
    description:
      - The folder of the project; by default that in which Ansible was started.
      - The files in it, its usual folders, and the inventories of the run with the variables beside them are looked through.
      - Links are not followed; virtual environments and what C(ansible-galaxy) installs are left out.
    type: path
  exclude:
    description:
      - Patterns of names below O(path) that are left alone, such as V(roles/*/molecule/*).
    type: list
    elements: str
    default: []
  waivers:
    description:
      - Findings that somebody has accepted. They stay in the report with status V(waived) and do not fail the task.
      - Each needs a C(match) (a JMESPath expression over the finding), C(why), C(owner) and C(expires).
    type: list
    elements: dict
    default: []
  fail_on:
    description:
      - The task fails when a finding of this risk or above is left.
      - With V(none) a finding never fails the task.
    type: str
    choices: [none, low, medium, high, maximum]
    default: none
requirements:
  - detect-secrets on the controller; without it the first two rules are V(not_assessed)
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what it would return without.
    support: full
  diff_mode:
    description: Returns what has changed, when in C(diff) mode.
    support: N/A
    details:
      - It changes nothing.
  idempotent:
    description: A second run changes nothing.
    support: full
    details:
      - It changes nothing.
  platform:
    description: The operating systems that it works on.
    platforms: any, since nothing runs on the host
    support: full
author:
  - The infosec.principles authors (@infosec-principles)
seealso:
  - module: infosec.principles.vault_secrets
  - module: infosec.principles.rekey_vault
"""

EXAMPLES = r"""
- name: Fail where a secret is in plain
  infosec.principles.vaulted_variables:
    path: "{{ playbook_dir }}"
    fail_on: high
"""

RETURN = r"""
findings:
  description:
    - One finding for each secret, task and file with a password. See M(infosec.principles.harden) for their form.
    - The compliance report has them under the host C(controller).
  returned: always
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule

SPEC = {
    "path": {"type": "path"},
    "exclude": {"type": "list", "elements": "str", "default": []},
    "waivers": {"type": "list", "elements": "dict", "default": []},
    "fail_on": {"type": "str", "choices": ["none", "low", "medium", "high", "maximum"], "default": "none"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    module.fail_json(
        msg="the action plugin infosec.principles.vaulted_variables does this on the controller; it is missing"
    )


if __name__ == "__main__":
    main()
