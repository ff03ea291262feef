# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the databases of service_tls read, by what real servers answered; whole fixes are in the cases (pairs)."""

from __future__ import annotations

import datetime
import json
import pathlib
import sys
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import accounts
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import model as databases
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import mysql as mysql_servers
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import postgresql as clusters
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import redis as redis_servers
from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Pair, Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import (
    mysql,
    openssl_conf,
    pairs,
    pg_log,
    postgresql,
    redis,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    Endpoint,
    Terms,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import NothingDone
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Statement
from ansible_collections.infosec.principles.plugins.module_utils._formats.passages import edited
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host

FIXTURES = pathlib.Path(__file__).resolve().parents[4] / "fixtures" / "databases"
NOW = datetime.datetime(2026, 12, 1, tzinfo=datetime.timezone.utc)
TERMS = Terms("intermediate", ("TLSv1.2", "TLSv1.3"), ("ECDHE-A", "ECDHE-B"), (), ("X25519", "prime256v1"))
PAIR = Pair("/etc/ssl/infosec/shop/fullchain.pem", "/etc/ssl/infosec/shop/key.pem")


def fixture(name: str) -> str:
    return (FIXTURES / name).read_text(encoding="utf-8")


def write(root: pathlib.Path, name: str, text: str) -> None:
    path = root / name.lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


# PostgreSQL's log


def read_log(root: pathlib.Path, prefix: str = "%m [%p] %q%u@%d ", **files: str) -> pg_log.Told:
    for name, text in files.items():
        write(root, f"/var/log/{name.replace('_', '.')}", text)
    return pg_log.read(Host(root=str(root)), "/var/log/pg.log", prefix)


def test_a_log_tells_who_came_in_clear(tmp_path: pathlib.Path) -> None:
    told = read_log(tmp_path, pg_log=fixture("postgresql-15-debian12-connections.log"))
    assert {(one.user, one.address, one.database) for one in told.clear} == {
        ("orders", "172.31.77.4", "orders"),
        ("orders", "127.0.0.1", "orders"),
        ("postgres", "[local]", "postgres"),
        ("repl", "172.31.77.4", ""),
    }
    assert told.since is not None and told.since.isoformat() == "2026-11-29T15:21:54+00:00"


def test_the_log_before_counts_too_and_the_most_recent_visit_is_kept(tmp_path: pathlib.Path) -> None:
    log = fixture("postgresql-15-debian12-connections.log")
    told = read_log(tmp_path, pg_log=log, pg_log_1=log.replace("2026-11-29", "2026-11-20"))
    assert told.since is not None and told.since.day == 20
    assert {one.when.day for one in told.clear} == {29}


@pytest.mark.parametrize("prefix", ["", "%p ", "%m ", "%m %p %p "])
def test_a_log_without_time_or_process_tells_nothing(tmp_path: pathlib.Path, prefix: str) -> None:
    assert read_log(tmp_path, prefix, pg_log=fixture("postgresql-15-debian12-connections.log")) == pg_log.Told()


def test_a_log_with_another_prefix(tmp_path: pathlib.Path) -> None:
    log = (
        "[9] 2026-11-29 10:00:00 CET 5% x LOG:  connection received: host=192.0.2.9 port=1\n"
        "[9] 2026-11-29 10:00:01 CET 5% x LOG:  connection authorized: user=a b database=c d SSL enabled (protocol=x)\n"
        "[8] 2026-11-29 10:00:02 CET 5% x LOG:  connection authorized: user=a b database=c d\n"
    )
    told = read_log(tmp_path, "[%p] %t 5%% %-10a", pg_log=log)
    assert [(one.user, one.address, one.database) for one in told.clear] == [("a b", "", "c d")]


def test_a_log_that_is_too_large_tells_nothing(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pg_log, "MAX_BYTES", 10)
    assert read_log(tmp_path, pg_log=fixture("postgresql-15-debian12-connections.log")) == pg_log.Told()


# PostgreSQL's settings


def state(version: str = "150020", source: str = "file", files: t.Sequence[t.Any] = ()) -> clusters.State:
    values = {"server_version_num": version, "ssl": "on", "ssl_min_protocol_version": "TLSv1", "ssl_ciphers": "x"}
    values.update({"ssl_groups": "X25519"} if version >= "18" else {"ssl_ecdh_curve": "prime256v1"})
    settings = {name: {"value": value, "source": source} for name, value in values.items()}
    return clusters.State(settings, (), (), False, {"files": files})


def test_groups_are_a_list_since_18_and_one_curve_before() -> None:
    assert postgresql._lines(state("180001"), TERMS, None, "/x")["ssl_groups"] == "X25519:prime256v1"
    assert postgresql._lines(state(), TERMS, None, "/x")["ssl_ecdh_curve"] == "prime256v1"


def test_a_pair_that_ours_names_already_is_kept() -> None:
    files = [
        {"name": name, "file": "/x", "line": 1, "value": name} for name in ("ssl", "ssl_cert_file", "ssl_key_file")
    ]
    lines = postgresql._lines(state(files=files), TERMS, None, "/x")
    assert (lines["ssl"], lines["ssl_cert_file"]) == ("ssl", "ssl_cert_file")
    assert "ssl" not in postgresql._lines(state(files=files), TERMS, None, "/other")
    assert postgresql._lines(state(files=files), TERMS, PAIR, "/x")["ssl_key_file"] == PAIR.key


@pytest.mark.parametrize(
    ("file", "line", "refused"),
    [
        ("/etc/pg/postgresql.conf", 5, False),
        ("/etc/pg/postgresql.conf", 50, True),
        ("/etc/pg/conf.d/aa.conf", 1, False),
        ("/etc/pg/conf.d/zzz.conf", 1, True),
        ("/var/lib/pg/postgresql.auto.conf", 3, True),
    ],
)
def test_what_is_read_after_ours_is_not_fought(file: str, line: int, refused: bool) -> None:
    files = [{"name": "ssl_ciphers", "file": file, "line": line, "value": "ALL"}]
    wanted = {"ssl_ciphers": "ECDHE-A"}
    arguments = (state(files=files), wanted, "/etc/pg/postgresql.conf", 10, f"/etc/pg/conf.d/{postgresql.DROP_IN}")
    if refused:
        with pytest.raises(Refused, match=f"{file}:{line} sets ssl_ciphers"):
            postgresql._refuse_override(*arguments)
    else:
        postgresql._refuse_override(*arguments)


def test_a_command_line_is_not_fought() -> None:
    with pytest.raises(Refused, match="command line"):
        postgresql._refuse_override(state(source="command line"), {"ssl_ciphers": "y"}, "/m", 1, "/d/x")


def test_the_block_of_database_exposure_stays_behind_ours() -> None:
    ours = "# BEGIN infosec.principles service_tls\nhostnossl all all 0.0.0.0/1 reject\n# END infosec.principles service_tls\n"
    text = f"{ours}# comment\nlocal all all peer\nhost all all all md5\n"
    assert text[clusters._place(text) :].startswith("host all all all md5")
    assert clusters._place(f"local all all peer\nhost all all all md5\n{ours}") > len("local all all peer\n")


# MariaDB and MySQL


def told(name: str, **variables: str) -> mysql.Told:
    records = [json.loads(line) for line in fixture(f"mariadb-{name}-tls.jsonl").splitlines()]
    values = {one["name"]: one["value"] for one in records if "name" in one}
    groups = (tuple(one for one in records if key in one) for key in ("connected", "clear", "client"))
    return mysql.Told("MariaDB", (10, 11), {**values, **variables}, *groups)


def in_clear(answers: mysql.Told, *found: accounts.Account) -> set[str]:
    return {mysql._client(one) for one in mysql._in_clear(answers, list(found))}


def test_the_performance_schema_tells_who_is_connected_in_clear() -> None:
    assert in_clear(told("11.8-debian13")) == {"t@db-11.db-net", "t@localhost (this host, over TCP)"}


def test_without_it_everybody_counts_who_is_not_shown_to_use_tls() -> None:
    answers = told("10.11-debian12")
    assert in_clear(answers) == {"t@db-11.db-net", "t@localhost (this host, over TCP)"}
    bound = accounts.Account("t", "%", tls=True)
    assert in_clear(answers, bound) == set()
    assert in_clear(answers, bound, accounts.Account("t", "localhost")) != set()


def test_a_client_that_only_came_by_tls_is_no_client_in_clear() -> None:
    answers = told("10.11-debian12")
    counted = ({"client": "db-11.db-net", "total": 3, "tls": 3}, {"client": "localhost", "total": 5, "tls": 5})
    found = {mysql._client(one) for one in mysql._in_clear(mysql.dataclasses.replace(answers, counted=counted), [])}
    assert found == {"t@localhost (this host, over TCP)"}


def test_counts_that_were_begun_anew_reach_less_far_back() -> None:
    whole, half = told("10.11-debian12", connections="8", uptime="864000"), told("10.11-debian12", connections="16")
    assert whole.counted_days == 10
    assert half.counted_days == pytest.approx(11 / 86400 / 2)


def test_who_came_in_clear_is_counted() -> None:
    found = [mysql._counted(one) for one in told("10.11-debian12").counted if mysql._came_in_clear(one)]
    assert found == ["db-11.db-net (1 of 2 connections)"]


class Played:
    """A host with MySQL's answers."""

    def __init__(self, root: pathlib.Path, variables: t.Mapping[str, str], version: str = "8.0.36") -> None:
        self.root, self.variables, self.version = root, variables, version
        write(root, "/etc/my.cnf", "[mysqld]\n!includedir /etc/my.cnf.d\n")
        write(root, "/etc/my.cnf.d/base.cnf", "[mysqld]\ntls-version = TLSv1.1\n[client]\nssl-cert = x\n")
        write(root, "/proc/7/cmdline", "/usr/sbin/mysqld\0")

    def run(self, argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        if "@@bind_address" in (stdin or ""):
            return Completed(0, json.dumps({"version": self.version, "bind": "*", "me": "root@localhost"}), "")
        lines = [json.dumps({"name": name, "value": value}) for name, value in self.variables.items()]
        return Completed(0, "\n".join(lines), "")

    def server(self, *ports: int) -> mysql.MySQL:
        ends = tuple(databases.Endpoint(port, "tcp", ("0.0.0.0",)) for port in ports)
        found = mysql_servers.MySQL("mysqld.service", ends, process="mysqld")
        return mysql.MySQL(
            "mysqld.service", (7,), tuple(Endpoint(port, ("0.0.0.0",), "mysql") for port in ports), found
        )

    def changes(self, wanted: Wanted) -> tuple[t.Any, ...]:
        return self.server(3306).changes(Host(root=str(self.root), runner=self.run), wanted)


VARIABLES = {
    **{"have_ssl": "YES", "ssl_cert": "", "ssl_key": "", "ssl_cipher": "ALL", "tls_version": "TLSv1.1"},
    **{"require_secure_transport": "OFF", "datadir": "/var/lib/mysql/", "performance_schema": "ON"},
}


def test_mysql_takes_terms_up_while_it_runs_and_gives_them_back(tmp_path: pathlib.Path) -> None:
    drop_in, live = Played(tmp_path, VARIABLES).changes(Wanted(TERMS, require=frozenset({3306})))
    assert "require-secure-transport = ON\n" in drop_in.after and "userstat" not in drop_in.after
    assert isinstance(live, Statement) and live.do.endswith("ALTER INSTANCE RELOAD TLS;\n")
    assert "SET GLOBAL require_secure_transport = 1;" in live.do
    assert "SET GLOBAL require_secure_transport = 0;" in live.undo
    assert accounts.text("TLSv1.2,TLSv1.3") in live.do and accounts.text("TLSv1.1") in live.undo


def test_mysql_gets_groups_by_a_restart_alone(tmp_path: pathlib.Path) -> None:
    write(tmp_path, "/etc/ssl/openssl.cnf", "")
    write(tmp_path, "/proc/7/environ", "LANG=C\0")
    changes = Played(tmp_path, VARIABLES).changes(Wanted(TERMS, restart=True))
    assert [change.describe() for change in changes] == [
        "create /etc/my.cnf.d/zz-infosec-service-tls.cnf",
        "create /etc/ssl/infosec-mysqld.cnf",
        "create /etc/systemd/system/mysqld.service.d/infosec-service-tls.conf",
        "restart mysqld.service",
        "see that mysqld.service speaks TLS",
    ]
    assert "tls_channel_status" in changes[-1].argv[4]


@pytest.mark.parametrize("own", [{"wsrep_on": "ON"}, {"group_replication_group_name": "aaaa-bbbb"}])
def test_a_node_of_a_cluster_is_not_restarted(tmp_path: pathlib.Path, own: dict[str, str]) -> None:
    played = Played(tmp_path, {**VARIABLES, **own}, "11.8.9-MariaDB")
    write(tmp_path, "/etc/ssl/openssl.cnf", "")
    write(tmp_path, "/proc/7/environ", "LANG=C\0")
    with pytest.raises(Refused, match=r"is a node of a cluster.*tls-version = TLSv1\.2,TLSv1\.3"):
        played.changes(Wanted(TERMS, restart=True))


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("/etc/my.cnf.d/zzz.cnf", "[mysqld-8.0]\nssl_cipher=ALL\n", "/etc/my.cnf.d/zzz.cnf:2 sets ssl-cipher"),
        ("/proc/7/cmdline", "/usr/sbin/mysqld\0--tls-version=TLSv1\0", "--tls-version on its command line"),
    ],
)
def test_what_wins_over_our_options_is_not_fought(tmp_path: pathlib.Path, file: str, text: str, said: str) -> None:
    played = Played(tmp_path, VARIABLES)
    write(tmp_path, file, text)
    with pytest.raises(Refused, match=said):
        played.changes(Wanted(TERMS))


