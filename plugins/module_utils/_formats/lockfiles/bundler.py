# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Gemfile.lock and gems.locked: the gems below GEM, and those from git below GIT."""

from __future__ import annotations

import re

from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.model import (
    Contents,
    LockError,
    Package,
)

#: Four spaces: a gem with its version, and a platform behind "-"; six: what that gem needs.
_GEM = re.compile(r"    (\S+) \(([^()\s-]+)(?:-[^()]+)?\)")


def read(text: str) -> Contents:
    """Groups are in the Gemfile alone; all gems count. What is below PATH is the application's own."""
    if not re.search(r"^(GEM|GIT|PATH)$", text, re.MULTILINE):
        raise LockError("none of the sections GEM, GIT and PATH")
    section, packages = "", []
    for line in text.splitlines():
        gem = _GEM.fullmatch(line)
        if line and not line.startswith(" "):
            section = line
        elif gem and section in ("GEM", "GIT"):
            packages.append(Package("gem", gem[1], gem[2]))
    # The same gem stands there once for each platform.
    return Contents(tuple(dict.fromkeys(packages)))
