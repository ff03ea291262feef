# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What a control says: rules, evidence and findings."""

from __future__ import annotations

import dataclasses
import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change

PASS = "pass"
FAIL = "fail"
FIXED = "fixed"
WAIVED = "waived"
NOT_APPLICABLE = "not_applicable"
NOT_ASSESSED = "not_assessed"
ERROR = "error"
STATUSES = (PASS, FAIL, FIXED, WAIVED, NOT_APPLICABLE, NOT_ASSESSED, ERROR)

# Mozilla's levels (guidelines/risk/standard_levels); their "unknown" is our not_assessed.
RISKS = ("low", "medium", "high", "maximum")


@dataclasses.dataclass(frozen=True)
class Rule:
    """One thing a control can find; its id is never reused and never renamed.

    name: the part of the id behind the control's name, such as "bind".
    title: the state that passes, in at most 100 characters.
    risk: one of RISKS. reference: URL of the page that the rule comes from.
    remedy: what a person does where there is no fix, or what the fix does.
    """

    name: str
    title: str
    risk: str
    reference: str
    remedy: str


@dataclasses.dataclass(frozen=True)
class Evidence:
    """Where a value was read, what it was and what was expected. Never a secret."""

    source: str
    found: str
    expected: str = ""


@dataclasses.dataclass(frozen=True)
class Fingerprint:
    """What the report joins across hosts: a digest of something that must be unique, or that opens something elsewhere.

    kind: what it is of, such as "host_key". value: the digest, never the thing. holder: whose it is on this host.
    """

    kind: str
    value: str
    holder: str


@dataclasses.dataclass(frozen=True)
class Component:
    """One library of an application, which the controller looks up in the advisories.

    purl: its package URL with the version, such as "pkg:pypi/django@4.2.1" (https://github.com/package-url/purl-spec).
    source: the file that tells. installed: it lies there, and is not only named in a lock file.
    """

    purl: str
    source: str
    installed: bool


@dataclasses.dataclass(frozen=True)
class Finding:
    """One rule's verdict on one subject of one host.

    Findings that share one fix (the very same tuple of changes) are fixed, and put back, together.
    """

    rule: Rule
    subject: str
    status: str
    message: str
    evidence: tuple[Evidence, ...] = ()
    fix: tuple[Change, ...] = ()
    #: What a person does about this very subject, where that says more than the rule's remedy.
    remedy: str = ""
    fingerprints: tuple[Fingerprint, ...] = ()
    components: tuple[Component, ...] = ()
    #: The day on which it fails if nobody acts (YYYY-MM-DD); "" where there is none.
    due: str = ""
    #: What was measured, such as a grade; where a fix changes it, the report shows both.
    measure: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same finding after a fix: the rule's name and the subject."""
        return (self.rule.name, self.subject)
