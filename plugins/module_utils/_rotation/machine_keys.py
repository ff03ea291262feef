# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""A key that a program logs in with, and its rotation, as files beside each other in the account's own folder.

    id_deploy              what the program uses: a plain file at first, a link to the newest key after a rotation
    id_deploy-2026-11-29   a key that was made that day (-2 for a second one)
    id_deploy.replaced     the plain file that a rotation replaced, until it is over

How far a rotation has come is read from these names alone, so that a run which was cut off anywhere is finished by the
next. Each step leaves the program with a key that works; the process has the rights of the account and no others.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import os
import pwd
import re
import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import key_dates, ssh_keys
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed
from ansible_collections.infosec.principles.plugins.module_utils._rotation.rights import RotationError

#: How far a rotation is: none is going on; the new key lies there; it is what the program uses.
IDLE, MADE, USED = "idle", "made", "used"
REPLACED = ".replaced"
#: ssh-keygen(1) for each type: Mozilla's guideline for OpenSSH wants Ed25519, or RSA with 4096 bits.
TYPES = {"ed25519": ("-t", "ed25519"), "rsa": ("-t", "rsa", "-b", "4096")}
Runner = t.Callable[[t.Sequence[str]], Completed]


@dataclasses.dataclass(frozen=True)
class Key:
    """One private key. line: its public half as authorized_keys has it, without options."""

    path: str
    public: bytes
    comment: str

    @property
    def fingerprint(self) -> str:
        return ssh_keys.fingerprint(self.public)

    @property
    def line(self) -> str:
        return f"{ssh_keys.words(self.public)} {self.comment}".rstrip()

    def facts(self) -> dict[str, str]:
        """What leaves the host: nothing of the private half."""
        return {"path": self.path, "fingerprint": self.fingerprint, "line": self.line}


@dataclasses.dataclass(frozen=True)
class State:
    """phase: one of the above. new: the key that is being brought in; old: those that it replaces."""

    phase: str
    current: Key
    new: Key | None
    old: tuple[Key, ...]
    born: datetime.date


def locate(account: pwd.struct_passwd, key: str) -> str:
    """The path of a key as it was declared: absolute, or below the account's home."""
    return os.path.normpath(os.path.join(account.pw_dir, re.sub(r"^~/", "", key)))


# Looking


def look(path: str) -> State:
    """How far the rotation of the key at `path` is. Raises RotationError."""
    current = _current(path)
    dated = _dated(path)
    newest = dated[-1] if dated else None
    if os.path.islink(path):
        left = [name for name in (f"{path}{REPLACED}", *dated) if name != current.path and os.path.lexists(name)]
        newer = newest if newest and newest != current.path else None
        old = [name for name in left if name != newer]
    else:
        newer, old = newest, []
        if newest and os.stat(newest).st_mtime < os.stat(path).st_mtime:
            raise RotationError(f"{path} was written after {newest}; remove the one that is not wanted")
    born = _born(current)
    if newer:
        return State(MADE, current, _read(newer), (current, *map(_read, old)), born)
    if old:
        return State(USED, current, current, tuple(map(_read, old)), born)
    return State(IDLE, current, None, (), born)


def _current(path: str) -> Key:
    if not os.path.islink(path):
        return _read(path)
    real = os.path.join(os.path.dirname(path), os.readlink(path))
    if real not in (f"{path}{REPLACED}", *_dated(path)):
        raise RotationError(f"{path} is a link to {real}, which no rotation made; put the key itself there")
    return _read(real)


def _dated(path: str) -> list[str]:
    """The keys that rotations made, oldest first."""
    return [_name(path, *made) for made in _made(path)]


def _made(path: str) -> list[tuple[str, int]]:
    """Day and number of each of them."""
    folder, name = os.path.split(path)
    found = []
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as listing:
        for entry in listing:
            match = re.fullmatch(rf"{re.escape(name)}-(\d{{4}}-\d\d-\d\d)(?:-([1-9]\d*))?", entry.name)
            if match and entry.is_file(follow_symlinks=False):
                found.append((match[1], int(match[2] or 1)))
    return sorted(found)


def _name(path: str, day: str, number: int) -> str:
    return f"{path}-{day}" if number == 1 else f"{path}-{day}-{number}"


