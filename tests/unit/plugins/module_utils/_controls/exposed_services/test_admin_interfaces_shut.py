# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pattern that shuts a path, and how what is written shuts it: nginx, Apache httpd and HAProxy as they were tried."""

from __future__ import annotations

import ipaddress
import pathlib
import re
import time
import types
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import nginx_locations, vhosts
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import (
    apache,
    apache_access,
    haproxy,
    nginx,
    spellings,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    Admission,
    Found,
    Interface,
    Mark,
    Shut,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import EditFile, WriteFile
from ansible_collections.infosec.principles.plugins.module_utils._engine.requests import Request
from ansible_collections.infosec.principles.plugins.module_utils._formats import nginx_conf
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine

LAB = Interface("lab", "Lab admin", (Mark(body=b"LAB"),), "by hand")
FILES = {
    "nginx": "/etc/nginx/nginx.conf",
    "apache2": "/etc/apache2/apache2.conf",
    "haproxy": "/etc/haproxy/haproxy.cfg",
}
SERVERS: dict[str, types.ModuleType] = {"nginx": nginx, "apache2": apache, "haproxy": haproxy}


# Spellings


def fits(path: str, asked: str) -> bool:
    # Python before 3.11 knows no possessive repetition, which changes how long it takes and not what fits.
    return bool(re.search(spellings.pattern(path).replace("*+", "*"), asked))


@pytest.mark.parametrize(
    "asked",
    [
        "/manager/html",
        "/manager/html/list",
        "/manager/html?q",
        "/manager/html#x",
        "/MANAGER/Html",
        "//manager///html",
        "/./manager/./html",
        "/%6danager/html",
        "/%4Danager/html",
        "/%256danager/html",
        "/%25256danager/html",
        "/manager%2fhtml",
        "/manager%252Fhtml",
        "/manager;x=y/html",
        "/manager%3bx/html;jsessionid=1",
        "/;x/manager/html",
        "/.;x/manager/html",
        "/x/../manager/html",
        "/x/..;/manager/html",
        "/x/..;a=b/manager/y/../html",
        "/x/%2e%2e/manager/html",
        "/x/%252e%252e;/manager/html",
        "/.well-known/acme-challenge/..;/..;/manager/html",
        "/manager/html%00.png",
        "/manager/html\n",
    ],
)
def test_a_path_is_the_same_however_it_is_written(asked: str) -> None:
    assert fits("/manager/html", asked)


@pytest.mark.parametrize(
    "asked",
    [
        "/",
        "/manager",
        "/managers/html",
        "/manager/htmlx",
        "/x/manager/html",
        "/manager/x/html",
        "/?/manager/html",
        "/.x/",
    ],
)
def test_other_paths_are_none_of_it(asked: str) -> None:
    assert not fits("/manager/html", asked)


@pytest.mark.parametrize(
    "asked", ["/", "/x", "/.well-known/acme-challenge/..;/x", "/.well-known/acme-challenge/", "//x"]
)
def test_a_whole_site_is_shut(asked: str) -> None:
    assert fits("/", asked)


def test_authorities_still_prove_who_has_a_name() -> None:
    assert not fits("/", "/.well-known/acme-challenge/tok-1_A")


def test_a_path_that_no_rule_can_be_written_for_is_refused() -> None:
    with pytest.raises(Refused, match="by hand"):
        spellings.pattern('/caf\u00e9"/')


@pytest.mark.parametrize("evil", ["/" + ";a%3b" * 5000, "/" + "%2f" * 10000, "/./" * 10000, "/..;/manage" * 2000])
def test_no_path_takes_long(evil: str) -> None:
    begin = time.monotonic()
    assert not fits("/manager/html", evil)
    assert time.monotonic() - begin < 2


def test_each_other_way_to_ask_fits() -> None:
    assert all(fits("/wp-login.php", one) for one in spellings.others("/wp-login.php"))
    assert len(spellings.others("/wp-login.php")) == 4


def test_what_closes_a_path_closes_all_below() -> None:
    assert spellings.fits(spellings.pattern("/manager"), "/manager/html")
    assert not spellings.fits(spellings.pattern("/manager/html"), "/manager/")


# The servers


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> Machine:
    found = Machine(tmp_path)
    found.programs["env"] = lambda argv, stdin: Completed(0, "", "")
    return found


def run(machine: Machine, program: str, text: str, address: str = "0.0.0.0") -> None:
    machine.write(FILES[program], text)
    machine.unit(f"{program}.service", process=program, sockets=[("tcp", address, 80), ("tcp", address, 8080)])


def found(machine: Machine, path: str = "/admin/", *, name: str = "shop.example.org", port: int = 80) -> Found:
    sites = vhosts.read(machine.host())
    assert not sites.problems
    at = next(one for one in sites.all if one.port == port and one.name in (name, ""))
    return Found(LAB, at, path, ())


def admits(machine: Machine, program: str, path: str = "/admin/", **where: t.Any) -> tuple[str, ...]:
    told: Admission = SERVERS[program].admission(machine.host(), found(machine, path, **where))
    return told.networks


def plan(machine: Machine, program: str, clients: tuple[str, ...] = (), path: str = "/admin/") -> tuple[Change, ...]:
    told: tuple[Change, ...] = SERVERS[program].plan(machine.host(), [Shut(found(machine, path), clients)])
    return told


def plan_for_all(machine: Machine, program: str) -> tuple[Change, ...]:
    machine.servers[80] = _answer
    return plan(machine, program, ("any",))


def write(machine: Machine, changes: t.Iterable[Change]) -> None:
    for change in changes:
        if isinstance(change, (WriteFile, EditFile)):
            change.apply(machine.host(), tag="test")


def site(inside: str, around: str = "") -> str:
    return f"http {{\ninclude conf.d/*.conf;\n{around}\nserver {{\nlisten 80;\nserver_name shop.example.org;\n{inside}\n}}\n}}\n"


def vhost(*lines: str, main: str = "") -> str:
    inside = "\n".join(lines)
    head = "LoadModule authz_core_module x\nListen 80\nIncludeOptional conf-enabled/*.conf\n"
    return f"{head}{main}\n<VirtualHost *:80>\nServerName shop.example.org\n{inside}\n</VirtualHost>\n"


def frontend(*lines: str, defaults: str = "") -> str:
    inside = "".join(f"    {line}\n" for line in lines)
    return f"global\ndefaults\n    mode http\n    {defaults}\nfrontend web\n    bind :80\n{inside}    default_backend app\nbackend app\n"


PLAIN = {"nginx": site("root /srv;"), "apache2": vhost("DocumentRoot /srv"), "haproxy": frontend()}


@pytest.mark.parametrize("program", PLAIN)
class TestEach:
    def test_shut_lets_nobody_in_and_stays(self, machine: Machine, program: str) -> None:
        run(machine, program, PLAIN[program])
        assert admits(machine, program) == ("any",)
        write(machine, plan(machine, program))
        assert admits(machine, program) == ()
        assert admits(machine, program, "/admin/login") == ()
        assert admits(machine, program, "/administration/") == ("any",)
        assert plan(machine, program) == ()

    def test_declared_clients_get_in_and_nobody_else(self, machine: Machine, program: str) -> None:
        run(machine, program, PLAIN[program])
        write(machine, plan(machine, program, ("192.0.2.9/24", "2001:db8::/32")))
        assert admits(machine, program) == ("192.0.2.0/24", "2001:db8::/32")
        assert plan(machine, program, ("2001:db8::/32", "192.0.2.0/24")) == ()

    def test_other_clients_change_the_same_place(self, machine: Machine, program: str) -> None:
        run(machine, program, PLAIN[program])
        write(machine, plan(machine, program, ("192.0.2.0/24",)))
        (written,) = (
            one for one in plan(machine, program, ("198.51.100.7",)) if isinstance(one, (WriteFile, EditFile))
        )
        write(machine, [written])
        assert admits(machine, program) == ("198.51.100.7/32",)

    def test_what_was_shut_is_known_by_our_own_words(self, machine: Machine, program: str) -> None:
        run(machine, program, PLAIN[program])
        at = found(machine).at
        assert SERVERS[program].kept(machine.host(), at) == ()
        assert SERVERS[program].left(found(machine)) is None
        write(machine, plan(machine, program, ("192.0.2.0/24",)))
        write(machine, plan(machine, program, path="/manager/"))
        told = SERVERS[program].kept(machine.host(), found(machine).at)
        assert sorted((one.title, one.path) for one in told) == [("Lab admin", "/admin/"), ("Lab admin", "/manager/")]
        assert SERVERS[program].left(found(machine)).networks() == ["192.0.2.0/24"]
        assert SERVERS[program].left(found(machine, "/manager/")).networks() == []

    def test_it_is_opened_to_all_again(self, machine: Machine, program: str) -> None:
        run(machine, program, PLAIN[program])
        write(machine, plan(machine, program))
        write(machine, [one for one in plan_for_all(machine, program) if not isinstance(one, Request)])
        assert admits(machine, program) == ("any",)

    def test_a_second_path_leaves_the_first_shut(self, machine: Machine, program: str) -> None:
        run(machine, program, PLAIN[program])
        write(machine, plan(machine, program))
        write(machine, plan(machine, program, path="/manager/"))
        assert admits(machine, program) == admits(machine, program, "/manager/") == ()

    def test_taken_back_it_is_what_it_was(self, machine: Machine, program: str) -> None:
        run(machine, program, PLAIN[program])
        before = machine.state()
        changes = [one for one in plan(machine, program, ("192.0.2.0/24",)) if isinstance(one, (WriteFile, EditFile))]
        kept = []
        for one in changes:
            kept.append(one.capture(machine.host()))
            one.apply(machine.host(), tag="test")
        assert machine.state() != before
        for one, captured in reversed(list(zip(changes, kept))):
            one.revert(machine.host(), captured, tag="test")
        assert machine.state() == before

    def test_it_is_proved_by_requests(self, machine: Machine, program: str) -> None:
        run(machine, program, PLAIN[program])
        proofs = [one for one in plan(machine, program) if isinstance(one, Request)]
        assert [one.path for one in proofs][:2] == ["/admin/", "//admin/"]
        assert {one.statuses for one in proofs} <= {(403,), (403, 404, 410)}

    def test_a_broken_configuration_is_left_alone(self, machine: Machine, program: str) -> None:
        run(machine, program, PLAIN[program])
        machine.programs["env"] = lambda argv, stdin: Completed(1, "", "in /etc/x.conf:7\n")
        with pytest.raises(Refused, match=r"/etc/x\.conf:7"):
            plan(machine, program)

    def test_clients_that_are_no_networks_are_refused(self, machine: Machine, program: str) -> None:
        run(machine, program, PLAIN[program])
        with pytest.raises(Refused, match="no networks"):
            plan(machine, program, ("somebody",))

    def test_loopback_alone_lets_nobody_in(self, machine: Machine, program: str) -> None:
        run(machine, program, PLAIN[program], "127.0.0.1")
        assert admits(machine, program) == ()


def test_whoever_is_declared_on_this_host_still_gets_in(machine: Machine) -> None:
    run(machine, "nginx", PLAIN["nginx"])
    machine.servers[80] = _answer
    proofs = [one for one in plan(machine, "nginx", ("127.0.0.0/8",)) if isinstance(one, Request)]
    assert [(one.path, 200 in one.statuses, 403 in one.statuses) for one in proofs] == [("/admin/", True, False)]


def _answer(connection: t.Any) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
    connection.close()


# nginx


@pytest.mark.parametrize(
    ("inside", "networks"),
    [
        ("location /admin { allow 192.0.2.0/24; deny all; }", ("192.0.2.0/24",)),
        ("location /admin { deny all; }", ()),
        ("location /admin { allow 127.0.0.1; deny all; }", ()),
        ("allow 192.0.2.7; deny all; location / { root /srv; }", ("192.0.2.7/32",)),
        ("deny all; location /admin { allow all; }", ("any",)),
        ("location /admin/ { deny all; } location ~ \\.php$ { root /srv; }", ("any",)),
        ("location ^~ /admin/ { deny all; } location ~ \\.php$ { root /srv; }", ()),
        ("location ^~ /admin/ { deny all; location /admin/open/ { allow all; } }", ("any",)),
        ("satisfy any; auth_basic x; location ^~ /admin/ { allow 192.0.2.7; deny all; }", ("any",)),
        ("satisfy all; auth_basic x; location ^~ /admin/ { allow 192.0.2.7; deny all; }", ("192.0.2.7/32",)),
        ("location ^~ /admin/ { return 404; }", ()),
        ("return 403;", ()),
        ("set_real_ip_from 0.0.0.0/0; location ^~ /admin/ { allow 192.0.2.7; deny all; }", ("any",)),
        ("set_real_ip_from 0.0.0.0/0; location ^~ /admin/ { deny all; }", ()),
    ],
)
def test_whom_nginx_lets_in(machine: Machine, inside: str, networks: tuple[str, ...]) -> None:
    run(machine, "nginx", site(inside))
    assert admits(machine, "nginx") == networks


def test_whoever_is_denied_alone_is_left_out(machine: Machine) -> None:
    run(machine, "nginx", site("location /admin { deny 192.0.0.0/3; deny 224.0.0.0/3; }"))
    told = admits(machine, "nginx")
    assert "64.0.0.0/3" in told
    assert not any(one.startswith(("192.", "224.")) for one in told)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/", ["/"]),
        ("/a", ["= /a"]),
        ("/a/b", ["/a/"]),
        ("/a/x.php", ["/a/", "~ x"]),
        ("/b/x.php", ["~ \\.php$"]),
        ("/c/x.php", ["^~ /c/"]),
        ("/c/d/x.php", ["^~ /c/", "/c/d/"]),
        ("/B/X.GIF", ["~* \\.gif$"]),
    ],
)
def test_which_location_takes_a_path(path: str, names: list[str]) -> None:
    text = (
        "location / {} location = /a {} location /a/ { location ~ x {} } location ^~ /c/ { location /c/d/ {} } "
        "location ~ [ {} location ~ \\.php$ {} location ~* \\.gif$ {}"
    )
    tree = nginx_conf.parse("/x", lambda path: text, lambda pattern: [pattern])
    assert [" ".join(one.arguments) for one in nginx_locations.chosen(tree, path)] == names


