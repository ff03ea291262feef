# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The rule by which the controller judges the libraries that the control dependency_vulnerabilities found."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Rule

CONTROL, PRINCIPLE = "dependency_vulnerabilities", "patching"
#: What the host says: one finding an application, with its libraries.
INVENTORY = f"{CONTROL}.inventory"

VULNERABLE = Rule(
    name="vulnerable",
    title="No library of an application has a known vulnerability",
    risk="high",
    reference="https://infosec.mozilla.org/fundamentals/security_principles#patch-systems",
    remedy="Upgrade the library to the version that the finding names and deploy the application anew.",
)


def finding(
    subject: str,
    status: str,
    message: str,
    *,
    evidence: t.Sequence[t.Mapping[str, str]] = (),
    risk: str = VULNERABLE.risk,
    remedy: str = VULNERABLE.remedy,
    vulnerabilities: t.Sequence[t.Mapping[str, str]] = (),
) -> dict[str, t.Any]:
    """A finding on the wire. vulnerabilities: one for each vulnerability and package URL, for machines to read."""
    return {
        "control": CONTROL,
        "principle": PRINCIPLE,
        "rule": f"{CONTROL}.{VULNERABLE.name}",
        "title": VULNERABLE.title,
        "subject": subject,
        "status": status,
        "status_before": status,
        "risk": risk,
        "message": message,
        "note": "",
        "evidence": list(evidence),
        "remedy": remedy,
        "reference": VULNERABLE.reference,
        "fix": [],
        "diff": [],
        **({"vulnerabilities": list(vulnerabilities)} if vulnerabilities else {}),
    }
