# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import nginx_conf
from ansible_collections.infosec.principles.plugins.module_utils._formats.nginx_conf import Directive


def parse(**files: str) -> list[Directive]:
    """Of the file `main`, beside the others."""
    return nginx_conf.parse("/etc/main", lambda path: files[path[5:]], lambda pattern: [pattern])


def shape(directives: list[Directive] | tuple[Directive, ...]) -> list[object]:
    return [
        (one.name, *one.arguments) if one.block is None else (one.name, *one.arguments, shape(one.block))
        for one in directives
    ]


def test_blocks_comments_and_quotes() -> None:
    text = "a 'b;c' \"d } e\" f#g; # h;\nserver { location ~ \\.php$ { deny all; } }\nset $x ${y}z;"
    assert shape(parse(main=text)) == [
        ("a", "b;c", "d } e", "f#g"),
        ("server", [("location", "~", "\\.php$", [("deny", "all")])]),
        ("set", "$x", "${y}z"),
    ]


def test_includes_stand_where_they_stand() -> None:
    found = parse(main="a;\ninclude part;\nhttp { include part; }", part="b;\n\nc;")
    assert shape(found) == [("a",), ("b",), ("c",), ("http", [("b",), ("c",)])]
    assert [one.place for one in found] == ["/etc/main:1", "/etc/part:1", "/etc/part:3", "/etc/main:3"]


def test_lua_is_code() -> None:
    text = "access_by_lua_block { if x then y { } end } a;"
    assert shape(parse(main=text)) == [("access_by_lua_block", []), ("a",)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("http {", "has no end"),
        ("a 'b", "not to be read"),
        ("\ufeffserver { listen 80; }", "main:1: begins with a byte order mark"),
        ("include main;", "includes itself"),
        ("a { " * 200, "100 deep"),
        ("a;" * 100_001, "100000 directives"),
    ],
)
def test_what_nginx_would_not_take(text: str, why: str) -> None:
    with pytest.raises(nginx_conf.BadConfig, match=why):
        parse(main=text)


def test_directives_stand_where_they_say() -> None:
    text = "a 'b';\nhttp { # x\n  ssl_protocols  TLSv1\n TLSv1.1 ; server { c; } }\n"
    a, http = parse(main=text)
    assert [text[slice(*one.span)] for one in (a, http, *(http.block or ()))] == [
        "a 'b';",
        "http {",
        "ssl_protocols  TLSv1\n TLSv1.1 ;",
        "server {",
    ]
    assert http.path == "/etc/main"


def test_blocks_end_where_they_say() -> None:
    text = "http { a; server { b; } # }\n}"
    (http,) = parse(main=text)
    assert [one.close for one in (http, *(http.block or ()))] == [text.rindex("}"), 0, text.index("}")]
