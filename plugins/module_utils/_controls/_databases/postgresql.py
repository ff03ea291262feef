# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""PostgreSQL: judged by the running server's own views, narrowed by a drop-in and a block in pg_hba.conf."""

from __future__ import annotations

import dataclasses
import json
import posixpath
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import pg_access
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.model import (
    HEADER,
    Endpoint,
    Needs,
    Refused,
    Server,
    Verdict,
    Wanted,
    as_passage,
    endpoints,
    first_line,
    read_own,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.need import Need
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import (
    AddressSet,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Check, Statement
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import WriteFile, write_file
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._formats import hba, marked_block
from ansible_collections.infosec.principles.plugins.module_utils._host import addresses, processes, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

AS_POSTGRES = ("runuser", "-u", "postgres", "--")
SOCKETS = "/var/run/postgresql"
DROP_IN = "zz-infosec-principles.conf"
#: Our blocks in pg_hba.conf: this control's, and that of service_tls.
BLOCK, TLS_BLOCK = "database_exposure", "service_tls"
#: Debian's and PGDG's places of the programs of one major version.
PROGRAMS = ("/usr/lib/postgresql/{}/bin", "/usr/pgsql-{}/bin", "/usr/bin")

# pg_file_settings and pg_hba_file_rules read the files as they are now; the load time says whether they are in use.
QUERY = """
select json_build_object(
  'settings', (select json_object_agg(name, json_build_object('value', setting, 'source', source)) from pg_settings
    where name in ('listen_addresses', 'server_version_num', 'config_file', 'hba_file', 'data_directory',
      'log_connections', 'log_line_prefix', 'logging_collector') or (name like 'ssl%' and name !~ 'passphrase')),
  'files', (select coalesce(json_agg(json_build_object('file', sourcefile, 'line', sourceline) order by seqno), '[]')
    from pg_file_settings where name = 'listen_addresses'),
  'rules', (select coalesce(json_agg(r), '[]') from pg_hba_file_rules r),
  'hba_pending', (pg_stat_file(current_setting('hba_file'))).modification > pg_conf_load_time(),
  'tls', json_build_object(
    'files', (select coalesce(json_agg(json_build_object('name', name, 'file', sourcefile, 'line', sourceline,
        'value', setting) order by seqno), '[]') from pg_file_settings where name like 'ssl%' and name !~ 'passphrase'),
    'broken', (select coalesce(json_agg(json_build_object('file', sourcefile, 'line', sourceline) order by seqno), '[]')
      from pg_file_settings where error is not null
        and coalesce(name, '') not in (select name from pg_settings where context = 'postmaster')),
    'clear', (select coalesce(json_agg(c), '[]') from (select distinct usename as user, host(client_addr) as address,
        datname as database from pg_stat_activity join pg_stat_ssl using (pid)
        where not ssl and client_addr is not null limit 500) c),
    'log', pg_current_logfile('stderr')
  )
)
"""
HBA_IS_SOUND = """
do $$ declare wrong text; begin
  select string_agg(format('line %s: %s', line_number, error), '; ') into wrong
    from pg_hba_file_rules where error is not null;
  if wrong is not null then raise exception 'pg_hba.conf: %', wrong; end if;
end $$
"""
_INCLUDE_DIR = re.compile(r"^[ \t]*include_dir[ \t]*=?[ \t]*'([^'\n]+)'", re.MULTILINE)
_SECRETS = re.compile(r"ldapbindpasswd|radiussecrets?")

STRANGERS = "pg_hba.conf admits addresses that are no clients"
UNDECLARED = (
    "not fixed: declare the port in the register (clients: none for this host alone), or unknown clients are cut off"
)
STALE = "our block in pg_hba.conf is not what the register says now"
PENDING = "pg_hba.conf was changed after it was loaded; a reload is pending"
TRUST = "pg_hba.conf takes TCP clients for who they say; give the roles passwords, then write scram-sha-256 for trust"
BY_NAME = "pg_hba.conf admits by host name, which cannot be compared with the register's addresses"


@dataclasses.dataclass(frozen=True)
class State:
    """What the server says of itself."""

    settings: t.Mapping[str, t.Mapping[str, str]]
    files: tuple[t.Mapping[str, t.Any], ...]
    rules: tuple[t.Mapping[str, t.Any], ...]
    hba_pending: bool
    #: What TLS is set to in files, which lines do not load, who is connected in clear, and the collector's log.
    tls: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)

    def value(self, name: str) -> str:
        """A setting in use."""
        return self.settings[name]["value"]

    @property
    def programs(self) -> tuple[str, ...]:
        """Folders where this version's programs may be."""
        number = int(self.value("server_version_num"))
        return tuple(folder.format(number // 10000) for folder in PROGRAMS)


@dataclasses.dataclass(frozen=True)
class PostgreSQL(Server):
    """One cluster. port: also the name of its Unix socket."""

    port: int = 5432

    PRODUCT: t.ClassVar[str] = "PostgreSQL"

    def state(self, host: Host) -> State:
        """Ask the server. Raises HostError where it does not answer."""
        done = host.ask(*psql(host, self.port), stdin=QUERY)
        try:
            told = json.loads(done.stdout) if done.rc == 0 else None
        except ValueError:
            told = None
        if told is None:
            raise HostError(
                f"port {self.port} does not answer to user postgres on {SOCKETS}: {first_line(done.stderr)}"
            )
        files, rules = tuple(told["files"]), tuple(told["rules"])
        return State(told["settings"], files, rules, bool(told["hba_pending"]), told.get("tls") or {})

    def bind_evidence(self, host: Host) -> tuple[Evidence, ...]:
        state = self.state(host)
        place = "{file}:{line}".format(**state.files[-1]) if state.files else "pg_settings"
        return (Evidence(place, f"listen_addresses = {state.value('listen_addresses')!r}"),)

    def bind_files(self, host: Host, wanted: Wanted) -> tuple[WriteFile, ...]:
        state = self.state(host)
        _refuse_override(state)
        value = _listen(wanted[(self.port, "tcp")])
        main = own(host, state.value("config_file"))
        text = read_own(host, main)
        folder = _drop_in_folder(state, main, text)
        setting = f"listen_addresses = '{value}'"
        check = validation(host, state)
        if folder:
            return (write_file(host, f"{own(host, folder)}/{DROP_IN}", f"{HEADER}{setting}\n", validate=check),)
        return (write_file(host, main, marked_block.put(text, BLOCK, [setting]), validate=check),)

    def admission(self, host: Host, needs: Needs, *, restrict_accounts: bool = False) -> t.Iterator[Verdict]:
        state = self.state(host)
        need = needs[(self.port, "tcp")]
        rules = [pg_access.rule(record, state.value("hba_file")) for record in state.rules]
        broken = [f"{rule.place}: {rule.error}" for rule in rules if rule.error]
        if broken:
            yield Verdict(f.NOT_ASSESSED, f"what is in use is unknown, pg_hba.conf does not load: {'; '.join(broken)}")
            return
        links = AddressSet.of(str(own.network) for own in host.once(addresses.read))
        access = pg_access.Access(rules, need.allowed, own=need.own, links=links | need.own)
        yield self._admitted(host, state, access, need)
        yield from _trusted(access)

    def _admitted(self, host: Host, state: State, access: pg_access.Access, need: Need) -> Verdict:
        strangers = [] if need.anyone else access.strangers()
        evidence = tuple(Evidence(rule.place, rule.text, f"clients: {need.says()}") for rule in strangers)
        plan, why_not = self._plan(host, state, access, need)
        if strangers:
            message = f"{STRANGERS} ({need.says()}){why_not and '; '}{why_not}"
            return Verdict(f.FAIL, message, evidence, self._fix(host, plan) if plan else ())
        if plan and plan.before != plan.after and marked_block.split(plan.before or "", BLOCK)[1]:
            return Verdict(f.FAIL, STALE, evidence, self._fix(host, plan))
        if state.hba_pending:
            return Verdict(f.FAIL, PENDING, evidence, self._fix(host, None))
        named = tuple(Evidence(rule.place, rule.text, "addresses") for rule in access.by_name())
        if named:
            return Verdict(f.NOT_ASSESSED, BY_NAME, named)
        return Verdict(f.PASS, f"pg_hba.conf admits no one over TCP but clients ({need.says()})")

    def _plan(self, host: Host, state: State, access: pg_access.Access, need: Need) -> tuple[WriteFile | None, str]:
        """pg_hba.conf with our block, or why not. Where the register is silent, only what no other host reaches is
        narrowed: nobody can be cut off."""
        if need.anyone or not (need.declared or not any(endpoint.exposed for endpoint in self.endpoints)):
            return None, UNDECLARED
        try:
            return self._hba(host, state, access), "" if self.unit else "it has no systemd unit: reload it by hand"
        except (Refused, ChangeError) as exc:
            return None, f"not fixed: {exc}"

    def _hba(self, host: Host, state: State, access: pg_access.Access) -> WriteFile:
        path = own(host, state.value("hba_file"))
        text = read_own(host, path)
        # What turns clear text away stays before ours, as it stands.
        ours = {*marked_block.lines_of(text, BLOCK), *marked_block.lines_of(text, TLS_BLOCK)}
        foreign = [rule for rule in access.rules if not (rule.file == path and rule.line in ours)]
        files = {rule.file: hba.parse(read_own(host, own(host, rule.file))) for rule in foreign}
        raw = {name: {line.number: line for line in lines} for name, lines in files.items()}
        if any(rule.line not in raw[rule.file] for rule in foreign):
            raise Refused("pg_hba.conf was changed while it was read; run again")
        lines = pg_access.block(dataclasses.replace(access, rules=foreign), raw)
        after = marked_block.put(text, BLOCK, lines, at=_place(text))
        return write_file(host, path, after, sensitive=bool(_SECRETS.search(text)))

    def _fix(self, host: Host, plan: WriteFile | None) -> tuple[Change, ...]:
        if not self.unit:
            return (as_passage(plan),) if plan else ()
        sound, reload = self.sound(host), Activate(self.unit, "reload")
        return (as_passage(plan), sound, reload) if plan else (sound, reload)

    def sound(self, host: Host) -> Statement:
        """The check that the server can read pg_hba.conf as it is by then."""
        title = f"see that PostgreSQL on port {self.port} can read pg_hba.conf"
        return Statement(title, "", "", psql(host, self.port), HBA_IS_SOUND, "", "select 0")

    def starts_again(self, host: Host) -> tuple[Change, ...]:
        state = self.state(host)
        command = validation(host, state)
        words = tuple(word.replace("{}", state.value("config_file")) for word in command)
        title = f"see that PostgreSQL on port {self.port} can read its configuration"
        return (self.sound(host), *((Check(title, words),) if words else ()))


def _place(text: str) -> int:
    """Before all rules for TCP but those of our other block, at the top of the file."""
    before, block, after = marked_block.split(text, TLS_BLOCK)
    return len(before) + len(block) + hba.first_over_tcp(after) if block else hba.first_over_tcp(text)


def find(host: Host) -> t.Iterator[PostgreSQL]:
    """Every cluster that runs, by its Unix socket and its TCP port."""
    listening = [item for item in host.once(sockets.read) if item.process == "postgres" and not item.published_by]
    units = {item.port: item.unit for item in listening}
    names = (path.rpartition(".")[2] for path in host.glob(f"{SOCKETS}/.s.PGSQL.*"))
    local = {int(name) for name in names if name.isdigit()}
    for port in sorted(set(units) | local):
        ends = endpoints(item for item in listening if item.port == port) or (Endpoint(port, "tcp", ()),)
        yield PostgreSQL(units.get(port) or _unit(host, port), ends, port=port)


def _unit(host: Host, port: int) -> str:
    """The unit of a server without TCP: the file that locks its Unix socket begins with its process."""
    try:
        pid = host.read_text(f"{SOCKETS}/.s.PGSQL.{port}.lock").split("\n")[0]
    except HostError:
        return ""
    process = processes.describe(host, int(pid)) if pid.isdigit() else None
    return process.place.unit if process else ""


def psql(host: Host, port: int) -> tuple[str, ...]:
    """The command that gives the server SQL from its standard input, as its own superuser."""
    # Debian's /usr/bin/psql is a script that takes 20 ms to choose among these.
    programs = host.glob("/usr/lib/postgresql/*/bin/psql")
    program = programs[-1] if programs else "psql"
    options = ("-XqAtw", "-v", "ON_ERROR_STOP=1", "-h", SOCKETS, "-p", str(port), "-d", "postgres")
    return (*AS_POSTGRES, program, *options)


def own(host: Host, path: str) -> str:
    """The path, if the server's own user owns what is there: whoever has taken the server over could name any file."""
    owner, run_by = host.stat(path), host.stat(SOCKETS)
    if owner is None or run_by is None or owner.st_uid != run_by.st_uid:
        raise Refused(f"{path} does not belong to the user who owns {SOCKETS}; look at it by hand")
    return path


def _listen(wanted: tuple[str, ...] | None) -> str:
    return "*" if wanted is None else ",".join(("localhost", *wanted))


def _refuse_override(state: State) -> None:
    source = state.settings["listen_addresses"]["source"]
    if source == "command line":
        raise Refused("listen_addresses is on the server's command line, which wins over every file; take it out there")
    last = state.files[-1]["file"] if state.files else ""
    if posixpath.basename(last) == "postgresql.auto.conf":
        raise Refused(f"{last} wins over every other file: run ALTER SYSTEM RESET listen_addresses first")


def _drop_in_folder(state: State, main: str, text: str) -> str:
    """The include_dir whose last file wins; "" where there is none: our block has to go to the end of the main file."""
    folder, line = include_dir(main, text)
    if not folder or marked_block.split(text, BLOCK)[1]:
        return ""
    later = [
        entry
        for entry in state.files
        if (entry["file"] == main and entry["line"] > line)
        or (posixpath.dirname(entry["file"]) == folder and posixpath.basename(entry["file"]) > DROP_IN)
    ]
    return "" if later else folder


def include_dir(main: str, text: str) -> tuple[str, int]:
    """The last folder whose files the main file includes, and the line that says so; "" and 0 for none."""
    found = list(_INCLUDE_DIR.finditer(text))
    if not found:
        return "", 0
    folder = posixpath.normpath(posixpath.join(posixpath.dirname(main), found[-1].group(1)))
    return folder, text.count("\n", 0, found[-1].start(1)) + 1


def validation(host: Host, state: State) -> tuple[str, ...]:
    """The command that reads a configuration file and ends; () where the server's program is nowhere known."""
    program = next((path for path in (f"{folder}/postgres" for folder in state.programs) if host.exists(path)), "")
    if not program:
        return ()
    data = state.value("data_directory")
    return (*AS_POSTGRES, program, "-D", data, "-C", "listen_addresses", "-c", "config_file={}")


def _trusted(access: pg_access.Access) -> t.Iterator[Verdict]:
    found = [rule for rule in access.rules if rule.method == "trust" and access.admitted(rule)]
    if found:
        evidence = tuple(Evidence(rule.place, rule.text, "a method that asks for proof") for rule in found)
        yield Verdict(f.FAIL, TRUST, evidence, about="trust")
