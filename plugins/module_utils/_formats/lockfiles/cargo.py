# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Cargo.lock (https://doc.rust-lang.org/cargo/guide/cargo-toml-vs-cargo-lock.html)."""

from __future__ import annotations

from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles import toml
from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.model import (
    Contents,
    LockError,
    Package,
)


def read(text: str) -> Contents:
    """Every crate that comes from elsewhere; what has no source is the workspace's own. Dev is not told."""
    tables = [table for table in toml.tables(text) if table.name in ("package", "root")]
    if any("name" not in table.texts or "version" not in table.texts for table in tables) or not tables:
        raise LockError("a package without name or version, or none at all")
    return Contents(
        tuple(
            Package("cargo", table.texts["name"], table.texts["version"]) for table in tables if "source" in table.texts
        )
    )
