# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""PostgreSQL: TLS by a drop-in of our own and a reload, clear text turned away by a block at the top of pg_hba.conf.

Before version 18 it takes one curve (ssl_ecdh_curve), since then a list of groups (ssl_groups).
"""

from __future__ import annotations

import dataclasses
import datetime
import posixpath
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import model as databases
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import pg_access
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import (
    postgresql as clusters,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.model import read_own
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import (
    EVERYBODY,
    LOOPBACK,
    AddressSet,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.postgresql import State
from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Pair, Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import pairs, pg_log
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    HEADER,
    NEVER,
    Clear,
    Endpoint,
    Server,
    Terms,
    Wanted,
    made_up,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Check
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import EditFile, edit_file, write_file
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._formats import marked_block
from ansible_collections.infosec.principles.plugins.module_utils._host import (
    addresses,
    crypto_library,
    sockets,
    tls_probe,
)
from ansible_collections.infosec.principles.plugins.module_utils._host.crypto_library import Library
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

BEGINS = "postgresql"
DROP_IN = "zz-infosec-service-tls.conf"
NOTE = "# Written by infosec.principles.service_tls; changes inside this block are lost.\n"
HERE_NOTE = "# Who comes from elsewhere comes by TLS; what stays on this host (loopback) is not touched.\n"
#: What says in one of these whether it may be in clear (hostgssenc is encrypted, hostssl too).
IN_CLEAR = ("host", "hostnossl", "hostnogssenc")
#: Addresses that nobody comes from over a wire: loopback, and what is reserved around ::1 (RFC 4291).
HERE = LOOPBACK | AddressSet.of(["::/16"])
#: Says whether TLS is spoken: a reload that could not load the pair only says so in the log.
SPEAKS = """for try in 1 2 3 4 5 6 7 8 9 10; do
  said=$("$@" 2>&1 </dev/null)
  case $said in (*'does not support SSL'*|*refused*|*'SSL error'*|*'timeout expired'*) sleep 0.2 ;; (*) exit 0 ;; esac
