# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each family on played machines: what real servers answered, and configurations that differ in what matters."""

from __future__ import annotations

import json
import os
import pathlib
import random
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication import network_trust
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host
from ansible_collections.infosec.principles.tests.unit.pairs import network_trust as played
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> Machine:
    return Machine(tmp_path)


def judge(machine: Machine, rule: str, **options: t.Any) -> dict[str, Finding]:
    """The findings of one rule by their subjects."""
    found = list(network_trust.assess(machine.host(), {"automation": [], **options}))
    assert len({one.key for one in found}) == len(found)
    return {one.subject: one for one in found if one.rule.name == rule}


def only(machine: Machine, rule: str, **options: t.Any) -> Finding:
    (finding,) = judge(machine, rule, **options).values()
    return finding


def told(finding: Finding) -> list[str]:
    return [one.found for one in finding.evidence]


def everything(finding: Finding) -> str:
    return " ".join([finding.subject, finding.message, finding.remedy, *map(str, finding.evidence)])


def test_where_nothing_is_nothing_applies_and_nothing_is_run(machine: Machine) -> None:
    found = list(network_trust.assess(machine.host(), {"automation": []}))
    assert {one.status for one in found} == {"not_applicable"}
    assert [one.rule.name for one in found] == [rule.name for rule in network_trust.RULES]
    assert {argv[0] for argv in machine.called} <= {"systemctl"}


# PostgreSQL


@pytest.mark.parametrize("version", ["17-debian13", "15-debian12", "13-debian11"])
def test_postgresql_names_the_lines_and_the_roles(machine: Machine, version: str) -> None:
    played.postgresql(played.fixture(f"trust/postgresql-{version}-trust.json"))(machine)
    for name in ("fib_trie", "route", "if_inet6"):
        machine.write(f"/proc/net/{name}", played.fixture(f"databases/proc-net-{name}-debian12"))
    tcp, local = only(machine, "postgresql"), only(machine, "postgresql_local")
    assert told(tcp) == ["host all all 10.0.0.0/8 trust", "host repl all samenet ident"]
    assert tcp.message.endswith("(ident and trust); roles without a password: app, postgres")
    assert "pg_hba.conf:2" in tcp.remedy and "systemctl reload postgresql@17-main.service" in tcp.remedy
    assert told(local) == ["local all all trust", "host all all 10.0.0.0/8 trust"]


def hba(*rules: str, pending: bool = False) -> str:
    """The answer of a server with these rules; "OPTION=..." behind the method."""
    state = json.loads(played.SCRAM)
    state["rules"] = [_row(number, rule.split()) for number, rule in enumerate(rules, 1)]
    return json.dumps({**state, "hba_pending": pending})


def _row(number: int, fields: list[str]) -> dict[str, t.Any]:
    kind, database, user, *rest = fields
    address, method, *options = rest if kind != "local" else (None, *rest)
    row = {"line_number": number, "type": kind, "database": database.split(","), "user_name": user.split(",")}
    return {**row, "address": address, "netmask": None, "auth_method": method, "options": options, "error": None}


@pytest.mark.parametrize(
    ("rules", "fails"),
    [
        (["host all all 127.0.0.1/32 trust"], {"postgresql_local"}),
        (["host all all all trust"], {"postgresql", "postgresql_local"}),
        (["host all all 10.0.0.0/8 trust"], {"postgresql"}),
        (["hostssl all all 10.0.0.0/8 trust"], {"postgresql"}),
        (["hostssl all all 10.0.0.0/8 trust clientcert=verify-full"], set()),
        (["host all all .example.org trust"], {"postgresql", "postgresql_local"}),
        (["host all all 10.0.0.0/8 ident"], {"postgresql"}),
        (["local all all peer", "host all all 127.0.0.1/32 ident"], set()),
        (["local all all scram-sha-256", "local all app trust"], set()),
        (["local all postgres peer", "local all all trust"], {"postgresql_local"}),
        (["host all all 10.0.0.0/8 reject", "host all all 10.0.0.0/9 trust"], set()),
        (["host all all 10.0.0.0/8 scram-sha-256", "host db app 10.1.0.0/16 trust"], set()),
        (["host all all 10.0.0.0/9 scram-sha-256", "host all all 10.0.0.0/8 trust"], {"postgresql"}),
        (["host all all 10.0.0.0/8 reject", "host replication all 10.0.0.0/8 trust"], {"postgresql"}),
        (["hostssl all all 10.0.0.0/8 scram-sha-256", "host all all 10.0.0.0/8 trust"], {"postgresql"}),
    ],
)
def test_postgresql_takes_the_first_rule_that_matches(machine: Machine, rules: list[str], fails: set[str]) -> None:
    played.postgresql(hba(*rules))(machine)
    found = network_trust.assess(machine.host(), {"automation": []})
    assert {one.rule.name for one in found if one.status == "fail"} == fails


