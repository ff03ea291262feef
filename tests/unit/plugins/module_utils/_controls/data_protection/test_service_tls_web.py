# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What web servers serve in clear, and when they lead on to https; fixes of their TLS are in pairs/service_tls_*.py."""

from __future__ import annotations

import pathlib
import types
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Pair, Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import (
    apache,
    haproxy,
    nginx,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    Server,
    Terms,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed
from ansible_collections.infosec.principles.tests.unit.pairs import played_web
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine

TERMS = Terms("intermediate", ("TLSv1.2", "TLSv1.3"), ("ECDHE-RSA-AES128-GCM-SHA256",), (), ("X25519",))
PAIR = "ssl_certificate /x.pem; ssl_certificate_key /x.key;"
SECURE = f"server {{ listen 443 ssl; server_name shop.example.org; {PAIR} }}"
FILES = {
    "nginx": "/etc/nginx/nginx.conf",
    "apache2": "/etc/apache2/apache2.conf",
    "haproxy": "/etc/haproxy/haproxy.cfg",
}
PRODUCTS: dict[str, types.ModuleType] = {"nginx": nginx, "apache2": apache, "haproxy": haproxy}


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> Machine:
    return Machine(tmp_path)


def server(machine: Machine, program: str, text: str) -> Server:
    """The one server of a product that runs with this configuration."""
    machine.write(FILES[program], text)
    machine.programs["env"] = lambda argv, stdin: Completed(0, "", "")
    machine.unit(f"{program}.service", process=program, sockets=[("tcp", "0.0.0.0", 80), ("tcp", "0.0.0.0", 443)])
    (found,) = PRODUCTS[program].find(machine.host())
    return t.cast(Server, found)


def is_open(machine: Machine, program: str, text: str) -> bool:
    found = server(machine, program, text)
    return found.clear(machine.host(), found.endpoints[0]).open


def site(inside: str) -> str:
    return f"http {{\nserver {{ listen 80; server_name shop.example.org; {inside} }}\n{SECURE}\n}}\n"


@pytest.mark.parametrize(
    ("inside", "open_"),
    [
        ("root /srv;", True),
        ("return 301 https://$host$request_uri;", False),
        ("return 308 http://elsewhere;", True),
        ("return 444;", False),
        ("return 200 hello;", True),
        ("rewrite ^ https://$host$request_uri permanent;", False),
        ("rewrite ^/old https://new; root /srv;", True),
        ("if ($host = x) { return 301 https://$host$request_uri; } return 404;", False),
        ("if ($host = x) { return 301 https://$host$request_uri; } root /srv;", True),
        ("location / { return 301 https://$host$request_uri; }", False),
        (
            "location / { return 301 https://$host$request_uri; } location /.well-known/acme-challenge/ { root /srv; }",
            False,
        ),
        ("location / { return 301 https://$host$request_uri; } location /api { proxy_pass http://a; }", True),
        ("location /api { return 301 https://$host$request_uri; }", True),
    ],
)
def test_what_nginx_hands_out_in_clear(machine: Machine, inside: str, open_: bool) -> None:
    assert is_open(machine, "nginx", site(inside)) is open_


def vhosts(*lines: str) -> str:
    plain = "\n".join(("<VirtualHost *:80>", "ServerName shop.example.org", *lines, "</VirtualHost>"))
    secure = "<VirtualHost *:443>\nServerName shop.example.org\nSSLCertificateFile /x.pem\n</VirtualHost>"
    modules = "LoadModule ssl_module x\nLoadModule alias_module x"
    return f"{modules}\nListen 80\nListen 443\nIncludeOptional conf-enabled/*.conf\n{plain}\n{secure}\n"


@pytest.mark.parametrize(
    ("lines", "open_"),
    [
        (("DocumentRoot /srv",), True),
        (("Redirect permanent / https://shop.example.org/",), False),
        (("Redirect permanent /old https://shop.example.org/",), True),
        (("Redirect / https://shop.example.org/", "ProxyPass / http://127.0.0.1:81/"), True),
        (("<Location />", "Redirect 308 https://shop.example.org/", "</Location>"), False),
        (("RewriteEngine on", "RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [END,NE,R=permanent]"), False),
        (("RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [R]",), True),
        (('RedirectMatch 308 "^/(?!\\.well-known/acme-challenge/)(.*)$" "https://shop.example.org/$1"',), False),
    ],
)
def test_what_apache_hands_out_in_clear(machine: Machine, lines: tuple[str, ...], open_: bool) -> None:
    assert is_open(machine, "apache2", vhosts(*lines)) is open_


def frontend(rule: str, mode: str = "http") -> str:
    binds = "    bind :80\n    bind :443 ssl crt /x.pem\n"
    return f"global\ndefaults\n    mode {mode}\nfrontend web\n{binds}    {rule}\n    default_backend app\nbackend app\n"


@pytest.mark.parametrize(
    ("rule", "open_"),
    [
        ("maxconn 10", True),
        ("redirect scheme https if !{ ssl_fc }", False),
        ("http-request redirect scheme https unless { ssl_fc }", False),
        ("http-request redirect scheme https code 308 if { path_beg /shop }", True),
        ("redirect prefix https://www.example.org if { hdr(host) -i example.org }", True),
        (haproxy.REDIRECT, False),
    ],
)
def test_what_haproxy_hands_out_in_clear(machine: Machine, rule: str, open_: bool) -> None:
    assert is_open(machine, "haproxy", frontend(rule)) is open_


def after(machine: Machine, program: str, text: str, certificate: bytes | None = None) -> list[str]:
    machine.write("/x.pem", certificate or played_web.certificate("shop.example.org"))
    found = server(machine, program, text)
    changes = found.changes(machine.host(), Wanted(TERMS, require=frozenset({80})))
    return [line for change in changes for line in (change.describe(), *change.diff()["after"].split("\n"))]


def test_nginx_is_led_on(machine: Machine) -> None:
    lines = after(machine, "nginx", site("root /srv;"))
    assert "create /etc/nginx/infosec-https-only.conf" in lines
    assert any("include /etc/nginx/infosec-https-only.conf;" in line for line in lines)
    assert lines[-2] == "see that http://shop.example.org leads to https"


def test_apache_is_led_on(machine: Machine) -> None:
    lines = after(machine, "apache2", vhosts("DocumentRoot /srv"))
    assert sum("RedirectMatch 308" in line for line in lines) == 2


def test_haproxy_is_led_on(machine: Machine) -> None:
    assert f"    {haproxy.REDIRECT}" in after(machine, "haproxy", frontend("maxconn 10"))


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("nginx", site("root /srv;").replace("443 ssl; server_name shop", "443 ssl; server_name other")),
        ("apache2", vhosts("ServerAlias old.example.org")),
        ("haproxy", frontend("maxconn 10", mode="tcp")),
    ],
)
def test_nobody_is_led_to_where_nothing_is(machine: Machine, program: str, text: str) -> None:
    with pytest.raises(Refused, match="nowhere to lead clients to"):
        after(machine, program, text)


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("nginx", site("set_real_ip_from 192.0.2.0/24;")),
        ("nginx", site("").replace("listen 80;", "listen 80 proxy_protocol;")),
        ("nginx", site("").replace("http {", "http { set_real_ip_from 192.0.2.0/24;")),
        ("apache2", vhosts("RemoteIPHeader X-Forwarded-For")),
        ("apache2", vhosts('SetEnvIf X-Forwarded-Proto "https" HTTPS=on')),
        ("haproxy", frontend("x").replace("bind :80", "bind :80 accept-proxy")),
    ],
)
def test_nobody_is_led_round_in_a_circle_by_a_proxy_before_it(machine: Machine, program: str, text: str) -> None:
    with pytest.raises(Refused, match=r"a proxy before (?:it|this server)"):
        after(machine, program, text)


