# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The rules of the report itself: about hosts that the run lost, about its waivers, and about what hosts share."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Rule
from ansible_collections.infosec.principles.plugins.plugin_utils._report.model import RUN, Record, finding

# Mozilla's page on levels: what is unknown is to be treated as a risk, and a residual risk is accepted by an owner.
_LEVELS = "https://infosec.mozilla.org/guidelines/risk/standard_levels"
_MOVEMENT = "https://infosec.mozilla.org/fundamentals/security_principles#do-not-allow-lateral-movement"
# machine-id(5): an image that is copied must not carry one.
_MACHINE_ID = "https://www.freedesktop.org/software/systemd/man/latest/machine-id.html"


@dataclasses.dataclass(frozen=True)
class RunRule:
    """A rule that the report itself checks. control: the part of the rule's id before the point."""

    control: str
    rule: Rule
    principle: str = RUN

    @property
    def id(self) -> str:
        """The rule's id, such as ``run.failed``."""
        return f"{self.control}.{self.rule.name}"

    def record(self, subject: str, status: str, message: str, evidence: t.Sequence[tuple[str, str]] = ()) -> Record:
        """A finding of this rule. evidence: pairs of a source and what was found there."""
        return finding(
            {
                "control": self.control,
                "principle": self.principle,
                "rule": self.id,
                "title": self.rule.title,
                "subject": subject,
                "status": status,
                "risk": self.rule.risk,
                "message": message,
                "evidence": [{"source": source, "found": found, "expected": ""} for source, found in evidence],
                "remedy": self.rule.remedy,
                "reference": self.rule.reference,
            }
        )


UNREACHABLE = RunRule(
    "run",
    Rule(
        name="unreachable",
        title="Ansible can reach the host",
        risk="high",
        reference=_LEVELS,
        remedy="Make the host reachable and run again: nothing is known about it.",
    ),
)
FAILED = RunRule(
    "run",
    Rule(
        name="failed",
        title="The controls run to their end on the host",
        risk="high",
        reference=_LEVELS,
        remedy="Remove the cause that the task names and run again: nothing is known about the rest of this host.",
    ),
)
NOT_REACHED = RunRule(
    "run",
    Rule(
        name="not_reached",
        title="The run comes as far as the host",
        risk="high",
        reference=_LEVELS,
        remedy="Put right what stopped the run on other hosts and run again: nothing is known about this one.",
    ),
)
EXPIRED = RunRule(
    "waiver",
    Rule(
        name="expired",
        title="No waiver is older than its last day",
        risk="low",
        reference=_LEVELS,
        remedy="Put right what it accepted and remove the waiver, or have its owner decide again and set a new day.",
    ),
)
UNUSED = RunRule(
    "waiver",
    Rule(
        name="unused",
        title="Every waiver waives something",
        risk="low",
        reference=_LEVELS,
        remedy="Remove the waiver if what it accepted is gone; else correct its match.",
    ),
)


def _pivoting(rule: Rule) -> RunRule:
    return RunRule("ssh_pivoting", rule, "lateral_movement")


KEY_OPENS_ACCOUNT = _pivoting(
    Rule(
        name="key_opens_account",
        title="No private key that lies on a host opens another account of the fleet",
        risk="high",
        reference=_MOVEMENT,
        remedy="Remove the private key, or the public key from the accounts that the evidence names; where a person "
        "must go on from here, ProxyJump keeps the key with the person.",
    )
)
OTHER_ACCOUNT = RunRule(
    "ssh_keys",
    Rule(
        name="other_account",
        title="No key opens one person's account here and another's there",
        risk="medium",
        reference="https://infosec.mozilla.org/guidelines/openssh",
        remedy="Leave the key with the accounts of its owner, and let him become others by sudo; give each program a "
        "key of its own.",
    ),
    "strong_authentication",
)
SHARED_HOST_KEY = _pivoting(
    Rule(
        name="shared_host_key",
        title="No two hosts have the same SSH host key",
        risk="high",
        reference=_MOVEMENT,
        remedy="Make new host keys on all of these hosts (remove ssh_host_*_key*, run ssh-keygen -A, restart sshd) and "
        "in the image that they were made from; then renew known_hosts.",
    )
)
SHARED_MACHINE_ID = _pivoting(
    Rule(
        name="shared_machine_id",
        title="No two hosts have the same machine-id",
        risk="medium",
        reference=_MACHINE_ID,
        remedy="Empty /etc/machine-id on all but one of these hosts, run systemd-machine-id-setup and reboot; empty it "
        "in the image that they were made from.",
    )
)
SHARED_API_KEY = RunRule(
    "device_api_keys",
    Rule(
        name="shared_key",
        title="No two hosts have the same key to an API",
        risk="medium",
        reference="https://infosec.mozilla.org/fundamentals/security_principles#require-strong-authentication",
        remedy="Make a key of its own for each host that needs one, and revoke this one: it can be taken from any of "
        "them, and nobody could tell from which.",
    ),
    "strong_authentication",
)