def test_nginx_is_shut_before_anything_of_the_server(machine: Machine) -> None:
    run(machine, "nginx", site("rewrite ^/a /b last;\nroot /srv;"))
    write(machine, plan(machine, "nginx"))
    text = machine.path(FILES["nginx"]).read_text()
    assert text.index("server_name") < text.index("$infosec_admin_") < text.index("rewrite")


def test_nginx_is_shut_before_what_stands_before_the_name(machine: Machine) -> None:
    run(
        machine,
        "nginx",
        "http {\ninclude conf.d/*.conf;\nserver {\nlisten 80;\nset $x 1;\nserver_name shop.example.org;\n}\n}\n",
    )
    write(machine, plan(machine, "nginx"))
    text = machine.path(FILES["nginx"]).read_text()
    assert text.index("$infosec_admin_") < text.index("set $x")


@pytest.mark.parametrize(
    ("rewrite", "count"),
    [
        ("rewrite ^/jump/(.*)$ /admin/$1 last;", 3),
        ("rewrite ^/jump/(.*)$ /$1 last;", 3),
        ("rewrite ^/jump/(.*)$ $1 last;", 3),
        ("rewrite ^/jump/(.*)$ /new/$1 last;", 1),
        ("rewrite ^/jump/(.*)$ https://x/$1 redirect;", 1),
        ("rewrite ^/admin/(.*)$ /admin/index.php?$1 last;", 1),
        ("rewrite ^ /index.php last;", 1),
    ],
)
def test_where_a_rewrite_leads_to_the_path_its_locations_are_shut_too(
    machine: Machine, rewrite: str, count: int
) -> None:
    run(machine, "nginx", site(f"location /jump {{\n{rewrite}\n}}\nlocation /app {{\nproxy_pass http://a;\n}}"))
    write(machine, plan(machine, "nginx"))
    assert machine.path(FILES["nginx"]).read_text().count("$infosec_admin_") == count


