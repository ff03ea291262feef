# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Counts: what is good, what is left, how bad it is, and what to do first."""

from __future__ import annotations

import collections
import dataclasses
import heapq
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import (
    ERROR,
    FAIL,
    FIXED,
    NOT_APPLICABLE,
    NOT_ASSESSED,
    PASS,
    RISKS,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._report.model import OUTCOMES, Record, Store

#: Statuses that fail a run with fail_on: a violation is there, or it may be and the control broke.
OPEN = frozenset({FAIL, ERROR})
GOOD = frozenset({PASS, FIXED})
#: Worst risk of a group in which nothing is open.
NO_RISK = ""

_T = t.TypeVar("_T", bound=t.Mapping[str, t.Any])


def level(risk: str) -> int:
    """1 (low) to 4 (maximum); 0 where nothing is left."""
    return RISKS.index(risk) + 1 if risk in RISKS else 0


def fails_on(findings: t.Iterable[_T], risk: str) -> list[_T]:
    """The findings with status fail or error at this risk or above; none for ``none``.

    Not assessed is never counted as good, but does not fail a run: an ordinary user could not run anything else.
    """
    floor = level(risk)
    return [one for one in findings if floor and one["status"] in OPEN and level(one["risk"]) >= floor]


@dataclasses.dataclass
class Score:
    """How a group of findings stands. counts: findings by status. worst: the worst risk that is open."""

    counts: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    worst: str = NO_RISK

    def add(self, status: str, risk: str) -> None:
        """Count one finding."""
        self.counts[status] += 1
        if status in OPEN and level(risk) > level(self.worst):
            self.worst = risk

    @property
    def total(self) -> int:
        """All findings."""
        return self.counts.total()

    @property
    def open(self) -> int:
        """Findings that are a violation, or an error that may hide one."""
        return sum(self.counts[status] for status in OPEN)

    @property
    def good(self) -> int:
        """Findings that pass, or pass now."""
        return sum(self.counts[status] for status in GOOD)

    @property
    def share(self) -> int | None:
        """Per cent that is good of all that applies, rounded down; None where nothing applies.

        What is waived, was not assessed or broke counts as not good.
        """
        applicable = self.total - self.counts[NOT_APPLICABLE]
        return self.good * 100 // applicable if applicable else None

    @property
    def rank(self) -> tuple[int, int, int]:
        """Sorts the worst last."""
        return (level(self.worst), self.open, self.counts[NOT_ASSESSED])


@dataclasses.dataclass
class RuleScore:
    """One rule over all hosts; hosts and first_hosts are those where it is open.

    example, doubt: what the first finding says that is open, and the first that was not assessed.
    remedy: what to do about the example.
    """

    rule: str
    principle: str
    title: str
    remedy: str
    reference: str
    score: Score = dataclasses.field(default_factory=Score)
    hosts: int = 0
    first_hosts: list[str] = dataclasses.field(default_factory=list)
    unassessed: int = 0
    example: str = ""
    doubt: str = ""

    @property
    def urgency(self) -> tuple[int, int, str]:
        """Sorts what to do first first: by the worst risk that is open, then by the number of hosts."""
        return (-level(self.score.worst), -self.hosts, self.rule)


@dataclasses.dataclass
class Reach:
    """Who could reach what. counts: pairs of a source and a port by outcome. ports: how many there were.

    witnesses: from how many hosts of each group a port was tried at most; 0: from all.
    """

    counts: collections.Counter[str]
    ports: int = 0
    witnesses: int = 0

    @classmethod
    def of(cls, store: Store) -> Reach:
        """Count in one pass."""
        reach = cls(collections.Counter(dict.fromkeys(OUTCOMES, 0)))
        for _host, row in store.rows():
            reach.ports += 1
            reach.witnesses = max(reach.witnesses, row["witnesses"])
            reach.counts.update({name: len(sources) for name, sources in row["outcomes"].items()})
        return reach

    @property
    def tried(self) -> int:
        """The pairs of which the outcome is known."""
        return self.counts.total() - self.counts[NOT_ASSESSED]


class Due(t.NamedTuple):
    """What fails from a day on if nobody acts."""

    day: str
    host: str
    subject: str
    rule: str
    status: str


class Measured(t.NamedTuple):
    """What a fix of this run changed that is measured, such as the grade of a site."""

    host: str
    subject: str
    before: str
    after: str


class Summary:
    """The scores of a whole report, made in one pass over it. due: what is due next, the earliest first.

    measured: what was measured otherwise after the run than before, by host and subject.
    """

    #: So many hosts of a rule are named, and so many days and measures are kept.
    NAMED, DUE, MEASURED = 5, 100, 100

    def __init__(self, store: Store) -> None:
        self.all = Score()
        self.principles: dict[str, Score] = {}
        self.hosts: dict[str, dict[str, Score]] = {}
        self.rules: dict[str, RuleScore] = {}
        self.due: list[Due] = []
        self.measured: list[Measured] = []
        for host, findings in store:
            self._add_host(host, findings)
        self.principles = dict(sorted(self.principles.items()))

    def _add_host(self, host: str, findings: list[Record]) -> None:
        row = self.hosts.setdefault(host, {})
        for one in findings:
            status, risk, principle = one["status"], one["risk"], one["principle"]
            row.setdefault(principle, Score()).add(status, risk)
            self.principles.setdefault(principle, Score()).add(status, risk)
            self.all.add(status, risk)
            rule = self._rule(one)
            rule.score.add(status, risk)
            if status in OPEN and not rule.example:
                rule.example, rule.remedy = with_note(one["message"], one["note"]), one["remedy"]
            elif status == NOT_ASSESSED and not rule.doubt:
                rule.doubt = one["message"]
        for name in {one["rule"] for one in findings if one["status"] in OPEN}:
            self._name_host(self.rules[name], host)
        for name in {one["rule"] for one in findings if one["status"] == NOT_ASSESSED}:
            self.rules[name].unassessed += 1
        self._add_measured(
            Measured(host, one["subject"], one["measure_before"], one["measure"])
            for one in findings
            if "measure" in one
        )
        self._add_due(
            Due(one["due"], host, one["subject"], one["rule"], one["status"]) for one in findings if "due" in one
        )

    def _add_measured(self, new: t.Iterable[Measured]) -> None:
        changed = (one for one in new if one.before != one.after)
        self.measured = heapq.nsmallest(self.MEASURED, [*self.measured, *changed])

    def _add_due(self, new: t.Iterable[Due]) -> None:
        self.due = heapq.nsmallest(self.DUE, [*self.due, *new])

    def _rule(self, one: Record) -> RuleScore:
        known = self.rules.get(one["rule"])
        if known is None:
            texts = {key: one[key] for key in ("rule", "principle", "title", "remedy", "reference")}
            known = self.rules[one["rule"]] = RuleScore(**texts)
        return known

    def _name_host(self, rule: RuleScore, host: str) -> None:
        rule.hosts += 1
        if len(rule.first_hosts) < self.NAMED:
            rule.first_hosts.append(host)

    def host(self, name: str) -> Score:
        """The score of one host over all principles."""
        whole = Score()
        for part in self.hosts[name].values():
            whole.counts.update(part.counts)
            whole.worst = max(whole.worst, part.worst, key=level)
        return whole

    def hosts_worst_first(self) -> list[str]:
        """The hosts' names, those with the worst risk and the most violations first."""
        ranks = {name: self.host(name).rank for name in self.hosts}
        return sorted(ranks, key=lambda name: ([-part for part in ranks[name]], name))

    def next(self) -> list[RuleScore]:
        """The rules with something open, in the order in which to work."""
        return sorted((rule for rule in self.rules.values() if rule.hosts), key=lambda rule: rule.urgency)

    def not_assessed(self) -> list[RuleScore]:
        """The rules that could not be looked at somewhere, by name."""
        return sorted((rule for rule in self.rules.values() if rule.unassessed), key=lambda rule: rule.rule)


def with_note(message: str, note: str) -> str:
    """What was found, then why it was not put right. Messages may be without a full stop."""
    end = "" if message.endswith((".", "!", "?")) else "."
    return f"{message}{end} Not put right: {note}" if note else message
