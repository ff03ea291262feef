# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What Python's tools lock: poetry.lock, pdm.lock, uv.lock, pylock.toml (PEP 751) and Pipfile.lock."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles import model, toml
from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.model import Contents, Package

#: Groups of dependencies that nobody needs to run an application, by the names that people give them.
_DEV = re.compile(r"dev(el(opment)?)?|tests?|testing|lint(ing|ers?)?|docs?|typing|types|ci|debug")
#: The source of a project of one's own in a uv.lock.
_OWN = re.compile(r"\{\s*(virtual|editable|directory)\s*=")


def poetry(text: str) -> Contents:
    """Groups since Poetry 2, a category before 1.5; between the two it was not told, and all count."""
    packages = []
    for table in _named(text, "package"):
        groups = toml.texts(table.raw.get("groups", ""))
        dev = _all_dev(groups) or table.texts.get("category") == "dev"
        packages.append(Package("pypi", table.texts["name"], table.texts["version"], dev))
    return Contents(tuple(packages))


def pdm(text: str) -> Contents:
    """Each package with the groups that want it; since PDM 2.10 at the latest."""
    return Contents(
        tuple(
            Package("pypi", table.texts["name"], table.texts["version"], _all_dev(toml.texts(table.raw["groups"])))
            if "groups" in table.raw
            else Package("pypi", table.texts["name"], table.texts["version"])
            for table in _named(text, "package")
            # A project of one's own in the tree.
            if "path" not in table.texts
        )
    )


def uv(text: str) -> Contents:
    """What the projects of the workspace need but by their groups of development."""
    tables = _named(text, "package", versioned=False)
    own = {table.texts["name"] for table in tables if _OWN.match(table.raw.get("source", ""))}
    edges = _edges(text)
    needed = model.reachable(own, edges) if own else {table.texts["name"] for table in tables}
    return Contents(
        tuple(
            Package("pypi", table.texts["name"], table.texts["version"], table.texts["name"] not in needed)
            for table in tables
            if table.texts["name"] not in own and "version" in table.texts
        ),
        untold=tuple(
            table.texts["name"] for table in tables if table.texts["name"] not in own and "version" not in table.texts
        ),
    )


def pylock(text: str) -> Contents:
    """PEP 751; packages that only some group wants say so in their marker."""
    tables = _named(text, "packages", versioned=False)
    own = {table.of for table in toml.tables(text) if table.name == "packages.directory" or "directory" in table.raw}
    return Contents(
        tuple(
            Package("pypi", table.texts["name"], table.texts["version"], _marked_dev(table))
            for table in tables
            if "version" in table.texts
        ),
        untold=tuple(table.texts["name"] for table in tables if "version" not in table.texts and table.of not in own),
    )


def pipfile(text: str) -> Contents:
    """Pipfile.lock: "default" and "develop", each name with "==VERSION"."""
    document = model.mapping(model.load_json(text))
    if "_meta" not in document:
        raise model.LockError("no _meta, which every Pipfile.lock has")
    packages, untold = [], []
    for section, dev in (("default", False), ("develop", True)):
        for name, entry in model.mapping(document, section).items():
            version = model.string(entry, "version")
            if version.startswith("=="):
                packages.append(Package("pypi", name, version.lstrip("="), dev))
            elif not dev and "path" not in model.mapping(entry):
                untold.append(name)
    return Contents(tuple(packages), untold=tuple(untold))


def _named(text: str, name: str, *, versioned: bool = True) -> list[toml.Table]:
    """The tables of an array, each with a name (and a version). Raises LockError for what is no lock file."""
    tables = toml.tables(text)
    wanted = [table for table in tables if table.name == name]
    if any("name" not in table.texts or (versioned and "version" not in table.texts) for table in wanted):
        raise model.LockError(f"a [[{name}]] without name or version")
    if not wanted and not any(key.endswith("version") for table in tables for key in (*table.texts, *table.raw)):
        raise model.LockError(f"no [[{name}]], and no version of the format")
    return wanted


def _all_dev(groups: t.Sequence[str]) -> bool:
    return bool(groups) and all(_DEV.fullmatch(group) for group in groups)


def _edges(text: str) -> dict[str, list[str]]:
    """Who needs whom, by dependencies and by extras."""
    edges: dict[str, list[str]] = {}
    owner = ""
    for table in toml.tables(text):
        if table.name == "package":
            owner = table.texts.get("name", "")
        if table.name == "package":
            edges.setdefault(owner, []).extend(toml.field(table.raw.get("dependencies", ""), "name"))
        elif table.name == "package.optional-dependencies":
            edges.setdefault(owner, []).extend(name for raw in table.raw.values() for name in toml.field(raw, "name"))
    return edges


def _marked_dev(table: toml.Table) -> bool:
    return _all_dev(re.findall(r"['\"]([^'\"]+)['\"] in dependency_groups", table.texts.get("marker", "")))
