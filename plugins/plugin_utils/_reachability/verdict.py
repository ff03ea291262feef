# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What one attempt means, and what all attempts at a service come to."""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import FAIL, NOT_ASSESSED, PASS, Rule
from ansible_collections.infosec.principles.plugins.module_utils._reachability import probing
from ansible_collections.infosec.principles.plugins.plugin_utils._reachability import rules
from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.plan import Endpoint, Plan, Service

REACHED, REFUSED = "reached", "refused"
DENIED, BLOCKED = rules.REACHABLE_BUT_DENIED.name, rules.BLOCKED_BUT_ALLOWED.name
UNKNOWN = NOT_ASSESSED
#: The outcomes of a row, in the order of the report.
OUTCOMES = (REACHED, REFUSED, DENIED, BLOCKED, UNKNOWN)

_KEPT_OUT = (probing.REFUSED, probing.FILTERED, probing.UNREACHABLE)
#: By what the register expects (True: open) and what was seen. What is not here is not assessed.
_VERDICTS = {
    (True, probing.OPEN): REACHED,
    (False, probing.OPEN): DENIED,
    **{(True, outcome): BLOCKED for outcome in _KEPT_OUT},
    **{(False, outcome): REFUSED for outcome in _KEPT_OUT},
}
_WORDS = {
    probing.OPEN: "it answered",
    probing.REFUSED: "refused",
    probing.FILTERED: "no answer",
    probing.UNREACHABLE: "unreachable, says ICMP",
    probing.SILENT: "no answer, which proves nothing on UDP",
    probing.NO_ROUTE: "no route from there, or no address of that family",
    probing.SELF: "that host has this address itself",
    probing.UNTRIED: "not tried within the time limit",
    probing.FAILED: "that host ran out of sockets or memory",
}
#: So many hosts are named in a sentence, and so many lines are given as evidence.
_NAMED, _EVIDENCE = 5, 50


@dataclasses.dataclass(frozen=True)
class Attempt:
    """One source at one endpoint (None: the target has none). local: the address it came from.

    expected: whether the register lets it in. way_only: nothing listens there, the target's own answer is enough.
    why: what kept it from trying, in a word; detail: and in full.
    """

    source: str
    endpoint: Endpoint | None
    outcome: str
    local: str
    expected: bool
    way_only: bool = False
    why: str = ""
    detail: str = ""

    @property
    def verdict(self) -> str:
        """One of OUTCOMES."""
        if self.way_only and self.expected and self.outcome == probing.REFUSED:
            return REACHED
        return _VERDICTS.get((self.expected, self.outcome), UNKNOWN)

    @property
    def reason(self) -> str:
        """What was seen, or why nothing was."""
        words = self.why or _WORDS[self.outcome]
        return f"{words}; nothing listens there" if self.verdict == BLOCKED and not self._listens else words

    @property
    def _listens(self) -> bool:
        return self.endpoint is None or self.endpoint["listens"]

    def evidence(self) -> dict[str, str]:
        """Who came from where, and what became of it."""
        place = _place(self.endpoint) if self.endpoint else ""
        source = f"{self.source} ({self.local}) to {place}" if self.local else f"{self.source} to {place}"
        return {"source": source, "found": self.reason, "expected": "an answer" if self.expected else "no answer"}


def _place(endpoint: Endpoint) -> str:
    address = f"[{endpoint['address']}]" if ":" in endpoint["address"] else endpoint["address"]
    return f"{address}:{endpoint['port']}"


@dataclasses.dataclass(frozen=True)
class _Words:
    """How a rule speaks; {hosts} are the sources, {subject} the service."""

    rule: Rule
    expected: bool
    fail: str
    good: str


_RULES = (
    _Words(
        rules.REACHABLE_BUT_DENIED,
        False,
        "{hosts} reached {subject}, which the register does not let them reach.",
        "None of the {count} host(s) that the register does not let in reached it.",
    ),
    _Words(
        rules.BLOCKED_BUT_ALLOWED,
        True,
        "{hosts} did not reach {subject}, though the register lets them in.",
        "The {count} host(s) that the register lets in reached it.",
    ),
)


def findings(service: Service, attempts: t.Sequence[Attempt], made: Plan) -> t.Iterator[dict[str, t.Any]]:
    """One for each rule that these attempts could break."""
    for words in _RULES:
        concerned = [attempt for attempt in attempts if attempt.expected is words.expected]
        if concerned:
            yield _finding(words, service, concerned, made)


