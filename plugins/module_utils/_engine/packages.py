# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Packages: installed and removed by the controller, which the host only plans; upgraded by the host itself."""

from __future__ import annotations

import dataclasses
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


@kind
@dataclasses.dataclass(frozen=True)
class InstallPackage(Change):
    """A package that a fix needs. The action plugin hands it to ansible.builtin.package, which knows every manager."""

    on_controller: t.ClassVar[bool] = True

    name: str

    def describe(self) -> str:
        return f"install {self.name}"

    def diff(self) -> Diff:
        header = f"package {self.name}"
        return {"before_header": header, "after_header": header, "before": "absent\n", "after": "present\n"}

    def apply(self, host: Machine, *, tag: str) -> None:
        """Nothing: by the time the fix is applied on the host, the controller has installed it."""

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        """Nothing: `undo` returns the name, and the controller removes the package."""


#: How long another program may hold the package manager before this one gives up, and how often to look.
LOCK_SECONDS = 60
LOCK_POLL_SECONDS = 2
#: A kernel, its initrd and everything that hangs on them, on a slow disk over a slow line.
UPGRADE_SECONDS = 3600
_HELD = ("Could not get lock", "lock was locked", "is locked by another process", "Waiting for process with pid")
#: Nothing asks, nothing restarts services behind our back, and whoever changed a configuration keeps it.
_QUIETLY = (
    "env",
    "DEBIAN_FRONTEND=noninteractive",
    "NEEDRESTART_SUSPEND=1",
    "NEEDRESTART_MODE=l",
    "APT_LISTCHANGES_FRONTEND=none",
)
_KEEP = ("-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold")
_APT = (
    *(*_QUIETLY, "apt-get", "-y", "-q", "-o", f"DPkg::Lock::Timeout={LOCK_SECONDS}", *_KEEP),
    *("install", "--only-upgrade", "--no-remove", "--no-install-recommends"),
)
_ZYPPER = ("zypper", "--non-interactive", "--no-refresh", "patch", "--category", "security")
#: zypper(8): a restart is needed, of the system or of zypper, which then has more to do.
_ZYPPER_DONE = (0, 102)
_ZYPPER_AGAIN = 103


@kind
@dataclasses.dataclass(frozen=True)
class UpgradePackages(Change):
    """Security updates, in the versions that were shown. They stay: undo gives no hole back.

    manager: apt, dnf or zypper. packages: (name, version before, version after); for dnf and zypper what they are known
    to install, since those take all security updates and nothing else. unfinished: packages that an installation which
    was cut off left unpacked or half-configured; they are finished first.
    """

    stays: t.ClassVar[bool] = True

    manager: str
    packages: tuple[tuple[str, str, str], ...] = ()
    unfinished: tuple[str, ...] = ()

    def describe(self) -> str:
        finish = [f"finish the installation of {', '.join(self.unfinished)}"] if self.unfinished else []
        names = ", ".join(name for name, _before, _after in self.packages)
        return " and ".join([*finish, *([f"install security updates of {names}"] if names else [])])

    def diff(self) -> Diff:
        header = "security updates"
        before = [f"{name} unfinished\n" for name in self.unfinished]
        after = [f"{name} installed\n" for name in self.unfinished]
        before += [f"{name} {old}".rstrip() + "\n" for name, old, _new in self.packages]
        after += [f"{name} {new}".rstrip() + "\n" for name, _old, new in self.packages]
        return {"before_header": header, "after_header": header, "before": "".join(before), "after": "".join(after)}

    def apply(self, host: Machine, *, tag: str) -> None:
        """Download everything first, so that a mirror that fails leaves nothing half-done. Raises ChangeError."""
        _MANAGERS[self.manager](host, self)

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        """Nothing: see the class. Also what was cut off: the next run finds it and finishes it."""


def _apt(host: Machine, change: UpgradePackages) -> None:
    if change.unfinished:
        _patiently(host, (*_QUIETLY, "dpkg", "--configure", "-a", "--force-confdef", "--force-confold"))
    repair = ("--fix-broken",) if change.unfinished else ()
    wanted = (*repair, *(f"{name}={version}" for name, _before, version in change.packages))
    try:
        _patiently(host, (*_APT, "--download-only", *wanted))
    except ChangeError as exc:
        raise (ChangeError if change.unfinished else NothingDone)(str(exc)) from exc
    _patiently(host, (*_APT, *wanted))


def _dnf(host: Machine, change: UpgradePackages) -> None:
    try:
        _patiently(host, ("dnf", "-y", "-q", "upgrade-minimal", "--security", "--downloadonly"))
    except ChangeError as exc:
        raise NothingDone(str(exc)) from exc
    _patiently(host, ("dnf", "-y", "-q", "upgrade-minimal", "--security"))


def _zypper(host: Machine, change: UpgradePackages) -> None:
    if _patiently(host, _ZYPPER, good=(*_ZYPPER_DONE, _ZYPPER_AGAIN)) == _ZYPPER_AGAIN:
        _patiently(host, _ZYPPER, good=_ZYPPER_DONE)


_MANAGERS: dict[str, t.Callable[[Machine, UpgradePackages], None]] = {"apt": _apt, "dnf": _dnf, "zypper": _zypper}


def _patiently(host: Machine, argv: tuple[str, ...], *, good: tuple[int, ...] = (0,)) -> int:
    """Run it, again and again for LOCK_SECONDS while somebody else holds the package manager. Raises ChangeError."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        done = host.run(argv, timeout=UPGRADE_SECONDS)
        said = f"{done.stdout}\n{done.stderr}"
        if done.rc in good:
            return t.cast(int, done.rc)
        held = any(words in said for words in _HELD)
        if not held or time.monotonic() > deadline:
            raise ChangeError(_failure(argv, done.rc, said, held))
        time.sleep(LOCK_POLL_SECONDS)


def _failure(argv: tuple[str, ...], code: int, said: str, held: bool) -> str:
    program = next(word for word in argv if word != "env" and "=" not in word)
    lines = [line.strip() for line in said.splitlines() if line.startswith(("E:", "Error", "dpkg: error", "No space"))]
    why = "; ".join(lines[-4:] or [line for line in said.splitlines() if line.strip()][-3:])
    if held:
        return f"{program}: another program holds the package manager for more than {LOCK_SECONDS} s: {why}"
    older = "; the lists are older than the mirror: fetch them (apt-get update)" if " 404 " in said else ""
    return f"{program} failed (rc {code}): {why}{older}"
