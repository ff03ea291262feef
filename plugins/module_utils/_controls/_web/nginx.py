# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""nginx: the servers of its configuration, and what each listens on.

Whether a port speaks TLS is said by any `listen … ssl` of it (ngx_http_core_module; `ssl on` before 1.25). What stands
in a server counts for it, else what stands around it.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import os
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Pair, Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import common
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.common import Running
from ansible_collections.infosec.principles.plugins.module_utils._formats import nginx_conf
from ansible_collections.infosec.principles.plugins.module_utils._formats.nginx_conf import BadConfig, Directive
from ansible_collections.infosec.principles.plugins.module_utils._host import processes
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

PROGRAM = "nginx"
CONFIGS = ("/etc/nginx/nginx.conf", "/usr/local/nginx/conf/nginx.conf", "/usr/local/etc/nginx/nginx.conf")
CONTEXTS = ("http", "stream", "mail")
#: How we see where a snippet would be read: no directive of nginx's.
MARK = "infosec_principles_snippet"
DEFAULT_PORTS = {"http": 80}
#: Seconds by which the time of a file and that of a process may be apart.
CLOCK = 1.0
_LISTEN = re.compile(r"(?:(?P<address>\[[^\]]+\]|[^:\[\]]+):)?(?P<port>\d+)(?:-(?P<last>\d+))?")


