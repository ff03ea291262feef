# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""PostgreSQL: rules of pg_hba.conf that take TCP clients, or local users, for who they say.

The server's own reading of the file counts (pg_hba_file_rules), and of several rules the first that matches (PostgreSQL
manual, "The pg_hba.conf File"). `peer` asks the kernel who is there and is no trust; `ident` asks the client's host.
"""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import (
    pg_access,
    postgresql,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import (
    EVERYBODY,
    LOOPBACK,
    NOBODY,
    AddressSet,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import verdict
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust.verdict import (
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._host import addresses
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

LOCAL = "postgresql_local"
NO_SERVER = "no server of PostgreSQL runs here"
#: Roles that could not log in any more if proof were asked, named in a message.
NAMED = 10
ROLES = "select rolname from pg_authid where rolcanlogin and rolpassword is null order by 1;\n"
PROOF = "a method that asks for proof, such as scram-sha-256"
STEPS = (
    "Give every role that comes over TCP a password (\\password NAME in psql) and its clients too; then write "
    "scram-sha-256 for the method in {lines}, and reload ({reload})."
)
LOCALLY = "Write peer (with a map in pg_ident.conf where names differ) for trust in {lines}, and reload ({reload})."


def judge(host: Host, options: Options) -> t.Iterator[Verdict]:
    """Both rules for each cluster that runs."""
    verdict.seen(host)
    servers = list(postgresql.find(host))
    for server in servers:
        yield from _server(host, server)
    if not servers:
        yield Verdict("PostgreSQL", f.NOT_APPLICABLE, NO_SERVER)
        yield Verdict("PostgreSQL", f.NOT_APPLICABLE, NO_SERVER, rule=LOCAL)


def _server(host: Host, server: postgresql.PostgreSQL) -> t.Iterator[Verdict]:
    state = server.state(host)
    rows = [(pg_access.rule(row, state.value("hba_file")), tuple(row.get("options") or ())) for row in state.rules]
    rules = [rule for rule, _options in rows]
    broken = [f"{rule.place}: {rule.error}" for rule in rules if rule.error]
    if broken:
        said = f"what is in use is unknown, pg_hba.conf does not load: {printable('; '.join(broken))}"
        yield from (Verdict(server.name, f.NOT_ASSESSED, said, rule=rule) for rule in ("", LOCAL))
        return
    certified = {rule for rule, options in rows if any(one.startswith("clientcert=") for one in options)}
    trusting = [rule for rule in rules if rule.method in ("trust", "ident") and rule not in certified]
    yield _over_tcp(host, server, state, _from_elsewhere(host, rules, trusting))
    yield _locally(host, server, state, _from_here(host, rules, trusting))


def _own(host: Host) -> AddressSet:
    return AddressSet.of(str(own.ip) for own in host.once(addresses.read)) | LOOPBACK


def _from_elsewhere(
    host: Host, rules: t.Sequence[pg_access.Rule], trusting: t.Iterable[pg_access.Rule]
) -> list[pg_access.Rule]:
    own = _own(host)
    return [rule for rule in trusting if rule.type != "local" and _reached(host, rules, rule) - own]


def _from_here(
    host: Host, rules: t.Sequence[pg_access.Rule], trusting: t.Iterable[pg_access.Rule]
) -> list[pg_access.Rule]:
    own = _own(host)
    return [
        rule
        for rule in trusting
        if rule.method == "trust"
        and (_reached(host, rules, rule) if rule.type == "local" else _reached(host, rules, rule) & own)
    ]


def _reached(host: Host, rules: t.Sequence[pg_access.Rule], rule: pg_access.Rule) -> AddressSet:
    """The addresses for which this rule may be the first that matches; a local socket has them all."""
    access = _access(host, rules)
    left = EVERYBODY if rule.type == "local" else access.addresses(rule) or EVERYBODY
    for earlier in rules[: rules.index(rule)]:
        if _outranks(earlier, rule):
            left = left - (EVERYBODY if rule.type == "local" else access.addresses(earlier) or NOBODY)
    return left


def _access(host: Host, rules: t.Sequence[pg_access.Rule]) -> pg_access.Access:
    own = _own(host)
    links = AddressSet.of(str(one.network) for one in host.once(addresses.read))
    return pg_access.Access(rules, own, own=own, links=links | own)


def _outranks(earlier: pg_access.Rule, rule: pg_access.Rule) -> bool:
    """Whether the earlier rule matches whoever this one would, as far as type, databases and users go."""
    types = (rule.type,) if rule.type == "local" else (rule.type, "host")
    replication = "replication" in rule.databases
    databases = ("all" in earlier.databases and not replication) or set(rule.databases) <= set(earlier.databases)
    return earlier.type in types and databases and ("all" in earlier.users or set(rule.users) <= set(earlier.users))


def _over_tcp(
    host: Host, server: postgresql.PostgreSQL, state: postgresql.State, found: t.Sequence[pg_access.Rule]
) -> Verdict:
    if not found:
        return Verdict(server.name, f.PASS, "pg_hba.conf asks every TCP client from elsewhere for proof")
    methods = " and ".join(sorted({rule.method for rule in found}))
    message = (
        f"pg_hba.conf takes TCP clients for who they say they are ({methods}){_pending(state)}{_unready(host, server)}"
    )
    evidence = (*_evidence(found), *verdict.in_use(host, *((end.protocol, end.port) for end in server.endpoints)))
    return Verdict(server.name, f.FAIL, message, evidence, remedy=_steps(STEPS, server, found))


def _locally(
    host: Host, server: postgresql.PostgreSQL, state: postgresql.State, found: t.Sequence[pg_access.Rule]
) -> Verdict:
    if not found:
        return Verdict(server.name, f.PASS, "no user of this host gets in without proof", rule=LOCAL)
    message = f"every user of this host gets in as whoever he says he is{_pending(state)}"
    return Verdict(server.name, f.FAIL, message, _evidence(found), remedy=_steps(LOCALLY, server, found), rule=LOCAL)


def _evidence(found: t.Sequence[pg_access.Rule]) -> tuple[Evidence, ...]:
    return tuple(Evidence(printable(rule.place), rule.text, PROOF) for rule in found[: verdict.MAX_FOUND])


def _steps(steps: str, server: postgresql.PostgreSQL, found: t.Sequence[pg_access.Rule]) -> str:
    lines = ", ".join(printable(rule.place) for rule in found[:NAMED])
    return steps.format(lines=lines, reload=f"systemctl reload {server.unit}" if server.unit else "pg_ctl reload")


def _pending(state: postgresql.State) -> str:
    return (
        "; the file was changed after it was loaded, so this holds from the next reload on" if state.hba_pending else ""
    )


def _unready(host: Host, server: postgresql.PostgreSQL) -> str:
    """The roles that would be cut off if a password were asked now. Asked for only where something fails."""
    told = host.ask(*postgresql.psql(host, server.port), stdin=ROLES)
    names = [printable(line) for line in told.stdout.splitlines()] if told.rc == 0 else []
    if not names:
        return ""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"; roles without a password: {', '.join(names[:NAMED])}{more}"
