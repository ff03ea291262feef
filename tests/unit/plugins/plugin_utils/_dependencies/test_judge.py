# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller says of the libraries that a host told of, by the advisories of the scenario."""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import shutil
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies import judge, package

ADVISORIES = pathlib.Path(__file__).resolve().parents[5] / "molecule" / "shared" / "files" / "advisories"
NOW = datetime.datetime(2024, 9, 25, tzinfo=datetime.timezone.utc)
SITE = "/srv/shop/venv/lib/python3.11/site-packages"
DJANGO = ("pkg:pypi/django@3.2", f"{SITE}/Django-3.2.dist-info/METADATA")
LODASH = ("pkg:npm/lodash@4.17.15", "/srv/shop/node_modules/lodash/package.json")
Wire = dict[str, t.Any]


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", os.fspath(tmp_path / "cache"))


def inventory(*components: tuple[str, str], application: str = "/srv/shop") -> Wire:
    told = [{"purl": purl, "source": source, "installed": True} for purl, source in components]
    head = {"control": "dependency_vulnerabilities", "rule": "dependency_vulnerabilities.inventory"}
    return {**head, "subject": application, "status": "pass", "components": told}


def judged(*findings: Wire, now: datetime.datetime = NOW, **options: t.Any) -> dict[str, Wire]:
    """The findings of the controller by subject."""
    args = {"controls": {"dependency_vulnerabilities": {"advisories": os.fspath(ADVISORIES), **options}}}
    found = judge.judged(list(findings), args, now)
    assert [one for one in found if one in findings] == list(findings)
    return {one["subject"]: one for one in found if one["rule"] == "dependency_vulnerabilities.vulnerable"}


def test_a_vulnerable_library() -> None:
    found = judged(inventory(DJANGO))
    assert list(found) == ["/srv/shop: django (PyPI)"]
    one = found["/srv/shop: django (PyPI)"]
    assert (one["status"], one["risk"]) == ("fail", "maximum")
    assert one["message"] == (
        "django 3.2 has 3 known vulnerabilities: CVE-2021-35042 (CVSS 9.8 critical), CVE-2022-28346 (CVSS 9.8 critical),"
        " CVE-2021-33571 (CVSS 7.5 high). 3.2.13 is free of them."
    )
    assert one["remedy"].startswith("/srv/shop/venv/bin/python3 -m pip install django==3.2.13.")
    assert one["evidence"][0] == {
        "source": f"{DJANGO[1]}: django 3.2",
        "found": "CVE-2021-35042, GHSA-xpfp-f569-q3p2, PYSEC-2021-109; CVSS 9.8 critical: SQL Injection in Django",
        "expected": "3.2.13 or later",
    }
    assert one["vulnerabilities"][0]["id"] == "CVE-2021-35042"
    assert one["fix"] == []


def test_several_versions_of_one_library_are_one_finding() -> None:
    nested = ("pkg:npm/minimist@0.2.0", "/srv/shop/node_modules/a/node_modules/minimist/package.json")
    good = ("pkg:npm/minimist@1.2.8", "/srv/shop/node_modules/b/node_modules/minimist/package.json")
    top = ("pkg:npm/minimist@1.2.0", "/srv/shop/node_modules/minimist/package.json")
    (one,) = judged(inventory(top, good, nested)).values()
    assert one["message"].startswith("minimist 0.2.0 and 1.2.0 has 2 known vulnerabilities: CVE-2021-44906")
    assert one["message"].endswith("1.2.6 is free of them.")


def test_patched_is_clean() -> None:
    (one,) = judged(inventory(("pkg:pypi/django@3.2.25", "m"), ("pkg:pypi/unheard-of@1", "m"))).values()
    assert (one["subject"], one["status"]) == ("/srv/shop: PyPI", "pass")
    assert one["message"] == "None of 2 libraries has a known vulnerability, by the advisories of 2024-09-20."


def test_ecosystems_of_one_application_are_judged_each_by_its_own_data() -> None:
    found = judged(inventory(DJANGO, ("pkg:npm/lodash@4.17.21", "m"), ("pkg:cargo/libc@0.2.1", "m")))
    assert {subject: one["status"] for subject, one in found.items()} == {
        "/srv/shop: crates.io": "not_assessed",
        "/srv/shop: django (PyPI)": "fail",
        "/srv/shop: npm": "pass",
    }
    assert "no advisories for crates.io in" in found["/srv/shop: crates.io"]["message"]
    assert "update_advisories" in found["/srv/shop: crates.io"]["remedy"]


