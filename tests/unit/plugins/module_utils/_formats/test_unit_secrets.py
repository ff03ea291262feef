# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in what systemd shows of units: by name, by URL, on command lines; what only tells where one lies is none."""

from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import unit_secrets


def test_the_environment_as_systemctl_shows_it() -> None:
    shown = r'API_TOKEN=abcdefgh12345678 "DB_PASSWORD=a b' + r"'c\$d%e" + r'" "QUOTED=\"x\"" PLAIN=1 "TAB=a\tb"'
    assert unit_secrets.environment(shown) == {
        "API_TOKEN": "abcdefgh12345678",
        "DB_PASSWORD": "a b'c$d%e",
        "QUOTED": '"x"',
        "PLAIN": "1",
        "TAB": "a\tb",
    }
    assert unit_secrets.environment("") == {}


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("DB_PASSWORD", "Kd83 kfD9%s", True),
        ("DB_PASSWORD", 'Kd83"kfD9', True),
        ("API_TOKEN", "tok3nAbcdef123456", True),
        ("DATABASE_URL", "postgres://app:Kd83kfD9@db/app", True),
        ("DB_PASSWORD_FILE", "/run/secrets/db", False),
        ("DB_PASSWORD", "changeme", False),
        ("DB_PASSWORD", "${OTHER}", False),
        ("PATH", "/usr/bin:/bin", False),
        ("TOKEN_TTL", "3600", False),
        ("DATABASE_URL", "postgres://db/app", False),
    ],
)
def test_variables_that_hold_secrets(name: str, value: str, secret: bool) -> None:
    assert (unit_secrets.named({name: value}) == [name]) is secret


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("/usr/bin/app --db-password=Hunter2Hunter2", ["--db-password"]),
        ("/usr/bin/app --token abcDEF123456", ["--token"]),
        ("/usr/bin/env API_KEY=abcDEF123456 app", ["API_KEY"]),
        ("/usr/bin/curl -H Authorization: Bearer eyJhbGciOi https://example.org", ["Authorization: Bearer"]),
        ("/usr/bin/app --url https://app:Kd83kfD9@example.org/", ["password in a URL"]),
        ("/usr/bin/app --password-file=/etc/app/pw --token=/etc/app/token", []),
        ("/usr/bin/app --password=$DB_PASSWORD --token=%d/token", []),
        ("/usr/bin/app --authentication-token-webhook=true --password=true", []),
        ("/bin/sh -c echo password please", []),
        ("/usr/sbin/sshd -D", []),
    ],
)
def test_command_lines(words: str, names: list[str]) -> None:
    assert unit_secrets.command_line(words) == names
