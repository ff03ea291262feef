# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses
import datetime
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import logins, visitors
from ansible_collections.infosec.principles.plugins.module_utils._host.visitors import Visitors


def history(host: t.Any, monkeypatch: pytest.MonkeyPatch, *peers: tuple[str, int]) -> None:
    """Let the sources of logins tell of these peers, so many days ago."""
    told = [logins.Login(host.now() - datetime.timedelta(days=days), "ann", peer, "wtmp") for peer, days in peers]
    monkeypatch.setattr(logins, "sources", lambda host, since: iter([logins.Source("wtmp", tuple(told))]))


def test_who_is_connected_now(recorded: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    host = recorded("rhel-9")
    history(host, monkeypatch)
    assert visitors.read(host) == Visitors((22,), ("192.0.2.99",))


def test_who_has_logged_in_of_late(recorded: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    host = recorded("rhel-9")
    history(
        host, monkeypatch, ("2001:db8::7", 3), ("192.0.2.99", 4), ("gate.example.org", 2), ("::1", 1), ("192.0.2.1", 91)
    )
    assert visitors.read(host).peers == ("192.0.2.99", "2001:db8::7"), (
        "neither names, nor loopback, nor those of long ago"
    )


def test_without_sshd_there_are_none(recorded: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    host = recorded("rhel-9")
    history(host, monkeypatch, ("192.0.2.7", 1))
    others = [item for item in host.once(visitors.sockets.read) if item.port != 22]
    host._memory[visitors.sockets.read] = others
    assert visitors.read(host) == Visitors((), ())


def test_a_socket_of_systemd_waits_for_them_too(recorded: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    host = recorded("rhel-9")
    history(host, monkeypatch)
    ours = [item for item in host.once(visitors.sockets.read) if item.port == 22]
    held = [dataclasses.replace(item, process="systemd", socket_unit="ssh.socket") for item in ours]
    host._memory[visitors.sockets.read] = held
    assert visitors.read(host).ports == (22,)
