# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Folders that others own, read as root: through no link, no more than so much, nothing but plain files.

A folder is opened below the one above it, so that nothing leads out of the tree, and what is mounted from another
machine is not entered. Names, and bytes of files, come out of a budget.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host import homes
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


@dataclasses.dataclass
class Budget:
    """How many names may still be looked at, and how many bytes read."""

    names: int
    bytes: int


@dataclasses.dataclass(frozen=True)
class Listing:
    """The names in a folder, sorted, by what they are; what is neither folder, plain file nor link is left out."""

    folders: tuple[str, ...]
    files: tuple[str, ...]
    links: tuple[str, ...]


class Folder:
    """An open folder. path: where it is on the host."""

    def __init__(self, host: Host, path: str, fd: int, budget: Budget) -> None:
        self.host = host
        self.path = path
        self.budget = budget
        self._fd = fd

    def join(self, name: str) -> str:
        """The path of something in it."""
        return os.path.join(self.path, name)

    def list(self, limit: int = 1_000_000) -> Listing:
        """What is in it. Raises Unseen where that is more than `limit`, or than the budget has."""
        found: dict[str, list[str]] = {"folder": [], "file": [], "link": []}
        try:
            with os.scandir(self._fd) as entries:
                for number, entry in enumerate(entries):
                    self.budget.names -= 1
                    if number >= limit or self.budget.names < 0:
                        raise Unseen(f"{self.path}: too many names to look at all of them")
                    kind = _kind(entry)
                    if kind:
                        found[kind].append(entry.name)
        except OSError as exc:
            raise Unseen(f"{self.path}: {exc.strerror}") from exc
        return Listing(*(tuple(sorted(names)) for names in found.values()))

    @contextlib.contextmanager
    def folder(self, name: str) -> t.Iterator[Folder | None]:
        """A folder in it (or further down: "a/b"); None where there is none. Raises Unseen."""
        with contextlib.ExitStack() as opened:
            here: Folder | None = self
            for part in name.split("/"):
                here = here and here._descend(part, opened)
            yield here

    def _descend(self, name: str, opened: contextlib.ExitStack) -> Folder | None:
        path = self.join(name)
        if homes.is_mounted_remote(self.host, path):
            raise Unseen(f"{path}: {homes.REMOTE}")
        try:
            fd = os.open(name, _OPEN | os.O_DIRECTORY, dir_fd=self._fd)
        except OSError as exc:
            if isinstance(exc, PermissionError):
                raise Unseen(f"{path}: not readable by this user; run as root (become: true)") from exc
            return None
        opened.callback(os.close, fd)
        return Folder(self.host, path, fd, self.budget)

    def status(self, name: str) -> os.stat_result | None:
        """The status of a name in it, links not followed; None where there is none."""
        try:
            return os.stat(name, dir_fd=self._fd, follow_symlinks=False)
        except OSError:
            return None

    def read(self, name: str, limit: int, *, part: bool = False) -> str | None:
        """A plain file in it as text; None where there is none.

        Raises Unseen for one of more than `limit` bytes, unless a part is enough, and where the budget is used up.
        """
        with self.open(name) as stream:
            if stream is None:
                return None
            size = os.fstat(stream.fileno()).st_size
            if size > limit and not part:
                raise Unseen(f"{self.join(name)}: {size} bytes, of which no more than {limit} are read")
            data = stream.read(limit)
        self.budget.bytes -= len(data)
        if self.budget.bytes < 0:
            raise Unseen(f"{self.join(name)}: no more files are read, for all that were read before")
        return data.decode("utf-8-sig", "surrogateescape")

    @contextlib.contextmanager
    def open(self, name: str) -> t.Iterator[t.BinaryIO | None]:
        """A plain file in it, open for reading; None where there is none, or something else. Raises Unseen."""
        try:
            fd = os.open(name, _OPEN, dir_fd=self._fd)
        except PermissionError as exc:
            raise Unseen(f"{self.join(name)}: not readable by this user; run as root (become: true)") from exc
        except OSError:
            yield None
            return
        with os.fdopen(fd, "rb") as stream:
            yield stream if stat.S_ISREG(os.fstat(fd).st_mode) else None


@contextlib.contextmanager
def opened(host: Host, path: str, budget: Budget) -> t.Iterator[Folder | None]:
    """A folder by its path, through the links on the way there; None where there is none. Raises Unseen."""
    real = homes.resolve(host, path)
    try:
        fd = os.open(host.path(real), _OPEN | os.O_DIRECTORY)
    except (FileNotFoundError, NotADirectoryError):
        yield None
        return
    except OSError as exc:
        raise Unseen(f"{path}: {exc.strerror}") from exc
    try:
        yield Folder(host, real, fd, budget)
    finally:
        os.close(fd)


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else ""
