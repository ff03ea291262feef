# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of reboot_safety."""

from __future__ import annotations

from . import reboot_safety_state
from .case import Case
from .machine import Machine


def good(machine: Machine) -> None:
    """A machine that comes back whole."""


CASES: tuple[Case, ...] = (
    Case("all is well", good, passes=frozenset({"redundancy", "verdict"})),
    Case("nobody else answers", good, {"sole_services": ["db"]}, fails=frozenset({"redundancy"})),
    *reboot_safety_state.CASES,
)
