# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Package URLs (https://github.com/package-url/purl-spec) in the words of OSV."""

from __future__ import annotations

import dataclasses
import re
import typing as t
import urllib.parse

#: The ecosystems of https://ossf.github.io/osv-schema/#affectedpackage-field by the type of a package URL.
ECOSYSTEMS = {
    "pypi": "PyPI",
    "npm": "npm",
    "composer": "Packagist",
    "gem": "RubyGems",
    "cargo": "crates.io",
    "golang": "Go",
    "maven": "Maven",
}
_PURL = re.compile(r"pkg:/*([A-Za-z][A-Za-z0-9.+-]*)/([^?#]+)@([^?#@]+)(?:[?#].*)?")


@dataclasses.dataclass(frozen=True, order=True)
class Package:
    """A library in a version. name: as OSV writes it, in its normal form."""

    ecosystem: str
    name: str
    version: str


def parse(purl: str) -> Package | None:
    """The package; None where it has no version, or is of an ecosystem that nobody here knows."""
    found = _PURL.fullmatch(purl)
    ecosystem = ECOSYSTEMS.get(found[1].lower()) if found else None
    if not found or not ecosystem:
        return None
    path, version = (urllib.parse.unquote(part) for part in found.groups()[1:])
    return of(ecosystem, path.replace("/", ":") if ecosystem == "Maven" else path, version)


def purl(one: Package) -> str:
    """The package URL; "" of an ecosystem that nobody here knows."""
    kind = next((kind for kind, ecosystem in ECOSYSTEMS.items() if ecosystem == one.ecosystem), "")
    path = urllib.parse.quote(one.name.replace(":", "/") if one.ecosystem == "Maven" else one.name, safe="/")
    return f"pkg:{kind}/{path}{'@' if one.version else ''}{urllib.parse.quote(one.version, safe='')}" if kind else ""


def of(ecosystem: str, name: str, version: str) -> Package:
    """With the name in its normal form; Go's versions lose their ``v``, as in OSV."""
    return Package(ecosystem, normal(ecosystem, name), version.removeprefix("v") if ecosystem == "Go" else version)


def normal(ecosystem: str, name: str) -> str:
    """The name by which the package is looked up: PEP 503's for Python; purls write Composer's and Go's small."""
    return _NORMAL[ecosystem](name) if ecosystem in _NORMAL else name


_NORMAL: dict[str, t.Callable[[str], str]] = {
    "PyPI": lambda name: re.sub(r"[-_.]+", "-", name).lower(),
    "Packagist": str.lower,
    "Go": str.lower,
}
