# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The dead-man's timer: a fix that could cut us off stands only once a new connection has confirmed it.

Arming leaves three things in FOLDER: an archive of the engine that runs without Ansible (`<run id>.pyz`), the moment at
which the host acts, with the seconds that it had until then (`<run id>.until`), and, once that process is there,
`<run id>.ready`. Whoever removes `.until` has disarmed it. The process is a systemd service, enabled so that it is back
after a boot, and started again where somebody kills it; where there is no systemd, a process of its own session, which
outlives the connection.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
import time
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.change import (
    Before,
    Change,
    ChangeError,
    Diff,
    Machine,
    NothingDone,
    kind,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.folders import STATE, open_folder

FOLDER = f"{STATE}/guard"
UNIT = "infosec-principles-guard.service"
UNITS = "/etc/systemd/system"
SYSTEMD = "/run/systemd/system"
PACKAGE = __name__.rpartition(".")[0]
#: How long the process may take to be there.
START_SECONDS = 20
POLL_SECONDS = 0.1

UNIT_TEXT = """\
# Made by infosec.principles, and removed by it: takes a change of the firewall, sshd or PAM back
# unless a new connection confirms it in time. Enabled, so that a boot in between does not confirm it.
[Unit]
Description=Dead-man's timer of infosec.principles
StartLimitIntervalSec=0
[Service]
Type=exec
ExecStart={command}
Restart=on-failure
RestartForceExitStatus=SIGHUP SIGINT SIGPIPE SIGTERM
RestartSec=2
OOMScoreAdjust=-1000
[Install]
WantedBy=multi-user.target
"""


@kind
@dataclasses.dataclass(frozen=True)
class Guard(Change):
    """The first change of a fix that could cut us off; it makes the whole fix a guarded one.

    seconds: how long the host waits for a new connection before it takes everything of the fix back by itself; one at
        least, since a fix without any would not be a guarded one.
    """

    seconds: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", max(1, self.seconds))

    def describe(self) -> str:
        return f"take all of this back unless a new connection confirms it within {self.seconds} s"

    def diff(self) -> Diff:
        return {"before_header": "guard", "after_header": "guard", "before": "", "after": f"{self.describe()}\n"}

    def apply(self, host: Machine, *, tag: str) -> None:
        """Arm the timer of the run. Raises NothingDone where that fails, so that nothing of the fix is made."""
        run_id = tag.rpartition("-")[0]
        try:
            extend(host, run_id, self.seconds)
            if not _is_ready(host, run_id):
                _start(host, run_id)
        except (OSError, ChangeError) as exc:
            disarm(host, run_id)
            raise NothingDone(f"the guard could not be armed, so nothing was changed: {exc}") from exc

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        """Nothing: other guarded fixes of the run may need the timer; it finds nothing to do where none does."""


def seconds_of(changes: t.Iterable[Change]) -> int:
    """How long these changes wait for their confirmation; 0 where none of them is guarded."""
    return max((change.seconds for change in changes if isinstance(change, Guard)), default=0)


@dataclasses.dataclass(frozen=True)
class Setting:
    """What the timer was last set to: the moment (Unix time) at which the host acts, and the seconds until then."""

    until: float
    seconds: float

    @property
    def left(self) -> float:
        """Never more than there were at first: the clock may have been set back, or be wrong since a boot."""
        return min(self.until - time.time(), self.seconds)


#: What cannot be read confirms nothing.
OVERDUE = Setting(0, 0)


def extend(host: Machine, run_id: str, seconds: float) -> None:
    """Let the timer run for `seconds` from now."""
    with _guard_folder(host) as folder:
        _write(folder, f"{run_id}.new", f"{time.time() + seconds} {seconds}\n".encode())
        os.rename(f"{run_id}.new", f"{run_id}.until", src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)


def setting(host: Machine, run_id: str) -> Setting | None:
    """What the timer is set to; None where it is disarmed."""
    try:
        with open(_path(host, f"{run_id}.until"), encoding="ascii") as stream:
            until, seconds = (float(word) for word in stream.read().split())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return OVERDUE
    return Setting(until, seconds)


def seconds_left(host: Machine, run_id: str) -> float | None:
    """How long the timer still runs; None where it is disarmed."""
    current = setting(host, run_id)
    return current.left if current else None


def disarm(host: Machine, run_id: str, *, stop: bool = True) -> None:
    """End the timer and remove all that arming has left. stop: whether to stop the service (not from within it)."""
    for suffix in ("until", "new", "ready", "pyz"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(_path(host, f"{run_id}.{suffix}"))
    if os.path.lexists(host.path(f"{UNITS}/{UNIT}")):
        host.run(["systemctl", "disable", *(["--now"] if stop else []), UNIT], timeout=60)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(host.path(f"{UNITS}/{UNIT}"))
        host.run(["systemctl", "daemon-reload"], timeout=60)
    with contextlib.suppress(OSError):
        os.rmdir(host.path(FOLDER))


def say_ready(host: Machine, run_id: str) -> None:
    """Called by the process, once it is able to act."""
    with _guard_folder(host) as folder:
        _write(folder, f"{run_id}.ready", f"{os.getpid()}\n".encode())


def _is_ready(host: Machine, run_id: str) -> bool:
    return os.path.exists(_path(host, f"{run_id}.ready"))


def _start(host: Machine, run_id: str) -> None:
    """Start the process and wait for it. Raises ChangeError."""
    with _guard_folder(host) as folder:
        _archive(folder, f"{run_id}.pyz", host)
    argv = [sys.executable, _path(host, f"{run_id}.pyz"), run_id, host.path("/")]
    if os.path.isdir(host.path(SYSTEMD)):
        _start_service(host, argv)
    else:
        _start_session(argv)
    _await(host, run_id)


def _start_service(host: Machine, argv: t.Sequence[str]) -> None:
    folder = open_folder(host.path(UNITS))
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(UNIT, dir_fd=folder)
        _write(folder, UNIT, UNIT_TEXT.format(command=" ".join(argv)).encode(), mode=0o644)
    finally:
        os.close(folder)
    for verb in (["daemon-reload"], ["enable", UNIT], ["restart", UNIT]):
        done = host.run(["systemctl", *verb], timeout=60)
        if done.rc != 0:
            raise ChangeError(f"systemctl {' '.join(verb)} failed (rc {done.rc}): {done.stderr.strip()}")


def _start_session(argv: t.Sequence[str]) -> None:
    """A process that neither the end of the connection nor that of sudo's terminal takes along."""
    null = subprocess.DEVNULL
    subprocess.Popen(argv, stdin=null, stdout=null, stderr=null, cwd="/", start_new_session=True)


def _await(host: Machine, run_id: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _is_ready(host, run_id):
        if time.monotonic() > deadline:
            raise ChangeError(
                f"its process was not there {START_SECONDS} s after it was started; see journalctl -u {UNIT}"
            )
        time.sleep(POLL_SECONDS)


def _archive(folder: int, name: str, host: Machine) -> None:
    """The engine and the modules of the host's class, as they run here, in one file that Python runs by itself."""
    import zipfile

    # It needs the journal, which needs this module.
    from ansible_collections.infosec.principles.plugins.module_utils._engine import deadman

    home = type(host).__module__
    classes = {one.__module__ for one in type(host).__mro__} - {"builtins"}
    names = sorted(classes.union(one for one in sys.modules if one.startswith(f"{PACKAGE}.")))
    start = f"import {deadman.__name__} as deadman\nimport {home} as home\ndeadman.main(home.{type(host).__name__})\n"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
    with (
        os.fdopen(_create(folder, name), "wb") as stream,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        archive.writestr("__main__.py", start)
        for package in sorted({package for one in names for package in _packages(one)}):
            archive.writestr(f"{package.replace('.', '/')}/__init__.py", "")
        for one in names:
            archive.writestr(f"{one.replace('.', '/')}.py", _source(one))


def _packages(name: str) -> t.Iterator[str]:
    parts = name.split(".")[:-1]
    return (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def _source(name: str) -> str:
    loader: t.Any = getattr(sys.modules[name], "__loader__", None) or sys.modules[name].__spec__
    source = loader.get_source(name)
    if source is None:
        raise ChangeError(f"{name}: its source is not to be had")
    return t.cast(str, source)


@contextlib.contextmanager
def _guard_folder(host: Machine) -> t.Iterator[int]:
    folder = open_folder(host.path(FOLDER), create=True)
    try:
        os.fchmod(folder, 0o700)
        yield folder
    finally:
        os.close(folder)


def _create(folder: int, name: str, mode: int = 0o600) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, mode, dir_fd=folder)


def _write(folder: int, name: str, data: bytes, mode: int = 0o600) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
    with os.fdopen(_create(folder, name, mode), "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _path(host: Machine, name: str) -> str:
    return os.path.join(host.path(FOLDER), name)
