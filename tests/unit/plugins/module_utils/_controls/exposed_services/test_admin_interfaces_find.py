# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is found on played sites, and what is not: pages for everything, walls, redirects, names in texts."""

from __future__ import annotations

import pathlib
import socket
import time
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import find
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.find import Looked
from ansible_collections.infosec.principles.tests.unit.pairs import played_web
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine
from ansible_collections.infosec.principles.tests.unit.pairs.played_web import Says

GONE: Says = ("404 Not Found", "", "not here")
PMA: Says = ("200 OK", "Set-Cookie: phpMyAdmin=1; path=/\r\n", '<input name="pma_username">')
DJANGO: Says = ("200 OK", "", '<link href="/static/admin/css/base.css"><input name="csrfmiddlewaretoken">')
GRAFANA: Says = ("200 OK", "", "<title>Grafana</title><script>window.grafanaBootData = {}</script>")
#: A page that has the marks of many.
LURE: Says = (
    "200 OK",
    "",
    '<title>Jenkins</title><input name="pma_username"><input name="auth[driver]"> window.grafanaBootData = 1 '
    '<title>RabbitMQ Management</title><meta name="consul-ui/config/environment"><p id="login-user-input">'
    '<link href="/static/admin/css/base.css"><input name="csrfmiddlewaretoken">',
)
JENKINS: Says = ("403 Forbidden", "X-Jenkins: 2.426.1\r\n", "Authentication required")


def led(where: str) -> Says:
    return ("302 Found", f"Location: {where}\r\n", "")


SENDS_ON = "location / { proxy_pass http://192.0.2.9; }\n"


def nginx(root: pathlib.Path, says: t.Callable[[str], Says], inside: str = SENDS_ON, around: str = "") -> Machine:
    """An nginx with one site, which answers so."""
    machine = Machine(root)
    machine.write(
        "/etc/nginx/nginx.conf",
        f"http {{\n{around}server {{\nlisten 80;\nserver_name shop.example.org;\n{inside}}}\n}}\n",
    )
    machine.unit("nginx.service", process="nginx", sockets=[("tcp", "0.0.0.0", 80)])
    machine.servers[80] = played_web.site(says)
    return machine


def look(machine: Machine) -> Looked:
    return find.find(machine.host())


def places(looked: Looked) -> list[tuple[str, str]]:
    assert looked.unseen == ()
    return [(one.interface.key, one.path) for one in looked.found]


def at(pages: t.Mapping[str, Says]) -> t.Callable[[str], Says]:
    return lambda path: pages.get(path.partition("?")[0], GONE)


def below(prefix: str, says: Says) -> t.Callable[[str], Says]:
    return lambda path: says if path.startswith(prefix) else GONE


@pytest.mark.parametrize(
    ("says", "found"),
    [
        (below("/phpmyadmin/", PMA), [("phpmyadmin", "/phpmyadmin/")]),
        (below("/admin/login/", DJANGO), [("django", "/admin/")]),
        (at({"/admin/": led("/admin/login/?next=/admin/"), "/admin/login/": DJANGO}), [("django", "/admin/")]),
        (below("/jenkins/", JENKINS), [("jenkins", "/jenkins/")]),
        (lambda path: JENKINS, [("jenkins", "/")]),
        (at({"/": led("/login"), "/login": GRAFANA}), [("grafana", "/")]),
        (lambda path: GRAFANA if path == "/login" else led("/login"), [("grafana", "/")]),
        (at({"/manager/html": ("401 Unauthorized", 'WWW-Authenticate: Basic realm="Tomcat Manager Application"\r\n', "")}),
         [("tomcat", "/manager/")]),
        (lambda path: GONE, []),
        (lambda path: ("200 OK", "", "<title>Welcome</title>a page for everything"), []),
        (lambda path: LURE, []),
        (lambda path: ("200 OK", "", "a text with window.grafanaBootData = 1 in it"), []),
        (lambda path: ("403 Forbidden", "", "Request blocked by the firewall: phpMyAdmin, Jenkins, /wp-login.php"), []),
        (lambda path: ("401 Unauthorized", 'WWW-Authenticate: Basic realm="Restricted"\r\n', ""), []),
        (lambda path: led("https://sso.example.org/login"), []),
        (lambda path: led(f"https://shop.example.org{path}"), []),
        (lambda path: led("/login"), []),
        (at({"/jenkins/": ("200 OK", "", "<title>Jenkins</title>how we use Jenkins")}), []),
        (at({"/pma/": led("/wiki/pma")}), []),
    ],
)  # fmt: skip
def test_by_what_a_site_answers(
    tmp_path: pathlib.Path, says: t.Callable[[str], Says], found: list[tuple[str, str]]
) -> None:
    assert places(look(nginx(tmp_path, says))) == found


