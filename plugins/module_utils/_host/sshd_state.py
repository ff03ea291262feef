# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What each sshd grants to whom: its answers for every class of user and place, asked once for all controls."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import sshd_config
from ansible_collections.infosec.principles.plugins.module_utils._formats.sshd_config import Criteria, Setting
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd, sshd_classes
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_classes import Probe


@dataclasses.dataclass(frozen=True)
class State:
    """One sshd as it is.

    answers: what it says (`sshd -T -C`) for each class. unasked: how many more classes there would be.
    """

    daemon: sshd.Daemon
    settings: tuple[Setting, ...]
    answers: tuple[tuple[Probe, sshd.Values], ...]
    unasked: int


@dataclasses.dataclass(frozen=True)
class States:
    """Every sshd that runs here. problems: by its name, why one does not say what is in force."""

    known: tuple[State, ...]
    problems: t.Mapping[str, str]


def read(host: Host) -> States:
    """Ask every sshd about each class of user. Use as `host.once(sshd_state.read)`."""
    known: list[State] = []
    problems: dict[str, str] = {}
    for daemon in host.once(sshd.read):
        try:
            known.append(ask(host, daemon))
        except HostError as exc:
            problems[daemon.name] = str(exc)
    return States(tuple(known), problems)


def ask(host: Host, daemon: sshd.Daemon) -> State:
    """One sshd. Raises HostError."""
    settings = sshd.settings(host, daemon.config)
    probes, unasked = sshd_classes.probes(host, daemon, settings)
    answers = tuple((probe, sshd.effective(host, daemon, probe.specification)) for probe in probes)
    return State(daemon, settings, answers, unasked)


def unaskable(settings: t.Iterable[Setting], keywords: t.Collection[str]) -> set[tuple[Criteria, ...]]:
    """Match lines that nobody can be made up for, where what they set of these keywords (lower case) may count."""
    decided: set[str] = set()
    found: set[tuple[Criteria, ...]] = set()
    for setting in settings:
        if setting.keyword in keywords and setting.keyword not in decided and setting.under:
            if sshd_config.everyone(setting.under):
                decided.add(setting.keyword)
            elif any(name not in sshd_classes.KNOWN for one in setting.under for name, _patterns in one):
                found.add(setting.under)
    return found


def deciding(state: State, probe: Probe, keyword: str) -> Setting | None:
    """The line that counts: the first under matching Match lines, else the first outside; None for a default."""
    own = [one for one in state.settings if one.keyword == keyword.lower()]
    matching = [one for one in own if one.under and probe.meets(one.under)]
    return next(iter((*matching, *(one for one in own if not one.under))), None)


def whom(state: State, probes: t.Collection[Probe]) -> str:
    """Those who the connections stand for, in a few words."""
    missing = [probe for probe, _values in state.answers if probe not in probes]
    if not missing:
        return "everyone"
    elsewhere = {probe.names for probe in missing}
    not_here = {probe.where for probe in missing}
    names = [name for probe in probes if probe.names not in elsewhere for name in probe.names]
    names += [f"everyone{probe.where}" for probe in probes if probe.where not in not_here]
    rest = [probe for probe in probes if probe.names in elsewhere and probe.where in not_here]
    names += [f"{name}{probe.where}" for probe in rest for name in probe.names]
    return sshd_classes.shorten(list(dict.fromkeys(names)))
