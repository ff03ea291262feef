# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""How systemd spells paths and other words in the names of units (systemd.unit(5), "String escaping for inclusion")."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[a-zA-Z0-9:_.]")


def escape(text: str) -> str:
    """What `systemd-escape TEXT` prints."""
    return "".join(_spell(char, first=number == 0) for number, char in enumerate(text))


def of_path(path: str, suffix: str) -> str:
    """The unit of a path: /srv/my data, mount -> srv-my\\x20data.mount."""
    words = [word for word in path.split("/") if word]
    return f"{escape('/'.join(words)) if words else '-'}.{suffix}"


def _spell(char: str, *, first: bool) -> str:
    if char == "/":
        return "-"
    if _PLAIN.match(char) and not (first and char == "."):
        return char
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogateescape"))
