# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Opening folders and files as root in trees that others can write to."""

from __future__ import annotations

import errno
import os
import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.change import ChangeError

#: Where the collection keeps its own on a host.
STATE = "/var/lib/infosec-principles"
MAX_LINKS = 40
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def open_folder(path: str, *, create: bool = False) -> int:
    """A descriptor of the folder, reached one component at a time.

    A symbolic link on the way is followed only where root or this user made it, so that the owner of a folder cannot
    lead root elsewhere (CVE-2026-11837 was such a case). With `create`, missing folders are made with mode 0755.
    Raises ChangeError for a link of somebody else's, OSError for the rest.
    """
    here = os.open("/", _OPEN_FOLDER)
    todo = [part for part in reversed(path.split("/")) if part]
    links = 0
    try:
        while todo:
            part = todo.pop()
            target = _trusted_link(here, part, path)
            if target is not None:
                links += 1
                if links > MAX_LINKS:
                    raise ChangeError(f"{path}: more than {MAX_LINKS} symbolic links on the way")
                todo += [piece for piece in reversed(target.split("/")) if piece]
                step = "/" if target.startswith("/") else "."
            else:
                step = part
            following = _enter(here, step, create=create)
            os.close(here)
            here = following
    except BaseException:
        os.close(here)
        raise
    return here


def missing_folders(path: str) -> list[str]:
    """The folders that `open_folder(path, create=True)` would make, outermost first."""
    missing: list[str] = []
    while path not in ("", "/") and not os.path.lexists(path):
        missing.insert(0, path)
        path = os.path.dirname(path)
    return missing


def read_plain(folder: int, name: str, path: str) -> tuple[bytes, os.stat_result] | None:
    """The bytes and status of a plain file, or None where there is none. Raises ChangeError for anything else."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as exc:
        if exc.errno == errno.ELOOP:
            raise ChangeError(
                f"{path}: is a symbolic link; name the file that it leads to, or replace the link by a file"
            ) from exc
        raise
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise ChangeError(
                f"{path}: is not a plain file (mode {stat.filemode(status.st_mode)}); nothing was written"
            )
        with os.fdopen(fd, "rb", closefd=False) as stream:
            return stream.read(), status
    finally:
        os.close(fd)


def _enter(here: int, step: str, *, create: bool) -> int:
    try:
        return os.open(step, _OPEN_FOLDER, dir_fd=here)
    except FileNotFoundError:
        if not create:
            raise
    os.mkdir(step, 0o755, dir_fd=here)
    made = os.open(step, _OPEN_FOLDER, dir_fd=here)
    os.fchmod(made, 0o755)
    return made


def _trusted_link(here: int, part: str, path: str) -> str | None:
    try:
        status = os.stat(part, dir_fd=here, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISLNK(status.st_mode):
        return None
    if status.st_uid not in (0, os.geteuid()):
        raise ChangeError(
            f"{path}: {part} is a symbolic link of user {status.st_uid}; it is not followed, nothing was written"
        )
    return os.readlink(part, dir_fd=here)


def xattrs(fd: int) -> dict[str, str]:
    """Extended attributes (ACLs and security labels are among them), values in hexadecimal."""
    try:
        return {name: os.getxattr(fd, name).hex() for name in os.listxattr(fd)}
    except OSError as exc:
        if exc.errno in (errno.ENOTSUP, errno.EPERM, errno.EACCES):
            return {}
        raise


def set_xattrs(fd: int, values: t.Mapping[str, str]) -> None:
    """Give the file the attributes that `xattrs` read from another one."""
    for name, value in values.items():
        os.setxattr(fd, name, bytes.fromhex(value))
