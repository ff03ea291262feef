# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What the rules of reboot_safety have in common."""

from __future__ import annotations

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Rule

REFERENCE = "https://infosec.mozilla.org/fundamentals/security_principles#patch-systems"


def rule(name: str, title: str, risk: str, remedy: str) -> Rule:
    """A rule that follows from "Patch systems": a host that nobody dares to restart stays unpatched."""
    return Rule(name, title, risk, REFERENCE, remedy)
