# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Who used an interface for administration, as the access logs of its server show.

Which logs tell is said by the server's effective configuration. Each file is read once for all questions, the newest
entries first, within SECONDS and BYTES; what was not read, and what cannot be read here, is said where nothing shows
that somebody came. The horizon is the oldest entry up to which nothing is missing.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import time
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._web._access_logs import places
from ansible_collections.infosec.principles.plugins.module_utils._controls._web._access_logs.model import (
    JOURNAL,
    Log,
    Logs,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import traces
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    Found,
    Use,
    Visits,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.requests import USER_AGENT
from ansible_collections.infosec.principles.plugins.module_utils._formats.access_log import Hit, Reader
from ansible_collections.infosec.principles.plugins.module_utils._host import log_files, logins
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.log_files import Bounds, Damaged, Piece
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: For all logs together; a control has half a minute for everything.
SECONDS, BYTES = 15.0, 4 * 1024 * 1024 * 1024
#: Who used it is shown of so many, and remembered of so many.
SHOWN, REMEMBERED = 200, 1000
#: Visits that leave no doubt that it is used.
ENOUGH = 50_000
#: Entries of one program in the journal.
ENTRIES, JOURNAL_SECONDS = 20_000, 8.0
#: Lines at the beginning of a piece of which the first that can be read tells when it begins.
FIRST = 200
DAY = 86400


def uses(host: Host, found: t.Sequence[Found], *, days: int) -> dict[Found, Use]:
    """What the logs of the last `days` say of each; every one of `found` is in the answer.

    A visit is what shows that somebody got in (traces.py); requests of ours are none. `since` reaches back as far as
    nothing is missing, `problem` says why it does not reach further, and why no visit in it proves nothing.
    """
    cut = host.now().timestamp() - days * DAY
    told = {one: _logs(host, one) for one in dict.fromkeys(found)}
    questions = [_Question(one, log, logs.others) for one, logs in told.items() for log in logs.all]
    files: dict[str, list[_Question]] = {}
    for one in questions:
        files.setdefault(one.log.path, []).append(one)
    bounds = Bounds(time.monotonic() + SECONDS, BYTES)
    spans = {path: _read(host, path, _Search(asked, cut), bounds) for path, asked in files.items()}
    return {
        one: _use(logs, [(each, spans[each.log.path]) for each in questions if each.found is one], cut)
        for one, logs in told.items()
    }


def _logs(host: Host, found: Found) -> Logs:
    try:
        return places.logs(host, found)
    except HostError as exc:
        return Logs(doubt=printable(str(exc)))


# One question


class _Question:
    """Whether an interface was used, put to one log; `hits` counts what it is told."""

    def __init__(self, found: Found, log: Log, others: frozenset[str]) -> None:
        self.found, self.log = found, log
        self._others = others
        self._trace = traces.of(found.interface.key)
        self._below = self._trace.base(found.path)
        self.raw = b"session opened for user" if log.kind == "pam" else self._trace.raw(self._below)
        self._own = {found.at.address}
        self.count, self.last = 0, 0.0
        self.clients: dict[str, float] = {}
        self.users: dict[str, float] = {}

    def _is_use(self, hit: Hit, *, has_agent: bool) -> bool:
        if self.log.kind == "pam":
            return True  # a session that was opened
        below = self._relative(hit.path)
        return below is not None and self._trace.shows(hit, below) and not self._ours(hit, has_agent=has_agent)

    def take(self, hit: Hit, *, has_agent: bool, cut: float) -> None:
        """Count a request where it shows use."""
        elsewhere = hit.host.lower().partition(":")[0] in self._others
        if hit.at < cut or elsewhere or not self._is_use(hit, has_agent=has_agent):
            return
        self.count += 1
        self.last = max(self.last, hit.at)
        for known, name in ((self.clients, hit.client), (self.users, hit.user)):
            if name and (name in known or len(known) < REMEMBERED):
                known[name] = max(known.get(name, 0.0), hit.at)

    def _relative(self, path: str) -> str | None:
        if not path.startswith(self._below):
            return None
        below = path[len(self._below) :]
        return below if self._below.endswith("/") or below[:1] in ("", "/", "?", ";") else None

    def _ours(self, hit: Hit, *, has_agent: bool) -> bool:
        """A request of this collection; where the log has no agents, whatever comes from this host and only reads."""
        if has_agent:
            return hit.agent == USER_AGENT
        return not hit.user and hit.method in ("", "GET") and (hit.client in self._own or _is_loopback(hit.client))

    @property
    def visits(self) -> Visits | None:
        if not self.count:
            return None
        return Visits(self.count, self.last, _latest(self.clients), _latest(self.users))


def _latest(known: t.Mapping[str, float]) -> tuple[str, ...]:
    ordered = sorted(known, key=lambda name: (-known[name], name))
    return tuple(printable(name) for name in ordered[:SHOWN])


def _is_loopback(client: str) -> bool:
    try:
        return ipaddress.ip_address(client.rpartition("::ffff:")[2] if "." in client else client).is_loopback
    except ValueError:
        return False


# One log


@dataclasses.dataclass
class _Span:
    """How far back a log was read without anything missing, why not further, and what else was noticed."""

    since: float | None = None
    broken: str = ""
    files: int = 0
    long: int = 0
    unread: int = 0
    reached: bool = False

    def break_(self, why: str) -> None:
        """What is older than what was read so far counts no more, since something is missing between."""
        self.broken = self.broken or why


class _Search:
    """All questions to one log, and the readers of its formats. cut: what is older is not asked for."""

    def __init__(self, asked: t.Sequence[_Question], cut: float) -> None:
        self.asked, self.cut = asked, cut
        self.readers = tuple(dict.fromkeys(one.log.reader for one in asked))
        self._pattern = re.compile(b"|".join(dict.fromkeys(one.raw for one in asked)))

    @property
    def missing(self) -> tuple[str, ...]:
        """What one of the formats does not say."""
        return next((one.missing for one in self.readers if one.missing), ())

    @property
    def done(self) -> bool:
        """Whether older entries would tell nothing new."""
        return all(one.count >= ENOUGH for one in self.asked)

    def read(self, block: bytes) -> int:
        """Put the lines that may tell of a use to all questions; the others are not even parsed.

        Returns how many of them are in no format of this log.
        """
        unread = 0
        for begin, end in self._candidates(block):
            read = self._line(block[begin:end]) if end - begin <= log_files.LINE else None
            if read is None:
                unread += 1
                continue
            for one in self.asked:
                one.take(read[0], has_agent="agent" in read[1].says, cut=self.cut)
        return unread

    def _candidates(self, block: bytes) -> t.Iterator[tuple[int, int]]:
        """Where the lines begin and end that have one of the patterns."""
        match = self._pattern.search(block)
        while match:
            end = block.find(b"\n", match.start())
            end = len(block) if end < 0 else end
            yield block.rfind(b"\n", 0, match.start()) + 1, end
            match = self._pattern.search(block, end)

    def begin(self, block: bytes) -> float | None:
        """When the first line that can be read was written."""
        at = 0
        for _number in range(FIRST):
            end = block.find(b"\n", at)
            end = len(block) if end < 0 else end
            read = self._line(block[at : min(end, at + log_files.LINE)])
            if read or end >= len(block):
                return read[0].at if read else None
            at = end + 1
        return None

    def _line(self, line: bytes) -> tuple[Hit, Reader] | None:
        for reader in self.readers:
            hit = reader.read(line)
            if hit:
                return hit, reader
        return None


def _read(host: Host, path: str, search: _Search, bounds: Bounds) -> _Span:
    if path.startswith(JOURNAL):
        return _journal(host, path[len(JOURNAL) :], search)
    try:
        pieces = log_files.pieces(host, path)
    except Unseen as exc:
        return _Span(broken=str(exc))
    if not pieces:
        return _Span(broken=f"{printable(path)}: no such file, though requests are to be logged there")
    if search.missing:
        return _Span(broken=f"{printable(path)}: its format does not say {' and '.join(search.missing)}")
    span = _Span(files=len({piece.path for piece in pieces}))
    for piece in pieces:
        why = bounds.spent()
        if why:
            span.break_(f"{printable(piece.path)}: not read, since {why}")
        if why or search.done:
            break
        first = _piece(host, piece, span, search, bounds)
        if first is not None and first < search.cut:
            break
    span.reached = span.since is not None and span.since <= search.cut
    return span


def _piece(host: Host, piece: Piece, span: _Span, search: _Search, bounds: Bounds) -> float | None:
    """Read a piece, and say when it begins."""
    if not piece.follows:
        span.break_(f"{printable(piece.path)}: what was written after it is not there any more")
    first = None
    try:
        with log_files.blocks(host, piece, bounds) as opened:
            for block in opened:
                first = search.begin(block) if first is None else first
                if piece.modified < search.cut and first is not None:
                    break  # all that is in it is older than what is asked for
                span.unread += search.read(block)
            span.long += opened.long
    except (Unseen, Damaged) as exc:
        span.break_(str(exc))
    if first is None and piece.end:
        span.break_(f"{printable(piece.path)}: no line of it is in the format of this log")
    if first is not None and not span.broken:
        span.since = first if span.since is None else min(span.since, first)
    return first


def _journal(host: Host, identifier: str, search: _Search) -> _Span:
    """What a program wrote to the journal, of its newest ENTRIES; it reaches back as far as the journal does."""
    spans = logins.journal_spans(host.ask("journalctl", "--quiet", "--no-pager", "--header").stdout)
    if not spans:
        return _Span(broken="there is no system journal that this user may read")
    newest = ("--reverse", f"--lines={ENTRIES}", f"--since=@{int(search.cut)}", f"--identifier={identifier}")
    output = "short-unix" if search.asked[0].log.kind == "pam" else "cat"
    told = host.ask("journalctl", "--quiet", "--no-pager", f"--output={output}", *newest, timeout=JOURNAL_SECONDS)
    if told.rc not in (0, 1):  # 1: nothing was found
        return _Span(broken=f"the journal could not be read (exit status {told.rc})")
    block = told.stdout.encode("utf-8", "surrogateescape")
    search.read(block)
    since = min(first for first, _last in spans).timestamp()
    if block.count(b"\n") < ENTRIES:
        return _Span(since, files=1, reached=since <= search.cut)
    oldest = search.begin(b"\n".join(block.splitlines()[-FIRST:][::-1]))
    more = f"the journal has more than {ENTRIES} entries of {identifier}, and older ones were not read"
    return _Span(oldest, more, files=1)


# The answer


def _use(logs: Logs, told: t.Sequence[tuple[_Question, _Span]], cut: float) -> Use:
    """The answers of all logs that tell of an interface."""
    visits = _together([one.visits for one, _span in told])
    spans = [span for _one, span in told]
    known = [span.since for span in spans if span.since is not None]
    since = max(known) if len(known) == len(spans) and known else None
    source = ", ".join(dict.fromkeys(_source(one, span) for one, span in told))
    return Use(since, visits, "" if visits else _problem(logs, told, cut), source)


def _problem(logs: Logs, told: t.Sequence[tuple[_Question, _Span]], cut: float) -> str:
    """Why no visit proves nothing."""
    doubts = [logs.doubt, *(one.log.doubt for one, _span in told)]
    broken = [span.broken for _one, span in told if not span.reached]
    empty = [f"{printable(one.log.path)}: no entry yet" for one, span in told if span.since is None]
    return next((why for why in (*doubts, *broken, *empty) if why), "")


def _source(one: _Question, span: _Span) -> str:
    more = f" and {span.files - 1} that were rotated" if span.files > 1 else ""
    counts = {f"longer than {log_files.LINE >> 10} KiB": span.long, "in no format of this log": span.unread}
    left = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return f"{printable(one.log.path)}{more}{f' (lines left out: {left})' if left else ''}"


def _together(found: t.Sequence[Visits | None]) -> Visits | None:
    there = sorted((one for one in found if one), key=lambda one: -one.last)
    if not there:
        return None
    clients = tuple(dict.fromkeys(name for one in there for name in one.clients))
    users = tuple(dict.fromkeys(name for one in there for name in one.users))
    return Visits(sum(one.count for one in there), there[0].last, clients, users)
