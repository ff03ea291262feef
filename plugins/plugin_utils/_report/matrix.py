# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Who could reach what, as a matrix that a person can read: what shows the same is one row or column, the worst first.

Columns are merged first and rows afterwards by what they show along the merged columns, so that every pair of a row and
a column has one outcome. Only where too many differ is the rest of a side summed up, in one last row or column.
"""

from __future__ import annotations

import collections
import dataclasses
import enum
import functools
import operator
import re
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._report.model import (
    BLOCKED_BUT_ALLOWED,
    NOT_TRIED,
    OUTCOMES,
    REACHABLE_BUT_DENIED,
    REACHED,
    REFUSED,
    Row,
    Store,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._report.text import one_line

#: More rows or columns than this are of no use to a reader; with more than COMFORT one has to scroll.
SIDE = 90
COMFORT = 36
#: Characters of a heading, of a name in it, and names in a tooltip.
ROOM = 34
NAME = 24
NAMED = 12

#: Of a cell whose pairs differ: only where the rest of a side is summed up.
MIXED = "mixed"
WORDS = {
    REACHABLE_BUT_DENIED: "denied but reached",
    BLOCKED_BUT_ALLOWED: "allowed but blocked",
    NOT_TRIED: "not assessed",
    REACHED: "reached, as allowed",
    REFUSED: "refused, as it should be",
    MIXED: "some of each",
}
_BAD = (OUTCOMES.index(REACHABLE_BUT_DENIED), OUTCOMES.index(BLOCKED_BUT_ALLOWED))
_REACHED = OUTCOMES.index(REACHED)
_DIGITS = re.compile(r"(\d+)")
_NUMBERED = re.compile(r"(.*?)\d+(\D*)", re.DOTALL)


class Heading(t.NamedTuple):
    """Names a row or a column. what: ports (of a column). where: hosts. hint: both at more length.

    members: all of them. bad: whether a violation is along it.
    """

    what: str
    where: str
    hint: str
    members: tuple[str, ...]
    bad: bool


class Cell(t.NamedTuple):
    """What was seen between a row and a column. kind: a key of WORDS. hint: in words."""

    kind: str
    hint: str


@dataclasses.dataclass(frozen=True)
class Matrix:
    """Rows are sources, columns ports. cells: by row and column; None where nothing was tried.

    rest_rows, rest_columns: whether the last one sums up what would not fit.
    """

    rows: list[Heading]
    columns: list[Heading]
    cells: list[list[Cell | None]]
    rest_rows: bool
    rest_columns: bool


class Lend(enum.Enum):
    """What one line may show in the places of another that were not tried: what was refused or not assessed only,
    also what was reached as allowed, or violations as well."""

    QUIET = 0
    GOOD = 1
    ALL = 2


@dataclasses.dataclass
class Line:
    """A row or a column, or several in one. seen: for each outcome the places of the other side, as bits.

    own: places of the host itself (of a column). like: what it probably shows the same as.
    """

    members: list[int]
    seen: tuple[int, ...]
    own: int = 0
    like: t.Hashable = None

    @property
    def known(self) -> int:
        """The places where something was seen."""
        return functools.reduce(operator.or_, self.seen)

    @property
    def bad(self) -> int:
        """The places of violations."""
        return self.seen[_BAD[0]] | self.seen[_BAD[1]]

    @property
    def loud(self) -> int:
        """The places of violations, and those that were reached."""
        return self.bad | self.seen[_REACHED]

    @property
    def counts(self) -> tuple[int, ...]:
        """How many places each outcome has."""
        return tuple(mask.bit_count() for mask in self.seen)

    def agrees(self, other: Line, lend: Lend) -> bool:
        """Whether both show the same where both were tried, and no more stands for places untried than lend allows.

        A host does not try itself: where all of a group reach each other, each has one place untried.
        """
        known = other.known
        if any(mine & known & ~theirs for mine, theirs in zip(self.seen, other.seen, strict=True)):
            return False
        if lend is Lend.ALL:
            return True
        mine, theirs = (self.bad, other.bad) if lend is Lend.GOOD else (self.loud, other.loud)
        stands = mine & ~(known | other.own) or theirs & ~(self.known | self.own)
        return not stands and bool(self.bad) == bool(other.bad)

    def lent(self, other: Line) -> int:
        """For how many places that were not tried one would stand for the other, with more than a refusal."""
        return (self.loud & ~other.known).bit_count() + (other.loud & ~self.known).bit_count()

    def take(self, other: Line) -> None:
        """Become both."""
        self.members += other.members
        self.seen = tuple(mine | theirs for mine, theirs in zip(self.seen, other.seen, strict=True))
        self.own |= other.own


Key = t.Callable[[Line], t.Hashable]


class Way(t.NamedTuple):
    """A way to merge. key: what merged lines have in common. limit: the number of lines up to which it will do."""

    key: Key
    limit: int
    lend: Lend = Lend.GOOD


def merge(lines: t.Sequence[Line], ways: t.Sequence[Way]) -> tuple[list[Line], list[Line]]:
    """The lines merged in the first way that will do, and what is left over of the last; the worst first."""
    groups: list[Line] = []
    rest: list[Line] = []
    for way in ways:
        groups, rest = _merge(lines, way)
        if not rest:
            break
    return groups, rest


def _merge(lines: t.Sequence[Line], way: Way) -> tuple[list[Line], list[Line]]:
    groups: list[tuple[t.Hashable, Line]] = []
    same: dict[tuple[t.Hashable, tuple[int, ...]], Line] = {}
    rest = []
    for line in sorted(
        lines, key=lambda one: [-number for number in (*one.counts[: len(_BAD)], one.known.bit_count())]
    ):
        key = way.key(line)
        group = same.get((key, line.seen)) or _fitting(groups, key, line, way.lend)
        if group:
            group.take(line)
        elif len(groups) < way.limit:
            group = dataclasses.replace(line, members=[*line.members])
            groups.append((key, group))
        else:
            rest.append(line)
            continue
        same[key, line.seen] = group
    return [group for _key, group in groups], rest


def _fitting(groups: list[tuple[t.Hashable, Line]], key: t.Hashable, line: Line, lend: Lend) -> Line | None:
    fitting = [group for known, group in groups if known == key and group.agrees(line, lend)]
    return min(fitting, key=lambda group: (group.like != line.like, group.lent(line)), default=None)


def matrix(store: Store, side: int = SIDE, comfort: int = COMFORT) -> Matrix | None:
    """The matrix of a run; None where nothing was tried. side: rows and columns at most, besides the rest."""
    # One host alone has ports, and nobody who tries them.
    if not any(names for _target, row in store.rows() for names in row["outcomes"].values()):
        return None
    proof = Proof(store)
    columns = proof.columns(side, comfort)
    rows = proof.rows(columns, side, comfort)
    return _Drawing(proof, rows, columns).matrix()


@dataclasses.dataclass
class Axis:
    """The lines of a side, merged. rest: what did not fit."""

    lines: list[Line]
    rest: list[Line]

    @property
    def groups(self) -> list[list[int]]:
        """The members of each line; those of all the rest last."""
        rest = [member for line in self.rest for member in line.members]
        return [line.members for line in self.lines] + ([rest] if rest else [])


class Proof:
    """All that was tried: sources and ports by their places, and one line for each port."""

    def __init__(self, store: Store) -> None:
        self._places: dict[str, int] = {}
        self.ports: list[Row] = []
        self.lines = [self._line(target, row) for target, row in store.rows()]
        self.sources = list(self._places)

    def _line(self, target: str, row: Row) -> Line:
        self.ports.append({**row, "target": target, "outcomes": {}})
        seen = tuple(self._bits(row["outcomes"][name]) for name in OUTCOMES)
        port = len(self.ports) - 1
        return Line([port], seen, self._bits([target]), _service_of(self.ports[port]))

    def _bits(self, names: t.Iterable[str]) -> int:
        mask = 0
        for name in names:
            mask |= 1 << self._places.setdefault(name, len(self._places))
        return mask

    def columns(self, side: int, comfort: int) -> Axis:
        """The ports merged: those of one service if that will do, else those that show the same whatever they are."""

        ways = (
            Way(lambda line: line.like, comfort),
            Way(lambda line: line.like if line.bad else "", comfort, Lend.QUIET),
            Way(lambda line: line.like, comfort, Lend.ALL),
            Way(lambda line: "", side, Lend.QUIET),
            Way(lambda line: "", side),
            Way(lambda line: "", side, Lend.ALL),
        )
        return Axis(*merge(self.lines, ways))

    def rows(self, columns: Axis, side: int, comfort: int) -> Axis:
        """The sources merged by what they show along the merged columns."""
        seen = [[0] * len(OUTCOMES) for _name in self.sources]
        for place, column in enumerate(columns.lines):
            for outcome, mask in enumerate(column.seen):
                for source in places(mask):
                    seen[source][outcome] |= 1 << place
        tried = functools.reduce(operator.or_, (line.known for line in self.lines))
        lines = [Line([one], tuple(seen[one]), like=stem(self.sources[one])) for one in places(tried)]
        return Axis(*merge(lines, (Way(lambda line: "", comfort), Way(lambda line: "", side, Lend.ALL))))


def _counters() -> collections.defaultdict[int, collections.Counter[int]]:
    return collections.defaultdict(collections.Counter)


class _Drawing:
    """Counts the pairs of each cell, puts the worst first and names everything."""

    def __init__(self, proof: Proof, rows: Axis, columns: Axis) -> None:
        self._proof, self._rows, self._columns = proof, rows, columns
        self._masks = [functools.reduce(operator.or_, (1 << member for member in group)) for group in rows.groups]
        self._column_of = {member: place for place, group in enumerate(columns.groups) for member in group}
        self._counts: dict[tuple[int, int], collections.Counter[int]] = collections.defaultdict(collections.Counter)
        self._own: collections.Counter[tuple[int, int]] = collections.Counter()
        for line in proof.lines:
            self._count(line)
        self._targets = len({port["target"] for port in proof.ports})
        self._addresses = collections.Counter(map(_place, proof.ports))
        self._families = collections.defaultdict[tuple[str, str, int], set[str]](set)
        for port in proof.ports:
            self._families[_service_of(port)].add(_family(port))
        # By side and place: how many pairs have each outcome, and how many cells.
        self._totals, self._cells = (_counters(), _counters()), (_counters(), _counters())
        for cell, counts in self._counts.items():
            for side, place in enumerate(cell):
                self._totals[side][place].update(counts)
                self._cells[side][place].update(counts.keys())

    def _count(self, line: Line) -> None:
        column = self._column_of[line.members[0]]
        # By whole rows and not pair by pair: 10,000 hosts may have 20 million pairs, and some 90 rows at most.
        for row, members in enumerate(self._masks):
            self._own[row, column] += (line.own & members).bit_count()
            for outcome, mask in enumerate(line.seen):
                number = (mask & members).bit_count() if mask else 0
                if number:
                    self._counts[row, column][outcome] += number

    def matrix(self) -> Matrix:
        """All of it."""
        rows = self._order(self._rows, 0, lambda group: natural(self._proof.sources[group[0]]))
        columns = self._order(self._columns, 1, lambda group: _service_of(self._proof.ports[group[0]]))
        names = [self._row(place) for place in rows], [self._column(place) for place in columns]
        cells = [
            [self._cell(row, column, names[0][y], names[1][x]) for x, column in enumerate(columns)]
            for y, row in enumerate(rows)
        ]
        return Matrix(*names, cells, bool(self._rows.rest), bool(self._columns.rest))

    def _order(self, axis: Axis, side: int, name: t.Callable[[list[int]], t.Any]) -> list[int]:
        def rank(place: int) -> tuple[list[int], t.Any]:
            numbers = [self._cells[side][place][one] for one in _BAD]
            numbers += [self._totals[side][place][one] for one in _DOUBTFUL]
            return [-number for number in numbers], name(axis.groups[place])

        whole = len(axis.lines)
        return sorted(range(whole), key=rank) + list(range(whole, len(axis.groups)))

    def _row(self, place: int) -> Heading:
        names = sorted((self._proof.sources[member] for member in self._rows.groups[place]), key=natural)
        rest = bool(self._rows.rest) and place == len(self._rows.lines)
        where = f"{len(names)} other hosts" if rest else listed(names, sum(map(len, self._rows.groups)))
        return Heading("", where, some(names), tuple(map(short, names)), self._is_bad(0, place))

    def _column(self, place: int) -> Heading:
        ports = [self._proof.ports[member] for member in self._columns.groups[place]]
        names = sorted({port["target"] for port in ports}, key=natural)
        rest = bool(self._columns.rest) and place == len(self._columns.lines)
        members = [f"{short(port['target'])}: {_service(port)} ({short(port['address'])})" for port in ports]
        what = f"{len(ports)} other ports" if rest else _services(ports) + self._only(ports)
        where = self._address(ports[0]) if len(ports) == 1 else listed(names, self._targets, "")
        return Heading(what, where, some(members), tuple(members), self._is_bad(1, place))

    def _address(self, port: Row) -> str:
        """The host, with the address where the same port of it was tried at another one of this family."""
        several = self._addresses[_place(port)] > 1
        return short(port["target"]) + (f" [{short(port['address'])}]" if several else "")

    def _only(self, ports: t.Sequence[Row]) -> str:
        """IPv4 or IPv6, where the same service stands in another column for the other."""
        here = set(map(_family, ports))
        there = set().union(*(self._families[_service_of(port)] for port in ports))
        return f" {next(iter(here))}" if len(here) == 1 < len(there) else ""

    def _is_bad(self, side: int, place: int) -> bool:
        return any(self._totals[side][place][outcome] for outcome in _BAD)

    def _cell(self, row: int, column: int, source: Heading, port: Heading) -> Cell | None:
        counts = self._counts.get((row, column))
        if not counts:
            return None
        kinds = [name for outcome, name in enumerate(OUTCOMES) if counts[outcome]]
        kind = kinds[0] if kinds[0] in OUTCOMES[: len(_BAD)] or len(kinds) == 1 else MIXED
        pairs = len(self._rows.groups[row]) * len(self._columns.groups[column]) - self._own[row, column]
        seen = ", ".join(_outcome(name, counts[OUTCOMES.index(name)], pairs) for name in kinds)
        return Cell(kind, f"{source.where} → {port.what} {port.where}: {seen}")


#: What puts a row or a column first, in this order.
_DOUBTFUL = (*_BAD, OUTCOMES.index(NOT_TRIED))


def places(mask: int) -> t.Iterator[int]:
    """The bits that are set."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def natural(name: str) -> list[t.Any]:
    """Sorts web2 before web10. Digits are not made numbers: a hostile name may have more than Python converts."""
    parts: list[t.Any] = _DIGITS.split(name)
    parts[1::2] = [(len(digits.lstrip("0")), digits.lstrip("0")) for digits in parts[1::2]]
    return parts


