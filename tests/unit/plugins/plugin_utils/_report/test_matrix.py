# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import itertools
import random
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._report import matrix as m
from ansible_collections.infosec.principles.plugins.plugin_utils._report.model import OUTCOMES, Store
from ansible_collections.infosec.principles.plugins.plugin_utils._report.writers import html
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._report.samples import (
    HOSTILE,
    chaos,
    fleet,
    large,
    port,
    written,
)

SIGNS = {
    "reachable_but_denied": "!",
    "blocked_but_allowed": "A",
    "not_assessed": "-",
    "reached": "#",
    "refused": "o",
    "mixed": "~",
}


def found(store: Store, side: int = m.SIDE, comfort: int = m.COMFORT) -> m.Matrix:
    drawn = m.matrix(store, side, comfort)
    assert drawn is not None
    return drawn


def drawn(matrix: m.Matrix) -> list[str]:
    """A line for each row: its signs and its name."""
    signs = ["".join(SIGNS[cell.kind] if cell else " " for cell in row) for row in matrix.cells]
    return [f"{row} {heading.where}" for row, heading in zip(signs, matrix.rows, strict=True)]


def columns(matrix: m.Matrix) -> list[str]:
    return [f"{one.what} on {one.where}" for one in matrix.columns]


def test_six_hosts() -> None:
    matrix = found(fleet().store)
    assert columns(matrix) == [
        "11211/tcp not in register on web",
        "5432/tcp orders on db",
        "22/tcp ssh on web",
        "6379/tcp sessions on cache",
        "22/tcp ssh on cache, db, idle, laptop",
        "443/tcp shop on web",
        "22/tcp ssh on bastion",
    ]
    assert drawn(matrix) == [
        "!!!oo## laptop",
        "!!ooo## idle",
        "!oooo## cache, db",
        "!o#o##  bastion",
        " # Ao # web",
        "------- edge",
    ]
    assert [one.bad for one in matrix.rows] == [True] * 5 + [False]
    assert [one.bad for one in matrix.columns] == [True] * 4 + [False] * 3


def test_two_hundred_hosts_with_three_ports_each_fit_a_screen() -> None:
    matrix = found(large().store)
    assert drawn(matrix) == [
        "!!oooooooo#oo build07",
        "!!o#oooooo#oo mon02",
        "!#Aoooo####oo app12, app13",
        "!##oooo####oo app01 … app80 (78 hosts)",
        "!oooo#o#o##oo web01 … web60 (59 hosts)",
        "!ooooooooo#oo build01 … 20, cache01 … 10, … (48 hosts)",
        "!ooooo#ooooo# lb01 … lb06 (6 hosts)",
        "!ooo#oooooo#o bastion01, bastion02",
        "!------------ web33",
        "!oo#oooooo#oo mon01",
        " ooooooooo#oo cache04",
    ]
    assert columns(matrix) == [
        "11211/tcp not in register on cache04",
        "5432/tcp orders on db01 … db03 (3)",
        "5432/tcp orders on db05",
        "9100/tcp metrics on all 200 hosts",
        "22/tcp ssh on all 200 hosts",
        "8000/tcp api on app01 … app80 (80)",
        "8080/tcp shop on web01 … web60 (60)",
        "5000/tcp registry on build01 … build20 (20)",
        "5432/tcp orders on db04 … db20 (16)",
        "6379/tcp sessions on cache01 … cache10 (10)",
        "443/tcp https on lb01 … lb06 (6)",
        "3000/tcp grafana on mon01, mon02",
        "1194/tcp vpn on bastion01, bastion02",
    ]


def test_witnesses_show_the_same_as_everyone() -> None:
    everyone, few = found(large().store), found(large(witnesses=2).store)
    assert sorted(columns(few)) == sorted(columns(everyone))
    assert [one.where for one in few.rows] == [one.where for one in everyone.rows]
    order = [columns(everyone).index(one) for one in columns(few)]
    for row, other in zip(few.cells, everyone.cells, strict=True):
        for cell, place in zip(row, order, strict=True):
            same = other[place]
            assert cell is None or (same and cell.kind == same.kind)


@pytest.mark.parametrize("witnesses", [0, 2])
def test_before_the_firewalls_the_matrix_is_as_small(witnesses: int) -> None:
    matrix = found(large(witnesses=witnesses, firewalls=False).store)
    assert len(matrix.columns) <= 12
    assert len(matrix.rows) <= 24
    assert not matrix.rest_rows and not matrix.rest_columns


