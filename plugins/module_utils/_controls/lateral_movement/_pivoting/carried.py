# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What denying would cut: connections that sessions pass on now, and a login by rhosts that carries this run."""

from __future__ import annotations

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._host import login, sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

MAX_NAMED = 10
_REMEDY = "Take another way to where they lead, or declare this host a bastion (lateral_movement_bastion)"
_OVERRIDE = "lateral_movement_allow_self_cutoff overrides this."


def refusal(host: Host, *, bastion: bool, by_rhosts: bool) -> tuple[Evidence, ...]:
    """Why sshd is not to be touched now; nothing where there is no reason.

    A reload leaves open sessions alone, but whoever goes through this host could not come back: another host of this
    very run, perhaps. by_rhosts: whether somebody may log in by rhosts now.
    """
    rides = [ride for ride in host.once(sshd.rides) if not (bastion and ride.outwards)]
    found = [Evidence(f"a session of {ride.account}", _told(ride), f"{_REMEDY}; {_OVERRIDE}") for ride in rides]
    if by_rhosts and own_method(host) == "hostbased":
        remedy = f"Log in with a key of your own; {_OVERRIDE}"
        found.append(Evidence("the SSH connection of this run", "it logged in by HostbasedAuthentication", remedy))
    return tuple(found[:MAX_NAMED])


def _told(ride: sshd.Ride) -> str:
    if ride.outwards:
        return f"it passes a connection on to {ride.peer} port {ride.port}"
    return f"it passes on what {ride.peer} sends to its port {ride.port} here"


def own_method(host: Host) -> str:
    """How the connection of this run logged in ("publickey", "hostbased", …); "" where that is not to be found out."""
    own = host.once(login.read)
    return own.methods[-1] if own else ""