ALIAS = "location /db-tool/ { alias /usr/share/phpmyadmin/; }\n"


@pytest.mark.parametrize(
    ("inside", "says", "found"),
    [
        (ALIAS, below("/db-tool/", PMA), [("phpmyadmin", "/db-tool/")]),
        (ALIAS, below("/db-tool/", ("401 Unauthorized", 'WWW-Authenticate: Basic realm="x"\r\n', "")), [("phpmyadmin", "/db-tool/")]),
        (ALIAS, below("/db-tool/", ("403 Forbidden", "", "")), [("phpmyadmin", "/db-tool/")]),
        (ALIAS, lambda path: led("https://sso.example.org/?back=1"), [("phpmyadmin", "/db-tool/")]),
        (ALIAS.replace("tool/ ", "tool "), below("/db-tool/", PMA), [("phpmyadmin", "/db-tool/")]),
        (ALIAS.replace("tool/ ", "tool "), below("/db-tool", ("403 Forbidden", "", "")), [("phpmyadmin", "/db-tool/")]),
        (ALIAS, lambda path: GONE, []),
        (ALIAS, lambda path: led(f"https://shop.example.org{path}"), []),
        (ALIAS, lambda path: ("403 Forbidden", "", "nobody gets in"), []),
        ("location /hidden-7/ { proxy_pass http://192.0.2.9; }\n", below("/hidden-7/", led("/hidden-7/login/?next=/hidden-7/")),
         [("django", "/hidden-7/")]),
        ("location /hidden-7/ { proxy_pass http://192.0.2.9; }\n",
         at({"/hidden-7/-/healthy": ("200 OK", "", "Prometheus Server is Healthy.\n")}), [("prometheus", "/hidden-7/")]),
        ("location = /x { return 200; }\nlocation ~ \\.php$ { fastcgi_pass unix:/run/php.sock; }\n", lambda path: GONE, []),
        ("return 301 https://$host$request_uri;\n", lambda path: PMA, []),
    ],
)  # fmt: skip
def test_by_configuration(
    tmp_path: pathlib.Path, inside: str, says: t.Callable[[str], Says], found: list[tuple[str, str]]
) -> None:
    assert places(look(nginx(tmp_path, says, inside))) == found


def test_what_is_linked_or_laid_into_the_folder_of_a_site(tmp_path: pathlib.Path) -> None:
    pages = {"/tool/": PMA, "/adminer-4.8.1.php": ("200 OK", "", '<input name="auth[driver]">')}
    machine = nginx(tmp_path, at(pages), "root /var/www/html;\n")
    machine.write("/usr/share/phpmyadmin/index.php", "")
    machine.write("/var/www/html/adminer-4.8.1.php", "")
    machine.path("/var/www/html/tool").symlink_to("/usr/share/phpmyadmin")
    assert places(look(machine)) == [("adminer", "/adminer-4.8.1.php"), ("phpmyadmin", "/tool/")]