@pytest.mark.parametrize(
    ("pages", "status"),
    [
        ("error_page 403 /403.html;", "403"),
        ("error_page 403 =200 /x.html;", "404"),
        ("error_page 403 404 https://login.example.org/;", "410"),
        ("error_page 404 = @app;", "403"),
    ],
)
def test_a_refusal_stays_one(machine: Machine, pages: str, status: str) -> None:
    run(machine, "nginx", site(pages))
    write(machine, plan(machine, "nginx"))
    assert f"return {status};" in machine.path(FILES["nginx"]).read_text()


def test_where_every_refusal_is_another_answer_there_is_no_fix(machine: Machine) -> None:
    run(machine, "nginx", site("error_page 403 404 410 =200 /x.html;"))
    with pytest.raises(Refused, match="error_page"):
        plan(machine, "nginx")


@pytest.mark.parametrize(
    "inside",
    ["set_real_ip_from ::/0;", "location / { set_real_ip_from 192.0.2.1; }", "set_real_ip_from 0.0.0.0/0;"],
)
def test_nginx_does_not_admit_by_an_address_that_anybody_may_claim(machine: Machine, inside: str) -> None:
    run(machine, "nginx", site(inside))
    with pytest.raises(Refused, match="address"):
        plan(machine, "nginx", ("192.0.2.0/24",))
    assert plan(machine, "nginx")


