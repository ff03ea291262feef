# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services import listening_services
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._host import connection, netlink, units
from ansible_collections.infosec.principles.plugins.module_utils._host.connection import Connection

HEADING = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ALL4, ALL6 = "00000000", "0" * 32
GLOBAL6 = "20010db8000000000000000000000001 02 40 00 80     eth0\n"
PASS, FAIL, NOT_ASSESSED, NOT_APPLICABLE = "pass", "fail", "not_assessed", "not_applicable"


def entry(ports: str, **fields: t.Any) -> dict[str, t.Any]:
    """An entry of the register, resolved: "80/tcp" or "6000-6010/tcp"."""
    numbers, _slash, protocol = ports.partition("/")
    first, _dash, last = numbers.partition("-")
    port = {"first": int(first), "last": int(last or first), "protocol": protocol}
    reasons = {"justification": "Needed.", "owner": "web@example.org", "review_by": "2027-06-30"}
    return {"name": "site", "unit": "", "ports": [port], "clients": ["any"], **reasons, **fields}


def judge(host: t.Any, *services: t.Any, close: bool = False) -> dict[tuple[str, str], Finding]:
    options = {"services": list(services), "close_unjustified": close}
    found = list(listening_services.assess(host, options))
    keyed = {finding.key: finding for finding in found}
    assert len(keyed) == len(found)
    assert {finding.rule for finding in found} == set(listening_services.RULES)
    return keyed


def unit(name: str, **properties: str) -> str:
    shown = {
        "Id": name,
        "Names": name,
        "LoadState": "loaded",
        "ActiveState": "active",
        "UnitFileState": "enabled",
        "FragmentPath": f"/usr/lib/systemd/system/{name}",
        **properties,
    }
    return "".join(f"{key}={value}\n" for key, value in shown.items())


def machine(*held: tuple[str, str, int, str, str], shown: t.Iterable[str] = (), **files: str) -> dict[str, t.Any]:
    """`held`: table, address (hexadecimal), port, process, cgroup. A process named "" is the kernel."""
    tables = {f"/proc/net/{name}": HEADING for name in ("tcp", "tcp6", "udp", "udp6")}
    contents = {"/proc/1/cgroup": "0::/init.scope\n", "/proc/1/stat": "1 (systemd) S 0\n"}
    links = {}
    for number, (table, address, port, process, cgroup) in enumerate(held, 100):
        state = "0A" if table.startswith("tcp") else "07"
        nowhere = f"{'0' * len(address)}:0000"
        tables[f"/proc/net/{table}"] += f" 0: {address}:{port:04X} {nowhere} {state} 0:0 0:0 0 0 0 {number} 1 0\n"
        if process:
            links[f"/proc/{number}/fd/3"] = f"socket:[{number}]"
            links[f"/proc/{number}/exe"] = f"/usr/sbin/{process}"
            contents[f"/proc/{number}/stat"] = f"{number} ({process}) S 1\n"
            contents[f"/proc/{number}/cgroup"] = f"0::{cgroup}\n"
    names = {cgroup.rpartition("/")[2] for *_rest, cgroup in held if cgroup.endswith(".service")}
    told = [*shown, *(unit(name) for name in sorted(names) if not any(f"Id={name}\n" in text for text in shown))]
    command = f"systemctl show --property={units.PROPERTIES} {' '.join(units.PATTERNS)}"
    return {
        "files": {**tables, **contents, **files},
        "links": links,
        "commands": {command: {"rc": 0, "stdout": "\n".join(told), "stderr": ""}},
        "systemd": True,
    }


def service(name: str) -> str:
    return f"/system.slice/{name}.service"


# What is justified


