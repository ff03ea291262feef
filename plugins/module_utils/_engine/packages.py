# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Packages: planned and journaled on the host, installed and removed by the controller."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.change import (
    Before,
    Change,
    Diff,
    Machine,
    kind,
)


@kind
@dataclasses.dataclass(frozen=True)
class InstallPackage(Change):
    """A package that a fix needs. The action plugin hands it to ansible.builtin.package, which knows every manager."""

    on_controller: t.ClassVar[bool] = True

    name: str

    def describe(self) -> str:
        return f"install {self.name}"

    def diff(self) -> Diff:
        header = f"package {self.name}"
        return {"before_header": header, "after_header": header, "before": "absent\n", "after": "present\n"}

    def apply(self, host: Machine, *, tag: str) -> None:
        """Nothing: by the time the fix is applied on the host, the controller has installed it."""

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        """Nothing: `undo` returns the name, and the controller removes the package."""
