# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""One run: assess, fix, assess again."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine import guard
from ansible_collections.infosec.principles.plugins.module_utils._engine.assess import (
    Request,
    assess,
    show_once,
    to_wire,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import (
    Change,
    ChangeError,
    NothingDone,
    dump,
    load,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.journal import (
    Fault,
    Journal,
    Run,
    Step,
    hold,
    lock,
    new_run_id,
    take_back,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.merge import Key, Outcome, Wire, arrange, merge

NEEDS_ROOT = "not fixed: changing this host needs root; run with become: true, or with enforce: false to report only"
TAKING_BACK_SECONDS = 60
NOT_CONFIRMED = "no new connection confirmed it in time, so the host has put everything of this fix back"
SAME_CONNECTION = "run {}: the connection that made the change cannot confirm it; a new one has to"


@dataclasses.dataclass(frozen=True)
class Settings:
    """How to run. `unreadable` is the host's own exception for what root alone can read; `by` says who runs.

    connection: tells the connection that carries this run from any other; "" where there is none to lose.
    """

    unreadable: type[Exception]
    check: bool = False
    time_limit: float = 30
    lock_timeout: float = 60
    by: str = "unknown"
    connection: t.Callable[[], str] = str
    fault: Fault = lambda point: None


@dataclasses.dataclass
class Planned:
    """One fix and the findings that it is for."""

    control: str
    keys: list[Key]
    changes: tuple[Change, ...]
    #: Set where it was applied.
    outcome: Outcome | None = None

    @property
    def packages(self) -> list[str]:
        """What the controller has to install first."""
        return [getattr(change, "name") for change in self.changes if change.on_controller]  # noqa: B009

    @property
    def seconds(self) -> int:
        """How long it waits for its confirmation; 0 where it needs none."""
        return guard.seconds_of(self.changes)

    @property
    def made(self) -> bool:
        """Whether it was applied, and stands."""
        return self.outcome is not None and not self.outcome.failure


@dataclasses.dataclass
class Result:
    """What a module returns; the same keys in check mode and in a real run."""

    findings: list[Wire]
    changed: bool = False
    diff: list[dict[str, str]] = dataclasses.field(default_factory=list)
    run_id: str = ""
    packages: list[str] = dataclasses.field(default_factory=list)
    #: Seconds within which a new connection has to resume this run, or its guarded fixes are taken back; 0 for none.
    confirm: int = 0
    #: Why the run failed as a whole.
    failure: str = ""
    messages: list[str] = dataclasses.field(default_factory=list)


def run(host: t.Any, requests: t.Sequence[Request], settings: Settings) -> Result:
    """Assess; in a real run also fix and assess again. Raises Locked where another run holds the host."""
    _entrust(host, requests)
    if settings.check or not host.is_root or not any(request.enforce for request in requests):
        findings, plan = _assess(host, requests, settings)
        if settings.check:
            return Result(findings, bool(plan), _diffs(plan))
        outcomes = {key: Outcome(NEEDS_ROOT) for fix in plan for key in fix.keys}
        return Result(merge(findings, [], outcomes))
    with hold(host, by=settings.by, timeout=settings.lock_timeout) as messages:
        result = _enforce(host, requests, settings)
    return dataclasses.replace(result, messages=messages)


def resume(host: t.Any, requests: t.Sequence[Request], settings: Settings, run_id: str) -> Result:
    """Go on with a run that waits, for packages or for its confirmation; with the findings of what it held back.

    Raises ChangeError where it does not wait (any more).
    """
    _entrust(host, requests)
    with lock(host, by=settings.by, timeout=settings.lock_timeout):
        journal = Journal(host, run_id, fault=settings.fault)
        told = journal.read()
        if told.state not in _RESUME:
            raise ChangeError(
                f"run {run_id}: is {told.state}, not waiting to be resumed; another run has put it in order: run again"
            )
        return _RESUME[told.state](host, journal, told, requests, settings)


def _entrust(host: t.Any, requests: t.Sequence[Request]) -> None:
    """Changes are written down, so those that need a secret find it here."""
    for request in requests:
        host.secrets.update(request.secrets)


def _enforce(host: t.Any, requests: t.Sequence[Request], settings: Settings) -> Result:
    findings, plan = _assess(host, requests, settings)
    if not plan:
        return Result(findings)
    journal = Journal(host, new_run_id(host), fault=settings.fault)
    journal.start(by=settings.by)
    if not any(fix.packages for fix in plan):
        return _act(host, journal, requests, findings, plan, settings)
    # What needs a guard comes last of all, so that nothing slow happens while it waits for its confirmation.
    waiting = [fix for fix in plan if fix.packages or fix.seconds]
    _apply(host, journal, [fix for fix in plan if fix not in waiting])
    result = _leave(host, journal, "waiting", requests, findings, plan, waiting, settings)
    packages = sorted({name for fix in waiting for name in fix.packages})
    return dataclasses.replace(
        result, packages=packages, diff=_diffs([fix for fix in plan if fix in waiting or fix.made])
    )


def _act(
    host: t.Any,
    journal: Journal,
    requests: t.Sequence[Request],
    findings: list[Wire],
    plan: list[Planned],
    settings: Settings,
    *,
    first: int = 1,
) -> Result:
    """Apply all fixes, the guarded ones last; these leave the run waiting for its confirmation."""
    ordered = sorted((fix for fix in plan if fix.outcome is None), key=lambda fix: fix.seconds > 0)
    _apply(host, journal, ordered, first=first)
    guarded = [fix for fix in ordered if fix.seconds and fix.made]
    if guarded:
        seconds = max(fix.seconds for fix in guarded)
        guard.extend(host, journal.run_id, seconds)
        result = _leave(host, journal, "guarded", requests, findings, plan, guarded, settings)
        return dataclasses.replace(result, confirm=seconds, diff=_diffs(fix for fix in plan if fix.made))
    if any(fix.seconds for fix in plan):
        guard.disarm(host, journal.run_id)
    journal.note("ended")
    # All are asked again, not only those that changed something: a port that one control closed is another's finding.
    return _result(host, findings, requests, plan, settings, journal.run_id)


def _leave(
    host: t.Any,
    journal: Journal,
    event: str,
    requests: t.Sequence[Request],
    findings: list[Wire],
    plan: list[Planned],
    left: list[Planned],
    settings: Settings,
) -> Result:
    """Leave these fixes, and all that concerns their controls, in the journal for `resume`; judge the others."""
    names = {fix.control for fix in left}
    held = [finding for finding in findings if finding["control"] in names]
    others = [finding for finding in findings if finding["control"] not in names]
    concerned = [request for request in requests if request.control.name not in names]
    result = _result(host, others, concerned, [fix for fix in plan if fix not in left], settings, journal.run_id)
    records = [_record(fix) for fix in plan if fix.control in names]
    journal.note(event, plan={"fixes": records, "findings": held, "connection": settings.connection()})
    return dataclasses.replace(result, findings=arrange([*result.findings, *held]))


def _go_on(host: t.Any, journal: Journal, told: Run, requests: t.Sequence[Request], settings: Settings) -> Result:
    """After the packages were installed."""
    plan = [_planned(record) for record in told.waiting["fixes"]]
    journal.note("resumed")
    concerned, first = _of_controls(requests, plan), len(told.fixes) + 1
    return _act(host, journal, concerned, told.waiting["findings"], plan, settings, first=first)


def _confirm(host: t.Any, journal: Journal, told: Run, requests: t.Sequence[Request], settings: Settings) -> Result:
    """Over a new connection: what was changed has not cut us off."""
    carrier = settings.connection()
    if carrier and carrier == told.guarded["connection"]:
        raise ChangeError(SAME_CONNECTION.format(journal.run_id))
    journal.note("confirmed")
    guard.disarm(host, journal.run_id)
    journal.note("ended")
    plan = [_planned(record) for record in told.guarded["fixes"]]
    return _result(host, told.guarded["findings"], _of_controls(requests, plan), plan, settings, journal.run_id)


def _tell_expired(
    host: t.Any, journal: Journal, told: Run, requests: t.Sequence[Request], settings: Settings
) -> Result:
    """Too late: the host has taken the guarded fixes back."""
    plan = [_planned(record) for record in told.guarded["fixes"]]
    lost = [fix for fix in plan if fix.seconds and fix.made]
    for fix in lost:
        fix.outcome = Outcome(NOT_CONFIRMED)
    result = _result(host, told.guarded["findings"], _of_controls(requests, plan), plan, settings, journal.run_id)
    controls = ", ".join(sorted({fix.control for fix in lost}))
    return dataclasses.replace(result, failure=f"run {journal.run_id}: {NOT_CONFIRMED}: {controls}")


_RESUME: dict[str, t.Callable[[t.Any, Journal, Run, t.Sequence[Request], Settings], Result]] = {
    "waiting": _go_on,
    "guarded": _confirm,
    "expired": _tell_expired,
}


def _of_controls(requests: t.Sequence[Request], plan: t.Sequence[Planned]) -> list[Request]:
    names = {fix.control for fix in plan}
    return [request for request in requests if request.control.name in names]


def _result(
    host: t.Any,
    before: list[Wire],
    concerned: t.Sequence[Request],
    plan: list[Planned],
    settings: Settings,
    run_id: str,
) -> Result:
    after, _plan = _assess(host.refresh(), concerned, settings)
    outcomes = {key: fix.outcome for fix in plan for key in fix.keys if fix.outcome is not None}
    made = [fix for fix in plan if fix.made]
    return Result(merge(before, after, outcomes), bool(made), _diffs(made), run_id)


def _assess(host: t.Any, requests: t.Sequence[Request], settings: Settings) -> tuple[list[Wire], list[Planned]]:
    wires: list[Wire] = []
    plan: list[Planned] = []
    for request in requests:
        found = assess(host, request, seconds=settings.time_limit, unreadable=settings.unreadable)
        wires += [to_wire(request.control, finding) for finding in found]
        plan += _fixes(request, found) if request.enforce else []
    return show_once(arrange(wires)), plan


def _fixes(request: Request, found: t.Sequence[f.Finding]) -> list[Planned]:
    """The fixes of what fails, each once, with all the findings that share it."""
    by_fix: dict[tuple[Change, ...], list[Key]] = {}
    for finding in found:
        if finding.status == f.FAIL and finding.fix:
            by_fix.setdefault(finding.fix, []).append((f"{request.control.name}.{finding.rule.name}", finding.subject))
    return [Planned(request.control.name, keys, changes) for changes, keys in by_fix.items()]


def _apply(host: t.Any, journal: Journal, plan: t.Sequence[Planned], *, first: int = 1) -> None:
    for number, fix in enumerate(plan, first):
        journal.fix(number, fix.control, [subject for _rule, subject in fix.keys])
        fix.outcome = _apply_fix(host, journal, number, fix.changes)


def _apply_fix(host: t.Any, journal: Journal, number: int, changes: t.Sequence[Change]) -> Outcome:
    """All changes of a fix, or none: what was made is taken back when one fails."""
    steps: list[Step] = []
    try:
        for change in changes:
            steps.append(journal.begin(number, change))
            change.apply(host, tag=journal.tag(steps[-1]))
            journal.note("done", step=steps[-1].number)
    except Exception as exc:
        if isinstance(exc, NothingDone):
            journal.note("reverted", step=steps.pop().number)
        if guard.seconds_of(changes):
            # Taking back waits for services too; the guard is for what hangs.
            guard.extend(host, journal.run_id, guard.seconds_of(changes) + TAKING_BACK_SECONDS)
        failures = take_back(host, journal, list(reversed(steps)))
        return Outcome(f"{exc}; {_put_back(steps, failures)}")
    if not guard.seconds_of(changes):
        journal.note("fixed", fix=number)
    return Outcome(changes=tuple(change.describe() for change in changes))


def _put_back(steps: t.Sequence[Step], failures: t.Sequence[str]) -> str:
    """What became of a fix that failed."""
    if failures:
        return f"NOT put back: {'; '.join(failures)}"
    staying = [step.change.describe() for step in steps if step.change.stays]
    if staying:
        return f"what was done of this stays: {'; '.join(staying)}"
    return "everything of this fix was put back"


def _diffs(plan: t.Iterable[Planned]) -> list[dict[str, str]]:
    return [change.diff() for fix in plan for change in fix.changes]


def _record(fix: Planned) -> dict[str, t.Any]:
    return {
        "control": fix.control,
        "keys": [list(key) for key in fix.keys],
        "changes": [dump(change) for change in fix.changes],
        "outcome": dataclasses.asdict(fix.outcome) if fix.outcome else None,
    }


def _planned(record: t.Mapping[str, t.Any]) -> Planned:
    keys = [(key[0], key[1]) for key in record["keys"]]
    changes = tuple(load(change) for change in record["changes"])
    told = record["outcome"]
    outcome = Outcome(told["failure"], tuple(told["changes"])) if told else None
    return Planned(record["control"], keys, changes, outcome)
