# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Makes text that came from a host safe to show: what a host says may try to speak to the reader's terminal or eyes."""

from __future__ import annotations

import re
import typing as t
import unicodedata

_UNUSUAL = re.compile(r"[^ -~\n\t]")


def clean(value: t.Any, *, limit: int = 0) -> str:
    """The value as text in which every control, format, bidirectional or half character is spelt out (``\\x1b``).

    Line feeds and tabs stay. limit: characters to keep at most (0: all); what was cut is counted at the end.
    """
    text = value if isinstance(value, str) else str(value)
    cut = len(text) - limit if 0 < limit < len(text) else 0
    kept = text[:limit] if cut else text
    shown = kept if kept.isprintable() else _UNUSUAL.sub(_visible, kept)
    return f"{shown}… ({cut} more characters)" if cut else shown


def one_line(value: t.Any, *, limit: int = 0) -> str:
    """Like clean, with line feeds and tabs spelt out as well."""
    return clean(value, limit=limit).replace("\n", "\\n").replace("\t", "\\t")


def _visible(match: re.Match[str]) -> str:
    character = match[0]
    # Every space separator is as harmless as a blank; isprintable() lets only the blank pass.
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
