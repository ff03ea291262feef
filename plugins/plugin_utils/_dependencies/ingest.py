# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What others have found: reports of pip-audit, npm audit, osv-scanner and trivy in JSON."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import pathlib
import re
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies import cvss, match, osv, package
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.match import Vulnerability
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.package import Package
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.versions.fault import VersionFault

Json = dict[str, t.Any]
_UNRATED = cvss.Severity()


@dataclasses.dataclass(frozen=True)
class Entry:
    """One vulnerability of one package. The package's version is "" where the report tells but a range of them."""

    package: Package
    vulnerability: Vulnerability
    range: str = ""

    def is_about(self, version: str) -> bool:
        """Whether this version is meant."""
        if self.package.version:
            return self.package.version == version
        return not version or _in_range(version, self.range)


@dataclasses.dataclass(frozen=True)
class Report:
    """A report of one application. ecosystems: what it looked at. fault: why it cannot be read, or ""."""

    application: str
    kind: str
    path: str
    date: datetime.datetime | None = None
    ecosystems: frozenset[str] = frozenset()
    entries: tuple[Entry, ...] = ()
    fault: str = ""


def read(option: t.Mapping[str, t.Any]) -> Report:
    """One report of the option `reports`; what is wrong with it is in its `fault`."""
    application, kind, file = (str(option.get(key) or "") for key in ("application", "kind", "path"))
    head = Report(application, kind, file)
    path = pathlib.Path(os.path.expanduser(head.path))
    reader = _READERS.get(head.kind)
    if reader is None:
        return dataclasses.replace(head, fault=f"unknown kind {head.kind!r}; known are {', '.join(_READERS)}")
    try:
        written = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.timezone.utc)
        told = json.loads(path.read_bytes())
        ecosystems, entries = reader(told)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as exc:
        return dataclasses.replace(head, fault=f"{path}: not a report of {head.kind}: {exc!r}")
    date = osv.date(told["CreatedAt"]) if isinstance(told, dict) and "CreatedAt" in told else written
    return dataclasses.replace(head, date=date, ecosystems=frozenset(ecosystems), entries=tuple(entries))


_Read = tuple[t.Iterable[str], t.Iterable[Entry]]


def _pip_audit(told: t.Any) -> _Read:
    """pip-audit -f json (a list in versions before 2.5)."""
    dependencies = told if isinstance(told, list) else told["dependencies"]
    entries = [
        Entry(package.of("PyPI", one["name"], one["version"]), _named(vulnerability))
        for one in dependencies
        if "version" in one
        for vulnerability in one["vulns"]
    ]
    return ["PyPI"], entries


def _named(told: Json) -> Vulnerability:
    ids = [told["id"], *told.get("aliases", ())]
    return _vulnerability(
        ids, str(told.get("description") or "").partition("\n")[0], fixed=told.get("fix_versions", ())
    )


def _npm_audit(told: Json) -> _Read:
    """npm audit --json, from npm 7 on."""
    if told["auditReportVersion"] != 2:
        raise ValueError(f"auditReportVersion {told['auditReportVersion']}, not 2")
    # What is vulnerable because of another package names that package in place of an advisory.
    vias = [via for one in told["vulnerabilities"].values() for via in one["via"] if isinstance(via, dict)]
    known = {(via["name"], via["url"]): via for via in vias}
    return ["npm"], [_npm_entry(via) for via in known.values()]


def _npm_entry(via: Json) -> Entry:
    rating = via.get("cvss") or {}
    severity = cvss.severity(filter(None, [rating.get("vectorString")]), via["severity"], rating.get("score") or None)
    fixed = re.findall(r"<(?!=)\s*(\S+)", via["range"])
    ids = [via["url"].rpartition("/")[2]]
    return Entry(package.of("npm", via["name"], ""), _vulnerability(ids, via["title"], severity, fixed), via["range"])


def _osv_scanner(told: Json) -> _Read:
    """osv-scanner --format json."""
    packages = [one for result in told["results"] for one in result["packages"]]
    entries = [
        Entry(about, _osv(record, about))
        for one in packages
        for about in [package.of(*(one["package"][key] for key in ("ecosystem", "name", "version")))]
        for record in one.get("vulnerabilities", ())
        if not record.get("withdrawn")
    ]
    return {one["package"]["ecosystem"] for one in packages}, entries


def _osv(record: Json, about: Package) -> Vulnerability:
    told = [advisory for name, advisory in osv.advisories(record, about.ecosystem) if name == about.name]
    return match.found(told[0] if told else osv.Advisory(record["id"], tuple(record.get("aliases", ()))))


#: Types of trivy's results by ecosystem (https://trivy.dev/latest/docs/coverage/language/).
_TRIVY = {
    **dict.fromkeys(("pip", "pipenv", "poetry", "python-pkg", "uv"), "PyPI"),
    **dict.fromkeys(("npm", "yarn", "pnpm", "node-pkg", "bun"), "npm"),
    **dict.fromkeys(("composer", "composer-vendor"), "Packagist"),
    **dict.fromkeys(("bundler", "gemspec"), "RubyGems"),
    **dict.fromkeys(("cargo", "rustbinary"), "crates.io"),
    **dict.fromkeys(("gomod", "gobinary"), "Go"),
    **dict.fromkeys(("pom", "jar", "gradle", "sbt"), "Maven"),
}


def _trivy(told: Json) -> _Read:
    """trivy --format json. What it says of the system's own packages is not about applications."""
    results = [one for one in told.get("Results", ()) if one.get("Type") in _TRIVY]
    entries = [
        Entry(package.of(_TRIVY[result["Type"]], one["PkgName"], one["InstalledVersion"]), _trivy_one(one))
        for result in results
        for one in result.get("Vulnerabilities") or ()
    ]
    return {_TRIVY[one["Type"]] for one in results}, entries


def _trivy_one(told: Json) -> Vulnerability:
    vectors = [rating["V3Vector"] for rating in (told.get("CVSS") or {}).values() if rating.get("V3Vector")]
    ids = [told["VulnerabilityID"], *told.get("VendorIDs", ())]
    fixed = [one.strip() for one in told.get("FixedVersion", "").split(",") if one.strip()]
    return _vulnerability(ids, told.get("Title", ""), cvss.severity(vectors, told.get("Severity", "")), fixed)


def _vulnerability(
    ids: t.Iterable[str], summary: str, severity: cvss.Severity = _UNRATED, fixed: t.Iterable[str] = ()
) -> Vulnerability:
    return Vulnerability(match.sorted_names(ids), summary[:200], severity, tuple(map(str, fixed)))


_READERS: dict[str, t.Callable[[t.Any], _Read]] = {
    "pip-audit": _pip_audit,
    "npm-audit": _npm_audit,
    "osv-scanner": _osv_scanner,
    "trivy": _trivy,
}


def _in_range(version: str, wanted: str) -> bool:
    """Whether one of the alternatives holds, such as `<0.2.1 || >=1.0.0 <1.2.3`; what cannot be told is in."""
    try:
        return any(_in_all(version, one) for one in wanted.split("||"))
    except VersionFault:
        return True


def _in_all(version: str, comparators: str) -> bool:
    parts = re.findall(r"(<=|>=|<|>|=|)\s*([^\s<>=]+)", comparators)
    return all(other == "*" or _compare(version, sign, other) for sign, other in parts)


def _compare(version: str, sign: str, other: str) -> bool:
    one, two = match.key("npm", version), match.key("npm", other)
    answers = {"<": one < two, "<=": one <= two, ">": one > two, ">=": one >= two}
    return bool(answers.get(sign, one == two))
