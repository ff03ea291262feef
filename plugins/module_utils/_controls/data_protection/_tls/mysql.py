# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""MariaDB and MySQL: TLS by an option file of our own, and require_secure_transport, which counts for TCP on this host.

MariaDB takes certificates, protocols and ciphers up at its start alone (FLUSH SSL only reads the same files again);
MySQL by ALTER INSTANCE RELOAD TLS. Who is connected in clear now, the performance schema knows, which is off in MariaDB
unless asked for; who has come in clear since the start, MariaDB counts with `userstat`, which our file turns on.
"""

from __future__ import annotations

import dataclasses
import datetime
import posixpath
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import accounts
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import model as databases
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import mysql as servers
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.accounts import Account
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import LOOPBACK
from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Pair, Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import (
    openssl_conf,
    pairs,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    HEADER,
    NEVER,
    Clear,
    Endpoint,
    Server,
    Terms,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Check, Statement
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import WriteFile, write_file
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._formats import option_files
from ansible_collections.infosec.principles.plugins.module_utils._host import crypto_library, sockets, tls_probe
from ansible_collections.infosec.principles.plugins.module_utils._host.crypto_library import Library
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

BEGINS = "mysql"
DROP_IN = "zz-infosec-service-tls.cnf"
#: The names of the groups that the servers read begin so.
GROUPS = ("mysqld", "mariadb", "server")
#: What the server takes on at once; the rest at its start.
LIVE = ("require-secure-transport", "userstat")
#: The first MariaDB in which require_secure_transport is there (its manual), and TLS in performance_schema.threads.
REQUIRES = (10, 5)
#: Options of a command line that say something of TLS.
ARGUMENTS = ("--ssl", "--skip-ssl", "--disable-ssl", "--tls", "--require-secure", "--skip-require-secure")
_NAMES = (
    "'have_ssl', 'ssl_cert', 'ssl_key', 'ssl_cipher', 'tls_version', 'require_secure_transport', 'datadir', "
    "'wsrep_on', 'group_replication_group_name'"
)
_THREADS = """SELECT JSON_OBJECT('clear', 1, 'user', PROCESSLIST_USER, 'host', PROCESSLIST_HOST,
  'database', PROCESSLIST_DB) FROM performance_schema.threads WHERE CONNECTION_TYPE = 'TCP/IP' LIMIT 500;
"""
MARIADB = f"""SELECT JSON_OBJECT('name', LOWER(VARIABLE_NAME), 'value', VARIABLE_VALUE)
  FROM information_schema.GLOBAL_VARIABLES
  WHERE VARIABLE_NAME IN ({_NAMES}, 'userstat', 'performance_schema');
SELECT JSON_OBJECT('name', LOWER(VARIABLE_NAME), 'value', VARIABLE_VALUE) FROM information_schema.GLOBAL_STATUS
  WHERE VARIABLE_NAME IN ('UPTIME', 'CONNECTIONS', 'ABORTED_CONNECTS');
SELECT JSON_OBJECT('connected', 1, 'user', USER, 'host', HOST, 'database', DB) FROM information_schema.PROCESSLIST
  WHERE HOST LIKE '%:%' LIMIT 500;
