# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The export as a table by package, compiled once: a host's worker reads only about the packages that the host has."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import hashlib
import os
import pathlib
import sqlite3
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies import osv
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.osv import Advisory, OsvFault

#: Changes with what a table looks like.
_VERSION = "1"
_TABLES = """
CREATE TABLE export (ecosystem TEXT PRIMARY KEY, date TEXT NOT NULL, fault TEXT NOT NULL);
CREATE TABLE affected (ecosystem TEXT NOT NULL, name TEXT NOT NULL, advisory TEXT NOT NULL);
CREATE TABLE source (stamps TEXT NOT NULL);
"""


class Index:
    """Advisories by package. Open one with `opened`."""

    def __init__(self, table: sqlite3.Connection) -> None:
        self._table = table

    def about(self, ecosystem: str) -> tuple[datetime.datetime | None, str] | None:
        """When the data of the ecosystem is of, and why it cannot be read ("": it can); None where there is none."""
        row = self._table.execute("SELECT date, fault FROM export WHERE ecosystem = ?", (ecosystem,)).fetchone()
        return (osv.date(row[0]), row[1]) if row else None

    def advisories(self, ecosystem: str, name: str) -> list[Advisory]:
        """All about the package. name: in its normal form."""
        query = "SELECT advisory FROM affected WHERE ecosystem = ? AND name = ?"
        return [Advisory.load(text) for (text,) in self._table.execute(query, (ecosystem, name))]

    def summary(self) -> dict[str, dict[str, t.Any]]:
        """By ecosystem: the number of pairs of a package and an advisory, the date, and the fault."""
        counts = dict(self._table.execute("SELECT ecosystem, COUNT(*) FROM affected GROUP BY ecosystem"))
        rows = self._table.execute("SELECT ecosystem, date, fault FROM export ORDER BY ecosystem")
        return {name: {"advisories": counts.get(name, 0), "date": date, "fault": fault} for name, date, fault in rows}


@contextlib.contextmanager
def opened(root: pathlib.Path, cache: pathlib.Path | None = None) -> t.Iterator[Index]:
    """The index of the export at `root`, compiled anew where the export is not what it was. Raises OsvFault."""
    folder = cache or default_cache()
    path = folder / f"{hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]}-{_VERSION}.sqlite3"
    try:
        stamps = osv.stamps(root)
        table = _of(path, stamps) or _compiled(path, root, stamps)
    except (OSError, sqlite3.Error) as exc:
        raise OsvFault(f"the index of {root} cannot be written to {path}: {exc}") from exc
    with contextlib.closing(table):
        yield Index(table)


def default_cache() -> pathlib.Path:
    """Where indexes lie, by the XDG base directories."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return pathlib.Path(os.path.expanduser(base)).absolute() / "infosec.principles"


def _of(path: pathlib.Path, stamps: str) -> sqlite3.Connection | None:
    """The table that lies there, if it is of this very export."""
    if not path.exists():
        return None
    # A finished file is never written again, only replaced as a whole.
    table = sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)
    with contextlib.suppress(sqlite3.Error):
        if table.execute("SELECT stamps FROM source").fetchone() == (stamps,):
            return table
    table.close()
    return None


def _compiled(path: pathlib.Path, root: pathlib.Path, stamps: str) -> sqlite3.Connection:
    """One worker compiles, the others wait for it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(path.with_suffix(".lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = _of(path, stamps)
        if known:
            return known
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        _compile(fresh, root, stamps)
        fresh.replace(path)
    table = _of(path, stamps)
    if table is None:
        raise OsvFault(f"{path}: what was just written there is gone; does something else write there?")
    return table


def _compile(path: pathlib.Path, root: pathlib.Path, stamps: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as table:
        # It has a name of its own until it is whole: there is nothing to lose.
        table.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _TABLES)
        for ecosystem in osv.ecosystems(root):
            _add(table, root / ecosystem, ecosystem)
        table.execute("CREATE INDEX by_name ON affected (ecosystem, name)")
        table.execute("INSERT INTO source VALUES (?)", (stamps,))
        table.commit()
    with open(path, "rb") as written:
        os.fsync(written.fileno())


def _add(table: sqlite3.Connection, folder: pathlib.Path, ecosystem: str) -> None:
    """One ecosystem; what is wrong with it concerns no other."""
    news = _News(osv.fetched(folder))
    fault = ""
    try:
        table.executemany("INSERT INTO affected VALUES (?, ?, ?)", news.rows(folder, ecosystem))
        fault = "" if news.count else f"{folder}: no advisories"
    except OsvFault as exc:
        fault = str(exc)
    table.execute("INSERT INTO export VALUES (?, ?, ?)", (ecosystem, news.text, fault))


class _News:
    """Reads an ecosystem and remembers its newest date. fetched: what the export itself says."""

    def __init__(self, fetched: datetime.datetime | None) -> None:
        self._dates = [fetched] if fetched else []
        self._newest = ""
        self.count = 0

    def rows(self, folder: pathlib.Path, ecosystem: str) -> t.Iterator[tuple[str, str, str]]:
        """The rows of the table."""
        for record in osv.records(folder):
            self.count += 1
            self._newest = max(self._newest, str(record.get("modified") or ""))
            for name, advisory in osv.advisories(record, ecosystem):
                yield ecosystem, name, advisory.dump()

    @property
    def text(self) -> str:
        """The newest date, or ""."""
        newest = osv.date(self._newest)
        dates = [*self._dates, *([newest] if newest else [])]
        return max(dates).isoformat() if dates else ""
