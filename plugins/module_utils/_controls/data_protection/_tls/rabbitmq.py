# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""RabbitMQ: judged by what the node has in force, brought to Mozilla's profile in advanced.config by a restart.

Its TLS is Erlang's own, not OpenSSL's: which groups there are depends on the version of Erlang/OTP. rabbitmq.conf has
no word for groups, and ssl_options of advanced.config take the place of all that rabbitmq.conf has of them: so all of
them are written there, with what else was in force. AMQP has no STARTTLS; TLS has a port of its own beside.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Pair, Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import logs, proof
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.logs import Log
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    AT_ONCE,
    HEADER,
    NEVER,
    Clear,
    Endpoint,
    Server,
    Terms,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import read_now, write_file
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._host import processes, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.crypto_library import Library
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

PROCESS, ERLANG = "beam.smp", "Erlang/OTP"
OWN = "/etc/rabbitmq/advanced.config"
#: What may have been changed since the node has started, and would be read by a restart.
CONFIGS = (
    *("/etc/rabbitmq/rabbitmq.conf", "/etc/rabbitmq/conf.d/*.conf", "/etc/rabbitmq/rabbitmq.config"),
    *("/etc/rabbitmq/rabbitmq-env.conf", "/etc/rabbitmq/enabled_plugins"),
)
CLEAR_AMQP, SECURE_AMQP = "amqp", "amqp/ssl"
#: Nodes talk to each other there; the plugin for managing has settings of its own.
OTHERS = ("clustering", "http", "https")
#: IANA's port of amqps.
PORT = 5671
#: Erlang's names (ssl(3erl)).
GROUPS = {"X25519": "x25519", "prime256v1": "secp256r1", "secp384r1": "secp384r1"}
VERSIONS = {"TLSv1.2": "tlsv1.2", "TLSv1.3": "tlsv1.3"}
#: The first version that lets Erlang's TLS 1.3 have its way; older ones take it out of what they are told.
TLS_13_SINCE = (3, 10)
#: Ours to say; a passphrase is never shown, and what comes from a file of its own stays as it is.
OURS = ("versions", "ciphers", "supported_groups", "eccs", "honor_cipher_order", "honor_ecc_order")
#: One question for all, since the client takes a second to start.
ASKED = f"""
lists:foreach(fun(L) -> io:format("listener ~s ~w~n", [element(3, L), element(6, L)]) end,
    rabbit_networking:active_listeners()),
{{ok, Options}} = application:get_env(rabbit, ssl_options),
io:format("node ~s ~s ~s~n", [rabbit_misc:version(), erlang:system_info(otp_release), node()]),
io:format("secret ~w~n", [proplists:is_defined(password, Options)]),
io:format("certificate ~ts~n", [proplists:get_value(certfile, Options, "")]),
io:format("key ~ts~n", [proplists:get_value(keyfile, Options, "")]),
lists:foreach(fun(O) -> io:format("option ~0tp~n", [O]) end,
    [O || O <- Options, not (is_tuple(O) andalso lists:member(element(1, O), [password, {", ".join(OURS)}]))]),
lists:foreach(
    fun(C) ->
        [Peer, Port, Secure, User] = [proplists:get_value(Key, C) || Key <- [peer_host, port, ssl, user]],
        Place = case inet:ntoa(Peer) of {{error, _}} -> "?"; Known -> Known end,
        io:format("connection ~s ~w ~w ~ts~n", [Place, Port, Secure, if is_binary(User) -> User; true -> "?" end])
    end,
    rabbit_networking:connection_info_all([peer_host, port, ssl, user])).
"""
#: Whether a file is Erlang's terms.
CONSULT = "case file:consult(hd(init:get_plain_arguments())) of {ok, _} -> halt(0); _ -> halt(1) end."
#: The first line says how far back a file reaches; the older one comes first.
LOGGED = f"""
for file in "/var/log/rabbitmq/$1.log.0" "/var/log/rabbitmq/$1.log.1" "/var/log/rabbitmq/$1.log"; do
    [ -f "$file" ] && [ ! -h "$file" ] || continue
    head -n 1 -- "$file"; tail -n {logs.MAX_LINES} -- "$file" | grep -E '[0-9]+ -> [^ ]*[0-9].*: user .* authenticated'
done; true
"""
NO_STARTTLS = (
    f"AMQP has no STARTTLS: name port {PORT} in the entry of the register, beside this one as long as clients use it, "
    "and run this again"
)
FURTHER = "RabbitMQ tells it in /var/log/rabbitmq, where its log level is info"
_LOGIN = re.compile(
    r"^(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\S*.* \(?\[?(?P<peer>[0-9a-fA-F.:]+?)\]?:\d+ -> \S*:(?P<port>\d+)\)?: "
    r"user '(?P<user>[^']*)' authenticated"
)
_TIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
#: Its older versions write local time without a zone: no more is claimed than what is true anywhere.
ZONES = 14 / 24


