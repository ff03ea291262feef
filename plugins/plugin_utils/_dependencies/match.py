# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which advisories a version falls under, by OSV's own algorithm (https://ossf.github.io/osv-schema/#evaluation)."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies import cvss
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.cvss import Severity
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.osv import Advisory, Event
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.versions.fault import VersionFault
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.versions.order import ORDERS

_LONGEST = 200


@dataclasses.dataclass(frozen=True)
class Vulnerability:
    """One vulnerability under all its names, the best known first. fixed: versions that are free of it, as they lie."""

    ids: tuple[str, ...]
    summary: str
    severity: Severity
    fixed: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Its CVE where it has one."""
        return self.ids[0]


@functools.lru_cache(maxsize=65536)
def key(ecosystem: str, version: str) -> t.Any:
    """The place of a version in its ecosystem's order. Raises VersionFault."""
    if ecosystem not in ORDERS:
        raise VersionFault(f"nobody here knows the order of {ecosystem}")
    # A host may send anything, such as a version that keeps a parser busy.
    if len(version) > _LONGEST:
        raise VersionFault(f"a version of {len(version)} characters is none")
    return ORDERS[ecosystem](version)


def affects(advisory: Advisory, ecosystem: str, version: str) -> bool:
    """Whether the version falls under the advisory. Raises VersionFault where that cannot be told."""
    if version in advisory.versions:
        return True
    if not advisory.ranges and not advisory.versions:
        return False
    place = key(ecosystem, version)
    return any(_is_same(ecosystem, place, one) for one in advisory.versions) or any(
        _holds(events, ecosystem, place) for events in advisory.ranges
    )


def _is_same(ecosystem: str, place: t.Any, version: str) -> bool:
    with contextlib.suppress(VersionFault):
        return bool(key(ecosystem, version) == place)
    return False


def _holds(events: t.Iterable[Event], ecosystem: str, place: t.Any) -> bool:
    """Whether the place lies in the range: the last event at or before it decides, and no limit is passed."""
    known = list(events)
    limits = [version for kind, version in known if kind == "limit" and version != "*"]
    if limits and not any(place < key(ecosystem, limit) for limit in limits):
        return False
    before = [
        one for one in (_Turn.of(*event, ecosystem) for event in known if event[0] != "limit") if one.passed(place)
    ]
    return bool(before) and max(before).begins


@functools.total_ordering
class _Turn:
    """An event at its place. At one place what ends comes before what begins."""

    def __init__(self, place: t.Any, kind: str) -> None:
        self.place, self.kind = place, kind
        self.begins = kind == "introduced"

    @classmethod
    def of(cls, kind: str, version: str, ecosystem: str) -> _Turn:
        """ "introduced: 0" is before every version."""
        return cls(None if kind == "introduced" and version == "0" else key(ecosystem, version), kind)

    def passed(self, place: t.Any) -> bool:
        """Whether it has come about at this place; the last version that is affected is affected itself."""
        if self.place is None:
            return True
        return bool(place > self.place if self.kind == "last_affected" else place >= self.place)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Turn) and not self < other and not other < self

    def __lt__(self, other: _Turn) -> bool:
        if self.place is None or other.place is None:
            return self.place is None and other.place is not None
        if self.place != other.place:
            return bool(self.place < other.place)
        return not self.begins and other.begins

    __hash__ = None  # type: ignore[assignment]


def found(advisory: Advisory) -> Vulnerability:
    """What the advisory is about. Those of malicious packages (OpenSSF's MAL-) carry no rating and need none."""
    rating = cvss.severity(advisory.vectors, advisory.level)
    malicious = advisory.id.startswith("MAL-") and rating.level == cvss.UNKNOWN
    fixed = [version for events in advisory.ranges for kind, version in events if kind == "fixed"]
    severity = Severity(cvss.CRITICAL) if malicious else rating
    return Vulnerability(sorted_names({advisory.id, *advisory.aliases}), advisory.summary, severity, tuple(fixed))


def merged(known: t.Iterable[Vulnerability]) -> list[Vulnerability]:
    """One vulnerability that several databases name is one; the worst first."""
    groups: list[list[Vulnerability]] = []
    for one in known:
        near = [group for group in groups if any(set(one.ids) & set(member.ids) for member in group)]
        groups = [group for group in groups if group not in near]
        groups.append([one, *(member for group in near for member in group)])
    return sorted(map(_one, groups), key=lambda one: ([-part for part in one.severity.rank], one.id))


def _one(group: t.Sequence[Vulnerability]) -> Vulnerability:
    by_name = sorted(group, key=lambda one: one.ids)
    return Vulnerability(
        ids=sorted_names({name for one in group for name in one.ids}),
        summary=next((one.summary for one in by_name if one.summary), ""),
        severity=max((one.severity for one in by_name), key=lambda one: one.rank),
        fixed=tuple(dict.fromkeys(version for one in by_name for version in one.fixed)),
    )


def sorted_names(names: t.Iterable[str]) -> tuple[str, ...]:
    """The names of a vulnerability, those by which people know it first."""
    heads = ("CVE-", "GHSA-")
    return tuple(
        sorted(names, key=lambda name: (next((n for n, h in enumerate(heads) if name.startswith(h)), 9), name))
    )


def free_version(
    ecosystem: str, version: str, vulnerabilities: t.Sequence[Vulnerability], advisories: t.Sequence[Advisory]
) -> str:
    """The smallest version above that is free of all of them, and of what else the advisories know; "" if none is."""
    candidates = {version for one in vulnerabilities for version in one.fixed}
    candidates |= {value for one in advisories for events in one.ranges for kind, value in events if kind == "fixed"}
    above = _above(ecosystem, version, candidates)
    return next((one for one in above if _is_clean(ecosystem, version, one, vulnerabilities, advisories)), "")


def _is_clean(
    ecosystem: str,
    version: str,
    candidate: str,
    vulnerabilities: t.Sequence[Vulnerability],
    advisories: t.Sequence[Advisory],
) -> bool:
    try:
        if any(affects(one, ecosystem, candidate) for one in advisories):
            return False
        # What a report alone tells has no ranges: the fixes that it names must do.
        names = {one.id for one in advisories}
        told = [_above(ecosystem, version, one.fixed) for one in vulnerabilities if not names.intersection(one.ids)]
        return all(one and key(ecosystem, candidate) >= key(ecosystem, one[0]) for one in told)
    except VersionFault:
        return False


def _above(ecosystem: str, version: str, others: t.Iterable[str]) -> list[str]:
    """Those that come after the version, in order."""
    places = []
    with contextlib.suppress(VersionFault):
        place = key(ecosystem, version)
        for one in others:
            with contextlib.suppress(VersionFault):
                if key(ecosystem, one) > place:
                    places.append(one)
    return sorted(places, key=lambda one: key(ecosystem, one))