def test_an_old_mariadb_cannot_insist(tmp_path: pathlib.Path) -> None:
    played = Played(tmp_path, VARIABLES, "10.4.30-MariaDB")
    with pytest.raises(Refused, match=r"before 10\.5"):
        played.changes(Wanted(TERMS, require=frozenset({3306})))


# Redis


@pytest.mark.parametrize(
    ("name", "clients"),
    [
        ("redis-6.0-debian11", ["default@172.31.77.4", "default@127.0.0.1 (this host)"]),
        ("redis-7.0-debian12", ["default@172.31.77.4"]),
    ],
)
def test_redis_tells_who_is_connected_and_by_which_port(tmp_path: pathlib.Path, name: str, clients: list[str]) -> None:
    write(tmp_path, "/proc/net/tcp", fixture("proc-net-tcp-debian11-redis"))
    host = Host(root=str(tmp_path))
    for table in ("tcp6", "udp", "udp6"):
        write(tmp_path, f"/proc/net/{table}", "")
    answers = redis_servers.parse(fixture(f"{name}-clients.txt"))
    assert answers.settings["tls-port"] == "0" and not answers.replicated
    assert [redis._client(one) for one in answers.clients if redis._came_by(host, one) == 6379] == clients


def test_a_redis_with_replicas_is_not_restarted(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"tls-port": "6379", "tls-protocols": "TLSv1.1", "tls-ciphers": ""}
    answers = redis_servers.Answers((7, 0, 15), "/etc/redis/redis.conf", "", False, (), settings, (), True)
    monkeypatch.setattr(redis_servers.Redis, "answers", lambda self, host: answers)
    monkeypatch.setattr(redis_servers.Redis, "config", lambda self, host: "/etc/redis/redis.conf")
    monkeypatch.setattr(redis.openssl_conf, "files", lambda *words: ())
    write(tmp_path, "/etc/redis/redis.conf", "port 0\ntls-port 6379\ntls-protocols TLSv1.1\n")
    ends = (Endpoint(6379, ("0.0.0.0",), "tls"),)
    served = redis_servers.Redis("redis-server.service", ())
    found = redis.Redis("redis-server.service", (7,), ends, served)
    with pytest.raises(Refused, match="empties its replicas"):
        found.changes(Host(root=str(tmp_path)), Wanted(TERMS, restart=True))


