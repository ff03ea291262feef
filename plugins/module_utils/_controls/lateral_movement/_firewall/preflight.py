# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Before a firewall is changed: who would be cut off."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import policy
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall.backend import (
    LOG,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall.policy import (
    Admission,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._host import connection, protocols, visitors
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

REMEDY = (
    "Put {} among the clients of the service with {}/tcp in infosec_services, or connect from where the register lets "
    "you in. lateral_movement_allow_self_cutoff overrides this."
)
#: No more than this many addresses are told.
TOLD = 5


@dataclasses.dataclass(frozen=True)
class Refusal:
    """What the wanted state would cut, and how that is known and helped."""

    cuts: str
    evidence: Evidence


def refusal(host: Host, wanted: Wanted) -> Refusal | None:
    """Why the wanted state must not be brought about; None where it may."""
    if wanted.mode == LOG:
        return None
    used = host.once(protocols.read)
    if used:
        return _of_protocols(used)
    carried = host.once(connection.read)
    if carried is None:
        return _of_visitors(wanted.admissions, host.once(visitors.read))
    # From one of this host's own addresses, it comes over loopback.
    return None if carried.peer == carried.local else _of_connection(wanted.admissions, carried)


def _of_protocols(used: t.Sequence[protocols.Use]) -> Refusal:
    """The register knows TCP and UDP alone, so that nothing would let these in."""
    names = ", ".join(use.protocol for use in used)
    found = "; ".join(f"{use.protocol}: {use.source}" for use in used)
    remedy = (
        f"Let the firewall of this host be written by hand, or see that {names} may be cut. "
        "lateral_movement_allow_self_cutoff overrides this."
    )
    return Refusal(
        f"off {names}, which no entry of the register can admit", Evidence("protocols in use", found, remedy)
    )


def _of_connection(admissions: t.Sequence[Admission], carried: connection.Connection) -> Refusal | None:
    peer, port = carried.peer.partition("%")[0], carried.local_port
    if _enters(admissions, peer, port):
        return None
    found = f"it comes from {peer} to {port}/tcp, {_reason(admissions, peer, port)}"
    return Refusal("this very connection", Evidence("SSH connection of this run", found, REMEDY.format(peer, port)))


def _of_visitors(admissions: t.Sequence[Admission], seen: visitors.Visitors) -> Refusal | None:
    """A run without a connection of its own (local, pulled) has none to lose; whoever logs in here has."""
    if not seen.peers or any(_enters(admissions, peer, port) for peer in seen.peers for port in seen.ports):
        return None
    more = f" and {len(seen.peers) - TOLD} more" if len(seen.peers) > TOLD else ""
    peers, port = ", ".join(seen.peers[:TOLD]) + more, seen.ports[0]
    found = f"they come from {peers} to {port}/tcp, {_reason(admissions, seen.peers[0], port)}"
    return Refusal("off all who log in here", Evidence("SSH logins of 90 days", found, REMEDY.format("them", port)))


def _enters(admissions: t.Sequence[Admission], peer: str, port: int) -> bool:
    return ipaddress.ip_address(peer).is_loopback or bool(policy.admitting(admissions, "tcp", peer, port))


def _reason(admissions: t.Sequence[Admission], peer: str, port: int) -> str:
    here = dict.fromkeys(one.service for one in admissions if one.protocol == "tcp" and one.first <= port <= one.last)
    said = [f"{name!r} ({port}/tcp) does not have {peer} among its clients" for name in here]
    said = said or [f"no service of the register that has clients is on {port}/tcp"]
    elsewhere = next((one for one in admissions if one.admits("tcp", peer, one.first)), None)
    said += [f"though {elsewhere.service!r} lets it in to {elsewhere.first}/tcp"] if elsewhere else []
    return ", ".join(said)
