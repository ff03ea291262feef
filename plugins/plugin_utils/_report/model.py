# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What a report consists of: one record per finding and host, kept small, always in the same order."""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
import typing as t
import zlib

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import (
    ERROR,
    FAIL,
    FIXED,
    NOT_APPLICABLE,
    NOT_ASSESSED,
    PASS,
    RISKS,
    STATUSES,
    WAIVED,
)

SCHEMA_VERSION = "1.3"

#: A finding as a control module returns it, or one with the key "host" (a record of the report).
Record = dict[str, t.Any]

#: Statuses in the order in which a reader wants them: what is left to do first.
BY_URGENCY = (ERROR, FAIL, NOT_ASSESSED, WAIVED, FIXED, PASS, NOT_APPLICABLE)

#: Host of the findings that are about the run itself, and their principle.
CONTROLLER = "controller"
RUN = "run"

_TEXTS = ("control", "principle", "rule", "title", "subject", "message", "note", "remedy", "reference")
_EVIDENCE = ("source", "found", "expected")
_DIFF = ("before_header", "after_header", "before", "after")
_FINGERPRINT = ("kind", "value", "holder")
_VULNERABILITY = ("id", "aliases", "purl", "summary", "severity", "score", "vector")
#: Of a vulnerability, as CVSS and OSV name it.
SEVERITIES = ("unknown", "low", "medium", "high", "critical")
_COMPONENT = ("purl", "source")

#: A port of a host as the others saw it: service, protocol, port, address, witnesses and, by outcome, who saw it so.
Row = dict[str, t.Any]

#: What the register says of a pair of a source and a port, and what was seen; the worst first.
REACHABLE_BUT_DENIED = "reachable_but_denied"
BLOCKED_BUT_ALLOWED = "blocked_but_allowed"
NOT_TRIED = "not_assessed"
REACHED = "reached"
REFUSED = "refused"
OUTCOMES = (REACHABLE_BUT_DENIED, BLOCKED_BUT_ALLOWED, NOT_TRIED, REACHED, REFUSED)


def finding(given: t.Mapping[str, t.Any]) -> Record:
    """One finding with exactly the keys of the report, whatever the host has sent.

    An unknown status becomes ``error`` and an unknown risk ``maximum``: what is not understood never looks better.
    """
    status = _one_of(given.get("status"), STATUSES, ERROR)
    record: Record = {key: _text(given.get(key)) for key in _TEXTS}
    record["status"] = status
    record["status_before"] = _one_of(given.get("status_before"), STATUSES, status)
    record["risk"] = _one_of(given.get("risk"), RISKS, RISKS[-1])
    record["evidence"] = _table(given.get("evidence"), _EVIDENCE)
    record["diff"] = _table(given.get("diff"), _DIFF)
    record["fix"] = [_text(line) for line in _list(given.get("fix"))]
    if isinstance(given.get("waiver"), dict):
        record["waiver"] = {key: _text(value) for key, value in given["waiver"].items()}
    fingerprints = _table(given.get("fingerprints"), _FINGERPRINT)
    vulnerabilities = [_rated(row) for row in _table(given.get("vulnerabilities"), _VULNERABILITY)]
    measured = {key: _text(given.get(key)) for key in ("measure", "measure_before")} if given.get("measure") else {}
    optional = {
        "fingerprints": fingerprints,
        "vulnerabilities": vulnerabilities,
        "due": _day(given.get("due")),
    }
    return record | measured | {key: value for key, value in optional.items() if value}


def _day(value: t.Any) -> str:
    return str(value) if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII) else ""


def _rated(vulnerability: dict[str, str]) -> dict[str, str]:
    score = vulnerability["score"] if re.fullmatch(r"\d{1,2}(\.\d)?", vulnerability["score"], re.ASCII) else ""
    return {**vulnerability, "severity": _one_of(vulnerability["severity"], SEVERITIES, SEVERITIES[0]), "score": score}


def row(given: t.Mapping[str, t.Any]) -> Row:
    """One port with exactly the keys of the report, whatever was sent; its sources sorted, each once an outcome."""
    seen = given.get("outcomes")
    outcomes = seen if isinstance(seen, dict) else {}
    return {
        **{key: _text(given.get(key)) for key in ("service", "protocol", "address")},
        **{key: _number(given.get(key)) for key in ("port", "witnesses")},
        "outcomes": {name: sorted(set(map(_text, _list(outcomes.get(name))))) for name in OUTCOMES},
    }


def row_order(one: t.Mapping[str, t.Any]) -> tuple[str, str, int, str]:
    """The place of a port among those of its host; also what makes it the same port in a later task."""
    return (one["service"], one["protocol"], one["port"], one["address"])


