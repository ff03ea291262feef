# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""memcached: it asks for a user only if it was started with SASL or with a file of users (memcached(1))."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import verdict
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust.verdict import (
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._host import sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

#: -S, alone or among other letters without a value, and -Y; memcached(1).
_ASKS = re.compile(r"-[AFLMSdhikrvV]*S[AFLMSdhikrvV]*|--enable-sasl|-Y.*|--auth-file.*")
_NAME = re.compile(r"^(?:--[\w-]+|-\w+)")
STEPS = (
    "Let it listen on loopback alone (-l 127.0.0.1), or start it with -S and make users (saslpasswd2 -a memcached "
    "NAME), and restart it. SASL needs clients that speak the binary protocol; -Y FILE takes users over the text "
    "protocol."
)


def judge(host: Host, options: Options) -> t.Iterator[Verdict]:
    """Each server that listens, by its unit."""
    units: dict[str, list[sockets.Listener]] = {}
    for item in verdict.listeners(host, "memcached"):
        units.setdefault(item.unit or "memcached", []).append(item)
    for unit, found in sorted(units.items()):
        yield _server(host, unit, found)
    if not units:
        yield Verdict("memcached", f.NOT_APPLICABLE, "no memcached listens here")


def _server(host: Host, unit: str, found: t.Sequence[sockets.Listener]) -> Verdict:
    exposed = verdict.exposed(found)
    arguments = verdict.command_line(host, found[0].pid)
    asks = next((one for one in arguments[1:] if _ASKS.fullmatch(one)), "")
    if not exposed:
        return Verdict(unit, f.PASS, "it can be reached from this host alone")
    if not arguments:
        return Verdict(unit, f.NOT_ASSESSED, "its command line, which says whether it asks for users, is not to be had")
    if asks:
        return Verdict(
            unit, f.PASS, "it asks for a user and a password", (Evidence("its command line", _NAME.findall(asks)[0]),)
        )
    evidence = (
        Evidence("its command line", "no -S and no -Y", "-S or -Y"),
        *verdict.in_use(host, *{(item.protocol, item.port) for item in found}),
    )
    message = f"whoever reaches {', '.join(exposed)} reads and writes what it holds"
    return Verdict(unit, f.FAIL, message, evidence, remedy=STEPS)
