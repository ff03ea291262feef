# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.infosec.principles.plugins.module_utils._formats import haproxy_cfg

TEXT = r"""# a comment
global
    log /dev/log local0   # with a comment
    ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
defaults
    option httplog
frontend web from base
    bind "*:443" ssl crt /etc/a\ b.pem alpn 'h2,http/1.1'
    acl x path_beg "/a#b" c#d

backend app
    server one 192.0.2.1:80 check
"""


def test_sections_with_their_lines() -> None:
    found = haproxy_cfg.parse("/etc/h.cfg", TEXT)
    assert [(one.kind, one.name, len(one.lines)) for one in found] == [
        ("global", "", 2),
        ("defaults", "", 1),
        ("frontend", "web", 2),
        ("backend", "app", 1),
    ]
    assert found[0].lines[0].texts == ("log", "/dev/log", "local0")
    assert found[3].lines[0].place == "/etc/h.cfg:12" and found[3].lines[0].path == "/etc/h.cfg"


def test_quotes_and_backslashes_keep_what_they_hold() -> None:
    web = haproxy_cfg.parse("/x", TEXT)[2]
    assert web.lines[0].texts == ("bind", "*:443", "ssl", "crt", "/etc/a b.pem", "alpn", "h2,http/1.1")
    assert web.lines[1].texts == ("acl", "x", "path_beg", "/a#b", "c#d")


def test_words_stand_where_they_say() -> None:
    words = [word for one in haproxy_cfg.parse("/x", TEXT) for line in one.lines for word in line.words]
    plain = [word for word in words if not set(TEXT[word.start : word.end]) & set("\"'\\")]
    assert len(plain) > 15 and all(TEXT[word.start : word.end] == word.text for word in plain)


def test_names_of_two_words_and_values() -> None:
    defaults, web = haproxy_cfg.parse("/x", TEXT)[1:3]
    assert [line.texts for line in defaults.all("option httplog")] == [("option", "httplog")]
    value = web.lines[0].value("alpn")
    assert value is not None and value.text == "h2,http/1.1"
    assert web.lines[0].value("nothing") is None


def test_a_text_without_sections_is_none() -> None:
    assert haproxy_cfg.parse("/x", "log global\n\n") == ()
