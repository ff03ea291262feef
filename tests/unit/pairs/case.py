# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One machine for a control to judge, and what the judgement must be."""

from __future__ import annotations

import dataclasses
import typing as t

if t.TYPE_CHECKING:
    from .machine import Machine


@dataclasses.dataclass(frozen=True)
class Case:
    """`lay` makes the machine; `fails`, `passes` and `fixed` name rules (without the control's name).

    fails: rules that have a failing finding. passes: rules that have a passing finding. fixed: those of `fails` that the
    control's fix puts right; a case with none there has nothing that may be changed. stays: files (without the leading
    slash) that undo leaves as the fix made them, which is for security updates alone.
    """

    name: str
    lay: t.Callable[[Machine], None]
    options: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    fails: frozenset[str] = frozenset()
    passes: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()
    stays: frozenset[str] = frozenset()
