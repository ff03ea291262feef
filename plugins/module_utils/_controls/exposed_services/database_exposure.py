# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Databases listen for, and let in, only the clients that the register names.

Mozilla, "Do not expose unnecessary services": no database that accepts any machine of the VLAN when one needs it.
Each product is one file in _databases with a `find`; this one holds what is the same for all.
"""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import (
    by_config,
    idle,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.model import (
    Server,
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.need import need
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import (
    SERVICES_OPTION,
    Control,
    Options,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host import processes, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import (
        binding,
        memcached,
        mysql,
        postgresql,
        redis,
    )
else:
    binding = later("_controls._databases.binding")
    memcached = later("_controls._databases.memcached")
    mysql = later("_controls._databases.mysql")
    postgresql = later("_controls._databases.postgresql")
    redis = later("_controls._databases.redis")

REFERENCE = "https://infosec.mozilla.org/fundamentals/security_principles#do-not-expose-unnecessary-services"

BIND = Rule(
    "bind",
    "Databases listen only where the clients that the register names come in",
    "high",
    REFERENCE,
    "Name the clients in the register; then let the database listen on loopback and on the addresses they come to.",
)
ADMISSION = Rule(
    "admission",
    "Databases let in only the clients that the register names, and only with proof of who they are",
    "high",
    REFERENCE,
    "Narrow the database's own access rules to the addresses of the clients, and require a password or certificate.",
)
RULES = (BIND, ADMISSION)

NEVER, WHEN_NEEDED = "never", "when_needed"
OPTIONS: dict[str, dict[str, t.Any]] = {
    "services": SERVICES_OPTION,
    "restart": {"type": "str", "choices": [NEVER, WHEN_NEEDED], "default": NEVER},
    "restrict_accounts": {"type": "bool", "default": False},
}

#: What tells, before a product's module is imported, that there may be servers of it: a program that listens, a path.
TRACES = (
    (postgresql, ("postgres",), "/var/run/postgresql"),
    (mysql, ("mariadbd", "mysqld"), None),
    (redis, ("redis-server", "valkey-server"), None),
    (memcached, ("memcached",), None),
)


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """Both rules for each database server that runs on the host, and for those that should."""
    processes.need_holders(host)
    servers = list(_servers(host))
    asleep = list(idle.find(host, {server.unit for server in servers}))
    for server in servers:
        yield from _judge(host, server, options)
    for subject, status, message in asleep:
        yield from (Finding(rule, subject, status, message) for rule in RULES)
    if not servers and not asleep:
        yield from (Finding(rule, "databases", f.NOT_APPLICABLE, "no database server runs here") for rule in RULES)


def _servers(host: Host) -> t.Iterator[Server]:
    programs = {listener.process for listener in host.once(sockets.read)}
    for product, names, path in TRACES:
        if not programs.isdisjoint(names) or (path and host.exists(path)):
            yield from product.find(host)
    yield from by_config.find(host)


def _judge(host: Host, server: Server, options: Options) -> t.Iterator[Finding]:
    needs = {end.key: need(host, options["services"], *end.key) for end in server.endpoints}
    bound = binding.Binding(host, server, needs, options["restart"] == WHEN_NEEDED)
    plan = bound.plan()
    yield from bound.findings(BIND, plan)
    try:
        for verdict in server.admission(host, needs, restrict_accounts=options["restrict_accounts"]):
            yield _admission(server, verdict, plan)
    except NeedsRoot:
        raise
    except HostError as exc:
        yield Finding(ADMISSION, server.name, f.NOT_ASSESSED, str(exc))


def _admission(server: Server, verdict: Verdict, plan: binding.Plan) -> Finding:
    subject = f"{server.name} ({verdict.about})" if verdict.about else server.name
    fix = plan.changes if verdict.by_bind else verdict.fix
    return Finding(ADMISSION, subject, verdict.status, verdict.message, verdict.evidence, fix)


CONTROL = Control(
    name="database_exposure",
    principle="exposed_services",
    title="Databases are for their clients alone",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