def test_postgresql_says_that_a_reload_is_pending(machine: Machine) -> None:
    played.postgresql(hba("host all all 10.0.0.0/8 trust", pending=True))(machine)
    assert "from the next reload on" in only(machine, "postgresql").message


def test_postgresql_that_does_not_answer_is_not_assessed(machine: Machine) -> None:
    played.postgresql("")(machine)
    assert {only(machine, name).status for name in ("postgresql", "postgresql_local")} == {"not_assessed"}


# MariaDB


@pytest.mark.parametrize("version", ["11.8-debian13", "10.11-debian12", "10.5-debian11"])
def test_mariadb_names_the_accounts(machine: Machine, version: str) -> None:
    played.mariadb(played.fixture(f"trust/mariadb-{version}-open-accounts.jsonl"))(machine)
    found = judge(machine, "mysql")
    assert set(told(found["mariadb.service (anonymous)"])) == {"''@'localhost'", "''@'%'"}
    assert told(found["mariadb.service (no password)"]) == ["'app'@'%'"]
    assert len(found["mariadb.service (anonymous)"].fix) == 2 and not found["mariadb.service (no password)"].fix


def test_mysql_without_grants(machine: Machine) -> None:
    played.mariadb("", "skip-grant-tables\n")(machine)
    answer = played.fixture("trust/mariadb-11.8-debian13-variables.jsonl").replace("root@localhost", "@")
    machine.programs["mariadb"] = played.says(answer)
    assert "whoever reaches it may do everything" in only(machine, "mysql").message
    assert "/etc/mysql/my.cnf:4" in only(machine, "mysql").remedy


@pytest.mark.parametrize(
    ("line", "fails"),
    [
        ("skip-grant-tables = 0", False),
        ("skip_grant_tables=ON", True),
        ("#skip-grant-tables", False),
        ("[client]\nskip-grant-tables", False),
        ("[mariadb-11.8]\nskip-grant-tables", True),
        ("!includedir /etc/mysql", False),
    ],
)
def test_mysql_reads_option_files(machine: Machine, line: str, fails: bool) -> None:
    played.mariadb(played.account("app", "%", needs_password=True), f"{line}\n")(machine)
    assert ("fail" in {one.status for one in judge(machine, "mysql").values()}) is fails


# Redis, memcached, MongoDB, Elasticsearch


@pytest.mark.parametrize("version", ["8.0-debian13", "7.0-debian12", "6.0-debian11"])
def test_redis_without_a_password(machine: Machine, version: str) -> None:
    played.redis(played.fixture(f"trust/redis-{version}-open.txt"))(machine)
    assert only(machine, "redis").message == "whoever reaches 6379/tcp is let in without a password"


def test_redis_that_asks_us_asks_everybody(machine: Machine) -> None:
    played.redis("(error) NOAUTH Authentication required.\n")(machine)
    assert only(machine, "redis").status == "pass"


def test_redis_that_says_something_else_is_not_assessed(machine: Machine) -> None:
    played.redis("(error) LOADING\n")(machine)
    assert only(machine, "redis").status == "not_assessed"


