# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The rules that prove.yml judges by, and the findings that they make."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Rule

CONTROL, PRINCIPLE = "reachability", "lateral_movement"
_PRINCIPLE = "https://infosec.mozilla.org/fundamentals/security_principles#do-not-allow-lateral-movement"

REACHABLE_BUT_DENIED = Rule(
    name="reachable_but_denied",
    title="Nobody but the register's clients reaches it",
    risk="high",
    reference=_PRINCIPLE,
    remedy="Run harden.yml on this host, whose host_firewall shuts them out; or, if they need it, add them to the"
    " clients of its entry in the register, or write the entry.",
)
BLOCKED_BUT_ALLOWED = Rule(
    name="blocked_but_allowed",
    title="Every client of the register reaches it",
    risk="medium",
    reference=_PRINCIPLE,
    remedy="Start the service if nothing listens (listening_services.declared_but_absent says so too); else open the"
    " firewalls on the way, by harden.yml on this host; or strike the client out of the register.",
)


def finding(
    rule: Rule, subject: str, status: str, message: str, evidence: t.Sequence[t.Mapping[str, str]]
) -> dict[str, t.Any]:
    """A finding on the wire. evidence: source, found and expected of each."""
    return {
        "control": CONTROL,
        "principle": PRINCIPLE,
        "rule": f"{CONTROL}.{rule.name}",
        "title": rule.title,
        "subject": subject,
        "status": status,
        "status_before": status,
        "risk": rule.risk,
        "message": message,
        "note": "",
        "evidence": list(evidence),
        "remedy": rule.remedy,
        "reference": rule.reference,
        "fix": [],
        "diff": [],
    }
