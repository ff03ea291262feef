# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What a lock file tells, whichever it is."""

from __future__ import annotations

import dataclasses
import json
import typing as t


class LockError(Exception):
    """A lock file that is broken or of a version that is not known: what was found."""


@dataclasses.dataclass(frozen=True)
class Package:
    """One library.

    kind: its type of package URL. name: the ecosystem's own. dev: needed to develop the application, not to run it.
    """

    kind: str
    name: str
    version: str
    dev: bool = False


@dataclasses.dataclass(frozen=True)
class Contents:
    """packages: what it names with a version. loose: names that it leaves to whatever is newest on the day.

    untold: names whose version something else decides (a parent, an address). includes: further files, from its folder.
    """

    packages: tuple[Package, ...] = ()
    loose: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()


def load_json(text: str) -> t.Any:
    """The document. Raises LockError, also where it is nested so deeply that nobody wrote it."""
    try:
        return json.loads(text)
    except RecursionError:
        raise LockError("JSON nested too deeply") from None
    except ValueError as exc:
        raise LockError(f"no JSON: {exc}") from None


def mapping(value: t.Any, key: str = "") -> dict[str, t.Any]:
    """The mapping under `key` of a mapping (or `value` itself); empty where it is anything else."""
    found = value.get(key) if key and isinstance(value, dict) else value if not key else None
    return found if isinstance(found, dict) else {}


def listing(value: t.Any, key: str = "") -> list[dict[str, t.Any]]:
    """The mappings in the list under `key` of a mapping (or in `value` itself)."""
    found = value.get(key) if key and isinstance(value, dict) else value if not key else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def string(value: t.Any, key: str) -> str:
    """The text under `key`; empty where it is anything else."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def reachable(roots: t.Iterable[str], edges: t.Mapping[str, t.Iterable[str]]) -> set[str]:
    """Everything that the roots need, directly or not; they themselves too."""
    seen: set[str] = set()
    todo = list(roots)
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo.extend(edges.get(name, ()))
    return seen