@dataclasses.dataclass(frozen=True)
class Node:
    """What a node has in force. listeners: (protocol, port). options: other ssl_options, as Erlang's terms.

    version: RabbitMQ's; otp: Erlang's. secret: its key has a passphrase. connections: (peer, port,
    whether by TLS, user).
    """

    name: str
    version: tuple[int, ...]
    otp: tuple[int, ...]
    listeners: tuple[tuple[str, int], ...]
    pair: Pair
    options: tuple[str, ...]
    secret: bool
    connections: tuple[tuple[str, ...], ...] = ()

    def clear(self, port: int) -> tuple[str, ...]:
        """Who is connected to a port in clear now, this host's own among them: their port would be gone."""
        rows = [row for row in self.connections if row[1:3] == (str(port), "false")]
        # A listener on [::] sees IPv4 in IPv6.
        found = {f"{row[3]} from {re.sub('^::ffff:', '', row[0])}" for row in rows}
        return tuple(sorted(map(printable, found)))

    def ports(self, protocol: str) -> tuple[int, ...]:
        return tuple(port for name, port in self.listeners if name == protocol)


@dataclasses.dataclass(frozen=True)
class RabbitMQ(Server):
    """One running node."""

    node: Node

    PRODUCT: t.ClassVar[str] = "RabbitMQ"

    def library(self, host: Host) -> Library:
        return Library(ERLANG, self.node.otp)

    def clear(self, host: Host, endpoint: Endpoint) -> Clear:
        if endpoint.begins == AT_ONCE or endpoint.port not in {port for _protocol, port in self.node.listeners}:
            return Clear(open=False)
        evidence = Evidence("active listeners", f"{self._protocol(endpoint.port)} on {endpoint.name}", SECURE_AMQP)
        found = _log(host, self.node.name)
        told = logs.clear(found, _came(found, endpoint.port), Clear(True, (evidence,)), FURTHER)
        looked = "the logs in /var/log/rabbitmq and the connections that are open now"
        return dataclasses.replace(told, now=self.node.clear(endpoint.port), looked=looked)

    def _protocol(self, port: int) -> str:
        return next((name for name, one in self.node.listeners if one == port), "nothing")

    def changes(self, host: Host, wanted: Wanted) -> tuple[Change, ...]:
        self._refuse(host, wanted)
        text = self._text(wanted, read_now(host, OWN) or "")
        if read_now(host, OWN) == text:
            raise Refused("its configuration says so already; restart it, and see what it logs")
        pairs = [*wanted.offer.values(), *(pair for end in self.endpoints for pair in end.pairs)]
        validate = ("erl", "-noshell", "-eval", CONSULT, "-extra", "{}")
        speaking = [end for end in self.endpoints if end.begins == AT_ONCE or end.port in self._secure(wanted)]
        ends = [dataclasses.replace(end, begins=AT_ONCE) for end in speaking]
        # What listens now and goes on: taking it back waits for the same ports.
        kept = [end for end in self.endpoints if end.port in {*self._kept(wanted), *self.node.ports(SECURE_AMQP)}]
        return (
            *proof.together(pairs[:1]),
            *proof.readable(host, self.pids[0], wanted.offer.values()),
            write_file(host, OWN, text, validate=validate),
            Activate(self.unit, "restart", proof.ports(kept), seconds=90),
            *proof.speaks(ends),
        )

    def _secure(self, wanted: Wanted) -> tuple[int, ...]:
        return tuple(sorted({*self.node.ports(SECURE_AMQP), *({PORT} & set(wanted.offer))}))

    def _kept(self, wanted: Wanted) -> tuple[int, ...]:
        """The ports in clear that stay."""
        return tuple(port for port in self.node.ports(CLEAR_AMQP) if port not in wanted.require)

    def _refuse(self, host: Host, wanted: Wanted) -> None:
        if set(wanted.offer) - {PORT} and PORT not in {*wanted.offer, *self.node.ports(SECURE_AMQP)}:
            raise Refused(NO_STARTTLS)
        if wanted.require - set(self.node.ports(CLEAR_AMQP)):
            raise Refused("only AMQP can be taken from a port in clear; switch the plugin's listener off")
        if wanted.require and self._kept(wanted):
            raise Refused("it takes AMQP in clear on several ports; leave one in its configuration")
        old = self.node.version < TLS_13_SINCE
        if old and wanted.terms.protocols == ("TLSv1.3",):
            raise Refused("this RabbitMQ takes no TLS 1.3; upgrade it, or ask for intermediate")
        if self.node.secret or any("#Fun<" in option for option in self.node.options):
            raise Refused(f"its ssl_options have what cannot be written anew; give them the profile by hand in {OWN}")
        found = read_now(host, OWN)
        if found is not None and not found.startswith(_HEADER):
            raise Refused(f"{OWN} is somebody else's; give its ssl_options the profile there")
        if not wanted.restart:
            raise Refused(f"RabbitMQ reads {OWN} only when it starts; set restart: when_needed")
        changed = list(_newer(host, self.pids[0]))
        if changed:
            raise Refused(f"{changed[0]} was changed since RabbitMQ has started; restart it first, to see that it can")

    def _text(self, wanted: Wanted, own: str) -> str:
        """The whole file; what listens stays with whoever has said so, which may be for some addresses alone.

        own: what an earlier run has made of it.
        """
        settings = [f"{{ssl_listeners, [{PORT}]}}"] if PORT in wanted.offer or "{ssl_listeners," in own else []
        settings += ["{tcp_listeners, []}"] if wanted.require or "{tcp_listeners," in own else []
        options = ",\n      ".join([*self._options(wanted), *terms_of(wanted.terms, self.node.version)])
        settings.append(f"{{ssl_options, [\n      {options}\n    ]}}")
        body = ",\n    ".join(settings)
        return f"{_HEADER}{_NOTE}[\n  {{rabbit, [\n    {body}\n  ]}}\n].\n"

    def _options(self, wanted: Wanted) -> list[str]:
        """What else is in force; the certificate only where it has none yet."""
        pair = next(iter(wanted.offer.values()), None)
        if pair is None or self.node.pair.certificate:
            return list(self.node.options)
        return [*self.node.options, f"{{certfile, {_text(pair.certificate)}}}", f"{{keyfile, {_text(pair.key)}}}"]


