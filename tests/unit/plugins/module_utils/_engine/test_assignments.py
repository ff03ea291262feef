# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of units and of files of variables: what is understood is cut out, and every other byte stays."""

from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine.assignments import FILE, UNIT, find, without


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Environment=A=1", {"A": "1"}),
        ("Environment=A=1 B=2", {"A": "1", "B": "2"}),
        ('Environment="A=a b" \'B=c "d"\'', {"A": "a b", "B": 'c "d"'}),
        (r'Environment="A=x\"y\\z\tq"', {"A": 'x"y\\z\tq'}),
        ("Environment=A=50%%", {"A": "50%"}),
        ("Environment=A=%h B=2", {"B": "2"}),
        (r"Environment=A=\x41 B=2", {"B": "2"}),
        ("Environment = A=1", {"A": "1"}),
        ("#Environment=A=1", {}),
        ("Environment=A=1 \\\n  B=2", {}),
        ("Environment=", {}),
    ],
)
def test_units(line: str, expected: dict[str, str]) -> None:
    text = f"[Unit]\nEnvironment=NOT=here\n[Service]\n{line}\nExecStart=/bin/x A=1\n[Install]\nEnvironment=NOR=here\n"
    assert {one.name: one.value for one in find(text, UNIT)} == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("A=1", {"A": "1"}),
        (" A = b c ", {"A": "b c"}),
        ("A='b c'", {"A": "b c"}),
        ('A="b c"', {"A": "b c"}),
        ("A=", {"A": ""}),
        ("A=ü", {"A": "ü"}),
        ("#A=1", {}),
        ("; A=1", {}),
        (r"A=b\ c", {}),
        ('A="b', {}),
        ("A='b'c", {}),
        ("A=b\\\nB=c", {}),
        ("export A=1", {}),
    ],
)
def test_files(line: str, expected: dict[str, str]) -> None:
    assert {one.name: one.value for one in find(f"{line}\n", FILE)} == expected


def test_a_word_goes_and_its_neighbours_stay() -> None:
    text = "[Service]\nEnvironment=A=1  B=2 C=3\nX=y\n"
    assert without(text, {"B"}, UNIT) == "[Service]\nEnvironment=A=1 C=3\nX=y\n"
    assert without(text, {"A"}, UNIT) == "[Service]\nEnvironment=  B=2 C=3\nX=y\n"


def test_a_line_goes_with_its_last_variable_since_an_empty_one_would_reset_the_others() -> None:
    text = "[Service]\nEnvironment=KEPT=1\nEnvironment=A=1 B=2\nEnvironment=A=3\nExecStart=/bin/x\n"
    assert without(text, {"A", "B"}, UNIT) == "[Service]\nEnvironment=KEPT=1\nExecStart=/bin/x\n"


def test_lines_of_a_file_go_and_all_else_stays() -> None:
    text = "# one\r\nA=1\r\nB=2\n\nA='3'\nC=4"
    assert without(text, {"A"}, FILE) == "# one\r\nB=2\n\nC=4"
    assert without(text, {"C"}, FILE) == "# one\r\nA=1\r\nB=2\n\nA='3'\n"
    assert without(text, {"D"}, FILE) == text


def test_a_value_is_never_shown() -> None:
    assert "s3cret" not in repr(find("A=s3cret\n", FILE))
