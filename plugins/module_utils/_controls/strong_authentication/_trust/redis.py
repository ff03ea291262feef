# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Redis and Valkey: users without a password whom other hosts can be."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import redis
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import verdict
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust.verdict import (
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: What a server says to whoever has not said who he is.
ASKS = "NOAUTH"
STEPS = (
    "Set a password (requirepass, or one for each user in the ACL: ACL SETUSER NAME on >PASSWORD), give it to the "
    "clients and write it to the configuration (CONFIG REWRITE); or let it listen on loopback alone (bind 127.0.0.1 "
    "::1)."
)


def judge(host: Host, options: Options) -> t.Iterator[Verdict]:
    """Each server that listens."""
    verdict.seen(host)
    servers = list(redis.find(host))
    for server in servers:
        yield _server(host, server)
    if not servers:
        yield Verdict("Redis or Valkey", f.NOT_APPLICABLE, "no server of Redis or Valkey listens here")


def _server(host: Host, server: redis.Redis) -> Verdict:
    exposed = [end.name for end in server.endpoints if end.exposed]
    if not exposed:
        return Verdict(server.name, f.PASS, "it can be reached from this host alone")
    try:
        answers = server.answers(host)
    except NeedsRoot:
        raise
    except HostError as exc:
        if ASKS in str(exc):
            return Verdict(server.name, f.PASS, "it asks for a password before anything else")
        return Verdict(server.name, f.NOT_ASSESSED, str(exc))
    if not answers.open_users:
        return Verdict(server.name, f.PASS, "every user needs a password")
    if answers.keeps_strangers_out():
        return Verdict(server.name, f.PASS, "protected mode refuses users without a password from other hosts")
    users = printable(", ".join(answers.open_users[: verdict.NAMED]))
    evidence = (
        Evidence("ACL LIST", f"users without a password: {users}", "none"),
        *verdict.in_use(host, *((end.protocol, end.port) for end in server.endpoints)),
    )
    message = f"whoever reaches {', '.join(exposed)} is let in without a password"
    return Verdict(server.name, f.FAIL, message, evidence, remedy=STEPS)