SELECT JSON_OBJECT('client', CLIENT, 'total', TOTAL_CONNECTIONS, 'tls', TOTAL_SSL_CONNECTIONS)
  FROM information_schema.CLIENT_STATISTICS LIMIT 5000;
{_THREADS}"""
MYSQL = f"""SELECT JSON_OBJECT('name', LOWER(VARIABLE_NAME), 'value', VARIABLE_VALUE)
  FROM performance_schema.global_variables WHERE VARIABLE_NAME IN ({_NAMES}, 'performance_schema');
{_THREADS}"""
#: Gives a question to a client and looks for a word in the answer.
ANSWERS = (
    """printf '%s\\n' "$1" | { shift; "$@"; } | grep -q "^YES$" || { echo 'it does not; see its log' >&2; exit 1; }"""
)
HAS_TLS = {
    "MariaDB": "SELECT @@have_ssl;",
    "MySQL": "SELECT UPPER(VALUE) FROM performance_schema.tls_channel_status "
    "WHERE CHANNEL = 'mysql_main' AND PROPERTY = 'Enabled';",
}
LATER = "it takes up certificates, protocols and ciphers at its start alone; set restart: when_needed"
TOGETHER = (
    "it takes up certificates, protocols and ciphers at its start alone, and is a node of a cluster, which may not "
    "come up where no other node runs; set them on each node by hand ({}), and restart one after the other"
)
COUNTS = "with userstat = ON among its options it counts from its next start on who comes in clear"
OLD = "MariaDB before 10.5 cannot insist on TLS as a whole; use ALTER USER … REQUIRE SSL, or upgrade"


@dataclasses.dataclass(frozen=True)
class Told:
    """What the server says of itself.

    connected: over TCP now. clear: those among them without TLS, where the performance schema tells. counted: the
    clients that came since the start, with how often, and how often by TLS.
    """

    product: str
    version: tuple[int, ...]
    variables: t.Mapping[str, str]
    connected: tuple[t.Mapping[str, t.Any], ...] = ()
    clear: tuple[t.Mapping[str, t.Any], ...] = ()
    counted: tuple[t.Mapping[str, t.Any], ...] = ()

    def value(self, name: str) -> str:
        """A variable by the name of its option; "" where there is none."""
        return self.variables.get(name.replace("-", "_")) or ""

    @property
    def counted_days(self) -> float:
        """How far back `counted` reaches: since the start, less what is missing of all connections since then, for the
        server does not say when somebody has begun it anew (FLUSH CLIENT_STATISTICS)."""
        uptime, every, aborted = (int(self.value(name) or 0) for name in ("uptime", "connections", "aborted-connects"))
        known = sum(int(one["total"]) for one in self.counted) + aborted
        return uptime / 86400 * min(1.0, known / max(1, every))

    def is_on(self, name: str) -> bool:
        """A variable as a switch."""
        return self.value(name).upper() in ("ON", "1", "YES")


@dataclasses.dataclass(frozen=True)
class MySQL(Server):
    """One server."""

    server: servers.MySQL

    @property
    def PRODUCT(self) -> str:  # type: ignore[override]
        return self.server.PRODUCT

    def library(self, host: Host) -> Library:
        return crypto_library.of(host, self.pids[0])

    def clear(self, host: Host, endpoint: Endpoint) -> Clear:
        if all(map(sockets.is_loopback, endpoint.addresses)):
            return Clear(open=False, evidence=(Evidence("bind_address", ", ".join(endpoint.addresses)),))
        told = _told(host, self.server)
        if told.is_on("require-secure-transport"):
            return Clear(open=False, evidence=(Evidence("@@require_secure_transport", "ON"),))
        admitted = [one for one in self.server.accounts(host) if not one.locked]
        free = [one for one in admitted if not one.tls and _remote(one)]
        if not free:
            return Clear(open=False, evidence=(Evidence("accounts", "all that others can use have REQUIRE SSL"),))
        evidence = (
            Evidence("@@require_secure_transport", "OFF", "ON"),
            *(Evidence("accounts", printable(one.name), "REQUIRE SSL") for one in free[:10]),
        )
        return self._who(host, told, admitted, evidence)

    def _who(self, host: Host, told: Told, found: list[Account], evidence: tuple[Evidence, ...]) -> Clear:
        now = tuple(dict.fromkeys(_client(one) for one in _in_clear(told, found)))
        if not told.is_on("userstat"):
            further = COUNTS if told.product == "MariaDB" else ""
            return Clear(open=True, evidence=evidence, told=True, now=now, further=further)
        known = _set_in_files(host, "userstat")
        days = told.counted_days if known else 0
        since = (host.now() - datetime.timedelta(days=days)).date().isoformat()
        return Clear(
            open=True,
            evidence=evidence,
            told=True,
            now=now,
            came=tuple((_counted(one), 0.0) for one in told.counted if _came_in_clear(one)),
            days=days,
            looked=f"its statistics of clients since {since}, which FLUSH CLIENT_STATISTICS begins anew"
            if known
            else "its statistics of clients, of which nobody knows when they began",
            further="" if known else COUNTS,
        )

    def changes(self, host: Host, wanted: Wanted) -> tuple[Change, ...]:
        try:
            return self._changes(host, wanted)
        except (databases.Refused, ChangeError) as exc:
            raise Refused(str(exc)) from exc

    def _changes(self, host: Host, wanted: Wanted) -> tuple[Change, ...]:
        told = _told(host, self.server)
        pair = next((wanted.offer[end.port] for end in self.endpoints if end.port in wanted.offer), None)
        required = any(end.port in wanted.require for end in self.endpoints)
        if required and told.product == "MariaDB" and told.version < REQUIRES:
            raise Refused(OLD)
        path = f"{servers.include_dir(host)}/{DROP_IN}"
        lines = _lines(host, told, wanted.terms, pair, path, required=required)
        self._refuse_override(host, lines, path)
        text = "".join(f"{name} = {value}\n" for name, value in lines.items())
        drop_in = write_file(host, path, f"{HEADER}[mysqld]\n{text}", validate=self.server.check(host))
        written = (drop_in,) if drop_in.before != drop_in.after else ()
        if told.product == "MySQL" and not wanted.restart:
            return (*self._loads(host, told, pair), *written, *self._live(host, told, lines, LIVE + TLS))
        return self._restarted(host, told, wanted, pair, lines, written)

    def _restarted(
        self,
        host: Host,
        told: Told,
        wanted: Wanted,
        pair: Pair | None,
        lines: t.Mapping[str, str],
        written: tuple[WriteFile, ...],
    ) -> tuple[Change, ...]:
        groups = tuple(openssl_conf.files(host, self.unit, self.pids[0], wanted.terms))
        pending = [name for name in lines if name not in LIVE and lines[name] != told.value(name)]
        live = self._live(host, told, lines, ("require-secure-transport",))
        if not (pending or groups):
            return (*written, *live)
        clustered = told.value("wsrep-on") == "ON" or told.value("group-replication-group-name") != ""
        if not (wanted.restart and self.unit) or clustered:
            if live and not wanted.offer:
                return (*written, *live)
            if clustered:
                raise Refused(TOGETHER.format(", ".join(f"{name} = {lines[name]}" for name in pending)))
            raise Refused(LATER if self.unit else "it has no systemd unit that could restart it")
        restart = Activate(self.unit, "restart", self._answering(), seconds=60)
        first = self._loads(host, told, pair)
        return (*first, *written, *groups, *self.server.starts_again(host), restart, self._has_tls(host, told))

    def _loads(self, host: Host, told: Told, pair: Pair | None) -> tuple[Check, ...]:
        """The pair that it will have: where somebody else's is broken, a restart would end TLS."""
        used = pair or _pair(told)
        return (pairs.loads(pairs.user_of(host, self.pids[0]), used),) if used else ()

    def _live(
        self, host: Host, told: Told, lines: t.Mapping[str, str], names: tuple[str, ...]
    ) -> tuple[Statement, ...]:
        """What is set while it runs. `undo` has the values of now."""
        found = [(name, lines[name]) for name in names if name in lines and not _same(told, name, lines[name])]
        if not found:
            return ()
        reload = "ALTER INSTANCE RELOAD TLS;\n" if any(name in TLS for name, _value in found) else ""
        do = "".join(_set(name, value) for name, value in found) + reload
        undo = "".join(_set(name, told.value(name)) for name, _value in found) + reload
        probe = " AND ".join(f"@@GLOBAL.{name.replace('-', '_')} = {_literal(value)}" for name, value in found)
        before = "".join(f"{name} = {told.value(name)}\n" for name, _value in found)
        after = "".join(f"{name} = {value}\n" for name, value in found)
        title = f"set {', '.join(name.replace('-', '_') for name, _value in found)} while {self.name} runs"
        return (Statement(title, before, after, servers.client(host), do, undo, f"SELECT {probe};\n"),)

    def _has_tls(self, host: Host, told: Told) -> Check:
        argv = ("sh", "-c", ANSWERS, "sh", HAS_TLS[told.product], *servers.client(host))
        return Check(f"see that {self.name} speaks TLS", argv)

    def _answering(self) -> tuple[tuple[str, int], ...]:
        return tuple((tls_probe.dialled(end.addresses)[0], end.port) for end in self.endpoints)

    def _refuse_override(self, host: Host, lines: t.Mapping[str, str], path: str) -> None:
        """Somebody else's option that is read after ours, and says otherwise."""
        arguments = host.read_part(f"/proc/{self.pids[0]}/cmdline", 64 * 1024).decode("utf-8", "replace").split("\0")
        for argument in arguments:
            if argument.startswith(ARGUMENTS):
                raise Refused(f"{printable(argument.partition('=')[0])} on its command line wins over every file")
        for one in _options(host):
            told = lines.get(one.name)
            if told is not None and _later(one, path) and (one.value or "ON").lower() != told.lower():
                raise Refused(
                    f"{printable(one.place)} sets {one.name} and is read after {path}; take it out there and run again"
                )


