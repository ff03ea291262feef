# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""package-lock.json and npm-shrinkwrap.json, versions 1 to 3 (https://docs.npmjs.com/cli/configuring-npm/package-lock-json)."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.model import (
    Contents,
    LockError,
    Package,
    load_json,
    mapping,
    string,
)

FOLDER = "node_modules/"


def read(text: str) -> Contents:
    """Versions 2 and 3 list places ("packages"), version 1 a tree ("dependencies")."""
    document = mapping(load_json(text))
    if document.get("lockfileVersion", 1) not in (1, 2, 3):
        raise LockError(f"lockfileVersion {str(document['lockfileVersion'])[:20]} is not known")
    if isinstance(document.get("packages"), dict):
        return Contents(tuple(_places(document["packages"])))
    if "lockfileVersion" not in document and "dependencies" not in document:
        raise LockError("neither packages nor dependencies")
    return Contents(tuple(_tree(mapping(document, "dependencies"))))


def places(text: str) -> list[str]:
    """Where the packages lie by the file ("node_modules/a"), for who wants to see whether they do."""
    return [place for place in mapping(load_json(text), "packages") if place.startswith(FOLDER)]


def _places(packages: dict[str, t.Any]) -> t.Iterator[Package]:
    """Links lead to packages of one's own; a name is told where it is not the place's (an alias)."""
    for place, entry in packages.items():
        _above, inside, name = place.rpartition(FOLDER)
        version = string(entry, "version")
        if inside and version and not mapping(entry).get("link"):
            dev = bool(entry.get("dev") or entry.get("devOptional"))
            yield Package("npm", string(entry, "name") or name, version, dev)


def _tree(dependencies: dict[str, t.Any]) -> t.Iterator[Package]:
    todo = [dependencies]
    while todo:
        for name, entry in todo.pop().items():
            version = string(entry, "version")
            # "npm:real@1.0.0" is an alias; an address or a path has no version.
            alias, _at, aliased = version[len("npm:") :].rpartition("@") if version.startswith("npm:") else ("", "", "")
            if version and (alias or not any(sign in version for sign in ":/")):
                yield Package("npm", alias or name, aliased or version, bool(mapping(entry).get("dev")))
            todo.append(mapping(entry, "dependencies"))
