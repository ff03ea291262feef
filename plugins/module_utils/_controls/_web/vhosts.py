# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What the web servers of this host answer to: each name at each port, and real requests to them."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import socket
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import requests
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._engine.requests import Answer
from ansible_collections.infosec.principles.plugins.module_utils._host import sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls._web import apache, haproxy, nginx
    from ansible_collections.infosec.principles.plugins.module_utils._controls._web.common import Running
else:
    apache, haproxy, nginx = (
        later("_controls._web.apache"),
        later("_controls._web.haproxy"),
        later("_controls._web.nginx"),
    )

#: The part of a page that is looked at.
PAGE_BYTES = 256 * 1024
#: Who hosts more is told so, and the others are not looked at.
MOST = 500
#: A name that no certificate and no configuration has, for what is served to all other names.
NO_NAME = "localhost"


@dataclasses.dataclass(frozen=True)
class Vhost:
    """One name at one port of a web server, as it is configured; "" for what is served to all names that no other has.

    address: where to come to it from this host. site: as the server's own file has it, None for HAProxy's.
    place: where its configuration begins. proxied: whoever connects has to begin with the PROXY protocol.
    """

    product: str
    run: Running
    name: str
    address: str
    port: int
    tls: bool
    place: str
    instance: t.Any = dataclasses.field(compare=False)
    site: t.Any = dataclasses.field(default=None, compare=False)
    proxied: bool = False

    @property
    def subject(self) -> str:
        """By what a finding names it: shop.example.org (nginx.service 443/tcp)."""
        return f"{printable(self.name) or '(default)'} ({self.run.unit or self.product} {self.port}/tcp)"

    @property
    def asked(self) -> str:
        """The name to ask for: one of those that a wildcard stands for."""
        return re.sub(r"^\.", "*.", self.name).replace("*", "www").replace("?", "w") or NO_NAME

    @property
    def url(self) -> str:
        """What people would type, without a path."""
        scheme, usual = ("https", 443) if self.tls else ("http", 80)
        return f"{scheme}://{printable(self.asked)}{'' if self.port == usual else f':{self.port}'}"

    def connect(self, host: Host) -> socket.socket:
        """A connection to it, at which HTTP or TLS begins; whoever calls closes it. Raises HostError or OSError."""
        plain = host.connect(self.address, self.port)
        if self.proxied:
            plain.sendall(requests.PROXIED)
        return plain

    def ask(self, host: Host, path: str, *, headers: t.Mapping[str, str] | None = None, anew: bool = False) -> Answer:
        """What it answers to a GET; asked once a run unless `anew`, also where nothing came. Raises HostError."""
        question = _Question(self, path, tuple(sorted((headers or {}).items())))
        answer = question(host) if anew else host.once(question)
        if isinstance(answer, HostError):
            raise answer
        return answer

    @contextlib.contextmanager
    def channel(self, host: Host, *, seconds: float) -> t.Iterator[t.Callable[[str], Answer]]:
        """A way to ask for many paths over one connection, each anew; what it gives raises HostError.

        seconds: for the head of an answer, and for its body.
        """
        with contextlib.closing(requests.Channel(lambda: self.connect(host), self.asked, tls=self.tls)) as channel:

            def ask(path: str) -> Answer:
                try:
                    return channel.ask(path, size=PAGE_BYTES, seconds=seconds)
                except (OSError, ValueError) as exc:
                    raise self.silent(path, exc) from exc

            yield ask

    def silent(self, path: str, exc: Exception) -> HostError:
        """What to say where nothing came."""
        said = getattr(exc, "strerror", None) or exc
        return HostError(f"{self.url}{printable(path)}: no answer at {self.address} ({said})")


@dataclasses.dataclass(frozen=True)
class _Question:
    """One request; called with the host it is put, so that `host.once` puts it once."""

    vhost: Vhost
    path: str
    headers: tuple[tuple[str, str], ...]

    def __call__(self, host: Host) -> Answer | HostError:
        vhost = self.vhost
        try:
            plain = vhost.connect(host)
            return requests.ask(
                plain, vhost.asked, self.path, tls=vhost.tls, headers=dict(self.headers), size=PAGE_BYTES
            )
        except (OSError, ValueError) as exc:
            return vhost.silent(self.path, exc)