def stem(name: str) -> tuple[str, ...]:
    """What is before and behind the last number of a name."""
    match = _NUMBERED.fullmatch(name[: NAME * 4])
    return match.groups() if match else (name,)


def short(name: str) -> str:
    """A name safe to show, and not longer than a heading can bear."""
    shown = one_line(name[: NAME * 4])
    return shown if len(shown) <= NAME else f"{shown[: NAME - 1]}…"


def some(names: t.Sequence[str]) -> str:
    """The first names and how many more there are."""
    rest = len(names) - NAMED
    return ", ".join(map(short, names[:NAMED])) + (f" and {rest} more" if rest > 0 else "")


def listed(names: t.Sequence[str], everyone: int = 0, word: str = " hosts") -> str:
    """Sorted names in little room: ``db1, db2`` or ``app01 … app37 (37 hosts)``. everyone: how many there are."""
    if len(names) == everyone > 2:
        return f"all {len(names)} hosts"
    parts = _runs(names)
    shown = parts[:1]
    for part in parts[1:]:
        if len(", ".join([*shown, part])) > ROOM - len(word):
            break
        shown.append(part)
    text = ", ".join([*shown, "…"] if len(shown) < len(parts) else shown)
    return text if len(shown) == len(names) else f"{text} ({len(names)}{word})"


