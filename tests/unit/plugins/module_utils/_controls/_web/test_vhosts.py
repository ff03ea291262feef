# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names at which ports web servers answer to, and real requests to them."""

from __future__ import annotations

import pathlib
import socket

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls._web import vhosts
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhosts
from ansible_collections.infosec.principles.plugins.module_utils._engine import requests
from ansible_collections.infosec.principles.plugins.module_utils._host.host import HostError
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine


def told(found: Vhosts) -> list[tuple[str, int, bool, str]]:
    return [(one.name, one.port, one.tls, one.address) for one in found.all]


def machine(tmp_path: pathlib.Path, program: str, *sockets: tuple[str, int], folder: str = "") -> Machine:
    made = Machine(tmp_path)
    held = [("tcp", address, port) for address, port in sockets]
    made.unit(f"{program}.service", process=program, sockets=held)
    if folder:
        made.mkdir(folder)
    return made


def nginx(tmp_path: pathlib.Path, config: str, *sockets: tuple[str, int]) -> Machine:
    made = machine(tmp_path, "nginx", *sockets)
    made.write("/etc/nginx/nginx.conf", f"http {{\n{config}\n}}\n")
    return made


def test_nginx_with_wildcards_and_expressions(tmp_path: pathlib.Path) -> None:
    config = r"server { listen 80; server_name *.example.org .example.net ~^x(?<n>\d)\.org$; }"
    found = nginx(tmp_path, config, ("0.0.0.0", 80)).host().once(vhosts.read)
    assert [(one.name, one.asked) for one in found.all] == [
        ("*.example.org", "www.example.org"),
        (".example.net", "www.example.net"),
    ]


def test_nginx_on_ipv6_alone(tmp_path: pathlib.Path) -> None:
    made = nginx(tmp_path, "server { listen [::]:8443 ssl ipv6only=on; server_name a; }", ("::", 8443))
    found = made.host().once(vhosts.read)
    assert told(found) == [("a", 8443, True, "::1")]
    assert found.all[0].url == "https://a:8443"
    assert found.all[0].subject == "a (nginx.service 8443/tcp)"


def test_nginx_at_one_address(tmp_path: pathlib.Path) -> None:
    made = nginx(tmp_path, "server { listen 192.0.2.1:80; server_name a; }", ("192.0.2.1", 80))
    assert told(made.host().once(vhosts.read)) == [("a", 80, False, "192.0.2.1")]


def test_streams_are_no_sites(tmp_path: pathlib.Path) -> None:
    made = nginx(tmp_path, "", ("0.0.0.0", 80))
    made.write("/etc/nginx/nginx.conf", "stream { server { listen 80; } }\nhttp { }\n")
    assert told(made.host().once(vhosts.read)) == []


def apache(tmp_path: pathlib.Path, config: str, *sockets: tuple[str, int]) -> Machine:
    made = machine(tmp_path, "apache2", *sockets)
    made.write("/etc/apache2/apache2.conf", config)
    return made


def test_apache_with_aliases_and_its_main_server(tmp_path: pathlib.Path) -> None:
    config = """LoadModule ssl_module mod_ssl.so
Listen 80
Listen 443
Listen 8080
ServerName main.example.org
<VirtualHost *:80>
ServerName a.example.org
ServerAlias *.a.example.org A2.example.org
</VirtualHost>
<VirtualHost *:443>
ServerName https://a.example.org:443
ServerAlias *.a.example.org A2.example.org
SSLEngine on
</VirtualHost>
"""
    made = apache(tmp_path, config, ("0.0.0.0", 80), ("0.0.0.0", 443), ("127.0.0.1", 8080))
    found = made.host().once(vhosts.read)
    names = ("a.example.org", "*.a.example.org", "a2.example.org")
    assert {one for one in told(found) if one[1] != 8080} == {
        (name, port, port == 443, "127.0.0.1") for port in (80, 443) for name in names
    }
    assert ("main.example.org", 8080, False, "127.0.0.1") in told(found)
    assert {one.asked for one in found.all if one.name.startswith("*")} == {"www.a.example.org"}


