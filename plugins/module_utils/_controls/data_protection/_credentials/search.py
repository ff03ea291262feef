# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Looking for credential stores: bounded in names, bytes and seconds, through no link, nothing but plain files."""

from __future__ import annotations

import dataclasses
import os
import re
import stat
import time
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._credentials import kinds
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._credentials.kinds import (
    Kind,
)
from ansible_collections.infosec.principles.plugins.module_utils._host import homes, tree, units
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.tree import Budget, Folder

#: All folders together; the control has 30 s by default.
SECONDS = 12.0
#: Bytes read of all candidates.
BYTES = 64 * 1024 * 1024
#: Names in one folder; one that has more does not use up what the others are looked at with.
MANY = 20_000
#: Files that are told of at most.
MOST = 1000
#: Libraries, caches, and what a package manager keeps; certificates of authorities are no keys.
_SKIP = re.compile(
    r"node_modules|vendor|bower_components|__pycache__|site-packages|dist-packages|\.cache|\.(svn|hg|bzr)|lost\+found"
    r"|alternatives|ca-certificates"
)
_SKIP_PATHS = frozenset(("/etc/ssl/certs", "/etc/selinux", "/etc/apparmor.d", "/etc/pki/ca-trust", "/etc/rc.d"))
#: Where no application keeps its own: systems' folders, and those that hold everything.
_SYSTEM = re.compile(
    r"/|/(home|root|var|srv|opt|mnt|media)|/(bin|boot|dev|etc|lib\w*|proc|run|sbin|sys|tmp)(/.*)?|/usr(/(?!local/).*)?"
    r"|/var/(lib|log|cache|spool|run|tmp)"
)


@dataclasses.dataclass(frozen=True)
class Where:
    """What to look through. folders: as people name them. depth: 1 for a folder's own files. limit: names in all."""

    folders: tuple[str, ...]
    depth: int
    limit: int


@dataclasses.dataclass(frozen=True)
class Store:
    """A file that holds credentials. copy_of: the path of what it is a copy of, going by its name; "" for none.

    home: it lies directly in the home of an account, or anywhere in that of a person.
    """

    path: str
    kind: Kind
    status: os.stat_result
    copy_of: str = ""
    home: bool = False

    @property
    def mode(self) -> int:
        return stat.S_IMODE(self.status.st_mode)


@dataclasses.dataclass(frozen=True)
class Lot:
    """What was found, and what was not looked at, and why."""

    stores: tuple[Store, ...]
    unseen: tuple[str, ...]


@dataclasses.dataclass
class _Search:
    host: Host
    deadline: float
    persons: frozenset[str]
    homes: frozenset[str]
    seen: set[str] = dataclasses.field(default_factory=set)
    found: dict[str, Store] = dataclasses.field(default_factory=dict)
    problems: list[str] = dataclasses.field(default_factory=list)

    def walk(self, folder: Folder, depth: int) -> None:
        """A folder and what is below it, the nearest first. Raises Unseen where its budget is used up."""
        todo = [("", depth)]
        while todo:
            below, deeper = todo.pop(0)
            try:
                todo += [(os.path.join(below, name), deeper - 1) for name in self.visit(folder, below, deeper > 1)]
            except Unseen as exc:
                if folder.budget.names < 0 or self.is_over:
                    raise
                self.problems.append(str(exc))

    def visit(self, top: Folder, below: str, deeper: bool) -> list[str]:
        """Look at the files of one folder; the folders in it to go on with. Raises Unseen."""
        with _entered(top, below) as here:
            if here is None or here.path in self.seen:
                return []
            self.seen.add(here.path)
            listing = here.list(MANY)
            for name in listing.files:
                self.look(here, name)
            return [name for name in listing.folders if self.enters(here, name)] if deeper else []

    @property
    def is_over(self) -> bool:
        """Whether there is no time or room left."""
        return time.monotonic() > self.deadline or len(self.found) >= MOST

    def enters(self, here: Folder, name: str) -> bool:
        """Whether to look into a folder: not into people's homes, which other controls look through."""
        path = here.join(name)
        inner = os.path.basename(here.path) == ".git"
        remote = homes.is_mounted_remote(self.host, path)
        skipped = _SKIP.fullmatch(name) or path in _SKIP_PATHS or path in self.persons
        return not (inner or remote or skipped)

    def look(self, here: Folder, name: str) -> None:
        """One file: read where its name says that it may hold credentials. Raises Unseen."""
        first = kinds.original(name)
        may_be = kinds.of(first, here.path) if first else ()
        may_be = may_be or kinds.of(name, here.path)
        if not may_be:
            return
        if self.is_over:
            raise Unseen(
                f"{here.path}: there was no time or room left to look at all files ({SECONDS:g} s, {MOST} files)"
            )
        status = here.status(name)
        if status is not None and stat.S_ISREG(status.st_mode) and 0 < status.st_size <= kinds.SIZE:
            self.read(here, name, status, may_be, first)

    def read(self, here: Folder, name: str, status: os.stat_result, may_be: t.Sequence[Kind], first: str) -> None:
        text = here.read(name, kinds.SIZE, part=True) or ""
        kind = next((kind for kind in may_be if kind.holds(text)), None)
        if kind:
            copy_of = here.join(first) if first else ""
            self.found[here.join(name)] = Store(here.join(name), kind, status, copy_of, self.in_home(here.path))

    def in_home(self, folder: str) -> bool:
        return folder in self.homes or any(folder == one or folder.startswith(f"{one}/") for one in self.persons)


def search(host: Host, where: Where, served: t.Iterable[str]) -> Lot:
    """Every credential store in the folders, where services work, in what web servers serve, and on top of homes."""
    known, unseen = host.once(homes.read)
    looking = _Search(
        host,
        time.monotonic() + SECONDS,
        frozenset(home.path for home in known if home.account.person),
        frozenset(home.path for home in known),
    )
    looking.problems += unseen
    for top in dict.fromkeys([*map(os.path.normpath, where.folders), *served, *_of_services(host)]):
        _look(looking, top, Budget(where.limit, BYTES), lambda folder: looking.walk(folder, where.depth))
    for home in known:
        _look(looking, home.path, Budget(len(kinds.IN_HOMES), BYTES), lambda folder: _look_on_top(looking, folder))
    return Lot(tuple(looking.found[path] for path in sorted(looking.found)), tuple(dict.fromkeys(looking.problems)))


def _look(looking: _Search, top: str, budget: Budget, act: t.Callable[[Folder], None]) -> None:
    try:
        with tree.opened(looking.host, top, budget) as folder:
            if folder is not None:
                act(folder)
    except Unseen as exc:
        looking.problems.append(str(exc))


def _look_on_top(looking: _Search, home: Folder) -> None:
    """By name, so that nobody can hide these files among 100,000 others."""
    for name in kinds.IN_HOMES:
        if home.status(name) is not None:
            looking.look(home, name)


def _of_services(host: Host) -> list[str]:
    """Where services work, as far as that is a folder of theirs."""
    folders = (os.path.normpath(unit.folder) for unit in host.once(units.read) if unit.folder.startswith("/"))
    return [folder for folder in folders if not _SYSTEM.fullmatch(folder)]


def _entered(folder: Folder, below: str) -> t.ContextManager[Folder | None]:
    return folder.folder(below) if below else _Itself(folder)


class _Itself:
    """A folder that is open already, for `with`."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def __enter__(self) -> Folder | None:
        return self._folder

    def __exit__(self, *_exc: object) -> None:
        """It stays open."""
