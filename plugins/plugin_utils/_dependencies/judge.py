# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Holds the libraries of a host's applications against the advisories and against the reports of others."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import datetime
import functools
import os
import pathlib
import typing as t

from ansible.errors import AnsibleError

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import FAIL, NOT_ASSESSED, PASS
from ansible_collections.infosec.principles.plugins.module_utils._engine.merge import arrange
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies import (
    cvss,
    index,
    ingest,
    match,
    package,
    rules,
    upgrade,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.index import Index
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.ingest import Report
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.match import Vulnerability
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.osv import Advisory, OsvFault
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.package import Package
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.versions.fault import VersionFault

Wire = dict[str, t.Any]

#: Where update_advisories.yml puts the export where nobody says otherwise.
DEFAULT = "~/.cache/infosec.principles/advisories"
DEFAULT_DAYS = 14
_UPDATE = "Run the playbook infosec.principles.update_advisories, or copy OSV's export to {root}."
#: Of packages that cannot be told apart.
_NONE = "other"
_LONGEST = 500
#: So many are named in a sentence, and so many lines are given as evidence.
_NAMED, _EVIDENCE = 5, 25


def judged(findings: list[Wire], args: t.Mapping[str, t.Any], now: datetime.datetime | None = None) -> list[Wire]:
    """The findings of a host with those about its applications' libraries.

    args: of the task; harden's have the control's options among those of the others.
    """
    told = {
        one["subject"]: one["components"]
        for one in findings
        if one["rule"] == rules.INVENTORY and one.get("components")
    }
    asked = any(one["control"] == rules.CONTROL for one in findings)
    controls = args.get("controls")
    options = (controls.get(rules.CONTROL) or {}) if isinstance(controls, dict) else args
    reports = [ingest.read(one) for one in options.get("reports") or ()] if asked else []
    if not told and not reports:
        return findings
    root = pathlib.Path(os.path.expanduser(options.get("advisories") or DEFAULT))
    days = int(options.get("advisories_days", DEFAULT_DAYS))
    with _Source.opened(root) as source:
        judge = _Judge(source, days, now or datetime.datetime.now(datetime.timezone.utc))
        return arrange([*findings, *judge.all(told, reports)])


@dataclasses.dataclass(frozen=True)
class _Source:
    """The advisories, or why there are none."""

    root: pathlib.Path
    index: Index | None
    fault: str = ""

    @classmethod
    @contextlib.contextmanager
    def opened(cls, root: pathlib.Path) -> t.Iterator[_Source]:
        with contextlib.ExitStack() as stack:
            try:
                source = cls(root, stack.enter_context(index.opened(root)))
            except OsvFault as exc:
                source = cls(root, None, str(exc))
            yield source

    def advisories(self, ecosystem: str, name: str) -> list[Advisory]:
        """All that is known of the package."""
        return self.index.advisories(ecosystem, name) if self.index else []

    def date(self, ecosystem: str) -> datetime.datetime | None:
        """When the data is of. Raises OsvFault where there is none."""
        known = self.index.about(ecosystem) if self.index else None
        if self.index is None or (known and known[1]):
            raise OsvFault(known[1] if known else self.fault)
        if known is None:
            raise OsvFault(f"no advisories for {ecosystem} in {self.root}")
        return known[0]


@dataclasses.dataclass
class _Group:
    """The packages of one ecosystem in one application: by name and version, the files that tell of them."""

    application: str
    ecosystem: str
    reports: list[Report]
    sources: dict[str, dict[str, str]] = dataclasses.field(default_factory=lambda: collections.defaultdict(dict))
    purls: dict[tuple[str, str], str] = dataclasses.field(default_factory=dict)
    doubts: list[tuple[str, str]] = dataclasses.field(default_factory=list)

    @property
    def subject(self) -> str:
        return f"{self.application}: {self.ecosystem}"

    def add(self, one: Package, purl: str, source: str) -> None:
        self.sources[one.name].setdefault(one.version, source)
        self.purls.setdefault((one.name, one.version), purl)


class _Judge:
    def __init__(self, source: _Source, days: int, now: datetime.datetime) -> None:
        self._source, self._days, self._now = source, days, now
        self._reason = functools.cache(self._why_not)

    def all(self, told: t.Mapping[str, list[Wire]], reports: list[Report]) -> t.Iterator[Wire]:
        """The findings of all applications: of those that the host told of, and of those that only a report knows."""
        for application in sorted({*told, *(one.application for one in reports)}):
            own = [one for one in reports if one.application == application]
            yield from (_unreadable(one) for one in own if one.fault)
            for group in _groups(application, told.get(application), own):
                yield from self._group(group)

    def _group(self, group: _Group) -> t.Iterator[Wire]:
        vulnerable = [one for name in sorted(group.sources) for one in self._package(group, name)]
        yield from vulnerable
        reason = self._unassessed(group)
        if reason or group.doubts:
            yield self._not_assessed(group, reason)
        elif not vulnerable:
            yield rules.finding(group.subject, PASS, self._good(group))

    def _package(self, group: _Group, name: str) -> t.Iterator[Wire]:
        """One finding where any version of the package that the application has is vulnerable."""
        advisories = self._source.advisories(group.ecosystem, name)
        known = {version: self._known(group, name, version, advisories) for version in group.sources[name]}
        bad = {version: known[version] for version in _in_order(group.ecosystem, known) if known[version]}
        if bad:
            fixed = {version: match.free_version(group.ecosystem, version, bad[version], advisories) for version in bad}
            yield _vulnerable(group, name, bad, fixed)

    def _known(self, group: _Group, name: str, version: str, advisories: t.Sequence[Advisory]) -> list[Vulnerability]:
        found = [entry.vulnerability for entry in _entries(group, name) if entry.is_about(version)]
        # A version without a place in the order matters only where there are advisories about the package.
        for advisory in advisories if version else ():
            try:
                found += [match.found(advisory)] if match.affects(advisory, group.ecosystem, version) else []
            except (VersionFault, AnsibleError) as exc:
                group.doubts.append((f"{name} {version}", f"{advisory.id}: {exc}"))
        return match.merged(found)

    def _unassessed(self, group: _Group) -> str:
        """Why nothing can be said of what is not vulnerable, or ""."""
        if any(group.ecosystem in one.ecosystems and self._is_fresh(one.date) for one in group.reports):
            return ""
        return "" if group.ecosystem == _NONE else self._reason(group.ecosystem)

    def _why_not(self, ecosystem: str) -> str:
        try:
            date = self._source.date(ecosystem)
        except OsvFault as exc:
            return f"{exc}."
        if self._is_fresh(date):
            return ""
        return f"The advisories for {ecosystem} are of {_day(date)}, older than {self._days} days."

    def _is_fresh(self, date: datetime.datetime | None) -> bool:
        return date is not None and self._now - date <= datetime.timedelta(days=self._days)

    def _not_assessed(self, group: _Group, reason: str) -> Wire:
        names = sorted({name for name, _why in group.doubts})
        doubt = (
            f"Not judged, since the version has no place in its ecosystem's order: {_names(names)}." if names else ""
        )
        lines = [{"source": name, "found": why, "expected": ""} for name, why in sorted(set(group.doubts))]
        remedy = _UPDATE.format(root=self._source.root) if reason else "Pin these packages to released versions."
        message = " ".join(filter(None, [reason, doubt]))
        return rules.finding(group.subject, NOT_ASSESSED, message, evidence=_cut(lines), remedy=remedy)

    def _good(self, group: _Group) -> str:
        dates = [f"{one.kind} of {_day(one.date)}" for one in group.reports if group.ecosystem in one.ecosystems]
        if not self._reason(group.ecosystem):
            dates.insert(0, f"the advisories of {_day(self._source.date(group.ecosystem))}")
        count = sum(map(len, group.sources.values()))
        return f"None of {count} libraries has a known vulnerability, by {' and '.join(dates)}."


def _groups(application: str, components: list[Wire] | None, reports: list[Report]) -> t.Iterator[_Group]:
    """One for each ecosystem of an application. Where the host does not know the application, by its reports alone."""
    groups: dict[str, _Group] = {}

    def group(ecosystem: str) -> _Group:
        return groups.setdefault(ecosystem, _Group(application, ecosystem, [one for one in reports if not one.fault]))

    for one in components or ():
        # A host may send anything.
        purl, source = str(one.get("purl"))[:_LONGEST], str(one.get("source"))[:_LONGEST]
        found = package.parse(purl)
        if found:
            group(found.ecosystem).add(found, purl, source)
        else:
            group(_NONE).doubts.append((purl, f"{source}: not a package URL with a version"))
    for report in [] if components else reports:
        for ecosystem in report.ecosystems:
            group(ecosystem)
        for entry in report.entries:
            group(entry.package.ecosystem).add(entry.package, package.purl(entry.package), report.path)
    return (groups[name] for name in sorted(groups))


def _entries(group: _Group, name: str) -> t.Iterator[ingest.Entry]:
    for report in group.reports:
        for entry in report.entries:
            if (entry.package.ecosystem, entry.package.name) == (group.ecosystem, name):
                yield entry


def _in_order(ecosystem: str, versions: t.Iterable[str]) -> list[str]:
    try:
        return sorted(versions, key=lambda version: match.key(ecosystem, version))
    except (VersionFault, AnsibleError):
        return sorted(versions)


def _vulnerable(group: _Group, name: str, bad: t.Mapping[str, list[Vulnerability]], fixed: t.Mapping[str, str]) -> Wire:
    known = match.merged(one for found in bad.values() for one in found)
    free = _latest(group.ecosystem, fixed.values())
    return rules.finding(
        f"{group.application}: {name} ({group.ecosystem})",
        FAIL,
        _message(name, list(bad), known, free),
        evidence=_cut(list(_lines(group, name, bad, free))),
        risk=cvss.RISKS[known[0].severity.level],
        remedy=_remedy(group, name, list(bad), free),
        vulnerabilities=[_row(one, group.purls[name, version]) for version in bad for one in bad[version]],
    )


def _latest(ecosystem: str, versions: t.Iterable[str]) -> str:
    """The one that does for all versions of the package; "" where one of them has none."""
    needed = list(versions)
    return max(needed, key=lambda one: match.key(ecosystem, one)) if all(needed) else ""


def _message(name: str, versions: list[str], known: list[Vulnerability], free: str) -> str:
    ids = _names([f"{one.id} ({one.severity.text})" for one in known])
    count = "a known vulnerability" if len(known) == 1 else f"{len(known)} known vulnerabilities"
    what = " ".join([name, " and ".join(versions)]).strip()
    these = "it" if len(known) == 1 else "them"
    end = f"{free} is free of {these}." if free else f"No version is known that is free of {these}."
    return f"{what} has {count}: {ids}. {end}"


def _lines(group: _Group, name: str, bad: t.Mapping[str, list[Vulnerability]], free: str) -> t.Iterator[dict[str, str]]:
    for version, known in bad.items():
        for one in known:
            told = f"{one.severity.text}{': ' if one.summary else ''}{one.summary}"
            source = f"{group.sources[name][version]}: {name} {version}".rstrip()
            yield {
                "source": source,
                "found": f"{', '.join(one.ids)}; {told}",
                "expected": f"{free} or later" if free else "",
            }


def _remedy(group: _Group, name: str, versions: t.Iterable[str], free: str) -> str:
    if not free:
        return "Do without the library, or shut off what the advisories name; no version is known to be free of them."
    found = [
        upgrade.command(group.application, Package(group.ecosystem, name, version), group.sources[name][version], free)
        for version in versions
    ]
    return f"{'; '.join(dict.fromkeys(found))}. Then test and restart the application."


def _row(one: Vulnerability, purl: str) -> dict[str, str]:
    score = "" if one.severity.score is None else str(one.severity.score)
    rating = {"severity": one.severity.level, "score": score, "vector": one.severity.vector}
    return {"id": one.id, "aliases": " ".join(one.ids[1:]), "purl": purl, "summary": one.summary, **rating}


def _unreadable(report: Report) -> Wire:
    subject = f"{report.application}: {report.kind} {report.path}"
    remedy = f"Give a JSON report of {report.kind}, or take it out of the option reports."
    return rules.finding(subject, NOT_ASSESSED, f"The report cannot be read: {report.fault}", remedy=remedy)


def _day(date: datetime.datetime | None) -> str:
    return f"{date:%Y-%m-%d}" if date else "an unknown day"


def _names(names: t.Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _cut(lines: list[dict[str, str]]) -> list[dict[str, str]]:
    rest = len(lines) - _EVIDENCE
    return [*lines[:_EVIDENCE], {"source": f"{rest} more", "found": "", "expected": ""}] if rest > 0 else lines
