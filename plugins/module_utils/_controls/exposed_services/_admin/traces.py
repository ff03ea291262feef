# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""By which requests in an access log somebody is known to have used an interface, and not merely to have found it.

Scanners ask every site for its login pages, and try passwords there. So neither a page that strangers get nor a login
that failed is use; what tells is a login that was taken, or a page that is given only to who is logged in. Where there
is no login, whoever gets a page has used it. In doubt a request is use: nothing is shut then.
"""

from __future__ import annotations

import dataclasses
import functools
import re

from ansible_collections.infosec.principles.plugins.module_utils._formats.access_log import Hit

#: Redirects to the page that was wanted, which a login ends with.
LED = (302, 303)
READ = ("", "GET", "HEAD", "OPTIONS")
#: What stands for "here is what you asked for": also unchanged, and a WebSocket.
GIVEN = (*range(200, 300), 304, 101)


@dataclasses.dataclass(frozen=True)
class Trace:
    """Patterns for the beginning of a path below the interface's own, with its query.

    inside: what is given only to who is in. login: where a login is posted; taken: how it is answered when it is right.
    beside: the interface is reached beside its path, too: by names in the same folder that begin so. named: its own log
    has the names of those who are in.
    """

    inside: str = ""
    login: str = r"(?!)"
    taken: tuple[int, ...] = LED
    beside: str = ""
    named: bool = False

    def shows(self, hit: Hit, below: str) -> bool:
        """Whether a request shows use. below: its path without that of the interface."""
        if hit.user and hit.status < 400:
            return True  # who has a name was let in by the server itself
        if hit.method not in READ[1:] and hit.status in self.taken and _compiled(self.login).match(below):
            return True
        return hit.status in GIVEN and bool(_compiled(self.inside).match(below))

    def base(self, path: str) -> str:
        """The path that those of the patterns lie below: the interface's, else the folder that it is in."""
        folder, _slash, name = path.rstrip("/").rpartition("/")
        if self.beside and (name.startswith(self.beside) or not path.endswith("/")):
            return f"{folder}/"
        return path

    def raw(self, path: str) -> bytes:
        """A pattern that is in each line of a log that tells of use at this path; many other lines may have it, too.

        Whoever has a name shows it at any path below. Where that is any path of all, it would be every line; there only
        the paths that are known are looked for, unless names are what the log is known for.
        """
        start = re.escape(path + self.beside)
        if path + self.beside == "/" and not self.named:
            start += f"(?:{self.inside}|{self.login})".replace("$", r'(?=[\s"]|$)')
        return start.encode("utf-8", "surrogateescape")


@functools.lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


#: For what has no login, and for what is not known.
ANYTHING = Trace()
_WORDPRESS = (
    "index|edit|post|post-new|upload|media-new|plugins|plugin-install|plugin-editor|themes|theme-editor|theme-install"
    "|users|user-new|user-edit|profile|tools|update-core|update|edit-comments|edit-tags|comment|customize|site-health"
    "|site-editor|nav-menus|widgets|import|export|admin|options-(?:general|writing|reading|discussion|media|permalink)"
)
TRACES: dict[str, Trace] = {
    # An admin that is asked for without a login leads to its login page, whatever the path is.
    "django": Trace(r"(?!login/|logout/|jsi18n/|password_reset|reset/)", "login/"),
    "wordpress": Trace(
        rf"wp-admin/(?:(?:{_WORDPRESS})\.php|$|\?)",
        r"wp-login\.php(?!\?.*action=(?:lostpassword|retrievepassword|resetpass|rp|register|postpass|confirm|logout))",
        beside="wp-",
    ),
    # Every address of it gives the login page; those of one database are asked for by who saw its name.
    "phpmyadmin": Trace(r"\w*(?:\.php)?\?(?:.*&)?(?:db|table)=.", r"(?:index\.php)?(?:\?|$)"),
    "adminer": Trace(r"[^?]*\?(?:.*&)?username="),
    "pgadmin": Trace(r"(?:browser/(?:\?|$)|sqleditor/|dashboard/|settings/|user_management/)"),
    "tomcat": Trace(r"(?:html|text|status|jmxproxy)\b"),
    "tomcat-host-manager": Trace(r"(?:html|text)\b"),
    "jenkins": Trace(
        r"(?:$|\?|(?:job|view|manage|computer|user|people|asynchPeople|newJob|me|my-views|script|pluginManager|queue|api"
        r"|git|github-webhook|tcpSlaveAgentListener|wsagents)\b)"
    ),
    "grafana": Trace(r"(?:$|\?|(?:d|dashboards|explore|admin|org)\b|api/(?!health\b|login/))", "login$", (200,)),
    "kibana": Trace(
        r"(?:(?:s/[^/]+/)?app/|api/(?!status\b)|internal/(?!security/login))", "internal/security/login", (200, 204)
    ),
    "consul": Trace(r"(?:ui|v1)/"),
    # Whoever watches it only asks whether it is there.
    "prometheus": Trace(r"(?!-/|favicon|static/|assets/)"),
    "alertmanager": Trace(r"(?!-/|favicon|static/|assets/)"),
    "portainer": Trace(r"api/(?!auth\b|status\b|settings/public|users/admin/check|system/)", "api/auth", (200,)),
    "rabbitmq": Trace(r"api/(?!auth\b)"),
    "couchdb": Trace(
        r"_(?:all_dbs|node/|membership|active_tasks|config|scheduler)", "_session", (200, 302), beside="_"
    ),
    "solr": Trace(r"(?!favicon|css/|js/|img/|libs/|partials/)."),
    "cockpit": Trace(r"(?:[\w.+=-]+/)?(?:login|socket)(?:\?|$)"),
    "webmin": Trace(r"(?:sysinfo\.cgi|[\w-]+/(?:[\w-]+\.cgi|\?|$))", r"session_login\.cgi", named=True),
}


def of(key: str) -> Trace:
    """The trace of an interface."""
    return TRACES.get(key, ANYTHING)
