# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx adds to an answer by its configuration: add_header, its inheritance, maps, what is hidden of others.

After ngx_http_headers_module, ngx_http_map_module and ngx_http_proxy_module. It reads what is there each time.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._web import nginx, nginx_locations
from ansible_collections.infosec.principles.plugins.module_utils._formats.nginx_conf import Directive

from .machine import Machine

#: Statuses with which a header is added without `always`.
SAFE = (200, 201, 204, 206, 301, 302, 303, 304, 307, 308)
Headers = t.Sequence[tuple[str, str]]


@dataclasses.dataclass
class Played:
    """One configuration. upstream: what applications behind it send, by path."""

    machine: Machine
    config: str = "/etc/nginx/nginx.conf"
    upstream: t.Mapping[str, Headers] = dataclasses.field(default_factory=dict)

    def sends(self, port: int, name: str, path: str = "/", *, status: int = 200) -> list[tuple[str, str]]:
        """The headers of an answer, without those that every answer has. A path's query decides its `if` blocks."""
        tree = nginx.parse(self.machine.host(), self.config)
        site = _taking(tree, port, name)
        chain = [site.context, site.server, *nginx_locations.chosen(site.block, path.partition("?")[0])]
        chain += [one for one in chain[-1].block or () if one.name == "if" and _holds(one, path)]
        sent = list(self._from_behind(chain, path))
        known = {"server_port": str(port), "server_name": _first(site.server), "host": name, "status": str(status)}
        maps = {one.arguments[1][1:]: one for one in site.context.block or () if one.name == "map"}
        for one in _added(chain):
            if status in SAFE or "always" in one.arguments[2:]:
                value = _expanded(one.arguments[1], {**known, **_sent(sent)}, maps)
                sent += [(one.arguments[0], value)] if value else []
        return sent

    def _from_behind(self, chain: t.Sequence[Directive], path: str) -> Headers:
        passes = {each.name[:-5] for one in chain[1:] for each in one.block or () if each.name.endswith("_pass")}
        if not passes:
            return ()
        hiding = [
            [each.arguments[0].lower() for each in one.block or () if each.name == f"{min(passes)}_hide_header"]
            for one in chain
        ]
        hidden = next((found for found in reversed(hiding) if found), [])
        found = self.upstream.get(path.partition("?")[0], self.upstream.get("*", ()))
        return [(name, value) for name, value in found if name.lower() not in hidden]


def _taking(tree: list[Directive], port: int, name: str) -> nginx.Site:
    """The server that takes a name: exactly, by a wildcard before it, else the default one."""
    there = [site for site in nginx.sites(tree) if any(at.port == port for at in site.listens)]
    by_name = [site for site in there if name in map(str.lower, site.names)]
    wild = [site for site in there for one in site.names if one[:2] == "*." and name.endswith(one[1:].lower())]
    default = [site for site in there for at in site.listens if at.port == port and "default_server" in at.options]
    return (*by_name, *wild, *default, *there)[0]


def _first(server: Directive) -> str:
    words = [word for one in server.block or () if one.name == "server_name" for word in one.arguments]
    first = words[0] if words else ""
    return first if first[:1] == "~" else first.lower()[first[:1] == "." :]


def _holds(one: Directive, path: str) -> bool:
    """`if ($arg_x)`, where the query has x."""
    return f"{one.arguments[0].strip('()').partition('_')[2]}=" in path.partition("?")[2]


def _added(chain: t.Sequence[Directive]) -> tuple[Directive, ...]:
    """The lines that count in the innermost block."""
    found: tuple[Directive, ...] = ()
    inherits = "on"
    for one in chain:
        own = tuple(each for each in one.block or () if each.name == "add_header")
        said = [each.arguments[0] for each in one.block or () if each.name == "add_header_inherit"]
        inherits = said[-1] if said else inherits
        found = {"off": own, "merge": (*own, *found)}.get(inherits, own or found)
    return found


def _sent(sent: Headers) -> dict[str, str]:
    return {f"sent_http_{name.lower().replace('-', '_')}": value for name, value in reversed(sent)}


def _expanded(text: str, known: t.Mapping[str, str], maps: t.Mapping[str, Directive]) -> str:
    return re.sub(r"\$(\w+)", lambda match: _variable(match[1], known, maps), text)


def _variable(name: str, known: t.Mapping[str, str], maps: t.Mapping[str, Directive]) -> str:
    if name not in maps:
        return known.get(name, "")
    source = _expanded(maps[name].arguments[0], known, maps)
    entries = [(one.name, one.arguments[0]) for one in maps[name].block or () if one.arguments]
    exact = [value for key, value in entries if key.lower() == source.lower() and key != "default"]
    by_pattern = [value for key, value in entries if key[:1] == "~" and re.search(key[1:], source)]
    default = [value for key, value in entries if key == "default"]
    found = (*exact, *by_pattern, *default, "")[0]
    return _expanded(found, known, maps)