def _finding(words: _Words, service: Service, attempts: t.Sequence[Attempt], made: Plan) -> dict[str, t.Any]:
    bad = [attempt for attempt in attempts if attempt.verdict == words.rule.name]
    doubts = _doubts(service, attempts)
    status = FAIL if bad else NOT_ASSESSED if doubts else PASS
    message = " ".join([*_sentences(words, service, attempts, bad, doubts), *_scope(service, attempts, made)])
    lines = [attempt.evidence() for attempt in bad] + _reasons(doubts)
    return rules.finding(words.rule, service["subject"], status, message, _cut(lines))


def _sentences(
    words: _Words,
    service: Service,
    attempts: t.Iterable[Attempt],
    bad: t.Sequence[Attempt],
    doubts: t.Mapping[str, _Doubt],
) -> t.Iterator[str]:
    clear = {attempt.source for attempt in attempts} - doubts.keys()
    if bad:
        yield words.fail.format(hosts=_names(attempt.source for attempt in bad), subject=service["subject"])
    elif clear:
        yield words.good.format(count=len(clear))
    if doubts:
        yield _doubt(doubts)
    if bad and words.expected and not any(endpoint["listens"] for endpoint in service["endpoints"]):
        yield "Nothing listens on it (see listening_services.declared_but_absent)."


@dataclasses.dataclass(frozen=True, order=True)
class _Doubt:
    """Why something stays open: for the sentence, and in full for the evidence."""

    why: str
    detail: str = ""


def _doubts(service: Service, attempts: t.Sequence[Attempt]) -> dict[str, _Doubt]:
    """Sources about which something stays open, and why.

    A source that could send nothing to one address (of a family that it does not have) and was answered by, or kept
    from, another one has been assessed: there is no way for it to that address.
    """
    assessed = {attempt.source for attempt in attempts if attempt.verdict != UNKNOWN}
    open_ones = [
        attempt
        for attempt in attempts
        if attempt.verdict == UNKNOWN and not (attempt.outcome == probing.NO_ROUTE and attempt.source in assessed)
    ]
    doubts = {attempt.source: _Doubt(attempt.reason, attempt.detail) for attempt in open_ones}
    if service["left_out"] and service["endpoints"]:
        unknown = _Doubt(f"it also listens on {', '.join(service['left_out'])}, which the inventory does not have")
        doubts.update((attempt.source, unknown) for attempt in attempts if attempt.source not in doubts)
    return doubts


def _doubt(doubts: t.Mapping[str, _Doubt]) -> str:
    reasons = sorted({doubt.why for doubt in doubts.values()})
    return f"Not assessed from {_names(doubts)}: {'; '.join(reasons[:2])}{'; and more' if len(reasons) > 2 else ''}."


def _reasons(doubts: t.Mapping[str, _Doubt]) -> list[dict[str, str]]:
    sources: dict[_Doubt, list[str]] = collections.defaultdict(list)
    for source in sorted(doubts):
        sources[doubts[source]].append(source)
    return [
        {"source": f"from {', '.join(sources[doubt])}", "found": doubt.detail or doubt.why, "expected": "to be tried"}
        for doubt in sorted(sources)
    ]


def _scope(service: Service, attempts: t.Iterable[Attempt], made: Plan) -> t.Iterator[str]:
    """What was tried of what there is, where that is not everything."""
    if service["sources"] is not None:
        tried = len({attempt.source for attempt in attempts})
        yield f"{made['witnesses']} of every group tried it, {tried} host(s) of {len(made['hosts']) - 1}."
    if service["service"] and "-" in service["subject"].split("/")[0]:
        ports = sorted({endpoint["port"] for endpoint in service["endpoints"]})
        yield f"Of the range, its ends and what listens were tried: {', '.join(map(str, ports[:20]))}."


def _names(hosts: t.Iterable[str]) -> str:
    names = sorted(set(hosts))
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _cut(lines: list[dict[str, str]]) -> list[dict[str, str]]:
    rest = len(lines) - _EVIDENCE
    return [*lines[:_EVIDENCE], {"source": f"{rest} more", "found": "the same", "expected": ""}] if rest > 0 else lines
