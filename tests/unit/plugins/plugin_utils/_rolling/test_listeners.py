# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._rolling.listeners import lost


def listener(port: int, address: str = "::", protocol: str = "tcp", unit: str = "a.service", **more: t.Any) -> t.Any:
    return {"port": port, "address": address, "protocol": protocol, "unit": unit, **more}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([listener(80)], [listener(80)], []),
        ([listener(80)], [], ["[::]:80/tcp"]),
        ([listener(80)], [listener(80, "0.0.0.0")], ["[::]:80/tcp"]),
        ([listener(53, "127.0.0.1", "udp")], [listener(53, "127.0.0.1")], ["127.0.0.1:53/udp"]),
        ([listener(80)], [listener(80, unit="b.service")], []),
        ([], [listener(80)], []),
        ([listener(68, protocol="udp", ephemeral=True)], [], []),
        ([listener(40001)], [listener(51234)], []),
        ([listener(40001)], [listener(51234, unit="b.service")], ["a port of a.service at [::]/tcp"]),
        ([listener(40001)], [], ["a port of a.service at [::]/tcp"]),
        ([listener(33000)], [listener(51234)], ["[::]:33000/tcp"]),
        ([listener(9000)], [], []),
    ],
    ids=[
        *("the same", "gone", "no IPv6 any more", "other protocol", "other unit", "more", "a client's"),
        *("given out anew", "of another", "none", "declared", "expected"),
    ],
)
def test_what_is_lost(before: list[t.Any], after: list[t.Any], expected: list[str]) -> None:
    assert lost(before, after, [(33000, 33000, "tcp")], ["90*/tcp"]) == expected
