# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of cleartext_upstreams: proxies of three products before an application that answers by TLS as well.

What asks whether a page is answered as before opens a real port of this machine.
"""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import played_web
from .case import Case
from .machine import Machine

FRONT = played_web.page(secured=played_web.context("shop.example.org"))
PORT = played_web.listen(FRONT)
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
APP, LOCAL = "http://app.example.org:8443", "http://127.0.0.1:8443"
SITE, VHOST, CFG = "/etc/nginx/conf.d/shop.conf", "/etc/apache2/sites-enabled/shop.conf", "/etc/haproxy/haproxy.cfg"
VERIFIED = {
    "proxy_ssl_verify": "on",
    "proxy_ssl_trusted_certificate": BUNDLE,
    "proxy_ssl_name": "app.example.org",
}
BOTH = frozenset({"encrypted", "verified"})


def world(machine: Machine) -> None:
    """A name, an authority, and an application that answers by TLS at the port that the proxies name."""
    machine.write(BUNDLE, played_web.AUTHORITY)
    machine.programs["getent"] = lambda argv, stdin: Completed(0, "192.0.2.10      STREAM app.example.org\n", "")
    machine.programs["env"] = lambda argv, stdin: Completed(0, "", "")
    secured = played_web.page(secured=played_web.context("app.example.org"))
    machine.elsewhere[("192.0.2.10", 8443)] = secured
    machine.servers[PORT] = FRONT


def nginx(target: str, **settings: str) -> t.Callable[[Machine], None]:
    def lay(machine: Machine) -> None:
        world(machine)
        lines = "".join(f"{name} {value};\n" for name, value in settings.items())
        machine.write("/etc/nginx/nginx.conf", "events {}\nhttp {\n    include /etc/nginx/conf.d/*.conf;\n}\n")
        location = f"location / {{\nproxy_pass {target};\n{lines}}}\n"
        machine.write(SITE, f"server {{\nlisten {PORT} ssl;\nserver_name shop.example.org;\n{location}}}\n")
        machine.unit("nginx.service", process="nginx", sockets=[("tcp", "127.0.0.1", PORT)])

    return lay


def apache(target: str) -> t.Callable[[Machine], None]:
    def lay(machine: Machine) -> None:
        world(machine)
        main = f"LoadModule ssl_module x.so\nListen {PORT}\nIncludeOptional sites-enabled/*.conf\n"
        machine.write("/etc/apache2/apache2.conf", main)
        lines = (
            "ServerName shop.example.org",
            "SSLEngine on",
            f'ProxyPass "/" "{target}/"',
            f"ProxyPassReverse / {target}/",
        )
        machine.write(VHOST, "\n".join((f"<VirtualHost *:{PORT}>", *lines, "</VirtualHost>", "")))
        machine.unit("apache2.service", process="apache2", sockets=[("tcp", "127.0.0.1", PORT)])

    return lay


def haproxy(server: str) -> t.Callable[[Machine], None]:
    def lay(machine: Machine) -> None:
        world(machine)
        front = f"frontend web\n    bind :{PORT} ssl crt /etc/haproxy/shop.pem\n    default_backend app\n"
        machine.write(CFG, f"global\ndefaults\n    mode http\n{front}backend app\n    server one {server}\n")
        machine.unit("haproxy.service", process="haproxy", sockets=[("tcp", "127.0.0.1", PORT)])

    return lay


CASES = (
    Case("nginx-in-clear", nginx(APP), fails=frozenset({"encrypted"}), fixed=frozenset({"encrypted"})),
    Case(
        "nginx-by-tls-to-anybody",
        nginx(APP.replace("http:", "https:")),
        fails=frozenset({"verified"}),
        passes=frozenset({"encrypted"}),
        fixed=frozenset({"verified"}),
    ),
    Case("nginx-by-verified-tls", nginx(APP.replace("http:", "https:"), **VERIFIED), passes=BOTH),
    Case("nginx-to-this-host", nginx(LOCAL), passes=frozenset({"encrypted"})),
    Case("nginx-to-one-that-speaks-no-tls", nginx("http://app.example.org:9999"), fails=frozenset({"encrypted"})),
    Case("apache-in-clear", apache(APP), fails=frozenset({"encrypted"}), fixed=frozenset({"encrypted"})),
    Case("apache-to-this-host", apache(LOCAL), passes=frozenset({"encrypted"})),
    Case(
        "haproxy-in-clear",
        haproxy("app.example.org:8443 check"),
        fails=frozenset({"encrypted"}),
        fixed=frozenset({"encrypted"}),
    ),
    Case(
        "haproxy-by-tls-to-anybody",
        haproxy("app.example.org:8443 ssl verify none"),
        fails=frozenset({"verified"}),
        passes=frozenset({"encrypted"}),
        fixed=frozenset({"verified"}),
    ),
)
