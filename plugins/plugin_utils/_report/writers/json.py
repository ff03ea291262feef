# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Writes compliance.json (docs/compliance.schema.json): the same findings give the same bytes but for ``time``."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import STATUSES
from ansible_collections.infosec.principles.plugins.plugin_utils._report.model import SCHEMA_VERSION
from ansible_collections.infosec.principles.plugins.plugin_utils._report.report import Report
from ansible_collections.infosec.principles.plugins.plugin_utils._report.score import Score


def write(report: Report, stream: t.TextIO) -> None:
    """Write the head, then one port and one finding a line, each sorted by host and by what makes it unique."""
    stream.write(_dump(_head(report), indent=1).removesuffix("\n}"))
    _lines(stream, "reachability", ({"target": target} | row for target, row in report.store.rows()))
    _lines(stream, "findings", (one | {"host": host} for host, findings in report.store for one in findings))
    stream.write("\n}\n")


def _lines(stream: t.TextIO, key: str, records: t.Iterable[dict[str, t.Any]]) -> None:
    stream.write(f',\n "{key}": [')
    separator = "\n"
    for one in records:
        stream.write(f"{separator}  {_dump(one)}")
        separator = ",\n"
    stream.write("\n ]")


def _head(report: Report) -> dict[str, t.Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "generator": {"collection": "infosec.principles", "version": report.run.version},
        "time": report.run.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "mode": report.run.mode,
        "unseen": report.run.unseen,
        "waivers": list(report.run.waivers),
        "summary": _summary(report),
    }


def _summary(report: Report) -> dict[str, t.Any]:
    summary = report.summary
    principles = {name: _score(score) for name, score in summary.principles.items()}
    hosts = {name: _score(summary.host(name)) for name in summary.hosts}
    parts = {"principles": principles, "hosts": hosts, "reachability": dict(report.reach.counts)}
    return _score(summary.all) | parts


def _score(score: Score) -> dict[str, t.Any]:
    counts = {status: score.counts[status] for status in STATUSES}
    return {"findings": score.total, "status": counts, "worst_open_risk": score.worst, "good_percent": score.share}


def _dump(value: t.Any, indent: int | None = None) -> str:
    # Printable ASCII alone: escapes, bidirectional controls and half characters stay readable and harmless.
    return json.dumps(value, ensure_ascii=True, sort_keys=True, indent=indent)