#: What MySQL takes up by ALTER INSTANCE RELOAD TLS.
TLS = ("ssl-cert", "ssl-key", "tls-version", "ssl-cipher")


def find(host: Host) -> t.Iterator[MySQL]:
    """Every server that takes TCP connections."""
    for server in servers.find(host):
        found = [one for one in host.once(sockets.read) if one.unit == server.unit and one.process == server.process]
        pids = tuple(dict.fromkeys(pid for one in found for pid in one.pids or (one.pid,)))
        ends = [end for end in server.endpoints if end.port != servers.MYSQLX_PORT]
        yield MySQL(
            server.unit, pids, tuple(_endpoint(host, server, end, _addresses(found, end)) for end in ends), server
        )


def _addresses(found: list[sockets.Listener], end: databases.Endpoint) -> tuple[str, ...]:
    """Where it can be asked: a socket on [::] takes IPv4 as well, and a host without IPv6 has no ::1."""
    both = any(one.port == end.port and one.address == "::" and "IPv4" in one.families for one in found)
    return tuple(dict.fromkeys((*end.addresses, *(["0.0.0.0"] if both else []))))


def _endpoint(host: Host, server: servers.MySQL, end: databases.Endpoint, addresses: tuple[str, ...]) -> Endpoint:
    try:
        told = _told(host, server)
    except HostError:
        # The wire still tells what it offers.
        return Endpoint(end.port, addresses, BEGINS)
    if told.value("have-ssl").upper() in ("DISABLED", "NO"):
        return Endpoint(end.port, addresses, NEVER, source="@@have_ssl")
    held = _pair(told)
    # MariaDB since 11.4 speaks TLS without a certificate of anybody's: it makes one up at each start.
    pairs_held = (held,) if held else ()
    return Endpoint(end.port, addresses, BEGINS, pairs=pairs_held, source="@@ssl_cert", made_up=not held)