def test_a_site_of_apache_without_a_name(tmp_path: pathlib.Path) -> None:
    made = apache(tmp_path, "Listen 80\n<VirtualHost *:80>\n</VirtualHost>\n", ("::", 80))
    (found,) = made.host().once(vhosts.read).all
    assert (found.name, found.asked, found.subject) == ("", "localhost", "(default) (apache2.service 80/tcp)")


def test_haproxy_by_its_ports(tmp_path: pathlib.Path) -> None:
    made = machine(tmp_path, "haproxy", ("0.0.0.0", 80), ("0.0.0.0", 443), ("0.0.0.0", 5432))
    config = "frontend web\n mode http\n bind *:80 accept-proxy\n bind *:443 ssl crt /x\nlisten db\n mode tcp\n bind *:5432\n"
    made.write("/etc/haproxy/haproxy.cfg", config)
    found = made.host().once(vhosts.read)
    assert told(found) == [("", 80, False, "127.0.0.1"), ("", 443, True, "127.0.0.1")]
    assert [one.proxied for one in found.all] == [True, False]


def test_what_cannot_be_read_is_told(tmp_path: pathlib.Path) -> None:
    found = machine(tmp_path, "nginx", ("0.0.0.0", 80)).host().once(vhosts.read)
    assert found.all == ()
    assert found.problems[0].startswith("nginx: ")


def test_so_many_are_looked_at(tmp_path: pathlib.Path) -> None:
    names = " ".join(f"n{number}" for number in range(vhosts.MOST + 1))
    found = nginx(tmp_path, f"server {{ listen 80; server_name {names}; }}", ("0.0.0.0", 80)).host().once(vhosts.read)
    assert len(found.all) == vhosts.MOST
    assert "the others were not looked at" in found.problems[-1]


# Requests


def answering(made: Machine, answer: bytes) -> list[bytes]:
    """What came; each request is answered so."""
    came: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            part = connection.recv(4096)
            if not part:
                break
            data += part
        came.append(data)
        connection.sendall(answer)

    made.servers[80] = serve
    return came


def test_a_site_is_asked_once_by_its_name(tmp_path: pathlib.Path) -> None:
    made = nginx(tmp_path, "server { listen 80 proxy_protocol; server_name *.a.org; }", ("0.0.0.0", 80))
    came = answering(made, b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\nok")
    host = made.host()
    (site,) = host.once(vhosts.read).all
    first, second = site.ask(host, "/"), site.ask(host, "/")
    assert (first.all("x-a"), first.body) == (("1", "2"), b"ok")
    assert first is second
    assert len(came) == 1
    assert came[0].startswith(requests.PROXIED + b"GET / HTTP/1.1\r\n")
    assert b"\r\nHost: www.a.org\r\n" in came[0]
    assert b"\r\nUser-Agent: infosec.principles\r\n" in came[0]


@pytest.mark.parametrize("answer", [b"", b"220 mail ESMTP\r\n", b"HTTP/1.1 999999 x\r\n\r\n", b"\0" * 70_000])
def test_what_is_no_answer_is_asked_for_once(tmp_path: pathlib.Path, answer: bytes) -> None:
    made = nginx(tmp_path, "server { listen 80; server_name a; }", ("0.0.0.0", 80))
    came = answering(made, answer)
    host = made.host()
    (site,) = host.once(vhosts.read).all
    for _number in range(2):
        with pytest.raises(HostError, match=r"http://a/: no answer at 127\.0\.0\.1"):
            site.ask(host, "/")
    assert len(came) == 1


@pytest.mark.parametrize("path", ["/a b", "/\r\nX: 1", "/ü"])
def test_no_path_breaks_a_request(tmp_path: pathlib.Path, path: str) -> None:
    made = nginx(tmp_path, "server { listen 80; server_name a; }", ("0.0.0.0", 80))
    came = answering(made, b"HTTP/1.1 204 No\r\n\r\n")
    host = made.host()
    (site,) = host.once(vhosts.read).all
    with pytest.raises(HostError):
        site.ask(host, path)
    assert not any(came)
