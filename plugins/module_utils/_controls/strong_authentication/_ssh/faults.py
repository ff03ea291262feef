# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What is in force and should not be: each value once, with those whom it concerns and the line that says so."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import drop_in
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats.sshd_config import Setting
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd, sshd_state
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_classes import Probe
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State

COMMAND_LINE = "the command line of sshd"
#: Other names of a keyword, in lower case: lines of other versions decide too.
_ALIASES = {
    "kbdinteractiveauthentication": ("challengeresponseauthentication", "skeyauthentication"),
    "pubkeyacceptedalgorithms": ("pubkeyacceptedkeytypes",),
    "pubkeyacceptedkeytypes": ("pubkeyacceptedalgorithms",),
}


@dataclasses.dataclass(frozen=True)
class Wrong:
    """One value for one connection: what is in force, and what would pass."""

    keyword: str
    found: str
    wanted: str


@dataclasses.dataclass(frozen=True)
class Fault:
    """The same for all whom it concerns. line: None for a default. by_command: -o of the command line says so."""

    wrong: Wrong
    to: tuple[Probe, ...]
    line: Setting | None
    by_command: bool

    @property
    def place(self) -> str:
        """The line that decides, as in messages."""
        if self.by_command:
            return COMMAND_LINE
        return printable(self.line.place) if self.line else "a default"

    @property
    def foreign(self) -> bool:
        """Whether no file of this collection says so."""
        return self.by_command or self.line is None or not drop_in.is_ours(self.line.path)


Judge = t.Callable[[Probe, sshd.Values], t.Iterable[Wrong]]


def collect(state: State, judge: Judge) -> tuple[Fault, ...]:
    """What `judge` finds wrong for the classes of users of this sshd."""
    found: dict[tuple[Wrong, Setting | None, bool], list[Probe]] = {}
    for probe, values in state.answers:
        for wrong in judge(probe, values):
            key = (wrong, _deciding(state, probe, wrong.keyword), _commanded(state, wrong.keyword))
            found.setdefault(key, []).append(probe)
    return tuple(Fault(wrong, tuple(to), line, command) for (wrong, line, command), to in found.items())


def _deciding(state: State, probe: Probe, keyword: str) -> Setting | None:
    names = (keyword.lower(), *_ALIASES.get(keyword.lower(), ()))
    lines = [line for line in (sshd_state.deciding(state, probe, name) for name in names) if line]
    return min(lines, key=lambda line: (not line.under, state.settings.index(line)), default=None)


def _commanded(state: State, keyword: str) -> bool:
    """Whether an -o of the command line sets it: that outweighs every file."""
    words = (word.replace("=", " ").split(None, 1)[0].lower() for word in state.daemon.arguments if word.strip("-= "))
    return keyword.lower() in words


def evidence(state: State, fault: Fault) -> Evidence:
    """One line of it."""
    whom = printable(sshd_state.whom(state, fault.to))
    source = f"{state.daemon.program} -T (default)" if fault.place == "a default" else fault.place
    return Evidence(source, f"{fault.wrong.keyword} {printable(fault.wrong.found)} for {whom}", fault.wrong.wanted)


def summary(state: State, found: t.Iterable[Fault]) -> str:
    """The same as the end of a sentence."""
    told: dict[str, dict[Probe, None]] = {}
    for fault in found:
        told.setdefault(f"{fault.wrong.keyword} {fault.wrong.found}", {}).update(dict.fromkeys(fault.to))
    return "; ".join(f"{printable(what)} for {printable(sshd_state.whom(state, to))}" for what, to in told.items())
