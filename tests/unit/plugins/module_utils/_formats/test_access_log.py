# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import access_log
from ansible_collections.infosec.principles.plugins.module_utils._formats.access_log import Hit, compile_format

NOON = datetime.datetime(2026, 11, 29, 12, 0, 1, tzinfo=datetime.timezone.utc).timestamp()
JSON = (
    '{"t":"$time_iso8601","c":"$remote_addr","u":"$scheme://$host$request_uri","m":"$request_method",'
    '"s":$status,"who":"$remote_user","ua":"$http_user_agent"}'
)


@pytest.mark.parametrize(
    ("text", "kind", "line", "hit"),
    [
        (
            access_log.NGINX_COMBINED,
            "nginx",
            r'10.0.0.1 - bob [29/Nov/2026:13:00:01 +0100] "GET /a/?x=1 HTTP/1.1" 200 12 "-" "A \x22B\x22"',
            Hit(NOON, "10.0.0.1", "", "/a/?x=1", 200, "bob", 'A "B"', "GET"),
        ),
        (
            access_log.COMBINED,
            "apache",
            r'::1 - - [29/Nov/2026:12:00:01 +0000] "POST /a\"b HTTP/1.1" 302 - "-" "A \"B\" \\"',
            Hit(NOON, "::1", "", '/a"b', 302, "", 'A "B" \\', "POST"),
        ),
        (
            access_log.VHOST_COMBINED,
            "apache",
            'shop.example.org:443 10.0.0.1 - - [29/Nov/2026:12:00:01 +0000] "GET / HTTP/1.1" 404 12 "-" "-"',
            Hit(NOON, "10.0.0.1", "shop.example.org", "/", 404, "", "", "GET"),
        ),
        (
            JSON,
            "nginx",
            '{"t":"2026-11-29T13:00:01+01:00","c":"10.0.0.1","u":"https://x.example.org/a?b","m":"PUT","s":204,'
            r'"who":"","ua":"A \"B\""}',
            Hit(NOON, "10.0.0.1", "x.example.org", "/a?b", 204, "", 'A "B"', "PUT"),
        ),
        (
            access_log.GUNICORN,
            "gunicorn",
            '127.0.0.1 - - [29/Nov/2026:12:00:01 +0000] "GET /admin/ HTTP/1.1" 200 12 "-" "A"',
            Hit(NOON, "127.0.0.1", "", "/admin/", 200, "", "A", "GET"),
        ),
    ],
)
def test_each_server_s_format_is_read(text: str, kind: str, line: str, hit: Hit) -> None:
    reader = compile_format(text, kind)
    assert reader.missing == ()
    assert reader.read(line.encode()) == hit
