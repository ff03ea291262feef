# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Writes one bill of materials a host, with its known vulnerabilities: CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/).

The host depends on its applications, and each of them on its libraries. A library that two applications have is there
twice, since each of them is upgraded by itself.
"""

from __future__ import annotations

import decimal
import importlib
import typing as t
import urllib.parse
import uuid

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import WAIVED
from ansible_collections.infosec.principles.plugins.plugin_utils import _libraries
from ansible_collections.infosec.principles.plugins.plugin_utils._report.model import Record, Run
from ansible_collections.infosec.principles.plugins.plugin_utils._report.report import Report, ReportError
from ansible_collections.infosec.principles.plugins.plugin_utils._report.text import one_line

OSV = "https://osv.dev/vulnerability/"


def write(report: Report) -> t.Iterator[tuple[str, str]]:
    """The files' names and texts, of the hosts whose applications are known. Raises ReportError without the library."""
    library = _libraries.cyclonedx()
    if library is None:
        raise ReportError(_libraries.missing("cyclonedx-python-lib"))
    for host, findings in report.store:
        inventory = report.store.components(host)
        if inventory or any("vulnerabilities" in one for one in findings):
            bom = _Bom(library, host, report.run)
            bom.add(inventory, findings)
            yield f"{urllib.parse.quote(host, safe='')}.cdx.json", bom.text()


def _address(purl: str) -> t.Any:
    """The package URL as the library wants it; None where it is none."""
    # Comes with cyclonedx-python-lib.
    library = importlib.import_module("packageurl")
    try:
        return library.PackageURL.from_string(purl)
    except ValueError:
        return None


class _Bom:
    """The bill of one host, as the library builds it."""

    def __init__(self, library: t.Any, host: str, run: Run) -> None:
        self._model, self._library = library.model, library
        kinds = self._model.component
        device = kinds.Component(name=one_line(host), type=kinds.ComponentType.DEVICE, bom_ref="host")
        meta = self._model.bom.BomMetaData(component=device, timestamp=run.time)
        # The same findings of the same run make the same file.
        serial = uuid.uuid5(uuid.NAMESPACE_URL, f"infosec.principles/{host}/{run.time.isoformat()}")
        self._bom = self._model.bom.Bom(serial_number=serial, metadata=meta)
        self._device = device
        self._applications: dict[str, t.Any] = {}
        self._libraries: dict[tuple[str, str], t.Any] = {}
        self._known: dict[str, t.Any] = {}

    def add(self, inventory: t.Mapping[str, list[dict[str, str]]], findings: t.Iterable[Record]) -> None:
        """The applications, their libraries, and what is known of them."""
        for application, components in inventory.items():
            for one in components:
                self._component(application, one["purl"], one["source"])
        for finding in findings:
            for row in finding.get("vulnerabilities", ()):
                self._vulnerability(row, finding)
        for application, component in self._applications.items():
            libraries = [one for (of, _purl), one in self._libraries.items() if of == application]
            self._bom.register_dependency(component, libraries)
        self._bom.register_dependency(self._device, self._applications.values())

    def text(self) -> str:
        """The file."""
        return f"{self._library.output.json.JsonV1Dot6(self._bom).output_as_string(indent=1)}\n"

    def _application(self, name: str) -> t.Any:
        if name not in self._applications:
            kind = self._model.component.ComponentType.APPLICATION
            component = self._model.component.Component(name=one_line(name), type=kind, bom_ref=f"application:{name}")
            self._bom.components.add(component)
            self._applications[name] = component
        return self._applications[name]

    def _component(self, application: str, purl: str, source: str = "") -> t.Any:
        """The library; a second file that tells of it is one more occurrence."""
        if (application, purl) not in self._libraries:
            parent, component = self._application(application), self._new(application, purl)
            parent.components.add(component)
            self._libraries[application, purl] = component
        component = self._libraries[application, purl]
        if source:
            evidence = self._model.component_evidence
            component.evidence = component.evidence or evidence.ComponentEvidence()
            component.evidence.occurrences.add(evidence.Occurrence(location=one_line(source)))
        return component

    def _new(self, application: str, purl: str) -> t.Any:
        address = _address(purl)
        names = {"name": one_line(purl)}
        if address:
            names = {"group": address.namespace, "name": address.name, "version": address.version}
        return self._model.component.Component(**names, purl=address, bom_ref=f"{application}#{purl}")

    def _vulnerability(self, row: t.Mapping[str, str], finding: Record) -> None:
        kinds = self._model.vulnerability
        if row["id"] not in self._known:
            self._known[row["id"]] = self._told(row, finding)
            self._bom.vulnerabilities.add(self._known[row["id"]])
        component = self._component(finding["subject"].rpartition(": ")[0], row["purl"])
        self._known[row["id"]].affects.add(kinds.BomTarget(ref=component.bom_ref.value))

    def _told(self, row: t.Mapping[str, str], finding: Record) -> t.Any:
        kinds = self._model.vulnerability
        others = row["aliases"].split()
        return kinds.Vulnerability(
            bom_ref=f"vulnerability:{row['id']}",
            id=row["id"],
            source=self._source(row["id"]),
            references=[kinds.VulnerabilityReference(id=one, source=self._source(one)) for one in others],
            ratings=[self._rating(row)],
            description=row["summary"] or None,
            recommendation=finding["remedy"],
            analysis=self._analysis(finding),
        )

    def _source(self, name: str) -> t.Any:
        url = self._model.XsUri(OSV + urllib.parse.quote(name, safe=""))
        return self._model.vulnerability.VulnerabilitySource(name="OSV", url=url)

    def _rating(self, row: t.Mapping[str, str]) -> t.Any:
        kinds = self._model.vulnerability
        return kinds.VulnerabilityRating(
            score=decimal.Decimal(row["score"]) if row["score"] else None,
            severity=kinds.VulnerabilitySeverity(row["severity"]),
            method=kinds.VulnerabilityScoreSource.get_from_vector(row["vector"]) if row["vector"] else None,
            vector=row["vector"] or None,
        )

    def _analysis(self, finding: Record) -> t.Any:
        """Whoever accepted the finding will not mend it for now."""
        if finding["status"] != WAIVED:
            return None
        kinds, waiver = self._model.impact_analysis, finding["waiver"]
        detail = f"Waived until {waiver['expires']} by {waiver['owner']}: {waiver['why']}"
        answers = [kinds.ImpactAnalysisResponse.WILL_NOT_FIX]
        return self._model.vulnerability.VulnerabilityAnalysis(responses=answers, detail=detail)
