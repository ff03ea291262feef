# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""How bad a vulnerability is, in OSV's words (CVSS vectors, or a word of the database) and in Mozilla's levels."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils import _libraries

UNKNOWN = "unknown"
CRITICAL = "critical"
#: CVSS' qualitative scale, the worst first: the lowest base score of each (https://www.first.org/cvss/v3.1/specification-document).
_SCALE = ((9.0, CRITICAL), (7.0, "high"), (4.0, "medium"), (0.0, "low"))
_LEVELS = (UNKNOWN, "low", "medium", "high", CRITICAL)
_WORDS = {"moderate": "medium", "important": "high", "none": "low", "info": "low", "negligible": "low"}
#: Mozilla's level of risk. What nobody has rated is not harmless.
RISKS = {CRITICAL: "maximum", "high": "high", "medium": "medium", "low": "low", UNKNOWN: "high"}


@dataclasses.dataclass(frozen=True)
class Severity:
    """level: one of unknown, low, medium, high, critical. score: CVSS base score, None where it is not known."""

    level: str = UNKNOWN
    score: float | None = None
    vector: str = ""

    @property
    def rank(self) -> tuple[int, float]:
        """Sorts the worst last."""
        return (_LEVELS.index(self.level), self.score or 0.0)

    @property
    def text(self) -> str:
        """For a person."""
        return f"CVSS {self.score} {self.level}" if self.score is not None else f"severity {self.level}"


def severity(vectors: t.Iterable[str], word: str = "", score: float | None = None) -> Severity:
    """The worst that the vectors say; without any (or without the library cvss) by the score, or the word."""
    rated = [Severity(level(one), one, vector) for vector in vectors for one in _score(vector)]
    if rated:
        return max(rated, key=lambda one: one.rank)
    if score is not None:
        return Severity(level(score), score)
    spoken = _WORDS.get(word.lower(), word.lower())
    return Severity(spoken if spoken in _LEVELS else UNKNOWN)


def level(score: float) -> str:
    """The word for a base score."""
    return next(word for least, word in _SCALE if score >= least)


@functools.lru_cache(maxsize=8192)
def _score(vector: str) -> tuple[float, ...]:
    """The base score; none for what is no vector, or without the library."""
    library = _libraries.cvss()
    kind = next((kind for head, kind in _KINDS.items() if vector.startswith(head)), "")
    if library is None or not kind:
        return ()
    try:
        return (float(getattr(library, kind)(vector).scores()[0]),)
    except library.CVSSError:
        return ()


_KINDS = {"CVSS:3": "CVSS3", "CVSS:4": "CVSS4", "AV:": "CVSS2"}
