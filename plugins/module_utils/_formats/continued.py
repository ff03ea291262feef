# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Lines that a backslash at their end continues, as many configurations have them."""

from __future__ import annotations

import typing as t


def lines(text: str, glue: str = "") -> t.Iterator[tuple[int, str]]:
    """Each logical line by the number of its first; `glue` stands where two were joined."""
    first, parts = 0, []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        first = first or number
        parts.append(line[:-1] if line.endswith("\\") else line)
        if not line.endswith("\\"):
            yield first, glue.join(parts)
            first, parts = 0, []
    if parts:
        yield first, glue.join(parts)
