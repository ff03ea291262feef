# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of admin_interfaces: a played Apache httpd with Debian's alias for phpMyAdmin, and its status page."""

from __future__ import annotations

import functools
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import played_web
from .case import Case
from .machine import Machine
from .played_web import Says

FOLDER, LOG = "/etc/apache2", "/var/log/apache2/shop.log"
SITE = f"{FOLDER}/sites-enabled/shop.conf"
#: The machine that is played now, and what its pages are.
PLAYED: dict[str, t.Any] = {}
OLD = '192.0.2.80 - - [01/Jun/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 50 "-" "Mozilla/5.0"\n'
USED = '192.0.2.7 - - [23/Nov/2026:10:00:00 +0000] "GET /server-status HTTP/1.1" 200 90 "-" "Mozilla/5.0"\n'
PAGES: dict[str, Says] = {
    "/": ("200 OK", 'ETag: "1"\r\n', '<a href="/about.html">us</a>'),
    "/about.html": ("200 OK", 'ETag: "2"\r\n', "about"),
}
PMA: dict[str, Says] = {
    "/phpmyadmin/": ("200 OK", "Set-Cookie: phpMyAdmin=1; path=/\r\n", '<input name="pma_username">')
}
STATUS: dict[str, Says] = {
    "/server-status": ("200 OK", "", "<title>Apache Status</title><h1>Apache Server Status for shop.example.org</h1>")
}
BOTH = frozenset({"unused", "open_to_all", "no_tls"})


def says(played: dict[str, t.Any], path: str) -> Says:
    """A refusal where a file that the site includes has a section for the path, else the page."""
    machine = played["machine"]
    for own in re.findall(r"Include (\S*infosec-admin-\S+)", machine.path(SITE).read_text(encoding="utf-8")):
        pattern = re.search(r'<LocationMatch "(.*)">', machine.path(own).read_text(encoding="utf-8"))
        if pattern and re.search(pattern[1], path):
            return ("403 Forbidden", "", "no")
    pages: dict[str, Says] = {**PAGES, **played["pages"]}
    return pages.get(path, ("404 Not Found", "", "not here"))


SITES = played_web.site(functools.partial(says, PLAYED))
PORT = played_web.listen(SITES)


def apache(conf: str, log: str, pages: dict[str, Says]) -> t.Callable[[Machine], None]:
    """One virtual host; conf: what is said for all."""

    def lay(machine: Machine) -> None:
        folders = ("mods-enabled/*.load", "ports.conf", "conf-enabled/*.conf", "sites-enabled/*.conf")
        machine.write(f"{FOLDER}/apache2.conf", "".join(f"IncludeOptional {name}\n" for name in folders))
        machine.write(
            f"{FOLDER}/mods-enabled/x.load", "LoadModule alias_module x.so\nLoadModule authz_core_module x.so\n"
        )
        machine.write(f"{FOLDER}/ports.conf", f"Listen {PORT}\n")
        machine.write(f"{FOLDER}/conf-enabled/some.conf", conf)
        lines = f'ServerName shop.example.org\nCustomLog {LOG} "%h %l %u %t \\"%r\\" %>s %O \\"%{{Referer}}i\\" \\"%{{User-Agent}}i\\""\n'
        machine.write(SITE, f"<VirtualHost *:{PORT}>\n{lines}</VirtualHost>\n")
        machine.write(LOG, log)
        machine.programs["env"] = lambda argv, stdin: Completed(0, "", "")
        machine.unit("apache2.service", process="apache2", sockets=[("tcp", "0.0.0.0", PORT)])
        PLAYED.update(machine=machine, pages=pages)
        machine.servers[PORT] = SITES

    return lay


ALIAS = "Alias /phpmyadmin /usr/share/phpmyadmin\n"
LOCATION = "<Location /server-status>\nSetHandler server-status\nRequire {}\n</Location>\n"
CASES = (
    Case("apache-nobody-uses-it", apache(ALIAS, OLD, PMA), fails=BOTH, fixed=BOTH),
    Case("apache-status-for-all", apache(LOCATION.format("all granted"), OLD, STATUS), fails=BOTH, fixed=BOTH),
    Case(
        "apache-status-that-is-watched",
        apache(LOCATION.format("all granted"), OLD + USED, STATUS),
        fails=frozenset({"open_to_all", "no_tls"}),
        passes=frozenset({"unused"}),
    ),
    Case("apache-status-as-installed", apache(LOCATION.format("local"), OLD, STATUS), passes=BOTH),
)
