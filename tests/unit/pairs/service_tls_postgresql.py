# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of service_tls: a played PostgreSQL that takes its drop-in up by a reload and reads its own pg_hba.conf."""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import hba
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import database_exposure, played_databases, played_web
from .case import Case
from .machine import Machine
from .played_databases import FOLDER
from .played_tls import Speaks

PORT = played_web.listen(lambda connection: None)
UNIT, ETC = "postgresql@15-main.service", "/etc/postgresql/15/main"
DROP_IN, HBA = f"{ETC}/conf.d/zz-infosec-service-tls.conf", f"{ETC}/pg_hba.conf"
OPEN = "local all all peer\nhost all all 127.0.0.1/32 scram-sha-256\nhost all all 0.0.0.0/0 scram-sha-256\n"
INSISTING = OPEN.replace("host all all 0", "hostssl all all 0")
DEFAULTS = {
    "ssl": "off",
    "ssl_cert_file": "/etc/own.pem",
    "ssl_key_file": "/etc/own.key",
    "ssl_min_protocol_version": "TLSv1.2",
    "ssl_ciphers": "ALL",
    "ssl_ecdh_curve": "prime256v1",
    "log_connections": "off",
}
OWN = {"ssl": "on", "ssl_ciphers": "ECDHE-RSA-AES128-GCM-SHA256"}
SHOP = {"user": "shop", "address": "192.0.2.20", "database": "orders"}
TERMS = frozenset({"protocols", "ciphers", "groups", "guideline"})
NEEDED = frozenset({"offered", "clear_text"})


def postgresql(rules: str, *clear: t.Mapping[str, str], pair: bool = True, **own: str) -> t.Callable[[Machine], None]:
    """A server with these settings, and who is connected to it in clear."""

    def lay(machine: Machine) -> None:
        loaded: dict[str, str] = {}
        machine.write(f"{ETC}/postgresql.conf", "include_dir = 'conf.d'\n")
        machine.mkdir(f"{ETC}/conf.d")
        machine.write(HBA, rules, mode=0o640)
        machine.mkdir("/var/run/postgresql")
        if pair:
            played_databases.deployed(machine, "orders")
        machine.unit(UNIT, process="postgres", sockets=[("tcp", "0.0.0.0", PORT)])
        machine.servers[PORT] = played_databases.postgresql(lambda: speaks(loaded))
        played_databases.as_user(machine, lambda words, sql: answer(machine, loaded, clear, sql))

        def take_up() -> None:
            loaded.clear()
            loaded.update({**DEFAULTS, **own, **written(machine)})

        played_databases.on_start(machine, UNIT, ("reload", "restart"), take_up)

    return lay


def written(machine: Machine) -> dict[str, str]:
    path = machine.path(DROP_IN)
    return dict(re.findall(r"(?m)^(\w+) = '(.*)'$", path.read_text(encoding="utf-8"))) if path.exists() else {}


def speaks(loaded: t.Mapping[str, str]) -> Speaks | None:
    if loaded["ssl"] != "on":
        return None
    known = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
    protocols = known[known.index(loaded["ssl_min_protocol_version"]) :]
    return played_web.speaks(protocols, loaded["ssl_ciphers"], loaded["ssl_ecdh_curve"])


def answer(machine: Machine, loaded: t.Mapping[str, str], clear: t.Sequence[t.Any], sql: str) -> Completed:
    """The control's question; all other statements, and programs, succeed."""
    if "pg_hba_file_rules" not in sql or "json" not in sql:
        return Completed(0, "0\n", "")
    places = {
        **{"listen_addresses": "*", "server_version_num": "150020", "config_file": f"{ETC}/postgresql.conf"},
        **{"hba_file": HBA, "data_directory": "/var/lib/postgresql/15/main"},
    }
    rows = hba.parse(machine.path(HBA).read_text(encoding="utf-8"))
    rules = [{**database_exposure.hba_row(line), "database": line.fields[1].split(",")} for line in rows]
    files = [{"name": name, "file": DROP_IN, "line": 2, "value": value} for name, value in written(machine).items()]
    told = {
        "settings": {name: {"value": value, "source": "file"} for name, value in {**places, **loaded}.items()},
        "files": [],
        "rules": rules,
        "hba_pending": False,
        "tls": {"files": files, "broken": [], "clear": list(clear), "log": None},
    }
    return Completed(0, json.dumps(told), "")


def options(days: int = 0, tls: str = "required") -> dict[str, t.Any]:
    services = [played_databases.entry("orders", PORT, tls)]
    return {"services": services, "certificate_folder": FOLDER, "required_after_days": days}


CASES = (
    Case("postgresql-without-tls", postgresql(OPEN), options(), fails=NEEDED, fixed=NEEDED),
    Case("postgresql-without-a-certificate", postgresql(OPEN, pair=False), options(), fails=NEEDED),
    Case(
        "postgresql-nobody-knows-who-comes-in-a-week",
        postgresql(OPEN),
        options(days=7),
        fails=NEEDED,
        fixed=frozenset({"offered"}),
    ),
    Case(
        "postgresql-with-a-client-in-clear",
        postgresql(OPEN, SHOP, **OWN),
        options(),
        fails=frozenset({"clear_text"}),
        passes=TERMS | {"offered"},
    ),
    Case(
        "postgresql-of-old",
        postgresql(INSISTING, ssl="on", ssl_min_protocol_version="TLSv1", ssl_ecdh_curve="secp521r1"),
        options(),
        fails=frozenset({"protocols", "ciphers", "groups"}),
        passes=NEEDED,
        fixed=frozenset({"protocols", "ciphers", "groups"}),
    ),
    Case("postgresql-that-insists", postgresql(INSISTING, **OWN), options(), passes=TERMS | NEEDED),
)