done
echo 'it does not; see its log' >&2; exit 1"""
LOG_FURTHER = "with log_connections = on, its log would tell who comes in between"
UNREADABLE = "what is in use is unknown, pg_hba.conf does not load"
PENDING = "pg_hba.conf was changed after it was loaded; reload the server and run again"


@dataclasses.dataclass(frozen=True)
class PostgreSQL(Server):
    """One cluster."""

    cluster: clusters.PostgreSQL

    PRODUCT: t.ClassVar[str] = "PostgreSQL"

    def library(self, host: Host) -> Library:
        return crypto_library.of(host, self.pids[0])

    def clear(self, host: Host, endpoint: Endpoint) -> Clear:
        if not _exposed(endpoint):
            return Clear(open=False, evidence=(Evidence("listen_addresses", ", ".join(endpoint.addresses)),))
        state = self.cluster.state(host)
        admitting = _admitting(host, state)
        evidence = tuple(Evidence(rule.place, rule.text, "hostssl") for rule in admitting)
        if not admitting:
            return Clear(open=False, evidence=(Evidence("pg_hba_file_rules", "no rule lets others in in clear"),))
        return self._who(host, state, evidence)

    def _who(self, host: Host, state: State, evidence: tuple[Evidence, ...]) -> Clear:
        now = tuple(
            dict.fromkeys(
                _client(one["user"], one["address"], one["database"])
                for one in state.tls.get("clear", ())
                if not sockets.is_loopback(one["address"] or "")
            )
        )
        if state.value("log_connections") == "off":
            return Clear(open=True, evidence=evidence, told=True, now=now, further=LOG_FURTHER)
        log = pg_log.read(host, self._log(host, state), state.value("log_line_prefix"))
        if log.since is None:
            return Clear(open=True, evidence=evidence, told=True, now=now)
        came = tuple(
            (_client(one.user, one.address, one.database), _days(host, one.when))
            for one in log.clear
            if one.address != "[local]" and not sockets.is_loopback(one.address)
        )
        looked = f"the connections in its log since {log.since.date().isoformat()}"
        return Clear(
            open=True, evidence=evidence, told=True, now=now, came=came, days=_days(host, log.since), looked=looked
        )

    def _log(self, host: Host, state: State) -> str:
        """What the server writes its log to: the collector's file, else what its standard error leads to."""
        collected = str(state.tls.get("log") or "")
        if collected:
            return posixpath.join(state.value("data_directory"), collected)
        found = host.readlink(f"/proc/{self.pids[0]}/fd/2") or ""
        return found if found.startswith("/") and not found.startswith("/dev/") else ""

    def changes(self, host: Host, wanted: Wanted) -> tuple[Change, ...]:
        try:
            return self._changes(host, wanted)
        except (databases.Refused, ChangeError) as exc:
            raise Refused(str(exc)) from exc

    def _changes(self, host: Host, wanted: Wanted) -> tuple[Change, ...]:
        state = self.cluster.state(host)
        if not self.unit:
            raise Refused("it has no systemd unit that could reload it")
        self._refuse_broken(state)
        pair = next((wanted.offer[end.port] for end in self.endpoints if end.port in wanted.offer), None)
        written = [*self._settings(host, state, wanted.terms, pair), *self._rules(host, state, wanted)]
        if not written:
            raise Refused("its configuration says so already; reload it, and see in its log what is in the way")
        first = (pairs.loads("postgres", pair),) if pair else ()
        last = (self._speaks(host, state),) if pair else ()
        reload = Activate(self.unit, "reload", self._answering())
        return (*first, *written, self.cluster.sound(host), reload, *last)

    def _refuse_broken(self, state: State) -> None:
        broken = ", ".join("{file}:{line}".format(**one) for one in state.tls.get("broken", ()))
        if broken:
            raise Refused(f"a reload would take up nothing, since the configuration does not load: see {broken}")

    def _settings(self, host: Host, state: State, terms: Terms, pair: Pair | None) -> t.Iterator[Change]:
        """The drop-in; where the main file includes no folder, a block at its top."""
        main = clusters.own(host, state.value("config_file"))
        text = read_own(host, main)
        folder, line = clusters.include_dir(main, text)
        path = f"{clusters.own(host, folder)}/{DROP_IN}" if folder else main
        lines = _lines(state, terms, pair, path)
        _refuse_override(state, lines, main, line, path)
        body = [f"{name} = {_quoted(value)}" for name, value in lines.items()]
        check = clusters.validation(host, state)
        if not folder:
            yield from _block(host, main, text, body, validate=check)
            return
        drop_in = write_file(host, path, HEADER + "".join(f"{one}\n" for one in body), validate=check)
        if drop_in.before != drop_in.after:
            yield drop_in

    def _rules(self, host: Host, state: State, wanted: Wanted) -> t.Iterator[Change]:
        if self.cluster.port not in wanted.require:
            return
        path = clusters.own(host, state.value("hba_file"))
        text = read_own(host, path)
        turned_away = (EVERYBODY - HERE).networks()
        lines = [f"hostnossl all,replication all {network} reject" for network in turned_away]
        yield from _block(host, path, text, lines, note=NOTE + HERE_NOTE)

    def _answering(self) -> tuple[tuple[str, int], ...]:
        return tuple((_near(end), end.port) for end in self.endpoints)

    def _speaks(self, host: Host, state: State) -> Check:
        end = self.endpoints[0]
        target = f"host={_near(end)} port={end.port} dbname=postgres sslmode=require sslrootcert=/nonexistent"
        programs = (f"{folder}/psql" for folder in state.programs)
        program = next((path for path in programs if host.exists(path)), "psql")
        argv = (*clusters.AS_POSTGRES, "sh", "-c", SPEAKS, "sh", program, "-Xqw", "-c", "select 0", target)
        return Check(f"see that PostgreSQL on port {end.port} speaks TLS", argv)


def find(host: Host) -> t.Iterator[PostgreSQL]:
    """Every cluster that takes TCP connections."""
    for cluster in clusters.find(host):
        found = [one for one in host.once(sockets.read) if one.port == cluster.port and one.process == "postgres"]
        pids = tuple(dict.fromkeys(pid for one in found for pid in one.pids or (one.pid,)))
        if pids:
            yield PostgreSQL(cluster.unit, pids, tuple(_endpoints(host, cluster)), cluster)


def _endpoints(host: Host, cluster: clusters.PostgreSQL) -> t.Iterator[Endpoint]:
    try:
        state = cluster.state(host)
    except HostError:
        # The wire still tells what it offers.
        yield from (Endpoint(end.port, end.addresses, BEGINS) for end in cluster.endpoints)
        return
    begins = BEGINS if state.value("ssl") == "on" else NEVER
    for end in cluster.endpoints:
        held = (_pair(state),) if begins == BEGINS else ()
        yield Endpoint(end.port, end.addresses, begins, pairs=held, source=_source(state), made_up=made_up(held))


def _pair(state: State) -> Pair:
    data = state.value("data_directory")
    return Pair(*(posixpath.join(data, state.value(name)) for name in ("ssl_cert_file", "ssl_key_file")))


