# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The journal: what every run changed, written before each act, so that it can be taken back after any crash.

One file a run, `runs/<run id>.jsonl`, one JSON record a line, each on disk (fsync) before the act that it announces.
A last line that was cut short announces nothing that happened.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import fcntl
import json
import os
import time
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import (
    commands,
    files,
    firewalld,
    guard,
    iptables,
    luks_headers,
    modes,
    packages,
    requests,
    ruleset,
    seal,
    units,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import (
    Before,
    Change,
    ChangeError,
    Machine,
    dump,
    load,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.folders import STATE, open_folder

#: Where the kinds of change are defined. A journal may hold any of them, also those that this run has no use for.
KINDS_FROM = (
    commands,
    files,
    firewalld,
    guard,
    iptables,
    luks_headers,
    modes,
    packages,
    requests,
    ruleset,
    seal,
    units,
)

STAMP = "%Y%m%dT%H%M%S.%fZ"
POLL_SECONDS = 0.2
#: A reload is over before the service has read its files again, and what had begun by then goes on with the old ones.
SETTLE_SECONDS = 3.0
#: States of a run in which there is nothing left to put in order.
OVER = ("ended", "expired", "undone")
#: Where a test kills the process; called with the name of the point.
Fault = t.Callable[[str], None]


class Locked(ChangeError):
    """Another run holds this host."""


@dataclasses.dataclass
class Step:
    """One change of a run: what was there before it, and whether it was made."""

    number: int
    change: Change
    captured: Before
    done: bool = False
    reverted: bool = False

    @property
    def stands(self) -> bool:
        """Whether it may have left something on the host."""
        return not self.reverted


@dataclasses.dataclass
class Fix:
    """The steps that stand or fall together."""

    number: int
    control: str
    subjects: list[str]
    steps: list[Step] = dataclasses.field(default_factory=list)
    done: bool = False

    @property
    def stands(self) -> bool:
        """Whether anything of it may be on the host."""
        return any(step.stands for step in self.steps)


@dataclasses.dataclass
class Run:
    """A run as its file tells it.

    `state`: running (or killed), waiting (for packages), resumed, guarded (waits for its confirmation), confirmed,
    expired (was not confirmed, and taken back), ended, undoing, undone.
    """

    run_id: str
    started: str = ""
    by: str = ""
    state: str = "running"
    fixes: dict[int, Fix] = dataclasses.field(default_factory=dict)
    waiting: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    guarded: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    #: Whether a later run has tried before to put it in order.
    tried: bool = False

    @property
    def stands(self) -> bool:
        """Whether there is something to take back."""
        return any(fix.stands for fix in self.fixes.values())

    def steps(self) -> list[Step]:
        """All steps that stand, newest first."""
        return [step for fix in reversed(list(self.fixes.values())) for step in reversed(fix.steps) if step.stands]


class Journal:
    """The file of one run, and the reading of all."""

    def __init__(self, host: Machine, run_id: str, *, fault: Fault = lambda point: None) -> None:
        self.run_id = run_id
        self._host = host
        self._fault = fault
        self._path = os.path.join(_folder(host), f"{run_id}.jsonl")
        told = self.read().fixes.values() if os.path.exists(self._path) else ()
        self._step = max((step.number for fix in told for step in fix.steps), default=0)

    def start(self, *, by: str) -> None:
        """Open the run. `by` says who, for the lock and the list."""
        _make_folder(self._host)
        self._write(event="run", run_id=self.run_id, started=_now(), by=by)

    def fix(self, number: int, control: str, subjects: t.Sequence[str]) -> None:
        """A fix begins."""
        self._write(event="fix", fix=number, control=control, subjects=list(subjects))

    def begin(self, number: int, change: Change) -> Step:
        """A change of that fix is about to be made."""
        self._step += 1
        step = Step(self._step, change, change.capture(self._host))
        self._write(event="begin", fix=number, step=step.number, change=dump(change), captured=step.captured)
        return step

    def note(self, event: str, **fields: t.Any) -> None:
        """Any of: done (step), reverted (step), fixed (fix), waiting and guarded (plan), or a state without more."""
        self._write(event=event, **fields)

    def tag(self, step: Step) -> str:
        """What names this step's temporary files."""
        return f"{self.run_id}-{step.number}"

    def read(self) -> Run:
        """The run as told so far. Raises ChangeError where there is none."""
        if not os.path.exists(self._path):
            raise ChangeError(f"run {self.run_id}: there is no such run in the journal of this host")
        run = Run(self.run_id)
        for record in _records(self._path):
            _EVENTS[record["event"]](run, record)
        return run

    def _write(self, **record: t.Any) -> None:
        with _writing(self._path):
            self._append(record)
        self._fault(record["event"])

    def _append(self, record: dict[str, t.Any]) -> None:
        fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            _write_whole(fd, _separator(self._path) + json.dumps(record).encode() + b"\n")
            os.fsync(fd)
        finally:
            os.close(fd)


def runs(host: Machine) -> list[Run]:
    """All runs of this host, oldest first."""
    try:
        names = sorted(os.listdir(_folder(host)))
    except FileNotFoundError:
        return []
    return [Journal(host, name[: -len(".jsonl")]).read() for name in names if name.endswith(".jsonl")]


def new_run_id(host: Machine) -> str:
    """Unique; sorts by time, to the microsecond, and after every run there is, though the clock were set back."""
    now = f"{datetime.datetime.now(datetime.timezone.utc):{STAMP}}"
    last = max((run.run_id.partition("-")[0] for run in runs(host)), default="")
    if now <= last:
        now = f"{datetime.datetime.strptime(last, STAMP) + datetime.timedelta(microseconds=1):{STAMP}}"
    return f"{now}-{os.urandom(3).hex()}"


@contextlib.contextmanager
def lock(host: Machine, *, by: str, timeout: float) -> t.Iterator[None]:
    """Hold this host against other runs; waits at most `timeout` seconds, then raises Locked with who holds it."""
    _make_folder(host)
    path = os.path.join(host.path(STATE), "lock")
    with _writing(path):
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        _acquire(fd, path, timeout)
        # Only tells others who it is; on a full disk the guard has to get on without.
        with contextlib.suppress(OSError):
            os.ftruncate(fd, 0)
            os.pwrite(fd, json.dumps({"pid": os.getpid(), "by": by, "since": _now()}).encode(), 0)
        yield
        os.ftruncate(fd, 0)
    finally:
        os.close(fd)


@contextlib.contextmanager
def hold(host: Machine, *, by: str, timeout: float) -> t.Iterator[list[str]]:
    """`lock`, once no other run waits for its confirmation, and `recover`: yields what that did.

    Raises Locked after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while True:
        with lock(host, by=by, timeout=max(0, deadline - time.monotonic())):
            pending = [run.run_id for run in runs(host) if _is_pending(host, run)]
            if not pending:
                yield recover(host)
                return
        if time.monotonic() > deadline:
            raise Locked(f"run {pending[0]} waits for a new connection to confirm its changes; run again later")
        time.sleep(POLL_SECONDS)


def _is_pending(host: Machine, run: Run) -> bool:
    return run.state == "guarded" and (guard.seconds_left(host, run.run_id) or 0) > 0


def _acquire(fd: int, path: str, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Locked(
                    f"{path}: another run holds this host for more than {timeout:g} s: {_holder(fd)}"
                ) from None
            time.sleep(POLL_SECONDS)


def holder(host: Machine) -> int:
    """The process that holds the host, as it says itself. Raises ProcessLookupError where none does."""
    try:
        with open(os.path.join(host.path(STATE), "lock"), encoding="utf-8") as stream:
            pid = int(json.load(stream)["pid"])
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise ProcessLookupError("nobody holds this host") from exc
    if not _holds_a_lock(pid):
        raise ProcessLookupError(f"process {pid} is not the one that wrote its number there")
    return pid


def _holds_a_lock(pid: int) -> bool:
    """By /proc/locks: a number of the past may belong to anybody by now."""
    try:
        with open("/proc/locks", encoding="ascii") as stream:
            return any(line.split()[1:2] == ["FLOCK"] and line.split()[4] == str(pid) for line in stream)
    except OSError:
        return True


def _holder(fd: int) -> str:
    try:
        held = json.loads(os.pread(fd, 4096, 0))
        return f"process {held['pid']} of {held['by']}, since {held['since']}; wait for it, or stop that process"
    except (ValueError, KeyError, TypeError):
        return "it has not said who it is; try again"


def take_back(host: Machine, journal: Journal, steps: t.Sequence[Step], *, force: bool = False) -> list[str]:
    """Revert these steps (newest first), then services, each once, and last what they depended on.

    Returns what could not be taken back.
    """
    failures: list[str] = []
    activated: set[Change] = set()
    for step in _in_order(steps):
        if step.change.outlives and failures:
            failures.append(f"{step.change.describe()}: kept, since the services may still depend on it")
            continue
        if step.change.outlives and activated:
            time.sleep(SETTLE_SECONDS)
        try:
            if step.change not in activated:
                step.change.revert(host, step.captured, tag=journal.tag(step), force=force)
        except Exception as exc:
            # Whatever it is, it must not keep the others from being taken back.
            failures.append(str(exc))
            continue
        activated |= {step.change} if step.change.activates else set()
        try:
            journal.note("reverted", step=step.number)
        except (ChangeError, OSError) as exc:
            failures.append(f"{step.change.describe()}: taken back, which could not be written down: {exc}")
    return failures


def _in_order(steps: t.Sequence[Step]) -> list[Step]:
    plain = [step for step in steps if not step.change.activates and not step.change.outlives]
    services = [step for step in reversed(steps) if step.change.activates]
    return [*plain, *services, *(step for step in steps if step.change.outlives)]


def recover(host: Machine) -> list[str]:
    """Put in order what killed runs left: an unfinished fix is taken back, a finished one stays; says what was done.

    Files that could not be put back are tried again by each run; a service that stayed ill is not restarted for ever.
    """
    said = []
    for run in runs(host):
        if run.state not in OVER:
            said += put_in_order(host, run, settle=run.tried)
    return said


def put_in_order(host: Machine, run: Run, *, settle: bool = False) -> list[str]:
    """`recover` for one run; its state says afterwards (in the journal) that it is over, unless that failed.

    settle: not to wait any more for services that take up what was put back, but stay ill.
    """
    journal = Journal(host, run.run_id)
    unfinished = [fix for fix in run.fixes.values() if fix.stands and (run.state == "undoing" or not fix.done)]
    steps = [step for fix in reversed(unfinished) for step in reversed(fix.steps) if step.stands]
    ill = [step for step in steps if settle and isinstance(step.change, units.Activate)]
    failures = take_back(host, journal, [step for step in steps if step not in ill])
    for step in ill:
        journal.note("reverted", step=step.number)
    if failures:
        with contextlib.suppress(ChangeError, OSError):
            journal.note("tried")
        return [f"run {run.run_id} was cut off and could not be put back: {failure}" for failure in failures]
    journal.note({"undoing": "undone", "guarded": "expired"}.get(run.state, "ended"))
    # Also where it was cut off while it armed: no process is there yet, to remove what is left of that.
    guard.disarm(host, run.run_id, stop=False)
    if run.state == "guarded":
        return [f"run {run.run_id} was not confirmed by a new connection: {len(steps)} change(s) taken back"]
    staying = [step.change.describe() for step in steps if step.change.stays]
    back = len(steps) - len(staying)
    what = [f"{back} change(s) of its unfinished fix(es) taken back"] if back else []
    what += (
        [f"this given up, since it failed before: {'; '.join(step.change.describe() for step in ill)}"] if ill else []
    )
    what += [f"what was done of this stays: {'; '.join(staying)}"] if staying else []
    return [f"run {run.run_id} was cut off: {' and '.join(what) or 'nothing was half-done'}"]


def _folder(host: Machine) -> str:
    return os.path.join(host.path(STATE), "runs")


def _make_folder(host: Machine) -> None:
    for path in (host.path(STATE), _folder(host)):
        with _writing(path):
            folder = open_folder(path, create=True)
        try:
            _own(folder, path)
        finally:
            os.close(folder)


def _own(folder: int, path: str) -> None:
    """Whoever writes a record there has undo write any file as root."""
    owner = os.fstat(folder).st_uid
    if owner != os.geteuid():
        raise ChangeError(f"{path}: belongs to user {owner}, nothing was done; find out who made it and remove it")
    os.fchmod(folder, 0o700)


@contextlib.contextmanager
def _writing(path: str) -> t.Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise ChangeError(
            f"{path}: the journal cannot be written ({exc.strerror}); mend that and run again, which puts in order "
            "what was begun"
        ) from exc


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


def _write_whole(fd: int, data: bytes) -> None:
    """Write all of it: on a disk that fills up, write(2) takes a part and calls that a success."""
    while data:
        data = data[os.write(fd, data) :]


def _separator(path: str) -> bytes:
    """A line break where a killed process left a line without one."""
    with open(path, "rb") as stream:
        stream.seek(0, os.SEEK_END)
        if stream.tell() == 0:
            return b""
        stream.seek(-1, os.SEEK_END)
        return b"" if stream.read(1) == b"\n" else b"\n"


def _records(path: str) -> t.Iterator[dict[str, t.Any]]:
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            with contextlib.suppress(ValueError):
                record = json.loads(line)
                if isinstance(record, dict) and record.get("event") in _EVENTS:
                    yield record


def _on_run(run: Run, record: dict[str, t.Any]) -> None:
    run.started, run.by = record["started"], record["by"]


def _on_fix(run: Run, record: dict[str, t.Any]) -> None:
    run.fixes[record["fix"]] = Fix(record["fix"], record["control"], record["subjects"])


def _on_begin(run: Run, record: dict[str, t.Any]) -> None:
    step = Step(record["step"], load(record["change"]), record["captured"])
    run.fixes[record["fix"]].steps.append(step)


def _find(run: Run, number: int) -> Step:
    return next(step for fix in run.fixes.values() for step in fix.steps if step.number == number)


def _on_done(run: Run, record: dict[str, t.Any]) -> None:
    _find(run, record["step"]).done = True


def _on_tried(run: Run, _record: dict[str, t.Any]) -> None:
    run.tried = True


def _on_reverted(run: Run, record: dict[str, t.Any]) -> None:
    _find(run, record["step"]).reverted = True


def _on_fixed(run: Run, record: dict[str, t.Any]) -> None:
    run.fixes[record["fix"]].done = True


def _on_waiting(run: Run, record: dict[str, t.Any]) -> None:
    run.waiting, run.state = record["plan"], "waiting"


def _on_guarded(run: Run, record: dict[str, t.Any]) -> None:
    run.guarded, run.state = record["plan"], "guarded"


def _on_confirmed(run: Run, record: dict[str, t.Any]) -> None:
    for fix in run.fixes.values():
        fix.done = fix.done or fix.stands
    run.state = "confirmed"


def _on_state(run: Run, record: dict[str, t.Any]) -> None:
    run.state = record["event"]


_EVENTS: dict[str, t.Callable[[Run, dict[str, t.Any]], None]] = {
    "run": _on_run,
    "fix": _on_fix,
    "begin": _on_begin,
    "done": _on_done,
    "reverted": _on_reverted,
    "tried": _on_tried,
    "fixed": _on_fixed,
    "waiting": _on_waiting,
    "resumed": _on_state,
    "guarded": _on_guarded,
    "confirmed": _on_confirmed,
    "expired": _on_state,
    "ended": _on_state,
    "undoing": _on_state,
    "undone": _on_state,
}
