# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""nginx: where it sends requests on to, by proxy_pass and its kin, and how they come to verified TLS.

A setting counts where it stands and below, so everything about one place is written beside its proxy_pass.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import common, nginx
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.nginx import (
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
from ansible_collections.infosec.principles.plugins.module_utils._formats.nginx_conf import Directive
from ansible_collections.infosec.principles.plugins.module_utils._formats.passages import Edit
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: By directive: the scheme of what is sent where the address names none, and its port.
PASSES = {
    "proxy_pass": ("http", 80),
    "grpc_pass": ("grpc", 80),
    "fastcgi_pass": ("fastcgi", 9000),
    "uwsgi_pass": ("uwsgi", 3031),
    "scgi_pass": ("scgi", 4000),
    "memcached_pass": ("memcached", 11211),
}
PORTS = {"http": 80, "https": 443, "grpc": 80, "grpcs": 443}
#: Those that can be brought to TLS: what begins the names of their settings, and the scheme then.
SECURED = {"proxy_pass": ("proxy_ssl", "https"), "grpc_pass": ("grpc_ssl", "grpcs")}
BLOCKS = ("location", "if", "limit_except")
DEPTH = 20
_URL = re.compile(r"(?:(?P<scheme>[a-z]+)://)?(?P<host>\[[^\]]+\]|[^:/\[\]]+)(?::(?P<port>\d+))?(?P<rest>/.*)?")
STEPS = (
    "Have the application speak TLS, then in {place} write {directive} {scheme}://… with {prefix}_verify on, "
    "{prefix}_trusted_certificate, {prefix}_name and {prefix}_server_name on; nginx -t && systemctl reload nginx."
)
OTHERS = (
    "nginx speaks no TLS in that protocol: lead it through a tunnel that encrypts (WireGuard), or have the "
    "application run on this host or speak HTTP by TLS."
)


@dataclasses.dataclass(frozen=True)
class Pass:
    """One directive that sends on, within its blocks, innermost first."""

    site: Site
    one: Directive
    within: tuple[Directive, ...]

    @property
    def block(self) -> Directive:
        """The block that it stands in."""
        return self.within[0]

    def setting(self, name: str) -> Directive | None:
        """The setting of that name that counts here."""
        for block in (*self.within, self.site.context):
            for one in block.block or ():
                if one.name == name:
                    return one
        return None

    @property
    def location(self) -> Directive | None:
        """The location that it stands in; None in a server itself."""
        return next((one for one in self.within if one.name == "location"), None)


@dataclasses.dataclass(frozen=True)
class Nginx(Proxy):
    """One running nginx."""

    instance: Instance

    PRODUCT: t.ClassVar[str] = "nginx"

    def routes(self) -> tuple[Route, ...]:
        return tuple(route for route, _found in self.passes())

    def passes(self) -> list[tuple[Route, Pass]]:
        """Each route with its directive. Places of one name are numbered."""
        found: list[tuple[Route, Pass]] = []
        seen: dict[str, int] = {}
        groups = _groups(self.instance.tree)
        for one in _passes(self.instance):
            route = _route(one, groups)
            seen[route.subject] = seen.get(route.subject, 0) + 1
            number = seen[route.subject]
            found.append(
                (dataclasses.replace(route, subject=f"{route.subject} #{number}") if number > 1 else route, one)
            )
        return found

    def changes(self, host: Host, routes: t.Sequence[Route], to: To) -> tuple[Change, ...]:
        common.refuse_broken(host, self.PRODUCT, self.instance.check)
        edits: dict[str, list[Edit]] = {}
        groups = _groups(self.instance.tree)
        for route, one in self.passes():
            if route in routes:
                self._refuse_shared(route, one, routes, to)
                for path, edit in _edits(route, one, groups, to):
                    if edit not in edits.setdefault(path, []):
                        edits[path].append(edit)
        return (*common.edits(host, edits), *common.take_up(self.run, self.PRODUCT, self.instance.check))

    def _refuse_shared(self, route: Route, one: Pass, routes: t.Sequence[Route], to: To) -> None:
        """Where the ports of an upstream block change, all that sends on to it has to change along."""
        moved = [target for target in route.targets if (to[target].host, to[target].port) != (target.host, target.port)]
        places = {target.place for target in moved}
        for other, _each in self.passes():
            if other not in routes and places & {target.place for target in other.targets}:
                raise Refused(f"{route.place}: {other.place} sends on to the same servers, and is none that ends TLS")


def find(host: Host) -> t.Iterator[Nginx]:
    """Every nginx that listens. Raises HostError."""
    for instance in host.once(nginx.read):
        yield Nginx(instance.run, instance)


def _groups(tree: t.Iterable[Directive]) -> dict[tuple[str, str], Directive]:
    """The upstream blocks by the place of what is around them, and name."""
    return {
        (around.place, one.arguments[0]): one
        for around in tree
        for one in around.block or ()
        if one.name == "upstream" and one.arguments
    }


def _passes(instance: Instance) -> t.Iterator[Pass]:
    for site in instance.sites:
        yield from _within(site, (site.server,))


def _within(site: Site, blocks: tuple[Directive, ...]) -> t.Iterator[Pass]:
    for one in blocks[0].block or ():
        if one.name in PASSES and one.arguments:
            yield Pass(site, one, blocks)
        elif one.name in BLOCKS and one.block is not None and len(blocks) < DEPTH:
            yield from _within(site, (one, *blocks))


def _route(one: Pass, groups: t.Mapping[tuple[str, str], Directive]) -> Route:
    site, location = one.site, one.location
    secured = sorted(site.ports(tls=True))
    ports = tuple(secured or sorted(site.ports(tls=False)))
    where = printable(" ".join(location.arguments)) if location else "/"
    subject = f"{site.title}:{ports[0] if ports else 0} {where}"
    targets, unknown = _targets(one, groups)
    return Route(
        subject,
        printable(one.one.place),
        ports,
        bool(secured),
        targets,
        verified=_verified(one),
        unknown=unknown,
        front=_front(one, ports, tls=bool(secured)),
        steps=_steps(one),
        kept=_kept(one),
    )


def _targets(one: Pass, groups: t.Mapping[tuple[str, str], Directive]) -> tuple[tuple[Target, ...], str]:
    """Where it leads, or why that cannot be told."""
    text = _resolved(one)
    match = _URL.fullmatch(text)
    if "$" in text or not (match or "unix:" in text):
        return (), untold(printable(one.one.place), one.one.name)
    scheme, default = PASSES[one.one.name]
    if one.site.context.name == "stream":
        scheme = "tls" if _is_on(one.setting("proxy_ssl")) else "tcp"
    if "unix:" in text or not match:
        return (Target(scheme, "", 0, printable(one.one.place)),), ""
    scheme = match["scheme"] or scheme
    group = groups.get((one.site.context.place, match["host"]))
    if group is not None:
        return _servers(group, scheme, PORTS.get(scheme, default)), ""
    port = int(match["port"]) if match["port"] else PORTS.get(scheme, default)
    return (Target(scheme, match["host"].strip("[]"), port, printable(one.one.place)),), ""


def _resolved(one: Pass) -> str:
    """The address, with variables that are set beside it filled in."""
    text = one.one.arguments[0]
    for block in one.within:
        for each in block.block or ():
            if each.name == "set" and len(each.arguments) == 2:
                text = re.sub(
                    rf"{re.escape(each.arguments[0])}(?![\w{{])", each.arguments[1].replace("\\", r"\\"), text
                )
    return re.sub(r"(?<=[^:/])\$(?:request_uri|uri|is_args|args).*", "", text)


def _servers(group: Directive, scheme: str, default: int) -> tuple[Target, ...]:
    found = []
    for one in group.block or ():
        if one.name == "server" and one.arguments:
            match = _URL.fullmatch(one.arguments[0])
            local = one.arguments[0].startswith("unix:") or not match
            host = "" if local or not match else match["host"].strip("[]")
            port = int(match["port"] or default) if match and not local else 0
            found.append(Target(scheme, host, port, printable(one.place)))
    return tuple(found)


def _is_on(one: Directive | None) -> bool:
    return one is not None and one.arguments == ("on",)


def _verified(one: Pass) -> bool:
    prefix = SECURED.get(one.one.name, ("proxy_ssl", ""))[0]
    return _is_on(one.setting(f"{prefix}_verify")) and one.setting(f"{prefix}_trusted_certificate") is not None


def _front(one: Pass, ports: tuple[int, ...], *, tls: bool) -> Front | None:
    """A request that comes by there: by a name of the server, for what its location begins with."""
    location = one.location
    words = location.arguments if location else ("/",)
    nested = sum(block.name == "location" for block in one.within) > 1
    names = [name for name in one.site.names if re.fullmatch(r"[\w.-]+", name)]
    if one.site.context.name != "http" or not ports or nested or len(words) > 2:
        return None
    path = literal(words[-1]) if words[0] in ("~", "~*") else words[-1]
    return Front(ports[0], tls, names[0] if names else "localhost", path) if path.startswith("/") else None


def _steps(one: Pass) -> str:
    if one.one.name not in SECURED:
        return OTHERS
    prefix, scheme = SECURED[one.one.name]
    return STEPS.format(place=printable(one.one.place), directive=one.one.name, scheme=scheme, prefix=prefix)


def _kept(one: Pass) -> str:
    """Why it is not changed by itself."""
    if one.one.name not in SECURED or one.site.context.name != "http":
        return "there is no safe way to do it by itself in this protocol"
    if "$" in one.one.arguments[0]:
        return "its address is made of variables"
    if one.block.name != "location":
        return "it stands in no location of its own, where the settings of TLS would count for it alone"
    redirects = [
        each for each in one.block.block or () if each.name == "proxy_redirect" and "://" in "".join(each.arguments)
    ]
    return f"{printable(redirects[0].place)} names the address as well" if redirects else ""


# What has it speak TLS


def _edits(
    route: Route, one: Pass, groups: t.Mapping[tuple[str, str], Directive], to: To
) -> t.Iterator[tuple[str, Edit]]:
    match = _URL.fullmatch(one.one.arguments[0])
    if match is None:
        raise Refused(f"{route.place}: its address cannot be read")
    group = groups.get((one.site.context.place, match["host"]))
    wanted = {to[target] for target in route.targets}
    if len({(secure.name, secure.authorities) for secure in wanted}) > 1:
        raise Refused(f"{route.place}: its servers have certificates for several names, and nginx takes one for all")
    secure = to[route.targets[0]]
    if group is not None:
        yield from _of_servers(route, group, to)
    prefix, scheme = SECURED[one.one.name]
    host = match["host"] if group is not None else f"{_bracketed(secure.host)}:{secure.port}"
    lines = [f"{one.one.name} {scheme}://{host}{match['rest'] or ''};", f"# {NOTE}."]
    own = {each.name: each for each in one.block.block or ()}
    for name, value in _settings(prefix, secure).items():
        if name in own:
            yield own[name].path, Edit(*own[name].span, f"{name} {value};")
        else:
            lines.append(f"{name} {value};")
    yield one.one.path, Edit(*one.one.span, "\n        ".join(lines))


def _of_servers(route: Route, group: Directive, to: To) -> t.Iterator[tuple[str, Edit]]:
    """The servers of an upstream block, with their ports for TLS."""
    servers = [one for one in group.block or () if one.name == "server" and one.arguments]
    for one, target in zip(servers, route.targets):
        secure = to[target]
        if (secure.host, secure.port) != (target.host, target.port) or not re.search(r":\d+$", one.arguments[0]):
            words = [f"{_bracketed(secure.host)}:{secure.port}", *one.arguments[1:]]
            yield one.path, Edit(*one.span, f"server {' '.join(words)};")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _settings(prefix: str, secure: Secure) -> dict[str, str]:
    return {
        f"{prefix}_verify": "on",
        f"{prefix}_verify_depth": "3",
        f"{prefix}_trusted_certificate": secure.authorities,
        f"{prefix}_name": secure.name,
        f"{prefix}_server_name": "on",
        f"{prefix}_protocols": "TLSv1.2 TLSv1.3",
    }
