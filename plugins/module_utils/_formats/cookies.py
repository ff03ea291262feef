# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Cookies as a server sets them (RFC 6265bis, section 4.1), and what of them a browser would not take."""

from __future__ import annotations

import dataclasses
import typing as t

#: Who sets more, or longer ones, is not read to the end.
MOST, MAX_TEXT = 200, 8 * 1024
SAME_SITE = ("lax", "strict", "none")
#: Parts of the names of cookies that stand for a login, or for a token against forged requests.
SESSION, FORGERY = ("login", "sess"), ("csrf",)


@dataclasses.dataclass(frozen=True)
class Cookie:
    """One Set-Cookie, never with its value. same_site: in small letters, "" for none or one that is not known."""

    name: str
    secure: bool
    http_only: bool
    same_site: str
    path: str
    domain: str
    gone: bool
    odd: bool

    @property
    def is_session(self) -> bool:
        """Whether its name says that it stands for a login."""
        return any(part in self.name.lower() for part in SESSION)

    @property
    def is_token(self) -> bool:
        """Whether its name says that it is a token against forged requests."""
        return any(part in self.name.lower() for part in FORGERY)

    @property
    def refused(self) -> str:
        """Why browsers do not take it; "" where they do."""
        if self.name.startswith("__Host-") and not (self.secure and self.path == "/" and not self.domain):
            return "__Host- wants Secure, Path=/ and no Domain"
        if self.name.startswith("__Secure-") and not self.secure:
            return "__Secure- wants Secure"
        return "SameSite=None wants Secure" if self.same_site == "none" and not self.secure else ""


def parse(values: t.Iterable[str]) -> tuple[Cookie, ...]:
    """The cookies of an answer; those that it takes away are `gone`, and what has no name is none."""
    found = [_cookie(value[:MAX_TEXT]) for value in list(values)[:MOST]]
    return tuple(one for one in found if one.name)


def _cookie(text: str) -> Cookie:
    pair, *rest = text.split(";")
    name, equals, _value = pair.partition("=")
    said = [(key.strip().lower(), value.strip()) for key, _equals, value in (word.partition("=") for word in rest)]
    words = dict(said)
    site = words.get("samesite", "").lower()
    return Cookie(
        name=name.strip() if equals else "",
        secure="secure" in words,
        http_only="httponly" in words,
        same_site=site if site in SAME_SITE else "",
        path=words.get("path", ""),
        domain=words.get("domain", ""),
        gone=_gone(words),
        odd=any(key == "samesite" and value.lower() not in SAME_SITE for key, value in said),
    )


def _gone(words: t.Mapping[str, str]) -> bool:
    """Max-Age outweighs Expires; servers take a cookie away with a day in 1970."""
    if "max-age" in words:
        return words["max-age"].startswith("-") or words["max-age"] == "0"
    return " 1970 " in f" {words.get('expires', '').replace('-', ' ')} "