@pytest.mark.parametrize(
    ("argument", "status"),
    [
        ("-S", "pass"),
        ("-vS", "pass"),
        ("-Y/etc/users", "pass"),
        ("--enable-sasl", "pass"),
        ("-U0", "fail"),
        ("-s", "fail"),
    ],
)
def test_memcached_asks_if_its_command_line_says_so(machine: Machine, argument: str, status: str) -> None:
    title = f"{played.MEMCACHED}\0{argument}"
    played.server("memcached.service", "memcached", 11211, title=title)(machine)
    assert only(machine, "memcached").status == status


@pytest.mark.parametrize(
    ("config", "title", "status"),
    [
        ("security:\n  keyFile: /etc/key\n", "", "pass"),
        ("security:\n  authorization: disabled\n", "", "fail"),
        ("auth = true\n", "", "pass"),
        ("", "/usr/bin/mongod\0--auth", "pass"),
        ("", "/usr/bin/mongod\0--config\0/etc/other.conf", "not_assessed"),
    ],
)
def test_mongodb(machine: Machine, config: str, title: str, status: str) -> None:
    machine.write("/etc/mongod.conf", config)
    played.server("mongod.service", "mongod", 27017, title=title)(machine)
    assert only(machine, "mongodb").status == status


@pytest.mark.parametrize(("code", "status"), [("200", "fail"), ("401", "pass"), ("000", "fail")])
def test_elasticsearch_itself_is_asked_first(machine: Machine, code: str, status: str) -> None:
    played.elasticsearch("false")(machine)
    machine.program("curl", played.says(code))
    assert only(machine, "elasticsearch").status == status


def test_elasticsearch_that_does_not_say_is_not_assessed(machine: Machine) -> None:
    played.elasticsearch("false")(machine)
    machine.write("/etc/elasticsearch/elasticsearch.yml", "cluster.name: x\n")
    assert only(machine, "elasticsearch").status == "not_assessed"


# rsh, PAM, TCP Wrappers


def test_rsh_that_nothing_starts_now(machine: Machine) -> None:
    machine.write("/etc/inetd.conf", played.fixture("trust/inetd.conf-openbsd-debian12"))
    found = judge(machine, "rsh")
    assert set(found) == {"rsh", "rlogin"}
    assert not any("hosts.equiv" in one.source for one in found["rsh"].evidence)
    machine.write("/etc/hosts.equiv", "+\n")
    assert "/etc/hosts.equiv" in [one.source for one in judge(machine, "rsh")["rsh"].evidence]
    assert all("at its next start" in one.message for one in found.values())


def test_syslog_on_514_is_no_rsh(machine: Machine) -> None:
    machine.write("/etc/inetd.conf", "")
    played.server("rsyslog.service", "rsyslogd", 514)(machine)
    assert only(machine, "rsh").status == "pass"


def test_xinetd(machine: Machine) -> None:
    machine.write("/etc/xinetd.d/rsh", "service shell\n{\n disable = no\n}\n")
    machine.write("/etc/xinetd.d/rlogin", "service login\n{\n disable = yes\n}\n")
    assert set(judge(machine, "rsh")) == {"rsh"}


@pytest.mark.parametrize(
    ("line", "fails"),
    [
        ("auth sufficient pam_rhosts.so", True),
        ("auth required pam_rhosts.so", False),
        ("auth [success=1 default=ignore] pam_access.so accessfile=/etc/x", True),
        ("auth [success=ok default=die] pam_access.so", False),
        ("auth required pam_access.so", False),
        ("account sufficient pam_access.so", False),
        ("auth sufficient pam_succeed_if.so rhost = 10.0.0.1", True),
        ("auth sufficient pam_succeed_if.so user ingroup x", False),
        ("#auth sufficient pam_rhosts.so", False),
        ("auth sufficient \\\n /lib/security/pam_access.so", True),
    ],
)
def test_pam(machine: Machine, line: str, fails: bool) -> None:
    machine.write("/etc/pam.d/sshd", f"{line}\nauth required pam_unix.so\n")
    assert (only(machine, "pam").status == "fail") is fails


