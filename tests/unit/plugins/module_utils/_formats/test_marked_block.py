# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import marked_block

TEXTS = ["", "one\n", "one\ntwo\n", "one\r\ntwo\r\n", "no end", "# BEGIN infosec.principles other\nx\n"]


@pytest.mark.parametrize("text", TEXTS)
def test_everything_outside_is_kept(text: str) -> None:
    put = marked_block.put(text, "mine", ["a", "b"])
    assert marked_block.without(put, "mine").rstrip("\n") == text.rstrip("\n")
    assert put.startswith(text)


@pytest.mark.parametrize("text", TEXTS)
def test_a_second_time_changes_nothing(text: str) -> None:
    once = marked_block.put(text, "mine", ["a"])
    assert marked_block.put(once, "mine", ["a"]) == once
    assert marked_block.put(once, "mine", ["a"], at=0) == once


def test_it_is_replaced_where_it_is() -> None:
    text = marked_block.put("one\ntwo\n", "mine", ["a"], at=4)
    assert marked_block.put(text, "mine", ["b"]) == text.replace("\na\n", "\nb\n")
    assert marked_block.split(text, "mine")[0] == "one\n"
    assert marked_block.split(text, "mine")[2] == "two\n"


def test_its_lines_are_counted() -> None:
    text = marked_block.put("one\ntwo\n", "mine", ["a", "b"], at=4)
    numbers = marked_block.lines_of(text, "mine")
    assert [text.splitlines()[number - 1] for number in numbers][2:4] == ["a", "b"]
    assert len(marked_block.lines_of("one\n", "mine")) == 0


@pytest.mark.parametrize("text", ["x # BEGIN infosec.principles mine\n", "# BEGIN infosec.principles mine\nno end\n"])
def test_what_only_looks_like_a_block_is_none(text: str) -> None:
    assert marked_block.split(text, "mine") == (text, "", "")
