# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Each ecosystem's own order of versions, by the name that OSV gives to the ecosystem."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.versions import (
    composer,
    gem,
    maven,
    pypi,
    semver,
)

#: A text becomes what sorts; raises VersionFault.
Key = t.Callable[[str], t.Any]

ORDERS: dict[str, Key] = {
    "PyPI": pypi.key,
    "npm": semver.key,
    "crates.io": semver.key,
    "Go": semver.key,
    "RubyGems": gem.key,
    "Packagist": composer.key,
    "Maven": maven.key,
}
