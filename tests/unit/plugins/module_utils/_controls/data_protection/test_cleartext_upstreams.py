# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What proxies are read to send on, and what becomes of it; fixes and undoing are in pairs/cleartext_upstreams.py."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection import cleartext_upstreams
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._upstreams.model import (
    literal,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed
from ansible_collections.infosec.principles.tests.unit.pairs import cleartext_upstreams as pairs
from ansible_collections.infosec.principles.tests.unit.pairs import played_web
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine

PORT = pairs.PORT
OPTIONS: dict[str, t.Any] = {"services": [], "certificate_folder": "/etc/ssl/infosec", "upstreams": []}


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> Machine:
    machine = Machine(tmp_path)
    pairs.world(machine)
    return machine


def nginx(machine: Machine, text: str) -> None:
    machine.write("/etc/nginx/nginx.conf", text)
    machine.unit("nginx.service", process="nginx", sockets=[("tcp", "127.0.0.1", PORT)])


def server(inside: str, listen: str = f"{PORT} ssl") -> str:
    return f"server {{ listen {listen}; server_name shop.example.org; {inside} }}\n"


def findings(machine: Machine, **options: t.Any) -> list[Finding]:
    return list(cleartext_upstreams.assess(machine.host(), {**OPTIONS, **options}))


def statuses(machine: Machine, **options: t.Any) -> dict[str, str]:
    return {f"{one.rule.name} {one.subject}": one.status for one in findings(machine, **options)}


def encrypted(machine: Machine, **options: t.Any) -> Finding:
    (found,) = (one for one in findings(machine, **options) if one.rule.name == "encrypted")
    return found


@pytest.mark.parametrize(
    ("inside", "status", "said"),
    [
        ("location / { proxy_pass http://app; }", "fail", "http://app:80"),
        ("location / { proxy_pass http://[2001:db8::1]:81/x; }", "fail", "http://[2001:db8::1]:81"),
        ("location / { if ($x) { proxy_pass http://app; } }", "fail", "http://app:80"),
        ("location / { grpc_pass app:50051; }", "fail", "grpc://app:50051"),
        ("location / { fastcgi_pass app:9000; }", "fail", "fastcgi://app:9000"),
        ("location / { uwsgi_pass app:3031; }", "fail", "uwsgi://app:3031"),
        ("set $app http://app:81; location / { proxy_pass $app; }", "fail", "http://app:81"),
        ("location / { proxy_pass http://app$request_uri; }", "fail", "http://app:80"),
        ("location / { proxy_pass http://$backend; }", "not_assessed", "is known only while it runs"),
        ("location / { proxy_pass http://me:secret@app/; }", "not_assessed", "is known only while it runs"),
        ("location / { proxy_pass http://unix:/run/app.sock:/; }", "pass", ""),
        ("location / { fastcgi_pass unix:/run/php.sock; }", "pass", ""),
        ("location / { proxy_pass http://127.0.0.1:8080; }", "pass", ""),
        ("location / { proxy_pass https://app; }", "pass", ""),
    ],
)
def test_what_nginx_sends_on(machine: Machine, inside: str, status: str, said: str) -> None:
    nginx(machine, f"http {{ {server(inside)} }}")
    found = encrypted(machine)
    assert (found.status, found.subject) == (status, f"nginx.service shop.example.org:{PORT} /")
    assert "secret" not in f"{found.message} {found.evidence}"
    assert said in found.message


def test_the_servers_of_an_upstream_block(machine: Machine) -> None:
    block = "upstream pool { server app:81 weight=2; server 127.0.0.1:81; server unix:/run/x; keepalive 2; }"
    nginx(machine, f"http {{ {block} {server('location /a { proxy_pass http://pool; }')} }}")
    found = encrypted(machine)
    assert found.status == "fail" and "http://app:81" in found.message and "127.0.0.1" not in found.message
    assert found.subject == f"nginx.service shop.example.org:{PORT} /a"


def test_a_server_in_clear_is_judged_where_the_register_says_that_its_clients_use_tls(machine: Machine) -> None:
    nginx(machine, f"http {{ {server('location / { proxy_pass http://app; }', listen=str(PORT))} }}")
    ports = [{"first": PORT, "last": PORT, "protocol": "tcp"}]
    entry = {"name": "shop", "ports": ports, "clients": ["any"], "tls": "required"}
    assert set(statuses(machine).values()) == {"not_applicable"}
    assert encrypted(machine, services=[entry]).status == "fail"
    assert set(statuses(machine, services=[{**entry, "tls": "none"}]).values()) == {"not_applicable"}


def test_a_stream_that_ends_tls(machine: Machine) -> None:
    nginx(machine, f"stream {{ server {{ listen {PORT} ssl; proxy_pass app:5432; }} }}")
    found = encrypted(machine)
    assert found.status == "fail" and "tcp://app:5432" in found.message and not found.fix


def test_a_name_that_is_not_known_here(machine: Machine) -> None:
    machine.programs["getent"] = lambda argv, stdin: Completed(2, "", "")
    nginx(machine, f"http {{ {server('location / { proxy_pass http://gone; }')} }}")
    found = encrypted(machine)
    assert found.status == "not_assessed" and "does not know the address of gone" in found.message


def test_a_configuration_that_cannot_be_read(machine: Machine) -> None:
    nginx(machine, "http {")
    assert set(statuses(machine).values()) == {"not_assessed"}


def test_a_proxy_in_a_container_has_other_files(machine: Machine) -> None:
    nginx(machine, f"http {{ {server('location / { proxy_pass http://app; }')} }}")
    (cgroup,) = machine.root.glob("proc/1[0-9]*/cgroup")
    cgroup.write_text(f"0::/system.slice/docker-{'a' * 64}.scope\n", encoding="utf-8")
    assert "in a container (docker)" in findings(machine)[0].message
    assert set(statuses(machine).values()) == {"not_assessed"}


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        ("location ~ x { proxy_pass http://app.example.org:8443; }", "no request could be made up"),
        ("location / { if ($x) { proxy_pass http://app.example.org:8443; } }", "no location of its own"),
        ("location / { fastcgi_pass app.example.org:8443; }", "no safe way to do it by itself in this protocol"),
        ("location / { proxy_pass http://192.0.2.10:8443; }", "no name that a certificate could be verified by"),
        ("set $a http://app.example.org:8443; location / { proxy_pass $a; }", "made of variables"),
        (
            "location / { proxy_pass http://app.example.org:8443; proxy_redirect http://app.example.org:8443/ /; }",
            "names the address as well",
        ),
    ],
)
def test_why_nothing_is_changed(machine: Machine, inside: str, why: str) -> None:
    nginx(machine, f"http {{\n{server(inside)}}}\n")
    found = encrypted(machine)
    assert found.status == "fail" and not found.fix and why in found.message and found.remedy


