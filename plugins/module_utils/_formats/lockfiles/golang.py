# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""go.mod, go.sum and vendor/modules.txt (https://go.dev/ref/mod)."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.model import (
    Contents,
    LockError,
    Package,
)

_REQUIRE = re.compile(r"(?:require\s+)?\"?([^\s\"()]+)\"?\s+(v\S+)")
_REPLACE = re.compile(r"(?:replace\s+)?(\S+)(?:\s+(v\S+))?\s+=>\s+(\S+)(?:\s+(v\S+))?")
_SUM = re.compile(r"(\S+) (v\S+) h1:\S+")
_VENDORED = re.compile(r"# (\S+) (v\S+)(?: => (\S+)(?: (v\S+))?)?")
#: Since then go.mod has the whole graph, also what is needed indirectly.
_WHOLE = (1, 17)


def mod(text: str) -> Contents:
    """go.mod: what is required, with replacements; before Go 1.17 without what is needed indirectly (see go.sum)."""
    if not re.search(r"^module\s+\S", text, re.MULTILINE):
        raise LockError("no module line")
    required = _matches(text, "require", _REQUIRE)
    replaced = _matches(text, "replace", _REPLACE)
    found = [_replace(path, version, replaced) for path, version in required]
    indirect = () if is_whole(text) else ("what these need in turn",)
    return Contents(tuple(Package("golang", *one) for one in found if one), untold=indirect if required else ())


def is_whole(text: str) -> bool:
    """Whether a go.mod names also what is needed indirectly."""
    match = re.search(r"^go\s+(\d+)\.(\d+)", text, re.MULTILINE)
    return match is not None and (int(match[1]), int(match[2])) >= _WHOLE


def checksums(text: str) -> Contents:
    """go.sum: modules whose source was fetched; older versions of one may be among them."""
    found = [match.groups() for match in map(_SUM.fullmatch, text.splitlines()) if match]
    if text.strip() and not found:
        raise LockError("no line of a go.sum")
    return Contents(
        tuple(Package("golang", path, version) for path, version in found if not version.endswith("/go.mod"))
    )


def vendored(text: str) -> Contents:
    """vendor/modules.txt: what lies in vendor/."""
    matches = [match for match in map(_VENDORED.fullmatch, text.splitlines()) if match]
    pairs = [(match[3] or match[1], match[4] if match[3] else match[2]) for match in matches]
    return Contents(tuple(Package("golang", path, version) for path, version in pairs if version))


def _matches(text: str, verb: str, pattern: re.Pattern[str]) -> list[tuple[str, ...]]:
    matches = (pattern.fullmatch(line) for found, line in _statements(text) if found == verb)
    return [match.groups() for match in matches if match]


def _statements(text: str) -> t.Iterator[tuple[str, str]]:
    """The verb and the rest of each line, in blocks or alone."""
    block = ""
    for line in (line.partition("//")[0].strip() for line in text.splitlines()):
        opened = re.fullmatch(r"(\w+)\s*\(", line)
        if opened:
            block = opened[1]
        elif line == ")":
            block = ""
        elif line:
            yield block or line.partition(" ")[0], line


def _replace(path: str, version: str, replaced: t.Sequence[tuple[str, ...]]) -> tuple[str, str] | None:
    """What is built instead; None for a folder of one's own."""
    for old, at, new, newer in replaced:
        if old == path and at in (None, version):
            return (new, newer) if newer else None
    return path, version
