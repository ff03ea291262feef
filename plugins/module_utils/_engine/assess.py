# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Asking controls for their findings: each alone, within its time, and in the shape that leaves the host."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import traceback
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options

Wire = dict[str, t.Any]
#: Fixes with more changes are shown once.
LONG_FIX = 12


class TimeLimit(BaseException):
    """A control took too long. No Exception, so that no control swallows it."""


class Readable(t.Protocol):
    """The slice of a host that asking needs."""

    def refresh(self) -> t.Any:
        """The same machine, to be read anew."""


@dataclasses.dataclass(frozen=True)
class Request:
    """One control to run, with its validated options."""

    control: Control
    options: Options

    @property
    def enforce(self) -> bool:
        """Whether its fixes may be applied."""
        return bool(self.options.get("enforce", True))

    @property
    def secrets(self) -> dict[str, t.Any]:
        """The options that no log, no journal and no finding may have (no_log)."""
        names = [name for name, spec in self.control.options.items() if spec.get("no_log")]
        return {name: self.options[name] for name in names if self.options.get(name)}


def assess(host: Readable, request: Request, *, seconds: float, unreadable: type[Exception]) -> list[f.Finding]:
    """All findings of one control. What escapes (`unreadable`, another exception, the time limit) becomes findings."""
    found: list[f.Finding] = []
    try:
        with _time_limit(seconds):
            for finding in request.control.assess(host, request.options):
                found.append(finding)
    except unreadable as exc:
        found += _for_each_rule(request.control, f.NOT_ASSESSED, str(exc))
    except TimeLimit:
        found += _for_each_rule(
            request.control, f.ERROR, f"not done within its time limit of {seconds:g} s (time_limit)"
        )
    except Exception as exc:
        found += _for_each_rule(request.control, f.ERROR, _escape(exc))
    return found


def to_wire(control: Control, finding: f.Finding) -> Wire:
    """A finding as the modules return it (docs/architecture.md, The finding)."""
    return {
        "control": control.name,
        "principle": control.principle,
        "rule": f"{control.name}.{finding.rule.name}",
        "title": finding.rule.title,
        "subject": finding.subject,
        "status": finding.status,
        "status_before": finding.status,
        "risk": finding.rule.risk,
        "message": finding.message,
        "note": "",
        "evidence": [dataclasses.asdict(evidence) for evidence in finding.evidence],
        "remedy": finding.remedy or finding.rule.remedy,
        "reference": finding.rule.reference,
        "fix": [change.describe() for change in finding.fix],
        "diff": [change.diff() for change in finding.fix],
        **({"due": finding.due} if finding.due else {}),
        **({"measure": finding.measure, "measure_before": finding.measure} if finding.measure else {}),
        **_lists(finding),
    }


def show_once(wires: t.Iterable[Wire]) -> list[Wire]:
    """A long fix that many findings share is shown with the first of them: each of 30 sites on one server would
    otherwise bring the changes of all of them, for each of its rules."""
    first: dict[tuple[str, tuple[str, ...]], Wire] = {}
    return [_pointed(one, first) if len(one["fix"]) > LONG_FIX else one for one in wires]


def _pointed(one: Wire, first: dict[tuple[str, tuple[str, ...]], Wire]) -> Wire:
    shown = first.setdefault((one["control"], tuple(one["fix"])), one)
    if shown is one:
        return one
    return {**one, "fix": [f"{len(one['fix'])} changes, shown with {shown['rule']} of {shown['subject']}"], "diff": []}


def _lists(finding: f.Finding) -> Wire:
    """Few findings have any, and what a fleet sends is a finding times thousands."""
    lists: dict[str, tuple[f.Fingerprint | f.Component, ...]] = {
        "fingerprints": finding.fingerprints,
        "components": finding.components,
    }
    return {name: [dataclasses.asdict(one) for one in found] for name, found in lists.items() if found}


def _for_each_rule(control: Control, status: str, message: str) -> list[f.Finding]:
    return [f.Finding(rule, control.name, status, message) for rule in control.rules]


def _escape(exc: Exception) -> str:
    frame = traceback.extract_tb(exc.__traceback__)[-1]
    return f"{type(exc).__name__}: {exc} (at {os.path.basename(frame.filename)}:{frame.lineno}); please report it"


@contextlib.contextmanager
def _time_limit(seconds: float) -> t.Iterator[None]:
    def expired(number: int, frame: object) -> t.NoReturn:
        raise TimeLimit

    former = signal.signal(signal.SIGALRM, expired)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
