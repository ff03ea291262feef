# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Ports of the register: 443/tcp, 8000-8010/udp."""

from __future__ import annotations

import dataclasses
import re
import typing as t

REMEDY = "write port/protocol such as 443/tcp, or a range such as 8000-8010/udp (tcp or udp, 1 to 65535)"
_FORM = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?/(tcp|udp)")


@dataclasses.dataclass(frozen=True, order=True)
class Port:
    """One port, or all from first to last, of a protocol ("tcp" or "udp")."""

    protocol: str
    first: int
    last: int

    def __str__(self) -> str:
        ports = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        return f"{ports}/{self.protocol}"

    def within(self, other: Port) -> bool:
        """Whether all of it belongs to the other."""
        return self.protocol == other.protocol and other.first <= self.first and self.last <= other.last

    def as_dict(self) -> dict[str, t.Any]:
        """As the controls take it."""
        return {"first": self.first, "last": self.last, "protocol": self.protocol}


def parse(text: str) -> Port:
    """Read 443/tcp or 8000-8010/udp. Raises ValueError."""
    match = _FORM.fullmatch(text)
    if not match:
        raise ValueError(REMEDY)
    first, last = int(match[1]), int(match[2] or match[1])
    if not 1 <= first <= last <= 65535:
        raise ValueError(REMEDY)
    return Port(match[3], first, last)


def ranges(ports: t.Iterable[tuple[str, int]]) -> tuple[Port, ...]:
    """Join (protocol, port) pairs that follow each other; sorted, each named once."""
    joined: list[Port] = []
    for protocol, port in sorted(set(ports)):
        if joined and (joined[-1].protocol, joined[-1].last) == (protocol, port - 1):
            joined[-1] = dataclasses.replace(joined[-1], last=port)
        else:
            joined.append(Port(protocol, port, port))
    return tuple(joined)
