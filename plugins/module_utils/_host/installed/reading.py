# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What was found of an application's libraries so far, and what could not be."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import purl
from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.model import Package

#: Longer than any registry lets names and versions be.
LONGEST = 300


@dataclasses.dataclass
class Reading:
    """found: (kind, name, version) to the file that tells, and whether it is installed.

    told: (file, how many of what). unread: (file, why). loose: (file, which names have no version). limit: libraries.
    """

    limit: int
    found: dict[tuple[str, str, str], tuple[str, bool]] = dataclasses.field(default_factory=dict)
    told: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    unread: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    loose: list[tuple[str, str]] = dataclasses.field(default_factory=list)

    def add(self, packages: t.Iterable[Package], source: str, *, installed: bool) -> int:
        """Take up libraries; those for development count where they are installed. How many they were."""
        number = 0
        for one in packages:
            if one.dev and not installed:
                continue
            number += 1
            if not _is_sound(one):
                self.unread.append((source, "a library whose name or version no registry would take"))
            elif len(self.found) < self.limit:
                self.found.setdefault((one.kind, one.name, one.version), (source, installed))
            else:
                self.unread.append((source, f"more than {self.limit} libraries"))
                break
        return number

    def tell(self, source: str, number: int, kind: str, *, installed: bool) -> None:
        """Remember for the evidence where libraries were found; a place for installed ones may be empty."""
        where = "installed" if installed else "locked"
        if number or not installed:
            self.told.append((source, f"{number} {kind} {'library' if number == 1 else 'libraries'} {where}"))


def _is_sound(one: Package) -> bool:
    return 0 < len(one.name) <= LONGEST and 0 < len(one.version) <= LONGEST and one.kind in purl.KINDS
