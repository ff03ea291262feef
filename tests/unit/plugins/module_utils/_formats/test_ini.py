# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import ini


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a = b\n", {"a": "b"}),
        ('A="x y"\nA=z\n', {"A": "z"}),
        ("[one]\na=b\n[two]\na = c d \n", {"one.a": "b", "two.a": "c d"}),
        ("# a=b\n; a=b\n%% a=b\n", {}),
        ("export X='1'\n", {"X": "1"}),
        ("listeners.tcp.1 = 127.0.0.1:5672\n", {"listeners.tcp.1": "127.0.0.1:5672"}),
        ("no setting\n[unfinished\n", {}),
    ],
)
def test_parse(text: str, found: dict[str, str]) -> None:
    assert ini.parse(text) == found


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("[c]\n# a = no\na = no\n[d]\na = 1\n", "c.a", "[c]\n# a = no\na = yes\n[d]\na = 1\n"),
        ("[c]\na=no # x\na=0\n", "c.a", "[c]\na=no # x\na=yes\n"),
        ("[c]\nb = 1\n\n# about d\n[d]\n", "c.a", "[c]\nb = 1\na = yes\n\n# about d\n[d]\n"),
        ("[d]\nb = 1", "c.a", "[d]\nb = 1\n[c]\na = yes\n"),
        ("", "c.a", "[c]\na = yes\n"),
        ("B=1\n", "a", "B=1\na = yes\n"),
    ],
)
def test_put(text: str, name: str, expected: str) -> None:
    assert ini.put(text, name, "yes") == expected
    assert ini.parse(ini.put(text, name, "yes"))[name] == "yes"
    assert ini.put(expected, name, "yes") == expected