@pytest.mark.parametrize("name", ["debian-11", "debian-12", "debian-13"])
def test_recorded_machines(recorded: t.Any, name: str) -> None:
    found = judge(
        recorded(name),
        entry("80/tcp", unit="nginx.service"),
        entry("22/tcp", unit="sshd.service", name="ssh"),
        entry("11211/tcp", clients=[], name="cache"),
        entry("111/udp", unit="rpcbind.socket", name="rpc"),
    )
    told = {subject: finding.status for (rule, subject), finding in found.items() if rule == "unjustified"}
    ephemeral = {subject: status for subject, status in told.items() if subject.startswith("ephemeral")}
    published = {"5432/tcp", "5353/udp", "8443/tcp", "9443/tcp", "9500/tcp", "9600/udp", "9700/tcp"}
    failing = {subject for subject, status in told.items() if status == FAIL}
    assert failing >= {"7007/tcp", "7007/udp", "8080/tcp", "111/tcp", "5514/udp"}
    assert failing >= published
    assert "6379/tcp" not in told
    assert {told[port] for port in ("80/tcp", "22/tcp", "11211/tcp", "111/udp")} == {PASS}
    assert ephemeral["ephemeral/udp udp.service"] == NOT_ASSESSED
    assert found["wider_than_declared", "11211/tcp"].status == FAIL


def test_package_and_unit_are_evidence(lay: t.Any) -> None:
    made = machine(("tcp", ALL4, 8080, "extra", service("extra")))
    made["files"]["/var/lib/dpkg/info/extra-server.list"] = "/.\n/usr/sbin/extra\n"
    finding = judge(lay(made))["unjustified", "8080/tcp"]
    assert finding.status == FAIL and finding.fix == ()
    told = finding.evidence[0]
    assert told.source == "/proc/net/tcp" and "8080/tcp" in told.expected
    for fact in ("0.0.0.0:8080", "process extra (/usr/sbin/extra)", "unit extra.service", "package extra-server"):
        assert fact in told.found


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, PASS),
        ({"justification": " "}, FAIL),
        ({"unit": "web.service"}, PASS),
        ({"unit": "alias.service"}, PASS),
        ({"unit": "umbrella.service"}, PASS),
        ({"unit": "web.socket"}, PASS),
        ({"unit": "other.service"}, FAIL),
    ],
)
def test_a_declared_port(lay: t.Any, fields: dict[str, t.Any], status: str) -> None:
    shown = unit(
        "web.service", Names="web.service alias.service", PartOf="umbrella.service", TriggeredBy="web.socket web.path"
    )
    host = lay(machine(("tcp", ALL4, 80, "web", service("web")), shown=[shown]))
    finding = judge(host, entry("80/tcp", **fields), close=True)["unjustified", "80/tcp"]
    assert (finding.status, finding.fix) == (status, ())


def test_an_entry_with_a_unit_where_the_owner_is_hidden(lay: t.Any) -> None:
    host = lay(machine(("tcp", ALL4, 80, "web", service("web")), ("tcp", ALL4, 81, "web", service("web"))))
    host.superuser, host.hidden = False, ("/proc/100", "/proc/101")
    found = judge(host, entry("80/tcp", unit="web.service"), close=True)
    assert found["unjustified", "80/tcp"].status == NOT_ASSESSED
    assert found["unjustified", "81/tcp"].status == FAIL
    assert "run as root" in found["unjustified", "81/tcp"].message


def test_translations_that_cannot_be_seen_are_not_assessed(lay: t.Any) -> None:
    host = lay(machine(**{"/proc/sys/net/ipv4/ip_forward": "1\n"}))
    host.superuser = False
    found = judge(host, entry("80/tcp"))
    assert found["unjustified", "published ports"].status == NOT_ASSESSED
    assert found["declared_but_absent", "site 80/tcp"].status == NOT_ASSESSED


def test_nothing_listens_and_nothing_is_declared(lay: t.Any) -> None:
    found = judge(lay(machine(("tcp", "0100007F", 80, "web", service("web")))))
    assert {key[0]: finding.status for key, finding in found.items()} == {
        "unjustified": PASS,
        "wider_than_declared": NOT_APPLICABLE,
        "declared_but_absent": NOT_APPLICABLE,
        "review_overdue": NOT_APPLICABLE,
    }


