# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Changes to the mode and owner of a file or folder, also where others can write: no link is followed."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import stat
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
from ansible_collections.infosec.principles.plugins.module_utils._engine.folders import open_folder

_PATH: int = getattr(os, "O_PATH", 0)


def set_mode(host: Machine, path: str, mode: int) -> SetMode:
    """Plan to give a plain file or a folder this mode (with an ACL, its group bits are the mask: acl(5)).

    Raises ChangeError for a link or anything else, FileNotFoundError where there is nothing.
    """
    with _opened(host, path) as (_fd, status):
        return SetMode(path, stat.S_IMODE(status.st_mode), mode, status.st_uid)


@kind
@dataclasses.dataclass(frozen=True)
class SetMode(Change):
    """Give a plain file or a folder another mode. `uid`: whose it was; another's in its place is left alone.

    A hard link could put a file of somebody else's in the place of the one that was planned for: hence the owner.
    """

    path: str
    before: int
    after: int
    uid: int

    def describe(self) -> str:
        return f"chmod {self.after:04o} {self.path}"

    def diff(self) -> Diff:
        before, after = (f"mode {mode:04o}\n" for mode in (self.before, self.after))
        return {"before_header": self.path, "after_header": self.path, "before": before, "after": after}

    def apply(self, host: Machine, *, tag: str) -> None:
        try:
            self._set(host, self.before, self.after)
        except (ChangeError, OSError) as exc:
            raise NothingDone(f"{self.path}: its mode was not changed: {exc}; run again") from exc

    def conflict(self, host: Machine) -> str:
        """A mode that somebody set since; what was removed or replaced by something else needs no taking back."""
        with contextlib.suppress(ChangeError, OSError), _opened(host, self.path) as (_fd, status):
            mode = stat.S_IMODE(status.st_mode)
            if status.st_uid == self.uid and mode not in (self.before, self.after):
                return (
                    f"{self.path}: somebody gave it the mode {mode:04o} since this run; look at it, then undo with "
                    "force: true to lose that change"
                )
        return ""

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        if not force and self.conflict(host):
            raise ChangeError(self.conflict(host))
        with contextlib.suppress(FileNotFoundError, _Another):
            self._set(host, None, self.before)

    def _set(self, host: Machine, expected: int | None, mode: int) -> None:
        """Set the mode of what lies there. expected: which it must have now, None for any."""
        with _opened(host, self.path) as (fd, status):
            if status.st_uid != self.uid:
                raise _Another(f"it belongs to user {status.st_uid} by now")
            now = stat.S_IMODE(status.st_mode)
            if now == mode:
                return
            if expected not in (None, now):
                raise ChangeError(f"it has the mode {now:04o} by now")
            # A descriptor of O_PATH reads nothing and cannot be given to fchmod(2); this is the same file.
            os.chmod(f"/proc/self/fd/{fd}", mode)


def set_owner(host: Machine, path: str, uid: int, gid: int) -> SetOwner:
    """Plan to give a plain file or a folder to this owner and group; plan its mode behind it, see SetOwner.

    Raises ChangeError for a link or anything else, FileNotFoundError where there is nothing.
    """
    with _opened(host, path) as (_fd, status):
        return SetOwner(path, (status.st_uid, status.st_gid), (uid, gid), stat.S_IMODE(status.st_mode))


@kind
@dataclasses.dataclass(frozen=True)
class SetOwner(Change):
    """Give a plain file or a folder another owner and group (uid, gid). `mode`: what it has, and keeps."""

    path: str
    before: tuple[int, int]
    after: tuple[int, int]
    mode: int

    def describe(self) -> str:
        return f"chown {self.after[0]}:{self.after[1]} {self.path}"

    def diff(self) -> Diff:
        before, after = (f"owner {uid}, group {gid}\n" for uid, gid in (self.before, self.after))
        return {"before_header": self.path, "after_header": self.path, "before": before, "after": after}

    def apply(self, host: Machine, *, tag: str) -> None:
        try:
            with _opened(host, self.path) as (fd, status):
                if _owner(status) == self.after:
                    return
                if (_owner(status), stat.S_IMODE(status.st_mode)) != (self.before, self.mode):
                    raise ChangeError("its owner, group or mode is another by now")
                self._give(fd, self.after)
        except (ChangeError, OSError) as exc:
            raise NothingDone(f"{self.path}: its owner was not changed: {exc}; run again") from exc

    def conflict(self, host: Machine) -> str:
        """An owner that somebody set since; what was removed or replaced by something else needs no taking back."""
        with contextlib.suppress(ChangeError, OSError), _opened(host, self.path) as (_fd, status):
            if _owner(status) not in (self.before, self.after):
                return (
                    f"{self.path}: somebody gave it another owner since this run; look at it, then undo with "
                    "force: true to lose that change"
                )
        return ""

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        if not force and self.conflict(host):
            raise ChangeError(self.conflict(host))
        with contextlib.suppress(FileNotFoundError, _Another), _opened(host, self.path) as (fd, status):
            if _owner(status) != self.before:
                self._give(fd, self.before)

    def _give(self, fd: int, owner: tuple[int, int]) -> None:
        # By the descriptor of this very file; chown(2) may take bits of the mode away.
        os.chown(f"/proc/self/fd/{fd}", *owner)
        os.chmod(f"/proc/self/fd/{fd}", self.mode)


def _owner(status: os.stat_result) -> tuple[int, int]:
    return status.st_uid, status.st_gid


class _Another(ChangeError):
    """Something else lies there by now."""


@contextlib.contextmanager
def _opened(host: Machine, path: str) -> t.Iterator[tuple[int, os.stat_result]]:
    """A descriptor of the file or folder that stands for it without opening it, and its status."""
    folder = open_folder(os.path.dirname(host.path(path)))
    try:
        fd = os.open(os.path.basename(path), _PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    finally:
        os.close(folder)
    try:
        status = os.fstat(fd)
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            raise _Another(f"{path}: is neither a plain file nor a folder ({stat.filemode(status.st_mode)})")
        yield fd, status
    finally:
        os.close(fd)
