# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What became of the findings after the fixes."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f

Wire = dict[str, t.Any]
Key = tuple[str, str]
GOOD = (f.PASS, f.NOT_APPLICABLE)
#: Of the changes of a fix so many are told with each of its findings.
MOST_TOLD = 12


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a fix ended: `failure` is empty where all its changes were made."""

    failure: str = ""
    changes: tuple[str, ...] = ()


def key(finding: Wire) -> Key:
    """What makes it the same finding before and after."""
    return (finding["rule"], finding["subject"])


def merge(before: t.Sequence[Wire], after: t.Sequence[Wire], outcomes: t.Mapping[Key, Outcome]) -> list[Wire]:
    """Each finding of `before` with the status that it has now, then those that only `after` has; sorted.

    `after` holds the second assessment of the controls that changed something. A subject that is gone after its
    fix is fixed: the socket is closed, the file is no longer there.
    """
    now = {key(finding): finding for finding in after}
    # A control that broke the second time says so once a rule, under its own name, in the place of its findings.
    broken = {finding["rule"]: finding for finding in after if finding["subject"] == finding["control"]}
    # Where no fix was made, nobody was asked again (a run that was not confirmed, or not as root).
    made = {rule.split(".")[0] for (rule, _subject), outcome in outcomes.items() if not outcome.failure}
    again = {finding["control"] for finding in after} | made
    known = {key(finding) for finding in before}
    merged = [
        _merged(old, now.get(key(old), broken.get(old["rule"])), outcomes.get(key(old)), old["control"] in again)
        for old in before
    ]
    merged += [
        {**new, "status_before": f.NOT_ASSESSED, "note": "first seen after the fix"}
        for new in after
        if key(new) not in known
    ]
    return arrange(merged)


def arrange(findings: t.Iterable[Wire]) -> list[Wire]:
    """In the one order that every run has."""
    return sorted(findings, key=lambda finding: (finding["control"], finding["rule"], finding["subject"]))


def _merged(old: Wire, new: Wire | None, outcome: Outcome | None, again: bool) -> Wire:
    told = _told(old, new, outcome, again)
    measured = "measure" in old and again and new is not None and "measure" in new
    return {**told, "measure": new["measure"]} if measured and new else told


def _told(old: Wire, new: Wire | None, outcome: Outcome | None, again: bool) -> Wire:
    if outcome is not None and outcome.failure:
        return {**old, "status": f.ERROR, "note": outcome.failure}
    if not again:
        return old
    if new is None and outcome is None and old["status"] != f.FAIL:
        return old
    if new is None or (new["status"] in GOOD and old["status"] not in GOOD):
        return {**old, "status": f.FIXED, "note": _done(outcome)}
    # A verdict on several things says no still, but no longer for all of its reasons.
    fewer = new["status"] == f.FAIL and new["message"] != old["message"]
    if new["status"] != old["status"] or outcome is not None or fewer:
        return {**old, "status": new["status"], "note": f"after the fix: {new['message']}"}
    return old


def _done(outcome: Outcome | None) -> str:
    if outcome is None:
        return "put right by another fix of this run"
    more = len(outcome.changes) - MOST_TOLD
    return "; ".join(outcome.changes[:MOST_TOLD]) + (f"; and {more} more changes" if more > 0 else "")
