# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter sole_services."""

from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.filter.sole_services import sole_services

GROUPS = {"all": ["a", "b", "c"], "db": ["a"], "web": ["b", "c"], "empty": []}


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        (["db"], ["x"]),
        (["a"], ["x"]),
        (["a", "db"], ["x"]),
        (["db", "empty"], ["x"]),
        (["a", "b"], []),
        (["db", "web"], []),
        (["all"], []),
        (["web"], []),
    ],
)
def test_services_that_a_alone_runs(hosts: list[str], expected: list[str]) -> None:
    assert sole_services([{"name": "x", "hosts": hosts}], GROUPS, "a", ["db"]) == expected


def test_no_register() -> None:
    assert sole_services([], GROUPS, "a", ["db"]) == []