def test_sockets_of_clients(lay: t.Any) -> None:
    host = lay(
        machine(
            ("udp", ALL4, 68, "dhclient", service("networking")),
            ("udp", ALL4, 40000, "rsyslogd", service("rsyslog")),
            ("udp", ALL4, 40001, "rsyslogd", service("rsyslog")),
            ("udp", ALL4, 51820, "", ""),
            ("udp", ALL4, 41641, "vpn", service("vpn")),
        )
    )
    found = judge(host, entry("41641/udp"))
    told = {subject: finding.status for (rule, subject), finding in found.items() if rule == "unjustified"}
    assert told == {
        "68/udp 0.0.0.0:68": PASS,
        "ephemeral/udp rsyslog.service": NOT_ASSESSED,
        "51820/udp": FAIL,
        "41641/udp": PASS,
    }
    assert len(found["unjustified", "ephemeral/udp rsyslog.service"].evidence) == 2


# How wide


@pytest.mark.parametrize(
    ("table", "address", "v6only", "host6", "clients", "status"),
    [
        pytest.param("tcp", ALL4, False, "", [], FAIL, id="none, but on all addresses"),
        pytest.param("tcp", "0A0200C0", False, "", [], FAIL, id="none, but on one address"),
        pytest.param("tcp", ALL4, False, GLOBAL6, ["192.0.2.0/24"], PASS, id="IPv4 for IPv4"),
        pytest.param("tcp6", ALL6, False, "", ["192.0.2.0/24"], PASS, id="both, without an IPv6 address"),
        pytest.param("tcp6", ALL6, False, GLOBAL6, ["192.0.2.0/24"], FAIL, id="both for IPv4"),
        pytest.param("tcp6", ALL6, True, GLOBAL6, ["2001:db8::/64"], PASS, id="IPv6 for IPv6"),
        pytest.param("tcp6", ALL6, False, GLOBAL6, ["192.0.2.0/24", "2001:db8::/64"], PASS, id="both for both"),
        pytest.param("tcp6", ALL6, False, GLOBAL6, ["any"], PASS, id="any"),
    ],
)
def test_wider_than_declared(
    lay: t.Any,
    monkeypatch: pytest.MonkeyPatch,
    table: str,
    address: str,
    v6only: bool,
    host6: str,
    clients: list[str],
    status: str,
) -> None:
    monkeypatch.setattr(netlink, "v6only", lambda host: {100: v6only})
    host = lay(machine((table, address, 80, "web", service("web")), **{"/proc/net/if_inet6": host6}))
    assert judge(host, entry("80/tcp", clients=clients))["wider_than_declared", "80/tcp"].status == status


# The register


@pytest.mark.parametrize(
    ("declared", "address", "clients", "status"),
    [
        ("80/tcp", ALL4, ["any"], PASS),
        ("79-81/tcp", ALL4, ["any"], PASS),
        ("80/udp", ALL4, ["any"], FAIL),
        ("81/tcp", ALL4, ["any"], FAIL),
        ("80/tcp", "0100007F", ["any"], FAIL),
        ("80/tcp", "0100007F", [], PASS),
    ],
)
def test_declared_but_absent(lay: t.Any, declared: str, address: str, clients: list[str], status: str) -> None:
    host = lay(machine(("tcp", address, 80, "web", service("web"))))
    assert judge(host, entry(declared, clients=clients))["declared_but_absent", f"site {declared}"].status == status


def test_absent_says_what_the_unit_does(lay: t.Any) -> None:
    host = lay(machine(shown=[unit("web.service", ActiveState="failed")]))
    (evidence,) = judge(host, entry("80/tcp", unit="web.service"))["declared_but_absent", "site 80/tcp"].evidence
    assert (evidence.source, evidence.found) == ("systemctl show web.service", "failed, enabled")


@pytest.mark.parametrize(
    ("review_by", "status"),
    [
        ("2026-11-24", PASS),
        ("2026-11-25", PASS),
        ("2026-11-23", FAIL),
        ("", FAIL),
        ("soon", FAIL),
        ("2026-02-30", FAIL),
    ],
)
def test_review_overdue(lay: t.Any, review_by: str, status: str) -> None:
    assert judge(lay(machine()), entry("80/tcp", review_by=review_by))["review_overdue", "site"].status == status


# The fix


def closing(finding: Finding) -> list[str]:
    return [change.describe() for change in finding.fix]


