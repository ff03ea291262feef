# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Writes junit.xml: one suite a host, one case a finding, so that a pipeline shows what is left as failures."""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import (
    ERROR,
    FAIL,
    NOT_APPLICABLE,
    NOT_ASSESSED,
    WAIVED,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._report.model import Record
from ansible_collections.infosec.principles.plugins.plugin_utils._report.report import Report
from ansible_collections.infosec.principles.plugins.plugin_utils._report.score import Score
from ansible_collections.infosec.principles.plugins.plugin_utils._report.text import clean

#: JUnit knows no "not looked at": such a case is skipped, which is not a success either.
_SKIPPED = (NOT_ASSESSED, NOT_APPLICABLE, WAIVED)
_ELEMENTS = {FAIL: "failure", ERROR: "error"} | dict.fromkeys(_SKIPPED, "skipped")


def write(report: Report, stream: t.TextIO) -> None:
    """Write one suite at a time."""
    root = ET.Element("testsuites", {"name": "infosec.principles", **_counts(report.summary.all)})
    root.set("timestamp", report.run.time.strftime("%Y-%m-%dT%H:%M:%SZ"))
    root.text = "\n"
    stream.write("<?xml version='1.0' encoding='utf-8'?>\n")
    stream.write(_xml(root).removesuffix("</testsuites>"))
    for host, findings in report.store:
        stream.write(_xml(_suite(host, findings, report.summary.host(host))) + "\n")
    stream.write("</testsuites>\n")


def _suite(host: str, findings: list[Record], score: Score) -> ET.Element:
    suite = ET.Element("testsuite", {"name": clean(host), **_counts(score)})
    for one in findings:
        suite.append(_case(one, host))
    ET.indent(suite)
    return suite


def _counts(score: Score) -> dict[str, str]:
    skipped = sum(score.counts[status] for status in _SKIPPED)
    numbers = {"tests": score.total, "failures": score.counts[FAIL], "errors": score.counts[ERROR], "skipped": skipped}
    return {name: str(number) for name, number in numbers.items()}


def _case(one: Record, host: str) -> ET.Element:
    name = f"{one['rule']} {one['subject']}".rstrip()
    case = ET.Element("testcase", {"classname": clean(f"{host}.{one['principle']}"), "name": clean(name)})
    tag = _ELEMENTS.get(one["status"])
    if tag:
        outcome = ET.SubElement(case, tag, {"message": clean(_message(one)), "type": one["risk"]})
        outcome.text = clean(_body(one))
    return case


def _message(one: Record) -> str:
    if one["status"] == WAIVED:
        waiver = one.get("waiver", {})
        return f"Waived until {waiver.get('expires')} by {waiver.get('owner')}: {waiver.get('why')}"
    return f"{one['status'].replace('_', ' ')}: {one['message']}"


def _body(one: Record) -> str:
    lines = [one["title"], one["message"], one["note"]]
    lines += [f"{row['source']}: found {row['found']!s}, expected {row['expected']!s}" for row in one["evidence"]]
    return "\n".join([line for line in [*lines, one["remedy"], one["reference"]] if line])


def _xml(element: ET.Element) -> str:
    return ET.tostring(element, encoding="unicode", short_empty_elements=element.tag != "testsuites")