@pytest.mark.parametrize(
    ("inside", "asked"),
    [
        ("root /var/www/html;\n", False),
        ("location ~ \\.php$ { fastcgi_pass unix:/run/php/php8.2-fpm.sock; }\n", True),
        (SENDS_ON, True),
        ("location / { content_by_lua_block { ngx.say(1) } }\n", True),
    ],
)
def test_a_site_of_mere_files_is_not_asked_for_programs(tmp_path: pathlib.Path, inside: str, asked: bool) -> None:
    paths: list[str] = []

    def says(path: str) -> Says:
        paths.append(path)
        return GONE

    look(nginx(tmp_path, says, inside))
    assert ("/phpmyadmin/" in paths) == asked
    assert ("/jenkins/login" in paths) == (asked and "fastcgi" not in inside)


def test_a_program_of_this_host_behind_a_site(tmp_path: pathlib.Path) -> None:
    """Its name is enough, whatever stands before it."""
    pool = "upstream dash { server 127.0.0.1:3000; }\n"
    machine = nginx(
        tmp_path, below("/g/", ("401 Unauthorized", "", "")), "location /g/ { proxy_pass http://dash/; }\n", pool
    )
    machine.unit("grafana-server.service", process="grafana", sockets=[("tcp", "127.0.0.1", 3000)])
    (one,) = look(machine).found
    assert (one.interface.key, one.path) == ("grafana", "/g/")
    assert one.by[0].found == "sends on to grafana at port 3000"


@pytest.mark.parametrize(
    ("answer", "everywhere", "there"),
    [
        (led("/office/s3cret-9/login/?next=/office/s3cret-9/"), GONE, True),
        (("401 Unauthorized", 'WWW-Authenticate: Basic realm="x"\r\n', ""), GONE, True),
        (("403 Forbidden", "", "no"), GONE, True),
        (("403 Forbidden", "", "no"), ("403 Forbidden", "", "a wall"), False),
        (("200 OK", "", "a page"), GONE, False),
    ],
)
def test_a_project_of_django_with_a_hidden_administration(
    tmp_path: pathlib.Path, answer: Says, everywhere: Says, there: bool
) -> None:
    def says(path: str) -> Says:
        return answer if path.startswith("/office/s3cret-9/") else everywhere

    machine = nginx(tmp_path, says, "location / { proxy_pass http://unix:/run/shop.sock; }\n")
    machine.write(
        "/srv/shop/shop/settings.py", "INSTALLED_APPS = ['django.contrib.admin']\nROOT_URLCONF = 'shop.urls'\n"
    )
    machine.write("/srv/shop/shop/urls.py", "urlpatterns = [path('office/', include('back.urls'))]\n")
    machine.write("/srv/shop/back/urls.py", "urlpatterns = [path('s3cret-9/', admin.site.urls)]\n")
    machine.write("/srv/shop/venv/lib/urls.py", "urlpatterns = [path('no/', admin.site.urls)]\n")
    command = (
        "{ path=/srv/shop/venv/bin/gunicorn ; argv[]=/srv/shop/venv/bin/gunicorn shop.wsgi ; ignore_errors=no ; pid=0 }"
    )
    machine.unit("shop.service", properties={"WorkingDirectory": "/srv/shop", "ExecStart": command})
    found = look(machine).found
    assert [(one.interface.key, one.path) for one in found] == [("django", "/office/s3cret-9/")] * there
    for one in found:
        assert [each.source for each in one.by[:2]] == ["/srv/shop/shop/settings.py", "/srv/shop/back/urls.py"]


@pytest.mark.parametrize(
    ("written", "asked"), [("büro/", "/b%C3%BCro/"), ("a b\\r\\nHost: x/", "/a%20b%0D%0AHost:%20x/")]
)
def test_whatever_a_project_calls_it(tmp_path: pathlib.Path, written: str, asked: str) -> None:
    machine = nginx(tmp_path, below(asked, led(f"{asked}login/?next={asked}")))
    machine.write("/srv/shop/settings.py", "INSTALLED_APPS = ['django.contrib.admin']\n")
    machine.write("/srv/shop/urls.py", f"urlpatterns = [path('{written}', admin.site.urls)]\n")
    machine.write("/srv/shop/manage.py", "")
    command = "{ path=/srv/shop/run ; argv[]=/srv/shop/run ; ignore_errors=no ; pid=0 }"
    machine.unit("shop.service", properties={"WorkingDirectory": "/srv/shop", "ExecStart": command})
    assert places(look(machine)) == [("django", asked)]