def test_ports_of_one_unit_share_the_fix_and_others_do_not(lay: t.Any) -> None:
    held = [
        ("tcp", ALL4, 8080, "one", service("one")),
        ("udp", ALL4, 8081, "one", service("one")),
        ("tcp", ALL4, 9090, "two", service("two")),
        ("tcp", "0A0200C0", 9091, "two", service("two")),
        ("tcp", "0B0200C0", 9091, "three", service("three")),
    ]
    found = judge(lay(machine(*held)), close=True)
    one, two = found["unjustified", "8080/tcp"], found["unjustified", "9090/tcp"]
    assert one.fix is found["unjustified", "8081/udp"].fix and closing(one) == ["stop and disable and mask one.service"]
    assert two.fix is found["unjustified", "9091/tcp"].fix and len(two.fix) == 2


@pytest.mark.parametrize(
    ("properties", "changes"),
    [
        ({}, ["stop and disable and mask x.service"]),
        ({"UnitFileState": "static"}, ["stop and mask x.service"]),
        (
            {"UnitFileState": "generated", "FragmentPath": "/run/systemd/generator.late/x.service"},
            ["stop and mask x.service"],
        ),
        ({"FragmentPath": "/etc/systemd/system/x.service"}, ["stop and disable x.service"]),
        ({"FragmentPath": "/etc/systemd/system/x.service", "UnitFileState": "static"}, ["stop x.service"]),
    ],
)
def test_how_a_unit_is_closed(lay: t.Any, properties: dict[str, str], changes: list[str]) -> None:
    host = lay(machine(("tcp", ALL4, 8080, "x", service("x")), shown=[unit("x.service", **properties)]))
    assert closing(judge(host, close=True)["unjustified", "8080/tcp"]) == changes


def test_what_starts_a_unit_is_closed_with_it(lay: t.Any) -> None:
    shown = [unit("x.service", TriggeredBy="x.socket", UnitFileState="static"), unit("x.socket", Triggers="x.service")]
    host = lay(machine(("tcp", ALL4, 8080, "x", service("x")), shown=shown))
    changes = closing(judge(host, close=True)["unjustified", "8080/tcp"])
    assert "stop and disable and mask x.socket" in changes
    assert changes.index("stop and disable and mask x.socket") < changes.index("mask x.service")


def test_a_socket_that_starts_one_instance_a_connection(lay: t.Any) -> None:
    shown = [unit("x.socket", Listen="0.0.0.0:8080 (Stream)", Accept="yes", Triggers="x@1-192.0.2.1:22.service")]
    made = machine(("tcp", ALL4, 8080, "", ""), shown=shown)
    made["links"]["/proc/1/fd/40"] = "socket:[100]"
    finding = judge(lay(made), close=True)["unjustified", "8080/tcp"]
    assert closing(finding) == ["stop and disable and mask x.socket"]


@pytest.mark.parametrize("name", ["ssh", "sshd", "dropbear"])
@pytest.mark.parametrize("accept", ["yes", "no"])
def test_a_socket_that_takes_ssh_logins_is_never_closed(lay: t.Any, name: str, accept: str) -> None:
    triggers = f"{name}@1-192.0.2.1:22.service" if accept == "yes" else f"{name}.service"
    shown = [unit(f"{name}.socket", Listen="0.0.0.0:22 (Stream)", Accept=accept, Triggers=triggers)]
    made = machine(("tcp", ALL4, 22, "", ""), shown=shown)
    made["links"]["/proc/1/fd/40"] = "socket:[100]"
    finding = judge(lay(made), close=True)["unjustified", "22/tcp"]
    assert finding.fix == () and "unused_sshd" in finding.message


