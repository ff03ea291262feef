# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of service_tls: RabbitMQ 4.0 on Erlang/OTP 27, which reads advanced.config where it starts."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import played_mail, played_tls, played_web
from .case import Case
from .machine import NOW, Machine
from .played_mail import CLEAN, OLD, TERMS
from .played_tls import Speaks

CLEAR, SECURE = (played_web.listen(lambda connection: None) for _number in range(2))
OURS = 5671
UNIT, OWN = "rabbitmq-server.service", "/etc/rabbitmq/advanced.config"
NAMES = {"x25519": "X25519", "secp256r1": "prime256v1", "secp384r1": "secp384r1", "secp521r1": "secp521r1"}
TLS = f'{{ssl_listeners, [{SECURE}]}}, {{ssl_options, [{{certfile, "/etc/c.pem"}}, {{keyfile, "/etc/k.pem"}}]}}'


def rabbitmq(own: str = "", *connections: str, logged: tuple[str, ...] = ()) -> t.Callable[[Machine], None]:
    """A node with a listener in clear. own: what somebody's rabbitmq.conf says, in Erlang's words."""

    def lay(machine: Machine) -> None:
        machine.write("/etc/rabbitmq/rabbitmq.conf", own)
        os.utime(machine.path("/etc/rabbitmq/rabbitmq.conf"), (NOW.timestamp() - 60,) * 2)
        machine.programs["rabbitmqctl"] = lambda argv, stdin: Completed(0, told(machine, connections), "")
        machine.programs["erl"] = lambda argv, stdin: Completed(0, "", "")
        machine.programs["sh"] = lambda argv, stdin: Completed(0, "".join(f"{line}\n" for line in logged), "")
        played_mail.deployed(machine, "queue")
        machine.unit(UNIT, process="beam.smp", title="beam.smp\0-noinput\0-s\0rabbit\0boot\0")
        machine.servers[SECURE] = machine.servers[OURS] = played_tls.server(lambda: speaks(machine))
        starts(machine)

    return lay


def starts(machine: Machine) -> None:
    """What it listens on follows from its files at each start; then what a fix reads of its process."""
    systemctl = machine.programs["systemctl"]

    def play(argv: t.Sequence[str], stdin: str | None) -> Completed:
        if argv[1] == "restart":
            machine.units[UNIT].sockets = [("tcp", "0.0.0.0", port) for _protocol, port in listeners(machine)]
        done = systemctl(argv, stdin)
        played_mail.tools(machine, UNIT)
        fields = " ".join(["0"] * 18)
        machine.write("/proc/100/stat", f"100 (beam.smp) S {fields} 0\n")
        machine.write("/proc/uptime", "0.0 0.0\n")
        return done

    machine.programs["systemctl"] = play
    play(["systemctl", "restart", UNIT], None)


def settings(machine: Machine) -> str:
    """What is in force: advanced.config takes the place of what else says the same."""
    own = machine.path("/etc/rabbitmq/rabbitmq.conf").read_text()
    return (machine.path(OWN).read_text() if machine.path(OWN).exists() else "") + own


def listeners(machine: Machine) -> list[tuple[str, int]]:
    text = settings(machine)
    clear = [] if "{tcp_listeners, []}" in text else [("amqp", CLEAR)]
    return [*clear, *(("amqp/ssl", int(port)) for port in re.findall(r"\{ssl_listeners, \[(\d+)\]\}", text)[:1])]


def told(machine: Machine, connections: t.Iterable[str]) -> str:
    """As `rabbitmqctl -q eval` printed on Debian 13."""
    text = settings(machine)
    certificate, key = (played_web.found(rf'{{{name}, "([^"]*)"}}', text) for name in ("certfile", "keyfile"))
    options = [f'{{certfile,"{certificate}"}}', f'{{keyfile,"{key}"}}'] if certificate else []
    lines = [
        "listener clustering 25672",
        *(f"listener {protocol} {port}" for protocol, port in listeners(machine)),
        "node 4.0.5 27 rabbit@queue",
        "secret false",
        f"certificate {certificate}",
        f"key {key}",
        *(f"option {option}" for option in options),
        *(f"connection {one}" for one in connections),
        "ok",
    ]
    return "".join(f"{line}\n" for line in lines)


def speaks(machine: Machine) -> Speaks:
    text = settings(machine)
    protocols = ["TLSv1.2", "TLSv1.3"] if "{versions, ['tlsv1.3', 'tlsv1.2']}" in text else OLD
    ciphers = ":".join(re.findall(r'"([^"/]*)"', played_web.found(r"\{ciphers, \[(.*)\]\}", text)))
    groups = played_web.found(r"\{supported_groups, \[(.*)\]\}", text) or "x25519, secp521r1"
    return played_web.speaks(protocols, ciphers, ":".join(NAMES[name] for name in groups.split(", ")))


QUEUE = {"services": [played_mail.entry("queue", CLEAR, SECURE)], "restart": "when_needed"}
FIRST = {"services": [played_mail.entry("queue", CLEAR, OURS)], "restart": "when_needed"}
STAMP = NOW.strftime("%Y-%m-%d 11:00:00.000000+00:00")
LONG_AGO = "2026-10-01 11:00:00.000000+00:00 [info] <0.9.0> Server startup complete"
CASES = (
    Case(
        "rabbitmq-in-clear",
        rabbitmq(),
        FIRST,
        fails=frozenset({"offered", "clear_text"}),
        fixed=frozenset({"offered"}),
    ),
    Case(
        "rabbitmq-that-may-not-be-restarted",
        rabbitmq(),
        {"services": FIRST["services"]},
        fails=frozenset({"offered", "clear_text"}),
    ),
    Case(
        "rabbitmq-as-it-comes-and-nobody-in-clear",
        rabbitmq(TLS, logged=(LONG_AGO,)),
        QUEUE,
        fails=TERMS | {"clear_text"},
        passes=frozenset({"offered"}),
        fixed=TERMS | {"clear_text"},
    ),
    Case(
        "rabbitmq-with-somebody-in-clear",
        rabbitmq(TLS, f"::ffff:192.0.2.7 {CLEAR} false app", logged=(LONG_AGO,)),
        QUEUE,
        fails=TERMS | {"clear_text"},
        fixed=TERMS,
    ),
    Case(
        "rabbitmq-with-somebody-in-clear-today",
        rabbitmq(
            TLS,
            logged=(
                LONG_AGO,
                f"{STAMP} [info] <0.9.0> connection 192.0.2.7:4000 -> 192.0.2.1:{CLEAR}: user 'app' authenticated and granted",
            ),
        ),
        QUEUE,
        fails=TERMS | {"clear_text"},
        fixed=TERMS,
    ),
    Case(
        "rabbitmq-by-tls-alone",
        rabbitmq(
            f"{TLS} {{tcp_listeners, []}} {{versions, ['tlsv1.3', 'tlsv1.2']}}\n"
            '{ciphers, ["ECDHE-RSA-AES128-GCM-SHA256"]}\n{supported_groups, [x25519, secp256r1]}\n'
        ),
        QUEUE,
        passes=CLEAN | {"clear_text"},
    ),
)
