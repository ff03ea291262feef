# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""yarn.lock: the format of Yarn 1, and the YAML of Yarn 2 and later."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.model import (
    Contents,
    LockError,
    Package,
)

_ENTRY = re.compile(r"^(\S.*):$")
_FIELD = re.compile(r"^  \"?(version|resolution)\"?:? \"?([^\"\n]+?)\"?$")
#: "name@npm:1.0.0"; other protocols ("workspace:", "patch:", "link:") follow the name likewise.
_RESOLUTION = re.compile(r"(@?[^@]+)@([a-z+]+):(.*)", re.DOTALL)
_OWN = ("workspace", "link", "portal")


def read(text: str) -> Contents:
    """Which of them are for development is not told; all count."""
    if "# yarn lockfile v1" not in text[:400] and not re.search(r"^__metadata:$", text, re.MULTILINE):
        raise LockError("neither a yarn lockfile v1 nor one with __metadata")
    return Contents(tuple(package for entry in _entries(text) for package in _package(*entry)))


def _entries(text: str) -> t.Iterator[tuple[str, dict[str, str]]]:
    descriptors, fields = "", dict[str, str]()
    for line in text.split("\n"):
        entry, field = _ENTRY.match(line), _FIELD.match(line)
        if entry:
            yield descriptors, fields
            descriptors, fields = entry[1], {}
        elif field:
            fields[field[1]] = field[2]
    yield descriptors, fields


def _package(descriptors: str, fields: dict[str, str]) -> t.Iterator[Package]:
    if descriptors in ("", "__metadata") or "version" not in fields:
        return
    resolution = _RESOLUTION.fullmatch(fields.get("resolution", ""))
    if resolution is None:
        yield Package("npm", _first_name(descriptors), fields["version"])
    elif resolution[2] not in _OWN:
        yield Package("npm", resolution[1], fields["version"])


def _first_name(descriptors: str) -> str:
    """The name in `"@scope/name@^1.0.0", ...`; of "alias@npm:name@^1" the real one."""
    first = descriptors.partition(",")[0].strip().strip('"')
    at = first.find("@", 1)
    name, wanted = (first[:at], first[at + 1 :]) if at > 0 else (first, "")
    real = wanted[len("npm:") :] if wanted.startswith("npm:") else ""
    return real[: real.find("@", 1)] if real.find("@", 1) > 0 else name