@pytest.mark.parametrize("name", ["rsh", "rlogin"])
def test_pam_of_rsh_redone(machine: Machine, name: str) -> None:
    machine.write(f"/etc/pam.d/{name}", played.fixture(f"trust/pam-{name}-redone-debian12"))
    assert "pam_rhosts.so" in told(only(machine, "pam"))[0]


def test_wrappers_name_who_heeds_them_and_hide_commands(machine: Machine) -> None:
    machine.write("/etc/hosts.allow", "# x\nsshd: 10.0.0.0/8, \\\n 192.0.2.1 : spawn mail -s s3cret\n\nALL: ALL\n")
    played.server("ssh.service", "sshd", 22)(machine)
    machine.write("/usr/lib/openssh/sshd-session", b"\x7fELF libwrap.so.0")
    finding = only(machine, "tcp_wrappers")
    assert finding.message == "2 lines decide by address who reaches sshd"
    assert told(finding) == ["sshd: 10.0.0.0/8,  192.0.2.1", "ALL: ALL"]
    assert "s3cret" not in everything(finding)


def test_wrappers_that_nobody_heeds_can_go(machine: Machine) -> None:
    machine.write("/etc/hosts.deny", "ALL: ALL")
    assert only(machine, "tcp_wrappers").remedy.startswith("Delete the lines")


# NFS, rsync, SNMP


@pytest.mark.parametrize("version", ["2.8-debian13", "2.6-debian12", "1.3-debian11"])
def test_nfs_of_what_is_in_force(machine: Machine, version: str) -> None:
    machine.write("/var/lib/nfs/etab", played.fixture(f"trust/etab-{version}"))
    found, root = judge(machine, "nfs"), judge(machine, "nfs_root")
    assert {name for name, one in found.items() if one.status == "fail"} == {
        "/srv/home for 10.0.0.0/24",
        "/srv/home for *.example.org",
        "/srv/with blank for *",
    }
    assert {name for name, one in root.items() if one.status == "fail"} == {"/srv/home for 10.0.0.0/24"}
    assert "also from ports that every user may use" in found["/srv/home for *.example.org"].message
    assert found["/srv/with blank for *"].message.startswith("everybody may read and write")


def test_nfs_that_the_files_will_bring(machine: Machine) -> None:
    machine.write("/etc/exports", "/srv 10.0.0.1(sec=sys:krb5)\n")
    assert only(machine, "nfs").message.endswith("from the next exportfs on")


def test_rsync_by_module(machine: Machine) -> None:
    played.rsyncd(played.fixture("trust/rsyncd-3.5-debian13.conf"))(machine)
    found = judge(machine, "rsync")
    assert {name: one.status for name, one in found.items()} == {"pub": "fail", "backup": "pass", "in": "fail"}
    assert found["pub"].message == "whoever comes from 10.0.0.0/8 reads it without saying who he is"
    assert "reads and writes" in found["in"].message


def test_snmp_hides_communities(machine: Machine) -> None:
    played.snmpd(played.fixture("trust/snmpd-5.9-debian13-communities.conf"))(machine)
    finding = only(machine, "snmp")
    assert "Zq8t" not in everything(finding) and "public" not in everything(finding)
    assert told(finding) == [
        "rocommunity (a well-known default) for any address",
        "rwcommunity for 10.0.0.0/8",
        "com2sec for 10.1.0.0/16",
        "rouser with level noauth",
    ]


def test_snmp_of_debian_on_all_addresses(machine: Machine) -> None:
    played.snmpd(played.fixture("trust/snmpd-5.9-debian13.conf"))(machine)
    assert len(only(machine, "snmp").evidence) == 2


# Web servers and mail


