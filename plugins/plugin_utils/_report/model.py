# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What a report consists of: one record per finding and host, kept small, always in the same order."""

from __future__ import annotations

import dataclasses
import datetime
import json
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

SCHEMA_VERSION = "1.0"

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
    return record


def order(record: t.Mapping[str, t.Any]) -> tuple[str, str, str]:
    """The place of a finding among those of its host; also what makes it the same finding in a later task."""
    return (record["control"], record["rule"], record["subject"])


def _one_of(value: t.Any, known: tuple[str, ...], otherwise: str) -> str:
    return str(value) if value in known else otherwise


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

    def add(self, host: str, findings: t.Iterable[t.Mapping[str, t.Any]]) -> None:
        """Add findings; one that is there already (same control, rule and subject) is replaced."""
        merged = {order(known): known for known in self.of(host)}
        merged.update((order(new), new) for new in map(finding, findings))
        text = json.dumps([merged[key] for key in sorted(merged)], separators=(",", ":"))
        self._hosts[host] = zlib.compress(text.encode(), level=1)

    def of(self, host: str) -> list[Record]:
        """The findings of a host, sorted by control, rule and subject; none for an unknown host."""
        packed = self._hosts.get(host)
        found: list[Record] = json.loads(zlib.decompress(packed)) if packed else []
        return found

    def __contains__(self, host: str) -> bool:
        return host in self._hosts

    def __iter__(self) -> t.Iterator[tuple[str, list[Record]]]:
        """Hosts by name, each with its findings; unpacks one host at a time."""
        for host in sorted(self._hosts):
            yield host, self.of(host)


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
