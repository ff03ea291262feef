# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Content security policies: how several are one, and what hostile ones cannot do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.infosec.principles.plugins.module_utils._formats import csp

SELF, NONE = ("'self'",), (csp.NONE,)


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("default-src 'self'", {"default-src": SELF}),
        ("Default-Src 'SELF' ;; img-src ;", {"default-src": SELF, "img-src": NONE}),
        ("upgrade-insecure-requests", {"upgrade-insecure-requests": ()}),
        ("script-src\t'self'\r\n  https://a.example", {"script-src": ("'self'", "https://a.example")}),
        ("report-uri /a; report-uri /b", {"report-uri": ("/a",)}),
    ],
)
def test_a_policy(text: str, policy: csp.Policy) -> None:
    assert csp.parse(text) == policy


@pytest.mark.parametrize("text", ["", "x", "   ", "img-src a; IMG-SRC b"])
def test_no_policy(text: str) -> None:
    with pytest.raises(csp.BadPolicy):
        csp.parse(text)


def test_a_comma_stands_between_policies() -> None:
    assert csp.split(["default-src 'self', img-src *", " "]) == ["default-src 'self'", "img-src *"]


def test_what_several_have_in_common() -> None:
    first, second = csp.parse("img-src a.example b.example"), csp.parse("img-src b.example; font-src c.example")
    assert csp.combine([first, second]) == {"img-src": ("b.example",), "font-src": NONE}
    assert csp.combine([]) == {}


@pytest.mark.parametrize(
    ("texts", "who"),
    [
        (["default-src 'self'"], None),
        (["x", "frame-ancestors 'none'"], ("'none'",)),
        (["frame-ancestors"], ()),
        ([], None),
    ],
)
def test_who_may_frame(texts: list[str], who: tuple[str, ...] | None) -> None:
    assert csp.frame_ancestors(texts) == who


WORDS = st.sampled_from(
    ["default-src", "script-src", "'self'", ";", ",", "'strict-dynamic'", "'nonce-a'", "http:", "\0"]
)


@given(st.one_of(st.text(max_size=400), st.lists(WORDS, max_size=40).map(" ".join)))
def test_hostile_policies_raise_nothing_else(text: str) -> None:
    for part in csp.split([text]):
        try:
            policy = csp.parse(part)
            csp.scripts(policy)
            csp.styles(policy)
        except csp.BadPolicy:
            continue


def test_a_policy_without_end_is_cut() -> None:
    (found,) = csp.split(["img-src " + "a" * 1_000_000])
    assert len(found) == csp.MAX_TEXT