def test_a_snippet_that_would_not_be_read_is_included(machine: Machine) -> None:
    run(machine, "nginx", PLAIN["nginx"].replace("include conf.d/*.conf;\n", ""))
    write(machine, plan(machine, "nginx"))
    assert admits(machine, "nginx") == ()
    assert plan(machine, "nginx") == ()


def test_a_new_port_of_a_server_does_not_shut_its_clients_out(machine: Machine) -> None:
    run(machine, "nginx", PLAIN["nginx"])
    write(machine, plan(machine, "nginx"))
    text = machine.path(FILES["nginx"]).read_text().replace("listen 80;", "listen 80; listen 8080;")
    machine.write(FILES["nginx"], text)
    write(machine, plan(machine, "nginx", ("192.0.2.0/24",)))
    assert admits(machine, "nginx") == ("192.0.2.0/24",)


# Apache httpd


ADMIN = "<Location /admin>\n{}\n</Location>"


@pytest.mark.parametrize(
    ("lines", "networks"),
    [
        ((ADMIN.format("Require ip 192.0.2.0/24"),), ("192.0.2.0/24",)),
        ((ADMIN.format("Require ip 192.0.2 2001:db8::/32"),), ("192.0.2.0/24", "2001:db8::/32")),
        ((ADMIN.format("Require local"),), ()),
        ((ADMIN.format("Require all denied"),), ()),
        ((ADMIN.format("Require valid-user"),), ("any",)),
        ((ADMIN.format("Require ip 192.0.2.7\nRequire valid-user"),), ("any",)),
        ((ADMIN.format("<RequireAll>\nRequire ip 192.0.2.7\nRequire valid-user\n</RequireAll>"),), ("192.0.2.7/32",)),
        (
            (ADMIN.format("<RequireAll>\nRequire ip 192.0.2.0/31\nRequire not ip 192.0.2.1\n</RequireAll>"),),
            ("192.0.2.0/32",),
        ),
        ((ADMIN.format("Require ip 192.0.2.7"), ADMIN.format("Require all granted")), ("any",)),
        ((ADMIN.format("Order deny,allow\nDeny from all\nAllow from 192.0.2.7"),), ("192.0.2.7/32",)),
        ((ADMIN.format("Order allow,deny\nAllow from 192.0.2.7"),), ("192.0.2.7/32",)),
        ((ADMIN.format("Order allow,deny\nAllow from all\nRequire ip 192.0.2.7"),), ("192.0.2.7/32",)),
        ((ADMIN.format("Order allow,deny\nAllow from all\nRequire ip 192.0.2.7\nSatisfy any"),), ("any",)),
        (("<Directory /srv/admin>\nRequire all denied\n</Directory>", "DocumentRoot /srv"), ()),
        (
            ("<Directory /srv/admin>\nRequire all denied\n</Directory>", "DocumentRoot /srv", "ProxyPass / http://a/"),
            ("any",),
        ),
        (("Alias /admin /opt/x", "<Directory /opt/x>\nRequire ip 192.0.2.7\n</Directory>"), ("192.0.2.7/32",)),
        (('<LocationMatch "^/adm">\nRequire ip 192.0.2.7\n</LocationMatch>',), ("192.0.2.7/32",)),
        (("<Files index.php>\nRequire all denied\n</Files>", "DocumentRoot /srv"), ("any",)),
        (("RemoteIPHeader X-Forwarded-For", ADMIN.format("Require ip 192.0.2.7")), ("any",)),
        (
            ("RemoteIPHeader X-Forwarded-For", "RemoteIPInternalProxy 192.0.2.1", ADMIN.format("Require ip 192.0.2.7")),
            ("192.0.2.7/32",),
        ),
    ],
)
def test_whom_apache_lets_in(machine: Machine, lines: tuple[str, ...], networks: tuple[str, ...]) -> None:
    run(machine, "apache2", vhost(*lines))
    assert admits(machine, "apache2") == networks


