# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Reads OSV's export: ROOT/<ecosystem>/all.zip or ROOT/<ecosystem>/*.json (https://google.github.io/osv.dev/data/)."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import itertools
import json
import os
import pathlib
import typing as t
import zipfile
import zlib

from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies import package

ARCHIVE = "all.zip"
#: A file beside it that says when it was fetched (ISO 8601): an ecosystem may have no news for weeks.
FETCHED = "fetched"

#: The kinds of events of https://ossf.github.io/osv-schema/#affectedrangesevents-fields.
Event = tuple[str, str]


class OsvFault(Exception):
    """An export cannot be read; the message says where and why."""


@dataclasses.dataclass(frozen=True)
class Advisory:
    """What one advisory says of one package.

    aliases: its other names. vectors: of CVSS. level: a word for the severity, or "". ranges: events of each.
    """

    id: str
    aliases: tuple[str, ...] = ()
    summary: str = ""
    vectors: tuple[str, ...] = ()
    level: str = ""
    ranges: tuple[tuple[Event, ...], ...] = ()
    versions: tuple[str, ...] = ()

    def dump(self) -> str:
        """As one text."""
        return json.dumps(list(dataclasses.astuple(self)), separators=(",", ":"))

    @classmethod
    def load(cls, text: str) -> Advisory:
        """Of the text."""
        identity, aliases, summary, vectors, level, ranges, versions = json.loads(text)
        events = tuple(tuple((kind, version) for kind, version in one) for one in ranges)
        return cls(identity, tuple(aliases), summary, tuple(vectors), level, events, tuple(versions))


def ecosystems(root: pathlib.Path) -> list[str]:
    """Those of the export that have an order here. Raises OsvFault where there is no export."""
    try:
        there = {entry.name for entry in root.iterdir() if entry.is_dir()}
    except OSError as exc:
        raise OsvFault(f"no advisories: {root}: {exc.strerror}") from exc
    return sorted(there.intersection(package.ECOSYSTEMS.values()))


def stamps(root: pathlib.Path) -> str:
    """Changes whenever a file of the export does. Raises OsvFault."""
    files = itertools.chain.from_iterable(_files(root / name) for name in ecosystems(root))
    facts = sorted((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files)
    return json.dumps([len(facts), zlib.crc32(repr(facts).encode()), max([0, *(fact[2] for fact in facts)])])


def _files(folder: pathlib.Path) -> list[pathlib.Path]:
    names = [ARCHIVE] if (folder / ARCHIVE).exists() else [n for n in os.listdir(folder) if n.endswith(".json")]
    return [folder / name for name in (*names, FETCHED) if (folder / name).exists()]


def records(folder: pathlib.Path) -> t.Iterator[dict[str, t.Any]]:
    """The advisories of one ecosystem as they lie. Raises OsvFault."""
    place = folder / ARCHIVE if (folder / ARCHIVE).exists() else folder
    try:
        for place, text in _texts(folder):
            record = json.loads(text)
            if not isinstance(record, dict) or not isinstance(record.get("id"), str):
                raise OsvFault(f"{place}: not an advisory in OSV's form")
            yield record
    except (OSError, ValueError, RecursionError, zipfile.BadZipFile, zlib.error, NotImplementedError) as exc:
        raise OsvFault(f"{place}: {exc}") from exc


def _texts(folder: pathlib.Path) -> t.Iterator[tuple[pathlib.Path, bytes]]:
    archive = folder / ARCHIVE
    if not archive.exists():
        yield from ((path, path.read_bytes()) for path in sorted(folder.glob("*.json")))
        return
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            if name.endswith(".json"):
                yield archive / name, opened.read(name)


def fetched(folder: pathlib.Path) -> datetime.datetime | None:
    """When the export was fetched, as the file beside it says."""
    with contextlib.suppress(OSError, ValueError):
        return date((folder / FETCHED).read_text(encoding="utf-8"))
    return None


def date(text: t.Any) -> datetime.datetime | None:
    """A time of OSV, in UTC where it names no zone; None for what is none."""
    try:
        found = datetime.datetime.fromisoformat(str(text).strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=datetime.timezone.utc)


def advisories(record: t.Mapping[str, t.Any], ecosystem: str) -> t.Iterator[tuple[str, Advisory]]:
    """The packages of this ecosystem that the advisory is about, by name; none where it is withdrawn."""
    if record.get("withdrawn"):
        return
    for affected in _dicts(record.get("affected")):
        about = affected.get("package")
        if isinstance(about, dict) and str(about.get("ecosystem")).partition(":")[0] == ecosystem:
            yield package.normal(ecosystem, str(about.get("name"))), _advisory(record, affected)


def _advisory(record: t.Mapping[str, t.Any], affected: t.Mapping[str, t.Any]) -> Advisory:
    scores = [*_dicts(affected.get("severity")), *_dicts(record.get("severity"))]
    specific = [record.get("database_specific"), affected.get("database_specific")]
    levels = [str(one.get("severity") or "") for one in specific if isinstance(one, dict)]
    return Advisory(
        id=record["id"],
        aliases=tuple(map(str, record.get("aliases") or ())),
        summary=str(record.get("summary") or "")[:200],
        vectors=tuple(str(one.get("score")) for one in scores if str(one.get("type")).startswith("CVSS")),
        level=next(filter(None, levels), ""),
        ranges=tuple(_ranges(affected)),
        versions=tuple(map(str, affected.get("versions") or ())),
    )


def _ranges(affected: t.Mapping[str, t.Any]) -> t.Iterator[tuple[Event, ...]]:
    for one in _dicts(affected.get("ranges")):
        if one.get("type") in ("ECOSYSTEM", "SEMVER"):
            yield tuple(
                (str(kind), str(version)) for event in _dicts(one.get("events")) for kind, version in event.items()
            )


def _dicts(value: t.Any) -> list[dict[str, t.Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
