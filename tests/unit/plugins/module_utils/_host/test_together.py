# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks that are done at once."""

from __future__ import annotations

import threading

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import together


def test_results_come_in_the_order_of_the_tasks() -> None:
    first = threading.Event()

    def slow() -> str:
        assert first.wait(5)
        return "slow"

    def quick() -> str:
        first.set()
        return "quick"

    assert together.each([slow, quick]) == ["slow", "quick"]
    assert together.each([lambda number=number: number for number in range(100)]) == list(range(100))


def test_the_first_that_was_raised_is_raised() -> None:
    def fail(name: str) -> None:
        raise ValueError(name)

    with pytest.raises(ValueError, match="one"):
        together.each([lambda: None, lambda: fail("one"), lambda: fail("two")])


def test_nothing_to_do() -> None:
    assert together.each([]) == []