def test_who_came_by_tls_to_a_proxy_is_not_led_on() -> None:
    assert '"$scheme:$http_x_forwarded_proto:$uri"' in nginx.REDIRECT and r"|http:https\b|" in nginx.REDIRECT
    assert "|| { req.hdr(X-Forwarded-Proto) -m beg -i https }" in haproxy.REDIRECT


@pytest.mark.parametrize(
    ("program", "text"),
    [("nginx", site("")), ("apache2", vhosts()), ("haproxy", frontend("x"))],
)
@pytest.mark.parametrize("shown", [played_web.AUTHORITY.encode(), b"nothing"])
def test_nobody_is_led_to_a_certificate_of_nobody(machine: Machine, program: str, text: str, shown: bytes) -> None:
    with pytest.raises(Refused, match="would turn away"):
        after(machine, program, text, shown)


@pytest.mark.parametrize("program", ["nginx", "apache2"])
def test_nobody_is_led_to_a_certificate_of_another(machine: Machine, program: str) -> None:
    text = {"nginx": site(""), "apache2": vhosts()}[program]
    with pytest.raises(Refused, match=r"for shop\.example\.org, so those led there"):
        after(machine, program, text, played_web.certificate("other.example.org"))


@pytest.mark.parametrize(("program", "text"), [("nginx", site("")), ("apache2", vhosts()), ("haproxy", frontend("x"))])
def test_a_port_in_clear_is_not_turned_into_tls(machine: Machine, program: str, text: str) -> None:
    found = server(machine, program, text)
    with pytest.raises(Refused, match=r"would be turned away.*/pair/fullchain.pem"):
        found.changes(machine.host(), Wanted(TERMS, {80: Pair("/pair/fullchain.pem", "/pair/key.pem")}))


def test_a_stream_that_speaks_tls_has_lines_of_its_own(machine: Machine) -> None:
    found = server(machine, "nginx", "stream {\nserver { listen 443 ssl; }\n}\n")
    (edit, *_rest) = found.changes(machine.host(), Wanted(TERMS))
    said = edit.diff()["after"].split("\n")
    assert said[:2] == ["stream {", "    ssl_protocols TLSv1.2 TLSv1.3;"] and "    ssl_ecdh_curve X25519;" in said


