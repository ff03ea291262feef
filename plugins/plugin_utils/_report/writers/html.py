# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Writes compliance.html: one file that needs no network and no JavaScript, and trusts no text of a host."""

from __future__ import annotations

import base64
import difflib
import hashlib
import itertools
import pathlib
import typing as t
import unicodedata

import jinja2
import markupsafe

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import (
    NOT_APPLICABLE,
    PASS,
    RISKS,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._report.matrix import WORDS, Matrix, matrix
from ansible_collections.infosec.principles.plugins.plugin_utils._report.model import BY_URGENCY, Record
from ansible_collections.infosec.principles.plugins.plugin_utils._report.report import Report
from ansible_collections.infosec.principles.plugins.plugin_utils._report.score import Summary
from ansible_collections.infosec.principles.plugins.plugin_utils._report.text import clean
from ansible_collections.infosec.principles.plugins.plugin_utils._report.writers.console import mode

#: A page with more findings in full is of no use to a reader, nor to the browser.
FINDINGS = 3000
HOSTS = 500
NEXT = 12
DIFF_LINES = 400
DIFF_INPUT = 5000
TEXT = 4000
#: Names of one row or column of the matrix that are written out.
NAMES = 1000
#: Pixels: a cell of the matrix, and a character of its headings, plain and bold.
_CELL, _PLAIN, _BOLD = 28, 6.8, 7.6

_TEMPLATES = pathlib.Path(__file__).parent.parent / "templates"
_KINDS = {"+": "add", "-": "del", "@": "at"}
_QUIET = (PASS, NOT_APPLICABLE)


def write(report: Report, stream: t.TextIO) -> None:
    """Write the page. In large reports passes are only counted and each rule shows its first findings."""
    page = _environment().get_template("compliance.html.j2")
    hosts = report.summary.hosts_worst_first()
    stream.writelines(
        page.generate(
            run=report.run,
            mode=mode(report),
            summary=report.summary,
            next=report.summary.next(),
            next_shown=NEXT,
            hosts=hosts[:HOSTS],
            principles=_principles(report),
            whole=_is_small(report.summary),
            style=_asset("compliance.css"),
            script=_asset("compliance.js"),
            policy=_policy(),
            statuses=BY_URGENCY,
            risks=RISKS[::-1],
            **_reachability(report),
        )
    )


def _reachability(report: Report) -> dict[str, t.Any]:
    """What reachability.html.j2 shows; only that there is nothing where nothing was tried."""
    found = matrix(report.store)
    if found is None:
        return {"matrix": None}
    kinds = {cell.kind for row in found.cells for cell in row if cell}
    return {
        "matrix": found,
        "reach": report.reach,
        "words": WORDS,
        "shown": kinds,
        "blank": any(cell is None for row in found.cells for cell in row),
        "by_kind": [_by_kind(found, place) for place in range(len(found.columns))],
        "size": _size(found),
        "names_shown": NAMES,
    }


def _by_kind(found: Matrix, place: int) -> dict[str, list[str]]:
    """The rows' names of one column, by what was seen."""
    names: dict[str, list[str]] = {kind: [] for kind in WORDS}
    for heading, row in zip(found.rows, found.cells, strict=True):
        cell = row[place]
        if cell:
            names[cell.kind].append(heading.where)
    return names


def _size(found: Matrix) -> dict[str, int]:
    """Pixels: width and height of the cells, height of the head (its text goes up at 45 degrees), width of the side."""
    head = max(_BOLD * _width(one.what) + _PLAIN * _width(one.where) for one in found.columns)
    return {
        "width": _CELL * len(found.columns),
        "height": _CELL * len(found.rows),
        "head": round(head * 0.7072) + 22,
        "side": max(112, round(_BOLD * max(_width(one.where) for one in found.rows)) + 20),
    }


def _width(text: str) -> int:
    """In characters of ordinary width."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"words": _words, "diff_lines": diff_lines}
    return environment


def _finalize(value: t.Any) -> t.Any:
    # Every value of the template comes through here, so that none can be forgotten; only our own assets are markup.
    return value if isinstance(value, markupsafe.Markup) else clean(value, limit=TEXT)


def _words(name: str) -> str:
    """A name such as exposed_services as words."""
    return name.replace("_", " ").capitalize()


def _asset(name: str) -> markupsafe.Markup:
    return markupsafe.Markup((_TEMPLATES / name).read_text(encoding="utf-8"))


def _policy() -> str:
    """Content-Security-Policy: nothing is loaded, and only our own style and script (by their hashes) take effect."""
    style, script = (_hash(_asset(name)) for name in ("compliance.css", "compliance.js"))
    return f"default-src 'none'; style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _is_small(summary: Summary) -> bool:
    return summary.all.total <= FINDINGS


def _principles(report: Report) -> dict[str, dict[str, list[Record]]]:
    """The findings to show in full, by principle and rule; within a rule the most urgent first."""
    summary = report.summary
    wanted = BY_URGENCY if _is_small(summary) else tuple(one for one in BY_URGENCY if one not in _QUIET)
    room = FINDINGS if _is_small(summary) else max(1, FINDINGS // len(summary.rules))
    chosen = _choose(report, wanted, room)
    ordered = sorted(summary.rules.values(), key=lambda rule: (rule.principle, rule.urgency))
    groups = itertools.groupby(ordered, key=lambda rule: rule.principle)
    return {principle: {rule.rule: chosen.get(rule.rule, []) for rule in rules} for principle, rules in groups}


def _choose(report: Report, wanted: tuple[str, ...], room: int) -> dict[str, list[Record]]:
    buckets: dict[tuple[str, str], list[Record]] = {}
    for host, findings in report.store:
        for one in findings:
            bucket = buckets.setdefault((one["rule"], one["status"]), [])
            if one["status"] in wanted and len(bucket) < room:
                bucket.append(one | {"host": host})
    rules = {rule for rule, _status in buckets}
    return {rule: [one for status in wanted for one in buckets.get((rule, status), [])][:room] for rule in rules}


def _split(text: str) -> list[str]:
    # Not splitlines(), which takes a form feed and others for the end of a line. Long texts would take difflib long.
    return text.removesuffix("\n").split("\n")[:DIFF_INPUT] if text else []


def diff_lines(diff: t.Mapping[str, str]) -> list[tuple[str, str]]:
    """One change as unified diff: pairs of a kind (add, del, at, same, note) and a line."""
    found = difflib.unified_diff(_split(diff["before"]), _split(diff["after"]), n=3, lineterm="")
    shown = list(itertools.islice(found, 2, DIFF_LINES + 3))
    pairs = [(_KINDS.get(line[:1], "same"), line) for line in shown[:DIFF_LINES]]
    return [*pairs, ("note", "The rest is in compliance.json.")] if len(shown) > DIFF_LINES else pairs
