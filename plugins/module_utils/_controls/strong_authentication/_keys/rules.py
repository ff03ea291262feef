# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The rules of ssh_keys, and how findings of one rule are put together."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

OPENSSH = "https://infosec.mozilla.org/guidelines/openssh"
STRONG = "https://infosec.mozilla.org/fundamentals/security_principles#require-strong-authentication"
KEYS = "https://infosec.mozilla.org/guidelines/key_management"

WEAK = Rule(
    name="weak",
    title="Every key that opens an account is strong (no DSA, RSA of 3072 bits or more)",
    risk="high",
    reference=KEYS,
    remedy="Have its owner make a new key (ssh-keygen -t ed25519), add it, and let the weak one be removed.",
)
ECDSA = Rule(
    name="ecdsa",
    title="No key is of ECDSA, which gives itself away where a signature lacks randomness",
    risk="low",
    reference=OPENSSH,
    remedy="Let the next key of its owner be of ED25519 (ssh-keygen -t ed25519).",
)
DUPLICATES = Rule(
    name="duplicates",
    title="No key opens several accounts",
    risk="medium",
    reference=OPENSSH,
    remedy="Leave the key with the account of its owner, and let him become others by sudo, which says who did what.",
)
PERSON_ON_MACHINE = Rule(
    name="person_on_machine",
    title="No key of a person opens an account of a program",
    risk="medium",
    reference=STRONG,
    remedy="Remove the key from the program's account; give the program a key of its own, and the person an account.",
)
MACHINE_ON_PERSON = Rule(
    name="machine_on_person",
    title="No key of a program opens an account of a person, or root",
    risk="medium",
    reference=STRONG,
    remedy="Let the program log in to an account of its own (infosec_automation), with the rights that it needs.",
)
UNRESTRICTED = Rule(
    name="unrestricted",
    title="Every key of a program says where it may come from",
    risk="low",
    reference=OPENSSH,
    remedy='Put from="ADDRESSES" before the key, and restrict or command="..." where the program needs no more.',
)
UNUSED = Rule(
    name="unused",
    title="Every key was used of late",
    risk="medium",
    reference="https://infosec.mozilla.org/fundamentals/security_principles#do-not-grant-or-retain-permissions-if-no-longer-needed",
    remedy="Ask its owner, and remove the line from the file that the evidence names.",
)
REVOKED = Rule(
    name="revoked",
    title="No key that was revoked is still authorized",
    risk="high",
    reference=KEYS,
    remedy="Let the line be removed from the file that the evidence names.",
)
REVOCATION = Rule(
    name="revocation",
    title="sshd refuses every key and certificate that was revoked",
    risk="high",
    reference=KEYS,
    remedy="Let the list be written and named to sshd (RevokedKeys).",
)
MODES = Rule(
    name="modes",
    title="Only its owner can write to what opens an account, or read a private key in .ssh",
    risk="high",
    reference=OPENSSH,
    remedy="Take the rights from group and others (chmod go-w; chmod 0600 for a private key).",
)
#: Those about the keys that are authorized.
OF_KEYS = (WEAK, ECDSA, DUPLICATES, PERSON_ON_MACHINE, MACHINE_ON_PERSON, UNRESTRICTED, UNUSED, REVOKED)
RULES = (*OF_KEYS, REVOCATION, MODES)
FILES, SSHD = "authorized_keys files", "sshd"
#: Findings of one rule, and lines of evidence, that a host sends at most.
MAX_FINDINGS, MAX_EVIDENCE = 200, 20


def all_of(rule: Rule, found: t.Sequence[Finding], unseen: t.Sequence[str], passing: Finding) -> t.Iterator[Finding]:
    """The findings of a rule; then what was not seen, or (where there is none) that all is well."""
    yield from found[:MAX_FINDINGS]
    more = len(found) - MAX_FINDINGS
    problems = (*unseen, *([f"{more} more of them are not listed"] if more > 0 else []))
    if problems:
        yield not_all(rule, passing.subject, problems)
    elif not found:
        yield passing


def not_all(rule: Rule, subject: str, problems: t.Sequence[str]) -> Finding:
    """That something was not looked at, and why."""
    told = [printable(problem) for problem in problems[:MAX_EVIDENCE]]
    rest = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    evidence = tuple(Evidence(*(one.split(": ", 1) if ": " in one else (subject, one))) for one in told)
    return Finding(rule, subject, f.NOT_ASSESSED, f"not all was looked at: {told[0]}{rest}", evidence)
