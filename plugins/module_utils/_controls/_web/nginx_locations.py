# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""nginx: which location of a server a path comes to, after ngx_http_core_find_location (ngx_http_core_module.c).

An exact one first, else the longest prefix with what is nested in it, which regular expressions outweigh in the order
in which they stand, unless the prefix says ^~.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats.nginx_conf import Directive

_PATTERN = re.compile(r"(=|\^~|~\*|~|@)?\s*(.*)", re.DOTALL)


def chosen(block: t.Iterable[Directive], path: str) -> tuple[Directive, ...]:
    """The location that takes a path (decoded, without query), those around it first; () where none does."""
    return _found(block, path)[0]


def all_in(block: t.Iterable[Directive]) -> t.Iterator[Directive]:
    """Every location, with those nested in it."""
    for one in block:
        if one.name == "location" and one.block is not None:
            yield one
            yield from all_in(one.block)


def split(location: Directive) -> tuple[str, str]:
    """How it matches ("", "=", "^~", "~", "~*", "@" for a name), and what."""
    match = _PATTERN.fullmatch(" ".join(location.arguments))
    return (match[1] or "", match[2]) if match else ("", "")


def _found(block: t.Iterable[Directive], path: str) -> tuple[tuple[Directive, ...], bool]:
    """The locations, and whether no expression further out is asked."""
    here = [(one, *split(one)) for one in block if one.name == "location"]
    exact = [one for one, how, what in here if how == "=" and what == path]
    if exact:
        return (exact[0],), True
    prefixes = [(len(what), one, how) for one, how, what in here if how in ("", "^~") and path.startswith(what)]
    _length, best, how = max(prefixes, key=lambda found: found[0], default=(0, None, ""))
    inner, settled = _found(best.block or (), path) if best else ((), False)
    if settled or how == "^~":
        return ((best, *inner) if best else ()), settled
    for one, kind, what in here:
        if kind in ("~", "~*") and _matches(what, path, ignore_case=kind == "~*"):
            return (one, *_found(one.block or (), path)[0]), True
    return ((best, *inner) if best else ()), False


def _matches(expression: str, path: str, *, ignore_case: bool) -> bool:
    """One that Python cannot read matches nothing here."""
    try:
        return bool(re.search(expression, path, re.IGNORECASE if ignore_case else 0))
    except re.error:
        return False
