# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cleartext_protocols says of whole machines."""

from __future__ import annotations

import pathlib
import socket
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection.cleartext_protocols import (
    CONTROL,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._host import ldap_bind
from ansible_collections.infosec.principles.tests.unit.pairs import cleartext_protocols as cases
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> Machine:
    return Machine(tmp_path)


def assess(machine: Machine, *services: dict[str, t.Any], close: bool = True) -> dict[str, Finding]:
    """The findings, by subject."""
    findings = list(CONTROL.assess(machine.host(), {"services": services, "close_cleartext": close}))
    keyed = {finding.key: finding for finding in findings}
    assert len(keyed) == len(findings), "two findings of one rule on one subject"
    return {finding.subject: finding for finding in findings}


def entry(port: int, protocol: str = "tcp", clients: t.Sequence[str] = ("192.0.2.0/24",)) -> dict[str, t.Any]:
    ports = [{"first": port, "last": port, "protocol": protocol}]
    return {"name": "declared", "ports": ports, "clients": list(clients)}


@pytest.mark.parametrize(
    ("process", "protocol", "port", "rule", "subject"),
    [
        ("in.telnetd", "tcp", 2323, "passwords", "x.service 2323/tcp (Telnet)"),
        ("xinetd", "tcp", 513, "passwords", "x.service 513/tcp (rlogin)"),
        ("xinetd", "tcp", 514, "content", "x.service 514/tcp (rsh)"),
        ("rsync", "tcp", 873, "content", "x.service 873/tcp (rsync)"),
        ("Xtigervnc", "tcp", 5901, "passwords", "x.service 5901/tcp (VNC)"),
        ("rsyslogd", "udp", 514, "content", "x.service 514/udp (syslog)"),
    ],
)
def test_by_program_or_by_port(
    process: str, protocol: str, port: int, rule: str, subject: str, machine: Machine
) -> None:
    cases.listening(("x.service", process, protocol, port))(machine)
    found = assess(machine)[subject]
    assert (found.status, found.rule.name) == ("fail", rule)
    assert found.remedy


@pytest.mark.parametrize(("process", "port"), [("sshd", 23), ("nginx", 21), ("xinetd", 9999), ("python3", 873)])
def test_other_programs_and_ports_are_none_of_these(process: str, port: int, machine: Machine) -> None:
    cases.listening(("x.service", process, "tcp", port))(machine)
    assert {finding.status for finding in assess(machine).values()} == {"pass"}


def test_what_only_this_host_reaches_is_fine(machine: Machine) -> None:
    machine.unit("telnet.socket", process="in.telnetd", sockets=[("tcp", "127.0.0.1", 23), ("tcp", "::1", 23)])
    assert {finding.status for finding in assess(machine).values()} == {"pass"}


def test_what_the_register_declares_is_never_stopped(machine: Machine) -> None:
    cases.listening(cases.TELNET, cases.TFTP)(machine)
    telnet = assess(machine, entry(23))["inetd.service 23/tcp (Telnet)"]
    assert telnet.fix == () and "declares it for 192.0.2.0/24" in telnet.message
    assert "declares it for this host alone" in assess(machine, entry(23, clients=[]))[telnet.subject].message
    tftp = assess(machine, entry(23))["tftpd-hpa.service 69/udp (TFTP)"]
    assert tftp.fix


def test_a_super_server_that_is_needed_goes_on(machine: Machine) -> None:
    machine.unit("inetd.service", process="inetd", sockets=[("tcp", "0.0.0.0", 23), ("tcp", "0.0.0.0", 79)])
    telnet = assess(machine, entry(79))["inetd.service 23/tcp (Telnet)"]
    assert telnet.fix == () and "also serves 79/tcp" in telnet.message


def test_two_services_at_one_port_are_told_apart(machine: Machine) -> None:
    machine.unit("inetd.service", process="inetd", sockets=[("tcp", "0.0.0.0", 514)])
    machine.unit("rsyslog.service", process="rsyslogd", sockets=[("tcp", "::", 514)])
    found = assess(machine)
    assert found["rsyslog.service 514/tcp (syslog)"].fix == ()
    assert found["inetd.service 514/tcp (rsh)"].fix


def test_what_has_tls_is_not_stopped(machine: Machine) -> None:
    cases.mail("AUTH PLAIN")(machine)
    assert assess(machine)["postfix@-.service 587/tcp (SMTP)"].fix == ()


@pytest.mark.parametrize(
    ("title", "status"),
    [
        ("Xtigervnc\0:1\0-SecurityTypes\0X509Vnc,TLSVnc\0", "pass"),
        ("Xtigervnc\0:1\0-SecurityTypes=TLSVnc,VncAuth\0", "fail"),
        ("Xtigervnc\0:1\0", "fail"),
    ],
)
def test_vnc_by_its_command_line(title: str, status: str, machine: Machine) -> None:
    machine.unit("vnc.service", process="Xtigervnc", title=title, sockets=[("tcp", "0.0.0.0", 5901)])
    assert assess(machine)["vnc.service 5901/tcp (VNC)"].status == status


#: OpenLDAP 2.5's answers: the entry of its root with dc=nodomain, the end of that search; and BindResponse by its code.
CONTEXTS = bytes.fromhex("302f020101642a040030263024040e6e616d696e67436f6e7465787473311204") + b"\x10dc=example,dc=eu"
DONE = bytes.fromhex("300c02010165070a010004000400")


@pytest.mark.parametrize(
    ("root", "code", "status"),
    [
        (CONTEXTS + DONE, 13, "pass"),
        (CONTEXTS + DONE, 53, "pass"),
        (CONTEXTS + DONE, 49, "fail"),
        (CONTEXTS + DONE, 52, "not_assessed"),
        (DONE, 49, "not_assessed"),
        (b"HTTP/1.1 400 Bad Request", 49, "not_assessed"),
        (b"", 49, "not_assessed"),
    ],
)
def test_ldap_by_a_bind_as_nobody(root: bytes, code: int, status: str, machine: Machine) -> None:
    def serve(connection: socket.socket) -> None:
        asked = connection.recv(4096)
        if asked == ldap_bind.root_search():
            connection.sendall(root)
        elif asked == ldap_bind.bind(b"cn=infosec-principles,dc=example,dc=eu"):
            connection.sendall(bytes.fromhex("300c02010161070a01") + bytes((code,)) + bytes.fromhex("04000400"))

    cases.listening(("slapd.service", "slapd", "tcp", 389))(machine)
    machine.servers[389] = serve
    assert assess(machine)["slapd.service 389/tcp (LDAP)"].status == status


def test_communities_are_never_shown(machine: Machine) -> None:
    cases.snmp("rwcommunity s3cret-community default", "com2sec local 127.0.0.1 other-s3cret")(machine)
    found = assess(machine)["snmpd.service 161/udp (SNMP)"]
    assert found.status == "fail" and "s3cret" not in repr(found)
    assert [one.source for one in found.evidence if one.expected] == ["/etc/snmp/snmpd.conf:1"]


def test_nfs_by_its_exports(machine: Machine) -> None:
    machine.write("/var/lib/nfs/etab", "/srv\t192.0.2.0/24(rw,sec=sys)\n/safe\t192.0.2.0/24(rw,sec=krb5p)\n")
    row = "   0: 00000000:0801 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 9999 1 0 100"
    tcp = machine.path("/proc/net/tcp")
    tcp.write_text(tcp.read_text(encoding="utf-8") + row + "\n", encoding="utf-8")
    found = {subject: finding.status for subject, finding in assess(machine).items() if "NFS" in subject}
    assert found == {
        "the kernel 2049/tcp (NFS): /srv for 192.0.2.0/24": "fail",
        "the kernel 2049/tcp (NFS): /safe for 192.0.2.0/24": "pass",
    }


def test_a_server_that_does_not_answer_is_not_assessed(machine: Machine) -> None:
    cases.listening(("vsftpd.service", "vsftpd", "tcp", 21))(machine)
    assert assess(machine)["vsftpd.service 21/tcp (FTP)"].status == "not_assessed"