def test_whole_sites_are_doubted_where_only_a_page_says_so(tmp_path: pathlib.Path) -> None:
    says = at({"/": led("/login"), "/login": GRAFANA})
    (page,) = look(nginx(tmp_path / "one", says)).found
    (header,) = look(nginx(tmp_path / "two", lambda path: JENKINS)).found
    assert page.doubt == "nothing but a page says that the whole site is Grafana"
    assert header.doubt == ""


def test_what_does_not_answer_is_not_looked_at(tmp_path: pathlib.Path) -> None:
    machine = nginx(tmp_path, lambda path: GONE)
    machine.servers[80] = lambda connection: None
    looked = look(machine)
    assert looked.found == ()
    assert [subject for subject, _why in looked.unseen] == ["shop.example.org (nginx.service 80/tcp)"]


def test_what_is_not_asked_in_time_is_said(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(path: str) -> Says:
        time.sleep(0.2)
        return GONE

    monkeypatch.setattr(find, "SECONDS", 0.3)
    ((_subject, why),) = look(nginx(tmp_path / "one", slow)).unseen
    assert why.startswith("it answers slowly, and ")
    monkeypatch.setattr(find, "SECONDS", -1)
    ((_subject, why),) = look(nginx(tmp_path / "two", below("/phpmyadmin/", PMA))).unseen
    assert why == "others answer so slowly that it was not asked in time"


def test_a_site_is_asked_for_so_many_paths_and_by_one_of_its_names(tmp_path: pathlib.Path) -> None:
    asked: list[str] = []

    def says(path: str) -> Says:
        asked.append(path)
        return GONE

    locations = "".join(f"location /{number}/ {{ proxy_pass http://192.0.2.9; }}\n" for number in range(500))
    look(nginx(tmp_path, says, f"server_name a.example.org b.example.org;\n{locations}"))
    assert len(asked) == len(set(asked)) <= find.MOST + 1


def test_other_ports_are_not_asked(tmp_path: pathlib.Path) -> None:
    """Nobody knows what a request would do there."""
    asked: list[int] = []

    def unknown(connection: socket.socket) -> None:
        asked.append(1)

    machine = nginx(tmp_path, lambda path: GONE)
    machine.unit("unknown.service", process="unknown", sockets=[("tcp", "0.0.0.0", 8080)])
    machine.servers[8080] = unknown
    look(machine)
    assert asked == []


HAPROXY = """defaults
  mode http
frontend web
  bind *:80
  acl tools hdr(host) -i tools.example.org
  use_backend tools if tools
  default_backend shop
backend tools
  server a 192.0.2.9:80
backend shop
  server b 192.0.2.10:80
"""


def haproxy(root: pathlib.Path, config: str) -> Machine:
    """HAProxy that leads one name to Jenkins, and all others to a shop."""
    machine = Machine(root)
    machine.write("/etc/haproxy/haproxy.cfg", config)
    machine.unit("haproxy.service", process="haproxy", sockets=[("tcp", "0.0.0.0", 80)])

    def serve(connection: socket.socket) -> None:
        asked = connection.recv(8192).decode()
        status, headers, body = JENKINS if "host: tools.example.org" in asked.lower() else GONE
        connection.sendall(f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n{body}".encode())

    machine.servers[80] = serve
    return machine


def test_haproxy_is_asked_by_the_names_that_it_tells_apart(tmp_path: pathlib.Path) -> None:
    (one,) = look(haproxy(tmp_path, HAPROXY)).found
    assert one.subject == "Jenkins at http://tools.example.org/ (haproxy.service)"
    assert one.doubt.startswith("what HAProxy shuts it shuts for all names")
    unnamed = "\n".join(line for line in HAPROXY.split("\n") if "tools" not in line or "backend tools" in line)
    assert look(haproxy(tmp_path / "two", unnamed)).found == ()
