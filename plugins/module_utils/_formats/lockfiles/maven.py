# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""pom.xml, which is no lock file: what it says itself of versions, and which it leaves to a parent or a BOM."""

from __future__ import annotations

import dataclasses
import re
import typing as t
import xml.parsers.expat

from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.model import (
    Contents,
    LockError,
    Package,
)

DEPTH = 40
LONGEST = 300
_PROPERTY = re.compile(r"\$\{([^{}]+)\}")
_DEPENDENCY = ("project", "dependencies", "dependency")
_MANAGED = ("project", "dependencyManagement", "dependencies", "dependency")


@dataclasses.dataclass
class _Pom:
    properties: dict[str, str]
    wanted: list[dict[str, str]]
    managed: dict[str, str]


def read(text: str) -> Contents:
    """Direct dependencies alone. Raises LockError, also for a document type, which no pom.xml needs."""
    pom = _parse(text)
    packages, untold = [], []
    for entry in pom.wanted:
        name = f"{_filled(entry.get('groupId', ''), pom)}:{_filled(entry.get('artifactId', ''), pom)}"
        version = _filled(entry.get("version") or pom.managed.get(name, ""), pom)
        if version and not re.search(r"[\s$\[\](),]", version):
            packages.append(Package("maven", name, version, entry.get("scope") == "test"))
        elif entry.get("scope") != "test":
            untold.append(name)
    if pom.wanted:
        untold.append("what these need in turn")
    return Contents(tuple(packages), untold=tuple(untold))


def properties(text: str) -> tuple[str, str]:
    """Name and version in a jar's pom.properties; empty where they are not told."""
    values = dict(line.strip().partition("=")[::2] for line in text.splitlines() if "=" in line)
    group, artifact = values.get("groupId", ""), values.get("artifactId", "")
    return (f"{group}:{artifact}", values.get("version", "")) if group and artifact else ("", "")


def _filled(text: str, pom: _Pom) -> str:
    """With properties put in, thrice, since they name each other; each no longer than anybody needs."""
    for _round in range(3):
        text = _PROPERTY.sub(lambda match: pom.properties.get(match[1], match[0])[:LONGEST], text[:LONGEST])
    return text[:LONGEST]


def _parse(text: str) -> _Pom:
    pom = _Pom({}, [], {})
    path: list[str] = []
    words: list[str] = []
    entry: dict[str, str] = {}

    def start(name: str, attributes: t.Any) -> None:
        path.append(name.rpartition(":")[2])
        words.clear()
        if len(path) > DEPTH:
            raise LockError("XML nested too deeply")
        if tuple(path) in (_DEPENDENCY, _MANAGED):
            entry.clear()

    def end(name: str) -> None:
        _leave(pom, tuple(path), "".join(words).strip(), entry)
        path.pop()
        words.clear()

    def doctype(*told: t.Any) -> None:
        raise LockError("a document type, which no pom.xml needs")

    parser = xml.parsers.expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = words.append, doctype
    try:
        parser.Parse(text.encode("utf-8", "surrogateescape"), True)
    except xml.parsers.expat.ExpatError as exc:
        raise LockError(f"no XML: {exc}") from None
    return pom


def _leave(pom: _Pom, path: tuple[str, ...], text: str, entry: dict[str, str]) -> None:
    if path[:2] == ("project", "properties") and len(path) == 3:
        pom.properties[path[2]] = text
    elif len(path) == 2 and path[0] == "project" and path[1] in ("version", "groupId"):
        pom.properties[f"project.{path[1]}"] = text
    elif path == ("project", "parent", path[-1]) and path[-1] in ("version", "groupId"):
        pom.properties.setdefault(f"project.{path[-1]}", text)
        pom.properties[f"project.parent.{path[-1]}"] = text
    elif path[:-1] in (_DEPENDENCY, _MANAGED):
        entry[path[-1]] = text
    elif path == _DEPENDENCY:
        pom.wanted.append(dict(entry))
    elif path == _MANAGED:
        pom.managed[f"{entry.get('groupId', '')}:{entry.get('artifactId', '')}"] = entry.get("version", "")
