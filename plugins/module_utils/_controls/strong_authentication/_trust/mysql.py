# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""MariaDB and MySQL: a server that asks nobody for anything, and accounts that ask for nothing."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import (
    accounts,
    mysql,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.accounts import (
    Account,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import (
    LOOPBACK,
    AddressSet,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import verdict
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust.verdict import (
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Statement
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import option_files
from ansible_collections.infosec.principles.plugins.module_utils._host import addresses
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

SOCKETS = ("/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock")
GROUPS = ("mysqld", "server", "mariadb", "mariadbd", "mysqld-", "mariadb-", "mariadbd-")
SETTING = "skip-grant-tables"
SKIPPED = "the server runs with skip-grant-tables: whoever reaches it may do everything"
WRITTEN = "skip-grant-tables is set for the next start of the server: whoever reaches it may do everything then"
OPEN = "accounts that other hosts can use need no password"
PASSWORD = (
    "Set a password (ALTER USER 'NAME'@'HOST' IDENTIFIED BY '...') and give it to the clients, or drop the account."
)
ANONYMOUS = "anonymous accounts let in whoever comes, under any name and without a password"
DROP = "Drop them: DROP USER ''@'HOST';"


def judge(host: Host, options: Options) -> t.Iterator[Verdict]:
    """One server's grants, its anonymous accounts and those without a password; and what its files say."""
    servers = _servers(host)
    written = tuple(_written(host))
    for server in servers:
        yield from _server(host, server, written)
    if not servers and written:
        yield Verdict("option files", f.FAIL, WRITTEN, written, remedy=_remove(written))
    elif not servers:
        yield Verdict("MariaDB or MySQL", f.NOT_APPLICABLE, "no server of MariaDB or MySQL runs here")


def _servers(host: Host) -> list[mysql.MySQL]:
    """Those that listen, else the one behind the Unix socket: with skip-grant-tables there may be no other."""
    verdict.seen(host)
    found = list(mysql.find(host))
    if found or not any(host.exists(path) for path in SOCKETS):
        return found
    return [mysql.MySQL("", ())]


def _server(host: Host, server: mysql.MySQL, written: tuple[Evidence, ...]) -> t.Iterator[Verdict]:
    state = server.state(host)
    if state.me == "@":
        evidence = (Evidence("CURRENT_USER()", "nobody", "root"), *written)
        yield Verdict(server.name, f.FAIL, SKIPPED, evidence, remedy=_remove(written))
        return
    if written:
        yield Verdict("option files", f.FAIL, WRITTEN, written, remedy=_remove(written))
    usable = [account for account in server.accounts(host) if not account.locked]
    failing = [*_anonymous(host, server, state, usable), *_open(host, server, usable)]
    yield from failing
    if not failing:
        yield Verdict(
            server.name, f.PASS, "every account that other hosts can use asks for proof, and none is anonymous"
        )


def _remove(written: t.Sequence[Evidence]) -> str:
    place = ", ".join(one.source for one in written) or "the server's command line"
    return f"Take skip-grant-tables out of {place} and restart the server."


# Accounts


def _anonymous(host: Host, server: mysql.MySQL, state: mysql.State, usable: t.Sequence[Account]) -> t.Iterator[Verdict]:
    found = [account for account in usable if not account.user]
    if found:
        fix = tuple(_lock(host, account) for account in found) if state.product == "MariaDB" else ()
        subject = f"{server.name} (anonymous)"
        yield Verdict(subject, f.FAIL, ANONYMOUS, _names(found, "no such account"), fix, DROP)


def _lock(host: Host, account: Account) -> Statement:
    """Locked rather than dropped: that alone can be taken back exactly."""
    name = printable(account.name)
    return Statement(
        f"lock the account {name}",
        f"{name}: open\n",
        f"{name}: locked\n",
        mysql.client(host),
        accounts.lock(account),
        accounts.unlock(account),
        accounts.is_locked(account),
    )


def _open(host: Host, server: mysql.MySQL, usable: t.Sequence[Account]) -> t.Iterator[Verdict]:
    own = AddressSet.of(str(one.ip) for one in host.once(addresses.read)) | LOOPBACK
    found = [account for account in usable if account.user and account.open and _remote(account, own)]
    if found:
        evidence = (
            *_names(found, "a password"),
            *verdict.in_use(host, *((end.protocol, end.port) for end in server.endpoints)),
        )
        yield Verdict(f"{server.name} (no password)", f.FAIL, OPEN, evidence, remedy=PASSWORD)


def _remote(account: Account, own: AddressSet) -> bool:
    found = accounts.addresses(account.host)
    return found is None or bool(found - own)


def _names(found: t.Sequence[Account], expected: str) -> tuple[Evidence, ...]:
    return tuple(Evidence("accounts", printable(one.name), expected) for one in found[: verdict.MAX_FOUND])


# Option files


def _written(host: Host) -> t.Iterator[Evidence]:
    """Each line that sets it for the server."""

    def read(path: str) -> str:
        try:
            return verdict.text(host, path)
        except Missing:
            return ""

    main = next((path for path in mysql.MAIN_FILES if host.exists(path)), "")
    for one in option_files.settings(main, read, host.listdir) if main else ():
        if one.name == SETTING and one.is_on and one.group.startswith(GROUPS):
            yield Evidence(printable(one.place), f"[{printable(one.group)}] {SETTING}", "not set")
