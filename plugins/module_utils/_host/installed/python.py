# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Python's libraries as they lie there: the metadata of every distribution in a folder of packages."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.model import Package
from ansible_collections.infosec.principles.plugins.module_utils._host.installed.reading import Reading
from ansible_collections.infosec.principles.plugins.module_utils._host.tree import Folder

#: What ends the name of a distribution's folder, and the file in it that tells.
METADATA = {".dist-info": "METADATA", ".egg-info": "PKG-INFO", ".egg": "EGG-INFO/PKG-INFO"}
#: Name and version are among the first lines (core metadata); a description of any length follows.
HEAD = 4096


def virtual_environment(folder: Folder, reading: Reading) -> None:
    """All libraries of a venv; one that sees the system's packages too counts its own."""
    with folder.folder("lib") as lib:
        versions = [name for name in lib.list().folders if name.startswith(("python", "pypy"))] if lib else []
        for version in versions:
            with folder.folder(f"lib/{version}/site-packages") as packages:
                if packages:
                    packages_in(packages, reading)


def packages_in(folder: Folder, reading: Reading) -> None:
    """All libraries in a folder like site-packages, or the target of `pip install --target`."""
    listing = folder.list()
    number = 0
    for name in (*listing.folders, *listing.files):
        ending = next((ending for ending in METADATA if name.endswith(ending)), "")
        if ending:
            number += _distribution(folder, name, ending, name in listing.files, reading)
    reading.tell(folder.path, number, "Python", installed=True)


def _distribution(folder: Folder, name: str, ending: str, is_file: bool, reading: Reading) -> int:
    # A file "x.egg-info" is its own metadata; a file "x.egg" is an archive of the days of easy_install.
    inner = "" if is_file else METADATA[ending]
    source = folder.join(f"{name}/{inner}" if inner else name)
    package = _head(_text(folder, name, inner) or "")
    if package is None:
        reading.unread.append((source, "no name and version"))
        return 0
    return reading.add([package], source, installed=True)


def _text(folder: Folder, name: str, inner: str) -> str | None:
    if not inner:
        return folder.read(name, HEAD, part=True)
    above, _slash, last = f"{name}/{inner}".rpartition("/")
    with folder.folder(above) as below:
        return below.read(last, HEAD, part=True) if below else None


def _head(text: str) -> Package | None:
    fields = dict(_fields(text))
    if fields.get("name") and fields.get("version"):
        return Package("pypi", fields["name"], fields["version"])
    return None


def _fields(text: str) -> t.Iterator[tuple[str, str]]:
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if not colon:
            return
        yield key.lower(), value.strip()
