# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import apache_conf
from ansible_collections.infosec.principles.plugins.module_utils._formats.apache_conf import Directive


def parse(**files: str) -> list[Directive]:
    """Of the file `main`, beside the others."""

    def read(path: str) -> str:
        return files[path.rpartition("/")[2]]

    return apache_conf.parse("/etc/main", read, lambda pattern: [pattern], root="/etc", variables={"ENV": "x"})


def names(**files: str) -> list[str]:
    return [" ".join((one.name, *one.arguments)) for one in parse(**files)]


def test_sections_words_and_continuations() -> None:
    (section,) = parse(main='<Location "/a b">\n  Require \\\n ip 10.0.0.0/8\n</Location>\n')
    assert (section.name, section.arguments) == ("location", ("/a b",))
    assert section.block is not None
    assert section.block[0].arguments == ("ip", "10.0.0.0/8")
    assert section.block[0].place == "/etc/main:2"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<IfModule mod_ssl.c>\nA\n</IfModule>", []),
        ("LoadModule ssl_module x.so\n<IfModule mod_ssl.c>\nA\n</IfModule>", ["loadmodule ssl_module x.so", "a"]),
        ("<IfModule !ssl_module>\nA\n</IfModule>", ["a"]),
        ("<IfModule mod_http.c>\nA\n</IfModule>", ["a"]),
        ("<IfDefine ENV>\nA ${ENV}\n</IfDefine>", ["a x"]),
        ("Define y z\n<IfDefine !y>\nA\n</IfDefine>\nB ${y} ${q}", ["define y z", "b z ${q}"]),
        ("<IfModule no>\n<IfModule !no>\nA\n</IfModule>\n</IfModule>", []),
    ],
)
def test_conditions(text: str, expected: list[str]) -> None:
    assert names(main=text) == expected


def test_includes_stand_where_they_stand() -> None:
    assert names(main="A\nInclude part\nC", part="B") == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<Location /x>", "has no end"),
        ("</Location>", "end of no section"),
        ("\ufeffListen 80", "main:1: begins with a byte order mark"),
        ("Include main", "includes itself"),
        ("<A>\n" * 200, "100 deep"),
        ("A\n" * 100_001, "100000 lines"),
    ],
)
def test_what_apache_would_not_take(text: str, why: str) -> None:
    with pytest.raises(apache_conf.BadConfig, match=why):
        parse(main=text)
