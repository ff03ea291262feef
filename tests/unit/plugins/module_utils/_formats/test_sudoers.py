# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sudoers: whom a file grants something, as cvtsudoers of sudo 1.9.13 says for the same text."""

from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import sudoers

TEXT = r"""# comment
Defaults	env_reset, !lecture
Defaults:ann timestamp_timeout=0
User_Alias  ADMINS = ann, \
    bob : OPS = %ops, ADMINS, #1004
Host_Alias HERE = a, b
Cmnd_Alias LS = /bin/ls, /bin/cat
root	ALL=(ALL:ALL) ALL # trailing
ADMINS , carl HERE , ALL = (root) NOPASSWD: LS, PASSWD: /bin/id : ALL = /bin/true
OPS ALL=ALL
#1005 ALL=/bin/ls
"dora smith" ALL=ALL
erik\ x ALL=ALL
%#1010, +net, %:ad ALL = ALL
ALL, !fay ALL = /bin/ls
!fay, gus ALL=/bin/ls
al\,ice ALL=ALL
hal@corp ALL=ALL
"""
#: Line by line what `cvtsudoers -f json -e` lists as User_List.
TOLD = {
    8: ["root"],
    9: ["ann", "bob", "carl"],
    10: ["%ops", "ann", "bob", "#1004"],
    11: ["#1005"],
    12: ["dora smith"],
    13: ["erik x"],
    14: ["%#1010", "+net", "%:ad"],
    15: ["ALL", "!fay"],
    16: ["!fay", "gus"],
    17: ["al,ice"],
    18: ["hal@corp"],
}


def grants(files: dict[str, str], hostname: str = "") -> list[sudoers.Grant]:
    def listing(folder: str) -> list[str]:
        return [path.rpartition("/")[2] for path in files if path.rpartition("/")[0] == folder]

    return list(sudoers.grants("/etc/sudoers", lambda path: files.get(path, ""), listing, hostname))


def test_users_are_those_that_sudo_tells() -> None:
    assert {one.number: list(one.who) for one in grants({"/etc/sudoers": TEXT.replace("\t", " ")})} == TOLD


@pytest.mark.parametrize(
    ("who", "named"),
    [(("ann", "#1004"), ("ann", "#1004")), (("%ops", "+net", "ALL", "!fay"), ()), (("!fay", "gus"), ("gus",))],
)
def test_persons_are_named_one_by_one(who: tuple[str, ...], named: tuple[str, ...]) -> None:
    assert sudoers.persons(who) == named


def test_includes_are_followed_where_they_stand() -> None:
    files = {
        "/etc/sudoers": "@includedir /etc/sudoers.d\n#include sudoers.%h\n#includedir more\n@include /etc/gone\n",
        "/etc/sudoers.d/20-b": "bob ALL=ALL\n",
        "/etc/sudoers.d/10-a": "ann ALL=ALL\n",
        "/etc/sudoers.d/c.conf": "carl ALL=ALL\n",
        "/etc/sudoers.d/d~": "dora ALL=ALL\n",
        "/etc/sudoers.here": "erik ALL=ALL\n",
        "/etc/more/f": "fay ALL=ALL",
    }
    told = [(one.place, one.who) for one in grants(files, "here")]
    assert told == [
        ("/etc/sudoers.d/10-a:1", ("ann",)),
        ("/etc/sudoers.d/20-b:1", ("bob",)),
        ("/etc/sudoers.here:1", ("erik",)),
        ("/etc/more/f:1", ("fay",)),
    ]


def test_what_includes_or_names_itself_ends() -> None:
    files = {"/etc/sudoers": "User_Alias A = B\nUser_Alias B = A, ann\nA ALL=ALL\n@include /etc/sudoers\n"}
    found = grants(files)
    assert len(found) == sudoers.DEPTH + 1
    assert "ann" in found[0].who


def test_comments_and_half_a_line_grant_nothing() -> None:
    assert grants({"/etc/sudoers": "# ann ALL=ALL\n\nann\n, ALL=ALL\nann ALL # = none\n"}) == []
