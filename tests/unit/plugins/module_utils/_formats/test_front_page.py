# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Front pages: what they bring in, however they are written, and what hostile ones cannot do."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.infosec.principles.plugins.module_utils._formats import front_page
from ansible_collections.infosec.principles.plugins.module_utils._formats.front_page import FrontPage, Script

PAGE = b"""<!DOCTYPE html><HTML><head>
<meta http-equiv=" Content-Security-Policy " content="default-src 'self'"><META NAME=Referrer CONTENT=no-referrer>
<link rel="preload stylesheet" href=/a.css><link rel=icon href=/i.png>
<script src="/a.js" SRC="/second.js" integrity=sha384-x></script><script>document.write('<script src="/no.js">')</script>
<!-- <script src="/comment.js"></script> -->
</head><body><img src=http://a.example/x.png><iframe src='//b.example/'></iframe><form action=/go><object data=o></object>
<script src=" https://c.example/c.js?a=1&amp;b=2 "></script>
"""


def test_what_a_page_brings_in() -> None:
    assert front_page.parse(PAGE) == FrontPage(
        tags=3,
        scripts=(Script("/a.js", integrity=True), Script("https://c.example/c.js?a=1&b=2", integrity=False)),
        styles=("/a.css",),
        active=("//b.example/", "/go", "o"),
        passive=("http://a.example/x.png",),
        policies=("default-src 'self'",),
        referrer=("no-referrer",),
    )


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe<\0s\0", b"<![", b"<!doctype [<", b"<script src", b"</", b"&#x110000;"]
)
def test_broken_pages_are_read(body: bytes) -> None:
    assert isinstance(front_page.parse(body), FrontPage)


@given(st.one_of(st.binary(max_size=2000), st.text(alphabet="<>!/ =\"'abscript-[]&;#", max_size=500).map(str.encode)))
def test_hostile_pages_are_read(body: bytes) -> None:
    assert isinstance(front_page.parse(body), FrontPage)


HEAVY = (
    "<a ",
    "<",
    "<!--",
    "&",
    "<b>",
    "</",
    "<!",
    "<?",
    "<a b='",
    "<a b=\"'",
    "<script>",
    "</a ",
    "<a =",
    "<a b= ",
    "<a/",
)


@pytest.mark.parametrize("part", HEAVY)
def test_hostile_pages_cost_little(part: str) -> None:
    body = (part * 300_000).encode()[: front_page.MAX_TEXT]
    begun = time.process_time()
    front_page.parse(body)
    assert time.process_time() - begun < 2


def test_so_many_things_are_kept() -> None:
    found = front_page.parse(b"<script src=a></script>" * 5000)
    assert (found.tags, len(found.scripts)) == (5000, front_page.MOST)
