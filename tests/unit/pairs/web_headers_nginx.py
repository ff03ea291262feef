# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of web_headers: a played nginx that adds to its answers what its configuration says, block by block."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import played_web
from .case import Case
from .machine import Machine
from .played_nginx import Played

FOLDER, NAME = "/etc/nginx", "shop.example.org"
HTTP = "http {\n    include conf.d/*.conf;\n    include sites-enabled/*;\n}\n"
CLEAR = f"server {{\n    listen 80;\n    server_name {NAME};\n    return 308 https://$host$request_uri;\n}}\n"
SECURED = played_web.context(NAME)
GOOD = """    server_tokens off;
    add_header Strict-Transport-Security "max-age=63072000; includeSubDomains" always;
    add_header X-Frame-Options DENY always;
    add_header Content-Security-Policy "default-src 'none'; frame-ancestors 'none'" always;
    add_header X-Content-Type-Options nosniff always;
    add_header Referrer-Policy no-referrer always;
"""
PLACES = """    location /assets/ { add_header Cache-Control public; }
    location /down/ {
        add_header Cache-Control no-store;
        if ($arg_name) { add_header Content-Disposition attachment; }
    }
"""


def nginx(inside: str) -> t.Callable[[Machine], None]:
    """A site by TLS, to which its name in clear leads."""

    def lay(machine: Machine) -> None:
        machine.write(f"{FOLDER}/nginx.conf", HTTP)
        secured = f"server {{\n    listen 443 ssl;\n    server_name {NAME};\n{inside}}}\n"
        machine.write(f"{FOLDER}/sites-enabled/shop", CLEAR + secured)
        machine.programs["env"] = lambda argv, stdin: Completed(0, "", "")
        held = [("tcp", "0.0.0.0", 80), ("tcp", "0.0.0.0", 443)]
        machine.unit("nginx.service", process="nginx", sockets=held)
        machine.servers[80] = played_web.site(lambda path: answer(machine, 80, path))
        machine.servers[443] = played_web.site(lambda path: answer(machine, 443, path), secured=SECURED)

    return lay


def answer(machine: Machine, port: int, path: str) -> played_web.Says:
    """What it says to a path."""
    found = {80: "308 Permanent Redirect"}.get(port, "404 Not Found" if "nothing" in path else "200 OK")
    texts = [machine.path(f"{FOLDER}/{name}").read_text() for name in ("nginx.conf", "sites-enabled/shop")]
    server = "nginx" if any("server_tokens off;" in text for text in texts) else "nginx/1.26.3"
    sent = Played(machine).sends(port, NAME, path, status=int(found[:3]))
    sent += [("Server", server), *([("Location", f"https://{NAME}{path}")] if port == 80 else [])]
    return found, "".join(f"{name}: {value}\r\n" for name, value in sent), "<!doctype html><p>yes"


HEADERS = frozenset({"csp", "frame_options", "content_type_options", "referrer_policy", "hsts"})
LOST = frozenset({"content_type_options", "referrer_policy", "hsts"})
CASES = (
    Case(
        "nginx-as-debian-installs-it",
        nginx(PLACES),
        fails=HEADERS | {"version_banner", "grade"},
        passes=frozenset({"redirect", "cookies", "cors", "resource_loading", "obsolete_headers"}),
        fixed=HEADERS | {"version_banner", "grade"},
    ),
    Case("nginx-as-the-guideline-has-it", nginx(GOOD), {"minimum_score": 100}, passes=HEADERS | {"grade"}),
    Case("nginx-whose-places-lose-headers", nginx(GOOD + PLACES), fails=LOST, passes=HEADERS - LOST, fixed=LOST),
    Case(
        "nginx-that-says-otherwise",
        nginx(
            GOOD.replace("63072000; includeSubDomains", "300")
            + '    add_header X-XSS-Protection "1; mode=block";\n    location /b { add_header X-Frame-Options ALLOW; }\n'
        ),
        {"frame_options": "DENY"},
        fails=frozenset({"hsts", "obsolete_headers", "content_type_options", "referrer_policy"}),
        passes=frozenset({"csp", "frame_options"}),
        fixed=frozenset({"hsts", "obsolete_headers", "content_type_options", "referrer_policy"}),
    ),
)
