# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""RubyGems: Gem::Version (https://docs.ruby-lang.org/en/master/Gem/Version.html). A letter makes a pre-release."""

from __future__ import annotations

import functools
import itertools
import re
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.versions.fault import VersionFault

_VERSION = re.compile(r"\s*[0-9]+(\.[0-9a-zA-Z]+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?\s*", re.ASCII)
_SEGMENT = re.compile(r"[0-9]+|[a-zA-Z]+")

Segment = t.Union[int, str]


def key(text: str) -> t.Any:
    """Sorts as RubyGems does. Raises VersionFault."""
    if not _VERSION.fullmatch(text):
        raise VersionFault(f"{text!r} is no version of a gem")
    found = _SEGMENT.findall(text.strip().replace("-", ".pre."))
    segments: list[Segment] = [int(one) if one.isdigit() else one for one in found]
    numbers = list(itertools.takewhile(lambda one: isinstance(one, int), segments))
    return _Key(_trimmed(numbers) + _trimmed(segments[len(numbers) :]))


def _trimmed(segments: list[Segment]) -> list[Segment]:
    """Without zeros at the end."""
    while segments and segments[-1] == 0:
        segments = segments[:-1]
    return segments


def _compare(left: list[Segment], right: list[Segment]) -> int:
    """Below 0, 0 or above 0: what is missing is 0, and a word comes before each number."""
    for one, other in itertools.zip_longest(left, right, fillvalue=0):
        if one != other:
            return 1 if _place(one) > _place(other) else -1
    return 0


def _place(segment: Segment) -> tuple[int, int, str]:
    return (1, segment, "") if isinstance(segment, int) else (0, 0, segment)


_Key = functools.cmp_to_key(_compare)
