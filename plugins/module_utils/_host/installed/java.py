# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Java's libraries: what Maven wrote into each jar, in a folder, in WEB-INF/lib, and in jars that carry others."""

from __future__ import annotations

import io
import os
import re
import struct
import typing as t
import zipfile
import zlib

from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles import maven, names
from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.model import Package
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.installed.reading import Reading
from ansible_collections.infosec.principles.plugins.module_utils._host.tree import Folder

#: Bounds of what is looked into: the table of contents, names in it, jars in a jar, one of them unpacked.
DIRECTORY = 8 * 1024 * 1024
MEMBERS = 50_000
CARRIED = 1000
UNPACKED = 32 * 1024 * 1024
PROPERTIES = 64 * 1024
#: What zipfile raises for archives that are broken, encrypted or packed in a way of their own.
BROKEN = (Unseen, zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, EOFError)
_PROPERTIES = re.compile(r"META-INF/maven/[^/]+/[^/]+/pom\.properties")
_CARRIED = re.compile(r"(?:WEB-INF/lib|BOOT-INF/lib|lib)/[^/]+\.jar")
_TAIL = 65_557
_END = struct.Struct("<4s4H2LH")


def jars_in(folder: Folder, reading: Reading) -> None:
    """All libraries in the archives of a folder."""
    number = 0
    for name in folder.list().files:
        if name.endswith(names.ARCHIVES):
            source = folder.join(name)
            try:
                with folder.open(name) as stream:
                    number += _archive(stream, source, reading, folder) if stream else 0
            except BROKEN as exc:
                reading.unread.append((source, str(exc) or "no archive"))
    reading.tell(folder.path, number, "Java", installed=True)


def web_archive(folder: Folder, reading: Reading) -> None:
    """WEB-INF/lib of an unpacked web application."""
    with folder.folder("WEB-INF/lib") as lib:
        if lib:
            jars_in(lib, reading)


def _archive(stream: t.BinaryIO, source: str, reading: Reading, folder: Folder, depth: int = 1) -> int:
    """What an archive says of itself and of those that it carries. How many libraries they are."""
    _refuse_large(stream)
    with zipfile.ZipFile(stream) as archive:
        members = archive.namelist()
        files = [_member(archive, name, PROPERTIES, folder) for name in members if _PROPERTIES.fullmatch(name)]
        told = [maven.properties(file.decode("utf-8", "replace")) for file in files]
        known = [Package("maven", name, version) for name, version in told if name and version]
        number = reading.add(known, source, installed=True)
        carried = [name for name in members if _CARRIED.fullmatch(name)] if depth else []
        if not known and not carried:
            reading.unread.append((source, "does not say which library it is (no pom.properties)"))
        for name in carried[:CARRIED]:
            inner = io.BytesIO(_member(archive, name, UNPACKED, folder))
            number += _archive(inner, f"{source}!/{name}", reading, folder, depth - 1)
        return number


def _member(archive: zipfile.ZipFile, name: str, limit: int, folder: Folder) -> bytes:
    with archive.open(name) as member:
        data = member.read(limit + 1)
    folder.budget.bytes -= len(data)
    if len(data) > limit or folder.budget.bytes < 0:
        raise Unseen(f"{name} in it is too large to be read")
    return data


def _refuse_large(stream: t.BinaryIO) -> None:
    """Raise Unseen where the table of contents alone would take long: its size stands at the archive's end."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _TAIL))
    tail = stream.read(_TAIL)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise Unseen("no archive, or one without an end")
    _magic, _disk, _first, _here, members, length, _offset, _comment = _END.unpack_from(tail, at)
    # What says that the true figures stand elsewhere (zip64) is large as well.
    if members > MEMBERS or length > DIRECTORY or tail[max(0, at - 20) :].startswith(b"PK\x06\x07"):
        raise Unseen(f"{members} names in it, too many to look at")
    stream.seek(0)
