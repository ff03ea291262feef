# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""MariaDB and MySQL: judged by the running server's variables and accounts, narrowed by an option file of our own."""

from __future__ import annotations

import dataclasses
import json
import posixpath
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import accounts
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.accounts import (
    Account,
    Narrowing,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.model import (
    HEADER,
    Needs,
    Refused,
    Server,
    Verdict,
    Wanted,
    first_line,
    grouped,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.need import Need
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Check, Statement
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import WriteFile, write_file
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._host import addresses, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

PROCESSES = ("mariadbd", "mysqld")
#: Where the servers look for options, in their order (mariadbd --help --verbose); the last value wins.
MAIN_FILES = ("/etc/my.cnf", "/etc/mysql/my.cnf")
#: Debian's and the RHEL family's places of the servers.
PROGRAMS = ("/usr/sbin", "/usr/libexec")
DROP_IN = "zz-infosec-principles.cnf"
MYSQLX_PORT = 33060
#: The first versions that bind several addresses (their release notes).
SEVERAL = {"MariaDB": (10, 11), "MySQL": (8, 0, 13)}
_INCLUDE_DIR = re.compile(r"^!includedir[ \t]+(\S+)", re.MULTILINE)

VARIABLES = "SELECT JSON_OBJECT('version', VERSION(), 'bind', @@bind_address, 'me', CURRENT_USER());\n"
# MariaDB keeps an account as JSON; `auth_or` lists several ways to prove who one is. Roles are no accounts.
MARIADB = """SELECT JSON_OBJECT('user', User, 'host', Host,
  'open', NOT JSON_EXISTS(Priv, '$.auth_or') AND COALESCE(JSON_VALUE(Priv, '$.authentication_string'), '') = ''
    AND COALESCE(JSON_VALUE(Priv, '$.plugin'), '') IN ('', 'mysql_native_password', 'ed25519'),
  'locked', COALESCE(JSON_VALUE(Priv, '$.account_locked'), 0), 'tls', COALESCE(JSON_VALUE(Priv, '$.ssl_type'), 0) > 0)
  FROM mysql.global_priv WHERE COALESCE(JSON_VALUE(Priv, '$.is_role'), 0) = 0;
"""
MYSQL = """SELECT JSON_OBJECT('user', User, 'host', Host,
  'open', authentication_string = ''
    AND plugin IN ('mysql_native_password', 'caching_sha2_password', 'sha256_password'),
  'locked', account_locked = 'Y', 'tls', ssl_type <> '') FROM mysql.user;
"""
DEFINERS = """SELECT definer FROM information_schema.views UNION SELECT definer FROM information_schema.triggers
  UNION SELECT definer FROM information_schema.routines UNION SELECT definer FROM information_schema.events;
"""
STRANGERS = "accounts may come from addresses that are no clients"
OPEN = "accounts that other hosts can use need no password; set one"
BY_NAME = "accounts are for host names, which cannot be compared with the register's addresses"
NO_GRANTS = "the server runs with skip-grant-tables: whoever reaches it may do everything; take that out and restart it"


@dataclasses.dataclass(frozen=True)
class State:
    """What the server says of itself."""

    product: str
    version: tuple[int, ...]
    bind: str
    me: str


@dataclasses.dataclass(frozen=True)
class MySQL(Server):
    """One server. process: mariadbd or mysqld (which MariaDB had too, before 10.5)."""

    process: str = "mariadbd"

    PRODUCT: t.ClassVar[str] = "MariaDB or MySQL"

    def state(self, host: Host) -> State:
        """Ask the server as root. Raises HostError where it does not answer."""
        (record,) = ask(host, VARIABLES)
        product = "MariaDB" if "MariaDB" in record["version"] else "MySQL"
        version = tuple(int(part) for part in re.findall(r"\d+", record["version"])[:3])
        return State(product, version, record["bind"] or "", record["me"] or "")

    def accounts(self, host: Host) -> list[Account]:
        """Every account, those that are locked too. Raises HostError where it does not answer."""
        return [_account(record) for record in ask(host, MARIADB if self.state(host).product == "MariaDB" else MYSQL)]

    def bind_evidence(self, host: Host) -> tuple[Evidence, ...]:
        return (Evidence("@@bind_address", self.state(host).bind or "(every address)"),)

    def bind_files(self, host: Host, wanted: Wanted) -> tuple[WriteFile, ...]:
        state = self.state(host)
        names = {port: "mysqlx-bind-address" if port == MYSQLX_PORT else "bind-address" for port, _protocol in wanted}
        narrowed = {names[port]: found for (port, _protocol), found in wanted.items() if found is not None}
        several = state.version >= SEVERAL[state.product]
        lines = [f"{name} = {_bind(host, state, found, several=several)}\n" for name, found in sorted(narrowed.items())]
        path = f"{include_dir(host)}/{DROP_IN}"
        return (write_file(host, path, f"{HEADER}[mysqld]\n{''.join(lines)}", validate=self.check(host)),)

    def starts_again(self, host: Host) -> tuple[Change, ...]:
        program = self.program(host)
        title = f"see that {self.process} can read its option files"
        return (Check(title, (program, "--verbose", "--help")),) if program else ()

    def admission(self, host: Host, needs: Needs, *, restrict_accounts: bool = False) -> t.Iterator[Verdict]:
        state = self.state(host)
        if state.me == "@":
            yield Verdict(f.FAIL, NO_GRANTS, (Evidence("CURRENT_USER()", "nobody", "root"),))
            return
        need = _main_need(needs)
        found = self.accounts(host)
        usable = [account for account in found if not account.locked]
        yield self._admitted(host, state, usable, found, need, restrict_accounts=restrict_accounts)
        unproved = [account for account in usable if account.open and _remote(account, need)]
        if unproved:
            yield Verdict(f.FAIL, OPEN, _names(unproved, "a password"), about="no password")

    def check(self, host: Host) -> tuple[str, ...]:
        """The command that reads an option file and ends; () where the server's program is nowhere known."""
        program = self.program(host)
        return (program, "--defaults-file={}", "--print-defaults") if program else ()

    def program(self, host: Host) -> str:
        """Where the server's program is; "" where it is nowhere known."""
        places = (f"{folder}/{self.process}" for folder in PROGRAMS)
        return next((place for place in places if host.exists(place)), "")

    def _admitted(
        self,
        host: Host,
        state: State,
        usable: list[Account],
        found: list[Account],
        need: Need,
        *,
        restrict_accounts: bool,
    ) -> Verdict:
        strangers = [] if need.anyone else [account for account in usable if _strangers(account, need)]
        named = [account for account in usable if accounts.addresses(account.host) is None]
        if strangers:
            evidence = _names(strangers, f"clients: {need.says()}")
            message = f"{STRANGERS} ({need.says()})"
            fix, why = (
                self._narrow(host, state, strangers, found, need)
                if restrict_accounts
                else ((), WAY.format(state.product))
            )
            return Verdict(f.FAIL, f"{message}{why and '; '}{why}", evidence, fix)
        if named and not need.anyone:
            return Verdict(f.NOT_ASSESSED, BY_NAME, _names(named, "addresses"))
        return Verdict(f.PASS, f"no account may come from other hosts than clients ({need.says()})")

    def _narrow(
        self, host: Host, state: State, strangers: list[Account], found: list[Account], need: Need
    ) -> tuple[tuple[Statement, ...], str]:
        """The statements, and what stands in the way of the others."""
        if state.product != "MariaDB":
            return (), "not fixed: accounts are narrowed on MariaDB alone; use RENAME USER"
        if not need.declared and any(end.exposed for end in self.endpoints):
            return (), "not fixed: unknown clients are cut off unless the register has the port"
        definers = set(lines(host, DEFINERS))
        plans = [_plan(account, found, need, definers) for account in strangers]
        fix = tuple(_statement(host, plan) for plan in plans if isinstance(plan, Narrowing))
        return fix, "; ".join(plan for plan in plans if isinstance(plan, str))


WAY = "set restrict_accounts: true, or use RENAME USER, to narrow them on {}"


def find(host: Host) -> t.Iterator[MySQL]:
    """Every server that listens, by unit."""
    for unit, ends in grouped(host.once(sockets.read), _runs).items():
        names = {item.process for item in host.once(sockets.read) if item.unit == unit and item.process in PROCESSES}
        yield MySQL(unit, ends, process=min(names))


def _runs(listener: sockets.Listener) -> bool:
    return listener.process in PROCESSES


def client(host: Host) -> tuple[str, ...]:
    """The command that gives the server SQL from its standard input, as root over its Unix socket."""
    program = host.which("mariadb") or host.which("mysql") or "mysql"
    return (
        program,
        "--batch",
        "--raw",
        "--skip-column-names",
        "--connect-timeout=5",
        "--default-character-set=utf8mb4",
    )


def lines(host: Host, sql: str) -> list[str]:
    """What the server answers to root. Raises HostError where it does not."""
    done = host.ask(*client(host), stdin=sql)
    if done.rc != 0:
        raise HostError(f"MariaDB or MySQL does not answer to root on its Unix socket: {first_line(done.stderr)}")
    return done.stdout.splitlines()


def ask(host: Host, sql: str) -> list[dict[str, t.Any]]:
    """The same for a statement that answers with an object of JSON a line."""
    try:
        return [json.loads(line) for line in lines(host, sql)]
    except ValueError as exc:
        raise HostError(f"MariaDB or MySQL answered something else than JSON: {exc}") from exc


def _account(record: t.Mapping[str, t.Any]) -> Account:
    told = (str(record.get(key)).lower() in ("1", "true") for key in ("open", "locked", "tls"))
    return Account(record["user"], record["host"], *told)


def _main_need(needs: Needs) -> Need:
    """The need for the server's own port: accounts do not tell ports apart."""
    return next(need for (port, _protocol), need in sorted(needs.items()) if port != MYSQLX_PORT or len(needs) == 1)


def _strangers(account: Account, need: Need) -> bool:
    found = accounts.addresses(account.host)
    return found is not None and bool(found - need.allowed)


def _remote(account: Account, need: Need) -> bool:
    found = accounts.addresses(account.host)
    return found is None or bool(found - need.own)


def _names(found: t.Iterable[Account], expected: str) -> tuple[Evidence, ...]:
    return tuple(Evidence("accounts", printable(account.name), expected) for account in found)


def _bind(host: Host, state: State, needed: tuple[str, ...], *, several: bool) -> str:
    if several:
        six = ["::1"] if any(str(own.ip) == "::1" for own in host.once(addresses.read)) else []
        return ",".join(("127.0.0.1", *six, *needed))
    if needed:
        version = ".".join(map(str, state.version))
        raise Refused(
            f"{state.product} {version} binds one address or all, and needs loopback and {', '.join(needed)}: "
            "keep strangers out by the host firewall, or upgrade"
        )
    return "127.0.0.1"


def include_dir(host: Host) -> str:
    """The folder that is read last of all."""
    for path in reversed(MAIN_FILES):
        if host.exists(path):
            found: list[str] = _INCLUDE_DIR.findall(host.read_text(path))
            if found:
                return posixpath.normpath(found[-1])
    raise Refused(f"neither {' nor '.join(MAIN_FILES)} has an !includedir for a file of our own")


def _plan(account: Account, found: list[Account], need: Need, definers: t.Container[str]) -> Narrowing | str:
    if f"{account.user}@{account.host}" in definers:
        return f"{printable(account.name)} defines views, routines, triggers or events, which a new name would break"
    taken = {other.host for other in found if other.user == account.user}
    plan = accounts.narrow(account, need.clients, need.addresses, taken)
    return plan if isinstance(plan, Narrowing) else f"{printable(account.name)}: {plan}"


def _statement(host: Host, plan: Narrowing) -> Statement:
    old, user = printable(plan.account.name), plan.account.user
    new = [printable(Account(user, name).name) for name in (plan.renamed, *plan.copies)]
    after = "".join(f"{name}\n" for name in new)
    return Statement(
        f"rename {old} to {', '.join(new)}", f"{old}\n", after, client(host), plan.do(), plan.undo(), plan.probe()
    )
