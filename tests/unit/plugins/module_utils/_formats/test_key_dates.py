# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import key_dates


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("id_ed25519_mozilla_2024-05-01", "2024-05-01"),
        ("id_ed25519_deploy-2026-11-29-2", "2026-11-29"),
        ("deploy@ci 2024-05-01", "2024-05-01"),
        ("made 2023-01-31, renewed 2024-02-29", "2024-02-29"),
        ("id_rsa", ""),
        ("id-2024-13-01", ""),
        ("id-2023-02-29", ""),
        ("12024-05-01", ""),
        ("2024-05-011", ""),
        ("1970-01-01", ""),
        ("20240501", ""),
        ("", ""),
    ],
)
def test_the_last_date_in_a_text(text: str, date: str) -> None:
    assert key_dates.date_in(text) == (datetime.date.fromisoformat(date) if date else None)


@pytest.mark.parametrize("text", ["2024-5-1", "01.05.2024", "2024-05-01 ", "x2024-05-01", "٢٠٢٤-05-01"])
def test_a_date_is_written_in_one_way(text: str) -> None:
    assert key_dates.parse(text) is None
