# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Holds what hosts reached against what the register lets them reach: one judgement for each target."""

from __future__ import annotations

import collections
import dataclasses
import functools
import ipaddress
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._reachability import probing
from ansible_collections.infosec.principles.plugins.module_utils._reachability.probing import Answer
from ansible_collections.infosec.principles.plugins.plugin_utils._reachability import verdict
from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.expectation import Clients
from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.plan import (
    Endpoint,
    Plan,
    Service,
    sources,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.verdict import Attempt

Judgement = dict[str, t.Any]
#: By address, protocol and port.
Answers = dict[tuple[str, str, int], Answer]

_OUTCOMES = frozenset(
    (
        *(probing.OPEN, probing.REFUSED, probing.FILTERED, probing.UNREACHABLE, probing.SILENT, probing.NO_ROUTE),
        *(probing.SELF, probing.UNTRIED, probing.FAILED),
    )
)


def judge(made: Plan, tried: t.Mapping[str, t.Mapping[str, t.Any]]) -> dict[str, Judgement]:
    """For each host: findings, rows of the matrix, and why it was offline ("" if it was not).

    tried: what the module reachability_info returned, by source.
    """
    seen = {source: answers(tried[source]) for source in tried}
    lost = {source: _lost(tried[source]) for source in tried if "tried" not in tried[source]}
    judged = {
        host: Judgement(findings=[], reachability=[], offline=made["offline"].get(host, "")) for host in made["hosts"]
    }
    clients = [Clients(one) for one in made["clients"]]
    for service in made["services"]:
        case = _Case(made, service, clients[service["clients"]], seen, {**lost, **made["offline"]})
        judged[service["target"]]["findings"] += case.findings()
        judged[service["target"]]["reachability"] += case.rows()
    for one in judged.values():
        one["findings"].sort(key=lambda finding: (finding["rule"], finding["subject"]))
    return judged


def answers(result: t.Mapping[str, t.Any]) -> Answers:
    """What one source says. A host may say anything: what makes no sense is as if it had not been tried."""
    found: Answers = {}
    for row in result.get("tried") or ():
        try:
            answer = Answer(str(row["outcome"]), _address(str(row.get("local") or "")))
            known = ((str(row["address"]), str(row["protocol"]), int(port)) for port in row["ports"])
            found.update((probe, answer) for probe in known if answer.outcome in _OUTCOMES)
        except (AttributeError, KeyError, TypeError, ValueError):
            continue
    return found


def _address(text: str) -> str:
    """Raises ValueError."""
    return text and str(ipaddress.ip_address(text))


def _lost(result: t.Mapping[str, t.Any]) -> str:
    lines = str(result.get("msg") or "").strip().splitlines()
    return lines[0] if lines else "it did not try"


@dataclasses.dataclass(frozen=True)
class _Case:
    """One service, and what all sources made of it. lost: why sources could not try."""

    made: Plan
    service: Service
    clients: Clients
    seen: t.Mapping[str, Answers]
    lost: t.Mapping[str, str]

    def findings(self) -> t.Iterator[dict[str, t.Any]]:
        """One for each rule that somebody could break."""
        attempts = [attempt for made in self._by_endpoint for attempt in made]
        attempts = attempts or [self._untried(source) for source in self._sources]
        yield from verdict.findings(self.service, attempts, self.made)

    def rows(self) -> t.Iterator[dict[str, t.Any]]:
        """One for each address and port: the row of the matrix."""
        for endpoint, attempts in zip(self.service["endpoints"], self._by_endpoint, strict=True):
            outcomes: dict[str, list[str]] = {name: [] for name in verdict.OUTCOMES}
            for attempt in attempts:
                outcomes[attempt.verdict].append(attempt.source)
            yield {
                "service": self.service["service"],
                "protocol": self.service["protocol"],
                "port": endpoint["port"],
                "address": endpoint["address"],
                "outcomes": {name: sorted(outcomes[name]) for name in outcomes},
                "witnesses": self.made["witnesses"],
            }

    @functools.cached_property
    def _sources(self) -> list[str]:
        return sources(self.made, self.service)

    @functools.cached_property
    def _by_endpoint(self) -> list[list[Attempt]]:
        made = [self._attempts(endpoint) for endpoint in self.service["endpoints"]]
        arrived = {_arrival(one) for attempts in made for one in attempts if one.outcome == probing.OPEN}
        return [[one for one in attempts if not _is_spare(one, arrived)] for attempts in made]

    def _attempts(self, endpoint: Endpoint) -> list[Attempt]:
        made = [self._attempt(source, endpoint) for source in self._sources]
        if not any(attempt.outcome == probing.OPEN for attempt in made):
            return made
        # A service that answered one such request has shown that it answers: who heard nothing was kept from it.
        return [
            dataclasses.replace(one, outcome=probing.FILTERED) if one.outcome == probing.SILENT else one for one in made
        ]

    def _attempt(self, source: str, endpoint: Endpoint) -> Attempt:
        if self.service["why"] or source in self.lost:
            return self._untried(source, endpoint)
        place = (endpoint["address"], self.service["protocol"], endpoint["port"])
        answer = self.seen.get(source, {}).get(place, Answer(probing.UNTRIED))
        expected = self.clients.expect(self.made["hosts"][source], answer.local)
        return Attempt(source, endpoint, answer.outcome, answer.local, expected, self._answers_alone(endpoint))

    def _untried(self, source: str, endpoint: Endpoint | None = None) -> Attempt:
        expected = self.clients.expect(self.made["hosts"][source], "")
        lost = self.lost.get(source, "")
        why, detail = ("offline", lost) if lost else (self.service["why"], self.service["detail"])
        return Attempt(source, endpoint, probing.UNTRIED, "", expected, why=why, detail=detail)

    def _answers_alone(self, endpoint: Endpoint) -> bool:
        """Whether this end of a range is only there to show that the way is open: others of the range listen."""
        return not endpoint["listens"] and any(one["listens"] for one in self.service["endpoints"])


Arrival = tuple[str, bool, int]


def _arrival(attempt: Attempt) -> Arrival:
    """Who came over which family to which port."""
    endpoint = t.cast("Endpoint", attempt.endpoint)
    return (attempt.source, ":" in endpoint["address"], endpoint["port"])


def _is_spare(attempt: Attempt, arrived: t.Collection[Arrival]) -> bool:
    """Whether a client did not get to this address of the host, but to another one of the same family.

    Of a host with two networks a client needs the one that it is in. Who must not get in is tried at all of them.
    """
    return attempt.expected and attempt.outcome != probing.OPEN and _arrival(attempt) in arrived


def totals(judged: t.Mapping[str, Judgement]) -> dict[str, int]:
    """The number of pairs (a source, and an address and port of a target) by outcome."""
    count: collections.Counter[str] = collections.Counter(dict.fromkeys(verdict.OUTCOMES, 0))
    for one in judged.values():
        for row in one["reachability"]:
            count.update({name: len(hosts) for name, hosts in row["outcomes"].items()})
    return dict(count)