def _source(state: State) -> str:
    found = [one for one in state.tls.get("files", ()) if one["name"] == "ssl"]
    return "{file}:{line}".format(**found[-1]) if found else state.value("config_file")


def _near(end: Endpoint) -> str:
    return tls_probe.dialled(end.addresses)[0]


def _exposed(end: Endpoint) -> bool:
    return not all(sockets.is_loopback(address) for address in end.addresses)


# Who is let in


def _admitting(host: Host, state: State) -> list[pg_access.Rule]:
    """The rules by which others than this host come in in clear."""
    rules = [pg_access.rule(record, state.value("hba_file")) for record in state.rules]
    broken = [rule.place for rule in rules if rule.error]
    if broken or state.hba_pending:
        raise HostError(f"{UNREADABLE}: {', '.join(broken)}" if broken else PENDING)
    plain = [dataclasses.replace(rule, type="host") for rule in rules if rule.type in IN_CLEAR]
    links = AddressSet.of(str(one.network) for one in host.once(addresses.read))
    own = AddressSet.of(str(one.ip) for one in host.once(addresses.read)) | LOOPBACK
    access = pg_access.Access(plain, HERE, own=own, links=links | own)
    kept = {(rule.file, rule.line) for rule in plain if access.admitted(rule) - HERE}
    return [rule for rule in rules if (rule.file, rule.line) in kept]


def _client(user: str | None, address: str, database: str | None) -> str:
    named = f"{user or 'a process without a name'}@{address or 'an address that is not told'}"
    return printable(f"{named}, database {database}" if database else f"{named}, replication")


def _days(host: Host, when: datetime.datetime) -> float:
    return max(0.0, (host.now() - when).total_seconds() / 86400)


# What is written


def _lines(state: State, terms: Terms, pair: Pair | None, path: str) -> dict[str, str]:
    """Our settings. What ours says of the pair already stays: TLS that we turned on would be off again."""
    names = ("ssl", "ssl_cert_file", "ssl_key_file")
    kept = {one["name"]: one["value"] for one in state.tls.get("files", ()) if one["file"] == path}
    lines = {name: kept[name] for name in names if name in kept and not pair}
    if pair:
        lines = dict(zip(names, ("on", pair.certificate, pair.key)))
    if "ssl_min_protocol_version" not in state.settings:
        raise Refused("this version takes its oldest protocol from OpenSSL's own configuration alone; upgrade it")
    lines["ssl_min_protocol_version"] = terms.protocols[0]
    if terms.ciphers:
        lines["ssl_ciphers"] = ":".join(terms.ciphers)
    return {**lines, **_groups(state, terms)}


def _groups(state: State, terms: Terms) -> dict[str, str]:
    if "ssl_groups" in state.settings:
        return {"ssl_groups": ":".join(terms.groups)}
    # X25519 is no curve that this setting takes (be_tls_init, EC_KEY_new_by_curve_name).
    curves = [name for name in terms.groups if name.startswith(("prime", "secp"))]
    return {"ssl_ecdh_curve": curves[0]} if curves else {}


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _refuse_override(state: State, lines: t.Mapping[str, str], main: str, line: int, path: str) -> None:
    """Somebody else's setting that is read after ours, and says otherwise."""
    for name, value in lines.items():
        if state.settings.get(name, {}).get("source") == "command line" and state.value(name) != value:
            raise Refused(f"{name} is on the server's command line, which wins over every file; take it out there")
    for one in state.tls.get("files", ()):
        if (
            one["file"] != path
            and lines.get(one["name"], one["value"]) != one["value"]
            and _later(one, main, line, path)
        ):
            raise Refused(
                f"{one['file']}:{one['line']} sets {one['name']} and is read after {path}; take it out there "
                "(ALTER SYSTEM RESET for postgresql.auto.conf), reload and run again"
            )


def _later(one: t.Mapping[str, t.Any], main: str, line: int, path: str) -> bool:
    if one["file"] == main:
        return path == main or int(one["line"]) > line
    same = posixpath.dirname(one["file"]) == posixpath.dirname(path)
    return posixpath.basename(one["file"]) == "postgresql.auto.conf" or (same and one["file"] > path) or path == main


def _block(
    host: Host,
    path: str,
    text: str,
    lines: t.Iterable[str],
    *,
    note: str = NOTE,
    validate: tuple[str, ...] = (),
) -> t.Iterator[EditFile]:
    """Our block at the top of a file, as a passage: others may edit the rest, in the same run too."""
    _before, old, _after = marked_block.split(text, clusters.TLS_BLOCK)
    new = marked_block.put("", clusters.TLS_BLOCK, lines, note=note)
    if old != new:
        yield edit_file(host, path, old, new, validate=validate)