@dataclasses.dataclass(frozen=True)
class Listen:
    """One `listen`. address: as it is written, "*" for none."""

    address: str
    port: int
    tls: bool
    place: str
    options: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Site:
    """One server. context: the block around it ("http"), whose settings it takes where it has none of its own."""

    server: Directive
    context: Directive
    names: tuple[str, ...]
    listens: tuple[Listen, ...]

    @property
    def block(self) -> tuple[Directive, ...]:
        """What stands in it."""
        return self.server.block or ()

    def all(self, name: str) -> tuple[Directive, ...]:
        """The directives of that name that count here."""
        own = tuple(one for one in self.block if one.name == name)
        return own or tuple(one for one in self.context.block or () if one.name == name)

    @property
    def title(self) -> str:
        """What people call it: its first name."""
        return printable(self.names[0]) if self.names else "(default)"

    def ports(self, *, tls: bool) -> set[int]:
        """Its ports, those with TLS or those without."""
        return {one.port for one in self.listens if one.tls == tls}

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Its certificates with their keys, in the order in which they are named."""
        certificates, keys = self.all("ssl_certificate"), self.all("ssl_certificate_key")
        named = [(one.arguments[:1], two.arguments[:1]) for one, two in zip(certificates, keys)]
        return tuple(Pair(*one, *two) for one, two in named if _is_file(one) and _is_file(two))


def _is_file(words: tuple[str, ...]) -> bool:
    return bool(words) and words[0].startswith("/") and "$" not in words[0]


@dataclasses.dataclass(frozen=True)
class Instance:
    """One running nginx with its configuration."""

    run: Running
    config: str
    tree: tuple[Directive, ...]

    @property
    def check(self) -> tuple[str, ...]:
        """Its checker."""
        return ("nginx", "-t", "-q", *(() if self.config == CONFIGS[0] else ("-c", self.config)))

    @property
    def sites(self) -> tuple[Site, ...]:
        """Its servers of all contexts, in the order in which they stand."""
        return sites(self.tree)


def read(host: Host) -> tuple[Instance, ...]:
    """Every nginx that runs. Raises HostError where a configuration cannot be read. Use as `host.once(nginx.read)`."""
    return tuple(_instance(host, run) for run in common.running(host, PROGRAM))


def _instance(host: Host, run: Running) -> Instance:
    config = common.option(common.command_line(host, run.pids[0]), "c")
    config = config or next((path for path in CONFIGS if host.exists(path)), "")
    if not config:
        raise HostError(f"nginx runs, but none of {', '.join(CONFIGS)} is there")
    return Instance(run, config, tuple(parse(host, config)))


def refuse_waiting(host: Host, instance: Instance) -> None:
    """Raise Refused where a file was changed since nginx has taken it up last, at which it starts its workers anew.

    A reload of ours would take up what somebody else is at, and taking ours back would not take that back.
    """
    taken_up = max((processes.started(host, pid) or 0 for pid in instance.run.pids), default=0)
    for path in sorted(_files(instance.tree)) if taken_up else ():
        status = host.stat(path)
        if status and taken_up + CLOCK < status.st_mtime <= host.now().timestamp():
            raise Refused(
                f"{printable(path)} was changed since {PROGRAM} has taken up its configuration, and a fix would have"
                f" that taken up, too; see that it is right, and reload {instance.run.unit} first"
            )


def _files(tree: t.Iterable[Directive]) -> set[str]:
    """Those that directives stand in."""
    return {path for one in tree for path in (one.path, *_files(one.block or ()))}


def parse(host: Host, config: str, extra: t.Mapping[str, str] | None = None) -> list[Directive]:
    """The configuration as it would be with the `extra` files (path: text) beside those that are there."""
    more = extra or {}

    def glob(pattern: str) -> list[str]:
        found = host.glob(pattern) if re.search(r"[*?\[]", pattern) else [pattern]
        return sorted({*found, *(path for path in more if fnmatch.fnmatchcase(path, pattern))})

    try:
        return nginx_conf.parse(config, lambda path: more[path] if path in more else common.text(host, path), glob)
    except BadConfig as exc:
        raise HostError(printable(str(exc))) from exc


def sites(tree: t.Iterable[Directive]) -> tuple[Site, ...]:
    """The servers of a configuration."""
    contexts = [one for one in tree if one.name in CONTEXTS and one.block is not None]
    found = [_site(one, context) for context in contexts for one in context.block or () if one.name == "server"]
    secured = {(at.address, at.port) for site in found for at in site.listens if at.tls}
    return tuple(_with_shared(site, secured) for site in found)


def defaults(found: t.Iterable[Site]) -> dict[tuple[str, int], Site]:
    """Who takes requests for names that no other server has, by address and port: default_server, else the first."""
    told: dict[tuple[str, int], Site] = {}
    first: dict[tuple[str, int], Site] = {}
    for site, at in ((one, at) for one in found for at in one.listens):
        first.setdefault((at.address, at.port), site)
        if {"default_server", "default"} & set(at.options):
            told.setdefault((at.address, at.port), site)
    return {**first, **told}


def _with_shared(site: Site, secured: set[tuple[str, int]]) -> Site:
    """A port that one server opens with TLS speaks it for all."""
    listens = (dataclasses.replace(at, tls=(at.address, at.port) in secured) for at in site.listens)
    return dataclasses.replace(site, listens=tuple(listens))


def _site(server: Directive, context: Directive) -> Site:
    block = server.block or ()
    names = tuple(name for one in block if one.name == "server_name" for name in one.arguments if name not in ("", "_"))
    on = any(one.name == "ssl" and one.arguments == ("on",) for one in (*block, *(context.block or ())))
    found = tuple(at for one in block if one.name == "listen" for at in _listens(one, on=on))
    if not found and not any(one.name == "listen" for one in block) and context.name in DEFAULT_PORTS:
        found = (Listen("*", DEFAULT_PORTS[context.name], on, server.place),)
    return Site(server, context, names, found)


def _listens(one: Directive, *, on: bool) -> t.Iterator[Listen]:
    """None for a unix socket and for UDP (QUIC among it)."""
    words = one.arguments
    if not words or words[0].startswith("unix:") or {"udp", "quic"} & set(words):
        return
    match = _LISTEN.fullmatch(words[0])
    first = int(match["port"]) if match else 80
    last = int(match["last"]) if match and match["last"] else first
    address = (match["address"] if match else words[0]) or "*"
    for port in range(first, min(last, first + 100) + 1):
        yield Listen("*" if address == "0.0.0.0" else address, port, on or "ssl" in words, one.place, words[1:])


def folder(instance: Instance) -> str:
    """Where its configuration lies."""
    return os.path.dirname(instance.config)


def reads(host: Host, instance: Instance, context: Directive, path: str) -> bool:
    """Whether a file at that path would be read directly in that block."""
    tree = parse(host, instance.config, {path: f"{MARK};\n"})
    return any(
        one.name == MARK
        for block in tree
        if (block.name, block.place) == (context.name, context.place)
        for one in block.block or ()
    )
