# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What the control knows of a proxy, whatever its product is: where requests come in, and where it sends them on."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._web.common import Running
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

#: First words of each passage of ours in somebody's file.
NOTE = "infosec.principles.cleartext_upstreams: the other side proves who it is"
#: What is sent in clear, and what is not. The rest is none of ours.
CLEAR = ("http", "ws", "grpc", "fastcgi", "fcgi", "uwsgi", "scgi", "ajp", "h2c", "memcached", "tcp")
ENCRYPTED = ("https", "wss", "grpcs", "suwsgi", "h2", "tls")


@dataclasses.dataclass(frozen=True)
class Target:
    """One server that requests are sent on to.

    host: "" for a unix socket. place: file and line that name it.
    """

    scheme: str
    host: str
    port: int
    place: str

    @property
    def name(self) -> str:
        """As in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}" if self.host else "a unix socket"

    @property
    def clear(self) -> bool:
        """Whether it is sent to in clear."""
        return self.scheme in CLEAR


def literal(pattern: str) -> str:
    """A path that a pattern matches which is plain up to its end, such as /api/ for ^/api/(.*)$; "" for others."""
    match = re.fullmatch(r"\^?(/[\w./-]*?)(?:\??\(?\.\*\)?)?\$?", pattern)
    return match[1] if match else ""


def untold(place: str, name: str) -> str:
    """What to say of an address that cannot be told; never the address, which may hold a password."""
    return f"{place}: where {name} leads is known only while it runs"


@dataclasses.dataclass(frozen=True)
class Front:
    """Where a real request comes in that is sent on so. path: one that is."""

    port: int
    tls: bool
    name: str
    path: str


@dataclasses.dataclass(frozen=True)
class Route:
    """One place of a configuration that sends requests on.

    subject: stable, without the product's unit ("shop.example.org:443 /api"). ports: those that requests come in at;
    tls: whether by TLS. verified: what it does with https is to verify the other side. unknown: why it cannot be told
    where it leads. front: None where no request could be made up. name: what the other side's certificate has to be
    for, "" for the host of the target. steps: what a person writes there. kept: why nothing is changed by itself.
    """

    subject: str
    place: str
    ports: tuple[int, ...]
    tls: bool
    targets: tuple[Target, ...]
    verified: bool = False
    unknown: str = ""
    front: Front | None = None
    name: str = ""
    steps: str = ""
    kept: str = ""


@dataclasses.dataclass(frozen=True)
class Secure:
    """Where a target answers by TLS: the host and port to name, the certificate's name, and who vouches for it."""

    host: str
    port: int
    name: str
    authorities: str


#: For each target how it is reached by TLS.
To = t.Mapping[Target, Secure]


@dataclasses.dataclass(frozen=True)
class Proxy:
    """One running proxy. Products subclass it and give a function `find(host)` that yields those that run."""

    run: Running

    PRODUCT: t.ClassVar[str] = ""

    @property
    def name(self) -> str:
        """What a finding is about: the unit, else the product."""
        return self.run.unit or self.PRODUCT

    def routes(self) -> tuple[Route, ...]:
        """Every place that sends requests on."""
        raise NotImplementedError

    def together(self, route: Route) -> t.Hashable:
        """What routes have in common that have to be changed together: by default the servers that they lead to."""
        return frozenset((target.host, target.port) for target in route.targets)

    def changes(self, host: Host, routes: t.Sequence[Route], to: To) -> tuple[Change, ...]:
        """What has these routes speak TLS and verify, taken up. Raises Refused or HostError."""
        raise NotImplementedError
