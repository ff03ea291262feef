# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whether a host is rebooted now, left alone, or refused; and why."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import (
    ERROR,
    FAIL,
    NOT_ASSESSED,
    PASS,
    WAIVED,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._rolling.answered import Answered

NEEDED, ALWAYS = "needed", "always"
REBOOT, LEAVE, REFUSE = "reboot", "leave", "refuse"
SAFETY, PENDING = "reboot_safety.verdict", "security_updates.reboot"
#: So many sentences are told of those that speak against it.
_TOLD = 20

Findings = t.Sequence[t.Mapping[str, t.Any]]


class Verdict(t.TypedDict):
    """state: reboot, leave (nothing to be done now) or refuse. why: sentences."""

    state: str
    why: list[str]


def verdict(
    findings: Findings,
    seen: Answered,
    closed: str,
    *,
    when: str = NEEDED,
    unproven: bool = False,
) -> Verdict:
    """What becomes of a host.

    when: needed, or always. closed: why this is not the time for it; "" if it is. unproven: go on where something could
    not be assessed.
    """
    if when == NEEDED and not any(one["rule"] == PENDING and one["status"] == FAIL for one in findings):
        return {"state": LEAVE, "why": [f"it needs no reboot{_unknown(findings)}"]}
    if closed:
        return {"state": LEAVE, "why": [closed]}
    why = [*_unsafe(findings, unproven), *seen.down, *(() if unproven else seen.unproven)]
    return {"state": REFUSE if why else REBOOT, "why": why[:_TOLD]}


def outside(slot: t.Mapping[str, t.Any], now: datetime.datetime) -> str:
    """Why a host is not rebooted now: its maintenance slot is closed. "" where it is open, or none is declared."""
    if not slot or not slot.get("start"):
        return ""
    length = datetime.timedelta(minutes=int(slot["minutes"]))
    starts = sorted(datetime.datetime.fromisoformat(str(one)) for one in slot.get("next") or ())
    if any(start <= now < start + length for start in starts):
        return ""
    later = next((start for start in starts if start > now), None)
    when = f"; the next one begins at {later:%Y-%m-%d %H:%M %Z}" if later else ""
    return f"its slot of infosec_maintenance is not open{when}"


def _unknown(findings: Findings) -> str:
    doubts = [one for one in findings if one["rule"] == PENDING and one["status"] in (NOT_ASSESSED, ERROR)]
    return f", as far as can be told ({doubts[0]['message']})" if doubts else ""


def _unsafe(findings: Findings, unproven: bool) -> t.Iterator[str]:
    verdicts = [one for one in findings if one["rule"] == SAFETY]
    if not verdicts and not unproven:
        yield f"{SAFETY} was not assessed"
    for one in verdicts:
        if not (one["status"] in (PASS, WAIVED) or _accepted(one, findings) or (unproven and one["status"] != FAIL)):
            yield f"{SAFETY}: {one['status']}, {one['message']}"


def _accepted(verdict_of: t.Mapping[str, t.Any], findings: Findings) -> bool:
    """Whether all that the verdict names has been waived, each finding by itself."""
    causes = {(str(one["source"]), str(one["found"])) for one in verdict_of.get("evidence") or ()}
    waived = {(one["rule"], f"{one['subject']}: {one['message']}") for one in findings if one["status"] == WAIVED}
    return bool(causes) and causes <= waived
