# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of service_tls: HAProxy, with its defaults and with what one `bind` says itself."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import played_tls, played_web
from .case import Case
from .machine import Machine
from .played_tls import Speaks

PORT = played_web.listen(lambda connection: None)
CFG = "/etc/haproxy/haproxy.cfg"
ORDER = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
OLD = "    ssl-default-bind-options ssl-min-ver TLSv1.0 no-tls-tickets\n    ssl-default-bind-ciphers ALL\n"
TERMS = frozenset({"protocols", "ciphers", "groups"})
SERVICE = {
    "name": "shop",
    "ports": [{"first": PORT, "last": PORT, "protocol": "tcp"}],
    "clients": ["any"],
    "tls": "intermediate",
}


def haproxy(defaults: str, bind: str = "") -> t.Callable[[Machine], None]:
    """A frontend with these defaults, and words of its own."""

    def lay(machine: Machine) -> None:
        front = f"frontend web\n    bind :{PORT} ssl crt /etc/haproxy/shop.pem{bind}\n"
        machine.write(CFG, f"global\n    maxconn 100\n{defaults}defaults\n    mode http\n{front}")
        machine.programs["env"] = lambda argv, stdin: Completed(0, "", "")
        machine.unit("haproxy.service", process="haproxy", sockets=[("tcp", "127.0.0.1", PORT)])
        machine.servers[PORT] = played_tls.server(lambda: speaks(machine))
        played_web.library(machine, "haproxy.service")

    return lay


def speaks(machine: Machine) -> Speaks:
    """As HAProxy has it: what the `bind` says, else the defaults."""
    text = machine.path(CFG).read_text()
    bind = played_web.found(r"\n *bind (.*)", text)
    least = played_web.found(r"ssl-min-ver (\S+)", bind, text).replace("TLSv1.0", "TLSv1") or "TLSv1.2"
    ciphers = played_web.found(r" ciphers (\S+)", bind) or played_web.found(r"bind-ciphers (\S+)", text)
    groups = played_web.found(r" curves (\S+)", bind) or played_web.found(r"bind-curves (\S+)", text)
    return played_web.speaks(ORDER[ORDER.index(least) :], ciphers, groups)


CASES = (
    Case("haproxy-by-default", haproxy(OLD), {"services": [SERVICE]}, fails=TERMS, fixed=TERMS),
    Case(
        "haproxy-by-a-bind",
        haproxy("", " ssl-min-ver TLSv1.1 ciphers ALL alpn h2,http/1.1"),
        {"services": [SERVICE]},
        fails=TERMS,
        fixed=TERMS,
    ),
    Case(
        "haproxy-as-the-guideline-has-it",
        haproxy("", " ssl-min-ver TLSv1.2 ciphers ECDHE-RSA-AES128-GCM-SHA256 curves X25519"),
        {"services": [SERVICE]},
        passes=TERMS | {"offered", "clear_text", "guideline"},
    ),
)