def test_nginx_of_debian(machine: Machine) -> None:
    machine.write("/etc/nginx/nginx.conf", played.fixture("trust/nginx-1.26-debian13.conf"))
    machine.write("/etc/nginx/sites-enabled/default", played.fixture("trust/nginx-1.26-debian13-default-site"))
    machine.write("/etc/nginx/mime.types", "types { text/html html; }\n")
    played.server("nginx.service", "nginx", 80)(machine)
    assert only(machine, "nginx").status == "pass"
    machine.write("/etc/nginx/conf.d/t.conf", played.fixture("trust/nginx-1.26-debian13-guarded.conf"))
    found = judge(machine, "nginx")
    assert set(found) == {"intern.example.org (8081) /", "intern.example.org (8081) /any"}
    assert "satisfy all" in found["intern.example.org (8081) /any"].remedy


@pytest.mark.parametrize(
    ("site", "status"),
    [
        ("server { allow 10.0.0.0/8; deny all; location / { auth_basic x; } }", "pass"),
        ("server { allow 10.0.0.0/8; deny all; location / { } }", "fail"),
        ("server { allow 10.0.0.0/8; deny all; }", "fail"),
        ("server { auth_basic x; location / { auth_basic off; allow 10.0.0.0/8; deny all; } }", "fail"),
        ("server { ssl_verify_client on; location / { allow 10.0.0.0/8; deny all; } }", "pass"),
        ("server { ssl_verify_client optional; location / { allow 10.0.0.0/8; deny all; } }", "fail"),
        ("server { location / { allow 10.0.0.0/8; deny all; access_by_lua_file x; } }", "not_assessed"),
        ("server { location / { internal; allow 10.0.0.0/8; deny all; } }", "pass"),
        ("server { location / { deny 10.0.0.0/8; } }", "pass"),
        ("server { location / { deny all; allow 10.0.0.0/8; } }", "pass"),
        ("server { satisfy any; auth_basic x; allow 127.0.0.1; deny all; }", "pass"),
        ("server { satisfy any; auth_basic x; allow 10.0.0.0/8; }", "fail"),
        ("server { satisfy any; auth_basic x; allow 10.0.0.0/8; allow all; }", "pass"),
        ("server { auth_basic x; allow 10.0.0.0/8; }", "pass"),
        ("server { allow 10.0.0.0/8; }", "pass"),
        ("server { location / { allow 10.0.0.0/8; deny all; ", "not_assessed"),
        ("server { listen 127.0.0.1:8080; location / { allow 10.0.0.0/8; deny all; } }", "pass"),
        ("server { listen 8080; listen [::1]:8080; location / { allow 10.0.0.0/8; deny all; } }", "fail"),
        ("server { location / { limit_except GET { allow 10.0.0.0/8; deny all; } } }", "fail"),
        ("server { location / { limit_except GET { allow 10.0.0.0/8; deny all; auth_basic x; } } }", "pass"),
    ],
)
def test_nginx_levels(machine: Machine, site: str, status: str) -> None:
    played.nginx(site)(machine)
    assert only(machine, "nginx").status == status


def test_apache_of_debian(machine: Machine) -> None:
    main = "LoadModule authz_host_module x.so\n" + played.fixture("trust/apache2-2.4-debian13.conf")
    machine.write("/etc/apache2/apache2.conf", main)
    machine.write("/etc/apache2/ports.conf", "Listen 80\n")
    machine.write("/etc/apache2/mods-enabled/status.conf", played.fixture("trust/apache2-2.4-debian13-status.conf"))
    played.server("apache2.service", "apache2", 80)(machine)
    assert only(machine, "apache").status == "pass"
    machine.write("/etc/apache2/conf-enabled/t.conf", played.fixture("trust/apache2-2.4-debian13-guarded.conf"))
    found = judge(machine, "apache")
    assert set(found) == {"<location /alone>", "<directory /srv/any>", "<directory /srv/old>"}
    assert all(one.status == "fail" for one in found.values())


