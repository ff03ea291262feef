# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By which names the servers of nginx are asked, so that each answers and no other one in its place."""

from __future__ import annotations

import contextlib
import os
import pathlib

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import nginx, vhosts
from ansible_collections.infosec.principles.tests.unit.pairs.machine import NOW, Machine


def serving(tmp_path: pathlib.Path, *servers: str) -> Machine:
    machine = Machine(tmp_path)
    machine.unit("nginx.service", process="nginx", sockets=[("tcp", "0.0.0.0", 80)])
    machine.write("/proc/sys/kernel/hostname", "Web1\n")
    machine.write("/etc/nginx/nginx.conf", "http {\n" + "\n".join(f"server {{ {one} }}" for one in servers) + "\n}\n")
    return machine


def served(tmp_path: pathlib.Path, *servers: str) -> vhosts.Vhosts:
    return serving(tmp_path, *servers).host().once(vhosts.read)


@pytest.mark.parametrize(
    ("servers", "names"),
    [
        (("listen 80; server_name a b;",), ["a", "b"]),
        (("listen 80; server_name _;",), [""]),
        (("listen 80;", "listen 80; server_name b;"), ["", "b"]),
        # Who names nobody comes to the default server, which is the first unless one says so.
        (("listen 80; server_name a;", "listen 80;"), ["a"]),
        (("listen 80; server_name a;", "listen 80 default_server;"), ["a", ""]),
        (("listen 80; server_name a;", "listen 81;"), ["a", ""]),
        (("listen 80; server_name $hostname;",), ["web1"]),
        ((r"listen 80; server_name ~^a b;",), ["b"]),
        ((r"listen 80; server_name ~^a;",), [""]),
    ],
)
def test_names(tmp_path: pathlib.Path, servers: tuple[str, ...], names: list[str]) -> None:
    found = served(tmp_path, *servers)
    assert [one.name for one in found.all] == names
    assert not found.problems


def test_a_server_that_has_no_plain_name(tmp_path: pathlib.Path) -> None:
    found = served(tmp_path, "listen 80; server_name a;", r"listen 80; server_name ~^b;")
    assert [one.name for one in found.all] == ["a"]
    (problem,) = found.problems
    assert problem.startswith("/etc/nginx/nginx.conf:3: its names are regular expressions alone")


@pytest.mark.parametrize(
    ("age", "stat", "waits"),
    [
        (10.0, "S 1 1 1" + " 0" * 15 + " 98000", True),
        (10.0, "S 1 1 1" + " 0" * 15 + " 99500", False),
        # Within the second, in the future, and where nothing tells when it was started.
        (19.5, "S 1 1 1" + " 0" * 15 + " 98000", False),
        (-10.0, "S 1 1 1" + " 0" * 15 + " 98000", False),
        (10.0, "S 1 1 1", False),
    ],
)
def test_what_waits_for_a_reload_is_not_taken_up(tmp_path: pathlib.Path, age: float, stat: str, waits: bool) -> None:
    machine = serving(tmp_path, "listen 80; server_name a;")
    machine.write("/proc/uptime", "1000.00 0.00\n")
    machine.write("/proc/100/stat", f"100 (nginx) {stat}\n")
    changed = NOW.timestamp() - age
    os.utime(machine.path("/etc/nginx/nginx.conf"), (changed, changed))
    (instance,) = machine.host().once(nginx.read)
    refused = pytest.raises(Refused, match=r"nginx\.conf was changed .* reload nginx\.service first")
    with refused if waits else contextlib.nullcontext():
        nginx.refuse_waiting(machine.host(), instance)
