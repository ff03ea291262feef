# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Apache httpd: where it sends requests on to, and how it comes to verified TLS.

SSLProxy settings count for a whole virtual host, so everything that one sends on is brought there at once.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import apache, common
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.apache import (
    Instance,
    Site,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._upstreams.model import (
    NOTE,
    Front,
    Proxy,
    Route,
    Secure,
    Target,
    To,
    literal,
    untold,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._formats.apache_conf import Directive
from ansible_collections.infosec.principles.plugins.module_utils._formats.passages import Edit
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ajp": 8009, "fcgi": 8000, "scgi": 4000, "h2": 443, "h2c": 80}
#: What can be brought to TLS, and what it is then.
SECURED = {"http": "https", "ws": "wss", "h2c": "h2"}
WHOLE = ("location", "proxy")
_URL = re.compile(r"(?P<scheme>[a-z0-9]+)://(?P<host>\[[^\]]+\]|[^:/\[\]$]+)(?::(?P<port>\d+))?(?=[/$]|\Z)")
STEPS = (
    "Have the application speak TLS, then in {place} write https://… and, in the virtual host, SSLProxyEngine on, "
    "SSLProxyVerify require, SSLProxyCACertificateFile and SSLProxyCheckPeerName on; "
    "{check} && systemctl reload {unit}."
)


@dataclasses.dataclass(frozen=True)
class Pass:
    """One place that sends on: of which virtual host, for which path ("" where no request could be made up)."""

    site: Site
    one: Directive
    path: str
    title: str
    url: str


@dataclasses.dataclass(frozen=True)
class Apache(Proxy):
    """One running Apache httpd."""

    instance: Instance

    PRODUCT: t.ClassVar[str] = "Apache httpd"

    def routes(self) -> tuple[Route, ...]:
        return tuple(route for route, _one in self.passes())

    def passes(self) -> list[tuple[Route, Pass]]:
        """Each route with its directive. Places of one name are numbered."""
        found: list[tuple[Route, Pass]] = []
        seen: dict[str, int] = {}
        for site in self.instance.sites:
            for one in _passes(site, site.block, ""):
                route = self._route(one)
                seen[route.subject] = seen.get(route.subject, 0) + 1
                number = seen[route.subject]
                route = dataclasses.replace(route, subject=f"{route.subject} #{number}") if number > 1 else route
                found.append((route, one))
        return found

    def _route(self, one: Pass) -> Route:
        site = one.site
        targets, unknown = _targets(self.instance, one)
        names = [name for name in site.names if re.fullmatch(r"[\w.-]+", name)]
        name = names[0] if names else "localhost"
        kept = _kept(one)
        front = Front(site.ports[0], site.tls, name, one.path) if one.path and site.ports else None
        return Route(
            f"{site.title}:{site.ports[0] if site.ports else 0} {printable(one.title)}",
            printable(one.one.place),
            site.ports,
            site.tls,
            targets,
            verified=_verified(site),
            unknown=unknown,
            front=front,
            name=name if _said(site, "proxypreservehost") == "on" else "",
            steps=STEPS.format(
                place=printable(one.one.place), check=" ".join(self.instance.check), unit=self.run.unit or "it"
            ),
            kept=kept,
        )

    def together(self, route: Route) -> t.Hashable:
        """The virtual host, for which the settings count."""
        return next(one.site.place for each, one in self.passes() if each.subject == route.subject)

    def changes(self, host: Host, routes: t.Sequence[Route], to: To) -> tuple[Change, ...]:
        common.refuse_broken(host, self.PRODUCT, self.instance.check)
        self._refuse_others(routes)
        edits: dict[str, list[Edit]] = {}
        for route, one in self.passes():
            if route in routes:
                for path, edit in self._edits(host, route, one, to):
                    if edit not in edits.setdefault(path, []):
                        edits[path].append(edit)
        return (*common.edits(host, edits), *common.take_up(self.run, self.PRODUCT, self.instance.check))

    def _refuse_others(self, routes: t.Sequence[Route]) -> None:
        """What the same virtual host sends on by TLS to somebody who is not verified yet would be cut off."""
        places = {self.together(route) for route in routes}
        for route, one in self.passes():
            encrypted = [target for target in route.targets if not target.clear]
            if encrypted and route not in routes and not route.verified and one.site.place in places:
                raise Refused(
                    f"{route.place}: the same virtual host sends on to {printable(encrypted[0].name)}, which would be "
                    "verified as well, and nothing shows that it could be"
                )

    def _edits(self, host: Host, route: Route, one: Pass, to: To) -> t.Iterator[tuple[str, Edit]]:
        if one.site.section is None:
            raise Refused(
                f"{route.place}: stands in no virtual host, where the settings of TLS would count for it alone"
            )
        wanted = {to[target].authorities for target in route.targets}
        if len(wanted) > 1:
            raise Refused(f"{route.place}: its servers' certificates are of several authorities; name them in one file")
        members = _members(self.instance, one)
        shared = [
            each.site.title
            for _route, each in self.passes()
            if each.site.place != one.site.place and each.url == one.url
        ]
        if members and shared:
            raise Refused(f"{route.place}: {printable(one.url)} is also what {shared[0]} sends on to")
        for directive in (*_alike(one.site), *members):
            yield from _to_tls(host, directive, route, to)
        yield from _with_settings(host, one.site, min(wanted))


def find(host: Host) -> t.Iterator[Apache]:
    """Every Apache httpd that listens. Raises HostError."""
    for instance in host.once(apache.read):
        yield Apache(instance.run, instance)


def _passes(site: Site, block: t.Iterable[Directive], within: str) -> t.Iterator[Pass]:
    for one in block:
        if one.block is not None:
            path = one.arguments[0] if one.name == "location" and one.arguments else within
            if one.name != "proxy":
                yield from _passes(site, one.block, path)
        elif one.name in ("proxypass", "proxypassmatch") and one.arguments:
            yield from _pass(site, one, within)
        elif one.name == "rewriterule" and len(one.arguments) > 2 and _proxies(one.arguments[2]):
            yield Pass(site, one, literal(one.arguments[0]), one.arguments[0], one.arguments[1])
        elif one.name == "sethandler" and one.arguments and one.arguments[0].startswith("proxy:"):
            yield Pass(site, one, "", f"SetHandler {within}".strip(), one.arguments[0][len("proxy:") :])


def _pass(site: Site, one: Directive, within: str) -> t.Iterator[Pass]:
    words = [word for word in one.arguments if "=" not in word or "://" in word]
    path, url = (within, words[0]) if within and "://" in words[0] else (words[0], words[1] if len(words) > 1 else "!")
    if url != "!":
        yield Pass(site, one, literal(path), path, url)


def _proxies(flags: str) -> bool:
    return bool({"P", "proxy"} & set(flags.strip("[]").split(",")))


def _targets(instance: Instance, one: Pass) -> tuple[tuple[Target, ...], str]:
    """Where it leads, or why that cannot be told."""
    if one.url.startswith("unix:"):
        return (Target("http", "", 0, printable(one.one.place)),), ""
    if one.url.startswith("balancer://"):
        members = _members(instance, one)
        found = tuple(target for member in members for target in _target(member, _member_url(member)))
        return found, "" if found else f"{printable(one.url)} has no members in the configuration"
    found = tuple(_target(one.one, one.url))
    return found, "" if found else untold(printable(one.one.place), one.one.name)


def _target(one: Directive, url: str) -> t.Iterator[Target]:
    match = _URL.match(url)
    if match:
        port = int(match["port"] or PORTS.get(match["scheme"], 80))
        yield Target(match["scheme"], match["host"].strip("[]"), port, printable(one.place))


def _members(instance: Instance, one: Pass) -> tuple[Directive, ...]:
    """The members of the balancer that it leads to."""
    if not one.url.startswith("balancer://"):
        return ()
    name = one.url.partition("://")[2].partition("/")[0].lower()
    sections = [each for each in (*one.site.block, *one.site.main) if each.name == "proxy" and each.arguments]
    own = [each for each in sections if each.arguments[0].partition("://")[2].rstrip("/").lower() == name]
    inside = [each for section in own for each in section.block or () if each.name == "balancermember"]
    outside = [
        each
        for each in (*one.site.block, *one.site.main)
        if each.name == "balancermember" and each.arguments[0].partition("://")[2].rstrip("/").lower() == name
    ]
    return (*inside, *outside)


def _member_url(member: Directive) -> str:
    return next((word for word in member.arguments if "://" in word and not word.startswith("balancer:")), "")


def _said(site: Site, name: str) -> str:
    one = site.last(name)
    return one.arguments[0].lower() if one and one.arguments else ""


def _verified(site: Site) -> bool:
    named = site.last("sslproxycacertificatefile") or site.last("sslproxycacertificatepath")
    checked = _said(site, "sslproxycheckpeername") != "off"
    return _said(site, "sslproxyverify") == "require" and named is not None and checked


def _kept(one: Pass) -> str:
    if one.one.name == "sethandler":
        return "there is no safe way to do it by itself in this protocol"
    return ""


# What has it speak TLS


def _alike(site: Site) -> list[Directive]:
    """What names addresses that requests are sent on to, and those that answers are translated from."""
    names = ("proxypass", "proxypassmatch", "proxypassreverse", "rewriterule")
    return [one for one in apache.flat(site.block) if one.name in names]


def _to_tls(host: Host, one: Directive, route: Route, to: To) -> t.Iterator[tuple[str, Edit]]:
    """Every address of the route's targets in a line, as https."""
    path, number = common.place(one.place)
    text = common.text(host, path)
    start, end = common.line(text, number)
    for match in re.finditer(
        r"(?P<scheme>[a-z0-9]+)://(?P<host>\[[^\]]+\]|[\w.-]+)(?::(?P<port>\d+))?", text[start:end]
    ):
        port = int(match["port"] or PORTS.get(match["scheme"], 80))
        key = (match["scheme"], match["host"].strip("[]"), port)
        for target in route.targets:
            if (target.scheme, target.host, target.port) == key:
                yield path, Edit(start + match.start(), start + match.end(), _url(target, to[target]))


def _url(target: Target, secure: Secure) -> str:
    host = f"[{secure.host}]" if ":" in secure.host else secure.host
    return f"{SECURED.get(target.scheme, target.scheme)}://{host}:{secure.port}"


def _with_settings(host: Host, site: Site, authorities: str) -> t.Iterator[tuple[str, Edit]]:
    own = {one.name: one for one in site.block if one.block is None}
    lines = []
    for name, value in _settings(authorities).items():
        one = own.get(name.lower())
        if one is None:
            lines.append(f"{name} {value}")
        else:
            path, number = common.place(one.place)
            yield path, Edit(*common.line(common.text(host, path), number), f"{name} {value}")
    if lines:
        path, number = common.place(site.place)
        end = common.line(common.text(host, path), number)[1]
        yield path, Edit(end, end, "".join(f"\n    {line}" for line in (f"# {NOTE}.", *lines)))


def _settings(authorities: str) -> dict[str, str]:
    return {
        "SSLProxyEngine": "on",
        "SSLProxyVerify": "require",
        "SSLProxyVerifyDepth": "3",
        "SSLProxyCACertificateFile": authorities,
        "SSLProxyCheckPeerName": "on",
        "SSLProxyCheckPeerExpire": "on",
        "SSLProxyProtocol": "-all +TLSv1.2 +TLSv1.3",
    }
