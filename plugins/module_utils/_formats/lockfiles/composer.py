# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""composer.lock, and vendor/composer/installed.json, which has the same packages once they are there."""

from __future__ import annotations

from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.model import (
    Contents,
    LockError,
    Package,
    listing,
    load_json,
    mapping,
    string,
)


def read(text: str) -> Contents:
    """composer.lock. A version is a tag ("v5.4.1") or a branch ("dev-main")."""
    document = mapping(load_json(text))
    if "packages" not in document:
        raise LockError("no packages")
    packages = [(entry, False) for entry in listing(document, "packages")]
    packages += [(entry, True) for entry in listing(document, "packages-dev")]
    return Contents(tuple(Package("composer", *_named(entry), dev) for entry, dev in packages if all(_named(entry))))


def installed(text: str) -> Contents:
    """installed.json: a list (Composer 1), or packages with the names of those for development."""
    document = load_json(text)
    entries = listing(document) if isinstance(document, list) else listing(document, "packages")
    if not isinstance(document, list) and "packages" not in mapping(document):
        raise LockError("no packages")
    return Contents(tuple(Package("composer", *_named(entry)) for entry in entries if all(_named(entry))))


def _named(entry: dict[str, object]) -> tuple[str, str]:
    return string(entry, "name"), string(entry, "version")
