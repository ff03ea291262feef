# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control on a played host: recorded answers of real servers, sockets as the kernel shows them."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import pathlib
import subprocess
import time
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services import database_exposure
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, NothingDone
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Check
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import EditFile
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._host import addresses
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host, NeedsRoot

FIXTURES = pathlib.Path(__file__).resolve().parents[4] / "fixtures" / "databases"


def fixture(name: str) -> str:
    return (FIXTURES / name).read_text(encoding="utf-8")


class RootHost(Host):
    """Whoever runs the tests is root on it."""

    @property
    def is_root(self) -> bool:
        return True


@dataclasses.dataclass
class Stage:
    """A host in a folder; `programs` answer by the name of the program (behind runuser)."""

    root: pathlib.Path
    programs: dict[str, t.Callable[[t.Sequence[str], str], Completed]] = dataclasses.field(default_factory=dict)
    rows: dict[str, list[str]] = dataclasses.field(
        default_factory=lambda: {"tcp": [], "tcp6": [], "udp": [], "udp6": []}
    )
    said: list[tuple[tuple[str, ...], str]] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("fib_trie", "route", "if_inet6"):
            self.write(f"/proc/net/{name}", fixture(f"proc-net-{name}-debian12"))
        self.write("/proc/1/cgroup", "0::/init.scope\n")

    def run_directory(self) -> None:
        (self.root / "var/run/postgresql").mkdir(parents=True, exist_ok=True)

    def write(self, path: str, text: str) -> None:
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    def listen(self, process: str, unit: str, port: int, *places: str, protocol: str = "tcp") -> None:
        pid = 100 + len(list((self.root / "proc").glob("[0-9]*")))
        (self.root / f"proc/{pid}/fd").mkdir(parents=True)
        self.write(f"/proc/{pid}/stat", f"{pid} ({process}) S 1 1 1\n")
        self.write(f"/proc/{pid}/cgroup", f"0::/system.slice/{unit}\n" if unit else "0::/\n")
        for at, place in enumerate(places):
            inode = 10 * pid + at
            (self.root / f"proc/{pid}/fd/{at}").symlink_to(f"socket:[{inode}]")
            self.rows[protocol + ("6" if ":" in place else "")].append(row(protocol, place, port, inode))

    def answer(self, program: str, text: str, *, rc: int = 0, error: str = "") -> None:
        self.programs[program] = lambda argv, stdin: Completed(rc, text, error)

    def host(self) -> Host:
        for table, rows in self.rows.items():
            self.write(f"/proc/net/{table}", "\n".join(["heading", *rows]) + "\n")
        return RootHost(root=str(self.root), runner=self._run)

    def _run(self, argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        self.said.append((tuple(argv), stdin or ""))
        bare = argv[argv.index("--") + 1 :] if argv[0] == "runuser" else argv
        play = self.programs.get(bare[0].rpartition("/")[2])
        return play(bare, stdin or "") if play else Completed(127, "", f"{bare[0]}: command not found")

    def findings(self, *services: t.Mapping[str, t.Any], **options: t.Any) -> dict[tuple[str, str], Finding]:
        given = {"services": services, "restart": "when_needed", "restrict_accounts": False, **options}
        return {finding.key: finding for finding in database_exposure.assess(self.host(), given)}


def row(protocol: str, address: str, port: int, inode: int) -> str:
    packed = ipaddress.ip_address(address).packed
    words = b"".join(packed[at : at + 4][::-1] for at in range(0, len(packed), 4)).hex().upper()
    state = "0A" if protocol == "tcp" else "07"
    return f"   0: {words}:{port:04X} {'0' * len(words)}:0000 {state} 0:0 0:0 0 0 0 {inode} 1 0 100"


def service(port: int, *clients: str) -> dict[str, t.Any]:
    return {"name": f"s{port}", "ports": [{"first": port, "last": port, "protocol": "tcp"}], "clients": list(clients)}


@pytest.fixture
def stage(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(addresses, "kernel_source", lambda client: "fd77:1::2" if ":" in client else "10.77.1.12")
    return Stage(tmp_path)


CLIENT = "10.77.1.50/32"


def test_no_database(stage: Stage) -> None:
    stage.listen("nginx", "nginx.service", 80, "0.0.0.0")
    assert {key: finding.status for key, finding in stage.findings().items()} == {
        ("bind", "databases"): "not_applicable",
        ("admission", "databases"): "not_applicable",
    }


def test_an_ordinary_user_is_told_why_it_cannot_be_judged(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RootHost, "is_root", False)
    with pytest.raises(NeedsRoot, match="root"):
        stage.findings()


# PostgreSQL

POSTGRESQL = [("13", "debian11"), ("15", "debian12"), ("17", "debian13")]


def postgresql(stage: Stage, version: str = "15", release: str = "debian12", *places: str) -> str:
    unit = f"postgresql@{version}-main.service"
    stage.listen("postgres", unit, 5432, *(places or ("0.0.0.0", "::")))
    stage.run_directory()
    stage.answer("psql", fixture(f"postgresql-{version}-{release}.json"))
    stage.write(f"/etc/postgresql/{version}/main/conf.d/site.conf", "")
    folder = f"/etc/postgresql/{version}/main"
    stage.write(f"{folder}/postgresql.conf", "port = 5432\ninclude_dir = 'conf.d'\n")
    hba = {"13": "15-debian12", "15": "15-debian12", "17": "17-debian13"}[version]
    stage.write(f"{folder}/pg_hba.conf", fixture(f"pg_hba-{hba}.conf"))
    return unit


def whole(stage: Stage, change: Change) -> str:
    """The file as an edit of one passage leaves it."""
    assert isinstance(change, EditFile)
    return change.edited((stage.root / change.path.lstrip("/")).read_text(encoding="utf-8"))


@pytest.mark.parametrize(("version", "release"), [pair for pair in POSTGRESQL if pair[0] != "13"])
def test_postgresql_open_to_all(stage: Stage, version: str, release: str) -> None:
    unit = postgresql(stage, version, release)
    found = stage.findings(service(5432, CLIENT))
    bind, admission = found[("bind", f"{unit} 5432/tcp")], found[("admission", unit)]
    assert (bind.status, admission.status) == ("fail", "fail")
    assert [change.describe() for change in bind.fix] == [
        f"create /etc/postgresql/{version}/main/conf.d/zz-infosec-principles.conf",
        f"create /etc/systemd/system/{unit}.d/infosec-principles.conf",
        "see that PostgreSQL on port 5432 can read pg_hba.conf",
        f"restart {unit}",
    ]
    assert "listen_addresses = 'localhost,10.77.1.12'\n" in bind.fix[0].diff()["after"]
    after = whole(stage, admission.fix[0])
    assert 'host "orders", shop "app","all" 10.77.1.50/32 scram-sha-256' in after
    assert after.index("host all all all reject") < after.index("0.0.0.0/0")
    assert admission.fix[-1].describe() == f"reload {unit}"


def test_postgresql_that_the_register_does_not_have_is_not_cut_off(stage: Stage) -> None:
    unit = postgresql(stage)
    found = stage.findings()
    for key in (("bind", f"{unit} 5432/tcp"), ("admission", unit)):
        assert (found[key].status, found[key].fix) == ("fail", ())
        assert "register" in found[key].message


def test_postgresql_that_nobody_reaches_may_be_narrowed_without_an_entry(stage: Stage) -> None:
    unit = postgresql(stage, "15", "debian12", "127.0.0.1")
    found = stage.findings()
    assert found[("bind", f"{unit} 5432/tcp")].status == "pass"
    assert found[("admission", unit)].fix != ()


def test_postgresql_for_anyone(stage: Stage) -> None:
    unit = postgresql(stage)
    found = stage.findings(service(5432, "any"))
    assert {finding.status for finding in found.values()} == {"pass"}
    assert "anyone" in found[("bind", f"{unit} 5432/tcp")].message


def test_postgresql_reads_its_configuration_before_a_restart(stage: Stage) -> None:
    unit = postgresql(stage)
    stage.write("/usr/lib/postgresql/15/bin/postgres", "")
    stage.answer("postgres", "", rc=1, error="FATAL: configuration file contains errors\n")
    *_read, sound, restart = stage.findings(service(5432, CLIENT))[("bind", f"{unit} 5432/tcp")].fix
    assert restart.describe() == f"restart {unit}"
    with pytest.raises(NothingDone, match=r"can read its configuration: no .*configuration file contains errors"):
        sound.apply(stage.host(), tag="t")


def test_restart_never_writes_and_says_that_a_restart_is_needed(stage: Stage) -> None:
    unit = postgresql(stage)
    bind = stage.findings(service(5432, CLIENT), restart="never")[("bind", f"{unit} 5432/tcp")]
    assert [change.describe().split()[0] for change in bind.fix] == ["create"]
    assert "restart is needed" in bind.message


def test_what_is_written_and_not_in_use_is_pending_and_changes_nothing(stage: Stage) -> None:
    unit = postgresql(stage)
    first = stage.findings(service(5432, CLIENT), restart="never")[("bind", f"{unit} 5432/tcp")]
    drop_in = "/etc/postgresql/15/main/conf.d/zz-infosec-principles.conf"
    stage.write(drop_in, first.fix[0].diff()["after"])
    bind = stage.findings(service(5432, CLIENT), restart="never")[("bind", f"{unit} 5432/tcp")]
    assert (bind.status, bind.fix) == ("fail", ())
    assert "restart is pending" in bind.message
    fix = stage.findings(service(5432, CLIENT))[("bind", f"{unit} 5432/tcp")].fix
    assert [change.describe() for change in fix][-1] == f"restart {unit}"


def test_what_is_written_and_in_use_and_does_not_help_is_left(stage: Stage) -> None:
    unit = postgresql(stage)
    first = stage.findings(service(5432, CLIENT))[("bind", f"{unit} 5432/tcp")]
    stage.write("/etc/postgresql/15/main/conf.d/zz-infosec-principles.conf", first.fix[0].diff()["after"])
    # Started 10 seconds from now, which is after the file was written.
    stage.answer("systemctl", f"ExecMainStartTimestampMonotonic={int((time.monotonic() + 10) * 1e6)}\n")
    bind = stage.findings(service(5432, CLIENT))[("bind", f"{unit} 5432/tcp")]
    assert bind.fix == ()
    assert "something wins over it" in bind.message


def told(stage: Stage, **settings: t.Any) -> None:
    """PostgreSQL's recorded answer with other values."""
    record = json.loads(fixture("postgresql-15-debian12.json"))
    record.update(settings)
    stage.answer("psql", json.dumps(record))


def test_alter_system_wins_and_is_told(stage: Stage) -> None:
    unit = postgresql(stage)
    told(stage, files=[{"file": "/var/lib/postgresql/15/main/postgresql.auto.conf", "line": 3}])
    bind = stage.findings(service(5432, CLIENT))[("bind", f"{unit} 5432/tcp")]
    assert bind.fix == ()
    assert "ALTER SYSTEM RESET" in bind.message


@pytest.mark.parametrize(
    ("main", "files"),
    [
        ("port = 5432\n", []),
        (
            "include_dir = 'conf.d'\nlisten_addresses = '*'\n",
            [{"file": "/etc/postgresql/15/main/postgresql.conf", "line": 2}],
        ),
        ("include_dir 'conf.d'\n", [{"file": "/etc/postgresql/15/main/conf.d/zzz.conf", "line": 1}]),
    ],
)
def test_where_a_drop_in_would_not_win_a_block_does(stage: Stage, main: str, files: list[t.Any]) -> None:
    unit = postgresql(stage)
    stage.write("/etc/postgresql/15/main/postgresql.conf", main)
    told(stage, files=files)
    fix = stage.findings(service(5432, CLIENT))[("bind", f"{unit} 5432/tcp")].fix
    assert fix[0].describe() == "edit /etc/postgresql/15/main/postgresql.conf"
    assert whole(stage, fix[0]).startswith(main + "# BEGIN infosec.principles database_exposure\n")


def test_postgresql_of_the_rhel_family(stage: Stage) -> None:
    stage.run_directory()
    stage.listen("postgres", "postgresql.service", 5432, "0.0.0.0")
    stage.answer("psql", fixture("postgresql-13-composed-rhel9.json"))
    stage.write("/var/lib/pgsql/data/postgresql.conf", "listen_addresses = '*'\n")
    stage.write("/var/lib/pgsql/data/pg_hba.conf", "#\n#\n#\nlocal all all peer\n\nhost all all all scram-sha-256\n")
    found = stage.findings(service(5432, CLIENT))
    assert "'localhost,10.77.1.12'" in found[("bind", "postgresql.service 5432/tcp")].fix[0].diff()["after"]
    assert (
        "host all all 10.77.1.50/32 scram-sha-256" in found[("admission", "postgresql.service")].fix[0].diff()["after"]
    )


@pytest.mark.parametrize("path", ["/etc/shadow", "/nowhere"])
def test_postgresql_cannot_have_us_write_somebody_elses_file(
    stage: Stage, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = postgresql(stage)
    stage.write("/etc/shadow", "root:secret:1:0:99999:7:::\n")
    settings = json.loads(fixture("postgresql-15-debian12.json"))["settings"]
    told(stage, settings={**settings, "hba_file": {"value": path}, "config_file": {"value": path}})
    monkeypatch.setattr(RootHost, "stat", lambda host, name: Owned(7 if name.startswith("/var/run") else 0))
    found = stage.findings(service(5432, CLIENT))
    for key in (("bind", f"{unit} 5432/tcp"), ("admission", unit)):
        assert (found[key].status, found[key].fix) == ("fail", ())
        assert "does not belong to" in found[key].message
    assert "secret" not in repr(found)


@dataclasses.dataclass
class Owned:
    """A file's status, as far as the control looks."""

    st_uid: int
    st_mtime: float = 0


@pytest.mark.parametrize(
    ("text", "rc", "error", "why"),
    [
        ("", 2, "psql: error: FATAL:  the database system is starting up\n", "starting up"),
        ("", 127, "psql: command not found", "not found"),
        ("no JSON", 0, "", "does not answer"),
    ],
)
def test_postgresql_that_does_not_answer(stage: Stage, text: str, rc: int, error: str, why: str) -> None:
    unit = postgresql(stage)
    stage.answer("psql", text, rc=rc, error=error)
    found = stage.findings(service(5432, CLIENT))
    assert found[("admission", unit)].status == "not_assessed"
    assert why in found[("admission", unit)].message
    assert (found[("bind", f"{unit} 5432/tcp")].status, found[("bind", f"{unit} 5432/tcp")].fix) == ("fail", ())


def hba_rule(
    *,
    line: int = 1,
    address: str = "10.77.1.50",
    mask: str | None = "255.255.255.255",
    method: str = "md5",
    error: str | None = None,
) -> dict[str, t.Any]:
    return {
        "line_number": line, "type": "host", "database": ["all"], "user_name": ["all"], "address": address,
        "netmask": mask, "auth_method": method, "options": None, "error": error,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "pending", "about", "status", "words"),
    [
        ([hba_rule()], False, "", "pass", "no one over TCP but clients"),
        ([hba_rule()], True, "", "fail", "reload is pending"),
        ([hba_rule(address="db.example.org", mask=None)], False, "", "not_assessed", "host name"),
        ([hba_rule(error="bad")], False, "", "not_assessed", "does not load"),
        ([hba_rule(method="trust")], False, " (trust)", "fail", "give the roles passwords"),
    ],
)
def test_pg_hba(stage: Stage, rules: list[t.Any], pending: bool, about: str, status: str, words: str) -> None:
    unit = postgresql(stage)
    stage.write("/etc/postgresql/15/main/pg_hba.conf", "host all all 10.77.1.50/32 md5\n")
    told(stage, rules=rules, hba_pending=pending)
    found = stage.findings(service(5432, CLIENT))[("admission", f"{unit}{about}")]
    assert found.status == status
    assert words in found.message


# MariaDB and MySQL

MARIADB = ["10.11-debian12", "11.8-debian13", "10.5-debian11"]


def mariadb(stage: Stage, name: str, *places: str, process: str = "mariadbd") -> None:
    stage.listen(process, "mariadb.service", 3306, *(places or ("0.0.0.0", "::")))
    stage.write("/etc/mysql/my.cnf", fixture("mariadb-10.11-debian12-my.cnf"))

    def play(argv: t.Sequence[str], stdin: str) -> Completed:
        if "@@bind_address" in stdin:
            return Completed(0, fixture(f"mariadb-{name}-variables.jsonl"), "")
        return Completed(0, "definer@%\n" if "definer" in stdin else fixture(f"mariadb-{name}-accounts.jsonl"), "")

    stage.programs["mysql"] = play


@pytest.mark.parametrize("name", MARIADB[:2])
def test_mariadb_open_to_all(stage: Stage, name: str) -> None:
    mariadb(stage, name)
    found = stage.findings(service(3306, CLIENT))
    bind = found[("bind", "mariadb.service 3306/tcp")]
    assert bind.fix[0].describe() == "create /etc/mysql/mariadb.conf.d/zz-infosec-principles.cnf"
    assert "\nbind-address = 127.0.0.1,::1,10.77.1.12\n" in bind.fix[0].diff()["after"]
    admission = found[("admission", "mariadb.service")]
    assert (admission.status, admission.fix) == ("fail", ())
    assert "restrict_accounts" in admission.message
    assert "'shop'@'%'" in [evidence.found for evidence in admission.evidence]


def test_mariadb_reads_its_option_files_before_a_restart(stage: Stage) -> None:
    mariadb(stage, "10.11-debian12")
    stage.write("/usr/sbin/mariadbd", "")
    stage.answer("mariadbd", "", rc=7, error="[ERROR] mariadbd: unknown variable 'bufer_size=1'\n")
    *_read, sound, restart = stage.findings(service(3306, CLIENT))[("bind", "mariadb.service 3306/tcp")].fix
    assert restart.describe() == "restart mariadb.service"
    with pytest.raises(NothingDone, match=r"can read its option files: no .*unknown variable"):
        sound.apply(stage.host(), tag="t")


def test_mariadb_that_binds_one_address_only_is_not_cut_from_loopback(stage: Stage) -> None:
    mariadb(stage, "10.5-debian11")
    bind = stage.findings(service(3306, CLIENT))[("bind", "mariadb.service 3306/tcp")]
    assert bind.fix == ()
    assert "binds one address or all" in bind.message
    alone = stage.findings(service(3306))[("bind", "mariadb.service 3306/tcp")]
    assert alone.fix[0].diff()["after"].endswith("\nbind-address = 127.0.0.1\n")


def test_mariadb_accounts_are_narrowed_when_asked(stage: Stage) -> None:
    mariadb(stage, "10.11-debian12")
    found = stage.findings(service(3306, CLIENT), restrict_accounts=True)[("admission", "mariadb.service")]
    titles = [change.describe() for change in found.fix]
    assert any(title.startswith("rename 'shop'@'%' to 'shop'@'10.77.1.50', 'shop'@'localhost'") for title in titles)
    assert not any("definer" in title for title in titles)
    assert "defines views" in found.message


@pytest.mark.parametrize(
    ("account", "about", "status"),
    [
        ('{"user": "a", "host": "10.77.1.50", "open": true, "locked": "0"}', " (no password)", "fail"),
        ('{"user": "a", "host": "10.77.1.50", "open": false, "locked": "0"}', "", "pass"),
        ('{"user": "a", "host": "%", "open": true, "locked": "1"}', "", "pass"),
        ('{"user": "a", "host": "db.example.org", "open": 0, "locked": 0}', "", "not_assessed"),
        ('{"user": "a", "host": "10.77.%", "open": 0, "locked": 0}', "", "fail"),
    ],
)
def test_mariadb_accounts(stage: Stage, account: str, about: str, status: str) -> None:
    mariadb(stage, "10.11-debian12")
    variables = fixture("mariadb-10.11-debian12-variables.jsonl")
    stage.programs["mysql"] = lambda argv, stdin: Completed(0, variables if "@@bind" in stdin else account, "")
    assert stage.findings(service(3306, CLIENT))[("admission", f"mariadb.service{about}")].status == status


def test_skip_grant_tables(stage: Stage) -> None:
    mariadb(stage, "10.11-debian12")
    stage.answer("mysql", fixture("mariadb-10.11-debian12-variables.jsonl").replace("root@localhost", "@"))
    found = stage.findings(service(3306, CLIENT))[("admission", "mariadb.service")]
    assert found.status == "fail"
    assert "skip-grant-tables" in found.message


def test_mariadb_that_does_not_answer(stage: Stage) -> None:
    mariadb(stage, "10.11-debian12")
    stage.answer("mysql", "", rc=1, error="ERROR 2002 (HY000): Can't connect")
    assert stage.findings()[("admission", "mariadb.service")].status == "not_assessed"


def test_mysql_with_its_second_port_on_the_rhel_family(stage: Stage) -> None:
    stage.listen("mysqld", "mysqld.service", 3306, "::")
    stage.listen("mysqld", "mysqld.service", 33060, "::")
    stage.write("/etc/my.cnf", fixture("mysql-8.0-composed-rhel9-my.cnf"))
    record = {
        "version": "8.0.36",
        "bind": "*",
        "me": "root@localhost",
        "user": "a",
        "host": "%",
        "open": 0,
        "locked": 0,
    }
    stage.answer("mysql", json.dumps(record))
    found = stage.findings(service(3306, CLIENT))
    fix = found[("bind", "mysqld.service 3306/tcp")].fix
    assert fix[0].describe() == "create /etc/my.cnf.d/zz-infosec-principles.cnf"
    assert "mysqlx" not in fix[0].diff()["after"]
    assert found[("bind", "mysqld.service 33060/tcp")].fix == ()
    accounts = stage.findings(service(3306, CLIENT), restrict_accounts=True)[("admission", "mysqld.service")]
    assert (accounts.status, accounts.fix) == ("fail", ())
    assert "MariaDB alone" in accounts.message
    both = stage.findings(service(3306, CLIENT), service(33060))[("bind", "mysqld.service 33060/tcp")].fix
    assert (
        both[0]
        .diff()["after"]
        .endswith("bind-address = 127.0.0.1,::1,10.77.1.12\nmysqlx-bind-address = 127.0.0.1,::1\n")
    )


# Redis and Valkey

REDIS = ["redis-6.0-debian11", "redis-7.0-debian12", "redis-8.0-debian13", "valkey-8.1-debian13"]
CONF = "bind 0.0.0.0 ::\nprotected-mode no\nport 6379\n"


def redis(stage: Stage, name: str, answers: str = "", conf: str = CONF) -> str:
    product = name.split("-")[0]
    unit, path = f"{product}-server.service", f"/etc/{product}/{product}.conf"
    stage.listen(f"{product}-server", unit, 6379, "0.0.0.0", "::")
    stage.answer(f"{product}-cli", answers or fixture(f"{name}.txt"))
    stage.write(path, conf)
    return unit


@pytest.mark.parametrize("name", REDIS)
def test_redis_open_to_all(stage: Stage, name: str) -> None:
    unit = redis(stage, name)
    found = stage.findings(service(6379, CLIENT))
    bind, admission = found[("bind", f"{unit} 6379/tcp")], found[("admission", unit)]
    assert whole(stage, bind.fix[0]).startswith(CONF)
    assert "\nbind 127.0.0.1 ::1 10.77.1.12\n" in bind.fix[0].diff()["after"]
    # Its clients use no password; one made up here would cut them off.
    assert (admission.status, admission.fix) == ("fail", ())
    assert "set a password" in admission.message


REFUSAL = "*** FATAL CONFIG FILE ERROR ***\nReading the configuration file, at line {}\n>>> '{}'\n"


@pytest.mark.parametrize(
    ("said", "rc", "error"),
    [
        (REFUSAL.format(9, 'port "infosec-principles-check"'), 0, ""),
        (REFUSAL.format(3, "requirepas hunter2"), 1, "at line 3\n"),
    ],
)
def test_redis_reads_its_configuration_before_a_restart(stage: Stage, said: str, rc: int, error: str) -> None:
    unit = redis(stage, REDIS[1])
    stage.answer("systemctl", "User=redis\n")
    *_read, sound, _restart = stage.findings(service(6379, CLIENT))[("bind", f"{unit} 6379/tcp")].fix
    assert isinstance(sound, Check) and sound.argv[:4] == ("runuser", "-u", "redis", "--")
    stage.write("/bin/redis-server", f"#!/bin/sh\ncat <<'END'\n{said}END\nexit 1\n")
    program = stage.root / "bin/redis-server"
    program.chmod(0o755)
    argv = [str(program) if word == "redis-server" else word for word in sound.argv[4:]]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (rc, "", error)


def test_an_odd_file_beside_redis_own_harms_nobody(stage: Stage) -> None:
    redis(stage, REDIS[1], "(error) NOAUTH Authentication required.\n")
    stage.write("/etc/redis/aaa.conf", "port abc\n")
    assert {finding.status for finding in stage.findings(service(6379, CLIENT)).values()} == {"fail", "not_assessed"}


def test_redis_for_this_host_alone_is_fixed_by_its_addresses(stage: Stage) -> None:
    unit = redis(stage, REDIS[1])
    found = stage.findings(service(6379))
    assert found[("admission", unit)].fix is found[("bind", f"{unit} 6379/tcp")].fix
    assert found[("admission", unit)].fix != ()


@pytest.mark.parametrize(
    ("name", "change", "status"),
    [
        (REDIS[1], ("on nopass", "on #5e88"), "pass"),
        (REDIS[1], ("on nopass", "off nopass"), "pass"),
        (REDIS[1], ('2) "no"', '2) "yes"'), "pass"),
        # Before 7.0 protected mode ends where addresses are bound.
        (REDIS[0], ('2) "no"', '2) "yes"'), "fail"),
        (REDIS[1], ("user default on nopass", "user other on nopass"), "fail"),
    ],
)
def test_redis_admission(stage: Stage, name: str, change: tuple[str, str], status: str) -> None:
    answers = fixture(f"{name}.txt")
    assert change[0] in answers
    unit = redis(stage, name, answers.replace(*change))
    assert stage.findings(service(6379, CLIENT))[("admission", unit)].status == status


def test_the_password_goes_by_standard_input_and_nowhere_else(stage: Stage) -> None:
    unit = redis(stage, REDIS[1], conf=CONF + 'requirepass "hunter 2"\n')
    found = stage.findings(service(6379, CLIENT))
    ((argv, stdin),) = {(argv, stdin) for argv, stdin in stage.said if argv[0] == "redis-cli"}
    assert not any("hunter" in word for word in argv)
    assert stdin.startswith('AUTH "' + "".join(f"\\x{byte:02x}" for byte in b"hunter 2"))
    assert "hunter" not in repr([dataclasses.asdict(finding)["evidence"] for finding in found.values()])
    assert "hunter" not in repr([change.diff() for finding in found.values() for change in finding.fix])
    assert found[("bind", f"{unit} 6379/tcp")].fix != ()


def test_redis_cannot_have_us_write_somebody_elses_file(stage: Stage) -> None:
    answers = fixture("redis-7.0-debian12.txt").replace("config_file:/etc/redis/redis.conf", "config_file:/etc/passwd")
    unit = redis(stage, REDIS[1], answers)
    bind = stage.findings(service(6379, CLIENT))[("bind", f"{unit} 6379/tcp")]
    assert bind.fix == ()
    assert "/etc/passwd is neither" in bind.message


@pytest.mark.parametrize("name", ["redis", "pg_hba"])
def test_a_servers_user_cannot_have_us_copy_what_only_root_may_read(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The file is a link to a secret for just as long as the plan reads it."""
    stage.write("/etc/shadow", "root hunter2 x 192.0.2.0/24 y\n" * 200)
    unit, port, path = redis(stage, REDIS[1]), 6379, stage.root / "etc/redis/redis.conf"
    if name == "pg_hba":
        unit, port, path = postgresql(stage), 5432, stage.root / "etc/postgresql/15/main/pg_hba.conf"
    really, text = Host.read_text, path.read_text()

    def swapped(host: Host, wanted: str) -> str:
        if not wanted.endswith(path.name):
            return really(host, wanted)
        path.unlink()
        path.symlink_to(stage.root / "etc/shadow")
        try:
            return really(host, wanted)
        finally:
            path.unlink()
            path.write_text(text)

    monkeypatch.setattr(Host, "read_text", swapped)
    found = stage.findings(service(port, CLIENT))
    changes = [change.diff() for key in found for change in found[key].fix if unit in key[1]]
    assert changes and "hunter2" not in repr(changes)


@pytest.mark.parametrize("unit", ["", "session-3.scope", "user@1000.service"])
def test_a_users_program_of_that_name_gets_no_password(stage: Stage, unit: str) -> None:
    stage.listen("redis-server", unit, 6379, "127.0.0.1")
    stage.answer("redis-cli", fixture("redis-7.0-debian12.txt"))
    stage.write("/etc/redis/redis.conf", CONF + "requirepass hunter2\n")
    stage.findings(service(6379, CLIENT))
    assert [stdin for argv, stdin in stage.said if "AUTH" in stdin] == []
    assert [argv for argv, stdin in stage.said if argv[0] == "redis-cli"] != []


def test_redis_that_does_not_answer(stage: Stage) -> None:
    unit = redis(stage, REDIS[1], "(error) NOAUTH Authentication required.\n")
    found = stage.findings(service(6379, CLIENT))
    assert found[("admission", unit)].status == "not_assessed"
    assert "NOAUTH" in found[("admission", unit)].message


# memcached


@pytest.mark.parametrize(
    ("path", "name", "line"),
    [
        ("/etc/memcached.conf", "memcached-1.6-debian12.conf", "\n-l 127.0.0.1,::1,10.77.1.12\n"),
        (
            "/etc/sysconfig/memcached",
            "memcached-1.6-composed-rhel9.sysconfig",
            '\nOPTIONS="-U 0 -l 127.0.0.1,::1,10.77.1.12"\n',
        ),
    ],
)
def test_memcached_open_to_all(stage: Stage, path: str, name: str, line: str) -> None:
    stage.listen("memcached", "memcached.service", 11211, "0.0.0.0")
    stage.write(path, fixture(name))
    found = stage.findings(service(11211, CLIENT))
    bind = found[("bind", "memcached.service 11211/tcp")]
    assert line in bind.fix[0].diff()["after"]
    assert found[("admission", "memcached.service")].fix is bind.fix
    assert "empties" not in bind.message
    assert "empties" in stage.findings(service(11211, CLIENT), restart="never")[bind.key].message


@pytest.mark.parametrize(
    ("places", "ports"),
    [
        (("0.0.0.0",), (("127.0.0.1", 11211), ("10.77.1.12", 11211))),
        (("::",), (("127.0.0.1", 11211), ("10.77.1.12", 11211), ("fd77:1::2", 11211))),
        (("10.77.2.12",), ()),
    ],
)
def test_health_is_asked_where_it_answers_before_and_after(
    stage: Stage, places: tuple[str, ...], ports: tuple[tuple[str, int], ...]
) -> None:
    stage.listen("memcached", "memcached.service", 11211, *places)
    stage.write("/etc/memcached.conf", "-l 0.0.0.0\n")
    fix = stage.findings(service(11211, CLIENT, "fd77:1::/64"))[("bind", "memcached.service 11211/tcp")].fix
    assert isinstance(fix[-1], Activate)
    assert fix[-1].ports == ports


@pytest.mark.parametrize(
    ("places", "clients", "conf", "status"),
    [
        (("127.0.0.1",), (), "", "pass"),
        (("127.0.0.1", "10.77.1.12"), (CLIENT,), "", "not_applicable"),
        (("0.0.0.0",), ("any",), "", "fail"),
        (("0.0.0.0",), ("any",), "-S\n", "pass"),
    ],
)
def test_memcached_admission(
    stage: Stage, places: tuple[str, ...], clients: tuple[str, ...], conf: str, status: str
) -> None:
    stage.listen("memcached", "memcached.service", 11211, *places)
    stage.write("/etc/memcached.conf", conf)
    assert stage.findings(service(11211, *clients))[("admission", "memcached.service")].status == status


# By configuration


@pytest.mark.parametrize(
    ("process", "unit", "port", "path", "name", "admission"),
    [
        ("mongod", "mongod.service", 27017, "/etc/mongod.conf", "mongodb-8.0-composed.conf", "fail"),
        ("mongod", "mongod.service", 27017, "/etc/mongod.conf", "mongodb-8.0-composed-secure.conf", "pass"),
        (
            "java",
            "elasticsearch.service",
            9200,
            "/etc/elasticsearch/elasticsearch.yml",
            "elasticsearch-8-composed.yml",
            "fail",
        ),
        ("java", "opensearch.service", 9200, "/etc/opensearch/opensearch.yml", "opensearch-2-composed.yml", "fail"),
        (
            "beam.smp",
            "rabbitmq-server.service",
            5672,
            "/etc/rabbitmq/rabbitmq.conf",
            "rabbitmq-4-composed.conf",
            "fail",
        ),
        ("etcd", "etcd.service", 2379, "/etc/default/etcd", "etcd-3.5-composed.conf", "fail"),
        ("beam.smp", "couchdb.service", 5984, "/opt/couchdb/etc/local.ini", "couchdb-3-composed.ini", "fail"),
        ("mongod", "mongod.service", 27017, "/nowhere", "mongodb-8.0-composed.conf", "not_assessed"),
    ],
)
def test_products_known_by_configuration(
    stage: Stage, process: str, unit: str, port: int, path: str, name: str, admission: str
) -> None:
    stage.listen(process, unit, port, "0.0.0.0")
    stage.write(path, fixture(name))
    found = stage.findings(service(port, CLIENT))
    bind = found[("bind", f"{unit} {port}/tcp")]
    assert (bind.status, bind.fix) == ("fail", ())
    assert "127.0.0.1,10.77.1.12" in bind.message
    assert found[("admission", unit)].status == admission


# Stopped ones


@pytest.mark.parametrize(
    ("active", "enablement", "status"),
    [
        ("inactive", "enabled", "not_assessed"),
        ("activating", "enabled", "not_assessed"),
        ("failed", "static", "not_assessed"),
        ("active", "enabled", "pass"),
        ("inactive", "disabled", "not_applicable"),
        ("inactive", "masked", "not_applicable"),
    ],
)
def test_a_server_that_does_not_listen(stage: Stage, active: str, enablement: str, status: str) -> None:
    stage.write("/run/systemd/system/.keep", "")
    shown = f"Id=mariadb.service\nLoadState=loaded\nActiveState={active}\nUnitFileState={enablement}\n"
    stage.answer("systemctl", f"{shown}\nId=redis.service\nLoadState=not-found\nActiveState=inactive\nUnitFileState=\n")
    found = stage.findings()
    assert {key: finding.status for key, finding in found.items()} == {
        ("bind", "mariadb.service"): status,
        ("admission", "mariadb.service"): status,
    }