@pytest.mark.parametrize(
    ("inside", "status"),
    [
        ("Require local", "pass"),
        ("Require ip 127.0.0.1 ::1", "pass"),
        ("Require host example.org", "fail"),
        ("Require all granted\nRequire ip 10.0.0.0/8", "pass"),
        ("Require valid-user\nRequire ip 10.0.0.0/8", "fail"),
        ("<RequireAll>\nRequire valid-user\nRequire ip 10.0.0.0/8\n</RequireAll>", "pass"),
        ("<RequireAll>\nRequire all granted\nRequire not ip 10.0.0.0/8\n</RequireAll>", "pass"),
        ("<RequireNone>\nRequire ip 10.0.0.0/8\n</RequireNone>", "pass"),
        ("SSLVerifyClient require\nRequire ip 10.0.0.0/8", "pass"),
        ("Order allow,deny\nAllow from 10.0.0.0/8", "fail"),
        ("Order deny,allow\nDeny from all\nAllow from 10.0.0.0/8\nRequire valid-user", "pass"),
        ("Order allow,deny\nAllow from all", "pass"),
        ("<IfModule !mod_http.c>\nRequire ip 10.0.0.0/8\n</IfModule>", "pass"),
        ("<IfModule mod_http.c>\nRequire ip 10.0.0.0/8\n</IfModule>", "fail"),
        ("Require ip 10.0.0.0/8\n<IfModule x>", "not_assessed"),
    ],
)
def test_apache_sections(machine: Machine, inside: str, status: str) -> None:
    played.apache(f"<Location /x>\n{inside}\n</Location>\n")(machine)
    assert only(machine, "apache").status == status


@pytest.mark.parametrize("version", ["debian13", "debian12", "debian11"])
def test_postfix_of_real_servers(machine: Machine, version: str) -> None:
    played.postfix("")(machine)
    machine.programs["postconf"] = played.says(played.fixture(f"trust/postconf-{version}-wide.txt"))
    assert only(machine, "postfix").message.startswith("hosts of 10.0.0.0/8 send to anywhere")


@pytest.mark.parametrize(
    ("networks", "status"),
    [
        ("127.0.0.1, [2001:db8::]/32", "fail"),
        ("hash:/etc/postfix/x", "not_assessed"),
        ("!10.0.0.1 127.0.0.0/8", "pass"),
    ],
)
def test_postfix_networks(machine: Machine, networks: str, status: str) -> None:
    played.postfix(networks)(machine)
    assert only(machine, "postfix").status == status


@pytest.mark.parametrize(
    ("relay", "recipient", "status"),
    [
        ("permit_mynetworks, reject_unauth_destination", "", "fail"),
        ("reject_unauth_destination permit_mynetworks", "", "pass"),
        ("permit_sasl_authenticated, defer_unauth_destination", "permit_mynetworks", "pass"),
        ("", "permit_mynetworks, reject_unauth_destination", "fail"),
        ("permit_mynetworks reject_unauth_destination", "reject_unauth_destination", "pass"),
        ("permit_mynetworks reject_unauth_destination", "reject_unknown_recipient_domain", "fail"),
        ("", "", "pass"),
    ],
)
def test_postfix_by_the_order_of_its_restrictions(machine: Machine, relay: str, recipient: str, status: str) -> None:
    played.postfix("")(machine)
    said = f"mynetworks = 10.0.0.0/8\nsmtpd_relay_restrictions = {relay}\nsmtpd_recipient_restrictions = {recipient}\n"
    machine.programs["postconf"] = played.says(said)
    assert only(machine, "postfix").status == status


def test_postfix_service_of_its_own(machine: Machine) -> None:
    played.postfix("127.0.0.0/8")(machine)
    machine.write("/etc/postfix/master.cf", "25 inet n - y - - smtpd\n  -o mynetworks=10.0.0.0/8\n#  -o mynetworks=x\n")
    assert only(machine, "postfix").message.startswith("hosts of 10.0.0.0/8")


def test_postfix_that_is_not_to_be_asked(machine: Machine) -> None:
    played.postfix("")(machine)
    machine.programs["postconf"] = lambda argv, stdin: Completed(1, "", "fatal: x")
    assert only(machine, "postfix").status == "not_assessed"


# sshd

TWO = "AuthenticationMethods publickey,keyboard-interactive\n"
EXCEPTION = f"{TWO}Match User ann Address 10.0.0.0/8\n    AuthenticationMethods publickey\n"


