# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Lays the report out for a terminal: hosts by principles, what to do next, what could not be looked at."""

from __future__ import annotations

import textwrap
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import (
    ERROR,
    FAIL,
    FIXED,
    NOT_ASSESSED,
    WAIVED,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._report.model import (
    BLOCKED_BUT_ALLOWED,
    NOT_TRIED,
    REACHABLE_BUT_DENIED,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._report.report import Report
from ansible_collections.infosec.principles.plugins.plugin_utils._report.score import (
    Reach,
    RuleScore,
    Score,
    Summary,
    level,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._report.text import one_line

HOSTS = 40
RULES = 15
DUE = 5
MEASURED = 20

BAD, DOUBT, GOOD, PLAIN, HEAD = "bad", "doubt", "good", "plain", "head"
MODES = {
    "check": "check mode, nothing was changed",
    "run": "violations were put right where that is possible and allowed",
    "mixed": "some tasks in check mode, others not",
}


def mode(report: Report) -> str:
    """What the run was allowed to do, and whether it did."""
    idle = report.run.mode == "run" and not report.summary.all.counts[FIXED]
    return "no violation was put right" if idle else MODES[report.run.mode]


class Line(t.NamedTuple):
    """One line and what it means: bad, doubt, good, plain or head; the callback knows the colours."""

    text: str
    tone: str = PLAIN


def lines(report: Report, width: int = 120) -> t.Iterator[Line]:
    """The report as lines of at most about width characters. Text from hosts is made safe for a terminal."""
    yield Line(f"COMPLIANCE ({mode(report)})", HEAD)
    if report.run.unseen:
        yield Line(f"Not the whole fleet: {one_line(report.run.unseen)}.", DOUBT)
    yield Line("")
    yield from _matrix(report.summary, width)
    yield from _reach(report.reach, width)
    yield from _next(report.summary, width)
    yield from _measured(report.summary)
    yield from _due(report.summary)
    yield from _doubts(report.summary, width)


def _matrix(summary: Summary, width: int) -> t.Iterator[Line]:
    hosts = summary.hosts_worst_first()
    shown = hosts[:HOSTS]
    names = {host: _name(host) for host in shown}
    first = max(len(name) for name in [*names.values(), "all hosts"])
    for columns in _split(summary, width - first - 11):
        yield from _table(summary, columns, names, first)
        if len(hosts) > len(shown):
            yield Line(f"  and {len(hosts) - len(shown)} more hosts (the worst are shown)")
        yield Line("")


def _split(summary: Summary, width: int) -> t.Iterator[dict[str, int]]:
    """The principles with the widths of their columns, in as many tables as the terminal needs."""
    columns: dict[str, int] = {}
    for name, score in summary.principles.items():
        need = max(len(_name(name)), len(_cell(score)), *(len(_cell(row.get(name))) for row in summary.hosts.values()))
        if columns and sum(columns.values()) + 2 * len(columns) + need > width:
            yield columns
            columns = {}
        columns[name] = need
    yield columns


def _table(summary: Summary, columns: dict[str, int], names: dict[str, str], first: int) -> t.Iterator[Line]:
    yield _row("host", first, [_name(name) for name in columns], columns, "worst", HEAD)
    for host, name in names.items():
        row, whole = summary.hosts[host], summary.host(host)
        yield _row(name, first, [_cell(row.get(one)) for one in columns], columns, whole.worst or "-", _tone(whole))
    cells = [_cell(summary.principles[name]) for name in columns]
    yield _row("all hosts", first, cells, columns, summary.all.worst or "-", _tone(summary.all))


def _row(name: str, first: int, cells: list[str], columns: dict[str, int], worst: str, tone: str) -> Line:
    padded = [cell.ljust(width) for cell, width in zip(cells, columns.values(), strict=True)]
    return Line("  ".join([name.ljust(first), *padded, worst]), tone)


def _cell(score: Score | None) -> str:
    """Such as ``2 fail 1 ? 12 ok``; n/a where nothing applies, nothing where nothing was asked."""
    if score is None:
        return ""
    words = {FAIL: "fail", ERROR: "error", NOT_ASSESSED: "?", WAIVED: "waived"}
    parts = [f"{score.counts[status]} {word}" for status, word in words.items() if score.counts[status]]
    parts += [f"{score.good} ok"] if score.good else []
    return " ".join(parts) or "n/a"


def _tone(score: Score) -> str:
    if score.open:
        return BAD
    return DOUBT if score.counts[NOT_ASSESSED] else GOOD


def _reach(reach: Reach, width: int) -> t.Iterator[Line]:
    if not reach.ports:
        return
    denied, blocked, doubts = (reach.counts[name] for name in (REACHABLE_BUT_DENIED, BLOCKED_BUT_ALLOWED, NOT_TRIED))
    tone = BAD if denied or blocked else DOUBT if doubts else GOOD
    pairs = f"{_plural(denied, 'denied pair')} reached, {_plural(blocked, 'allowed pair')} blocked"
    yield Line(f"REACHABILITY ({_plural(reach.tried, 'pair')} of a host and a port tried)", HEAD)
    yield from _indented(f"{pairs}, {doubts} not assessed", 2, width, tone)
    yield Line("")


def _next(summary: Summary, width: int) -> t.Iterator[Line]:
    rules = summary.next()
    if not rules:
        yield Line("Nothing is open.", GOOD if not summary.not_assessed() else PLAIN)
        return
    yield Line("WHAT TO DO NEXT", HEAD)
    for rule in rules[:RULES]:
        yield from _rule(rule, width)
    if len(rules) > RULES:
        yield Line(f"  and {len(rules) - RULES} more rules: see the report")


def _rule(rule: RuleScore, width: int) -> t.Iterator[Line]:
    tone = BAD if level(rule.score.worst) > 2 else DOUBT
    yield Line(f"  {rule.score.worst:<8} {_name(rule.rule)}: {_hosts(rule)}", tone)
    yield from _indented(rule.example, 11, width)
    # Only ours to break: a message could hold what somebody on the host has chosen.
    for number, line in enumerate(rule.remedy.splitlines()):
        yield from _indented(f"{'  ' if number else '->'} {line}", 11, width)


def _indented(text: str, indent: int, width: int, tone: str = PLAIN) -> t.Iterator[Line]:
    for line in textwrap.wrap(one_line(text, limit=400), max(40, width - indent - 1)):
        yield Line(" " * indent + line, tone)


def _hosts(rule: RuleScore) -> str:
    rest = rule.hosts - len(rule.first_hosts)
    named = ", ".join(_name(host) for host in rule.first_hosts)
    return f"{_plural(rule.score.open, 'finding')} on {named}" + (f" and {_plural(rest, 'more host')}" if rest else "")


def _name(name: str) -> str:
    return one_line(name, limit=60)


def _plural(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")


def _measured(summary: Summary) -> t.Iterator[Line]:
    """What fixes of this run changed that is measured."""
    if summary.measured:
        yield Line("MEASURED BEFORE AND AFTER", HEAD)
    for one in summary.measured[:MEASURED]:
        was, now = (one_line(value, limit=40) for value in (one.before, one.after))
        yield Line(f"  {was} -> {now}  {_name(one.host)}: {one_line(one.subject, limit=80)}")
    if len(summary.measured) > MEASURED:
        yield Line("  and more: see the report")


def _due(summary: Summary) -> t.Iterator[Line]:
    """What passes today and will not for ever; what fails already is told above."""
    coming = [one for one in summary.due if one.status not in (FAIL, ERROR)]
    if coming:
        yield Line("DUE NEXT", HEAD)
    for one in coming[:DUE]:
        yield Line(f"  {one.day}  {_name(one.host)}: {one_line(one.subject, limit=80)} ({_name(one.rule)})")


def _doubts(summary: Summary, width: int) -> t.Iterator[Line]:
    rules = summary.not_assessed()
    if rules:
        yield Line("NOT ASSESSED (never counted as good)", HEAD)
    for rule in rules[:RULES]:
        findings = _plural(rule.score.counts[NOT_ASSESSED], "finding")
        yield Line(f"  {_name(rule.rule)}: {findings} on {_plural(rule.unassessed, 'host')}", DOUBT)
        yield from _indented(rule.doubt, 4, width)
    if len(rules) > RULES:
        yield Line(f"  and {len(rules) - RULES} more rules: see the report")