def _runs(names: t.Sequence[str]) -> list[str]:
    """Names that differ in their number alone become one part."""
    runs: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        runs.setdefault(stem(name), []).append(name)
    parts = []
    for parted, run in runs.items():
        last = short(run[-1]) if len(runs) == 1 else short(run[-1].removeprefix(parted[0]))
        parts += [f"{short(run[0])} … {last}"] if len(run) > 2 else list(map(short, run))
    return parts


def _service(port: Row) -> str:
    name = short(port["service"]) or "not in register"
    return f"{port['port']}/{short(port['protocol'])[:4]} {name}"


def _service_of(port: Row) -> tuple[str, str, int]:
    """What a port is called, wherever it is."""
    return port["service"], port["protocol"], port["port"]


def _place(port: Row) -> tuple[str, ...]:
    """A port of a host, at whichever address of a family."""
    return (port["target"], *map(str, _service_of(port)), _family(port))


def _family(port: Row) -> str:
    return "IPv6" if ":" in port["address"] else "IPv4"


def _services(ports: t.Sequence[Row]) -> str:
    names = list(dict.fromkeys(map(_service, ports)))
    return names[0] if len(names) == 1 else f"{len(ports)} ports, {len(names)} services"


def _outcome(kind: str, number: int, pairs: int) -> str:
    return WORDS[kind] + ("" if pairs == 1 else f" ({number} of {pairs} pairs)")
