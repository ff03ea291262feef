# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What a page brings in and says of itself, as far as its security goes; read without a tree: nothing is too much."""

from __future__ import annotations

import dataclasses
import html
import re
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


#: The end of a tag, or an attribute with its value in one of three ways (HTML, "Tokenization").
_PART = re.compile(
    r"""[\s/]*(?:(?P<end>>)|(?P<name>[^\s/>][^\s/>=]*)(?:\s*=\s*(?:"(?P<two>[^"]*)"|'(?P<one>[^']*)'|(?P<bare>[^\s>"'][^\s>]*)|(?=>)))?)"""
)
_TAG = re.compile(r"[A-Za-z][^\s/>]*")
#: What stands in these is no page.
_RAW = {
    name: re.compile(rf"</{name}[\s/>]", re.IGNORECASE | re.ASCII)
    for name in ("script", "style", "textarea", "title", "iframe", "noframes", "xmp")
}
_ACTIVE = {"iframe": "src", "frame": "src", "embed": "src", "object": "data", "form": "action"}
_PASSIVE = ("img", "audio", "video", "source", "track")


def parse(body: bytes) -> FrontPage:
    """What is read of a page; never raises, since pages are what they are."""
    found = _Found()
    for tag, attributes in tags(body[:MAX_TEXT].decode("utf-8", "replace")):
        found.take(tag, attributes)
    return found.page()


def tags(text: str) -> t.Iterator[tuple[str, dict[str, str]]]:
    """The tags that open, with their attributes. It goes forward alone, and ends where something has no end.

    Not html.parser, which needs the square of the time for hostile pages.
    """
    at = text.find("<")
    while at >= 0:
        name = _TAG.match(text, at + 1)
        if name:
            attributes, at = _attributes(text, name.end())
            tag = name[0].lower()
            if at >= 0:
                yield tag, attributes
            raw = _RAW[tag].search(text, at) if tag in _RAW and at >= 0 else None
            at = raw.start() if raw else -1 if tag in _RAW else at
        else:
            at = _passed(text, at)
        at = text.find("<", at) if at >= 0 else -1


def _passed(text: str, at: int) -> int:
    """Behind a comment, a declaration or the end of an element; behind the sign alone where it is only that."""
    if text.startswith("<!--", at):
        end = text.find("-->", at + 2)
        return end + 3 if end >= 0 else -1
    if text[at + 1 : at + 2] in ("!", "?", "/"):
        end = text.find(">", at)
        return end + 1 if end >= 0 else -1
    return at + 1


def _attributes(text: str, at: int) -> tuple[dict[str, str], int]:
    """Those of a tag, the first of a name, and where it ends; -1 where it does not."""
    found: dict[str, str] = {}
    while True:
        part = _PART.match(text, at)
        if part is None:
            return found, -1
        at = part.end()
        if part["end"]:
            return found, at
        value = next((part[key] for key in ("two", "one", "bare") if part[key] is not None), "")
        if len(found) < MOST:
            found.setdefault(part["name"].lower(), html.unescape(value))


class _Found:
    """What is taken of the tags of a page."""

    def __init__(self) -> None:
        self._tags = 0
        self._found: dict[str, list[t.Any]] = {field.name: [] for field in dataclasses.fields(FrontPage)[1:]}

    def page(self) -> FrontPage:
        return FrontPage(self._tags, **{name: tuple(found) for name, found in self._found.items()})

    def take(self, tag: str, said: t.Mapping[str, str]) -> None:
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
