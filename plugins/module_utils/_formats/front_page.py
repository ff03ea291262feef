# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What a page brings in and says of itself, as far as its security goes; read without a tree: nothing is too much."""

from __future__ import annotations

import dataclasses
import html.parser
import typing as t

#: What is read of a page, and how many things of a kind.
MAX_TEXT, MOST = 256 * 1024, 200
HTML_TYPES = ("text/html", "application/xhtml+xml")


@dataclasses.dataclass(frozen=True)
class Script:
    """A script with an address. source: as it is written."""

    source: str
    integrity: bool


@dataclasses.dataclass(frozen=True)
class FrontPage:
    """tags: the number of all scripts. styles: addresses of style sheets. passive: those of images and media.

    active: those of other things that act (frames, objects) and forms. policies, referrer: said by `meta`.
    """

    tags: int = 0
    scripts: tuple[Script, ...] = ()
    styles: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    passive: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    referrer: tuple[str, ...] = ()


def parse(body: bytes) -> FrontPage:
    """What is read of a page; never raises, since pages are what they are."""
    reader = _Reader()
    text = body[:MAX_TEXT].decode("utf-8", "replace")
    try:
        reader.feed(text)
        reader.close()
    except (AssertionError, ValueError, RecursionError):
        # html.parser has such ends for a few broken declarations; what came before counts.
        pass
    return reader.page()


_ACTIVE = {"iframe": "src", "frame": "src", "embed": "src", "object": "data", "form": "action"}
_PASSIVE = ("img", "audio", "video", "source", "track")


class _Reader(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._tags = 0
        self._found: dict[str, list[t.Any]] = {field.name: [] for field in dataclasses.fields(FrontPage)[1:]}

    def page(self) -> FrontPage:
        return FrontPage(self._tags, **{name: tuple(found) for name, found in self._found.items()})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # The first of two attributes of a name counts (HTML, "Attribute name state").
        said = {name: value or "" for name, value in reversed(attrs)}
        if tag == "script":
            self._tags += 1
            if said.get("src", "").strip():
                self._add("scripts", Script(said["src"].strip(), bool(said.get("integrity", "").strip())))
        elif tag == "link" and "stylesheet" in said.get("rel", "").lower().split():
            self._add("styles", said.get("href", "").strip())
        elif tag == "meta":
            self._meta(said)
        elif tag in _ACTIVE:
            self._add("active", said.get(_ACTIVE[tag], "").strip())
        elif tag in _PASSIVE:
            self._add("passive", said.get("src", "").strip())

    def _meta(self, said: t.Mapping[str, str]) -> None:
        if said.get("http-equiv", "").strip().lower() == "content-security-policy":
            self._add("policies", said.get("content", "").strip())
        elif said.get("name", "").strip().lower() == "referrer":
            self._add("referrer", said.get("content", "").strip())

    def _add(self, where: str, what: t.Any) -> None:
        if what and len(self._found[where]) < MOST:
            self._found[where].append(what)