def test_a_page_that_is_an_error_already_proves_nothing(machine: Machine) -> None:
    machine.servers[PORT] = played_web.page("502 Bad Gateway", secured=played_web.context("shop.example.org"))
    nginx(machine, f"http {{\n{server('location / { proxy_pass http://app.example.org:8443; }')}}}\n")
    found = encrypted(machine)
    assert not found.fix and "its answer is 502 as it is" in found.message


def test_an_answer_that_the_proxy_may_have_given_itself_proves_nothing(machine: Machine) -> None:
    machine.servers[PORT] = played_web.page("401 Unauthorized", secured=played_web.context("shop.example.org"))
    nginx(machine, f"http {{\n{server('location / { proxy_pass http://app.example.org:8443; }')}}}\n")
    assert not encrypted(machine).fix


def test_an_upstream_block_that_others_use_in_clear(machine: Machine) -> None:
    other = "server { listen 81; location / { proxy_pass http://pool; } }"
    block = "upstream pool {\nserver app.example.org:80;\n}"
    nginx(machine, f"http {{\n{block}\n{server('location / { proxy_pass http://pool; }')}{other}\n}}\n")
    moved = [{"from": "http://app.example.org:80", "to": "https://app.example.org:8443"}]
    found = encrypted(machine, upstreams=moved)
    assert not found.fix and "sends on to the same servers, and is none that ends TLS" in found.message


