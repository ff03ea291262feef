# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Redis and Valkey: clear text and TLS have ports of their own, and the register names the port that clients use.

So TLS on that port means that all of its clients, those of this host too, change at one moment. It is done only where
clear text may be switched off there; else the way is a second port, which a person opens and declares. Lines are
changed where they stand, since of several the last one wins; what is missing stands in a block behind `port`.
"""

from __future__ import annotations

import dataclasses
import posixpath
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import model as databases
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import redis as servers
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.model import read_own
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.redis import Answers
from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Pair, Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import (
    openssl_conf,
    pairs,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    AT_ONCE,
    NEVER,
    Clear,
    Endpoint,
    Server,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import edit_file
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._formats import marked_block, redis_conf
from ansible_collections.infosec.principles.plugins.module_utils._formats.passages import Edit, edited, passages
from ansible_collections.infosec.principles.plugins.module_utils._host import crypto_library, sockets, tls_probe
from ansible_collections.infosec.principles.plugins.module_utils._host.crypto_library import Library
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

BLOCK = "service_tls"
NOTE = (
    "# Written by infosec.principles.service_tls by Mozilla's guideline for TLS; changes inside this block are lost.\n"
)
#: The authority that playbooks/internal_ca.yml lays beside the pairs; Redis 6.0 does not start without any.
AUTHORITY, AUTHORITIES = "ca.pem", "/etc/ssl/certs"
STEPS = (
    "TLS and clear text have ports of their own there, so all clients of this one would have to change at once; give "
    "TLS a port beside it (tls-port, tls-cert-file, tls-key-file), declare that, and lead the clients there"
)
ELSEWHERE = "it has TLS on port {} already: name that port in the register, lead the clients there, then set port 0"
RESTART = "it is restarted for that, which loses what it has not saved; set restart: when_needed"
TOGETHER = (
    "it works with replicas or in a cluster, whose servers have to change together, and one that restarts without its "
    "data empties its replicas; do that by hand"
)
BUILT = "it was built without TLS"


@dataclasses.dataclass(frozen=True)
class Redis(Server):
    """One server."""

    server: servers.Redis

    @property
    def PRODUCT(self) -> str:  # type: ignore[override]
        return self.server.PRODUCT

    def library(self, host: Host) -> Library:
        return crypto_library.of(host, self.pids[0])

    def clear(self, host: Host, endpoint: Endpoint) -> Clear:
        source = "CONFIG GET port"
        if endpoint.begins == AT_ONCE:
            return Clear(open=False, evidence=(Evidence("CONFIG GET tls-port", str(endpoint.port)),))
        if all(map(sockets.is_loopback, endpoint.addresses)):
            return Clear(open=False, evidence=(Evidence("CONFIG GET bind", ", ".join(endpoint.addresses)),))
        answers = self.server.answers(host)
        now = tuple(dict.fromkeys(_client(one) for one in answers.clients if _came_by(host, one) == endpoint.port))
        return Clear(open=True, evidence=(Evidence(source, str(endpoint.port), "0"),), told=True, now=now)

    def changes(self, host: Host, wanted: Wanted) -> tuple[Change, ...]:
        try:
            return self._changes(host, wanted)
        except (databases.Refused, ChangeError) as exc:
            raise Refused(str(exc)) from exc

    def _changes(self, host: Host, wanted: Wanted) -> tuple[Change, ...]:
        answers = self.server.answers(host)
        lines = self._lines(host, answers, wanted)
        path = self.server.config(host)
        written = (*_edits(host, path, lines), *openssl_conf.files(host, self.unit, self.pids[0], wanted.terms))
        if not (written or _pending(answers, lines)):
            return ()
        if answers.replicated or answers.settings.get("cluster-enabled") == "yes":
            # Replicas would take over what one without its data has after a restart: nothing.
            raise Refused(TOGETHER)
        self._refuse_restart(host, wanted, lines)
        pair = next(iter(wanted.offer.values()), None) or _pair(answers)
        first = (pairs.loads(pairs.user_of(host, self.pids[0]), pair),) if pair else ()
        port = int(lines.get("tls-port") or answers.settings["tls-port"])
        near = tls_probe.dialled(self.endpoints[0].addresses)[0]
        restart = Activate(self.unit, "restart", ((near, port),))
        return (*first, *written, *self.server.starts_again(host), restart, pairs.speaks(near, port))

    def _refuse_restart(self, host: Host, wanted: Wanted, lines: t.Mapping[str, str]) -> None:
        if not self.unit:
            raise Refused("it has no systemd unit that could restart it")
        words = self.server.unit_file(host).split()
        argument = next((f"--{name}" for name in lines if f"--{name}" in words), "")
        if argument:
            raise Refused(f"{self.unit} starts it with {argument}, which wins over its file; take it out there")
        if not wanted.restart:
            raise Refused(RESTART)

    def _lines(self, host: Host, answers: Answers, wanted: Wanted) -> dict[str, str]:
        """The settings by name, as they are to be."""
        if not answers.settings.get("tls-port"):
            raise Refused(BUILT)
        terms = {"tls-protocols": f'"{" ".join(wanted.terms.protocols)}"'}
        if wanted.terms.ciphers:
            terms["tls-ciphers"] = ":".join(wanted.terms.ciphers)
        for port, pair in wanted.offer.items():
            self._refuse_offer(answers, wanted, port)
            return {"port": "0", "tls-port": str(port), **_certified(host, answers, pair), **terms}
        return terms

    def _refuse_offer(self, answers: Answers, wanted: Wanted, port: int) -> None:
        if answers.settings["tls-port"] != "0":
            raise Refused(ELSEWHERE.format(answers.settings["tls-port"]))
        if port not in wanted.require or len(wanted.offer) > 1:
            raise Refused(STEPS)


def find(host: Host) -> t.Iterator[Redis]:
    """Every server that takes TCP connections."""
    for server in servers.find(host):
        found = [one for one in host.once(sockets.read) if one.unit == server.unit and one.process == server.process]
        pids = tuple(dict.fromkeys(pid for one in found for pid in one.pids or (one.pid,)))
        yield Redis(server.unit, pids, tuple(_endpoints(host, server)), server)


def _endpoints(host: Host, server: servers.Redis) -> t.Iterator[Endpoint]:
    try:
        answers = server.answers(host)
    except HostError:
        answers = None
    for end in server.endpoints:
        secured = answers is not None and answers.settings.get("tls-port") == str(end.port)
        held = _pair(answers) if answers and secured else None
        begins = AT_ONCE if secured or answers is None else NEVER
        yield Endpoint(
            end.port,
            end.addresses,
            begins,
            pairs=(held,) if held else (),
            source=answers.config_file if answers else "",
        )


def _pair(answers: Answers) -> Pair | None:
    paths = [answers.settings.get(name, "") for name in ("tls-cert-file", "tls-key-file")]
    return Pair(*paths) if all(paths) and answers.settings.get("tls-port", "0") != "0" else None


# Who comes in clear


def _came_by(host: Host, client: t.Mapping[str, str]) -> int:
    """The port that a client came to; 0 for one by a Unix socket, and for our own question. Before Redis 6.2 the table
    of sockets tells."""
    if client.get("cmd", "").partition("|")[0] == "client":
        return 0
    if "laddr" in client:
        return int(client["laddr"].rpartition(":")[2] or 0)
    address, _colon, port = client.get("addr", "").rpartition(":")
    wanted = (address.strip("[]"), int(port or 0))
    table = host.once(sockets.table)
    return next((one.port for one in table if (one.peer, one.peer_port) == wanted and one.protocol == "tcp"), 0)


def _client(client: t.Mapping[str, str]) -> str:
    address = client.get("addr", "").rpartition(":")[0].strip("[]")
    here = " (this host)" if sockets.is_loopback(address) else ""
    return printable(f"{client.get('user') or 'a client'}@{address}{here}")


# What is written


def _certified(host: Host, answers: Answers, pair: Pair) -> dict[str, str]:
    """The pair, and what is said of clients: they prove themselves by passwords, unless somebody has decided more."""
    authority = f"{posixpath.dirname(posixpath.dirname(pair.certificate))}/{AUTHORITY}"
    lines = {"tls-cert-file": pair.certificate, "tls-key-file": pair.key}
    if not (answers.settings.get("tls-ca-cert-file") or answers.settings.get("tls-ca-cert-dir")):
        known = host.exists(authority)
        lines.update({"tls-ca-cert-file": authority} if known else {"tls-ca-cert-dir": AUTHORITIES})
        lines["tls-auth-clients"] = "no"
    return lines


def _pending(answers: Answers, lines: t.Mapping[str, str]) -> bool:
    return any(answers.settings.get(name, "") != value.strip('"') for name, value in lines.items())


def _edits(host: Host, path: str, lines: t.Mapping[str, str]) -> tuple[Change, ...]:
    """Its file with these settings, as passages."""
    text = read_own(host, path)
    edits = _edited(text, lines)
    after = edited(text, edits)
    _refuse_override(host, path, after, lines)
    if after == text:
        return ()
    secret = redis_conf.holds_secrets(text)
    try:
        found = passages(text, edits)
    except ValueError as exc:
        raise Refused(f"{path}: {exc}") from exc
    return tuple(edit_file(host, path, old, new, sensitive=secret) for old, new in found)


def _edited(text: str, lines: t.Mapping[str, str]) -> list[Edit]:
    """Lines of others where they stand; what nobody says, and what our block says by now, in our block."""
    _before, old, _after = marked_block.split(text, BLOCK)
    start = text.index(old) if old else -1
    ours = {name: value for name, *value in map(_said, old.split("\n")) if name}
    edits, named = [], set()
    for match in re.finditer(r"^[^\n]*(?:\n|$)", text, re.MULTILINE):
        name = _said(match[0])[0]
        if name in lines and not (old and start <= match.start() < start + len(old)):
            named.add(name)
            edits.append(Edit(match.start(), match.end(), f"{name} {lines[name]}\n"))
    missing = {**{name: value[0] for name, value in ours.items()}, **lines}
    body = [f"{name} {value}" for name, value in missing.items() if name not in named]
    block = marked_block.put("", BLOCK, body, note=NOTE) if body else ""
    at = start if old else _behind_port(text)
    return [one for one in edits if text[one.start : one.end] != one.text] + (
        [Edit(at, at + len(old), block)] if block != old else []
    )


def _said(line: str) -> tuple[str, str]:
    """A setting's name and what is behind it; "" for comments."""
    name, _blank, value = line.strip().partition(" ")
    return ("", "") if name.startswith("#") else (name.lower(), value.strip())


def _behind_port(text: str) -> int:
    """Behind the last line that sets the port, or at the end."""
    found = list(re.finditer(r"^[ \t]*port[ \t][^\n]*\n", text, re.MULTILINE | re.IGNORECASE))
    return found[-1].end() if found else len(text)


def _refuse_override(host: Host, path: str, after: str, lines: t.Mapping[str, str]) -> None:
    """What an included file says after ours."""

    def read(name: str) -> str:
        return after if name == path else host.read_text(name)

    told = redis_conf.effective(path, read, host.glob)
    for name, value in lines.items():
        if told.get(name) != value.strip('"'):
            raise Refused(f"a file that {path} includes sets {name} too, and wins; take it out there and run again")