def test_none_of_those_that_apache_requires_not_to_come(machine: Machine) -> None:
    run(machine, "apache2", vhost(ADMIN.format("<RequireNone>\nRequire ip 0.0.0.0/0 8000::/1\n</RequireNone>")))
    told = admits(machine, "apache2")
    assert "4000::/2" in told
    assert not any(ipaddress.ip_network(one).overlaps(ipaddress.ip_network("8000::/1")) for one in told if ":" in one)
    assert not any("." in one for one in told)


@pytest.mark.parametrize(("overrides", "networks"), [("All", ("192.0.2.7/32",)), ("None", ("any",))])
def test_what_a_folder_says_of_itself(machine: Machine, overrides: str, networks: tuple[str, ...]) -> None:
    machine.write("/srv/admin/.htaccess", "Require ip 192.0.2.7\n")
    folder = f"<Directory /srv>\nAllowOverride {overrides}\nRequire all granted\n</Directory>"
    run(machine, "apache2", vhost("DocumentRoot /srv", folder))
    assert admits(machine, "apache2") == networks


def test_the_section_is_the_last_of_its_virtual_host(machine: Machine) -> None:
    run(machine, "apache2", vhost(ADMIN.format("Require all granted")))
    write(machine, plan(machine, "apache2"))
    lines = machine.path(FILES["apache2"]).read_text().splitlines()
    assert lines[-1] == "</VirtualHost>"
    assert lines[-2].startswith("    Include /etc/apache2/infosec-admin-")


