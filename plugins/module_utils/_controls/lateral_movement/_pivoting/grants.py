# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What sshd is to grant nobody, and who it grants it to."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._pivoting import classes
from ansible_collections.infosec.principles.plugins.module_utils._formats import sshd_config
from ansible_collections.infosec.principles.plugins.module_utils._formats.sshd_config import Criteria, Setting
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

#: Keyword as sshd_config(5) writes it, what it is to be, and what else will do.
FORWARDING: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("AllowAgentForwarding", "no", ()),
    ("AllowTcpForwarding", "no", ()),
    ("AllowStreamLocalForwarding", "no", ()),
    ("X11Forwarding", "no", ()),
    ("PermitTunnel", "no", ()),
    ("GatewayPorts", "no", ()),
)
HOSTBASED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("HostbasedAuthentication", "no", ()),
    ("IgnoreRhosts", "yes", ()),
)
#: ProxyJump goes through `local`; remote forwarding would open ports of the bastion.
ON_BASTIONS = ("AllowTcpForwarding", "local", ("no",))
#: What `DisableForwarding yes` forbids in every version (before 10.0 it forgot X11 and the agent, CVE-2025-32728).
_DISABLED = ("AllowTcpForwarding", "AllowStreamLocalForwarding")


Wanted = t.Sequence[tuple[str, str, tuple[str, ...]]]


@dataclasses.dataclass(frozen=True)
class Grant:
    """Something that sshd grants and should not: to whom, and the line that says so (None for a default)."""

    keyword: str
    found: str
    wanted: str
    to: tuple[classes.Probe, ...]
    line: Setting | None


@dataclasses.dataclass(frozen=True)
class State:
    """One sshd as it is. unasked: how many classes of user it was not asked about."""

    daemon: sshd.Daemon
    settings: tuple[Setting, ...]
    answers: tuple[tuple[classes.Probe, sshd.Values], ...]
    unasked: int


def forwarding(*, bastion: bool) -> Wanted:
    """The settings of rule `forwarding`."""
    return tuple(ON_BASTIONS if bastion and one[0] == ON_BASTIONS[0] else one for one in FORWARDING)


def lines(*, bastion: bool) -> list[str]:
    """The settings as sshd_config has them."""
    return [f"{keyword} {value}" for keyword, value, _others in (*forwarding(bastion=bastion), *HOSTBASED)]


def read(host: Host, daemon: sshd.Daemon) -> State:
    """Ask sshd about each class of user. Raises HostError."""
    settings = sshd.settings(host, daemon.config)
    probes, unasked = classes.probes(host, daemon, settings)
    answers = tuple((probe, sshd.effective(host, daemon, probe.specification)) for probe in probes)
    return State(daemon, settings, answers, unasked + len(_unaskable(settings)))


def _unaskable(settings: t.Iterable[Setting]) -> set[tuple[Criteria, ...]]:
    """Match lines that no connection can be made up for, where what they set may count."""
    decided: set[str] = set()
    found: set[tuple[Criteria, ...]] = set()
    ours = {keyword.lower() for keyword, _value, _others in (*FORWARDING, *HOSTBASED)}
    for setting in settings:
        if setting.keyword in ours - decided and setting.under:
            if sshd_config.everyone(setting.under):
                decided.add(setting.keyword)
            elif any(name not in classes.KNOWN for one in setting.under for name, _patterns in one):
                found.add(setting.under)
    return found


def grants(state: State, wanted: Wanted) -> list[Grant]:
    """What is granted against these settings, each once a value and line, with those who get it."""
    found: dict[tuple[str, str, Setting | None], list[classes.Probe]] = {}
    for probe, values in state.answers:
        for keyword, value, others in wanted:
            now = value_of(values, keyword)
            if now not in (value, *others):
                found.setdefault((keyword, now, _line(state, probe, keyword)), []).append(probe)
    should = {keyword: value for keyword, value, _others in wanted}
    return [Grant(key, now, should[key], tuple(probes), line) for (key, now, line), probes in found.items()]


def value_of(values: sshd.Values, keyword: str) -> str:
    """What is in force; a keyword that this sshd does not know grants nothing."""
    if keyword in _DISABLED and values.get("disableforwarding") == ("yes",):
        return "no"
    return values.get(keyword.lower(), ("yes" if keyword == "IgnoreRhosts" else "no",))[0].lower()


def _line(state: State, probe: classes.Probe, keyword: str) -> Setting | None:
    """The line that counts for the connection: the first under matching Match lines, else the first outside."""
    own = [one for one in state.settings if one.keyword == keyword.lower()]
    matching = [one for one in own if one.under and probe.meets(one.under)]
    return next(iter((*matching, *(one for one in own if not one.under))), None)


def whom(state: State, probes: t.Collection[classes.Probe]) -> str:
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
    return classes.shorten(list(dict.fromkeys(names)))


def summary(state: State, found: t.Iterable[Grant]) -> str:
    """What is granted, and to whom, as the end of a sentence."""
    to: dict[str, dict[classes.Probe, None]] = {}
    for grant in found:
        to.setdefault(f"{grant.keyword} {grant.found}", {}).update(dict.fromkeys(grant.to))
    by_whom: dict[str, list[str]] = {}
    for what, probes in to.items():
        by_whom.setdefault(whom(state, probes), []).append(what)
    return "; ".join(f"{', '.join(what)} for {name}" for name, what in by_whom.items())