def test_a_hint_says_how_many_pairs_were_tried() -> None:
    few = found(large(witnesses=2).store)
    hints = {cell.hint for row in few.cells for cell in row if cell}
    assert "build07 → 5432/tcp orders db01 … db03 (3): denied but reached (3 of 3 pairs)" in hints
    assert any("web01 … web60 (59 hosts) → 22/tcp ssh all 200 hosts: refused" in one for one in hints)
    tried = {one.rpartition("(")[2] for one in hints if "web60 (59 hosts) → 22/tcp" in one}
    assert tried != {"11741 of 11741 pairs)"} and all(one.endswith(" of 11741 pairs)") for one in tried)


def line(**seen: t.Iterable[int]) -> m.Line:
    own = sum(1 << place for place in seen.pop("own", ()))
    return m.Line([0], tuple(sum(1 << place for place in seen.get(name, ())) for name in OUTCOMES), own)


QUIET, GOOD, ALL = m.Lend.QUIET, m.Lend.GOOD, m.Lend.ALL
# two lines -> the ways in which they are one
AGREEMENT: dict[str, tuple[m.Line, m.Line, set[m.Lend]]] = {
    "the same": (line(reached=[1], refused=[2]), line(reached=[1], refused=[2]), {QUIET, GOOD, ALL}),
    "another outcome": (line(reached=[1]), line(refused=[1]), set()),
    "another violation": (line(reachable_but_denied=[1]), line(blocked_but_allowed=[1]), set()),
    "refused and untried": (line(refused=[1, 2]), line(refused=[1]), {QUIET, GOOD, ALL}),
    "nothing in common": (line(refused=[1]), line(refused=[2]), {QUIET, GOOD, ALL}),
    "reached and untried": (line(reached=[1], refused=[2]), line(refused=[2]), {GOOD, ALL}),
    "a violation and untried": (line(reachable_but_denied=[1, 2]), line(reachable_but_denied=[2]), {ALL}),
    "each reaches the other": (line(reached=[2], own=[1]), line(reached=[1], own=[2]), {QUIET, GOOD, ALL}),
    "each reaches the other, denied": (
        line(reachable_but_denied=[2], own=[1]),
        line(reachable_but_denied=[1], own=[2]),
        {QUIET, GOOD, ALL},
    ),
    "one reaches the other, denied": (line(reachable_but_denied=[2], own=[1]), line(own=[2]), {ALL}),
}


@pytest.mark.parametrize(("one", "other", "ways"), AGREEMENT.values(), ids=AGREEMENT)
def test_what_is_one_line(one: m.Line, other: m.Line, ways: set[m.Lend]) -> None:
    assert {lend for lend in m.Lend if one.agrees(other, lend)} == ways
    assert {lend for lend in m.Lend if other.agrees(one, lend)} == ways


def sparse(seed: int) -> Store:
    """A small fleet in which some pairs were not tried."""
    chance = random.Random(seed)
    store = Store()
    names = [f"h{number}" for number in range(chance.randrange(2, 9))]
    for target in names:
        for number in range(chance.randrange(4)):
            outcomes: dict[str, list[str]] = {}
            for source in names:
                outcomes.setdefault(chance.choice((*OUTCOMES, "refused", "untried")), []).append(source)
            store.add_rows(target, [port(target, f"s{number % 2}", number, outcomes)])
    return store


@pytest.mark.parametrize("seed", range(60))
def test_every_pair_is_in_one_cell_that_says_what_was_seen(seed: int) -> None:
    store = sparse(seed)
    if not list(store.rows()):
        assert m.matrix(store) is None
        return
    side, comfort = (m.SIDE, m.COMFORT) if seed % 2 else (2, 1)
    matrix = found(store, side, comfort)
    row_of = {name: place for place, one in enumerate(matrix.rows) for name in one.members}
    column_of = {name: place for place, one in enumerate(matrix.columns) for name in one.members}
    assert sum(len(one.members) for one in matrix.rows) == len(row_of)
    assert len(column_of) == len(list(store.rows()))
    for target, row in store.rows():
        column = column_of[f"{target}: {row['port']}/tcp {row['service']} ({row['address']})"]
        for kind, source in ((name, one) for name in OUTCOMES for one in row["outcomes"][name]):
            cell = matrix.cells[row_of[source]][column]
            assert cell is not None
            summed = (matrix.rest_rows and row_of[source] == len(matrix.rows) - 1) or (
                matrix.rest_columns and column == len(matrix.columns) - 1
            )
            assert cell.kind == kind or (summed and m.WORDS[kind] in cell.hint)
            if kind in ("reachable_but_denied", "blocked_but_allowed"):
                assert cell.kind in ("reachable_but_denied", "blocked_but_allowed")
                assert matrix.rows[row_of[source]].bad and matrix.columns[column].bad


@pytest.mark.parametrize("seed", range(0, 60, 7))
def test_violations_come_first(seed: int) -> None:
    matrix = m.matrix(sparse(seed))
    for side in (matrix.rows, matrix.columns) if matrix else ():
        assert [one.bad for one in side] == sorted((one.bad for one in side), reverse=True)


