# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Package URLs: one name for a library whichever its ecosystem (https://github.com/package-url/purl-spec)."""

from __future__ import annotations

import re
import typing as t
import urllib.parse


class Kind(t.NamedTuple):
    """How a type of package URL is written.

    normalise: its names' one spelling. separator: what parts the namespace from the name in the ecosystem's own names.
    """

    normalise: t.Callable[[str], str]
    separator: str = ""


def _pypi(name: str) -> str:
    """The one spelling of a project's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


KINDS = {
    "cargo": Kind(str),
    "composer": Kind(str.lower, "/"),
    "gem": Kind(str),
    "golang": Kind(str.lower, "/"),
    "maven": Kind(str, ":"),
    # Old ones have capitals, and the advisories name them so (JSONStream).
    "npm": Kind(str, "/"),
    "pypi": Kind(_pypi),
}


def make(kind: str, name: str, version: str) -> str:
    """The package URL of a library under its ecosystem's own name: "@scope/name", "group:artifact", "vendor/name".

    kind: one of KINDS.
    """
    shape = KINDS[kind]
    spelled = shape.normalise(name)
    parts = spelled.split(shape.separator) if shape.separator else [spelled]
    namespace, last = parts[:-1], parts[-1]
    # A group of Maven is one segment, whatever is in it; the others' namespaces may have many.
    path = "/".join(_encode(part) for part in (*namespace, last) if part)
    return f"pkg:{kind}/{path}@{_encode(version)}"


def _encode(text: str) -> str:
    """Everything encoded but letters, digits, ".-_~" and ":", as the canonical form has it."""
    return urllib.parse.quote(text, safe=":", errors="surrogateescape")
