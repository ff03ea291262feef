# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No text of a host may become markup, a terminal's command, a template or something that reads otherwise than it is."""

from __future__ import annotations

import collections
import html.parser
import json
import unicodedata
import xml.etree.ElementTree as ET

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._report.writers import (
    console,
    junit,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._report.writers import (
    html as html_writer,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._report.writers import (
    json as json_writer,
)
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._report.samples import (
    HOSTILE,
    hostile,
    hostile_finding,
    written,
)

hostile_texts = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)


class Structure(html.parser.HTMLParser):
    """The tags of a page with the names of their attributes, and its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(" ".join([tag, *(name for name, _value in attrs)]))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        self.tags.append("comment")

    def handle_data(self, data: str) -> None:
        self.text += data


def structure(page: str) -> Structure:
    parsed = Structure()
    parsed.feed(page)
    parsed.close()
    return parsed


def is_visible(text: str) -> bool:
    return all(one.isprintable() or one == "\n" or unicodedata.category(one) == "Zs" for one in text)


@hostile_texts
def test_html_keeps_its_structure(text: str) -> None:
    page = structure(written(html_writer.write, hostile(text)))
    harmless = structure(written(html_writer.write, hostile("harmless")))
    # Counted, since the order of hosts and principles follows their names.
    assert collections.Counter(page.tags) == collections.Counter(harmless.tags)
    assert is_visible(page.text)


@hostile_texts
def test_json_gives_back_what_came_and_is_plain_ascii(text: str) -> None:
    body = written(json_writer.write, hostile(text))
    assert body.isascii()
    assert is_visible(body)
    (record,) = [one for one in json.loads(body)["findings"] if one["host"] == one["rule"] == text]
    assert {key: record[key] for key in hostile_finding(text)} == hostile_finding(text)


@hostile_texts
def test_junit_stays_well_formed(text: str) -> None:
    body = written(junit.write, hostile(text))
    root, harmless = ET.fromstring(body), ET.fromstring(written(junit.write, hostile("harmless")))
    # Counted, since the order of hosts and controls follows their names.
    assert collections.Counter(one.tag for one in root.iter()) == collections.Counter(
        one.tag for one in harmless.iter()
    )
    assert is_visible(body)


@hostile_texts
def test_console_has_no_escapes_and_no_foreign_lines(text: str) -> None:
    lines = [line.text for line in console.lines(hostile(text))]
    assert all(is_visible(line) and "\n" not in line for line in lines)
    assert max(map(len, lines)) < 1000


def test_jinja_of_a_host_is_text() -> None:
    page = structure(written(html_writer.write, hostile(HOSTILE["Jinja expression"])))
    assert "{{ 7*7 }}" in page.text
    assert "49" not in page.text


def test_a_reference_that_is_no_https_address_is_no_link() -> None:
    page = written(html_writer.write, hostile(HOSTILE["javascript address"]))
    assert 'href="javascript:' not in page
