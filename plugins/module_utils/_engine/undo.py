# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Taking runs back, newest first."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.change import ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import conflicts
from ansible_collections.infosec.principles.plugins.module_utils._engine.journal import (
    Fault,
    Journal,
    Run,
    hold,
    runs,
    take_back,
)

LATEST, ALL = "latest", "all"


@dataclasses.dataclass(frozen=True)
class Settings:
    """How to undo. `force` also takes back what somebody changed since, and runs that are not the newest."""

    force: bool = False
    check: bool = False
    lock_timeout: float = 60
    by: str = "unknown"
    fault: Fault = lambda point: None


@dataclasses.dataclass
class Undone:
    """What was (in check mode: would be) taken back."""

    undone: list[str] = dataclasses.field(default_factory=list)
    diff: list[dict[str, str]] = dataclasses.field(default_factory=list)
    packages: list[str] = dataclasses.field(default_factory=list)
    messages: list[str] = dataclasses.field(default_factory=list)


def listing(host: t.Any) -> list[dict[str, t.Any]]:
    """The runs of this host, newest first, as JSON."""
    return [_row(run) for run in reversed(runs(host))]


def undo(host: t.Any, wanted: str, settings: Settings) -> Undone:
    """Take back `wanted`: a run id, "latest" or "all". Raises ChangeError where that is refused, Locked where held."""
    if settings.check:
        result = Undone()
        _each(host, _choose(runs(host), wanted, settings), result, settings)
        return result
    with hold(host, by=settings.by, timeout=settings.lock_timeout) as messages:
        result = Undone(messages=messages)
        _each(host, _choose(runs(host), wanted, settings), result, settings)
    return result


def _choose(told: list[Run], wanted: str, settings: Settings) -> list[Run]:
    standing = [run for run in reversed(told) if run.stands]
    if wanted in (ALL, LATEST):
        return standing if wanted == ALL else standing[:1]
    chosen = [run for run in standing if run.run_id == wanted]
    newer = [run.run_id for run in standing if run.run_id > wanted]
    if not chosen:
        raise ChangeError(
            f"{wanted}: no such run to take back; there are: {', '.join(r.run_id for r in standing) or 'none'}"
        )
    if newer and not settings.force:
        raise ChangeError(f"{wanted}: newer runs stand: {', '.join(newer)}; undo those first, or use force: true")
    return chosen


def _each(host: t.Any, chosen: t.Sequence[Run], result: Undone, settings: Settings) -> None:
    for number, run in enumerate(chosen):
        # In check mode the newer runs still stand, so only the newest one's files can be judged.
        if not settings.force and not (settings.check and number):
            _refuse_conflicts(host, run, result)
        if not settings.check:
            _take_back(host, run, settings)
        result.undone.append(run.run_id)
        result.diff += [_swapped(step.change.diff()) for step in run.steps() if not step.change.stays]
        result.messages += [
            f"run {run.run_id}: not taken back, since it stays: {step.change.describe()}"
            for step in run.steps()
            if step.change.stays
        ]
        result.packages += [getattr(step.change, "name") for step in run.steps() if step.change.on_controller]  # noqa: B009


def _refuse_conflicts(host: t.Any, run: Run, result: Undone) -> None:
    problems = conflicts(host, (step.change for step in run.steps()))
    if problems:
        already = f" (already taken back: {', '.join(result.undone)})" if result.undone else ""
        raise ChangeError(f"run {run.run_id} is not taken back{already}: {'; '.join(problems)}")


def _take_back(host: t.Any, run: Run, settings: Settings) -> None:
    journal = Journal(host, run.run_id, fault=settings.fault)
    journal.note("undoing")
    failures = take_back(host, journal, run.steps(), force=settings.force)
    if failures:
        raise ChangeError(
            f"run {run.run_id} is only partly taken back: {'; '.join(failures)}; mend that and undo again"
        )
    journal.note("undone")


def _swapped(diff: t.Mapping[str, str]) -> dict[str, str]:
    return {**diff, "before": diff["after"], "after": diff["before"]}


def _row(run: Run) -> dict[str, t.Any]:
    steps = [step for fix in run.fixes.values() for step in fix.steps]
    return {
        "run_id": run.run_id,
        "started": run.started,
        "by": run.by,
        "state": run.state,
        "stands": run.stands,
        "controls": sorted({fix.control for fix in run.fixes.values()}),
        "changes": [step.change.describe() for step in steps],
    }
