# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What the web servers and proxies have in common where TLS is judged: their ports, and visitors in clear."""

from __future__ import annotations

import dataclasses
import math
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Pair
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.common import Running
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    AT_ONCE,
    NEVER,
    Clear,
    Endpoint,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable


@dataclasses.dataclass
class Seen:
    """What a configuration says of one port."""

    tls: bool = False
    names: dict[str, None] = dataclasses.field(default_factory=dict)
    pairs: dict[Pair, None] = dataclasses.field(default_factory=dict)
    source: str = ""


def endpoints(run: Running, seen: t.Mapping[int, Seen]) -> tuple[Endpoint, ...]:
    """What listens, with what the configuration says of it."""
    ports = sorted({one.port for one in run.listeners})
    return tuple(_endpoint(run, port, seen.get(port, Seen())) for port in ports)


def _endpoint(run: Running, port: int, seen: Seen) -> Endpoint:
    begins = AT_ONCE if seen.tls else NEVER
    names = tuple(printable(name) for name in seen.names)
    return Endpoint(port, run.addresses(port), begins, names, tuple(seen.pairs), printable(seen.source))


def led_on(*, open_: bool, evidence: tuple[Evidence, ...]) -> Clear:
    """What HTTP in clear is: a redirect turns nobody away, so nobody has to be waited for.

    Visitors will come in clear for ever, since that is what browsers try for a name alone; the redirect is for them.
    """
    return Clear(open_, evidence, told=True, days=math.inf, looked="a redirect, which turns nobody away,")