_HEADER = HEADER.replace("# ", "%% ", 1)
_NOTE = "%% RabbitMQ takes ssl_options from here alone: those of rabbitmq.conf are no longer read.\n"


def _text(path: str) -> str:
    """A string of Erlang's; as JSON has it, for what a path has."""
    return json.dumps(path, ensure_ascii=False)


def terms_of(terms: Terms, version: tuple[int, ...]) -> list[str]:
    """A profile as Erlang's terms."""
    new = version >= TLS_13_SINCE
    protocols = [name for name in reversed(terms.protocols) if new or name != "TLSv1.3"]
    suites = [*(terms.suites if new else ()), *terms.ciphers]
    groups = ", ".join(GROUPS[name] for name in terms.groups if name in GROUPS)
    found = [
        f"{{versions, [{', '.join(_quoted(VERSIONS[name]) for name in protocols)}]}}",
        f"{{ciphers, [{', '.join(map(_text, suites))}]}}",
    ]
    found += [f"{{supported_groups, [{groups}]}}"] if "TLSv1.3" in protocols else []
    if "TLSv1.2" in protocols:
        found += [f"{{eccs, [{groups}]}}", "{honor_cipher_order, false}"]
    return found


def _quoted(atom: str) -> str:
    return f"'{atom}'"


