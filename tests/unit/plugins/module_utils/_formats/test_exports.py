# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import exports


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/srv 10.0.0.1(rw,sync)", [("/srv", "10.0.0.1", ("rw", "sync"))]),
        ("/srv", [("/srv", "*", ())]),
        ("/srv (ro)", [("/srv", "*", ("ro",))]),
        ("/srv a b(rw) # c(ro)", [("/srv", "a", ()), ("/srv", "b", ("rw",))]),
        ("/srv -rw,sync a b(ro)", [("/srv", "a", ("rw", "sync")), ("/srv", "b", ("rw", "sync", "ro"))]),
        ('"/a b" @group(rw)', [("/a b", "@group", ("rw",))]),
        ("/a\\040b \\\n 10.0.0.0/8(rw)", [("/a b", "10.0.0.0/8", ("rw",))]),
        ("/srv a(rw", []),
        ("\n# x\n", []),
    ],
)
def test_parse(line: str, expected: list[tuple[str, str, tuple[str, ...]]]) -> None:
    assert [(one.path, one.client, one.options) for one in exports.parse(line)] == expected


def test_the_last_of_contradicting_options_counts() -> None:
    (one,) = exports.parse("/srv a(no_root_squash,root_squash,sec=sys:krb5)")
    assert not one.has("no_root_squash", "root_squash")
    assert one.security == ("sys", "krb5")
    assert next(exports.parse("/srv a")).security == ("sys",)


def test_lines_are_numbered_by_their_first() -> None:
    assert [one.number for one in exports.parse("# x\n/a \\\n b\n/c d\n")] == [2, 4]
