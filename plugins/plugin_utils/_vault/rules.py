# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The rules by which the controller judges the project that it runs from."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Rule
from ansible_collections.infosec.principles.plugins.plugin_utils._report.rules import RunRule

CONTROL, PRINCIPLE = "vaulted_variables", "data_protection"
_DATA = "https://infosec.mozilla.org/fundamentals/security_principles#guarantee-data-integrity-and-confidentiality"
_KEYS = "https://infosec.mozilla.org/guidelines/key_management"
_NO_LOG = (
    "https://docs.ansible.com/ansible/latest/reference_appendices/logging.html#protecting-sensitive-data-with-no-log"
)

PLAIN_SECRET = RunRule(
    CONTROL,
    Rule(
        name="plain_secret",
        title="Secrets in inventory, variables, roles and playbooks are encrypted with Ansible Vault",
        risk="high",
        reference=_KEYS,
        remedy="Run vault_secrets.yml, which encrypts the value in its place. Then replace the secret itself: the"
        " versions in git still have it.",
    ),
    PRINCIPLE,
)
PRINTED_SECRET = RunRule(
    CONTROL,
    Rule(
        name="printed_secret",
        title="Tasks that use a secret do not print it",
        risk="medium",
        reference=_NO_LOG,
        remedy="Give the task `no_log: true`, or hand the secret over in an option that is not printed.",
    ),
    PRINCIPLE,
)
PASSWORD_FILE = RunRule(
    CONTROL,
    Rule(
        name="password_file",
        title="Passwords of Ansible Vault are readable by their owner alone and not in git",
        risk="high",
        reference=_DATA,
        remedy="Keep the password outside of the repository with mode 0600, or use a program that prints it; where it"
        " was in git, give the project a new one with rekey_vault.yml.",
    ),
    PRINCIPLE,
)
RULES = (PLAIN_SECRET, PRINTED_SECRET, PASSWORD_FILE)


def finding(
    rule: RunRule, subject: str, status: str, message: str, evidence: t.Sequence[tuple[str, str]] = (), remedy: str = ""
) -> dict[str, t.Any]:
    """A finding on the wire. evidence: where, and what kind of thing is there; never the thing."""
    record = rule.record(subject, status, message, evidence)
    return {**record, "remedy": remedy or rule.rule.remedy}