def test_without_advisories_nothing_passes(tmp_path: pathlib.Path) -> None:
    (one,) = judged(inventory(DJANGO), advisories=os.fspath(tmp_path / "none")).values()
    assert (one["subject"], one["status"]) == ("/srv/shop: PyPI", "not_assessed")
    assert str(tmp_path / "none") in one["message"]


def test_old_data_convicts_but_acquits_nobody() -> None:
    later = NOW + datetime.timedelta(days=20)
    found = judged(inventory(DJANGO, ("pkg:npm/lodash@4.17.21", "m")), now=later)
    assert {subject: one["status"] for subject, one in found.items()} == {
        "/srv/shop: PyPI": "not_assessed",
        "/srv/shop: django (PyPI)": "fail",
        "/srv/shop: npm": "not_assessed",
    }
    assert found["/srv/shop: npm"]["message"] == "The advisories for npm are of 2024-09-20, older than 14 days."
    assert judged(inventory(DJANGO), now=later, advisories_days=30).keys() == {"/srv/shop: django (PyPI)"}


def test_a_broken_export_is_told(tmp_path: pathlib.Path) -> None:
    shutil.copytree(ADVISORIES, tmp_path / "export")
    (tmp_path / "export" / "npm" / "all.zip").write_bytes(b"no zip")
    found = judged(inventory(LODASH, DJANGO), advisories=os.fspath(tmp_path / "export"))
    assert found["/srv/shop: npm"]["status"] == "not_assessed"
    assert "all.zip" in found["/srv/shop: npm"]["message"]
    assert found["/srv/shop: django (PyPI)"]["status"] == "fail"


def test_a_version_without_a_place_matters_where_advisories_name_the_package() -> None:
    branch = ("pkg:npm/lodash@git%2Bssh://example.org/lodash", "package-lock.json")
    other = ("pkg:npm/unheard-of@git%2Bssh://example.org/x", "package-lock.json")
    (one,) = judged(inventory(branch, other)).values()
    assert one["status"] == "not_assessed"
    assert one["message"].endswith("order: lodash git+ssh://example.org/lodash.")


def test_what_is_no_package_url_is_told() -> None:
    (one,) = judged(inventory(("pkg:nuget/x@1", "x.lock"))).values()
    assert (one["subject"], one["status"]) == ("/srv/shop: other", "not_assessed")


def test_what_a_host_makes_up_ends_in_a_finding() -> None:
    broken = inventory(DJANGO)
    broken["components"] += [{}, {"purl": 7, "source": None}, {"purl": "pkg:npm/lodash@" + "1" * 5000, "source": "x"}]
    found = judged(broken)
    assert {subject: one["status"] for subject, one in found.items()} == {
        "/srv/shop: django (PyPI)": "fail",
        "/srv/shop: npm": "not_assessed",
        "/srv/shop: other": "not_assessed",
    }
    assert max(len(one["message"]) for one in found.values()) < 1000


def test_a_host_without_the_control_costs_nothing(tmp_path: pathlib.Path) -> None:
    others = [{"control": "unused_sshd", "rule": "unused_sshd.unused", "subject": "s", "status": "pass"}]
    assert judge.judged(others, {"controls": {"unused_sshd": {}}}) is others
    assert not (tmp_path / "cache").exists()


def test_the_single_module_has_its_options_at_the_top() -> None:
    args = {"advisories": os.fspath(ADVISORIES), "enforce": True}
    assert len(judge.judged([inventory(LODASH)], args, NOW)) == 2


def test_findings_are_the_same_at_every_run() -> None:
    other = inventory(LODASH, application="/opt/x")
    found = judged(other, inventory(DJANGO, LODASH))
    assert found == judged(other, inventory(LODASH, DJANGO))
    assert list(found) == sorted(found)
    assert "/opt/x: lodash (npm)" in found


# Reports


def report(tmp_path: pathlib.Path, kind: str, told: t.Any, application: str = "/srv/shop") -> Wire:
    path = tmp_path / f"{kind}.json"
    path.write_text(told if isinstance(told, str) else json.dumps(told))
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    return {"path": os.fspath(path), "kind": kind, "application": application}