def test_a_password_is_still_asked_of_declared_clients(machine: Machine) -> None:
    run(machine, "apache2", vhost(ADMIN.format("Require valid-user")))
    changes = plan(machine, "apache2", ("192.0.2.0/24", "2001:db8::/32"))
    (text,) = (one.after for one in changes if isinstance(one, WriteFile))
    assert "<If \"! -R '192.0.2.0/24' && ! -R '2001:db8::/32'\">" in str(text)
    assert "Require ip" not in str(text)


def test_an_alias_of_the_main_server_is_told_for_the_other_virtual_hosts(machine: Machine) -> None:
    other = "<VirtualHost *:8080>\nServerName other.example.org\n</VirtualHost>\n"
    run(machine, "apache2", vhost(main="Listen 8080\nAlias /admin /opt/x\n") + other)
    write(machine, plan(machine, "apache2"))
    told = apache.admission(machine.host(), found(machine))
    assert any("other.example.org" in one.found for one in told.evidence)
    assert admits(machine, "apache2", name="other.example.org", port=8080) == ("any",)


def test_a_main_server_alone_has_a_file_of_its_own(machine: Machine) -> None:
    run(machine, "apache2", "Listen 80\nDocumentRoot /srv\nIncludeOptional conf-enabled/*.conf\n")
    changes = plan(machine, "apache2")
    first = next(one for one in changes if isinstance(one, (WriteFile, EditFile)))
    assert first.path.startswith("/etc/apache2/conf-enabled/")
    write(machine, changes)
    assert admits(machine, "apache2") == ()


def test_a_main_server_beside_virtual_hosts_is_left_to_people(machine: Machine) -> None:
    run(machine, "apache2", vhost(main="Listen 8080\n"))
    with pytest.raises(Refused, match="VirtualHost"):
        apache.plan(machine.host(), [Shut(found(machine, name="", port=8080))])


def test_apache_does_not_admit_by_an_address_that_anybody_may_claim(machine: Machine) -> None:
    run(machine, "apache2", vhost("RemoteIPHeader X-Forwarded-For"))
    with pytest.raises(Refused, match="RemoteIPInternalProxy"):
        plan(machine, "apache2", ("192.0.2.0/24",))
    assert plan(machine, "apache2")