def test_a_file_that_several_servers_include_is_changed_once(machine: Machine) -> None:
    machine.write("/etc/letsencrypt/options-ssl-nginx.conf", "ssl_protocols TLSv1.1 TLSv1.2;\n")
    inside = "listen 443 ssl; include /etc/letsencrypt/options-ssl-nginx.conf;"
    found = server(machine, "nginx", f"http {{\nserver {{ {inside} }}\nserver {{ {inside} }}\n}}\n")
    changes = [one for one in found.changes(machine.host(), Wanted(TERMS)) if "letsencrypt" in one.describe()]
    assert [one.diff()["after"] for one in changes] == ["ssl_protocols TLSv1.2 TLSv1.3;\n"]


def test_no_diff_shows_a_secret_beside_what_is_changed(machine: Machine) -> None:
    twin = "server {\nlisten 443 ssl;\nproxy_set_header Authorization hunter%s;\nssl_protocols TLSv1;\n}\n"
    found = server(machine, "nginx", f"http {{\n{twin % 1}{twin % 2}}}\n")
    diffs = [one.diff() for one in found.changes(machine.host(), Wanted(TERMS))]
    assert not any("hunter" in diff["before"] + diff["after"] for diff in diffs)
    assert any("not shown" in diff["before"] for diff in diffs)


def test_what_a_package_brings_is_not_changed(machine: Machine) -> None:
    machine.write("/usr/share/x/tls.conf", "ssl_protocols TLSv1.1;\n")
    inside = "listen 443 ssl; include /usr/share/x/tls.conf;"
    found = server(machine, "nginx", f"http {{\nserver {{ {inside} }}\n}}\n")
    with pytest.raises(Refused, match="belongs to a package"):
        found.changes(machine.host(), Wanted(TERMS))


def test_a_crt_list_with_settings_of_its_own(machine: Machine) -> None:
    machine.write("/etc/haproxy/list", "/a.pem [alpn h2] a.example.org\n/b.pem [ssl-min-ver TLSv1.0] b.example.org\n")
    found = server(machine, "haproxy", frontend("x").replace("crt /x.pem", "crt-list /etc/haproxy/list"))
    with pytest.raises(Refused, match="/etc/haproxy/list:2"):
        found.changes(machine.host(), Wanted(TERMS))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("all", "-SSLv3"), {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}),
        (("-all", "+TLSv1.2", "+TLSv1.3"), {"TLSv1.2", "TLSv1.3"}),
        (("TLSv1.2",), {"TLSv1.2"}),
        (("+TLSv1.1", "TLSv1.3"), {"TLSv1.3"}),
        ((), set()),
    ],
)
def test_the_versions_that_apache_is_told(words: tuple[str, ...], found: set[str]) -> None:
    assert apache.protocols(words) == found


def test_names_and_certificates_of_a_port(machine: Machine) -> None:
    pair = "ssl_certificate /a.pem; ssl_certificate_key /a.key;"
    names = "server_name shop.example.org *.example.org ~^x _;"
    found = server(machine, "nginx", f"http {{ server {{ listen [::]:443 ssl; listen 443 ssl; {names} {pair} }} }}")
    secured = found.endpoints[1]
    assert (secured.begins, secured.names) == ("tls", ("shop.example.org",))
    assert secured.pairs == (Pair("/a.pem", "/a.key"),)
    assert found.endpoints[0].begins == "clear"


def asking(protocol: str, *, at: str = "Location /office") -> str:
    """Apache that asks for certificates of clients in some place."""
    section = ("SSLVerifyClient require",) if not at else (f"<{at}>", "SSLVerifyClient require", f"</{at.split()[0]}>")
    host = ("<VirtualHost *:443>", "ServerName shop.example.org", "SSLEngine on", protocol, *section, "</VirtualHost>")
    return "\n".join(("LoadModule ssl_module /x.so", *host, "IncludeOptional conf-enabled/*.conf\n"))


@pytest.mark.parametrize(
    ("protocol", "at", "said"),
    [
        ("SSLProtocol all -TLSv1.3", "Location /office", "SSLProtocol -all +TLSv1.2"),
        ("SSLProtocol all", "Location /office", "SSLProtocol -all +TLSv1.2 +TLSv1.3"),
        ("SSLProtocol all -TLSv1.3", "", "SSLProtocol -all +TLSv1.2 +TLSv1.3"),
    ],
)
def test_apache_that_asks_late_for_certificates_does_not_get_tls_1_3(
    machine: Machine, protocol: str, at: str, said: str
) -> None:
    found = server(machine, "apache2", asking(protocol, at=at))
    edits = [one.diff()["after"] for one in found.changes(machine.host(), Wanted(TERMS)) if "edit" in one.describe()]
    assert [line for text in edits for line in text.split("\n") if "SSLProtocol" in line] == [said]


def test_apache_that_asks_late_is_not_made_modern(machine: Machine) -> None:
    found = server(machine, "apache2", asking("SSLProtocol all -TLSv1.3"))
    with pytest.raises(Refused, match="no browser is ready"):
        found.changes(machine.host(), Wanted(Terms("modern", ("TLSv1.3",), (), (), ("X25519",))))
