# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What a text is that no order knows."""

from __future__ import annotations


class VersionFault(ValueError):
    """The text is no version of its ecosystem, or one that has no place in its order (a branch)."""