def test_another_port_by_the_option(machine: Machine) -> None:
    block = "upstream pool {\nserver app.example.org weight=3;\n}"
    nginx(machine, f"http {{\n{block}\n{server('location / { proxy_pass http://pool; }')}}}\n")
    moved = [{"from": "http://app.example.org", "to": "https://app.example.org:8443"}]
    diffs = "".join(change.diff()["after"] for change in encrypted(machine, upstreams=moved).fix)
    assert "server app.example.org:8443 weight=3;" in diffs and "proxy_pass https://pool;" in diffs


def test_the_option_is_for_what_is_in_clear_where_it_says_http(machine: Machine) -> None:
    nginx(machine, f"http {{\n{server('location / { proxy_pass https://app.example.org:8443; }')}}}\n")
    moved = [{"from": "http://app.example.org:8443", "to": "https://app.example.org:99"}]
    (found,) = (one for one in findings(machine, upstreams=moved) if one.rule.name == "verified")
    assert "proxy_pass https://app.example.org:8443;" in found.fix[0].diff()["after"]


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("^/api/(.*)$", "/api/"),
        ("^/api/", "/api/"),
        ("/", "/"),
        ("^/(.*)$", "/"),
        ("^/?(.*)$", "/"),
        ("^/a.b$", "/a.b"),
        ("\\.php$", ""),
        ("^/(a|b)/", ""),
        ("^/a[0-9]", ""),
    ],
)
def test_a_path_that_a_pattern_matches(pattern: str, path: str) -> None:
    assert literal(pattern) == path


def test_an_option_that_is_no_url_is_refused(machine: Machine) -> None:
    nginx(machine, f"http {{\n{server('location / { proxy_pass http://app; }')}}}\n")
    with pytest.raises(ValueError, match="no URL such as"):
        findings(machine, upstreams=[{"from": "app", "to": "https://app:8443/x"}])


def apache(machine: Machine, text: str) -> None:
    machine.write("/etc/apache2/apache2.conf", f"LoadModule ssl_module x.so\nListen {PORT}\n{text}\n")
    machine.unit("apache2.service", process="apache2", sockets=[("tcp", "127.0.0.1", PORT)])


def vhost(*lines: str) -> str:
    return "\n".join(
        (f"<VirtualHost *:{PORT}>", "ServerName shop.example.org", "SSLEngine on", *lines, "</VirtualHost>")
    )


@pytest.mark.parametrize(
    ("lines", "where", "status", "said"),
    [
        (("ProxyPass /a http://app:81/ retry=0",), "/a", "fail", "http://app:81"),
        (("<Location /b>", "ProxyPass ajp://app", "</Location>"), "/b", "fail", "ajp://app:8009"),
        (("RewriteRule ^/(.*)$ http://app/$1 [P,L]",), "^/(.*)$", "fail", "http://app:80"),
        (("ProxyPassMatch ^/c/(.*)$ ws://app:82/$1",), "^/c/(.*)$", "fail", "ws://app:82"),
        (('ProxyPass /d "unix:/run/x.sock|http://localhost/"',), "/d", "pass", ""),
        (('SetHandler "proxy:fcgi://app:9000"',), "SetHandler", "fail", "fcgi://app:9000"),
        (("ProxyPass /e https://app/",), "/e", "pass", ""),
        (("ProxyPass /g http://me:secret@app/",), "/g", "not_assessed", "is known only while it runs"),
        (("ProxyPassMatch ^/f/(.*)$ http://$1",), "^/f/(.*)$", "not_assessed", "is known only while it runs"),
    ],
)
def test_what_apache_sends_on(machine: Machine, lines: tuple[str, ...], where: str, status: str, said: str) -> None:
    apache(machine, vhost(*lines))
    found = encrypted(machine)
    assert (found.status, found.subject) == (status, f"apache2.service shop.example.org:{PORT} {where}")
    assert "secret" not in f"{found.message} {found.evidence}"
    assert said in found.message


def test_what_apache_leaves_out(machine: Machine) -> None:
    apache(machine, vhost("ProxyPass /x !", "RewriteRule ^/y http://app/ [R]"))
    assert set(statuses(machine).values()) == {"not_applicable"}


