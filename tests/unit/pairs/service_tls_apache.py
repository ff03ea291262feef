# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of service_tls: Apache httpd, with its module's own settings and with a virtual host's."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import played_tls, played_web
from .case import Case
from .machine import Machine
from .played_tls import Speaks

PORT = played_web.listen(lambda connection: None)
FOLDER = "/etc/apache2"
SITE, OURS = f"{FOLDER}/sites-enabled/shop.conf", f"{FOLDER}/conf-enabled/zz-infosec-tls.conf"
MODULE = f"{FOLDER}/mods-enabled/ssl.conf"
OLD = "SSLProtocol all -SSLv3\nSSLCipherSuite HIGH:!aNULL\n"
TERMS = frozenset({"protocols", "ciphers", "groups"})
SERVICE = {
    "name": "shop",
    "ports": [{"first": PORT, "last": PORT, "protocol": "tcp"}],
    "clients": ["any"],
    "tls": "intermediate",
}


def apache(module: str, host: str = "") -> t.Callable[[Machine], None]:
    """A virtual host with the module's settings, and with its own."""

    def lay(machine: Machine) -> None:
        folders = (
            "mods-enabled/*.load",
            "mods-enabled/*.conf",
            "ports.conf",
            "conf-enabled/*.conf",
            "sites-enabled/*.conf",
        )
        machine.write(f"{FOLDER}/apache2.conf", "".join(f"IncludeOptional {name}\n" for name in folders))
        machine.write(f"{FOLDER}/mods-enabled/ssl.load", "LoadModule ssl_module mod_ssl.so\n")
        machine.write(MODULE, f"<IfModule mod_ssl.c>\n{module}</IfModule>\n")
        machine.write(f"{FOLDER}/ports.conf", f"Listen {PORT}\n")
        machine.mkdir(f"{FOLDER}/conf-enabled")
        lines = f"ServerName shop.example.org\nSSLEngine on\n{host}"
        machine.write(SITE, f"<VirtualHost *:{PORT}>\n{lines}</VirtualHost>\n")
        machine.programs["env"] = lambda argv, stdin: Completed(0, "", "")
        machine.unit("apache2.service", process="apache2", sockets=[("tcp", "127.0.0.1", PORT)])
        machine.servers[PORT] = played_tls.server(lambda: speaks(machine))
        played_web.library(machine, "apache2.service")

    return lay


def speaks(machine: Machine) -> Speaks:
    """As Apache has it: what the virtual host says, else what was said last before it."""
    texts = [machine.path(path).read_text() for path in (SITE, OURS, MODULE) if machine.path(path).exists()]
    words = played_web.found(r"SSLProtocol (.+)", *texts)
    every = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
    named = [word[1:] for word in words.split() if word.startswith("+")] if words.startswith("-all") else every
    ciphers = played_web.found(r"SSLCipherSuite (.+)", *texts)
    return played_web.speaks(named, ciphers, played_web.found(r"SSLOpenSSLConfCmd Curves (.+)", *texts))


CASES = (
    Case("apache-by-its-module", apache(OLD), {"services": [SERVICE]}, fails=TERMS, fixed=TERMS),
    Case("apache-by-a-virtual-host", apache("", OLD), {"services": [SERVICE]}, fails=TERMS, fixed=TERMS),
    Case(
        "apache-as-the-guideline-has-it",
        apache(
            "SSLProtocol -all +TLSv1.2 +TLSv1.3\nSSLCipherSuite ECDHE-RSA-AES128-GCM-SHA256\n"
            "SSLOpenSSLConfCmd Curves X25519:prime256v1\n"
        ),
        {"services": [SERVICE]},
        passes=TERMS | {"offered", "clear_text", "guideline"},
    ),
)
