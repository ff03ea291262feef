# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""htpasswd: how many users a file of passwords has, and that no hash comes along."""

from __future__ import annotations

import re

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import htpasswd


def test_users_and_kinds_of_htpasswd() -> None:
    text = "# users\nann:$apr1$F5Jx5fEx$abc\nbob:$2y$05$abc\n\ncarl:{SHA}abc=\ndora:open sesame\nerik:!\nfay:\n"
    store = htpasswd.colons(text)
    assert store.told == "4 users (1 SHA, 1 apr1 (MD5), 1 bcrypt, 1 clear text or unknown)"
    assert "open sesame" not in repr(store)


def test_htdigest_has_the_hash_in_its_third_field() -> None:
    assert htpasswd.colons(f"ann:realm:{'0a' * 16}\nbob:realm\n", 2).told == "1 user (1 MD5)"


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("$y$j9T$a$b", "yescrypt"),
        ("$6$salt$hash", "sha512crypt"),
        ("$7$101$salt$hash", "argon2 or PBKDF2"),
        ("{BLF-CRYPT}$2y$", "BLF-CRYPT"),
        ("ab9lG5LSjoQfM", "descrypt"),
        ("secret", htpasswd.UNKNOWN),
    ],
)
def test_kinds(field: str, kind: str) -> None:
    assert htpasswd.kind_of(field) == kind


def test_secrets_of_ppp_are_in_clear() -> None:
    text = "# client server secret IP\nann * open-sesame *\n;bob * x\n\n"
    assert htpasswd.blanks(text).told == "1 user (1 clear text)"
    assert htpasswd.blanks("# nobody\n").users == 0


def test_a_database_has_a_user_for_each_name() -> None:
    data = b"..USER_ann\0..USER_bob\0..USER_ann\0"
    assert htpasswd.marked(data, re.compile(rb"USER_(\w+)\0")).users == 2