@pytest.mark.parametrize(
    ("process", "cgroup", "shown", "reason"),
    [
        ("", "", [], "the kernel itself"),
        ("nc", "/user.slice/user-1000.slice/session-3.scope", [], "session-3.scope"),
        ("nc", "/", [], "no systemd unit"),
        (
            "web",
            "/user.slice/user-1000.slice/user@1000.service/app.slice/web.service",
            [],
            "systemctl --user --machine=1000@",
        ),
        ("docker-proxy", service("docker"), [], "find it with `docker ps`"),
        (
            "x",
            "/system.slice/run-u1.service",
            [unit("run-u1.service", Transient="yes")],
            "systemctl stop run-u1.service",
        ),
        ("sshd", service("ssh"), [], "unused_sshd"),
        ("systemd-resolve", service("systemd-resolved"), [], "LLMNR=no"),
        ("NetworkManager", service("NetworkManager"), [], "network"),
        ("chronyd", service("chronyd"), [], "clock"),
        ("dockerd", service("docker"), [], "guest"),
        ("kubelet", f"/system.slice/crio-{'0a' * 32}.scope", [], "find it with `crictl ps`"),
        ("corosync", service("corosync"), [], "cluster"),
        ("openvpn", service("openvpn-server@office"), [], "reach this one"),
    ],
)
def test_never_closed(lay: t.Any, process: str, cgroup: str, shown: list[str], reason: str) -> None:
    host = lay(machine(("tcp", ALL4, 8080, process, cgroup), shown=shown))
    finding = judge(host, close=True)["unjustified", "8080/tcp"]
    assert (finding.status, finding.fix) == (FAIL, ())
    assert "Not closed: " in finding.message and reason in finding.message


def test_a_unit_that_also_serves_a_declared_port_is_not_closed(lay: t.Any) -> None:
    held = [("tcp", ALL4, 8080, "web", service("web")), ("tcp", "0100007F", 80, "web", service("web"))]
    finding = judge(lay(machine(*held)), entry("80/tcp", clients=[]), close=True)["unjustified", "8080/tcp"]
    assert finding.fix == () and "also serves 80/tcp" in finding.message


@pytest.mark.parametrize(("server", "closed"), [("127.0.0.53", False), ("::1", False), ("192.0.2.53", True)])
def test_the_resolver_that_this_host_uses_is_not_closed(lay: t.Any, server: str, closed: bool) -> None:
    held = ("udp", ALL4, 53, "dnsmasq", service("dnsmasq"))
    host = lay(machine(held, **{"/etc/resolv.conf": f"search x\nnameserver {server}\nnameserver\n"}))
    assert bool(judge(host, close=True)["unjustified", "53/udp"].fix) is closed


@pytest.mark.parametrize(("kind", "closed"), [("nfs", False), ("nfs4", True)])
def test_rpcbind_is_not_closed_below_mounts_that_need_it(lay: t.Any, kind: str, closed: bool) -> None:
    held = ("tcp", ALL4, 111, "rpcbind", service("rpcbind"))
    host = lay(machine(held, **{"/proc/mounts": f"nas:/x /srv/x {kind} rw 0 0\n"}))
    assert bool(judge(host, close=True)["unjustified", "111/tcp"].fix) is closed


@pytest.mark.parametrize(("port", "name"), [(2222, "dropbear"), (8080, "carrier")])
def test_what_carries_the_connection_is_not_closed(
    lay: t.Any, monkeypatch: pytest.MonkeyPatch, port: int, name: str
) -> None:
    ours = Connection("192.0.2.9", 50000, "192.0.2.1", 2222, (5, 1), "carrier.service", ("carrier.service",))
    monkeypatch.setattr(connection, "read", lambda host: ours)
    host = lay(machine(("tcp", ALL4, port, name, service(name)), ("tcp", ALL4, 9090, "x", service("x"))))
    found = judge(host, close=True)
    assert found["unjustified", f"{port}/tcp"].fix == () and "carries" in found["unjustified", f"{port}/tcp"].message
    assert found["unjustified", "9090/tcp"].fix


def test_a_machine_without_systemd_is_judged_but_not_fixed(lay: t.Any) -> None:
    made = {**machine(("tcp", ALL4, 8080, "web", "/")), "systemd": False}
    finding = judge(lay(made), close=True)["unjustified", "8080/tcp"]
    assert (finding.status, finding.fix) == (FAIL, ()) and "ss -lnp" in finding.message


# Hostile text


def test_names_of_processes_and_units_are_escaped(lay: t.Any) -> None:
    host = lay(machine(("tcp", ALL4, 8080, "a\x1b]0;x\x07", "/system.slice/\x1b[2J\u202e.service")))
    finding = judge(host, entry("81/tcp", name="s\x1b[0m\n"), close=True)["unjustified", "8080/tcp"]
    said = finding.message + "".join(item.found for item in finding.evidence)
    assert said.isprintable() and "\\x1b" in said
