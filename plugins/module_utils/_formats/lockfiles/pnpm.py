# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""pnpm-lock.yaml, versions 5 to 9: what stands below `packages:`, two spaces in."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.model import (
    Contents,
    LockError,
    Package,
)

_VERSION = re.compile(r"^lockfileVersion: ['\"]?(\d+)", re.MULTILINE)
_SECTION = re.compile(r"^packages:\n((?:(?:  .*)?\n)*)", re.MULTILINE)
_KEY = re.compile(r"^  ['\"]?([^\s'\"].*?)['\"]?:$")
_FIELD = re.compile(r"^    (name|version|dev): ['\"]?(.*?)['\"]?$")
#: "/name/1.0.0_peers" (5), "/name@1.0.0(peers)" (6), "name@1.0.0" (9); what comes from elsewhere has no leading number.
_NAMED = {
    "5": re.compile(r"/((?:@[^/]+/)?[^/]+)/(\d[^_/()]*)(?:[_/(].*)?"),
    "6": re.compile(r"/((?:@[^/]+/)?[^/@]+)@(\d[^()]*)(?:\(.*)?"),
    "9": re.compile(r"((?:@[^/]+/)?[^/@]+)@(\d[^()]*)(?:\(.*)?"),
}


def read(text: str) -> Contents:
    """Versions 5 and 6 mark what is for development; 9 does not, and all count."""
    version = _VERSION.search(text)
    if version is None or version[1] not in _NAMED:
        raise LockError(f"lockfileVersion {version[1] if version else 'missing'} is not known")
    section = _SECTION.search(text if text.endswith("\n") else f"{text}\n")
    found = [_package(_NAMED[version[1]], key, fields) for key, fields in _entries(section[1] if section else "")]
    return Contents(
        tuple(one for one in found if isinstance(one, Package)),
        untold=tuple(one for one in found if isinstance(one, str)),
    )


def _entries(section: str) -> t.Iterator[tuple[str, dict[str, str]]]:
    key, fields = "", dict[str, str]()
    for line in section.split("\n"):
        entry, field = _KEY.match(line), _FIELD.match(line)
        if entry:
            if key:
                yield key, fields
            key, fields = entry[1], {}
        elif field:
            fields[field[1]] = field[2]
    if key:
        yield key, fields


def _package(named: re.Pattern[str], key: str, fields: dict[str, str]) -> Package | str:
    """The package, or the key of one whose version is not told."""
    match = named.fullmatch(key)
    if match:
        return Package("npm", match[1], match[2], fields.get("dev") == "true")
    if "name" in fields and "version" in fields:
        return Package("npm", fields["name"], fields["version"], fields.get("dev") == "true")
    return key
