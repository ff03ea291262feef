# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The order of Debian's version numbers, deb-version(7)."""

from __future__ import annotations

import re
import typing as t

Key = tuple[t.Any, ...]

_PIECES = re.compile(r"([^0-9]*)([0-9]*)")
_VERSION = re.compile(r"(?:(?P<epoch>[0-9]{1,10}):)?(?P<upstream>[0-9][A-Za-z0-9.+:~-]*)")
_REVISION = re.compile(r"[A-Za-z0-9.+~]+")
#: What is compared where a version has ended: nothing sorts before everything but a tilde, and is worth 0 as a number.
_END = ((0,), (0, ""))


class VersionError(ValueError):
    """Text that is no version: dpkg would refuse it."""


def key(version: str) -> Key:
    """What versions are compared by: `key(a) < key(b)` as `dpkg --compare-versions a lt b`. Raises VersionError."""
    front, dash, revision = version.rpartition("-") if "-" in version else (version, "", "")
    match = _VERSION.fullmatch(front)
    if match is None or (dash and not _REVISION.fullmatch(revision)) or (match["epoch"] is None and ":" in front):
        raise VersionError(f"{version!r} is no version of a Debian package")
    return (int(match["epoch"] or 0), part_key(match["upstream"]), part_key(revision))


def part_key(text: str) -> Key:
    """The order of one part: letters before all other signs, "~" before the end, runs of digits by their number."""
    pieces = [(_weights(signs), _number(digits)) for signs, digits in _PIECES.findall(text)]
    while pieces and pieces[-1] == _END:
        pieces.pop()
    # Twice, since a version may also begin with what is worth nothing ("0" and "0~").
    return (*pieces, _END, _END)


def _weights(signs: str) -> tuple[int, ...]:
    return (*map(_weight, signs), 0)


def _weight(sign: str) -> int:
    if sign == "~":
        return -1
    return ord(sign) if sign.isalpha() else ord(sign) + 256


def _number(digits: str) -> tuple[int, str]:
    """As long digits as anybody likes: by their length, then as text."""
    plain = digits.lstrip("0")
    return (len(plain), plain)
