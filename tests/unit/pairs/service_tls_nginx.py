# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of service_tls: nginx, with Debian's line in http and with a server's own."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import played_tls, played_web
from .case import Case
from .machine import Machine
from .played_tls import Speaks

PORT = played_web.listen(lambda connection: None)
MAIN, SITE, OURS = "/etc/nginx/nginx.conf", "/etc/nginx/sites-available/shop", "/etc/nginx/conf.d/infosec-tls.conf"
DEBIAN = "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; # Dropping SSLv3, ref: POODLE\n"
OLD = "ssl_protocols TLSv1 TLSv1.2;\nssl_ciphers ALL;\n"
TERMS = frozenset({"protocols", "ciphers", "groups"})
SERVICE = {
    "name": "shop",
    "ports": [{"first": PORT, "last": PORT, "protocol": "tcp"}],
    "clients": ["any"],
    "tls": "intermediate",
}


def nginx(http: str, server: str = "", *, accepts: bool = True) -> t.Callable[[Machine], None]:
    """A server with these settings around it and in it. accepts: whether the configuration is sound."""

    def lay(machine: Machine) -> None:
        inside = f"{http}include /etc/nginx/conf.d/*.conf;\ninclude /etc/nginx/sites-enabled/*;\n"
        machine.write(MAIN, f"events {{}}\nhttp {{\n{inside}}}\n")
        machine.mkdir("/etc/nginx/conf.d")
        machine.write(SITE, f"server {{\nlisten {PORT} ssl;\nserver_name shop.example.org;\n{server}}}\n")
        machine.mkdir("/etc/nginx/sites-enabled")
        machine.path("/etc/nginx/sites-enabled/shop").symlink_to("../sites-available/shop")
        said = "" if accepts else "in /etc/nginx/conf.d/x.conf:1\n"
        machine.programs["env"] = lambda argv, stdin: Completed(0 if accepts else 1, "", said)
        machine.unit("nginx.service", process="nginx", sockets=[("tcp", "127.0.0.1", PORT)])
        machine.servers[PORT] = played_tls.server(lambda: speaks(machine))
        played_web.library(machine, "nginx.service")

    return lay


def speaks(machine: Machine) -> Speaks:
    """As nginx has it: what the server says, else what is said around it."""
    texts = [machine.path(path).read_text() for path in (SITE, MAIN, OURS) if machine.path(path).exists()]
    protocols = played_web.found(r"(?m)^\s*ssl_protocols ([^;]+);", *texts) or "TLSv1.2 TLSv1.3"
    ciphers, groups = (played_web.found(rf"{name} ([^;]+);", *texts) for name in ("ssl_ciphers", "ssl_ecdh_curve"))
    return played_web.speaks(protocols.split(), ciphers, groups)


CASES = (
    Case(
        "nginx-as-debian-installs-it",
        nginx(DEBIAN),
        {"services": [SERVICE]},
        fails=TERMS,
        passes=frozenset({"offered", "clear_text", "guideline"}),
        fixed=TERMS,
    ),
    Case("nginx-with-a-server-of-its-own-mind", nginx("", OLD), {"services": [SERVICE]}, fails=TERMS, fixed=TERMS),
    Case("nginx-broken-before", nginx(DEBIAN, accepts=False), {"services": [SERVICE]}, fails=TERMS),
    Case(
        "nginx-with-a-command-that-outweighs",
        nginx(DEBIAN, "ssl_conf_command MinProtocol TLSv1;\n"),
        {"services": [SERVICE]},
        fails=TERMS,
    ),
    Case(
        "nginx-as-the-guideline-has-it",
        nginx("", "ssl_protocols TLSv1.3;\nssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;\nssl_ecdh_curve X25519;\n"),
        {"services": [SERVICE]},
        passes=TERMS | {"offered", "clear_text", "guideline"},
    ),
)