def test_the_members_of_a_balancer(machine: Machine) -> None:
    pool = "<Proxy balancer://pool>\nBalancerMember http://app:81\nBalancerMember http://127.0.0.1:81\n</Proxy>\n"
    apache(machine, pool + vhost("ProxyPass / balancer://pool/"))
    found = encrypted(machine)
    assert found.status == "fail" and "http://app:81" in found.message and "127.0.0.1" not in found.message


def test_a_host_that_is_preserved_is_what_the_certificate_is_for(machine: Machine) -> None:
    apache(machine, vhost("ProxyPreserveHost On", "ProxyPass / http://app.example.org:8443/"))
    found = encrypted(machine)
    assert not found.fix and "shop.example.org port 8443" in found.message and "Hostname mismatch" in found.message


def test_others_of_the_virtual_host_are_not_cut_off(machine: Machine) -> None:
    apache(machine, vhost("ProxyPass /a https://127.0.0.1:99/", "ProxyPass / http://app.example.org:8443/"))
    found = next(one for one in findings(machine) if one.status == "fail")
    assert not found.fix and "https://127.0.0.1:99, which would be verified as well" in found.message


def test_a_virtual_host_is_changed_as_a_whole(machine: Machine) -> None:
    apache(machine, vhost("ProxyPass /a http://app.example.org:99/", "ProxyPass / http://app.example.org:8443/"))
    assert [bool(one.fix) for one in findings(machine) if one.status == "fail"] == [False, False]


def haproxy(machine: Machine, backend: str, front: str = "default_backend app", mode: str = "http") -> None:
    bind = f"frontend web\n    bind :{PORT} ssl crt /x.pem\n    {front}\n"
    machine.write("/etc/haproxy/haproxy.cfg", f"global\ndefaults\n    mode {mode}\n{bind}backend app\n    {backend}\n")
    machine.unit("haproxy.service", process="haproxy", sockets=[("tcp", "127.0.0.1", PORT)])


@pytest.mark.parametrize(
    ("backend", "status", "said"),
    [
        ("server a app:81", "fail", "http://app:81"),
        ("server a app:81\n    server b 127.0.0.1:81", "fail", "http://app:81"),
        ("server-template a 1-3 app:81", "fail", "http://app:81"),
        ("server a ipv4@app:81", "fail", "http://app:81"),
        ("server a [2001:db8::1]:81", "fail", "http://[2001:db8::1]:81"),
        ("server a app:81 ssl verify none", "pass", ""),
        ("default-server ssl verify none\n    server a app:81", "pass", ""),
        ("default-server ssl\n    server a app:81 no-ssl", "fail", "http://app:81"),
        ("server a unix@/run/x.sock", "pass", ""),
        ('server a "${APP}:81"', "not_assessed", "is known only while it runs"),
    ],
)
def test_what_haproxy_sends_on(machine: Machine, backend: str, status: str, said: str) -> None:
    haproxy(machine, backend)
    found = encrypted(machine)
    assert (found.status, found.subject) == (status, "haproxy.service backend app")
    assert said in found.message


def test_tcp_that_passes_through_haproxy(machine: Machine) -> None:
    haproxy(machine, "server a app.example.org:8443", mode="tcp")
    found = encrypted(machine)
    assert found.status == "fail" and not found.fix and "mode tcp" in found.message


def test_a_request_that_a_condition_of_haproxy_lets_by(machine: Machine) -> None:
    front = "acl shop hdr(host) -i shop.example.org\n    use_backend app if shop { path_beg /a }"
    haproxy(machine, "server a app.example.org:8443", front=front)
    titles = [change.describe() for change in encrypted(machine).fix]
    assert f"see that https://shop.example.org:{PORT}/a is answered as before" in titles


def test_a_backend_of_the_defaults(machine: Machine) -> None:
    text = f"defaults\n    mode http\n    default_backend app\nfrontend web\n    bind :{PORT} ssl crt /x.pem\n"
    machine.write("/etc/haproxy/haproxy.cfg", f"{text}backend app\n    server a app:81\n")
    machine.unit("haproxy.service", process="haproxy", sockets=[("tcp", "127.0.0.1", PORT)])
    assert encrypted(machine).status == "fail"


def test_a_backend_that_nothing_leads_to(machine: Machine) -> None:
    haproxy(machine, "server a app:81", front="default_backend other")
    assert set(statuses(machine).values()) == {"not_applicable"}
