# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests show that somebody was past the login; the first ones as the software itself was seen to answer."""

from __future__ import annotations

import re

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import traces
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.table import (
    INTERFACES,
)
from ansible_collections.infosec.principles.plugins.module_utils._formats.access_log import Hit

#: Interface, request below its path, status; whether that is use.
REQUESTS = [
    ("phpmyadmin", "GET", "", 200, False),
    ("phpmyadmin", "POST", "index.php?route=/", 200, False),
    ("phpmyadmin", "POST", "index.php?route=/", 302, True),
    ("phpmyadmin", "GET", "index.php?route=/server/databases", 200, False),
    ("phpmyadmin", "GET", "index.php?route=/database/structure&db=wp", 200, True),
    ("phpmyadmin", "GET", "themes/pmahomme/img/logo.png", 200, False),
    ("adminer", "GET", "adminer.php", 200, False),
    ("adminer", "POST", "adminer.php", 302, False),
    ("adminer", "GET", "adminer.php?username=adm", 403, False),
    ("adminer", "GET", "adminer.php?username=adm", 200, True),
    ("adminer", "GET", "adminer.php?file=default.css", 200, False),
    ("wordpress", "GET", "wp-login.php", 200, False),
    ("wordpress", "POST", "wp-login.php", 200, False),
    ("wordpress", "POST", "wp-login.php", 302, True),
    ("wordpress", "POST", "wp-login.php?action=lostpassword", 302, False),
    ("wordpress", "POST", "wp-login.php?action=postpass", 302, False),
    ("wordpress", "GET", "wp-admin/", 302, False),
    ("wordpress", "GET", "wp-admin/", 200, True),
    ("wordpress", "GET", "wp-admin/edit.php?post_type=page", 200, True),
    ("wordpress", "POST", "wp-admin/admin-ajax.php", 200, False),
    ("wordpress", "GET", "wp-admin/install.php", 200, False),
    ("wordpress", "GET", "wp-admin/load-styles.php?c=1", 200, False),
    ("tomcat", "GET", "html", 401, False),
    ("tomcat", "GET", "html", 200, True),
    ("tomcat", "GET", "images/tomcat.gif", 200, False),
    ("cockpit", "GET", "cockpit/login", 401, False),
    ("cockpit", "GET", "cockpit/login", 200, True),
    ("cockpit", "GET", "cockpit+=host-1.example.org/socket", 101, True),
    ("cockpit", "GET", "", 200, False),
    ("django", "GET", "", 302, False),
    ("django", "GET", "", 200, True),
    ("django", "GET", "login/?next=/admin/", 200, False),
    ("django", "POST", "login/?next=/admin/", 200, False),
    ("django", "POST", "login/?next=/admin/", 302, True),
    ("django", "POST", "auth/user/1/change/", 302, False),
    ("jenkins", "GET", "", 403, False),
    ("jenkins", "GET", "login", 200, False),
    ("jenkins", "GET", "job/build/", 200, True),
    ("jenkins", "POST", "j_spring_security_check", 302, False),
    ("grafana", "POST", "login", 401, False),
    ("grafana", "POST", "login", 200, True),
    ("grafana", "GET", "api/health", 200, False),
    ("grafana", "GET", "api/dashboards/home", 200, True),
    ("kibana", "GET", "app/home", 200, True),
    ("kibana", "GET", "api/status", 200, False),
    ("prometheus", "GET", "-/healthy", 200, False),
    ("prometheus", "GET", "api/v1/query?query=up", 200, True),
    ("rabbitmq", "GET", "", 200, False),
    ("rabbitmq", "GET", "api/overview", 401, False),
    ("rabbitmq", "GET", "api/overview", 200, True),
    ("couchdb", "GET", "_utils/", 200, False),
    ("couchdb", "POST", "_session", 401, False),
    ("couchdb", "POST", "_session", 200, True),
    ("portainer", "GET", "api/status", 200, False),
    ("portainer", "POST", "api/auth", 422, False),
    ("portainer", "POST", "api/auth", 200, True),
    ("pgadmin", "GET", "login", 200, False),
    ("pgadmin", "GET", "browser/", 200, True),
    ("webmin", "POST", "session_login.cgi", 200, False),
    ("webmin", "POST", "session_login.cgi", 302, True),
    ("consul", "GET", "ui/", 200, True),
    ("server-status", "GET", "?auto", 200, True),
    ("server-status", "GET", "", 403, False),
    ("something else", "GET", "", 200, True),
    ("something else", "GET", "", 404, False),
]


@pytest.mark.parametrize(("key", "method", "below", "status", "use"), REQUESTS)
def test_what_is_use(key: str, method: str, below: str, status: int, use: bool) -> None:
    hit = Hit(0, "192.0.2.1", "", below, status, "", "", method)
    assert traces.of(key).shows(hit, below) == use


@pytest.mark.parametrize("path", ["/", "/x/"])
@pytest.mark.parametrize(("key", "method", "below", "status", "use"), [one for one in REQUESTS if one[-1]])
def test_each_use_is_found_without_reading_the_other_lines(
    path: str, key: str, method: str, below: str, status: int, use: bool
) -> None:
    for line in (f'"{method} {path}{below} HTTP/1.1" {status}', f'{{"u":"{path}{below}"}}'):
        assert re.search(traces.of(key).raw(path), line.encode())


@pytest.mark.parametrize(
    ("key", "path", "base"),
    [
        ("wordpress", "/wp-login.php", "/"),
        ("wordpress", "/", "/"),
        ("wordpress", "/blog/", "/blog/"),
        ("wordpress", "/blog/wp-admin/", "/blog/"),
        ("wordpress", "/blog/wp-login.php", "/blog/"),
        ("couchdb", "/_utils/", "/"),
        ("couchdb", "/couchdb/_utils/", "/couchdb/"),
        ("django", "/x/admin/", "/x/admin/"),
        ("adminer", "/adminer.php", "/adminer.php"),
    ],
)
def test_below_what_its_paths_lie(key: str, path: str, base: str) -> None:
    assert traces.of(key).base(path) == base


def test_whom_the_server_let_in_by_name_used_it() -> None:
    for key in traces.TRACES:
        hit = Hit(0, "192.0.2.1", "", "", 200, "bob", "", "GET")
        assert traces.of(key).shows(hit, "anything")
        assert not traces.of(key).shows(hit._replace(status=401), "anything")


def test_a_log_without_methods_counts_a_login_that_was_taken() -> None:
    assert traces.of("django").shows(Hit(0, "192.0.2.1", "", "", 302, "", "", ""), "login/")


def test_traces_are_of_interfaces_that_are_looked_for() -> None:
    assert set(traces.TRACES) <= {one.key for one in INTERFACES}
