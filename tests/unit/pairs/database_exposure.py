# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of database_exposure: a played Redis that takes its addresses from its file, a played PostgreSQL that reads its own.

Both answer on a real socket of this machine, on a port that was free, since a restart is followed by a real health check.
"""

from __future__ import annotations

import json
import socket
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import hba, redis_conf
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from .case import Case
from .machine import Machine

#: Kept open as long as the tests run.
ANSWERING = socket.create_server(("127.0.0.1", 0))
PORT: int = ANSWERING.getsockname()[1]
ALONE = [{"name": "db", "ports": [{"first": PORT, "last": PORT, "protocol": "tcp"}], "clients": []}]

REDIS = "/etc/redis/redis.conf"
HBA = "/etc/postgresql/15/main/pg_hba.conf"
DEFAULT_HBA = "local all all peer\nhost all all 127.0.0.1/32 scram-sha-256\nhost all all ::1/128 scram-sha-256\n"


def redis(bind: str) -> t.Callable[[Machine], None]:
    """Redis without a password, bound so."""

    def lay(machine: Machine) -> None:
        machine.write(REDIS, f"port {PORT}\nprotected-mode no\nbind {bind}\n", mode=0o640)
        machine.write(
            "/lib/systemd/system/redis-server.service", f"[Service]\nExecStart=/usr/bin/redis-server {REDIS}\n"
        )
        machine.unit("redis-server.service", process="redis-server")
        machine.programs["runuser"] = lambda argv, stdin: Completed(0, "", "")
        machine.programs["redis-cli"] = lambda argv, stdin: Completed(0, redis_answers(machine), "")
        on_restart(machine, "redis-server.service", lambda: [("tcp", at, PORT) for at in bound(machine)])

    return lay


def bound(machine: Machine) -> list[str]:
    text = machine.path(REDIS).read_text(encoding="utf-8")
    return redis_conf.effective(REDIS, lambda path: text, lambda pattern: [])["bind"].split()


def redis_answers(machine: Machine) -> str:
    pairs = {"bind": " ".join(bound(machine)), "protected-mode": "no"}
    said = "".join(f'1) "{name}"\n2) "{value}"\n' for name, value in pairs.items())
    return f'redis_version:7.0.15\r\nconfig_file:{REDIS}\r\n{said}1) "user default on nopass ~* &* +@all"\n'


def on_restart(machine: Machine, unit: str, sockets: t.Callable[[], list[tuple[str, str, int]]]) -> None:
    """Let the unit take up its addresses now and at each restart."""
    systemctl = machine.programs["systemctl"]

    def play(argv: t.Sequence[str], stdin: str | None) -> Completed:
        if argv[1] == "restart":
            machine.units[unit].sockets = sockets()
        return systemctl(argv, stdin)

    machine.programs["systemctl"] = play
    play(["systemctl", "restart", unit], None)


def postgresql(rules: str) -> t.Callable[[Machine], None]:
    """PostgreSQL on loopback with these rules."""

    def lay(machine: Machine) -> None:
        machine.write("/etc/postgresql/15/main/postgresql.conf", "include_dir = 'conf.d'\n")
        machine.write(HBA, rules, mode=0o640)
        machine.mkdir("/var/run/postgresql")
        machine.unit("postgresql@15-main.service", process="postgres", sockets=[("tcp", "127.0.0.1", PORT)])
        machine.programs["runuser"] = lambda argv, stdin: Completed(0, psql(machine, stdin or ""), "")

    return lay


def psql(machine: Machine, sql: str) -> str:
    if "pg_settings" not in sql:
        return "0\n"
    folder = "/etc/postgresql/15/main"
    values = {
        "listen_addresses": "localhost",
        "server_version_num": "150020",
        "config_file": f"{folder}/postgresql.conf",
        "hba_file": HBA,
        "data_directory": "/var/lib/postgresql/15/main",
    }
    settings = {name: {"value": value, "source": "override"} for name, value in values.items()}
    rules = [hba_row(line) for line in hba.parse(machine.path(HBA).read_text(encoding="utf-8"))]
    return json.dumps({"settings": settings, "files": [], "rules": rules, "hba_pending": False})


def hba_row(line: hba.Line) -> dict[str, t.Any]:
    kind, database, user, *rest = line.fields
    return {
        "line_number": line.number,
        "type": kind,
        "database": [database],
        "user_name": [user],
        "address": rest[0] if kind != "local" else None,
        "netmask": None,
        "auth_method": rest[-1],
        "error": None,
    }


CASES = (
    Case(
        "redis-open-to-the-network",
        redis("0.0.0.0"),
        {"services": ALONE, "restart": "when_needed"},
        fails=frozenset({"bind", "admission"}),
        fixed=frozenset({"bind", "admission"}),
    ),
    Case(
        "redis-open-without-an-entry-in-the-register",
        redis("0.0.0.0"),
        {"restart": "when_needed"},
        fails=frozenset({"bind", "admission"}),
    ),
    Case("redis-on-loopback", redis("127.0.0.1"), passes=frozenset({"bind", "admission"})),
    Case(
        "postgresql-admits-everybody",
        postgresql(DEFAULT_HBA + 'host "orders" app 0.0.0.0/0 scram-sha-256\n'),
        {"services": ALONE},
        fails=frozenset({"admission"}),
        passes=frozenset({"bind"}),
        fixed=frozenset({"admission"}),
    ),
    Case("postgresql-as-installed", postgresql(DEFAULT_HBA), passes=frozenset({"bind", "admission"})),
)
