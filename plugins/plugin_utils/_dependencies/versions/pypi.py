# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""PEP 440, by the library that pip itself uses: epochs, pre-releases, post-releases, local versions."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils import _libraries
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.versions.fault import VersionFault


def key(text: str) -> t.Any:
    """Sorts as pip does. Raises VersionFault; AnsibleError without the library packaging."""
    version = _libraries.packaging().version
    try:
        return version.Version(text)
    except version.InvalidVersion as exc:
        raise VersionFault(f"{text!r} is no version by PEP 440") from exc
