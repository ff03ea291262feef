# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of service_tls: a played MariaDB that takes its option files up by a restart, and SET GLOBAL at once."""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import played_databases, played_web
from .case import Case
from .machine import Machine
from .played_databases import FOLDER
from .played_tls import Speaks

PORT = played_web.listen(lambda connection: None)
UNIT, OPTIONS = "mariadb.service", "/etc/mysql/mariadb.conf.d"
DROP_IN = f"{OPTIONS}/zz-infosec-service-tls.cnf"
#: As Debian 12 has it.
DEFAULTS = {
    **{"have_ssl": "DISABLED", "ssl_cert": "", "ssl_key": "", "ssl_cipher": "", "tls_version": "TLSv1.2,TLSv1.3"},
    **{"require_secure_transport": "OFF", "userstat": "OFF", "performance_schema": "OFF", "datadir": "/var/lib/mysql/"},
}
PAIR = {"ssl-cert": f"{FOLDER}/shop/fullchain.pem", "ssl-key": f"{FOLDER}/shop/key.pem"}
GOOD = {**PAIR, "ssl-cipher": "ECDHE-RSA-AES128-GCM-SHA256"}
SHOP = {"user": "shop", "host": "192.0.2.20", "plugin": False}
TERMS = frozenset({"protocols", "ciphers", "groups", "guideline"})
NEEDED = frozenset({"offered", "clear_text"})


def mariadb(
    *connected: str,
    counted: t.Mapping[str, tuple[int, int]] | None = None,
    groups: str = "",
    made_up: bool = False,
    **own: str,
) -> t.Callable[[Machine], None]:
    """A server with these options, who is connected to it, and who has come to it: how often, and how often by TLS.

    made_up: without a certificate it makes one up.
    """
    options = {name.replace("_", "-"): value for name, value in own.items()}

    def lay(machine: Machine) -> None:
        running: dict[str, str] = {"made_up": "yes"} if made_up else {}
        machine.write("/etc/mysql/my.cnf", f"!includedir {OPTIONS}/\n")
        text = "".join(f"{name} = {value}\n" for name, value in options.items())
        machine.write(f"{OPTIONS}/50-server.cnf", f"[mysqld]\n{text}")
        played_databases.deployed(machine, "shop")
        machine.program("mariadb", lambda argv, sql: answer(running, connected, counted or {}, sql or ""))
        machine.programs["sh"] = lambda argv, stdin: Completed(0 if running["have_ssl"] == "YES" else 1, "", "")
        machine.unit(UNIT, process="mariadbd", sockets=[("tcp", "0.0.0.0", PORT)])
        machine.servers[PORT] = played_databases.mysql(
            lambda: speaks(running, groups or played_databases.groups(machine, UNIT))
        )
        played_databases.as_user(machine, lambda words, sql: Completed(0, "", ""))
        played_databases.on_start(machine, UNIT, ("restart",), lambda: start(machine, running))

    return lay


def start(machine: Machine, running: dict[str, str]) -> None:
    """The last value of each option wins."""
    made_up = running.get("made_up")
    running.clear()
    running.update(DEFAULTS, **({"made_up": made_up} if made_up else {}))
    for path in sorted(machine.path(OPTIONS).iterdir()):
        found = re.findall(r"(?m)^([a-z-]+) = (.*)$", path.read_text(encoding="utf-8"))
        running.update({name.replace("-", "_"): value for name, value in found})
    running["have_ssl"] = "YES" if made_up or (running["ssl_cert"] and running["ssl_key"]) else "DISABLED"


def speaks(running: t.Mapping[str, str], groups: str) -> Speaks | None:
    if running["have_ssl"] != "YES":
        return None
    return played_web.speaks(running["tls_version"].split(","), running["ssl_cipher"], groups)


