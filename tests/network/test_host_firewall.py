# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of nftables on a real kernel that has tracked nothing before: two network namespaces and one connection."""

from __future__ import annotations

import os
import shutil
import subprocess
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import nftables
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall.backend import (
    Wanted,
)

HOST, PEER = f"infosec77-{os.getpid()}-h", f"infosec77-{os.getpid()}-p"
SERVER = """
import socket, sys
listener = socket.create_server(("10.77.0.2", 9000))
print("listening", flush=True)
connection = listener.accept()[0]
sys.stdin.readline()
connection.sendall(b"the peer speaks next")
sys.stdin.readline()
"""
CLIENT = """
import socket
connection = socket.create_connection(("10.77.0.2", 9000), 5)
print("connected", flush=True)
print(connection.recv(64).decode(), flush=True)
"""
#: A port on which the host has a server, so that it is the firewall, and not a closed port, that keeps it out.
OPEN = """
import socket, sys
listener = socket.create_server(("10.77.0.1", 22))
print("listening", flush=True)
sys.stdin.readline()
"""
ATTEMPT = """
import socket
attempt = socket.socket()
attempt.settimeout(2)
print(attempt.connect_ex(("10.77.0.1", 22)) == 0)
"""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def within(namespace: str, *argv: str) -> subprocess.Popen[str]:
    command = ["ip", "netns", "exec", namespace, *argv]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def namespaces() -> t.Iterator[None]:
    if os.geteuid() != 0 or not shutil.which("nft") or not shutil.which("ip"):
        pytest.skip("!!! NOT TESTED: the host's own firewall on a real kernel; it takes root, nft and ip !!!")
    for name in (HOST, PEER):
        ip("netns", "add", name)
    try:
        ip("link", "add", "host0", "netns", HOST, "type", "veth", "peer", "name", "peer0", "netns", PEER)
        for name, device, address in ((HOST, "host0", "10.77.0.1/24"), (PEER, "peer0", "10.77.0.2/24")):
            ip("-n", name, "address", "add", address, "dev", device)
            ip("-n", name, "link", "set", device, "up")
        yield
    finally:
        for name in (HOST, PEER):
            ip("netns", "del", name)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def say(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def reached() -> bool:
    """Whether the peer gets a new connection to the host."""
    return within(PEER, "python3", "-c", ATTEMPT).communicate(timeout=10)[0].strip() == "True"


def test_a_connection_that_was_open_before_goes_on(namespaces: None) -> None:
    server = within(PEER, "python3", "-c", SERVER)
    assert line(server) == "listening"
    client, guarded = within(HOST, "python3", "-c", CLIENT), within(HOST, "python3", "-c", OPEN)
    try:
        assert (line(client), line(guarded)) == ("connected", "listening")
        assert reached()
        load = within(HOST, "nft", "-f", "-")
        load.communicate(nftables.rules_text(Wanted(())), timeout=10)
        assert load.returncode == 0
        say(server)
        assert client.communicate(timeout=10)[0].strip() == "the peer speaks next"
        assert not reached()
    finally:
        for process in (server, client, guarded):
            process.kill()
            process.wait()
