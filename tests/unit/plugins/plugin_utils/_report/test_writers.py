# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the report. GOLDEN=new writes the golden ones anew; use it after a change that is meant, and read the diff."""

from __future__ import annotations

import itertools
import json
import os
import pathlib
import re
import typing as t
import xml.etree.ElementTree as ET

import jsonschema
import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._report.collect import Collector
from ansible_collections.infosec.principles.plugins.plugin_utils._report.report import (
    Report,
    ReportError,
    Writer,
    publish,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._report.writers import (
    console,
    junit,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._report.writers import (
    html as html_writer,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._report.writers import (
    json as json_writer,
)
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._report.samples import (
    FIXTURES,
    NOW,
    fleet,
    hostile,
    result,
    written,
)

SCHEMA = pathlib.Path(__file__).resolve().parents[5] / "docs" / "compliance.schema.json"


def console_text(report: Report, stream: t.TextIO) -> None:
    stream.writelines(f"{tone:<5} {text}".rstrip() + "\n" for text, tone in console.lines(report, 120))


GOLDEN: dict[str, Writer] = {
    "fleet.compliance.json": json_writer.write,
    "fleet.junit.xml": junit.write,
    "fleet.console.txt": console_text,
}


@pytest.mark.parametrize(("name", "write"), GOLDEN.items(), ids=GOLDEN)
def test_golden(name: str, write: Writer) -> None:
    body = written(write, fleet())
    if os.environ.get("GOLDEN") == "new":
        (FIXTURES / name).write_text(body)
    assert body == (FIXTURES / name).read_text()


WRITERS = {"json": json_writer.write, "junit": junit.write, "html": html_writer.write, "console": console_text}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_the_order_of_the_hosts_results_does_not_matter(write: Writer) -> None:
    assert written(write, fleet()) == written(write, fleet(backwards=True))


@pytest.mark.parametrize(
    "report", [fleet(), hostile("harmless"), Report(Collector(NOW).finish((), ""), Collector(NOW).store)]
)
def test_json_follows_its_schema(report: Report) -> None:
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(written(json_writer.write, report)))


def test_the_schema_is_strict() -> None:
    body = json.loads(written(json_writer.write, fleet()))
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    body["findings"][0]["status"] = "great"
    body["findings"][1]["extra"] = 1
    body["summary"]["hosts"]["db"]["extra"] = 1
    body["more"] = 1
    assert len(list(validator.iter_errors(body))) == 4


def test_json_has_one_finding_a_line_in_order() -> None:
    body = written(json_writer.write, fleet())
    findings = json.loads(body)["findings"]
    lines = [json.loads(line.rstrip(",")) for line in body.split('"findings": [\n')[1].splitlines()[:-2]]
    assert lines == findings
    keys = [(one["host"], one["control"], one["rule"], one["subject"]) for one in findings]
    assert keys == sorted(set(keys))


def test_time_is_in_one_place_only() -> None:
    assert len(re.findall("2026-11-24T|13:10:42", written(json_writer.write, fleet()))) == 2
    assert written(junit.write, fleet()).count("2026-11-24T") == 1


def test_junit_totals_are_the_sums() -> None:
    root = ET.fromstring(written(junit.write, fleet()))
    for name in ("tests", "failures", "errors", "skipped"):
        assert int(root.get(name, "")) == sum(int(suite.get(name, "")) for suite in root)
    assert len(root.findall(".//testcase")) == int(root.get("tests", ""))
    assert len(root.findall(".//failure")) == int(root.get("failures", ""))
    assert len(root.findall(".//error")) == int(root.get("errors", ""))
    assert len(root.findall(".//skipped")) == int(root.get("skipped", ""))


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_table_fits_the_terminal(width: int) -> None:
    lines = [line.text for line in console.lines(fleet(), width)]
    assert max(map(len, lines[2 : lines.index("WHAT TO DO NEXT")])) <= width


def test_json_has_one_port_a_line_in_order() -> None:
    body = written(json_writer.write, fleet())
    rows = json.loads(body)["reachability"]
    lines = body.split('"reachability": [\n')[1].split("\n ],")[0].splitlines()
    assert [json.loads(line.rstrip(",")) for line in lines] == rows
    keys = [(one["target"], one["service"], one["protocol"], one["port"], one["address"]) for one in rows]
    assert keys == sorted(set(keys))
    counts = json.loads(body)["summary"]["reachability"]
    assert counts == {name: sum(len(one["outcomes"][name]) for one in rows) for name in counts}
    assert counts["reachable_but_denied"] == 8


def test_a_run_without_a_proof_says_nothing_of_it() -> None:
    report = many(2, 1)
    assert json.loads(written(json_writer.write, report))["reachability"] == []
    assert not [line for line in console.lines(report) if "REACHABILITY" in line.text]


def test_the_console_sums_up_who_could_reach_what() -> None:
    lines = [line.text for line in console.lines(fleet())]
    place = lines.index("REACHABILITY (50 pairs of a host and a port tried)")
    assert lines[place + 1] == "  8 denied pairs reached, 1 allowed pair blocked, 10 not assessed"


@pytest.mark.parametrize(
    ("status", "title"), [("fail", "no violation was put right"), ("fixed", "violations were put")]
)
def test_the_title_says_only_what_was_done(status: str, title: str) -> None:
    collector = Collector(NOW)
    collector.take(result("web", [{"control": "a", "rule": "a.b", "status": status, "risk": "low"}]))
    report = Report(collector.finish((), ""), collector.store)
    assert next(iter(console.lines(report))).text.startswith(f"COMPLIANCE ({title}")
    assert title in written(html_writer.write, report)


@pytest.mark.parametrize(("before", "shown"), [("F (0)", True), ("B+ (80)", False)])
def test_a_grade_is_told_before_and_after(before: str, shown: bool) -> None:
    collector = Collector(NOW)
    graded = {"control": "a", "rule": "a.b", "status": "fixed", "risk": "low", "subject": "<a> (nginx.service 443/tcp)"}
    collector.take(result("web", [graded | {"measure_before": before, "measure": "B+ (80)"}]))
    report = Report(collector.finish((), ""), collector.store)
    lines = [line.text for line in console.lines(report)]
    assert ("  F (0) -> B+ (80)  web: <a> (nginx.service 443/tcp)" in lines) == shown
    assert ("<b>F (0) → B+ (80)</b>" in written(html_writer.write, report)) == shown


def many(hosts: int, findings: int) -> Report:
    collector = Collector(NOW)
    for host, status in zip(range(hosts), itertools.cycle(["pass", "fail"])):
        one = {"control": "a", "principle": "p", "title": "t", "status": status, "risk": "low", "message": status}
        subjects = range(findings)
        collector.take(result(f"h{host:04}", [one | {"rule": f"a.{n % 5}", "subject": f"s{n}"} for n in subjects]))
    return Report(collector.finish((), ""), collector.store)


def test_a_large_page_shows_what_is_open_and_counts_the_rest() -> None:
    page = written(html_writer.write, many(700, 10))
    assert page.count('<details class="finding"') == html_writer.FINDINGS
    assert 'data-status="pass" data-risk="low"' not in page
    assert "This fleet has 7000 findings" in page
    assert "800 of 1400 findings are only counted here." in page
    assert "The 500 worst of 700 hosts are shown" in page


def test_a_small_page_shows_everything() -> None:
    report = fleet()
    page = written(html_writer.write, report)
    assert page.count('<details class="finding"') == report.summary.all.total
    assert "only counted" not in page


def test_many_hosts_on_the_console_are_cut() -> None:
    lines = [line.text for line in console.lines(many(100, 1))]
    assert "  and 60 more hosts (the worst are shown)" in lines
    assert len([line for line in lines if line.startswith("h0")]) == console.HOSTS


# before, after -> the kinds of the lines
DIFFS = {
    "new file": ("", "a\nb\n", ["at", "add", "add"]),
    "removed": ("a\n", "", ["at", "del"]),
    "changed": ("a\nb\nc\n", "a\nB\nc\n", ["at", "same", "del", "add", "same"]),
    "same": ("a\n", "a\n", []),
    "form feed is no end of a line": ("a\x0cb\n", "a\n", ["at", "del", "add"]),
    "a line that begins like a header": ("", "++ b\n-- a\n", ["at", "add", "add"]),
    "long": ("", "a\n" * 900, ["at"] + ["add"] * 399 + ["note"]),
}


@pytest.mark.parametrize(("before", "after", "kinds"), DIFFS.values(), ids=DIFFS)
def test_diff_lines(before: str, after: str, kinds: list[str]) -> None:
    assert [kind for kind, _line in html_writer.diff_lines({"before": before, "after": after})] == kinds


def test_publish_makes_a_folder_for_the_owner_and_points_latest_there(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "reports"
    first = publish(fleet(), folder, {"compliance.json": json_writer.write})
    second = publish(fleet(), folder, {"compliance.json": json_writer.write, "junit.xml": junit.write})
    assert [first.name, second.name] == ["2026-11-24T131042Z", "2026-11-24T131042Z-2"]
    assert sorted(path.name for path in folder.iterdir()) == [first.name, second.name, "latest"]
    assert (folder / "latest").readlink() == pathlib.Path(second.name)
    assert {path.name for path in second.iterdir()} == {"compliance.json", "junit.xml"}
    assert oct(second.stat().st_mode)[-3:] == oct(folder.stat().st_mode)[-3:] == "700"
    assert (first / "compliance.json").read_bytes() == (second / "compliance.json").read_bytes()


def test_latest_stays_where_a_writer_fails(tmp_path: pathlib.Path) -> None:
    def broken(report: Report, stream: t.TextIO) -> None:
        raise OSError(28, "No space left on device", "compliance.html")

    first = publish(fleet(), tmp_path, {"compliance.json": json_writer.write})
    with pytest.raises(ReportError, match=r"Cannot write the report to .*: No space left on device: compliance.html"):
        publish(fleet(), tmp_path, {"compliance.html": broken})
    assert (tmp_path / "latest").resolve() == first


def test_a_foreign_latest_is_not_replaced(tmp_path: pathlib.Path) -> None:
    (tmp_path / "latest" / "mine").mkdir(parents=True)
    with pytest.raises(ReportError, match="latest"):
        publish(fleet(), tmp_path, {"compliance.json": json_writer.write})
    assert (tmp_path / "latest" / "mine").is_dir()
