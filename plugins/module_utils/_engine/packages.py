# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Packages: planned and journaled on the host, installed and removed by the controller."""

from __future__ import annotations

import dataclasses
import os
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.change import (
    Before,
    Change,
    Diff,
    Machine,
    kind,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import systemctl

#: Units that run or wait.
UNITS = (".service", ".socket", ".timer", ".path")


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
        """Stop what the package runs. `undo` returns the name, and the controller removes the package."""
        # Some packages leave their daemon running when they go (Debian's unattended-upgrades 2.9 has no prerm).
        units = _units(host, self.name)
        if units and os.path.isdir(host.path("/run/systemd/system")):
            systemctl(host, "stop", *units)


def _units(host: Machine, package: str) -> list[str]:
    """The units that come with an installed package, by dpkg or rpm; templates have nothing to stop."""
    listings = [host.run([*query, package]) for query in (("dpkg-query", "--listfiles"), ("rpm", "--query", "--list"))]
    paths = [line for done in listings if done.rc == 0 for line in done.stdout.splitlines()]
    names = {os.path.basename(path) for path in paths if path.endswith(UNITS) and "/systemd/system/" in path}
    return sorted(name for name in names if not name.partition("@")[2].startswith("."))
