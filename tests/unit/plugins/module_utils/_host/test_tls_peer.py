# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pathlib
import socket

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import host as door
from ansible_collections.infosec.principles.plugins.module_utils._host import tls_peer
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.tests.unit.pairs import played_web

SECURED = played_web.listen(played_web.page(secured=played_web.context("app.example.org")))
CLEAR = played_web.listen(played_web.page())


def refusal(root: pathlib.Path, port: int, name: str, authorities: str = played_web.AUTHORITY) -> str:
    (root / "ca.pem").write_text(authorities, encoding="ascii")
    return tls_peer.refusal(Host(root=str(root)), "127.0.0.1", port, name, "/ca.pem")


def test_a_certificate_that_verifies(tmp_path: pathlib.Path) -> None:
    assert refusal(tmp_path, SECURED, "app.example.org") == ""


def test_a_certificate_for_another_name(tmp_path: pathlib.Path) -> None:
    assert "does not verify (Hostname mismatch" in refusal(tmp_path, SECURED, "other.example.org")


def test_a_port_in_clear(tmp_path: pathlib.Path) -> None:
    assert refusal(tmp_path, CLEAR, "app.example.org").startswith("it speaks no TLS there")


def test_authorities_that_cannot_be_read(tmp_path: pathlib.Path) -> None:
    assert refusal(tmp_path, SECURED, "app.example.org", "nothing") != ""


def test_a_port_that_is_closed(tmp_path: pathlib.Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert "no connection" in refusal(tmp_path, port, "app.example.org")


def test_other_hosts_are_asked_a_few_times_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MAX_REACHED", 2)
    host = Host(dialer=lambda address, port, timeout: socket.socketpair()[0])
    for port in (1, 2, 1):
        host.reach("192.0.2.1", port).close()
    with pytest.raises(HostError, match="not asked"):
        host.reach("192.0.2.1", 3)


def test_the_bundle_of_the_distribution(tmp_path: pathlib.Path) -> None:
    (tmp_path / "etc/ssl").mkdir(parents=True)
    assert tls_peer.bundle(Host(root=str(tmp_path))) == ""
    (tmp_path / "etc/ssl/ca-bundle.pem").touch()
    assert tls_peer.bundle(Host(root=str(tmp_path))) == "/etc/ssl/ca-bundle.pem"
