# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A table of the kernel as a change: loaded in one transaction, taken back, and never over somebody's later work."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine import journal, nft
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import (
    ChangeError,
    NothingDone,
    dump,
    load,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.ruleset import ABSENT, Ruleset
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

OLD, NEW, OTHER = ("table inet t {\n\tchain " + name + " {\n\t}\n}\n" for name in ("old", "new", "other"))


def listing(text: str) -> str:
    chain = text.split()[5]
    return json.dumps({"nftables": [{"table": {"family": "inet", "name": "t"}}, {"chain": {"name": chain}}]})


def digest(text: str) -> str:
    return nft.parse(listing(text)).digest if text else ABSENT


class Kernel:
    """Holds one table as text; `refuses` and `broken` are what nft says instead."""

    def __init__(self, text: str = ABSENT, *, refuses: str = "", broken: str = "") -> None:
        self.text, self.refuses, self.broken = text, refuses, broken
        self.loaded: list[str] = []

    def path(self, name: str) -> str:
        return name

    def run(self, argv: t.Sequence[str], *, stdin: str | None = None, timeout: float = 10) -> Completed:
        if argv[:2] == ["nft", "-f"]:
            return self._load(stdin or "")
        assert tuple(argv) == ("nft", "-j", "list", "table", "inet", "t")
        if self.broken:
            return Completed(1, "", self.broken)
        return Completed(0, listing(self.text), "") if self.text else Completed(1, "", "No such file or directory")

    def _load(self, text: str) -> Completed:
        if self.refuses:
            return Completed(1, "", self.refuses)
        self.loaded.append(text)
        assert text.startswith("table inet t\ndelete table inet t\n")
        self.text = text.replace("table inet t\ndelete table inet t\n", "", 1)
        return Completed(0, "", "")


def change(before: str = ABSENT, after: str = NEW) -> Ruleset:
    return Ruleset("inet", "t", before, after, digest(before), digest(after))


@pytest.mark.parametrize(("before", "after"), [(ABSENT, NEW), (OLD, NEW), (OLD, ABSENT)])
def test_loads_once_and_takes_back(before: str, after: str) -> None:
    kernel, wanted = Kernel(before), change(before, after)
    for _again in range(2):
        wanted.apply(kernel, tag="x")
        assert kernel.text == after
    assert len(kernel.loaded) == 1
    assert wanted.conflict(kernel) == ""
    for _again in range(2):
        wanted.revert(kernel, {}, tag="x")
        assert kernel.text == before
    assert len(kernel.loaded) == 2


def test_what_changed_since_the_plan_is_left_alone() -> None:
    kernel = Kernel(OTHER)
    with pytest.raises(NothingDone, match="changed between the plan and the act"):
        change(OLD).apply(kernel, tag="x")
    assert kernel.loaded == []


def test_a_table_that_nft_cannot_list_is_left_alone() -> None:
    kernel = Kernel(broken="Operation not supported")
    with pytest.raises(NothingDone, match=r"cannot list it .*: Operation not supported"):
        change().apply(kernel, tag="x")


def test_what_nft_refuses_is_an_error_with_its_words() -> None:
    with pytest.raises(ChangeError, match=r"nft refused it .*: syntax error") as caught:
        change().apply(Kernel(refuses="syntax error"), tag="x")
    assert not isinstance(caught.value, NothingDone)


def test_somebodys_later_work_is_not_lost_unless_forced() -> None:
    kernel = Kernel(OTHER)
    assert "somebody changed it since" in change(OLD).conflict(kernel)
    with pytest.raises(ChangeError, match="somebody changed it since"):
        change(OLD).revert(kernel, {}, tag="x")
    assert kernel.text == OTHER
    change(OLD).revert(kernel, {}, tag="x", force=True)
    assert kernel.text == OLD


def test_a_table_that_is_gone_is_nobodys_work() -> None:
    kernel = Kernel()
    assert change(OLD).conflict(kernel) == ""
    change(OLD).revert(kernel, {}, tag="x")
    assert kernel.text == OLD


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (change(), "load table inet t"),
        (change(OLD), "replace table inet t"),
        (change(OLD, ABSENT), "remove table inet t"),
    ],
)
def test_tells_what_it_does(wanted: Ruleset, told: str) -> None:
    assert wanted.describe() == told
    assert (wanted.diff()["before"], wanted.diff()["after"]) == (wanted.before, wanted.after)


def test_the_journal_can_read_it_back() -> None:
    assert journal.KINDS_FROM
    assert load(json.loads(json.dumps(dump(change(OLD))))) == change(OLD)
