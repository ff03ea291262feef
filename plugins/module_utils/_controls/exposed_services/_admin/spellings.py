# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""A pattern for all ways in which a path of a web interface can be written, so that none gets by what shuts it.

Servers, and programs behind them, do not agree on what is the same path: letters of the other case, %70 for p (also
%2570, where something decodes twice), doubled slashes, "." and ".." between them, ;x=y behind a part, which servlet
containers cut off before they look at "..". The pattern takes them all to be the same; what it closes beyond the
path is what nobody asks for (/x/..;/manager).

PCRE as nginx, Apache httpd and HAProxy have it: without quotes and backslashes, which each of their configurations
would read in its own way. Its repetitions never go back (*+), so that no path is long enough to make it give up, which
these servers take for a path that does not fit.
"""

from __future__ import annotations

import re
import typing as t
import urllib.parse

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: What is behind the name is its own: a slash, a parameter, a query (also where it came encoded), or nothing.
_END = "(?:[/;?#]|%(?:25)*+(?:00|23|2f|3b|3f)|$)"
_SLASH, _DOT = "(?:/|%(?:25)*+2f)", "(?:[.]|%(?:25)*+2e)"
#: One slash, whatever parameter is before it.
_STEP = f"(?:(?:;|%(?:25)*+3b)[^/]*+/|{_SLASH})"
_STEPS = f"(?:{_DOT}?{_STEP})*+"
#: A part that leads up or nowhere, as a server that cuts parameters off reads it.
_UP = f"{_SLASH}{_DOT}{_DOT}?(?:{_SLASH}|;|%(?:25)*+3b|$)"
#: All but the tokens of an authority that proves who has a name (RFC 8555, section 8.3).
EVERYTHING = "(?is)^(?!/[.]well-known/acme-challenge/[0-9a-z_-]+$)"
_KNOWN = re.compile(r"[0-9A-Za-z._~/+:,=@$*()! -]*")


def pattern(path: str) -> str:
    """What fits a path, and all below it, however it is written; "/" is the whole site. Raises Refused."""
    plain = urllib.parse.unquote(path)
    if not _KNOWN.fullmatch(plain):
        raise Refused(f"{printable(path)} has characters that no rule of ours is written for; close it by hand")
    parts = [part for part in plain.split("/") if part not in ("", ".", "..")]
    if not parts:
        return EVERYTHING
    written = [_written(part) for part in parts]
    between = f"{_STEP}{_STEPS}"
    return f"(?is)^(?:/{_STEPS}{between.join(written)}|(?=.*{_UP}).*{_SLASH}{written[0]}){_END}"


def fits(found: str, path: str) -> bool:
    """Whether a pattern of ours closes a path: it is the one for that path, or for one above."""
    try:
        return any(found == pattern(one) for one in _above(path))
    except Refused:
        return False


def others(path: str) -> tuple[str, ...]:
    """Some other ways to ask for a path, by which it is seen that none of them gets in."""
    name = next((part for part in path.split("/") if part), "")
    if not name:
        return ()
    encoded = "".join(f"%{ord(one):02x}" for one in name)
    return (f"/{path}", path.replace(name, name.swapcase(), 1), path.replace(name, encoded, 1), f"/x/..{path}")


def _above(path: str) -> t.Iterator[str]:
    parts = [part for part in path.split("/") if part]
    for count in range(len(parts) + 1):
        yield "/".join(("", *parts[:count]))


def _written(part: str) -> str:
    return "".join(_letter(one) for one in part)


def _letter(one: str) -> str:
    """A character, or its code; of a letter those of both cases, which differ by 0x20."""
    codes = f"(?:{ord(one.lower()):02x}|{ord(one.upper()):02x})" if one.isalpha() else f"{ord(one):02x}"
    return f"(?:{one if one.isalnum() else f'[{one}]'}|%(?:25)*+{codes})"
