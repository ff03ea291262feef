# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whether an interface lets in whoever knows what everybody knows: told by its pages and files, never by a login.

Grafana's admin/admin and the like cannot be told so; then nothing is said.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    Found,
    Mark,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import (
        rabbitmq,
        tomcat,
    )
else:
    rabbitmq = later("_controls.exposed_services._admin.rabbitmq")
    tomcat = later("_controls.exposed_services._admin.tomcat")


@dataclasses.dataclass(frozen=True)
class Page:
    """What is asked for beside the interface's path (as a link in it would say), and what its answer means."""

    link: str
    mark: Mark
    means: str


FIRST_COMER = "whoever comes first becomes its administrator"
PAGES = {
    "jenkins": (
        Page("login", Mark(body=rb"<input [^<>]*id=\"security-token\""), "it waits to be unlocked and set up"),
        Page("manage/", Mark(header=("x-jenkins", r"^\d")), "strangers administer it without a login"),
    ),
    "wordpress": (
        Page("", Mark((302,), header=("location", r"/wp-admin/install\.php")), f"it is not installed: {FIRST_COMER}"),
    ),
    "phpmyadmin": (
        Page("", Mark(body=rb"auth_type:\"config\""), "it logs in by itself, with an account of its configuration"),
    ),
    "couchdb": (
        Page("../_session", Mark(body=rb"\"name\":null,\"roles\":\[\"_admin\""), "everybody is its administrator"),
    ),
    "portainer": (Page("api/users/admin/check", Mark((404,), body=rb"(?i)no administrator account"), FIRST_COMER),),
}
#: Known to have such an account, of which nothing but a login tells; none is tried.
UNTOLD = {
    "grafana": "whether its admin still has the password admin is told by a login alone, and none is tried",
}
PMA_FILES = ("/etc/phpmyadmin/config.inc.php", "/etc/phpmyadmin/conf.d/*.php", "/etc/phpMyAdmin/config.inc.php")
_NO_PASSWORD = re.compile(
    r"""^\s*\$cfg\['Servers'\]\[[^\]\n]*\]\['AllowNoPassword'\]\s*=\s*true\s*;""", re.MULTILINE | re.IGNORECASE
)


def can_tell(found: Found) -> bool:
    """Whether there is anything that would tell."""
    return found.interface.key in PAGES or found.interface.key in FILES


def told(host: Host, found: Found) -> Evidence | None:
    """What tells that they are still in force; None where nothing does. Raises HostError."""
    for page in PAGES.get(found.interface.key, ()):
        path = _below(found.path, page.link)
        if page.mark.fits(found.at.ask(host, path)):
            return Evidence(f"GET {found.at.url}{printable(path)}", page.means, "an account that somebody has set up")
    read = FILES.get(found.interface.key)
    return read(host, found) if read else None


def _below(path: str, link: str) -> str:
    if link.startswith("../"):
        return f"{path.rstrip('/').rpartition('/')[0]}/{link[3:]}"
    return f"{path.rstrip('/')}/{link}" if link else path


def _phpmyadmin(host: Host, found: Found) -> Evidence | None:
    for path in (one for pattern in PMA_FILES for one in host.glob(pattern)):
        try:
            if _NO_PASSWORD.search(host.read_text(path)):
                return Evidence(path, "AllowNoPassword: accounts without a password are let in", "no such accounts")
        except Missing:
            continue
    return None


FILES: dict[str, t.Callable[[Host, Found], Evidence | None]] = {
    "phpmyadmin": _phpmyadmin,
    "rabbitmq": lambda host, found: rabbitmq.guest(host),
    "tomcat": lambda host, found: tomcat.known_password(host, found, "manager-"),
    "tomcat-host-manager": lambda host, found: tomcat.known_password(host, found, "admin-"),
}
