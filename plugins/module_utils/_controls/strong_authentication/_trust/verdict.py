# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What the families of network_trust say, and what they have in common."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._host import processes, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.configs import command_line, text
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

__all__ = ["command_line", "text"]

#: Verdicts of one rule; what is beyond is counted.
MAX_FOUND = 100
#: Connected addresses that evidence names.
NAMED = 10


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a family says of one subject. rule: "" for the first rule of the family, else the name of another."""

    subject: str
    status: str
    message: str
    evidence: tuple[Evidence, ...] = ()
    fix: tuple[Change, ...] = ()
    remedy: str = ""
    rule: str = ""


def seen(host: Host) -> tuple[sockets.Listener, ...]:
    """Every listener with its process. Raises NeedsRoot where not all processes can be seen: none found is not none."""
    processes.need_holders(host)
    return host.once(sockets.read)


def listeners(host: Host, *names: str) -> tuple[sockets.Listener, ...]:
    """The sockets on which processes of these names take packets, containers' left out. Raises NeedsRoot."""
    return tuple(item for item in seen(host) if item.process in names and not item.published_by)


def exposed(found: t.Iterable[sockets.Listener]) -> list[str]:
    """The ports among them that other hosts can reach, as 873/tcp."""
    return list(dict.fromkeys(item.name for item in found if not item.loopback))


def in_use(host: Host, *ports: tuple[str, int]) -> tuple[Evidence, ...]:
    """Evidence of the addresses that are connected to one of the ports now; none where nobody is."""
    connected = sockets.peers(host)
    peers = sorted({peer for port in ports for peer in connected.get(port, ())})
    more = f" and {len(peers) - NAMED} more" if len(peers) > NAMED else ""
    return (Evidence("connected now", f"{', '.join(peers[:NAMED])}{more}"),) if peers else ()


def is_local(address: str) -> bool:
    """Whether a network, address or name stands for this host alone."""
    if address.lower() in ("localhost", "localhost.localdomain", "localhost4", "localhost6", "ip6-localhost"):
        return True
    try:
        return ipaddress.ip_network(address.strip("[]"), strict=False).is_loopback
    except ValueError:
        return False


def bounded(found: t.Iterable[Verdict], what: str, rule: str = "") -> t.Iterator[Verdict]:
    """At most MAX_FOUND of the verdicts, and one that says how many were left out."""
    count = 0
    for verdict in found:
        count += 1
        if count <= MAX_FOUND:
            yield verdict
    if count > MAX_FOUND:
        yield Verdict(what, f.NOT_ASSESSED, f"{count - MAX_FOUND} more were found and are not listed", rule=rule)
