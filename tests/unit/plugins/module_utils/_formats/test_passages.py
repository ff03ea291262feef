# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pathlib
import random

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine.files import EditFile, edit_file
from ansible_collections.infosec.principles.plugins.module_utils._formats.passages import Edit, edited, passages
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

TWINS = "server {\n  name one;\n  ssl old;\n}\nserver {\n  name two;\n  ssl old;\n}\n"


def replace(text: str, old: str, new: str) -> list[Edit]:
    """An edit for each place where `old` stands."""
    starts = [at for at in range(len(text)) if text.startswith(old, at)]
    return [Edit(at, at + len(old), new) for at in starts]


def test_a_line_that_is_alone_is_a_passage() -> None:
    assert passages("a\nb\nc\n", [Edit(2, 3, "B")]) == (("b\n", "B\n"),)


def test_twins_are_told_apart_by_the_lines_above() -> None:
    assert passages(TWINS, replace(TWINS, "ssl old;", "ssl new;")) == (
        ("  name one;\n  ssl old;\n", "  name one;\n  ssl new;\n"),
        ("  name two;\n  ssl old;\n", "  name two;\n  ssl new;\n"),
    )


def test_lines_that_become_the_same_are_told_apart_too() -> None:
    text = "x\nssl a;\ny\nssl b;\n"
    assert passages(text, [*replace(text, "ssl a;", "n"), *replace(text, "ssl b;", "n")]) == (
        ("x\nssl a;\n", "x\nn\n"),
        ("y\nssl b;\n", "y\nn\n"),
    )


def test_an_insertion_goes_with_its_line() -> None:
    assert passages("server {\n}\n", [Edit(8, 8, "\n  new;")]) == (("server {\n", "server {\n  new;\n"),)


@pytest.mark.parametrize("text", ["ssl old;", "a\nssl old;"])
def test_a_last_line_without_an_end_is_left(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be told"):
        passages(text, replace(text, "old", "new"))


def test_edits_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        edited("abc", [Edit(0, 2, "x"), Edit(1, 3, "y")])


@pytest.mark.parametrize("seed", range(60))
def test_each_passage_is_made_and_taken_back_by_itself(tmp_path: pathlib.Path, seed: int) -> None:
    """In whatever order they are taken back, the first bytes are there again."""
    dice = random.Random(seed)
    lines = [
        dice.choice(("server {", "  ssl a;", "  ssl b;", "}", "", "  name x;")) for _line in range(dice.randint(1, 25))
    ]
    text = "\n".join(lines) + "\n"
    edits = [edit for word in ("ssl a;", "ssl b;") for edit in replace(text, word, "ssl c;")]
    path = tmp_path / "conf"
    path.write_text(text, encoding="utf-8")
    host = Host()
    changes: list[EditFile] = [edit_file(host, str(path), old, new) for old, new in passages(text, edits)]
    for change in changes:
        change.apply(host, tag="t")
    assert path.read_text(encoding="utf-8") == edited(text, edits)
    dice.shuffle(changes)
    for change in changes:
        change.revert(host, {}, tag="t")
    assert path.read_text(encoding="utf-8") == text
