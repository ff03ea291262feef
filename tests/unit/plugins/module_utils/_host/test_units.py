# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import units


@pytest.mark.parametrize("name", ["debian-11", "debian-12", "debian-13"])
def test_read_recorded(recorded: t.Any, name: str) -> None:
    found = units.read(recorded(name))
    ssh = found.get("sshd.service")
    assert found.why == "" and len(list(found)) > 15
    assert ssh is not None and (ssh.name, ssh.active, ssh.enablement) == ("ssh.service", "active", "enabled")
    assert ssh.main_pid > 1 and not ssh.transient
    socket = found.get("rpcbind.socket")
    assert socket is not None and socket.triggers == ("rpcbind.service",) and not socket.accept
    assert set(socket.listen) == {(kind, any_, 111) for kind in ("tcp", "udp") for any_ in ("0.0.0.0", "::")}
    service = found.get("rpcbind.service")
    assert service is not None and service.triggered_by == ("rpcbind.socket",)


@pytest.mark.parametrize(
    ("machine", "why"),
    [
        ({}, "systemd does not run here"),
        ({"systemd": True}, "systemctl show: systemctl: command not found"),
    ],
)
def test_read_says_why_there_are_none(lay: t.Any, machine: dict[str, t.Any], why: str) -> None:
    found = units.read(lay(machine))
    assert list(found) == [] and found.why.startswith(why)


@pytest.mark.parametrize(
    ("value", "endpoints"),
    [
        ("0.0.0.0:22 (Stream)", (("tcp", "0.0.0.0", 22),)),
        ("[::]:22 (Stream)", (("tcp", "::", 22),)),
        ("[fe80::1]:53%eth0 (Datagram)", (("udp", "fe80::1", 53),)),
        ("/run/x.sock (Stream)", ()),
        ("[::]:99 (SequentialPacket)", ()),
        ("vsock:2:22 (Stream)", ()),
    ],
)
def test_listen(value: str, endpoints: tuple[t.Any, ...]) -> None:
    (unit,) = units.parse(f"Id=x.socket\nListen={value}\nAccept=yes\nTransient=yes\n")
    assert (unit.listen, unit.accept, unit.transient) == (endpoints, True, True)


def test_show_asks_for_what_is_not_loaded(lay: t.Any) -> None:
    ask = f"systemctl show --property={units.PROPERTIES}"
    commands = {
        f"{ask} {' '.join(units.PATTERNS)}": {"rc": 0, "stdout": "Id=a.service\nLoadState=loaded\n", "stderr": ""},
        f"{ask} -- b.path": {"rc": 0, "stdout": "Id=b.path\nLoadState=loaded\n", "stderr": ""},
        f"{ask} -- c.service": {"rc": 0, "stdout": "Id=c.service\nLoadState=not-found\n", "stderr": ""},
    }
    host = lay({"systemd": True, "commands": commands})
    found = [units.show(host, name) for name in ("a.service", "b.path", "c.service")]
    assert [unit and unit.name for unit in found] == ["a.service", "b.path", None]


DISK = {
    "/usr/lib/systemd/system/a.service": "",
    "/usr/lib/systemd/system/b@.service": "",
    "/etc/systemd/system/c.service": "",
    "/run/systemd/generator.late/d.service": "",
}


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        *(("a.service", False), ("b@1.service", False), ("b@.service", False), ("c.service", False)),
        *(("d.service", False), ("e.service", True), ("a.socket", True), ("a@1.service", True)),
        *(("srv.mount", False), ("dev-sda.device", False), ("user-1000.slice", False), ("strange", False)),
    ],
)
def test_systemd_is_not_asked_for_what_has_no_file(lay: t.Any, name: str, absent: bool) -> None:
    assert units.is_absent(lay({"systemd": True, "files": DISK}), name) is absent


def test_a_host_without_files_of_a_distribution_tells_nothing(lay: t.Any) -> None:
    assert not units.is_absent(lay({"systemd": True, "files": {"/etc/systemd/system/c.service": ""}}), "e.service")


def test_show_asks_for_no_unit_without_a_file(lay: t.Any) -> None:
    command = f"systemctl show --property={units.PROPERTIES} {' '.join(units.PATTERNS)}"
    commands = {command: {"rc": 0, "stdout": "Id=gone.service\nLoadState=loaded\n", "stderr": ""}}
    host = lay({"systemd": True, "files": DISK, "commands": commands})
    host.ask(*command.split())
    host._runner = None
    assert units.show(host, "e.service") is None
    assert units.show(host, "gone.service") is not None
