# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whether an application asks for libraries at all, by the file in which its people name them."""

from __future__ import annotations

import re

from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.model import load_json, mapping

#: A dependency below the heading, besides Python itself.
_OF_POETRY = re.compile(r"^\[tool\.poetry\.dependencies\]\n(?:(?:python\s*=.*)?\n)*(?!python\s*=)[\w\"']", re.MULTILINE)


def npm(text: str) -> bool:
    """package.json with dependencies to run."""
    return bool(mapping(load_json(text), "dependencies"))


def composer(text: str) -> bool:
    """composer.json that requires more than PHP itself and its extensions."""
    wanted = mapping(load_json(text), "require")
    return any("/" in name for name in wanted)


def pyproject(text: str) -> bool:
    """pyproject.toml with dependencies; many only configure tools."""
    listed = re.search(r"^dependencies\s*=\s*\[\s*(?:#.*\n\s*)*[\"']", text, re.MULTILINE)
    return bool(listed or _OF_POETRY.search(text))


def named(text: str) -> bool:
    """Any other: it is there for that."""
    return bool(text.strip())
