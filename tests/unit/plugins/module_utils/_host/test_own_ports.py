# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where connections to this host's own ports come from, and those to others."""

from __future__ import annotations

import errno
import socket
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

Asked = list[tuple[str, t.Optional[str]]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The connections (address, source) that are opened; the sources in `refused` are."""
    found: Asked = []

    def connect(place: tuple[str, int], timeout: float, source_address: t.Any = None) -> socket.socket:
        found.append((place[0], source_address and source_address[0]))
        if place[0] == "192.0.2.1" and source_address:
            raise OSError(errno.EINVAL, "Invalid argument")
        if place[0] == "192.0.2.2":
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        return socket.socketpair()[0]

    monkeypatch.setattr(socket, "create_connection", connect)
    return found


@pytest.mark.parametrize(("address", "source"), [("192.0.2.7", "127.0.0.1"), ("2001:db8::7", "::1")])
def test_an_own_port_is_asked_over_loopback(address: str, source: str, asked: Asked) -> None:
    Host().connect(address, 3306).close()
    assert asked == [(address, source)]


def test_where_that_is_not_possible_it_is_asked_all_the_same(asked: Asked) -> None:
    Host().connect("192.0.2.1", 3306).close()
    assert asked == [("192.0.2.1", "127.0.0.1"), ("192.0.2.1", None)]


def test_a_port_that_is_shut_is_not_asked_twice(asked: Asked) -> None:
    with pytest.raises(HostError, match="Connection refused"):
        Host().connect("192.0.2.2", 3306)
    assert len(asked) == 1


def test_other_hosts_are_not_asked_from_loopback(asked: Asked) -> None:
    Host().reach("192.0.2.7", 443).close()
    assert asked == [("192.0.2.7", None)]