def _told(host: Host, server: servers.MySQL) -> Told:
    state = server.state(host)
    records = servers.ask(host, MARIADB if state.product == "MariaDB" else MYSQL)
    variables = {one["name"]: one["value"] or "" for one in records if "name" in one}
    connected, clear, counted = (
        tuple(one for one in records if key in one) for key in ("connected", "clear", "client")
    )
    return Told(state.product, state.version, variables, connected, clear, counted)


def _pair(told: Told) -> Pair | None:
    """None for the certificate that MariaDB makes itself (since 11.4), which is in no file."""
    paths = [told.value(name) for name in ("ssl-cert", "ssl-key")]
    return Pair(*(posixpath.join(told.value("datadir"), path) for path in paths)) if all(paths) else None


# Who comes in clear


def _remote(account: Account) -> bool:
    found = accounts.addresses(account.host)
    return found is None or bool(found - LOOPBACK)


def _in_clear(told: Told, found: list[Account]) -> t.Iterator[t.Mapping[str, t.Any]]:
    """Who is connected so; without the performance schema everybody over TCP of whom nothing says otherwise."""
    if told.is_on("performance-schema"):
        yield from told.clear
        return
    bound = {one.user for one in found if one.tls} - {one.user for one in found if not one.tls}
    secured = {one["client"] for one in told.counted if one["total"] == one["tls"]} - {"localhost"}
    for one in told.connected:
        if one["user"] not in bound and _address(one) not in secured:
            yield one


