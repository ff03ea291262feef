# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of web_headers: a played Apache httpd that sends what applications give it, and what its configuration makes of that."""

from __future__ import annotations

import dataclasses
import socket
import ssl
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers import apache_snippet
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.apache_snippet import (
    Place,
    Says,
)
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import played_web, web_headers_nginx
from .case import Case
from .machine import Machine, Server

FOLDER, NAME = "/etc/apache2", "shop.example.org"
OURS = f"{FOLDER}/conf-enabled/zz-infosec-headers.conf"
READ = ("mods-enabled/*.load", "ports.conf", "conf-enabled/*.conf", "sites-enabled/*.conf")
SECURED = played_web.context(NAME)
STRANGE = played_web.context("another.example.org")
PARTNER = "https://partner.example.net"

Headers = t.Sequence[tuple[str, str]]
SERVER = ("Server", "Apache/2.4.66 (Debian)")
GOOD: Headers = (
    ("Server", "Apache"),
    ("Strict-Transport-Security", "max-age=63072000"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; frame-ancestors 'self'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Set-Cookie", "sessionid=1; Secure; HttpOnly; SameSite=Lax"),
)
PAGE = '<!doctype html><script src="/a.js"></script><link rel=stylesheet href="/a.css">'
BAD_PAGE = '<script src="https://cdn.example.net/a.js"></script><img src="http://cdn.example.net/a.png">'
TYPES = {"/a.js": "text/javascript", "/a.css": "text/css"}


@dataclasses.dataclass(frozen=True)
class App:
    """What is served by TLS at 443: headers that the application sets, its page, and the types of what belongs to it.

    led: whether port 80 leads to TLS. generous: whether it lets any site read it. secured: with which certificate.
    """

    headers: Headers = ()
    page: str = PAGE
    types: t.Mapping[str, str] = dataclasses.field(default_factory=lambda: TYPES)
    led: bool = True
    generous: bool = False
    secured: ssl.SSLContext = SECURED


def apache(app: App, *, accepts: bool = True) -> t.Callable[[Machine], None]:
    """A site by TLS, and the same name in clear."""

    def lay(machine: Machine) -> None:
        machine.write(f"{FOLDER}/apache2.conf", "".join(f"IncludeOptional {name}\n" for name in READ))
        modules = ("ssl", "headers")
        loads = "".join(f"LoadModule {name}_module mod_{name}.so\n" for name in modules)
        machine.write(f"{FOLDER}/mods-enabled/all.load", loads)
        machine.write(f"{FOLDER}/ports.conf", "Listen 80\nListen 443\n")
        machine.mkdir(f"{FOLDER}/conf-enabled")
        site = f"<VirtualHost *:443>\nServerName {NAME}\nSSLEngine on\n</VirtualHost>\n"
        clear = f"<VirtualHost *:80>\nServerName {NAME}\n</VirtualHost>\n"
        machine.write(f"{FOLDER}/sites-enabled/shop.conf", site + clear)
        said = "" if accepts else "line 3 of /etc/apache2/sites-enabled/x.conf\n"
        machine.programs["env"] = lambda argv, stdin: Completed(0 if accepts else 1, "", said)
        held = [("tcp", "0.0.0.0", 80), ("tcp", "0.0.0.0", 443)]
        machine.unit("apache2.service", process="apache2", sockets=held)
        machine.servers.update({80: in_clear(machine, app), 443: by_tls(machine, app)})

    return lay


def by_tls(machine: Machine, app: App) -> Server:
    def serve(connection: socket.socket) -> None:
        with app.secured.wrap_socket(connection, server_side=True) as channel:
            path, asked = request(channel)
            kind = app.types.get(path, "text/html; charset=utf-8")
            more = (
                [("Access-Control-Allow-Origin", asked.get("origin", ""))] if app.generous and "origin" in asked else []
            )
            more += [("Access-Control-Allow-Credentials", "true")] if more else []
            told = answered(machine, Place(NAME, 443, tls=True), (("Content-Type", kind), *app.headers, *more))
            reply(channel, "200 OK", told, app.page if path not in app.types else "")

    return serve


def in_clear(machine: Machine, app: App) -> Server:
    def serve(connection: socket.socket) -> None:
        path, _asked = request(connection)
        place = Place(NAME, 80, tls=False)
        if app.led:
            to = ("Location", f"https://{NAME}{path}")
            reply(connection, "308 Permanent Redirect", answered(machine, place, (("Server", "Apache"), to)), "")
        else:
            kind = ("Content-Type", app.types.get(path, "text/html"))
            reply(connection, "200 OK", answered(machine, place, (*app.headers, kind)), app.page)

    return serve


def request(channel: socket.socket) -> tuple[str, dict[str, str]]:
    """The path, and the headers of the request."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = channel.recv(4096)
        if not part:
            raise ConnectionError
        data += part
    first, *lines = data.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return first.split()[1], {name.lower(): value.strip() for name, _colon, value in pairs}


def reply(channel: socket.socket, status: str, headers: Headers, body: str) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    channel.sendall(f"HTTP/1.1 {status}\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())


def answered(machine: Machine, place: Place, headers: Headers) -> Headers:
    """What Apache makes of an application's headers with our file."""
    text = machine.path(OURS).read_text(encoding="utf-8") if machine.path(OURS).exists() else ""
    says = apache_snippet.read(text).get(place, Says())
    gone = {name.lower() for name in (*says.drop, *(name for name, _value in says.set))}
    kept = [one for one in headers if one[0].lower() not in gone]
    there = {name.lower() for name, _value in kept}
    added = [*says.set, *(one for one in says.missing if one[0].lower() not in there)]
    plain = [(name, "Apache" if says.banner and name == "Server" else value) for name, value in kept]
    return [one for one in (*plain, *added) if not (says.banner and one[0] == "X-Powered-By")]


def but(*changed: tuple[str, str]) -> Headers:
    """The good headers with some changed; "" takes one out."""
    new = dict(changed)
    return tuple(one for one in (*(one for one in GOOD if one[0] not in new), *changed) if one[1])


SITE_RULES = frozenset({"csp", "frame_options", "content_type_options", "referrer_policy", "hsts", "version_banner"})
EVERYTHING = frozenset(
    {*SITE_RULES, "redirect", "cookies", "cors", "resource_loading", "integrity", "obsolete_headers", "grade"},
)
CASES = (
    Case(
        "as-debian-installs-it",
        apache(App((SERVER,))),
        fails=SITE_RULES | {"grade"},
        passes=frozenset({"redirect", "cookies", "cors", "resource_loading", "integrity", "obsolete_headers"}),
        fixed=SITE_RULES | {"grade"},
    ),
    Case("as-the-guideline-has-it", apache(App(GOOD)), {"minimum_score": 100}, passes=EVERYTHING),
    Case(
        "with-a-policy-to-report",
        apache(App((SERVER,))),
        {"csp": "default-src 'self'"},
        fails=SITE_RULES | {"grade"},
        fixed=SITE_RULES | {"grade"},
    ),
    Case(
        "with-a-policy-of-ones-own",
        apache(App((SERVER,))),
        {"sites": [{"names": [NAME], "csp": "default-src 'none'; script-src 'self'", "csp_mode": "enforce"}]}
        | {"minimum_score": 100},
        fails=SITE_RULES | {"grade"},
        fixed=SITE_RULES | {"grade"},
    ),
    Case(
        "left-alone",
        apache(App((SERVER,))),
        {"sites": [{"names": ["shop.*"], "enforce": False}]},
        fails=SITE_RULES | {"grade"},
    ),
    Case("broken-before", apache(App((SERVER,)), accepts=False), fails=SITE_RULES | {"grade"}),
    Case(
        "twice-and-obsolete",
        apache(App((*GOOD, GOOD[1], ("X-XSS-Protection", "1; mode=block"), ("Public-Key-Pins", "pin-sha256=x")))),
        {"minimum_score": 90},
        fails=frozenset({"hsts", "obsolete_headers", "grade"}),
        passes=SITE_RULES - {"hsts"},
        fixed=frozenset({"hsts", "obsolete_headers", "grade"}),
    ),
    Case(
        "an-application-that-gives-much-away",
        apache(App(but(("Set-Cookie", "sessionid=1")), BAD_PAGE, led=False, generous=True)),
        fails=frozenset({"redirect", "cookies", "cors", "resource_loading", "integrity", "grade"}),
        passes=SITE_RULES,
    ),
    Case(
        "a-certificate-of-another-name",
        apache(App(but(("Strict-Transport-Security", "")), secured=STRANGE)),
        fails=frozenset({"hsts", "grade"}),
        passes=SITE_RULES - {"hsts"},
    ),
    Case(
        "scripts-of-another-type",
        apache(App(but(("X-Content-Type-Options", "")), types={**TYPES, "/a.js": "text/plain"})),
        fails=frozenset({"content_type_options"}),
        passes=SITE_RULES - {"content_type_options"},
    ),
    Case(
        "framed-by-a-partner",
        apache(App(but(("X-Frame-Options", f"ALLOW-FROM {PARTNER}"), ("Content-Security-Policy", "")))),
        fails=frozenset({"frame_options", "csp", "grade"}),
        passes=SITE_RULES - {"frame_options", "csp"},
        fixed=frozenset({"frame_options", "csp", "grade"}),
    ),
    Case(
        "a-partner-whom-it-keeps-out",
        apache(App(but(("Content-Security-Policy", "")))),
        {"framed_by": [PARTNER]},
        fails=frozenset({"frame_options", "csp", "grade"}),
        fixed=frozenset({"frame_options", "csp", "grade"}),
    ),
    Case(
        "on-the-way-back-from-hsts",
        apache(App(GOOD)),
        {"hsts_max_age": 0},
        fails=frozenset({"hsts"}),
        passes=SITE_RULES - {"hsts"},
    ),
    *web_headers_nginx.CASES,
)