def _read(path: str) -> Key:
    data = _plain(path)
    key = ssh_keys.private(data) if data else None
    if key is None:
        raise RotationError(f"{path}: no private key that could be read")
    if key.encrypted:
        raise RotationError(f"{path}: has a passphrase, so somebody types it, and no program uses it")
    public, comment = _beside(path)
    if key.public and key.public != public:
        public, comment = key.public, ""
    if not public:
        raise RotationError(f"{path}: its public half is not known; write it with ssh-keygen -y -f {path} > {path}.pub")
    return Key(path, public, comment)


def _beside(path: str) -> tuple[bytes, str]:
    text = _plain(f"{path}.pub").decode("utf-8", "replace").strip()
    return ssh_keys.public(text), " ".join(text.split()[2:])


def _plain(path: str) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return b""
    except OSError as exc:
        raise RotationError(f"{path}: {exc.strerror}") from exc
    with os.fdopen(fd, "rb") as stream:
        return stream.read(ssh_keys.MAX_SIZE) if stat.S_ISREG(os.fstat(fd).st_mode) else b""


def _born(key: Key) -> datetime.date:
    """The earliest day that anything tells: the key may be older, as copying gives a file new times."""
    told = (key_dates.date_in(os.path.basename(key.path)), key_dates.date_in(key.comment))
    written = datetime.datetime.fromtimestamp(os.stat(key.path).st_mtime, datetime.timezone.utc).date()
    return min(date for date in (*told, written) if date)


# Acting


def make(path: str, *, name: str, kind: str, today: datetime.date, run: Runner) -> None:
    """Make a new key beside the one in use; whole, or not at all. name: for the comment. Raises RotationError."""
    folder = os.path.dirname(path)
    candidate = os.path.join(folder, f".{os.path.basename(path)}.new")
    for leftover in (candidate, f"{candidate}.pub"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(leftover)
    done = run(["ssh-keygen", "-q", *TYPES[kind], "-N", "", "-C", f"{name}-{today}", "-f", candidate])
    if done.rc != 0:
        raise RotationError(f"ssh-keygen: {(done.stderr or done.stdout).strip()}")
    final = _next(path, today)
    # The private half last: it alone says that there is a new key.
    for suffix in (".pub", ""):
        _sync(f"{candidate}{suffix}")
        os.rename(f"{candidate}{suffix}", f"{final}{suffix}")
    _sync(folder)


def _next(path: str, today: datetime.date) -> str:
    """A name that comes after all others, also where the clock went back or this is not the first one today."""
    day, number = (_made(path) or [("", 0)])[-1]
    return _name(path, day, number + 1) if day >= str(today) else _name(path, str(today), 1)


def switch(path: str, new: str) -> None:
    """Have the program use the new key. Every step leaves it with one that works, and with its way back."""
    if not os.path.islink(path):
        _keep(path)
    # ssh offers what .pub says and signs with the private half: beside the wrong one it could not log in.
    if os.path.lexists(f"{path}.pub") and _target(f"{path}.pub") != f"{new}.pub":
        os.unlink(f"{path}.pub")
    _point(path, new)
    _point(f"{path}.pub", f"{new}.pub")
    _sync(os.path.dirname(path))


def _keep(path: str) -> None:
    for name, kept in ((f"{path}.pub", f"{path}{REPLACED}.pub"), (path, f"{path}{REPLACED}")):
        if os.path.exists(name) and not os.path.lexists(kept):
            os.link(name, kept)
        elif os.path.exists(name) and not os.path.samefile(name, kept):
            raise RotationError(f"{kept} is left of something else; move it away")


def _target(path: str) -> str:
    return os.path.join(os.path.dirname(path), os.readlink(path)) if os.path.islink(path) else ""


def _point(path: str, target: str) -> None:
    if _target(path) == target:
        return
    beside = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.link")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(beside)
    os.symlink(os.path.basename(target), beside)
    os.rename(beside, path)


def retire(old: t.Iterable[Key]) -> None:
    """Remove keys that open nothing any more; the private half last, since it alone says that there is one left."""
    for key in old:
        for path in (f"{key.path}.pub", key.path):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)


def _sync(path: str) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