def _address(one: t.Mapping[str, t.Any]) -> str:
    """The client's name or address: the process list has its port behind it."""
    told = str(one["host"] or "")
    return told.rpartition(":")[0] if "connected" in one else told


def _client(one: t.Mapping[str, t.Any]) -> str:
    address = _address(one)
    here = " (this host, over TCP)" if address == "localhost" or sockets.is_loopback(address) else ""
    database = f", database {one['database']}" if one["database"] else ""
    return printable(f"{one['user']}@{address}{database}{here}")


def _came_in_clear(one: t.Mapping[str, t.Any]) -> bool:
    """Programs of this host by the Unix socket count under the same name as those over TCP, and are safe."""
    return int(one["total"]) > int(one["tls"]) and one["client"] != "localhost"


def _counted(one: t.Mapping[str, t.Any]) -> str:
    return printable(f"{one['client']} ({int(one['total']) - int(one['tls'])} of {one['total']} connections)")


# What is written


def _lines(host: Host, told: Told, terms: Terms, pair: Pair | None, path: str, *, required: bool) -> dict[str, str]:
    """Our options. What ours says of the pair and of insisting already stays."""
    kept = {one.name: one.value or "ON" for one in _options(host) if one.path == path}
    names = ("ssl-cert", "ssl-key")
    lines = {name: kept[name] for name in names if name in kept and not pair}
    if pair:
        lines = {"ssl-cert": pair.certificate, "ssl-key": pair.key}
    lines["tls-version"] = ",".join(terms.protocols)
    if terms.ciphers:
        lines["ssl-cipher"] = ":".join(terms.ciphers)
    if told.product == "MariaDB":
        lines["userstat"] = "ON"
    if required or "require-secure-transport" in kept:
        lines["require-secure-transport"] = "ON"
    return lines


def _options(host: Host) -> list[option_files.Option]:
    """All options for the server, in their order."""

    def read(path: str) -> str:
        try:
            return host.read_text(path)
        except Missing:
            return ""

    main = next((path for path in reversed(servers.MAIN_FILES) if host.exists(path)), "")
    found = option_files.settings(main, read, host.listdir) if main else ()
    return [one for one in found if one.group.startswith(GROUPS)]


def _later(one: option_files.Option, path: str) -> bool:
    """Whether it is read after our file, which is in the folder that the main file includes last."""
    return posixpath.dirname(one.path) == posixpath.dirname(path) and one.path > path


def _set_in_files(host: Host, name: str) -> bool:
    return any(one.name == name and one.is_on for one in _options(host))


def _same(told: Told, name: str, value: str) -> bool:
    return told.is_on(name) if value == "ON" else told.value(name) == value


def _set(name: str, value: str) -> str:
    return f"SET GLOBAL {name.replace('-', '_')} = {_literal(value)};\n"


def _literal(value: str) -> str:
    if value in ("ON", "OFF"):
        return "1" if value == "ON" else "0"
    return accounts.text(value)