@dataclasses.dataclass(frozen=True)
class Vhosts:
    """All of them, and why not all are known."""

    all: tuple[Vhost, ...]
    problems: tuple[str, ...]


def read(host: Host) -> Vhosts:
    """What nginx, Apache httpd and HAProxy serve over TCP. Use as `host.once(vhosts.read)`."""
    listening = {one.process for one in host.once(sockets.read)}
    found: list[Vhost] = []
    problems: list[str] = []
    for programs, product, of in PRODUCTS:
        if listening.isdisjoint(programs):
            continue
        try:
            found += of(host, product)
            problems += UNASKED[product](host) if product in UNASKED else ()
        except HostError as exc:
            problems.append(f"{product}: {printable(str(exc))}")
    if len(found) > MOST:
        problems.append(f"more than {MOST} names and ports are served, and the others were not looked at")
    return Vhosts(tuple(dict.fromkeys(found[:MOST])), tuple(problems))


def _nginx(host: Host, product: str) -> t.Iterator[Vhost]:
    for instance in host.once(nginx.read):
        sites = [site for site in instance.sites if site.context.name == "http"]
        defaults = nginx.defaults(sites)
        for site, at in ((one, at) for one in sites for at in one.listens):
            names = plain(host, site.names) or (("",) if defaults[at.address, at.port] is site else ())
            proxied = "proxy_protocol" in at.options
            for name in names:
                address = instance.run.near(at.port)
                place = site.server.place
                yield Vhost(
                    product, instance.run, name, address, at.port, at.tls, place, instance, site, proxied=proxied
                )


def plain(host: Host, written: tuple[str, ...]) -> tuple[str, ...]:
    """Those of nginx that can be asked for; a regular expression ("~") is none."""
    names = (name for name in written if not name.startswith("~"))
    return tuple(hostname(host) if name == "$hostname" else name for name in names)


def hostname(host: Host) -> str:
    """What nginx's $hostname stands for in server_name."""
    return host.read_text("/proc/sys/kernel/hostname").strip().lower()


def _nginx_unasked(host: Host) -> t.Iterator[str]:
    """Of servers that no name of ours reaches."""
    for instance in host.once(nginx.read):
        sites = [site for site in instance.sites if site.context.name == "http"]
        first = {id(site) for site in nginx.defaults(sites).values()}
        for site in sites:
            if site.names and id(site) not in first and all(name.startswith("~") for name in site.names):
                yield (
                    f"{printable(site.server.place)}: its names are regular expressions alone, so there is none to ask "
                    "for; add a plain name to its server_name"
                )


def _apache(host: Host, product: str) -> t.Iterator[Vhost]:
    for instance in host.once(apache.read):
        for site in instance.sites:
            for port in site.ports:
                for name in site.names or ("",):
                    address, proxied = instance.run.near(port), apache.proxied(site)
                    yield Vhost(
                        product, instance.run, name, address, port, site.tls, site.place, instance, site, proxied
                    )


def _apache_unasked(host: Host) -> t.Iterator[str]:
    """Of virtual hosts that stand in no file as they are."""
    for instance in host.once(apache.read):
        for place in apache.made_by_macros(instance.tree):
            yield f"{printable(place)}: the virtual hosts that this macro makes (mod_macro) were not looked at"


def _haproxy(host: Host, product: str) -> t.Iterator[Vhost]:
    """Which names it tells apart is said by rules that no reader can follow; what it serves to any is asked for."""
    for instance in host.once(haproxy.read):
        for bind in instance.binds:
            for port in bind.ports if instance.mode(bind.section) == "http" else ():
                proxied = "accept-proxy" in bind.line.texts
                address = instance.run.near(port)
                yield Vhost(
                    product, instance.run, "", address, port, bind.tls, bind.line.place, instance, proxied=proxied
                )


PRODUCTS: tuple[tuple[tuple[str, ...], str, t.Callable[[Host, str], t.Iterator[Vhost]]], ...] = (
    (("nginx",), "nginx", _nginx),
    (("apache2", "httpd"), "Apache httpd", _apache),
    (("haproxy",), "HAProxy", _haproxy),
)
UNASKED: t.Mapping[str, t.Callable[[Host], t.Iterator[str]]] = {
    "nginx": _nginx_unasked,
    "Apache httpd": _apache_unasked,
}