PIP_AUDIT = {
    "dependencies": [
        {
            "name": "flask",
            "version": "2.0.0",
            "vulns": [
                {
                    "id": "PYSEC-2023-62",
                    "fix_versions": ["2.2.5", "2.3.2"],
                    "aliases": ["CVE-2023-30861"],
                    "description": "Cookies",
                }
            ],
        },
        {
            "name": "Django",
            "version": "3.2",
            "vulns": [
                {
                    "id": "PYSEC-2021-109",
                    "fix_versions": ["3.1.13", "3.2.5"],
                    "aliases": ["CVE-2021-35042"],
                    "description": "",
                }
            ],
        },
        {"name": "local", "skip_reason": "not on PyPI"},
    ],
    "fixes": [],
}


def test_a_report_adds_what_the_advisories_do_not_know(tmp_path: pathlib.Path) -> None:
    flask = ("pkg:pypi/flask@2.0.0", f"{SITE}/flask/METADATA")
    found = judged(inventory(DJANGO, flask), reports=[report(tmp_path, "pip-audit", PIP_AUDIT)])
    assert found["/srv/shop: django (PyPI)"]["message"].startswith("django 3.2 has 3 known")
    one = found["/srv/shop: flask (PyPI)"]
    assert (
        one["message"]
        == "flask 2.0.0 has a known vulnerability: CVE-2023-30861 (severity unknown). 2.2.5 is free of it."
    )
    assert one["risk"] == "high"


def test_a_report_of_a_version_that_is_not_there_any_more_says_nothing(tmp_path: pathlib.Path) -> None:
    flask = ("pkg:pypi/flask@2.3.2", f"{SITE}/flask/METADATA")
    (one,) = judged(inventory(flask), reports=[report(tmp_path, "pip-audit", PIP_AUDIT)]).values()
    assert one["status"] == "pass"


def test_a_fresh_report_does_for_missing_advisories(tmp_path: pathlib.Path) -> None:
    clean = {"dependencies": [{"name": "django", "version": "3.2", "vulns": []}], "fixes": []}
    options = {"advisories": os.fspath(tmp_path / "none"), "reports": [report(tmp_path, "pip-audit", clean)]}
    (one,) = judged(inventory(DJANGO), **options).values()
    assert (one["status"], one["message"]) == (
        "pass",
        "None of 1 libraries has a known vulnerability, by pip-audit of 2024-09-25.",
    )
    (old,) = judged(inventory(DJANGO), now=NOW + datetime.timedelta(days=15), **options).values()
    assert old["status"] == "not_assessed"


def test_an_application_that_only_a_report_knows(tmp_path: pathlib.Path) -> None:
    told = [report(tmp_path, "pip-audit", PIP_AUDIT, "registry.example.org/shop:1")]
    found = judged({**inventory(), "components": []}, reports=told)
    assert {subject: one["status"] for subject, one in found.items()} == {
        "registry.example.org/shop:1: django (PyPI)": "fail",
        "registry.example.org/shop:1: flask (PyPI)": "fail",
    }
    assert found["registry.example.org/shop:1: flask (PyPI)"]["vulnerabilities"][0]["purl"] == "pkg:pypi/flask@2.0.0"