def test_what_cannot_be_merged_is_summed_up_in_a_last_row_and_column() -> None:
    matrix = found(chaos().store)
    assert (len(matrix.rows), len(matrix.columns)) == (m.SIDE + 1, m.SIDE + 1)
    assert (matrix.rows[-1].where, matrix.columns[-1].what) == ("110 other hosts", "510 other ports")
    page = written(html.write, chaos())
    assert "The 90 worst rows are shown; the last row sums up the 110 other hosts." in page
    picture = page[page.index('<div class="reach"') : page.index('<details class="words"')]
    assert len(picture.encode()) < 2_000_000


def test_the_picture_is_bounded_with_the_longest_names_too() -> None:
    store = chaos().store
    long = Store()
    for number, (_target, row) in zip(itertools.count(), store.rows()):
        outcomes = {kind: [f"{one}-{'ü' * 300}" for one in names] for kind, names in row["outcomes"].items()}
        long.add_rows(f"{number:03}-{'ü' * 300}", [row | {"outcomes": outcomes, "service": "ö" * 300}])
    matrix = found(long)
    hints = sum(len(cell.hint.encode()) for row in matrix.cells for cell in row if cell)
    assert hints + 60 * sum(len(row) for row in matrix.cells) < 2_000_000


def test_many_services_that_show_the_same_are_one_column() -> None:
    store = Store()
    for number in range(100):
        store.add_rows("web", [port("web", f"s{number}", number, {"reached": ["lb"], "refused": ["db"]})])
    store.add_rows("web", [port("web", "s100", 100, {"reachable_but_denied": ["db"]})])
    assert columns(found(store)) == ["100/tcp s100 on web", "100 ports, 100 services on web"]


# addresses of one port, with who reached it there -> the columns
ADDRESSES: dict[str, tuple[dict[str, str], list[str]]] = {
    "alike": ({"192.0.2.1": "refused", "2001:db8::1": "refused"}, ["22/tcp ssh on web"]),
    "unlike families": (
        {"192.0.2.1": "refused", "2001:db8::1": "reachable_but_denied"},
        ["22/tcp ssh IPv6 on web", "22/tcp ssh IPv4 on web"],
    ),
    "unlike addresses": (
        {"192.0.2.1": "refused", "192.0.2.2": "reachable_but_denied"},
        ["22/tcp ssh on web [192.0.2.2]", "22/tcp ssh on web [192.0.2.1]"],
    ),
}


@pytest.mark.parametrize(("seen", "expected"), ADDRESSES.values(), ids=ADDRESSES)
def test_addresses_of_a_port_are_told_apart_where_they_differ(seen: dict[str, str], expected: list[str]) -> None:
    store = Store()
    store.add_rows("web", [port("web", "ssh", 22, {kind: ["db"]}, address=one) for one, kind in seen.items()])
    assert columns(found(store)) == expected


NAMES: dict[str, tuple[list[str], str]] = {
    "one": (["web1"], "web1"),
    "two": (["web1", "web2"], "web1, web2"),
    "many": ([f"app{number:02}" for number in range(1, 38)], "app01 … app37 (37 hosts)"),
    "two kinds": ([*(f"a{number}" for number in range(5)), "db"], "a0 … 4, db (6 hosts)"),
    "with a domain": ([f"a{number}.example.org" for number in range(3)], "a0.example.org … a2.example.org (3 hosts)"),
    "unlike": (["alpha", "beta", "gamma", "delta", "epsilon", "zeta"], "alpha, beta, gamma, delta, … (6 hosts)"),
    "long": (["x" * 50], "x" * 23 + "…"),
}


@pytest.mark.parametrize(("names", "text"), NAMES.values(), ids=NAMES)
def test_names_in_little_room(names: list[str], text: str) -> None:
    assert m.listed(names) == text


def test_all_hosts_are_called_so() -> None:
    assert m.listed(["a", "b", "c"], 3) == "all 3 hosts"
    assert m.listed(["a", "b"], 2) == "a, b"


def test_numbers_in_names_sort_by_their_value() -> None:
    names = ["web10", "web2", "web02b", "web", "db3", "9" * 5000]
    assert sorted(names, key=m.natural) == ["9" * 5000, "db3", "web", "web2", "web02b", "web10"]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_names_are_short_and_safe_to_show(text: str) -> None:
    assert len(m.short(text)) <= m.NAME
    assert m.short(text).isprintable()
    assert len(m.listed([f"{text}{number}" for number in range(9)])) < 80


def test_one_host_alone_has_no_matrix() -> None:
    store = Store()
    row = {"service": "shop", "protocol": "tcp", "port": 443, "address": "192.0.2.7", "witnesses": 0}
    store.add_rows("web1", [{**row, "outcomes": {name: [] for name in m.OUTCOMES}}])
    assert m.matrix(store) is None
