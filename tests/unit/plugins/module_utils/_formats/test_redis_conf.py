# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import redis_conf


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("bind 127.0.0.1 -::1", ["bind", "127.0.0.1", "-::1"]),
        ("# bind 0.0.0.0", []),
        ('requirepass "a \\"b\\x21 c"', ["requirepass", 'a "b! c']),
        ("requirepass 'it\\'s # this'", ["requirepass", "it's # this"]),
        ("", []),
    ],
)
def test_words(line: str, words: list[str]) -> None:
    assert redis_conf.words(line) == words


@pytest.mark.parametrize("secret", ["plain", 'quote " and \\ and \n line', "ünï $(touch /tmp/x)", "\udcff"])
def test_quote_hides_everything_from_the_parser_and_keeps_it(secret: str) -> None:
    quoted = redis_conf.quote(secret)
    assert quoted.isascii()
    assert "\n" not in quoted
    assert redis_conf.words(quoted)[0].encode("latin-1") == secret.encode("utf-8", "surrogateescape")


FILES = {
    "/etc/redis/redis.conf": "BIND 127.0.0.1\nport 6379\ninclude extra/*.conf\nbind 0.0.0.0\n",
    "/etc/redis/extra/a.conf": "requirepass x\nport 6380\ninclude /etc/redis/redis.conf\n",
}


def test_the_last_value_wins_with_includes_where_they_stand() -> None:
    found = redis_conf.effective(
        "/etc/redis/redis.conf",
        FILES.__getitem__,
        lambda pattern: [path for path in FILES if pattern in (path, "/etc/redis/extra/*.conf") and "extra" in path],
    )
    assert (found["bind"], found["port"], found["requirepass"]) == ("0.0.0.0", "6380", "x")


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("# requirepass foobared\n", False),
        ("requirepass x\n", True),
        ("user a on >x\n", True),
        ("masterauth y\n", True),
        ("bind *\n", False),
    ],
)
def test_whether_it_holds_secrets(text: str, holds: bool) -> None:
    assert redis_conf.holds_secrets(text) is holds
