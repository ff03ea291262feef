# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What the register asks of one port: whether TLS is owed, and by which profile it is judged."""

from __future__ import annotations

import dataclasses
import typing as t

Service = t.Mapping[str, t.Any]
ANY = "any"
MODERN, INTERMEDIATE = "modern", "intermediate"


@dataclasses.dataclass(frozen=True)
class Need:
    """entries: the names of those that have the port. owed: one of them asks for TLS. profile: a key of PROFILES.

    anyone: the whole world may come.
    """

    entries: tuple[str, ...]
    owed: bool
    profile: str
    anyone: bool


def of(services: t.Sequence[Service], port: int, profile: str) -> Need:
    """What all entries that have a TCP port ask together. profile: where none names one."""
    entries = [service for service in services if covers(service, port)]
    asked = {service["tls"] for service in entries}
    named = [name for name in (MODERN, INTERMEDIATE) if name in asked]
    return Need(
        entries=tuple(service["name"] for service in entries),
        owed=bool(asked - {"none"}),
        profile=named[0] if named else profile,
        anyone=any(client == ANY or client.endswith("/0") for one in entries for client in one["clients"]),
    )


def covers(service: Service, port: int) -> bool:
    """Whether an entry has the TCP port."""
    return any(one["protocol"] == "tcp" and one["first"] <= port <= one["last"] for one in service["ports"])
