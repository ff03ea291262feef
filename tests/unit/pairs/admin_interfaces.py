# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of admin_interfaces: a played nginx that shuts what its files say, and access logs of the last half year.

It answers on a real socket of this machine, since a fix is proved by real requests.
"""

from __future__ import annotations

import functools
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import spellings
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import admin_interfaces_apache, admin_interfaces_programs, played_web
from .case import Case
from .machine import Machine
from .played_web import Says

SITE, LOG = "/etc/nginx/sites-available/shop", "/var/log/nginx/access.log"
#: The machine that is played now, and the pages of its site.
PLAYED: dict[str, t.Any] = {}

GONE: Says = ("404 Not Found", "", "not here")
FRONT: Says = ("200 OK", 'ETag: "1"\r\n', '<a href="/about.html">us</a><img src="/logo.png">')
PMA: Says = ("200 OK", "Set-Cookie: phpMyAdmin=1; path=/\r\n", '<input name="pma_username">')
SETUP: Says = ("200 OK", "X-Jenkins: 2.426.1\r\n", '<input type="text" id="security-token">')
JENKINS: Says = ("403 Forbidden", "X-Jenkins: 2.426.1\r\n", "Authentication required")
LURE: Says = ("200 OK", "", '<title>Jenkins</title><input name="pma_username">')

OLD = '192.0.2.80 - - [01/Jun/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 50 "-" "Mozilla/5.0"\n'
YOUNG = '192.0.2.80 - - [21/Nov/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 50 "-" "Mozilla/5.0"\n'
SCANNED = '198.51.100.9 - - [23/Nov/2026:08:00:00 +0000] "GET /phpmyadmin/ HTTP/1.1" 200 50 "-" "masscan"\n'
LOGGED_IN = (
    '192.0.2.7 - - [23/Nov/2026:10:00:00 +0000] "POST /phpmyadmin/index.php?route=/ HTTP/1.1" 302 0 "-" "Mozilla/5.0"\n'
    '192.0.2.7 - - [23/Nov/2026:10:00:01 +0000] "GET /phpmyadmin/index.php?route=/sql HTTP/1.1" 200 90 "-" "Mozilla/5.0"\n'
)
AT_WORK = '192.0.2.7 - - [23/Nov/2026:10:00:00 +0000] "GET /jenkins/job/shop/ HTTP/1.1" 200 0 "-" "Mozilla/5.0"\n'

UNUSED, OPEN, CLEAR, DEFAULTS = "unused", "open_to_all", "no_tls", "default_credentials_page"
ALL = frozenset({UNUSED, OPEN, CLEAR, DEFAULTS})


def says(played: dict[str, t.Any], path: str) -> Says:
    """A refusal where a file of ours shuts the path, else the page."""
    refused = shut(played["machine"], path)
    return ("403 Forbidden", "", "no") if refused else played["pages"](path.partition("?")[0])


def shut(machine: Machine, path: str) -> bool:
    """As nginx reads it: a line in the server asks for the variable of a map, whose pattern fits the path."""
    site = machine.path(SITE).read_text(encoding="utf-8")
    for own in machine.path("/etc/nginx/conf.d").glob("infosec-admin-*.conf"):
        mark = own.stem.rpartition("-")[2]
        pattern = re.search(r'"~(.*)" \S+;', own.read_text(encoding="utf-8"))
        if f"if ($infosec_admin_{mark})" in site and pattern and re.search(pattern[1].replace("*+", "*"), path):
            return True
    return False


IN_CLEAR = played_web.site(functools.partial(says, PLAYED))
BY_TLS = played_web.site(functools.partial(says, PLAYED), secured=played_web.context("shop.example.org"))
PORT, TLS_PORT = played_web.listen(IN_CLEAR), played_web.listen(BY_TLS)


def nginx(
    pages: t.Callable[[str], Says],
    log: str,
    inside: str = "location /phpmyadmin/ { alias /usr/share/phpmyadmin/; }\n",
    *,
    port: int = PORT,
    address: str = "0.0.0.0",
) -> t.Callable[[Machine], None]:
    """One site, with these lines in its access log."""

    def lay(machine: Machine) -> None:
        around = f"access_log {LOG};\ninclude /etc/nginx/conf.d/*.conf;\ninclude /etc/nginx/sites-enabled/*;\n"
        machine.write("/etc/nginx/nginx.conf", f"events {{}}\nhttp {{\n{around}}}\n")
        machine.mkdir("/etc/nginx/conf.d")
        tls = " ssl" if port == TLS_PORT else ""
        machine.write(SITE, f"server {{\nlisten {port}{tls};\nserver_name shop.example.org;\n{inside}}}\n")
        machine.mkdir("/etc/nginx/sites-enabled")
        machine.path("/etc/nginx/sites-enabled/shop").symlink_to("../sites-available/shop")
        machine.write(LOG, log)
        machine.programs["env"] = lambda argv, stdin: Completed(0, "", "")
        machine.unit("nginx.service", process="nginx", sockets=[("tcp", address, port)])
        PLAYED.update(machine=machine, pages=pages)
        machine.servers[port] = BY_TLS if tls else IN_CLEAR

    return lay


def shut_before(machine: Machine) -> None:
    """As an earlier run has left it, before anybody wrote an entry."""
    line = "if ($infosec_admin_0a1b2c3d) { return 403; }\n"
    nginx(at("/phpmyadmin/", PMA), OLD + LOGGED_IN, line + SENT_ON, port=TLS_PORT)(machine)
    says = "# phpMyAdmin at /phpmyadmin/, however that is written: shut."
    entry = f'"~{spellings.pattern("/phpmyadmin/")}" 1;'
    own = f"{says}\nmap $uri $infosec_admin_0a1b2c3d {{\nvolatile;\ndefault 0;\n{entry}\n}}\n"
    machine.write("/etc/nginx/conf.d/infosec-admin-0a1b2c3d.conf", own)


def at(prefix: str, says: Says) -> t.Callable[[str], Says]:
    """A site with an interface below a path, and a few pages beside it."""
    rest = {"/": FRONT, "/about.html": ("200 OK", 'ETag: "2"\r\n', "about"), "/logo.png": ("200 OK", "", "logo")}
    return lambda path: says if path.startswith(prefix) else rest.get(path, GONE)


def register(port: int, *entries: tuple[str, str]) -> list[dict[str, t.Any]]:
    """A site for everybody, with administration for some."""
    ports = [{"first": port, "last": port, "protocol": "tcp"}]
    admin = [{"name": name, "clients": [clients]} for name, clients in entries]
    return [{"name": "shop", "ports": ports, "clients": ["any"], "admin": admin}]


SENT_ON = "location / { proxy_pass http://192.0.2.9:8080; }\n"
OFFICE = {"services": register(PORT, ("phpmyadmin", "192.0.2.0/24"))}
SECURED_OFFICE = {"services": register(TLS_PORT, ("phpmyadmin", "192.0.2.0/24"))}
PMA_SITE = at("/phpmyadmin/", PMA)

CASES = (
    *admin_interfaces_apache.CASES,
    *admin_interfaces_programs.CASES,
    Case(
        "nginx-nobody-uses-it-but-a-scanner",
        nginx(PMA_SITE, OLD + SCANNED),
        fails=frozenset({UNUSED, OPEN, CLEAR}),
        fixed=frozenset({UNUSED, OPEN, CLEAR}),
    ),
    Case(
        "nginx-still-as-it-was-installed",
        nginx(at("/jenkins/", SETUP), OLD, SENT_ON),
        fails=ALL,
        fixed=ALL,
    ),
    Case(
        "nginx-used-and-open-to-more-than-the-register-names",
        nginx(PMA_SITE, OLD + LOGGED_IN, port=TLS_PORT),
        SECURED_OFFICE,
        fails=frozenset({OPEN}),
        passes=frozenset({UNUSED, CLEAR}),
        fixed=frozenset({OPEN}),
    ),
    Case(
        "nginx-used-by-nobody-whom-the-register-names",
        nginx(PMA_SITE, OLD + LOGGED_IN, port=TLS_PORT),
        {"services": register(TLS_PORT, ("phpmyadmin", "198.51.100.0/24"))},
        fails=frozenset({OPEN}),
    ),
    Case(
        "nginx-used-by-this-host-too",
        nginx(PMA_SITE, OLD + LOGGED_IN + LOGGED_IN.replace("192.0.2.7", "127.0.0.1"), port=TLS_PORT),
        SECURED_OFFICE,
        fails=frozenset({OPEN}),
        passes=frozenset({UNUSED, CLEAR}),
    ),
    Case(
        "nginx-used-and-not-in-the-register",
        nginx(PMA_SITE, OLD + LOGGED_IN),
        {"services": register(PORT, ("grafana", "192.0.2.0/24"))},
        fails=frozenset({OPEN, CLEAR}),
        passes=frozenset({UNUSED}),
    ),
    Case("nginx-logs-of-three-days", nginx(PMA_SITE, YOUNG), fails=frozenset({OPEN, CLEAR})),
    Case(
        "nginx-logs-of-three-days-and-an-entry",
        nginx(PMA_SITE, YOUNG),
        OFFICE,
        fails=frozenset({OPEN, CLEAR}),
        fixed=frozenset({OPEN}),
    ),
    Case(
        "nginx-unused-though-the-register-names-it",
        nginx(PMA_SITE, OLD, "location /phpmyadmin { allow 192.0.2.0/24; deny all; }\n" + SENT_ON, port=TLS_PORT),
        SECURED_OFFICE,
        fails=frozenset({UNUSED}),
        passes=frozenset({OPEN, CLEAR}),
    ),
    Case(
        "nginx-used-by-those-whom-the-register-names",
        nginx(
            at("/jenkins/", JENKINS),
            OLD + AT_WORK,
            "allow 192.0.2.0/24;\ndeny all;\n" + SENT_ON,
            port=TLS_PORT,
        ),
        {"services": register(TLS_PORT, ("administration", "192.0.2.0/24"))},
        passes=ALL,
    ),
    Case(
        "nginx-shut-before-the-register-named-it",
        shut_before,
        SECURED_OFFICE,
        fails=frozenset({OPEN}),
        passes=frozenset({UNUSED, CLEAR}),
        fixed=frozenset({OPEN}),
    ),
    Case("nginx-shut-and-nobody-is-named", shut_before, passes=frozenset({UNUSED, OPEN, CLEAR})),
    Case("nginx-on-loopback-alone", nginx(PMA_SITE, OLD, address="127.0.0.1"), passes=frozenset({UNUSED, OPEN, CLEAR})),
    Case("nginx-a-page-for-everything", nginx(lambda path: LURE, OLD, SENT_ON)),
)