def answer(
    running: dict[str, str], connected: t.Sequence[str], counted: t.Mapping[str, tuple[int, int]], sql: str
) -> Completed:
    wanted = re.match(r"SET GLOBAL require_secure_transport = ([01]);\n", sql)
    if wanted:
        running["require_secure_transport"] = "ON" if wanted[1] == "1" else "OFF"
        return Completed(0, "", "")
    if sql.startswith("SELECT @@GLOBAL.require_secure_transport"):
        return Completed(0, f"{int(running['require_secure_transport'] == 'ON')}\n", "")
    return Completed(0, "".join(f"{json.dumps(one)}\n" for one in told(running, connected, counted, sql)), "")


def told(
    running: t.Mapping[str, str], connected: t.Sequence[str], counted: t.Mapping[str, tuple[int, int]], sql: str
) -> t.Iterator[dict[str, t.Any]]:
    """The answer to one of the control's questions."""
    if "@@bind_address" in sql:
        yield {"version": "10.11.19-MariaDB-0+deb12u1", "bind": "*", "me": "root@localhost"}
    elif "global_priv" in sql:
        yield {"user": "shop", "host": "192.0.2.%", "open": 0, "locked": 0, "tls": 0}
    elif "CLIENT_STATISTICS" in sql:
        total = sum(count for count, _tls in counted.values())
        status = {"uptime": 30 * 86400, "connections": total, "aborted_connects": 0}
        yield from ({"name": name, "value": str(value)} for name, value in {**running, **status}.items())
        for place in connected:
            user, _at, host = place.partition("@")
            yield {"connected": 1, "user": user, "host": host, "database": "orders"}
        for client, (count, tls) in counted.items() if running["userstat"] == "ON" else ():
            yield {"client": client, "total": count, "tls": tls}


def options(days: int = 0, restart: str = "when_needed") -> dict[str, t.Any]:
    services = [played_databases.entry("shop", PORT)]
    return {
        **{"services": services, "certificate_folder": FOLDER},
        **{"required_after_days": days, "restart": restart},
    }


CASES = (
    Case("mariadb-without-tls", mariadb(), options(), fails=NEEDED, fixed=NEEDED),
    Case(
        "mariadb-that-made-up-a-certificate",
        mariadb(made_up=True, groups="X25519", **{**GOOD, "ssl_cert": "", "ssl_key": ""}),
        options(),
        fails=frozenset({"offered", "clear_text"}),
        passes=TERMS,
        fixed=frozenset({"offered", "clear_text"}),
    ),
    Case("mariadb-that-may-not-restart", mariadb(), options(restart="never"), fails=NEEDED),
    Case(
        "mariadb-as-it-is-with-a-certificate-alone",
        mariadb(**PAIR, tls_version="TLSv1.1,TLSv1.2"),
        options(),
        fails=frozenset({"protocols", "ciphers", "groups", "clear_text"}),
        passes=frozenset({"offered"}),
        fixed=frozenset({"protocols", "ciphers", "groups", "clear_text"}),
    ),
    Case(
        "mariadb-with-a-client-in-clear",
        mariadb("shop@192.0.2.20:51234", groups="X25519", **GOOD),
        options(),
        fails=frozenset({"clear_text"}),
        passes=TERMS | {"offered"},
    ),
    Case(
        "mariadb-to-which-one-came-in-clear",
        mariadb(counted={"192.0.2.20": (10, 9)}, groups="X25519", userstat="ON", **GOOD),
        options(days=7),
        fails=frozenset({"clear_text"}),
        passes=TERMS | {"offered"},
    ),
    Case(
        "mariadb-to-which-all-come-by-tls",
        mariadb("shop@192.0.2.20:51234", counted={"192.0.2.20": (9, 9)}, groups="X25519", userstat="ON", **GOOD),
        options(days=7),
        fails=frozenset({"clear_text"}),
        passes=TERMS | {"offered"},
        fixed=frozenset({"clear_text"}),
    ),
    Case(
        "mariadb-that-insists",
        mariadb(groups="X25519", require_secure_transport="ON", **GOOD),
        options(),
        passes=TERMS | NEEDED,
    ),
)
