# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Semantic Versioning 2.0.0 (https://semver.org/#spec-item-11): npm, Cargo and Go.

Build metadata has no say, and so has none of Go's ``+incompatible``; Go's pseudo-versions are pre-releases.
"""

from __future__ import annotations

import re

from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.versions.fault import VersionFault

_VERSION = re.compile(
    r"[v=\s]*(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?\s*", re.ASCII
)

_Identifier = tuple[int, int, str]
Key = tuple[int, int, int, int, tuple[_Identifier, ...]]


def key(text: str) -> Key:
    """Sorts as semver does; missing numbers are 0, as advisories write them. Raises VersionFault."""
    found = _VERSION.fullmatch(text)
    if not found:
        raise VersionFault(f"{text!r} is no semantic version")
    major, minor, patch, early = found.groups()
    identifiers = tuple(map(_identifier, early.split("."))) if early else ()
    return (int(major), int(minor or 0), int(patch or 0), int(not early), identifiers)


def _identifier(text: str) -> _Identifier:
    """Numbers sort before words."""
    return (0, int(text), "") if text.isdigit() else (1, 0, text)
