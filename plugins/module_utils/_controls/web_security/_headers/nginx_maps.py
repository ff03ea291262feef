# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The values of headers as maps of nginx: what each server, and each of its names where they differ, is to send.

A request is known by the port that it came to and by the first name of the server that took it, $server_name, which is
the same for all that this server takes. So the same line can stand wherever it is needed, also in a file that several
servers include, and says nothing in a server for which nobody wants anything.

    map "$server_port $server_name" $infosec1_referrer_policy {
        default "";
        "443 shop.example.org" "same-origin";
    }
    map "$sent_http_referrer_policy$infosec_again" $infosec_referrer_policy {
        volatile;
        default "";
        "" $infosec1_referrer_policy;
    }

The second one is empty where the answer has the header already ($sent_http_…, ngx_http_core_module), and nginx sends
no header whose value is empty. nginx adds its headers twice to what becomes a 416 only while it is being sent, hence
$infosec_again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats.nginx_conf import Directive

NOTE = "# Written by infosec.principles.web_headers; changes here are lost.\n"
BY_SERVER = "$server_port $server_name"
BY_NAME = "$server_port $server_name $host"
SENDS = """map "$sent_http_{0}$infosec_again" $infosec_{1} {{
    volatile;
    default "";
    "" $infosec1_{1};
}}
"""
WAS = "infosec_was_"
AGAIN = """map $status $infosec_again {
    volatile;
    default "";
    416 again;
}
"""
#: What fits into a hash of nginx whose buckets have 64 bytes, their default on common processors: the name of a
#: variable (46), and a key of a map, which is a regular expression instead where it is longer.
MAX_SLUG, MAX_KEY = 37, 40


@dataclasses.dataclass(frozen=True)
class Key:
    """Whose answers: those of a server at one port; names: for these of its names alone, () for all."""

    port: int
    server: str
    names: tuple[str, ...] = ()

    @property
    def by_server(self) -> str:
        """As BY_SERVER has it."""
        return f"{self.port} {self.server}"


@dataclasses.dataclass
class Choice:
    """A variable by server, and by name before that. Keys are as nginx reads them."""

    default: str = ""
    servers: dict[str, str] = dataclasses.field(default_factory=dict)
    names: dict[str, str] = dataclasses.field(default_factory=dict)

    def put(self, key: Key, value: str) -> None:
        """Give the answers of the key this value."""
        for name in key.names:
            self.names[_name_key(f"{key.by_server} ", name)] = value
        if not key.names:
            self.servers[_plain_key(key.by_server)] = value
            below = (f"{key.by_server} ", f"~^{_escaped(key.by_server)} ")
            self.names = {one: kept for one, kept in self.names.items() if not one.startswith(below)}

    def render(self, variable: str) -> str:
        """The maps that make up the variable."""
        if not self.names:
            return _map(BY_SERVER, variable, quoted(self.default), self.servers)
        inner = f"infosec2_{variable.partition('_')[2]}"
        names = dict(sorted(self.names.items(), key=_rank))
        return _map(BY_SERVER, inner, quoted(self.default), self.servers) + _map(BY_NAME, variable, f"${inner}", names)


@dataclasses.dataclass
class Maps:
    """All of ours of one nginx. headers: their spelling by their names in small letters."""

    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    choices: dict[str, Choice] = dataclasses.field(default_factory=dict)

    def put(self, header: str, key: Key, value: str) -> None:
        """Send the header so; "": not at all."""
        self.headers.setdefault(header.lower(), header)
        self.choices.setdefault(_chosen(header), Choice()).put(key, value)

    def sends(self, header: str, key: Key) -> bool:
        """Whether something is sent in the answers of the key."""
        choice = self.choices.get(_chosen(header), Choice())
        named = [choice.names.get(_name_key(f"{key.by_server} ", name)) for name in key.names]
        return bool(
            next((value for value in named if value is not None), choice.servers.get(_plain_key(key.by_server)))
        )

    def was(self, header: str, value: str) -> str:
        """The variable that stands for a value of somebody else's wherever nothing else is wanted."""
        digest = hashlib.sha256(f"{header.lower()}: {value}".encode()).hexdigest()[:8]
        self.choices.setdefault(f"{WAS}{digest}", Choice(value))
        return f"{WAS}{digest}"

    def render(self, also: t.Sequence[str] = ()) -> str:
        """The text of the maps. also: lines behind them."""
        choices = "".join(choice.render(name) for name, choice in sorted(self.choices.items()))
        sent = "".join(SENDS.format(_slug(name), _cut(name)) for name in sorted(self.headers))
        return NOTE + choices + (AGAIN + sent if sent else "") + "".join(f"{line}\n" for line in also)

    def lines(self) -> str:
        """The text of the lines that send them, one for each header."""
        found = (f"add_header {self.headers[name]} $infosec_{_cut(name)} always;\n" for name in sorted(self.headers))
        return NOTE + "".join(found)


def read(maps: t.Iterable[Directive], lines: t.Iterable[Directive]) -> Maps:
    """What our snippets say as they are: the directives of each."""
    headers = {one.arguments[0].lower(): one.arguments[0] for one in lines if one.name == "add_header"}
    found = Maps(headers)
    for one in maps:
        if one.name == "map" and len(one.arguments) == 2 and one.arguments[0] in (BY_SERVER, BY_NAME):
            _take(found, one)
    return found


def _take(found: Maps, one: Directive) -> None:
    source, variable = one.arguments[0], one.arguments[1][1:]
    kind, _dash, rest = variable.partition("_")
    if kind == "infosec2":
        variable = f"infosec_{rest}" if rest.startswith("was_") else f"infosec1_{rest}"
    choice = found.choices.setdefault(variable, Choice())
    entries = {each.name: "".join(each.arguments[:1]) for each in one.block or ()}
    default = entries.pop("default", "")
    if source == BY_NAME:
        choice.names = entries
    else:
        choice.servers, choice.default = entries, default


def quoted(text: str) -> str:
    """A word of nginx's configuration."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _map(source: str, variable: str, default: str, entries: t.Mapping[str, str]) -> str:
    lines = (f"    {quoted(key)} {quoted(value)};" for key, value in entries.items())
    return "\n".join((f'map "{source}" ${variable} {{', f"    default {default};", *lines, "}\n"))


def _slug(header: str) -> str:
    return header.lower().replace("-", "_")


def _cut(header: str) -> str:
    return _slug(header)[:MAX_SLUG]


def _chosen(header: str) -> str:
    return f"infosec1_{_cut(header)}"


def _plain_key(text: str) -> str:
    return text if len(text) <= MAX_KEY else f"~^{_escaped(text)}$"


def _name_key(before: str, name: str) -> str:
    """For a name as server_name has it, with its wildcards (ngx_http_core_module)."""
    if not re.match(r"[.*]|.*\*$", name):
        return _plain_key(f"{before}{name.lower()}")
    if name.startswith("."):
        return f"~^{_escaped(before)}(.+[.])?{_escaped(name[1:].lower())}$"
    return f"~^{_escaped(before)}{'.+'.join(_escaped(part) for part in name.lower().split('*'))}$"


def _escaped(text: str) -> str:
    """For a regular expression, without backslashes where there is a way."""
    return "".join(
        char if char.isalnum() or char in " _-" else f"\\{char}" if char in "^[]\\" else f"[{char}]" for char in text
    )


def _rank(entry: tuple[str, str]) -> tuple[bool, bool, int, str]:
    """Regular expressions are tried in their order: plain names, then longer wildcards before shorter ones."""
    key = entry[0]
    return key.startswith("~"), ".+" in key, -len(key), key
