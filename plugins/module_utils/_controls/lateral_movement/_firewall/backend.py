# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What a firewall of this host has to tell and to do, whichever program it is."""

from __future__ import annotations

import dataclasses
import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import policy
    from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
    from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
    from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

ENFORCE, LOG = "enforce", "log"


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What a backend is to bring about. mode: ENFORCE, or LOG, which counts and logs what would be dropped."""

    admissions: tuple[policy.Admission, ...]
    mode: str = ENFORCE


@dataclasses.dataclass(frozen=True)
class Difference:
    """One way in which the effective state differs from what is wanted.

    rule: the rule of host_firewall that it violates: "admission" (what the kernel or the program filters by now) or
        "persistence" (what it will filter by after a boot).
    """

    rule: str
    message: str
    evidence: tuple[Evidence, ...]


class Backend(t.Protocol):
    """One firewall program. Modules of this folder offer these functions."""

    NAME: str

    def active(self, host: Host) -> bool:
        """Whether this program filters on this host now, or would after a boot."""

    def compare(self, host: Host, wanted: Wanted) -> list[Difference]:
        """How the effective state differs from what is wanted; none where all is well. Raises HostError."""

    def changes(self, host: Host, wanted: Wanted) -> tuple[Change, ...]:
        """The changes that bring it about, without the Guard. Raises HostError."""
