# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""RabbitMQ's management is bound to loopback while the broker runs on: its plugin opens its port anew by itself.

A file of ours says the same for the next start. What rabbitmq.conf has no word for is left as it is.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import common
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.common import Running
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import programs
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    HEADER,
    Shut,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.proof import (
    still,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Command
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing

MAIN = "/etc/rabbitmq/rabbitmq.conf"
SNIPPETS = "/etc/rabbitmq/conf.d/*.conf"
#: The last that is read wins.
OWN = "/etc/rabbitmq/conf.d/99-infosec-principles.conf"
#: What Erlang's terms say outweighs rabbitmq.conf; and who says where files are may say that ours is not read.
TERMS = ("/etc/rabbitmq/advanced.config", "/etc/rabbitmq/rabbitmq.config")
ENVIRONMENT = "/etc/rabbitmq/rabbitmq-env.conf"
PORTS = (15672, 15671)
#: How a listener is called in rabbitmq.conf, and in the node.
KEYS = {"tcp": "tcp_config", "ssl": "ssl_config", "listener": "listener"}
_PORT = re.compile(r"^\s*management\.(?:tcp|ssl|listener)\.port\s*=\s*(\d+)", re.MULTILINE)
_ELSEWHERE = re.compile(r"^\s*(?:export\s+)?(?:RABBITMQ_)?(?:ADVANCED_)?CONFIG_FILES?=", re.MULTILINE)
#: Terms of Erlang and lines of rabbitmq.conf that let every user come from anywhere.
_OPENED = re.compile(
    r"^\s*loopback_users(?:\s*=\s*none|\.guest\s*=\s*false)\b|\{\s*loopback_users\s*,\s*\[\s*\]", re.MULTILINE
)
#: Prints each listener that is configured, and the address that it has: tcp undefined.
ASKED = """lists:foreach(fun({N, K}) -> case application:get_env(rabbitmq_management, K) of
    {ok, O} -> io:format("~s ~s~n", [N, case proplists:get_value(ip, O) of undefined -> "-";
        A when is_tuple(A) -> inet:ntoa(A); A -> A end]);
    undefined -> ok end end, [{tcp, tcp_config}, {ssl, ssl_config}, {listener, listener}])."""
ANEW = "rabbit_mgmt_app:reset_dispatcher([])"


def ports(host: Host, run: Running) -> t.Iterable[int]:
    """Those of its management: the usual ones, and what its files say. Others speak no HTTP, and are not asked."""
    found = [port for path in (MAIN, *host.glob(SNIPPETS)) for port in _PORT.findall(_text(host, path))]
    return {*PORTS, *map(int, found)}


def _text(host: Host, path: str) -> str:
    try:
        return host.read_text(path)
    except Missing:
        return ""


def plan(host: Host, shuts: t.Sequence[Shut]) -> tuple[Change, ...]:
    """Bind it to loopback, now and at the next start. Raises Refused or HostError."""
    programs.loopback_alone(shuts)
    _refuse(host)
    now = _listeners(host)
    names = [name for name in KEYS if name in now] or ["tcp"]
    text = HEADER + "".join(f"management.{name}.ip = 127.0.0.1\n" for name in names)
    return (*common.own_file(host, OWN, text), _anew(now, names), *still(host, shuts))


def _refuse(host: Host) -> None:
    for path in TERMS:
        if "rabbitmq_management" in _text(host, path):
            raise Refused(f"{path} has settings of rabbitmq_management, which outweigh others; set its ip there")
    if _ELSEWHERE.search(_text(host, ENVIRONMENT)):
        raise Refused(f"{ENVIRONMENT} has it read other files; set management.tcp.ip = 127.0.0.1 in them")
    later = [
        path for path in host.glob(SNIPPETS) if path > OWN and re.search(r"(?m)^\s*management\.", _text(host, path))
    ]
    if later:
        raise Refused(f"{later[0]} is read after ours; set management.tcp.ip = 127.0.0.1 there")


def _listeners(host: Host) -> dict[str, str]:
    """The configured listeners, each with its address ("-" for none)."""
    done = host.ask("rabbitmqctl", "-q", "eval", ASKED, timeout=20)
    if done.rc != 0:
        raise HostError("the node does not answer: see rabbitmqctl status")
    rows = (line.split(" ") for line in done.stdout.splitlines())
    return {row[0]: row[1] for row in rows if len(row) == 2 and row[0] in KEYS}


def _anew(now: t.Mapping[str, str], names: t.Sequence[str]) -> Command:
    """Give it the address, and have it listen anew; connections of AMQP are no part of that."""
    title = "bind RabbitMQ's management to loopback while it runs"
    before = ", ".join(f"{name}: {now.get(name, '-')}" for name in names)
    do = [_put(KEYS[name], '"127.0.0.1"') for name in names]
    undo = [_back(KEYS[name], now.get(name)) for name in names]
    probe = [_is(KEYS[name]) for name in names]
    return Command(
        title,
        f"{before}\n",
        "".join(f"{name}: 127.0.0.1\n" for name in names),
        do=(_eval(*do, ANEW),),
        undo=(_eval(*undo, ANEW),),
        probe=_eval(*probe),
    )


def _eval(*terms: str) -> tuple[str, ...]:
    """What fails is not told: an error of Erlang quotes what it was called with, passphrases of listeners too."""
    return ("rabbitmqctl", "-q", "eval", f"try {', '.join(terms)}, ok catch _:_ -> exit(failed) end.")


def _put(key: str, address: str) -> str:
    """A listener that is not configured is the usual one, whose port has to be said with its address."""
    had = f"application:get_env(rabbitmq_management, {key}, [{{port, {PORTS[0]}}}])"
    return f"application:set_env(rabbitmq_management, {key}, lists:keystore(ip, 1, {had}, {{ip, {address}}}))"


def _back(key: str, address: str | None) -> str:
    if address is None:
        return f"application:unset_env(rabbitmq_management, {key})"
    if address != "-":
        return _put(key, f'"{address}"')
    had = f"application:get_env(rabbitmq_management, {key}, [])"
    return f"application:set_env(rabbitmq_management, {key}, lists:keydelete(ip, 1, {had}))"


def _is(key: str) -> str:
    """Fails, and so does the command, where it is not so."""
    had = f"application:get_env(rabbitmq_management, {key}, [])"
    return f'"127.0.0.1" = proplists:get_value(ip, {had})'


# Credentials that everybody knows


def guest(host: Host) -> Evidence | None:
    """Where its user guest may come from other hosts, as it may not by itself. Raises HostError."""
    opened = [path for path in (MAIN, *host.glob(SNIPPETS), *TERMS) if _OPENED.search(_text(host, path))]
    if not opened:
        return None
    done = host.ask("rabbitmqctl", "-q", "list_users", timeout=20)
    if done.rc != 0:
        raise HostError("the node does not answer: see rabbitmqctl status")
    if not any(line.split("\t")[0] == "guest" for line in done.stdout.splitlines()):
        return None
    return Evidence(opened[0], "loopback_users is empty, and the user guest is there", "no user guest")
