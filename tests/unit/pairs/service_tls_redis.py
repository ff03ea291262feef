# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of service_tls: a played Redis that takes its file up by a restart."""

from __future__ import annotations

import sys
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import redis_conf
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import played_databases, played_tls, played_web
from .case import Case
from .machine import Machine
from .played_databases import FOLDER
from .played_tls import Speaks

PORT = played_web.listen(lambda connection: None)
UNIT, CONF = "redis-server.service", "/etc/redis/redis.conf"
DEFAULTS = {"port": "6379", "tls-port": "0", "bind": "* -::*", "protected-mode": "no", "tls-auth-clients": "yes"}
CERTIFIED = f"tls-cert-file {FOLDER}/cache/fullchain.pem\ntls-key-file {FOLDER}/cache/key.pem\n"
SECURED = f"port 0\ntls-port {PORT}\n{CERTIFIED}"
OLD = f'{SECURED}tls-protocols "TLSv1 TLSv1.2"\n'
CLEAN = f"{SECURED}tls-protocols TLSv1.3\ntls-ciphers ECDHE-RSA-AES128-GCM-SHA256\n"
TERMS = frozenset({"protocols", "ciphers", "groups", "guideline"})
NEEDED = frozenset({"offered", "clear_text"})


def redis(conf: str, *clients: str, groups: str = "") -> t.Callable[[Machine], None]:
    """A server with this file, and the addresses of those who are connected to it."""

    def lay(machine: Machine) -> None:
        running: dict[str, str] = {}
        machine.write(CONF, f"{conf}# the end\n", mode=0o640)
        machine.write(f"/lib/systemd/system/{UNIT}", f"[Service]\nExecStart=/usr/bin/redis-server {CONF}\n")
        played_databases.deployed(machine, "cache")
        machine.unit(UNIT, process="redis-server", sockets=[("tcp", "0.0.0.0", PORT)])
        machine.servers[PORT] = played_tls.server(
            lambda: speaks(running, groups or played_databases.groups(machine, UNIT))
        )
        machine.programs["redis-cli"] = lambda argv, stdin: answer(running, clients, secured="--tls" in argv)
        # Whether TLS is spoken then, is asked by a program of Python's.
        machine.programs[sys.executable.rpartition("/")[2]] = lambda argv, stdin: Completed(
            0 if running["tls-port"] == str(PORT) else 1, "", ""
        )
        played_databases.as_user(machine, lambda words, stdin: Completed(0, "", ""))
        played_databases.on_start(machine, UNIT, ("restart",), lambda: start(machine, running))

    return lay


def start(machine: Machine, running: dict[str, str]) -> None:
    text = machine.path(CONF).read_text(encoding="utf-8")
    running.clear()
    running.update({**DEFAULTS, **redis_conf.effective(CONF, lambda path: text, lambda pattern: [])})


def speaks(running: t.Mapping[str, str], groups: str) -> Speaks:
    protocols = running.get("tls-protocols") or "TLSv1.2 TLSv1.3"
    return played_web.speaks(protocols.split(), running.get("tls-ciphers", ""), groups)


def answer(running: t.Mapping[str, str], clients: t.Sequence[str], *, secured: bool) -> Completed:
    """What redis-cli --no-raw prints; a port of TLS takes nobody in clear, and the other way round."""
    if secured != (running["tls-port"] == str(PORT)):
        return Completed(1, "", "Error: Connection reset by peer\n")
    told = {**{"tls-cert-file": "", "tls-key-file": "", "tls-protocols": "", "tls-ciphers": ""}, **running}
    settings = "".join(f'1) "{name}"\n2) "{value}"\n' for name, value in told.items())
    listed = [
        f"id={number} addr={one}:4{number} laddr=192.0.2.9:{PORT} cmd=get user=shop"
        for number, one in enumerate(clients)
    ]
    own = f"id=99 addr=127.0.0.1:50000 laddr=127.0.0.1:{PORT} cmd=client|list user=default"
    users = '1) "user default on #5e88 ~* &* +@all"\n'
    said = f"redis_version:7.0.15\r\nconfig_file:{CONF}\r\nrole:master\r\nconnected_slaves:0\r\n{settings}{users}"
    return Completed(0, said + "\n".join([*listed, own]) + "\n", "")


def options(days: int = 0, restart: str = "when_needed") -> dict[str, t.Any]:
    services = [played_databases.entry("cache", PORT)]
    return {
        **{"services": services, "certificate_folder": FOLDER},
        **{"required_after_days": days, "restart": restart},
    }


CASES = (
    Case("redis-in-clear", redis(f"port {PORT}\n"), options(), fails=NEEDED, fixed=NEEDED),
    Case("redis-in-clear-for-a-client", redis(f"port {PORT}\n", "192.0.2.20"), options(), fails=NEEDED),
    Case("redis-nobody-knows-who-comes-in-a-week", redis(f"port {PORT}\n"), options(days=7), fails=NEEDED),
    Case("redis-that-may-not-restart", redis(f"port {PORT}\n"), options(restart="never"), fails=NEEDED),
    Case(
        "redis-of-old",
        redis(OLD),
        options(),
        fails=frozenset({"protocols", "ciphers", "groups"}),
        passes=NEEDED,
        fixed=frozenset({"protocols", "ciphers", "groups"}),
    ),
    Case("redis-as-the-guideline-has-it", redis(CLEAN, groups="X25519"), options(), passes=TERMS | NEEDED),
)
