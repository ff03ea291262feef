# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""requirements.txt, as pip reads it (https://pip.pypa.io/en/stable/reference/requirements-file-format/)."""

from __future__ import annotations

import re

from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.model import Contents, Package

_INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)[ =]?\s*(\S+)")
_NAMED = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(.*)")
_OF_ONE = re.compile(r"\s--(?:hash|config-settings?|global-option|install-option)\b.*")
_PINNED = re.compile(r"\(?\s*={2,3}\s*([^\s,;*()]+)\s*\)?\s*(?:;.*)?")


def read(text: str) -> Contents:
    """Only what is pinned (==) has a version; a constraint counts as a pin."""
    packages: list[Package] = []
    loose: list[str] = []
    untold: list[str] = []
    includes: list[str] = []
    for line in _logical_lines(text):
        include, named = _INCLUDE.fullmatch(line), _NAMED.fullmatch(line)
        if include:
            includes.append(include[1])
        elif line.startswith(("-e", "--editable")) or re.match(r"[a-z+]+://|\.{0,2}/", line):
            untold.append(line)
        elif named and not line.startswith("-"):
            pinned = _PINNED.fullmatch(named[2])
            if pinned:
                packages.append(Package("pypi", named[1], pinned[1]))
            else:
                (untold if named[2].startswith("@") else loose).append(named[1])
    return Contents(tuple(packages), tuple(loose), tuple(untold), tuple(includes))


def _logical_lines(text: str) -> list[str]:
    """Lines joined at a backslash, without comments and the options of a single requirement (hashes)."""
    joined = re.sub(r"\\\r?\n", " ", text).splitlines()
    bare = (re.sub(r"(?:^|\s)#.*", "", line).strip() for line in joined)
    return [_OF_ONE.sub("", line).rstrip() for line in bare if line]
