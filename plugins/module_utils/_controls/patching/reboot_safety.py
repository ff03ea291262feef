# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""reboot_safety: the host can be switched off and on, and nobody notices afterwards."""

from __future__ import annotations

import dataclasses
import fnmatch
import types
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot import (
    boot,
    clock,
    containers,
    filesystems,
    firewall,
    jobs,
    listeners,
    network,
    redundancy,
    sysctl,
    units,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot.rules import rule
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, NeedsRoot

NAME = "reboot_safety"
#: Each has RULES, OPTIONS and assess(host, options).
PARTS: tuple[types.ModuleType, ...] = (
    *(units, listeners, containers, filesystems, sysctl, firewall, network),
    *(boot, clock, jobs, redundancy),
)
VERDICT = rule(
    "verdict",
    "The host comes back from a boot as it is now",
    "high",
    "Put right what the verdict names, one finding at a time; then look again.",
)
RULES = (*(one for part in PARTS for one in part.RULES), VERDICT)
OPTIONS: dict[str, dict[str, t.Any]] = {
    "expected_gone": {"type": "list", "elements": "str", "default": []},
    **{name: option for part in PARTS for name, option in part.OPTIONS.items()},
}
HOST = "host"
#: So many subjects of a rule are named in the verdict's sentence.
MANY = 8
#: Rules that are said beside the verdict: what they find is the same before a boot and after it.
BESIDE = frozenset({"jobs", "masked", "redundancy"})


def assess(host: Host, options: Options) -> t.Iterator[f.Finding]:
    """What each part finds, then the verdict on all of it."""
    found: list[f.Finding] = []
    for part in PARTS:
        for finding in _part(host, part, options):
            found.append(_unless_expected(finding, options["expected_gone"]))
            yield found[-1]
    yield verdict(found)


def _part(host: Host, part: types.ModuleType, options: Options) -> t.Iterator[f.Finding]:
    """A part that root alone can look at is not assessed; the others go on."""
    judged = set()
    try:
        for finding in part.assess(host, options):
            judged.add(finding.rule)
            yield finding
    except NeedsRoot as exc:
        yield from (f.Finding(one, NAME, f.NOT_ASSESSED, str(exc)) for one in part.RULES if one not in judged)


def _unless_expected(finding: f.Finding, patterns: t.Iterable[str]) -> f.Finding:
    """What is meant to be gone after a boot is no fault."""
    if finding.status != f.FAIL or not any(fnmatch.fnmatchcase(finding.subject, pattern) for pattern in patterns):
        return finding
    message = f"{finding.message}; it is not meant to come back (expected_gone)"
    return dataclasses.replace(finding, status=f.NOT_APPLICABLE, message=message, fix=(), remedy="")


def verdict(found: t.Sequence[f.Finding]) -> f.Finding:
    """Yes or no. What could not be looked at makes neither."""
    decisive = [one for one in found if one.rule.name not in BESIDE]
    failing = [one for one in decisive if one.status in (f.FAIL, f.ERROR)]
    unseen = [one for one in decisive if one.status == f.NOT_ASSESSED]
    beside = [one for one in found if one.rule.name in BESIDE and one.status == f.FAIL]
    evidence = tuple(f.Evidence(f"{NAME}.{one.rule.name}", f"{one.subject}: {one.message}") for one in failing + unseen)
    said = f" (beside that: {_named(beside)})" if beside else ""
    if failing:
        return f.Finding(VERDICT, HOST, f.FAIL, f"safe to reboot: no, because of {_named(failing)}{said}", evidence)
    if unseen:
        message = f"safe to reboot: not known, because these could not be looked at: {_named(unseen)}{said}"
        return f.Finding(VERDICT, HOST, f.NOT_ASSESSED, message, evidence)
    return f.Finding(VERDICT, HOST, f.PASS, f"safe to reboot: yes{said}")


def _named(findings: t.Iterable[f.Finding]) -> str:
    """Rules with their subjects: "enabled (a.service, b.service); swap (/swap)"."""
    subjects: dict[str, list[str]] = {}
    for one in findings:
        subjects.setdefault(one.rule.name, []).append(one.subject)
    return "; ".join(f"{name} ({_few(who)})" for name, who in subjects.items())


def _few(subjects: t.Sequence[str]) -> str:
    """All of them are in the evidence."""
    more = f" and {len(subjects) - MANY} more" if len(subjects) > MANY else ""
    return ", ".join(subjects[:MANY]) + more


CONTROL = Control(
    name=NAME,
    principle="patching",
    title="The host can be switched off and on, and nobody notices afterwards",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
