# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real requests to real ports of this machine."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine import change, requests
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.requests import Request
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.tests.unit.pairs import played_web
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Server

SECURED = played_web.context("shop.example.org")
BODY = b"yes"
LEADS = "Location: https://shop.example.org/\r\n"


def request(port: int, **fields: object) -> Request:
    values = {"title": "see", "address": "127.0.0.1", "name": "shop.example.org", "path": "/", "statuses": (200,)}
    return Request(**{**values, "port": port, "seconds": 0.3, **fields})  # type: ignore[arg-type]


def test_the_answer_in_clear_and_by_tls() -> None:
    for secured in (None, SECURED):
        port = played_web.listen(played_web.page(secured=secured, headers=LEADS))
        plain = socket.create_connection(("127.0.0.1", port), timeout=5)
        found = requests.ask(plain, "shop.example.org", "/", tls=bool(secured), size=1000)
        assert (found.status, found.content, found.location) == (200, "text/plain", "https://shop.example.org/")
        assert found.body == BODY


def test_what_is_right_is_done() -> None:
    port = played_web.listen(played_web.page("308 Permanent Redirect", headers=LEADS))
    request(port, statuses=(308,), location="https://shop", content="text/plain").apply(Host(), tag="t")


def test_headers_and_body_are_as_wanted() -> None:
    port = played_web.listen(played_web.page(headers=LEADS))
    headers = (("location", "https://shop.example.org/"), ("set-cookie", ""))
    request(port, headers=headers, digest=requests.digest(BODY)).apply(Host(), tag="t")


def test_clients_of_a_proxy_begin_with_its_protocol() -> None:
    def serve(connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        begins = stream.readline()
        status = "200 OK" if begins == requests.PROXIED and stream.readline() == b"GET / HTTP/1.1\r\n" else "400 Bad"
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())

    port = played_web.listen(serve)
    request(port, proxied=True).apply(Host(), tag="t")
    request(port, statuses=(400,)).apply(Host(), tag="t")


def test_of_a_body_no_more_is_read_than_is_wanted_nor_for_longer_than_one_waits() -> None:
    def endless(connection: socket.socket) -> None:
        connection.recv(4096)
        with contextlib.suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                connection.sendall(b"x" * 100)
                time.sleep(0.01)

    port = played_web.listen(endless)
    for size, seconds, most in ((150, 5.0, 150), (10_000_000, 0.2, 100_000)):
        plain = socket.create_connection(("127.0.0.1", port), timeout=5)
        begun = time.monotonic()
        found = requests.ask(plain, "shop.example.org", "/", tls=False, size=size, seconds=seconds)
        assert 0 < len(found.body) <= most and time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"statuses": (308,)}, "the answer is 200 and not 308"),
        ({"content": "text/html"}, "'text/plain' and not 'text/html'"),
        ({"location": "https://"}, "leads elsewhere"),
        ({"tls": True}, "does not answer"),
        ({"headers": (("x-frame-options", "DENY"),)}, "x-frame-options came 0 times"),
        ({"headers": (("content-type", ""),)}, "content-type came 1 times"),
        ({"digest": requests.digest(b"another page")}, "the body is another one"),
    ],
)
def test_what_is_wrong_is_said(fields: dict[str, object], said: str) -> None:
    port = played_web.listen(played_web.page())
    with pytest.raises(ChangeError, match=said):
        request(port, **fields).apply(Host(), tag="t")


def mail(connection: socket.socket) -> None:
    connection.sendall(b"220 mail\r\n")


def test_an_answer_that_is_no_http() -> None:
    port = played_web.listen(mail)
    with pytest.raises(ChangeError, match="no answer in HTTP"):
        request(port).apply(Host(), tag="t")


def test_it_tries_until_a_reload_is_through() -> None:
    begun = time.monotonic()
    pages = [played_web.page("502 Bad Gateway"), played_web.page()]

    def serve(connection: socket.socket) -> None:
        pages[time.monotonic() - begun > 0.5](connection)

    port = played_web.listen(serve)
    request(port, seconds=5).apply(Host(), tag="t")
    assert time.monotonic() - begun > 0.5


def test_the_journal_knows_it() -> None:
    one = request(80, tls=True, headers=(("x-frame-options", "DENY"), ("server", "")), digest="0" * 64)
    assert change.load(change.dump(one)) == one


def channel(serve: Server, *, secured: bool = False) -> tuple[requests.Channel, list[socket.socket]]:
    """A channel to a server, and each connection that it opened."""
    port, opened = played_web.listen(serve), list[socket.socket]()

    def connect() -> socket.socket:
        opened.append(socket.create_connection(("127.0.0.1", port), timeout=5))
        return opened[-1]

    return requests.Channel(connect, "shop.example.org", tls=secured), opened


def keeping(connection: socket.socket) -> None:
    """Answers two requests with what was asked for, and closes without a word."""
    for _number in range(2):
        asked = connection.recv(4096).split(b" ")[1:2]
        if asked:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(asked[0]), asked[0]))


def test_a_channel_keeps_its_connection_as_long_as_the_server_does() -> None:
    opened_channel, opened = channel(keeping)
    with contextlib.closing(opened_channel):
        bodies = [opened_channel.ask(f"/{number}", size=100).body for number in range(5)]
    assert bodies == [b"/0", b"/1", b"/2", b"/3", b"/4"]
    assert len(opened) == 3
    assert all(one.fileno() == -1 for one in opened)


def test_a_page_that_was_not_read_to_its_end_ends_the_connection() -> None:
    opened_channel, opened = channel(keeping)
    with contextlib.closing(opened_channel):
        assert [opened_channel.ask("/long", size=2).body for _number in range(2)] == [b"/l", b"/l"]
    assert len(opened) == 2


def test_a_channel_to_nothing() -> None:
    for serve in (lambda connection: None, lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")):
        opened_channel, opened = channel(serve)
        with contextlib.closing(opened_channel), pytest.raises((OSError, ValueError)):
            opened_channel.ask("/")
        assert len(opened) == 1
        assert opened[0].fileno() == -1


def test_a_head_that_comes_a_byte_at_a_time_ends_in_time() -> None:
    def drip(connection: socket.socket) -> None:
        connection.recv(4096)
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)

    opened_channel, opened = channel(drip)
    begun = time.monotonic()
    with contextlib.closing(opened_channel), pytest.raises(OSError, match="no end of the answer"):
        opened_channel.ask("/", seconds=0.2)
    assert time.monotonic() - begun < 3
    assert opened[0].fileno() == -1


@pytest.mark.parametrize("secured", [False, True])
def test_an_answer_without_a_length_is_read_to_its_end(secured: bool) -> None:
    def serve(connection: socket.socket) -> None:
        with SECURED.wrap_socket(connection, server_side=True) if secured else connection as stream:
            stream.recv(4096)
            stream.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 200_000)

    opened_channel, opened = channel(serve, secured=secured)
    with contextlib.closing(opened_channel):
        assert len(opened_channel.ask("/", size=1_000_000).body) == 200_000
    assert opened[0].fileno() == -1
