# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Node's libraries as they lie in node_modules, by what npm keeps of it or else package by package."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles import model, npm
from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.model import LockError, Package
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.installed.reading import Reading
from ansible_collections.infosec.principles.plugins.module_utils._host.tree import Folder, Listing

MODULES = "node_modules"
#: What npm 7 and later leave there: the list of what they installed.
HIDDEN = ".package-lock.json"
#: Where pnpm keeps the packages that the links beside it lead to.
STORE = ".pnpm"
#: A node_modules within a package within a node_modules: deeper than any that a person has.
DEPTH = 15
MANIFEST = 1024 * 1024
LOCK = 16 * 1024 * 1024


def read(folder: Folder, reading: Reading) -> None:
    """All libraries in the folder's node_modules."""
    with folder.folder(MODULES) as modules:
        if modules is None:
            return
        listing = modules.list()
        packages = _by_hidden_lock(modules, listing)
        if packages is not None:
            number = reading.add(packages, modules.join(HIDDEN), installed=True)
            reading.tell(modules.join(HIDDEN), number, "Node", installed=True)
        else:
            reading.tell(modules.path, _walk(modules, listing, reading, DEPTH), "Node", installed=True)


def _by_hidden_lock(modules: Folder, listing: Listing) -> tuple[Package, ...] | None:
    """What npm says is there; None where it is not so any more, by the times that npm itself goes by."""
    if HIDDEN not in listing.files:
        return None
    try:
        text = modules.read(HIDDEN, LOCK) or ""
        packages = npm.read(text).packages
        expected = {"/".join(_top(place)) for place in npm.places(text)}
    except (LockError, Unseen):
        return None
    status = modules.status(HIDDEN)
    there = set(_tops(modules, listing))
    current = status is not None and all(_is_older(modules, name, status.st_mtime_ns) for name in there)
    linked = set(listing.links)
    return packages if current and there <= expected and expected - there <= linked | _scoped(expected) else None


def _scoped(names: set[str]) -> set[str]:
    """Scoped names: links in a scope are not looked for one by one."""
    return {name for name in names if name.startswith("@")}


def _top(place: str) -> list[str]:
    """The first name in "node_modules/@scope/name/node_modules/other"."""
    parts = place.split("/")[1:]
    return parts[:2] if parts[0].startswith("@") else parts[:1]


def _tops(modules: Folder, listing: Listing) -> t.Iterator[str]:
    """The names of the packages that lie in this very node_modules."""
    for name in listing.folders:
        if name.startswith("@"):
            with modules.folder(name) as scope:
                yield from (f"{name}/{inner}" for inner in scope.list().folders) if scope else ()
        elif not name.startswith("."):
            yield name


def _is_older(modules: Folder, name: str, moment: int) -> bool:
    status = modules.status(name)
    return status is not None and status.st_mtime_ns <= moment


def _walk(modules: Folder, listing: Listing, reading: Reading, depth: int) -> int:
    """Every package in a node_modules, in the ones inside its packages, and in pnpm's store. How many they were."""
    if depth == 0:
        reading.unread.append((modules.path, f"node_modules more than {DEPTH} deep"))
        return 0
    number = 0
    for name in _tops(modules, listing):
        with modules.folder(name) as package:
            number += _package(package, reading, depth) if package else 0
    if STORE in listing.folders:
        with modules.folder(STORE) as store:
            for name in store.list().folders if store else ():
                number += _inner(store, f"{name}/{MODULES}", reading, depth)
    return number


def _inner(above: Folder | None, name: str, reading: Reading, depth: int) -> int:
    if above is None:
        return 0
    with above.folder(name) as modules:
        return _walk(modules, modules.list(), reading, depth - 1) if modules else 0


def _package(package: Folder, reading: Reading, depth: int) -> int:
    """The package itself and those in it. A folder without a manifest is none."""
    number = 0
    try:
        text = package.read("package.json", MANIFEST)
        manifest = model.load_json(text) if text is not None else {}
    except (LockError, Unseen) as exc:
        reading.unread.append((package.join("package.json"), str(exc)))
        manifest = {}
    name, version = model.string(manifest, "name"), model.string(manifest, "version")
    if name and version:
        number = reading.add([Package("npm", name, version)], package.join("package.json"), installed=True)
    return number + _inner(package, MODULES, reading, depth)