@pytest.mark.parametrize(
    ("config", "status"),
    [
        (f"{played.STRICT}Match Address 10.0.0.0/8\n    PermitRootLogin yes\n", "fail"),
        (f"{played.STRICT}Match Address 10.0.0.0/8\n    KbdInteractiveAuthentication yes\n", "fail"),
        (f"{played.STRICT}Match Address 10.0.0.0/8\n    HostbasedAuthentication yes\n", "fail"),
        (f"{TWO}Match Address 10.0.0.0/8\n    AuthenticationMethods any\n", "fail"),
        (EXCEPTION, "fail"),
        ("PermitEmptyPasswords no\nMatch Address 10.0.0.0/8\n    PermitEmptyPasswords yes\n", "fail"),
        ("PasswordAuthentication yes\nMatch Address *,!10.0.0.0/8\n    PasswordAuthentication no\n", "fail"),
        (f"AuthenticationMethods publickey\nMatch Address 10.0.0.0/8\n    {TWO}", "pass"),
        ("AuthenticationMethods publickey\nMatch Address 10.0.0.0/8\n    PasswordAuthentication yes\n", "pass"),
        ("Match Address 10.0.0.0/8\n    PasswordAuthentication no\n", "pass"),
        (played.STRICT, "pass"),
    ],
)
def test_sshd(machine: Machine, config: str, status: str) -> None:
    played.sshd(config)(machine)
    assert only(machine, "sshd").status == status


@pytest.mark.parametrize(
    ("sources", "match", "status"),
    [
        (["10.0.0.0/8"], "User ann Address 10.0.0.0/8", "pass"),
        ([], "User ann Address 10.0.0.0/8", "pass"),
        (["10.9.9.9"], "User ann Address 10.0.0.0/8", "fail"),
        (["name.example.org"], "User ann Address 10.0.0.0/8", "fail"),
        (["10.0.0.0/8"], "Address 10.0.0.0/8", "fail"),
    ],
)
def test_sshd_lets_declared_automation_come_by_a_key(
    machine: Machine, sources: list[str], match: str, status: str
) -> None:
    played.sshd(f"{TWO}Match {match}\n    AuthenticationMethods publickey\n")(machine)
    declared = [{"name": "ann", "from": sources, "owner": ""}]
    assert only(machine, "sshd", automation=declared).status == status


def test_sshd_as_a_real_one_answered(machine: Machine) -> None:
    played.sshd(
        f"{played.STRICT}Match Address 10.0.0.0/8\nPasswordAuthentication yes\nPermitRootLogin without-password\n"
    )(machine)
    machine.programs["sshd"] = _recorded
    assert told(only(machine, "sshd")) == [
        "PasswordAuthentication yes for everyone from 10.0.0.1",
        "PermitRootLogin without-password for everyone from 10.0.0.1",
    ]


def _recorded(argv: t.Sequence[str], stdin: str | None) -> Completed:
    address = "10.0.0.1" if "addr=10.0.0.1" in " ".join(argv) else "192.0.2.1"
    return Completed(0, played.fixture(f"trust/sshd-10.0-debian13-from-{address}.txt"), "")


# Hostile files

CONFIGS = (
    "nginx/nginx.conf",
    "apache2/apache2.conf",
    "rsyncd.conf",
    "snmp/snmpd.conf",
    "exports",
    "hosts.allow",
    "inetd.conf",
    "mysql/my.cnf",
    "pam.d/x",
    "mongod.conf",
    "postfix/master.cf",
)
DAEMONS = (
    ("nginx.service", "nginx", 80),
    ("apache2.service", "apache2", 81),
    ("rsync.service", "rsync", 873),
    ("mongod.service", "mongod", 27017),
    ("postfix.service", "master", 25),
)


@pytest.fixture
def crowded(machine: Machine) -> Machine:
    """Everything runs."""
    for unit, process, port in DAEMONS:
        played.server(unit, process, port)(machine)
    machine.write("/usr/sbin/mariadbd", "", mode=0o755)
    machine.write("/etc/postfix/main.cf", "")
    return machine