NPM_AUDIT = {
    "auditReportVersion": 2,
    "vulnerabilities": {
        "mkdirp": {
            "name": "mkdirp",
            "severity": "critical",
            "via": ["minimist"],
            "effects": [],
            "range": "0.4.1 - 0.5.1",
            "nodes": ["node_modules/mkdirp"],
            "fixAvailable": True,
        },
        "minimist": {
            "name": "minimist",
            "severity": "critical",
            "via": [
                {
                    "source": 1,
                    "name": "minimist",
                    "dependency": "minimist",
                    "title": "Prototype Pollution",
                    "url": "https://github.com/advisories/GHSA-xvch-5gv4-984h",
                    "severity": "critical",
                    "cvss": {"score": 9.8, "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
                    "range": ">=1.0.0 <1.2.6 || <0.2.4",
                },
            ],
            "effects": ["mkdirp"],
            "range": "<0.2.4 || 1.0.0 - 1.2.5",
            "nodes": ["node_modules/minimist"],
            "fixAvailable": True,
        },
    },
    "metadata": {},
}


@pytest.mark.parametrize(
    ("version", "status", "fixed"),
    [("1.2.0", "fail", "1.2.6"), ("0.1.0", "fail", "0.2.4"), ("0.2.4", "pass", ""), ("1.2.6", "pass", "")],
)
def test_npm_audit_tells_ranges(tmp_path: pathlib.Path, version: str, status: str, fixed: str) -> None:
    told = [report(tmp_path, "npm-audit", NPM_AUDIT)]
    minimist = (f"pkg:npm/minimist@{version}", "/srv/shop/node_modules/minimist/package.json")
    (one,) = judged(inventory(minimist), advisories=os.fspath(tmp_path / "none"), reports=told).values()
    assert one["status"] == status
    assert f"{fixed} is free" in one["message"] or not fixed


OSV_SCANNER = {
    "results": [
        {
            "source": {"path": "/srv/shop/package-lock.json", "type": "lockfile"},
            "packages": [
                {
                    "package": {"name": "lodash", "version": "4.17.15", "ecosystem": "npm"},
                    "vulnerabilities": [json.loads((ADVISORIES / "npm" / "GHSA-p6mc-m468-83gw.json").read_text())],
                    "groups": [{"ids": ["GHSA-p6mc-m468-83gw"], "aliases": ["CVE-2020-8203"], "max_severity": "7.4"}],
                }
            ],
        }
    ]
}
TRIVY = {
    "SchemaVersion": 2,
    "CreatedAt": "2024-09-24T10:00:00Z",
    "Results": [
        {
            "Target": "debian",
            "Class": "os-pkgs",
            "Type": "debian",
            "Vulnerabilities": [{"VulnerabilityID": "CVE-2024-0001", "PkgName": "libc6", "InstalledVersion": "1"}],
        },
        {
            "Target": "package-lock.json",
            "Class": "lang-pkgs",
            "Type": "npm",
            "Vulnerabilities": [
                {
                    "VulnerabilityID": "CVE-2020-8203",
                    "VendorIDs": ["GHSA-p6mc-m468-83gw"],
                    "PkgName": "lodash",
                    "InstalledVersion": "4.17.15",
                    "FixedVersion": "4.17.19, 5.0.0",
                    "Severity": "HIGH",
                    "Title": "nodejs-lodash: prototype pollution",
                    "CVSS": {"ghsa": {"V3Vector": "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:H/A:H", "V3Score": 7.4}},
                }
            ],
        },
    ],
}


@pytest.mark.parametrize(("kind", "told"), [("osv-scanner", OSV_SCANNER), ("trivy", TRIVY)])
def test_reports_of_other_scanners(tmp_path: pathlib.Path, kind: str, told: Wire) -> None:
    options = {"advisories": os.fspath(tmp_path / "none"), "reports": [report(tmp_path, kind, told)]}
    (one,) = judged(inventory(LODASH), **options).values()
    assert one["message"] == (
        "lodash 4.17.15 has a known vulnerability: CVE-2020-8203 (CVSS 7.4 high). 4.17.19 is free of it."
    )


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("pip-audit", "{"),
        ("pip-audit", "{}"),
        ("npm-audit", '{"auditReportVersion": 1}'),
        ("osv-scanner", "[]"),
        ("trivy", "3"),
        ("snyk", "{}"),
    ],
)
def test_a_report_that_cannot_be_read_is_told(tmp_path: pathlib.Path, kind: str, told: str) -> None:
    found = judged(inventory(LODASH), reports=[report(tmp_path, kind, told)])
    (one,) = (one for one in found.values() if one["status"] == "not_assessed")
    assert one["subject"].startswith(f"/srv/shop: {kind} ")
    assert found["/srv/shop: lodash (npm)"]["status"] == "fail"


@pytest.mark.parametrize(
    ("purl", "expected"),
    [
        ("pkg:pypi/Flask_SQLAlchemy@2.0", ("PyPI", "flask-sqlalchemy", "2.0")),
        ("pkg:npm/%40babel/core@7.0.0", ("npm", "@babel/core", "7.0.0")),
        ("pkg:golang/github.com/Masterminds/goutils@v1.1.0", ("Go", "github.com/masterminds/goutils", "1.1.0")),
        (
            "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1?type=jar",
            ("Maven", "org.apache.logging.log4j:log4j-core", "2.14.1"),
        ),
        ("pkg:composer/symfony/http-kernel@v4.4.1", ("Packagist", "symfony/http-kernel", "v4.4.1")),
        ("pkg:gem/rails@6.0.0#lib", ("RubyGems", "rails", "6.0.0")),
        ("pkg:cargo/libc@0.2.1", ("crates.io", "libc", "0.2.1")),
    ],
)
def test_package_urls(purl: str, expected: tuple[str, str, str]) -> None:
    found = package.parse(purl)
    assert found == package.Package(*expected)
    assert package.parse(package.purl(found)) == found


@pytest.mark.parametrize("purl", ["pkg:npm/lodash", "lodash@1", "pkg:nuget/a@1", ""])
def test_no_package_urls(purl: str) -> None:
    assert package.parse(purl) is None
