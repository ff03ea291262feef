# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The patterns by which unattended-upgrades takes the updates of a source."""

from __future__ import annotations

import fnmatch
import re
import string

from ansible_collections.infosec.principles.plugins.module_utils._formats import aptconf
from ansible_collections.infosec.principles.plugins.module_utils._host import apt
from ansible_collections.infosec.principles.plugins.module_utils._host.distribution import Distribution
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

PATTERNS = "Unattended-Upgrade::Origins-Pattern"
LEGACY = "Unattended-Upgrade::Allowed-Origins"
# What a pattern says of a Release file: the field's names in patterns.
_MATCHERS = {
    "origin": ("o", "origin"),
    "label": ("l", "label"),
    "suite": ("a", "suite", "archive"),
    "component": ("c", "component"),
    "codename": ("n", "codename"),
    "site": ("site",),
}
_FIELDS = {name: field for field, names in _MATCHERS.items() for name in names}
# A value that a pattern can hold as it stands: nothing that separates, expands or matches more than itself.
_PLAIN = re.compile(r"[\w .+~/:-]+")


class PatternError(Exception):
    """A pattern that stops unattended-upgrades with an error before it does anything: which one and why."""


def describe(source: apt.Source) -> str:
    """The source's Release file in the words of a pattern."""
    return f"origin={source.origin},label={source.label},suite={source.suite},codename={source.codename}"


def allowed(config: aptconf.Config) -> list[str]:
    """All patterns; the older Allowed-Origins come first, as unattended-upgrades has them."""
    return [*map(_from_legacy, config.values(LEGACY)), *config.values(PATTERNS)]


def _from_legacy(value: str) -> str:
    """ "ID:SUITE" or "ID SUITE" is the older way to say o=ID,a=SUITE.

    What has another number of parts stops unattended-upgrades; it is kept as it is, and `matches` says so.
    """
    parts = re.split(r"(?<!\\):", value) if re.search(r"(?<!\\):", value) else value.split()
    if len(parts) != 2:
        return value
    origin, suite = (part.replace("\\:", ":").replace(",", "%2C") for part in parts)
    return f"o={origin},a={suite}"


def matches(pattern: str, source: apt.Source, system: Distribution) -> bool:
    """Whether unattended-upgrades takes updates of the source by this pattern. Raises PatternError as it would stop."""
    macros = {"distro_id": system.id.capitalize(), "distro_codename": system.codename}
    fits = bool(pattern.strip())
    for token in pattern.replace("\\,", "%2C").split(",") if fits else ():
        name, equals, value = (part.strip() for part in token.partition("="))
        if not equals or "=" in value or name not in _FIELDS:
            raise PatternError(f"{printable(token)!r} of the pattern {printable(pattern)!r} is not understood")
        try:
            wanted = string.Template(value.replace("%2C", ",")).substitute(macros)
        except (KeyError, ValueError) as exc:
            raise PatternError(f"the pattern {printable(pattern)!r} has an unknown macro") from exc
        fits = fits and fnmatch.fnmatchcase(getattr(source, _FIELDS[name]), wanted)
    return fits


def pattern_for(source: apt.Source, system: Distribution) -> str:
    """A pattern for this source and its successors in later releases; "" where its names do not fit in one.

    Debian's security codename ("trixie-security") names it; Ubuntu's is the release's own, so there the suite has to.
    """
    by = "codename" if source.codename != system.codename else "suite"
    values = {"origin": source.origin, by: getattr(source, by), "label": source.label}
    named = {key: value for key, value in values.items() if value}
    if not source.origin or not all(_PLAIN.fullmatch(value) for value in named.values()):
        return ""
    if system.codename:
        named[by] = named[by].replace(system.codename, "${distro_codename}")
    return ",".join(f"{key}={value}" for key, value in named.items())
