# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The libraries of one application: installed ones first, and lock files where nothing is installed."""

from __future__ import annotations

import posixpath
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles import golang, names, table
from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.model import Contents, LockError
from ansible_collections.infosec.principles.plugins.module_utils._host import tree
from ansible_collections.infosec.principles.plugins.module_utils._host.applications import Application, Site
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.installed import java, node, others, python
from ansible_collections.infosec.principles.plugins.module_utils._host.installed.reading import Reading
from ansible_collections.infosec.principles.plugins.module_utils._host.tree import Budget, Folder

#: By ecosystem, the folders in and below which its libraries are accounted for.
Homes = dict[str, set[str]]
#: Folders that hold installed libraries, and how each is read; a folder may hold those of several ecosystems.
INSTALLED: dict[str, dict[str, t.Callable[[Folder, Reading], None]]] = {
    "node_modules": {"npm": node.read},
    "vendor": {"composer": others.php, "gem": others.ruby, "golang": others.go},
    "WEB-INF": {"maven": java.web_archive},
}
#: Bytes of one lock file.
LOCK = 16 * 1024 * 1024
INCLUDES = 20
#: Names of libraries that evidence lists.
LISTED = 10


def read(host: Host, application: Application, budget: Budget, limit: int) -> Reading:
    """Everything that the application's sites tell. limit: how many libraries that may be."""
    reading = Reading(limit)
    covered: Homes = {kind: set() for kind in names.ECOSYSTEMS}
    locked: Homes = {kind: set() for kind in names.ECOSYSTEMS}
    for site in application.sites:
        _in_folder(host, site, budget, reading, lambda folder, at: _installed(folder, at, reading, covered))
    for site in application.sites:
        _in_folder(host, site, budget, reading, lambda folder, at: _locked(folder, at, reading, covered, locked))
    return reading


def _in_folder(
    host: Host, site: Site, budget: Budget, reading: Reading, work: t.Callable[[Folder, Site], None]
) -> None:
    try:
        with tree.opened(host, site.path, budget) as folder:
            if folder:
                work(folder, site)
    except Unseen as exc:
        reading.unread.append((site.path, str(exc)))


# Installed


def _installed(folder: Folder, site: Site, reading: Reading, covered: Homes) -> None:
    readers = [reader for name in sorted(site.folders) for reader in INSTALLED.get(name, {}).items()]
    readers += [("pypi", python.virtual_environment)] if site.environment else []
    readers += [("pypi", python.packages_in)] if site.packages else []
    readers += [("maven", java.jars_in)] if site.archives else []
    for kind, reader in readers:
        before = len(reading.told)
        try:
            reader(folder, reading)
        except Unseen as exc:
            reading.unread.append((folder.path, str(exc)))
            covered[kind].add(site.home)
        if len(reading.told) > before:
            covered[kind].add(site.home)


# Locked


def _locked(folder: Folder, site: Site, reading: Reading, covered: Homes, locked: Homes) -> None:
    """The lock file of each ecosystem of which nothing is installed here or above; else what its people want.

    Folders below one with a lock file need none of their own (a workspace), yet one that they have counts.
    """
    for kind in names.ECOSYSTEMS:
        if _is_covered(site.home, covered[kind]):
            continue
        locks = [name for name in table.LOCKS[kind] if name in site.files]
        if kind == "golang" and locks == ["go.mod", "go.sum"]:
            locks = _of_go(folder)
        if locks:
            _lock(folder, locks[0], kind, reading)
            locked[kind].add(site.home)
        elif not _is_covered(site.home, locked[kind]):
            _manifest(folder, site, kind, reading)


def _is_covered(path: str, homes: t.Collection[str]) -> bool:
    """Whether the path is one of the folders, or lies in one."""
    while path not in homes:
        if path in ("", "/"):
            return False
        path = path.rpartition("/")[0]
    return True


def _of_go(folder: Folder) -> list[str]:
    """Old go.mod files do not name what is needed indirectly; go.sum does."""
    try:
        return ["go.mod" if golang.is_whole(folder.read("go.mod", LOCK) or "") else "go.sum"]
    except Unseen:
        return ["go.mod"]


def _lock(folder: Folder, name: str, kind: str, reading: Reading) -> None:
    source = folder.join(name)
    contents = _contents(folder, name, kind, reading)
    if contents is None:
        return
    pinned = {one.name.lower() for one in contents.packages}
    loose = [one for one in contents.loose if one.lower() not in pinned]
    if loose:
        reading.loose.append((source, f"without a version: {_listed(loose)}"))
    if contents.untold:
        reading.unread.append((source, f"versions not told: {_listed(contents.untold)}"))
    number = reading.add(contents.packages, source, installed=False)
    reading.tell(source, number, names.ECOSYSTEMS[kind], installed=False)


def _contents(folder: Folder, name: str, kind: str, reading: Reading) -> Contents | None:
    """What the lock file and those that it includes say; None where it could not be read."""
    todo, seen = [name], set[str]()
    merged = Contents()
    while todo and len(seen) < INCLUDES:
        one = todo.pop(0)
        if one in seen:
            continue
        seen.add(one)
        try:
            found = table.LOCKS[kind][name](_text(folder, one))
        except (LockError, Unseen) as exc:
            reading.unread.append((folder.join(one), str(exc)))
            if one == name:
                return None
            continue
        merged = _together(merged, found)
        todo += [posixpath.normpath(posixpath.join(posixpath.dirname(one), path)) for path in found.includes]
    return merged


def _text(folder: Folder, name: str) -> str:
    """A file in the folder or below it. Raises Unseen for one that is elsewhere or not there."""
    above, _slash, last = name.rpartition("/")
    if name.startswith(("/", "../")) or "://" in name:
        raise Unseen("lies outside of the application's folder")
    with folder.folder(above or ".") as below:
        text = below.read(last, LOCK) if below else None
    if text is None:
        raise Unseen("no such file, or a link")
    return text


def _together(one: Contents, other: Contents) -> Contents:
    return Contents(
        one.packages + other.packages, one.loose + other.loose, one.untold + other.untold, one.includes + other.includes
    )


def _manifest(folder: Folder, site: Site, kind: str, reading: Reading) -> None:
    for name, wants in table.MANIFESTS.get(kind, {}).items():
        if name not in site.files:
            continue
        try:
            if wants(_text(folder, name)):
                what = f"libraries of {names.ECOSYSTEMS[kind]} are wanted, and none is locked or installed"
                reading.loose.append((folder.join(name), what))
        except (LockError, Unseen) as exc:
            reading.unread.append((folder.join(name), str(exc)))


def _listed(wanted: t.Sequence[str]) -> str:
    unique = sorted(set(wanted))
    more = f" and {len(unique) - LISTED} more" if len(unique) > LISTED else ""
    return ", ".join(name[:100] for name in unique[:LISTED]) + more
