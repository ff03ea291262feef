# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When clear text may be switched off."""

from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import required
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import Clear

SHOP = "shop@192.0.2.20, database orders"


@pytest.mark.parametrize(
    ("clear", "days"),
    [
        (Clear(True, told=True), 0),
        (Clear(True, told=True, days=8.5), 7),
        (Clear(True, told=True, days=30, came=((SHOP, 7.5),)), 7),
        (Clear(True, told=True, came=((SHOP, 0),)), 0),
    ],
)
def test_nobody_is_cut_off(clear: Clear, days: int) -> None:
    assert required.held_back(clear, days) == ""


@pytest.mark.parametrize(
    ("clear", "days", "said"),
    [
        (Clear(True), 0, "cannot tell who comes in clear"),
        (Clear(True, told=True, now=(SHOP,), days=30), 0, SHOP),
        (Clear(True, told=True, days=30, came=((SHOP, 6.5),)), 7, SHOP),
        (Clear(True, told=True, days=30, came=((SHOP, 0),)), 1, SHOP),
        (
            Clear(True, told=True),
            7,
            "the connections that are open now are all that tells, and required_after_days is 7",
        ),
        (Clear(True, told=True, days=6.9, looked="the statistics", further="wait"), 7, "tell of 6 days"),
        (Clear(True, told=True, days=6.9, looked="the statistics", further="wait"), 7, "(wait)"),
    ],
)
def test_somebody_might_be(clear: Clear, days: int, said: str) -> None:
    assert said in required.held_back(clear, days)


def test_many_are_counted_and_each_is_named_once() -> None:
    names = tuple(f"shop@192.0.2.{last}" for last in range(15))
    said = required.held_back(Clear(True, told=True, now=names, came=((names[0], 0),)), 7)
    assert "shop@192.0.2.9 and 5 more" in said and said.count("192.0.2.0") == 1
