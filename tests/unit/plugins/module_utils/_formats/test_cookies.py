# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cookies: flags in any spelling, what browsers do not take, and what hostile ones cannot do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.infosec.principles.plugins.module_utils._formats import cookies
from ansible_collections.infosec.principles.plugins.module_utils._formats.cookies import Cookie


def one(text: str) -> Cookie:
    (found,) = cookies.parse([text])
    return found


def test_flags_in_any_spelling() -> None:
    found = one('sid="a=b"; SECURE ;httponly; samesite = LAX; Path=/x; domain=.example.org')
    assert (found.name, found.secure, found.http_only, found.same_site) == ("sid", True, True, "lax")
    assert (found.path, found.domain, found.gone, found.odd) == ("/x", ".example.org", False, False)


def test_a_value_is_never_kept() -> None:
    assert "hunter2" not in repr(cookies.parse(["session=hunter2; Secure", "hunter2", "=hunter2"]))


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("__Host-a=1; Secure; Path=/", ""),
        ("__Host-a=1; Secure", "__Host- wants Secure, Path=/ and no Domain"),
        ("__Host-a=1; Secure; Path=/; Domain=x", "__Host- wants Secure, Path=/ and no Domain"),
        ("__Secure-a=1", "__Secure- wants Secure"),
        ("__Secure-a=1; Secure", ""),
        ("a=1; SameSite=None", "SameSite=None wants Secure"),
        ("a=1; SameSite=None; Secure", ""),
    ],
)
def test_what_browsers_do_not_take(text: str, refused: str) -> None:
    assert one(text).refused == refused


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("a=; Max-Age=0", True),
        ("a=; Max-Age=-1", True),
        ("a=; expires=Thu, 01 Jan 1970 00:00:00 GMT", True),
        ("a=; expires=Thu, 01-Jan-1970 00:00:00 GMT", True),
        ("a=; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60", False),
        ("a=1; Max-Age=60", False),
    ],
)
def test_what_a_server_takes_away(text: str, gone: bool) -> None:
    assert one(text).gone == gone


def test_so_many_are_read() -> None:
    assert len(cookies.parse(["a=1"] * 100_000)) == cookies.MOST


@given(st.lists(st.text(max_size=200), max_size=5))
def test_hostile_cookies_are_read(texts: list[str]) -> None:
    for found in cookies.parse(texts):
        assert found.name
        assert found.same_site in ("", *cookies.SAME_SITE)