def find(host: Host) -> t.Iterator[RabbitMQ]:
    """The node that runs. Raises HostError where it does not tell."""
    held: dict[int, list[sockets.Listener]] = {}
    for item in host.once(sockets.read):
        if item.process == PROCESS and item.protocol == "tcp":
            held.setdefault(item.pid, []).append(item)
    for pid, listeners in sorted(held.items()):
        command = host.read_part(f"/proc/{pid}/cmdline", 65536)
        if b"\0-s\0rabbit\0" in command:
            node = _node(host)
            yield RabbitMQ(listeners[0].unit, (pid,), tuple(_endpoints(node, listeners)), node)


def _node(host: Host) -> Node:
    done = host.ask("rabbitmqctl", "-q", "eval", ASKED, timeout=20)
    lines = [line.partition(" ") for line in done.stdout.splitlines()]
    told = {kind: rest for kind, _space, rest in lines}
    if done.rc != 0 or "node" not in told:
        raise HostError("the node does not answer: see rabbitmqctl status")
    version, otp, name = told["node"].split(" ", 2)
    listeners = (rest.rpartition(" ") for kind, _space, rest in lines if kind == "listener")
    return Node(
        name=name,
        version=_numbers(version),
        otp=_numbers(otp),
        listeners=tuple((protocol, int(port)) for protocol, _space, port in listeners),
        pair=Pair(told.get("certificate", ""), told.get("key", "")),
        options=tuple(rest for kind, _space, rest in lines if kind == "option"),
        secret=told.get("secret") != "false",
        connections=tuple(tuple(rest.split(" ", 3)) for kind, _space, rest in lines if kind == "connection"),
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _endpoints(node: Node, listeners: list[sockets.Listener]) -> t.Iterator[Endpoint]:
    """Its ports, and the one where TLS would be: whoever asks for it there finds nobody but this host's loopback."""
    for protocol, port in sorted(node.listeners, key=lambda one: one[1]):
        if protocol not in OTHERS:
            secure = protocol.endswith("/ssl")
            addresses = tuple(dict.fromkeys(item.address for item in listeners if item.port == port))
            pairs = (node.pair,) if secure and node.pair.certificate else ()
            yield Endpoint(port, addresses, AT_ONCE if secure else NEVER, pairs=pairs, source=f"listener {protocol}")
    if not node.ports(SECURE_AMQP) and PORT not in {port for _protocol, port in node.listeners}:
        yield Endpoint(PORT, ("127.0.0.1",), NEVER, source="no listener for TLS")


def _newer(host: Host, pid: int) -> t.Iterator[str]:
    """Files of its configuration that were changed since it has started."""
    started = processes.started(host, pid) or 0
    for path in (path for pattern in CONFIGS for path in host.glob(pattern)):
        status = host.stat(path)
        if status and status.st_mtime > started:
            yield path


def _log(host: Host, node: str) -> Log | None:
    """Who logged in, as far as its log files of today and before reach back."""
    done = host.ask("sh", "-c", LOGGED, "sh", node, timeout=logs.SECONDS)
    now = host.now()
    lines = []
    for line in done.stdout.splitlines():
        match = _TIME.match(line)
        if match:
            when = datetime.datetime.fromisoformat(match[0]).replace(tzinfo=datetime.timezone.utc)
            lines.append((max(0.0, (now - when).total_seconds() / logs.DAY - ZONES), line))
    return Log(max(ago for ago, _line in lines), tuple(lines)) if lines else None


def _came(found: Log | None, port: int) -> t.Iterator[tuple[str, float]]:
    for ago, line in found.lines if found else ():
        match = _LOGIN.match(line)
        if match and match["port"] == str(port):
            yield f"{match['user']} from {match['peer']}", ago
