# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What sshd is to grant nobody, and who it grants it to."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats.sshd_config import Setting
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd, sshd_state
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_classes import Probe
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State

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
    to: tuple[Probe, ...]
    line: Setting | None


def forwarding(*, bastion: bool) -> Wanted:
    """The settings of rule `forwarding`."""
    return tuple(ON_BASTIONS if bastion and one[0] == ON_BASTIONS[0] else one for one in FORWARDING)


def lines(*, bastion: bool) -> list[str]:
    """The settings as sshd_config has them."""
    return [f"{keyword} {value}" for keyword, value, _others in (*forwarding(bastion=bastion), *HOSTBASED)]


def unasked(state: State) -> int:
    """How many classes of users, and Match lines, sshd was not asked about although what they set may count."""
    ours = {keyword.lower() for keyword, _value, _others in (*FORWARDING, *HOSTBASED)}
    return state.unasked + len(sshd_state.unaskable(state.settings, ours))


def grants(state: State, wanted: Wanted) -> list[Grant]:
    """What is granted against these settings, each once a value and line, with those who get it."""
    found: dict[tuple[str, str, Setting | None], list[Probe]] = {}
    for probe, values in state.answers:
        for keyword, value, others in wanted:
            now = value_of(values, keyword)
            if now not in (value, *others):
                found.setdefault((keyword, now, sshd_state.deciding(state, probe, keyword)), []).append(probe)
    should = {keyword: value for keyword, value, _others in wanted}
    return [Grant(key, now, should[key], tuple(probes), line) for (key, now, line), probes in found.items()]


def value_of(values: sshd.Values, keyword: str) -> str:
    """What is in force; a keyword that this sshd does not know grants nothing."""
    if keyword in _DISABLED and values.get("disableforwarding") == ("yes",):
        return "no"
    return values.get(keyword.lower(), ("yes" if keyword == "IgnoreRhosts" else "no",))[0].lower()


def summary(state: State, found: t.Iterable[Grant]) -> str:
    """What is granted, and to whom, as the end of a sentence."""
    to: dict[str, dict[Probe, None]] = {}
    for grant in found:
        to.setdefault(f"{grant.keyword} {grant.found}", {}).update(dict.fromkeys(grant.to))
    by_whom: dict[str, list[str]] = {}
    for what, probes in to.items():
        by_whom.setdefault(sshd_state.whom(state, probes), []).append(what)
    return "; ".join(f"{', '.join(what)} for {name}" for name, what in by_whom.items())