def test_parts_of_an_address_are_a_network() -> None:
    assert apache_access._addresses("10.1").networks() == ["10.1.0.0/16"]
    assert apache_access._addresses("10.1.0.0/255.255.0.0").networks() == ["10.1.0.0/16"]


# HAProxy


@pytest.mark.parametrize(
    ("rules", "networks"),
    [
        (("http-request deny if { path_beg /admin } !{ src 192.0.2.0/24 }",), ("192.0.2.0/24",)),
        (("http-request deny if { path_beg -i /ADMIN } !{ src 192.0.2.0/24 }",), ("192.0.2.0/24",)),
        (("acl a path_beg /admin", "acl o src 192.0.2.7", "http-request deny if a !o"), ("192.0.2.7/32",)),
        (("acl a path_beg /x", "acl a path_beg /admin", "http-request deny if a"), ()),
        (("acl o src 192.0.2.7", "http-request deny unless o"), ("192.0.2.7/32",)),
        (("http-request deny unless { src 192.0.2.7 } or { path_beg /x }",), ("192.0.2.7/32",)),
        (("http-request deny if { path_beg /x }",), ("any",)),
        (("http-request deny if { path_beg /admin } { hdr(host) x }",), ("any",)),
        (("http-request deny if { path_beg /admin } ! { src 192.0.2.7 }",), ("any",)),
        (("http-request deny if { path_beg /admin } !{ src -f /x.lst }",), ("any",)),
        (("http-request allow if { src 192.0.2.7 }", "http-request deny"), ("192.0.2.7/32",)),
        (("http-request allow if { hdr(x) y }", "http-request deny"), ("any",)),
        (("tcp-request connection reject unless { src 192.0.2.7 }",), ("192.0.2.7/32",)),
        (("http-request deny if { path -m reg ^/adm }",), ()),
        (("http-request deny if { path -m dir admin }",), ()),
        (("http-request set-src hdr(x)", "http-request deny unless { src 192.0.2.7 }"), ("any",)),
    ],
)
def test_whom_haproxy_lets_in(machine: Machine, rules: tuple[str, ...], networks: tuple[str, ...]) -> None:
    run(machine, "haproxy", frontend(*rules))
    assert admits(machine, "haproxy") == networks


def test_rules_of_the_defaults_count_for_a_section(machine: Machine) -> None:
    run(machine, "haproxy", frontend(defaults="http-request deny unless { src 192.0.2.7 }"))
    assert admits(machine, "haproxy") == ("192.0.2.7/32",)


def test_the_line_stands_before_the_other_rules_of_its_section(machine: Machine) -> None:
    run(machine, "haproxy", frontend("http-request allow if { path_beg /a }"))
    write(machine, plan(machine, "haproxy"))
    lines = machine.path(FILES["haproxy"]).read_text().splitlines()
    assert lines[lines.index("frontend web") + 1].startswith(f"    {haproxy.DENY} if {{ path -m reg '(?is)")


def test_the_line_follows_what_tells_who_the_client_is(machine: Machine) -> None:
    told = "http-request set-src hdr(x) if { src 192.0.2.1 }"
    run(machine, "haproxy", frontend(told))
    write(machine, plan(machine, "haproxy", ("198.51.100.0/24",)))
    lines = machine.path(FILES["haproxy"]).read_text().splitlines()
    assert haproxy.DENY in lines[lines.index(f"    {told}") + 1]


@pytest.mark.parametrize(
    ("text", "clients", "why"),
    [
        (frontend("http-request set-src hdr(x)"), ("192.0.2.0/24",), "believed"),
        (frontend(defaults="http-request allow if { path_beg /a }"), (), "defaults"),
        (frontend(), tuple(f"192.0.{number}.1" for number in range(60)), "longer"),
    ],
)
def test_what_haproxy_cannot_be_told_is_left_to_people(
    machine: Machine, text: str, clients: tuple[str, ...], why: str
) -> None:
    run(machine, "haproxy", text)
    with pytest.raises(Refused, match=why):
        plan(machine, "haproxy", clients)