CONF = "bind 0.0.0.0\nport 6379\n# tls-port 6380\ntls-protocols TLSv1\ntls-protocols TLSv1.1\nsave 60 1\n"


def test_redis_lines_are_changed_where_they_stand_and_ours_stand_behind_the_port() -> None:
    lines = {"port": "0", "tls-port": "6379", "tls-protocols": "TLSv1.3"}
    after = edited(CONF, redis._edited(CONF, lines))
    assert after.startswith("bind 0.0.0.0\nport 0\n# BEGIN infosec.principles service_tls\n")
    assert after.count("tls-protocols TLSv1.3\n") == 2 and "tls-port 6379\n# END" in after
    assert edited(after, redis._edited(after, lines)) == after
    again = edited(after, redis._edited(after, {"tls-port": "6379", "tls-ciphers": "A"}))
    assert "tls-port 6379\ntls-ciphers A\n# END" in again


# What they share


@pytest.mark.parametrize(
    ("system", "environment", "files"),
    [
        ("openssl_conf = default_conf\n", "LANG=C\0", 2),
        (".include /etc/crypto-policies/x.config\n", "LANG=C\0", 0),
        ("fips = fips_sect\n", "LANG=C\0", 0),
        ("openssl_conf = default_conf\n", "OPENSSL_CONF=/root/own.cnf\0", 0),
        (".include x\n", "OPENSSL_CONF=/etc/ssl/infosec-shop.cnf\0", 2),
    ],
)
def test_openssl_is_told_groups_where_nobody_told_it_more(
    tmp_path: pathlib.Path, system: str, environment: str, files: int
) -> None:
    write(tmp_path, "/etc/ssl/openssl.cnf", system)
    write(tmp_path, "/proc/7/environ", environment)
    found = list(openssl_conf.files(Host(root=str(tmp_path)), "shop.service", 7, TERMS))
    assert len(found) == files
    assert all("X25519:prime256v1" in one.after or "OPENSSL_CONF=" in one.after for one in found)


def test_a_pair_is_loaded_before_it_is_named(tmp_path: pathlib.Path) -> None:
    check = pairs.loads("root", Pair(f"{tmp_path}/none.pem", f"{tmp_path}/none.key"))
    assert check.argv[:4] == ("runuser", "-u", "root", "--") and check.argv[4] == sys.executable
    host = Host()
    bare = type(check)(check.title, check.argv[4:])
    with pytest.raises(NothingDone, match="No such file"):
        bare.apply(host, tag="x")
