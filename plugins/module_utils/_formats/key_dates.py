# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Dates in the names and comments of keys, which tell how old a key is (Mozilla: id_ed25519_mozilla_2024-05-01)."""

from __future__ import annotations

import datetime
import re

_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
#: No key of SSH or TLS is older; what is before is a number that looks like a date.
_FIRST = datetime.date(1995, 1, 1)


def date_in(text: str) -> datetime.date | None:
    """The last date that the text tells; None where it tells none."""
    found = [date for date in map(parse, ("-".join(match) for match in _DATE.findall(text))) if date]
    return found[-1] if found else None


def parse(text: str) -> datetime.date | None:
    """The day of such a text as 2024-05-01; None where it is none that a key could be of."""
    try:
        date = datetime.date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None
    return date if date and date >= _FIRST else None