def run(machine: Machine) -> list[Finding]:
    return list(network_trust.assess(machine.host(), {"automation": []}))


@pytest.mark.parametrize("seed", range(30))
def test_garbage_breaks_nothing(crowded: Machine, seed: int) -> None:
    chance = random.Random(seed)
    pieces = [
        *"{}();[]<>\"'\\#&!,:=/*- \n\n",
        "include x;",
        "<Location a>",
        "</Location>",
        "allow",
        "\x00",
        "\u202e",
        "[m]",
    ]
    for name in CONFIGS:
        text = "".join(chance.choices(pieces, k=400)).encode() + chance.randbytes(200)
        crowded.write(f"/etc/{name}", text)
    for finding in run(crowded):
        assert all(one.source.isprintable() and one.found.isprintable() for one in finding.evidence)
        assert finding.subject.isprintable() and finding.message.isprintable()


def test_loops_of_includes_end(crowded: Machine) -> None:
    crowded.write("/etc/nginx/nginx.conf", "include nginx.conf;\n" * 3)
    crowded.write("/etc/apache2/apache2.conf", "Include apache2.conf\n" * 3)
    crowded.write("/etc/rsyncd.conf", "&include /etc/rsyncd.conf\n&merge /etc/rsyncd.conf\n[x]\n")
    crowded.write("/etc/mysql/my.cnf", "!include /etc/mysql/my.cnf\n!includedir /etc/mysql\n")
    found = {one.rule.name: one.status for one in run(crowded)}
    assert (found["nginx"], found["apache"], found["rsync"]) == ("not_assessed", "not_assessed", "fail")


def test_includes_that_fan_out_end(crowded: Machine) -> None:
    for at in range(12):
        text = f"include {at + 1}.conf;\n" * 50
        crowded.write(f"/etc/nginx/{at}.conf", text)
    crowded.write("/etc/nginx/12.conf", "deny all;\n")
    crowded.write("/etc/nginx/nginx.conf", "include 0.conf;\n")
    assert judge(crowded, "nginx")["nginx"].status == "not_assessed"


def test_large_files_are_not_read(crowded: Machine) -> None:
    for name in CONFIGS:
        crowded.write(f"/etc/{name}", b"allow 10.0.0.0/8;\n" * 600_000)
    found = {one.rule.name: one.status for one in run(crowded)}
    names = ("nginx", "apache", "rsync", "nfs", "nfs_root", "tcp_wrappers", "rsh", "mysql", "pam", "mongodb")
    assert {name: found[name] for name in names} == dict.fromkeys(names, "not_assessed")


def test_pipes_are_not_opened(crowded: Machine) -> None:
    for name in ("exports", "hosts.allow", "nginx/nginx.conf"):
        path = crowded.path(f"/etc/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(path)
    found = {one.rule.name: one.status for one in run(crowded)}
    assert (found["nfs"], found["tcp_wrappers"], found["nginx"]) == ("not_assessed",) * 3


def test_many_findings_are_counted(machine: Machine) -> None:
    machine.write("/etc/exports", "".join(f"/srv/{at} 10.0.0.1\n" for at in range(150)))
    found = judge(machine, "nfs")
    assert len(found) == 101
    assert found["exports"].message == "50 more were found and are not listed"


def test_who_is_not_root_sees_less_and_says_so(machine: Machine) -> None:
    played.rsyncd("[x]\n")(machine)
    machine.write("/etc/hosts.allow", "ALL: ALL\n")
    host = Host(root=str(machine.root), runner=lambda argv, stdin, timeout: Completed(127, "", ""))
    host.__class__ = type("Ordinary", (Host,), {"is_root": False})
    found = {one.rule.name: one.status for one in network_trust.assess(host, {"automation": []})}
    assert (found["rsync"], found["redis"], found["tcp_wrappers"]) == ("not_assessed", "not_assessed", "fail")
