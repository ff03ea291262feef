# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import continued


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb", [(1, "a"), (2, "b")]),
        ("a\\\n b\\\nc\nd", [(1, "a+ b+c"), (4, "d")]),
        ("a\\", [(1, "a")]),
        ("a\\\r\nb\r\n", [(1, "a+b"), (3, "")]),
        ("a\x0bb\u2028c", [(1, "a\x0bb\u2028c")]),
    ],
)
def test_lines(text: str, expected: list[tuple[int, str]]) -> None:
    assert list(continued.lines(text, "+")) == expected


def test_a_million_continuations_take_no_longer_than_as_many_lines() -> None:
    ((number, line),) = continued.lines("a\\\n" * 1_000_000 + "b")
    assert (number, len(line)) == (1, 1_000_001)
