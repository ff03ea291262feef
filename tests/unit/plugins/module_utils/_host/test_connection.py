# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import connection
from ansible_collections.infosec.principles.plugins.module_utils._host.connection import Connection


def test_trace_a_login_below_a_session_scope(recorded: t.Any) -> None:
    assert connection.trace(recorded("rhel-9"), 2002) == Connection(
        peer="192.0.2.99",
        peer_port=54321,
        local="192.0.2.10",
        local_port=22,
        pids=(2002, 2001, 2000, 905, 1),
        unit="sshd.service",
        units=("session-3.scope", "sshd.service"),
    )


def test_what_passes_the_connection_on_carries_it_too(recorded: t.Any) -> None:
    host = recorded("rhel-9")
    # sslh holds the other end of our connection.
    table = _path(host, "/proc/net/tcp")
    table.write_text(f"{table.read_text().rstrip()}\n 3: 630200C0:D431 0A0200C0:0016 01 0:0 0:0 0 0 0 31099 1 0\n")
    (_path(host, "/proc/700/fd")).mkdir(parents=True)
    (_path(host, "/proc/700/fd/3")).symlink_to("socket:[31099]")
    (_path(host, "/proc/700/stat")).write_text("700 (sslh) S 1\n")
    (_path(host, "/proc/700/cgroup")).write_text("0::/system.slice/sslh.service\n")
    found = connection.trace(host, 2002)
    assert found is not None and found.units == ("session-3.scope", "sshd.service", "sslh.service")


def test_trace_openssh_with_sshd_session(recorded: t.Any) -> None:
    host = recorded("debian-13")
    sessions = [name for name in host.listdir("/proc") if _name(host, name) == "sshd-session"]
    found = connection.trace(host, int(max(sessions, key=int)))
    assert found is not None
    assert (found.peer, found.local, found.local_port, found.unit) == ("172.17.0.1", "172.17.0.4", 22, "ssh.service")
    assert found.units == ("ssh.service",)


def _name(host: t.Any, pid: str) -> str:
    return host.read_text(f"/proc/{pid}/stat").split("(")[1].split(")")[0] if host.exists(f"/proc/{pid}/stat") else ""


def test_trace_by_the_environment_of_an_ancestor_where_the_socket_is_hidden(recorded: t.Any) -> None:
    host = recorded("rhel-9")
    host.hidden = ("/proc/2000/fd", "/proc/2001/fd", "/proc/905/fd")
    (_path(host, "/proc/2002/environ")).write_bytes(b"A=1\0SSH_CONNECTION=2001:db8::9 50000 192.0.2.10 22\0B=2\0")
    found = connection.trace(host, 2002)
    assert found is not None and (found.peer, found.peer_port, found.local_port) == ("2001:db8::9", 50000, 22)
    assert found.unit == "sshd.service"


@pytest.mark.parametrize("value", ["", "1 2 3", "a b c d", "192.0.2.1 1 192.0.2.2 22 9"])
def test_trace_ignores_a_broken_environment(recorded: t.Any, value: str) -> None:
    host = recorded("rhel-9")
    (_path(host, "/proc/1300/environ")).write_text(f"SSH_CONNECTION={value}\0NOT_SSH_CONNECTION=1 2 3 4")
    assert connection.trace(host, 1300) is None


def _path(host: t.Any, name: str) -> pathlib.Path:
    return pathlib.Path(host.path(name))


def test_trace_a_local_process_and_one_that_is_gone(recorded: t.Any) -> None:
    host = recorded("rhel-9")
    assert connection.trace(host, 812) is None
    assert connection.trace(host, 4242) is None


def test_the_listening_sshd_has_no_connection(recorded: t.Any) -> None:
    assert connection.trace(recorded("rhel-9"), 905) is None


def test_read_never_takes_this_process_for_one_of_another_machine(
    recorded: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.getpid", lambda: 2002)
    assert connection.read(recorded("rhel-9")) is None
