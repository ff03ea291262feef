# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""gradle.lockfile (https://docs.gradle.org/current/userguide/dependency_locking.html)."""

from __future__ import annotations

import re

from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.model import (
    Contents,
    LockError,
    Package,
)

_LINE = re.compile(r"([^:=\s]+:[^:=\s]+):([^:=\s]+)=(.*)")


def read(text: str) -> Contents:
    """Each line: group:artifact:version=configurations; those of tests alone are for development."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    matches = [match for match in map(_LINE.fullmatch, lines) if match]
    if len(matches) + sum(line.startswith("empty=") for line in lines) != len(lines):
        raise LockError("a line that is none of group:artifact:version=configurations")
    return Contents(tuple(Package("maven", match[1], match[2], _is_dev(match[3])) for match in matches))


def _is_dev(configurations: str) -> bool:
    names = [name for name in configurations.split(",") if name]
    return bool(names) and all(re.search(r"(?i)test|checkstyle|pmd|spotbugs|jacoco", name) for name in names)
