# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pathlib
import socket

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import addresses
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

FIXTURES = pathlib.Path(__file__).resolve().parents[3] / "fixtures" / "databases"


def text(name: str) -> str:
    return (FIXTURES / f"proc-net-{name}-debian12").read_text(encoding="utf-8")


def host_with(root: pathlib.Path, *names: str) -> Host:
    (root / "proc/net").mkdir(parents=True)
    for name in names:
        (root / "proc/net" / name).write_text(text(name), encoding="utf-8")
    return Host(root=str(root))


def test_addresses_with_the_networks_on_their_links(tmp_path: pathlib.Path) -> None:
    found = [str(own) for own in addresses.read(host_with(tmp_path, "fib_trie", "route", "if_inet6"))]
    assert found == ["10.77.1.12/24", "10.77.2.12/24", "127.0.0.1/8", "::1/128", "fd77:1::2/64", "fd77:2::2/64"]


def test_a_kernel_without_ipv6(tmp_path: pathlib.Path) -> None:
    assert {own.version for own in addresses.read(host_with(tmp_path, "fib_trie", "route"))} == {4}


def test_an_address_without_a_link_network_is_alone() -> None:
    trie = "Local:\n     |-- 192.0.2.7\n        /32 host LOCAL\n"
    assert [str(own) for own in addresses.parse_four(trie, "Iface\n")] == ["192.0.2.7/32"]


def test_the_source_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(addresses, "kernel_source", lambda client: asked.append(client) or "192.0.2.1")
    host = Host()
    assert {addresses.source_for(host, "198.51.100.1") for _again in range(3)} == {"192.0.2.1"}
    assert asked == ["198.51.100.1"]


def test_the_kernel_answers_loopback_from_loopback() -> None:
    assert addresses.kernel_source("127.0.0.1") == "127.0.0.1"


def test_no_route_is_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert addresses.kernel_source("192.0.2.1") == ""
