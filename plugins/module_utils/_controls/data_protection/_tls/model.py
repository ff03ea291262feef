# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What the controls of TLS know of a server, whatever its product is. Each product is one file beside this one.

What a server offers is judged on the wire (`_host/tls_probe.py`), the same way for all products. A product tells what
the wire cannot: which names it serves, where its certificates lie, whether its own rules let clients come in clear and
who does so now; and it knows how to write Mozilla's profile into its configuration.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Pair
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._host.crypto_library import Library
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

#: First line of every file that is ours.
HEADER = "# Written by infosec.principles.service_tls by Mozilla's guideline for TLS; changes here are lost.\n"

#: Certificates that packages make up for themselves when they are installed: nobody vouches for them.
MADE_UP = frozenset(
    {
        "/etc/ssl/certs/ssl-cert-snakeoil.pem",
        "/etc/dovecot/private/dovecot.pem",
        "/etc/pki/dovecot/certs/dovecot.pem",
        "/etc/pki/tls/certs/localhost.crt",
        "/etc/pki/tls/certs/postfix.pem",
    }
)
#: How TLS begins: at once, never, or after a few words of a protocol (a key of tls_probe.PREAMBLES).
AT_ONCE, NEVER = "tls", "clear"


def made_up(pairs: t.Sequence[Pair]) -> bool:
    """Whether all of them are what packages made up for themselves."""
    return bool(pairs) and all(pair.certificate in MADE_UP for pair in pairs)


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """One TCP port of a server, as it is configured and listens now.

    addresses: all that it listens on there. begins: AT_ONCE, NEVER, or the protocol that TLS begins in ("smtp").
    names: the server names (SNI) that it tells apart; what it serves to all others is judged without a name.
    pairs: the certificates that it shows there. source: where the configuration says so ("/etc/nginx/x.conf:12").
    made_up: it shows a certificate that it, or its package, made up for itself, and can be given another one.
    """

    port: int
    addresses: tuple[str, ...]
    begins: str
    names: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    source: str = ""
    made_up: bool = False

    @property
    def name(self) -> str:
        """As in the register: 443/tcp."""
        return f"{self.port}/tcp"


@dataclasses.dataclass(frozen=True)
class Clear:
    """Whether clients can come in clear to an endpoint, by the server's own rules.

    open: they can. evidence: which rule says so. told: whether the server can tell who comes in clear.
    now: those who do, as a person knows them ("shop@192.0.2.20, database orders"); this host's own are left out where
    they go on coming in clear. came: those who did, and how many days ago at the most recent; 0 where only a count
    tells. days: how far back the server's view reaches; 0 where it is only of who is connected now. looked: what that
    view is. further: what lets it reach further back. `required.py` judges by these.
    excused: why everyone has to be let in in clear where the register's clients are anyone (mail between servers,
    RFC 3207); there it is no violation as long as not `passwords`: that passwords can come in clear.
    """

    open: bool
    evidence: tuple[Evidence, ...] = ()
    told: bool = False
    now: tuple[str, ...] = ()
    came: tuple[tuple[str, float], ...] = ()
    days: float = 0
    looked: str = "the connections that are open now"
    further: str = ""
    excused: str = ""
    passwords: bool = False


@dataclasses.dataclass(frozen=True)
class Terms:
    """A profile, cut down to what the library of one server can do: what its configuration is to say."""

    profile: str
    protocols: tuple[str, ...]
    ciphers: tuple[str, ...]
    suites: tuple[str, ...]
    groups: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What a server is to be brought to, all its endpoints in one fix.

    terms: for everything that speaks TLS. offer: endpoints that have to speak TLS and do not yet, with the certificate
    to use (where TLS begins at once, that shuts out who comes in clear: only what is in `require` too may be turned).
    require: the ports at which nobody may come in clear any more. shield: those at which everyone has to be let
    in in clear (Clear.excused), but no password may come so. restart: whether it may be restarted for that.
    """

    terms: Terms
    offer: t.Mapping[int, Pair] = dataclasses.field(default_factory=dict)
    require: frozenset[int] = frozenset()
    shield: frozenset[int] = frozenset()
    restart: bool = False


@dataclasses.dataclass(frozen=True)
class Server:
    """One running server. Products subclass it and give a function `find(host)` that yields those that run.

    unit: its systemd unit ("" for none). pids: its processes, the main one first.
    """

    unit: str
    pids: tuple[int, ...]
    endpoints: tuple[Endpoint, ...]

    #: The product's name, as people write it.
    PRODUCT: t.ClassVar[str] = ""

    @property
    def name(self) -> str:
        """What a finding is about: the unit, else the product."""
        return self.unit or self.PRODUCT

    def library(self, host: Host) -> Library:
        """The library of TLS that it runs with. Raises HostError."""
        raise NotImplementedError

    def clear(self, host: Host, endpoint: Endpoint) -> Clear:
        """Whether clients can come in clear, and who does. Raises HostError where the server does not tell."""
        raise NotImplementedError

    def changes(self, host: Host, wanted: Wanted) -> tuple[Change, ...]:
        """What brings its configuration there: own snippets, the program's checker, a reload.

        The changes are complete: a server that has them passes when it is judged again. Raises Refused or HostError.
        """
        raise NotImplementedError
