# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Composer: the normal form of composer/semver, in the order of PHP's version_compare (getcomposer.org, "Versions")."""

from __future__ import annotations

import re

from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.versions.fault import VersionFault

# Possessive, as in Composer: no text keeps it trying.
_MODIFIER = r"[._-]?(?:(stable|beta|b|RC|alpha|a|patch|pl|p)((?:[.-]?\d++)*+)?)?([.-]?dev)?"
_CLASSIC = re.compile(r"v?(\d{1,5})(\.\d+)?(\.\d+)?(\.\d+)?" + _MODIFIER, re.IGNORECASE | re.ASCII)
_DATE = re.compile(
    r"v?(\d{4}(?:[.:-]?\d{2}){1,6}(?:[.:-]?\d{1,3}){0,2})" + _MODIFIER,
    re.IGNORECASE | re.ASCII,
)
_ALIAS = re.compile(r"([^,\s]+) +as +[^,\s]+")
_FLAG = re.compile(r"@(?:stable|RC|beta|alpha|dev)$", re.IGNORECASE)
_BUILD = re.compile(r"([^,\s+]+)\+\S+")
_BRANCH = re.compile(r"v?(\d+)(\.(?:\d+|[xX*]))?(\.(?:\d+|[xX*]))?(\.(?:\d+|[xX*]))?[.-]?dev", re.IGNORECASE | re.ASCII)
_TOKEN = re.compile(r"\d+|[^\d.]+", re.ASCII)

#: PHP's order of words; a number stands between RC and patch.
_WORDS = (("dev", 0.0), ("a", 1.0), ("b", 2.0), ("RC", 3.0), ("rc", 3.0), ("p", 5.0))
_END, _NUMBER, _UNKNOWN = 3.5, 4.0, -1.0
_STABILITIES = {"a": "alpha", "b": "beta", "p": "patch", "pl": "patch", "rc": "RC"}

Key = tuple[tuple[float, int], ...]


def key(text: str) -> Key:
    """Sorts as Composer does. Raises VersionFault; for a branch (``dev-main``) too, which has no place in the order."""
    tokens = _TOKEN.findall(re.sub(r"[-_+]", ".", _normal(text)))
    return (*map(_place, tokens), (_END, 0))


def _place(token: str) -> tuple[float, int]:
    if token.isdigit():
        return (_NUMBER, int(token))
    return (next((place for word, place in _WORDS if token.startswith(word)), _UNKNOWN), 0)


def _normal(text: str) -> str:
    plain = _plain(text)
    for pattern, head in ((_CLASSIC, _classic), (_DATE, _date)):
        found = pattern.fullmatch(plain)
        if found:
            return head(found) + _modifier(*found.groups()[-3:])
    branch = _BRANCH.fullmatch(plain)
    if branch:
        return _branch(branch)
    raise VersionFault(f"{text!r} has no place in Composer's order")


def _plain(text: str) -> str:
    """Without an alias, a stability flag and build metadata."""
    plain = text.strip()
    alias = _ALIAS.fullmatch(plain)
    plain = _FLAG.sub("", alias[1] if alias else plain)
    build = _BUILD.fullmatch(plain)
    return build[1] if build else plain


def _classic(found: re.Match[str]) -> str:
    return found[1] + "".join(found[place] or ".0" for place in (2, 3, 4))


def _date(found: re.Match[str]) -> str:
    return re.sub(r"\D", ".", found[1])


def _modifier(stability: str | None, number: str | None, dev: str | None) -> str:
    if stability == "stable":
        return ""
    word = (stability or "").lower()
    early = f"-{_STABILITIES.get(word, word)}{(number or '').lstrip('.-')}" if word else ""
    return early + ("-dev" if dev else "")


def _branch(found: re.Match[str]) -> str:
    parts = "".join(found[place] or ".x" for place in (1, 2, 3, 4))
    return re.sub(r"[xX*]", "9999999", parts) + "-dev"
