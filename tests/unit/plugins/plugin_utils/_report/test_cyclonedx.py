# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bills of materials, judged by the schema that cyclonedx-python-lib brings along."""

from __future__ import annotations

import datetime
import json
import pathlib
import typing as t

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from ansible_collections.infosec.principles.plugins.plugin_utils import _libraries
from ansible_collections.infosec.principles.plugins.plugin_utils._report.model import Run, Store
from ansible_collections.infosec.principles.plugins.plugin_utils._report.report import Report, ReportError, publish
from ansible_collections.infosec.principles.plugins.plugin_utils._report.writers import cyclonedx

NOW = datetime.datetime(2026, 11, 24, 13, 10, 42, tzinfo=datetime.timezone.utc)
CONTROL = "dependency_vulnerabilities"
DJANGO, LODASH = "pkg:pypi/django@3.2", "pkg:npm/%40scope/lodash@4.17.15"
VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def inventory(application: str, *purls: str) -> dict[str, t.Any]:
    rows = [{"purl": purl, "source": f"{application}/{number}", "installed": True} for number, purl in enumerate(purls)]
    return {"control": CONTROL, "rule": f"{CONTROL}.inventory", "subject": application, "components": rows}


def vulnerable(application: str, purl: str, **more: t.Any) -> dict[str, t.Any]:
    row = {"id": "CVE-2021-35042", "aliases": "GHSA-xpfp-f569-q3p2 PYSEC-2021-109", "purl": purl, "summary": "SQL <b>"}
    rating = {"severity": "critical", "score": "9.8", "vector": VECTOR}
    head = {"control": CONTROL, "rule": f"{CONTROL}.vulnerable", "subject": f"{application}: django (PyPI)"}
    return {**head, "status": "fail", "remedy": "Upgrade.", "vulnerabilities": [{**row, **rating, **more}]}


def report(*findings: dict[str, t.Any], host: str = "web") -> Report:
    store = Store()
    store.keeps_components = True
    store.add(host, findings)
    return Report(Run(NOW, "check"), store)


def bill(*findings: dict[str, t.Any]) -> dict[str, t.Any]:
    ((_name, text),) = cyclonedx.write(report(*findings))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    found: dict[str, t.Any] = json.loads(text)
    return found


def test_host_applications_libraries() -> None:
    found = bill(inventory("/srv/shop", DJANGO, LODASH, DJANGO), inventory("/srv/other", DJANGO))
    assert (found["specVersion"], found["metadata"]["component"]["name"]) == ("1.6", "web")
    assert [one["name"] for one in found["components"]] == ["/srv/other", "/srv/shop"]
    shop = {one["purl"]: one for one in found["components"][1]["components"]}
    assert (shop[LODASH]["group"], shop[LODASH]["name"], shop[LODASH]["version"]) == ("@scope", "lodash", "4.17.15")
    places = [one["location"] for one in shop[DJANGO]["evidence"]["occurrences"]]
    assert places == ["/srv/shop/0", "/srv/shop/2"]
    needs = {one["ref"]: one.get("dependsOn", []) for one in found["dependencies"]}
    assert needs["host"] == ["application:/srv/other", "application:/srv/shop"]
    assert needs["application:/srv/other"] == [f"/srv/other#{DJANGO}"]


def test_a_vulnerability_affects_the_library_of_each_application() -> None:
    found = bill(
        inventory("/srv/shop", DJANGO),
        inventory("/srv/other", DJANGO),
        vulnerable("/srv/shop", DJANGO),
        vulnerable("/srv/other", DJANGO),
    )
    (one,) = found["vulnerabilities"]
    assert one["id"] == "CVE-2021-35042"
    assert [other["id"] for other in one["references"]] == ["GHSA-xpfp-f569-q3p2", "PYSEC-2021-109"]
    assert one["ratings"] == [
        {"method": "CVSSv31", "score": 9.8, "severity": "critical", "vector": VECTOR.partition("/")[2]}
    ]
    assert [target["ref"] for target in one["affects"]] == [f"/srv/other#{DJANGO}", f"/srv/shop#{DJANGO}"]
    assert one["recommendation"] == "Upgrade."


def test_what_is_not_rated_and_what_is_waived() -> None:
    waived = vulnerable("/srv/shop", DJANGO, severity="unknown", score="", vector="")
    waiver = {"match": "m", "why": "Behind the VPN.", "owner": "ops@example.org", "expires": "2027-01-01"}
    (one,) = bill(inventory("/srv/shop", DJANGO), {**waived, "status": "waived", "waiver": waiver})["vulnerabilities"]
    assert one["ratings"] == [{"severity": "unknown"}]
    assert one["analysis"]["response"] == ["will_not_fix"]
    assert "Behind the VPN." in one["analysis"]["detail"]


def test_a_library_that_only_a_report_knows_is_in_the_bill() -> None:
    found = bill(vulnerable("registry.example.org/shop:1", "pkg:pypi/django"))
    assert found["components"][0]["name"] == "registry.example.org/shop:1"
    assert found["vulnerabilities"][0]["affects"] == [{"ref": "registry.example.org/shop:1#pkg:pypi/django"}]


def test_what_a_host_sends_cannot_break_the_bill() -> None:
    found = bill(inventory("/srv/\x1b[31m\x00shop", "no purl \x07", DJANGO), vulnerable("x", "pkg:", severity="awful"))
    assert "\x1b" not in json.dumps([one["name"] for one in found["components"]])


def test_the_same_findings_make_the_same_file() -> None:
    given = (inventory("/srv/shop", DJANGO, LODASH), vulnerable("/srv/shop", DJANGO))
    assert list(cyclonedx.write(report(*given))) == list(cyclonedx.write(report(*reversed(given))))


def test_hosts_without_applications_have_no_bill() -> None:
    other = {"control": "unused_sshd", "rule": "unused_sshd.unused", "subject": "ssh.service"}
    assert list(cyclonedx.write(report(other))) == []


def test_libraries_are_dropped_unless_asked_for() -> None:
    store = Store()
    store.add("web", [inventory("/srv/shop", DJANGO)])
    assert store.components("web") == {}
    assert "components" not in store.of("web")[0]


def test_published_beside_the_report(tmp_path: pathlib.Path) -> None:
    told = report(inventory("/srv/shop", DJANGO), host="../a b")
    target = publish(told, tmp_path, {}, {"sbom": cyclonedx.write})
    (path,) = (target / "sbom").iterdir()
    assert path.name == "..%2Fa%20b.cdx.json"
    assert (target / "sbom").stat().st_mode & 0o77 == 0


def test_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_libraries, "cyclonedx", lambda: None)
    with pytest.raises(ReportError, match="pip install cyclonedx-python-lib"):
        list(cyclonedx.write(report(inventory("/srv/shop", DJANGO))))