def _subject(one: t.Mapping[str, t.Any]) -> tuple[str]:
    return (one["subject"],)


def order(record: t.Mapping[str, t.Any]) -> tuple[str, str, str]:
    """The place of a finding among those of its host; also what makes it the same finding in a later task."""
    return (record["control"], record["rule"], record["subject"])


def _one_of(value: t.Any, known: tuple[str, ...], otherwise: str) -> str:
    return str(value) if value in known else otherwise


def _number(value: t.Any) -> int:
    return int(value) if isinstance(value, int) and value > 0 else 0


def _list(value: t.Any) -> list[t.Any]:
    return value if isinstance(value, list) else []


def _table(rows: t.Any, keys: tuple[str, ...]) -> list[dict[str, str]]:
    return [{key: _text(row.get(key)) for key in keys} for row in _list(rows) if isinstance(row, dict)]


def _text(value: t.Any) -> str:
    if isinstance(value, str):
        return str(value)
    return "" if value is None else json.dumps(value, default=str, sort_keys=True)


class Store:
    """The records of a run. Each host's are one compressed text, so that 10,000 hosts need megabytes, not gigabytes."""

    def __init__(self) -> None:
        self._hosts: dict[str, bytes] = {}
        self._rows: dict[str, bytes] = {}
        self._components: dict[str, bytes] = {}
        #: Whether to keep the libraries of applications: there are more of them than of all else.
        self.keeps_components = False
        #: Whether any finding came with fingerprints.
        self.has_fingerprints = False

    def add(self, host: str, findings: t.Iterable[t.Mapping[str, t.Any]]) -> None:
        """Add findings; one that is there already (same control, rule and subject) is replaced."""
        given = list(findings)
        new = [finding(one) for one in given]
        self.has_fingerprints = self.has_fingerprints or any("fingerprints" in one for one in new)
        self._hosts[host] = _pack(_merged(self.of(host), new, order))
        if self.keeps_components:
            self._add_components(host, given)

    def _add_components(self, host: str, findings: t.Iterable[t.Mapping[str, t.Any]]) -> None:
        rows = [
            {"subject": _text(one.get("subject")), "components": _table(one["components"], _COMPONENT)}
            for one in findings
            if one.get("components")
        ]
        if rows:
            self._components[host] = _pack(_merged(_unpack(self._components.get(host)), rows, _subject))

    def components(self, host: str) -> dict[str, list[dict[str, str]]]:
        """The libraries of the host's applications, where they are kept: package URL and source of each."""
        return {one["subject"]: one["components"] for one in _unpack(self._components.get(host))}

    def add_rows(self, host: str, rows: t.Iterable[t.Mapping[str, t.Any]]) -> None:
        """Add how the others saw this host's ports; a port that is there already is replaced."""
        self._rows[host] = _pack(_merged(_unpack(self._rows.get(host)), map(row, rows), row_order))

    def of(self, host: str) -> list[Record]:
        """The findings of a host, sorted by control, rule and subject; none for an unknown host."""
        return _unpack(self._hosts.get(host))

    def names(self) -> t.Iterable[str]:
        """The hosts that have findings."""
        return self._hosts.keys()

    def __contains__(self, host: str) -> bool:
        return host in self._hosts

    def __iter__(self) -> t.Iterator[tuple[str, list[Record]]]:
        """Hosts by name, each with its findings; unpacks one host at a time."""
        for host in sorted(self._hosts):
            yield host, self.of(host)

    def rows(self) -> t.Iterator[tuple[str, Row]]:
        """Every port that was tried with its host, sorted by host, service, protocol, port and address."""
        for host in sorted(self._rows):
            for one in _unpack(self._rows[host]):
                yield host, one


def _merged(known: list[Record], new: t.Iterable[Record], key: t.Callable[[Record], tuple[t.Any, ...]]) -> list[Record]:
    merged = {key(one): one for one in known}
    merged.update((key(one), one) for one in new)
    return [merged[place] for place in sorted(merged)]


def _pack(records: list[Record]) -> bytes:
    return zlib.compress(json.dumps(records, separators=(",", ":")).encode(), level=1)


def _unpack(packed: bytes | None) -> list[Record]:
    found: list[Record] = json.loads(zlib.decompress(packed)) if packed else []
    return found


@dataclasses.dataclass(frozen=True)
class Run:
    """The head of a report. time: when the run began, UTC. mode: check, run or mixed.

    unseen: why the run did not see the whole fleet, or "". waivers: all that were given, sorted.
    """

    time: datetime.datetime
    mode: str
    version: str = ""
    unseen: str = ""
    waivers: tuple[t.Mapping[str, str], ...] = ()
