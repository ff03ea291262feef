# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The dead-man's timer: a fix that could cut us off stands only once a new connection has confirmed it."""

from __future__ import annotations

import dataclasses

from ansible_collections.infosec.principles.plugins.module_utils._engine.change import (
    Before,
    Change,
    Diff,
    Machine,
    kind,
)


@kind
@dataclasses.dataclass(frozen=True)
class Guard(Change):
    """The first change of a fix that could cut us off; it makes the whole fix a guarded one.

    seconds: how long the host waits for a new connection before it takes everything of the fix back by itself.
    """

    seconds: int

    def describe(self) -> str:
        return f"take all of this back unless a new connection confirms it within {self.seconds} s"

    def diff(self) -> Diff:
        return {"before_header": "guard", "after_header": "guard", "before": "", "after": f"{self.describe()}\n"}

    def apply(self, host: Machine, *, tag: str) -> None:
        """Arm the timer."""

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        """Disarm it."""
