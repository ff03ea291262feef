# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of network_trust: for each family a machine that trusts addresses, and one that asks for proof.

Answers of real servers and configurations come from the fixtures; a played MariaDB keeps accounts that can be locked, and
a played sshd reads its configuration for the address that it is asked about.
"""

from __future__ import annotations

import json
import pathlib
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import sshd_config
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from .case import Case
from .machine import Machine

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures"
Lay = t.Callable[[Machine], None]
ANYWHERE, LOOPBACK = "0.0.0.0", "127.0.0.1"


def fixture(name: str) -> str:
    return (FIXTURES / name).read_text(encoding="utf-8")


def says(text: str) -> t.Callable[[t.Sequence[str], str | None], Completed]:
    """A program that always answers so."""
    return lambda argv, stdin: Completed(0, text, "")


def files(**texts: str) -> Lay:
    """Files below /etc."""

    def lay(machine: Machine) -> None:
        for name, text in texts.items():
            machine.write(f"/etc/{name}", text)

    return lay


def server(unit: str, process: str, port: int, address: str = ANYWHERE, protocol: str = "tcp", title: str = "") -> Lay:
    """A unit whose process listens there."""
    return lambda machine: machine.unit(unit, process=process, sockets=[(protocol, address, port)], title=title)


def both(*lays: Lay) -> Lay:
    def lay(machine: Machine) -> None:
        for one in lays:
            one(machine)

    return lay


# Databases


def postgresql(answer: str) -> Lay:
    def lay(machine: Machine) -> None:
        machine.write("/var/run/postgresql/.s.PGSQL.5432", "")
        machine.unit("postgresql@17-main.service", process="postgres", sockets=[("tcp", ANYWHERE, 5432)])
        roles = fixture("trust/postgresql-17-debian13-roles-without-password.txt")
        machine.programs["runuser"] = lambda argv, stdin: Completed(
            0, roles if "pg_authid" in str(stdin) else answer, ""
        )

    return lay


def redis(answer: str) -> Lay:
    def lay(machine: Machine) -> None:
        machine.programs["redis-cli"] = says(answer)
        machine.unit("redis-server.service", process="redis-server", sockets=[("tcp", ANYWHERE, 6379)])

    return lay


ACCOUNTS = "/var/lib/mysql/accounts.jsonl"


def mariadb(accounts: str, options: str = "") -> Lay:
    def lay(machine: Machine) -> None:
        machine.write(ACCOUNTS, accounts)
        machine.write("/etc/mysql/my.cnf", f"[client]\nsocket = /run/mysqld/mysqld.sock\n[mysqld]\n{options}")
        machine.write("/usr/sbin/mariadbd", "", mode=0o755)
        machine.program("mariadb", lambda argv, stdin: Completed(0, grants(machine, stdin or ""), ""))
        machine.unit("mariadb.service", process="mariadbd", sockets=[("tcp", ANYWHERE, 3306)])

    return lay


def grants(machine: Machine, sql: str) -> str:
    """What the played MariaDB does and says."""
    path = machine.path(ACCOUNTS)
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if "VERSION()" in sql:
        return fixture("trust/mariadb-11.8-debian13-variables.jsonl")
    if "ACCOUNT" in sql or "COUNT(*)" in sql:
        user, host = (bytes.fromhex(name).decode() for name in re.findall(r"x'([0-9a-f]*)'", sql)[:2])
        (account,) = (one for one in found if (one["user"], one["host"]) == (user, host))
        if "COUNT(*)" in sql:
            return f"{int(account['locked'])}\n"
        account["locked"] = int("UNLOCK" not in sql)
        path.write_text("".join(json.dumps(one) + "\n" for one in found), encoding="utf-8")
        return ""
    return path.read_text(encoding="utf-8")


def account(user: str, host: str, *, needs_password: bool) -> str:
    return json.dumps({"user": user, "host": host, "open": int(not needs_password), "locked": 0}) + "\n"


# sshd

SSHD = "/etc/ssh/sshd_config"
STRICT = "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin no\n"
DEFAULTS = {
    "pubkeyauthentication": "yes",
    "passwordauthentication": "yes",
    "kbdinteractiveauthentication": "yes",
    "permitrootlogin": "without-password",
    "authenticationmethods": "any",
}


def sshd(config: str) -> Lay:
    def lay(machine: Machine) -> None:
        machine.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n")
        machine.write("/etc/group", "root:x:0:\nann:x:1000:\n")
        machine.write(SSHD, config)
        machine.write("/usr/sbin/sshd", "", mode=0o755)
        machine.programs["sshd"] = lambda argv, stdin: Completed(0, in_force(machine, argv), "")
        title = "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"
        machine.unit("ssh.service", process="sshd", title=title, sockets=[("tcp", ANYWHERE, 22)])

    return lay


def in_force(machine: Machine, argv: t.Sequence[str]) -> str:
    """The first value under Match lines that fit counts, else the first outside (sshd_config(5))."""
    asked = dict(field.split("=") for field in argv[argv.index("-C") + 1].split(",")) if "-C" in argv else {}
    values: dict[bool, dict[str, str]] = {True: {}, False: {}}
    text = machine.path(SSHD).read_text(encoding="utf-8")
    for one in sshd_config.settings(SSHD, lambda path: text, lambda pattern: ()):
        wanted = [criterion for criteria in one.under for criterion in criteria]
        if all(meets(name, patterns, asked) for name, patterns in wanted):
            values[bool(one.under)].setdefault(one.keyword, " ".join(one.arguments))
    found = {**DEFAULTS, **values[False], **values[True]}
    return "".join(f"{keyword} {value}\n" for keyword, value in found.items())


def meets(name: str, patterns: str, asked: t.Mapping[str, str]) -> bool:
    if name == "address":
        return sshd_config.matches_address(patterns, asked.get("addr", ""))
    return name == "user" and sshd_config.matches(patterns, asked.get("user", ""))


# Web servers and the rest


def nginx(site: str) -> Lay:
    http = "events { }\nhttp { include /etc/nginx/conf.d/*.conf; }\n"
    texts = {"nginx/nginx.conf": http, "nginx/conf.d/site.conf": site}
    return both(files(**texts), server("nginx.service", "nginx", 80))


def apache(section: str) -> Lay:
    texts = {"apache2/apache2.conf": "IncludeOptional conf-enabled/*.conf\n", "apache2/conf-enabled/site.conf": section}
    return both(files(**texts), server("apache2.service", "apache2", 80))


def postfix(networks: str) -> Lay:
    answer = fixture("trust/postconf-debian13-wide.txt")
    told = re.sub(r"(?m)^mynetworks = .*$", f"mynetworks = {networks}", answer)

    def lay(machine: Machine) -> None:
        machine.write("/etc/postfix/main.cf", "")
        machine.programs["postconf"] = says(told)
        machine.unit("postfix.service", process="master", sockets=[("tcp", ANYWHERE, 25)])

    return lay


def elasticsearch(setting: str) -> Lay:
    """Without curl on the machine, so that the file tells."""
    texts = {"elasticsearch/elasticsearch.yml": f"network.host: 0.0.0.0\nxpack.security.enabled: {setting}\n"}
    return both(files(**texts), server("elasticsearch.service", "java", 9200))


def rsyncd(text: str) -> Lay:
    return both(files(**{"rsyncd.conf": text}), server("rsync.service", "rsync", 873, title="/usr/bin/rsync\0--daemon"))


def snmpd(text: str, address: str = ANYWHERE) -> Lay:
    return both(files(**{"snmp/snmpd.conf": text}), server("snmpd.service", "snmpd", 161, address, "udp"))


SCRAM = fixture("databases/postgresql-17-debian13.json")
OPEN_REDIS = fixture("trust/redis-8.0-debian13-open.txt")
MEMCACHED = "/usr/bin/memcached\0-m\x0064\0-l\x000.0.0.0"
ALLOWED = "allow 10.0.0.0/8; deny all;"


def only(name: str) -> frozenset[str]:
    return frozenset({name})


CASES = (
    Case(
        "PostgreSQL trusts",
        postgresql(fixture("trust/postgresql-17-debian13-trust.json")),
        fails=frozenset({"postgresql", "postgresql_local"}),
    ),
    Case("PostgreSQL as it comes", postgresql(SCRAM), passes=frozenset({"postgresql", "postgresql_local"})),
    Case(
        "MariaDB has an anonymous account",
        mariadb(account("", "localhost", needs_password=False) + account("app", "%", needs_password=True)),
        fails=only("mysql"),
        fixed=only("mysql"),
    ),
    Case("MariaDB asks no password", mariadb(account("app", "%", needs_password=False)), fails=only("mysql")),
    Case(
        "MariaDB skips its grants next time",
        mariadb(account("app", "%", needs_password=True), "skip_grant_tables\n"),
        fails=only("mysql"),
    ),
    Case("MariaDB asks", mariadb(account("app", "%", needs_password=True)), passes=only("mysql")),
    Case("Redis asks nobody", redis(OPEN_REDIS), fails=only("redis")),
    Case("Redis asks", redis(OPEN_REDIS.replace(" nopass ", " #0123 ")), passes=only("redis")),
    Case(
        "memcached asks nobody",
        server("memcached.service", "memcached", 11211, title=MEMCACHED),
        fails=only("memcached"),
    ),
    Case(
        "memcached asks",
        server("memcached.service", "memcached", 11211, title=f"{MEMCACHED}\0-S"),
        passes=only("memcached"),
    ),
    Case(
        "MongoDB asks nobody",
        both(files(**{"mongod.conf": "net:\n  bindIp: 0.0.0.0\n"}), server("mongod.service", "mongod", 27017)),
        fails=only("mongodb"),
    ),
    Case(
        "MongoDB asks",
        both(
            files(**{"mongod.conf": "security:\n  authorization: enabled\n"}), server("mongod.service", "mongod", 27017)
        ),
        passes=only("mongodb"),
    ),
    Case("Elasticsearch asks nobody", elasticsearch("false"), fails=only("elasticsearch")),
    Case("Elasticsearch asks", elasticsearch("true"), passes=only("elasticsearch")),
    Case(
        "inetd starts rsh",
        both(
            files(**{"inetd.conf": fixture("trust/inetd.conf-openbsd-debian12")}),
            lambda machine: machine.unit(
                "inetd.service", process="inetd", sockets=[("tcp", ANYWHERE, 513), ("tcp", ANYWHERE, 514)]
            ),
        ),
        fails=only("rsh"),
    ),
    Case(
        "inetd starts nothing", files(**{"inetd.conf": "#shell stream tcp nowait root in.rshd\n"}), passes=only("rsh")
    ),
    Case("PAM takes rhosts", files(**{"pam.d/rsh": fixture("trust/pam-rsh-redone-debian12")}), fails=only("pam")),
    Case(
        "PAM asks", files(**{"pam.d/login": "auth required pam_access.so\n@include common-auth\n"}), passes=only("pam")
    ),
    Case("hosts.allow has a rule", files(**{"hosts.allow": "sshd: 10.0.0.0/8\n"}), fails=only("tcp_wrappers")),
    Case("hosts.allow has comments", files(**{"hosts.allow": "# sshd: 10.0.0.0/8\n"}), passes=only("tcp_wrappers")),
    Case(
        "NFS takes the client's word",
        files(**{"exports": "/srv 10.0.0.0/24(rw,no_root_squash)\n"}),
        fails=frozenset({"nfs", "nfs_root"}),
    ),
    Case(
        "NFS wants Kerberos",
        files(**{"exports": "/srv 10.0.0.0/24(rw,sec=krb5p)\n"}),
        passes=frozenset({"nfs", "nfs_root"}),
    ),
    Case("rsync asks nobody", rsyncd("[pub]\npath = /srv\nhosts allow = 10.0.0.0/8\n"), fails=only("rsync")),
    Case("rsync asks", rsyncd("[pub]\npath = /srv\nauth users = joe\n"), passes=only("rsync")),
    Case("snmpd has communities", snmpd(fixture("trust/snmpd-5.9-debian13-communities.conf")), fails=only("snmp")),
    Case("snmpd as it comes", snmpd(fixture("trust/snmpd-5.9-debian13.conf"), LOOPBACK), passes=only("snmp")),
    Case("nginx asks nobody", nginx(f"server {{ location / {{ {ALLOWED} }} }}"), fails=only("nginx")),
    Case("nginx asks", nginx(f'server {{ auth_basic "x"; location / {{ {ALLOWED} }} }}'), passes=only("nginx")),
    Case("Apache asks nobody", apache("<Location /x>\nRequire ip 10.0.0.0/8\n</Location>\n"), fails=only("apache")),
    Case("Apache asks", apache("<Location /x>\nRequire valid-user\n</Location>\n"), passes=only("apache")),
    Case("Postfix relays for a network", postfix("127.0.0.0/8 10.0.0.0/8"), fails=only("postfix")),
    Case("Postfix relays for itself", postfix("127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128"), passes=only("postfix")),
    Case(
        "sshd takes passwords from some",
        sshd(f"{STRICT}Match Address 10.0.0.0/8\n    PasswordAuthentication yes\n"),
        fails=only("sshd"),
    ),
    Case(
        "sshd asks the same of all",
        sshd(f"{STRICT}Match Address 10.0.0.0/8\n    PubkeyAuthentication no\n"),
        passes=only("sshd"),
    ),
)
