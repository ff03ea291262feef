# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pathlib
import time
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import netlink, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Missing

FIXTURES = pathlib.Path(__file__).resolve().parents[3] / "fixtures" / "sockets"
HEADING = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
BOTH = ("IPv4", "IPv6")


def row(local: str, state: str = "0A", inode: int = 7, peer: str = "00000000:0000") -> str:
    return f"   0: {local} {peer} {state} 00000000:00000000 00:00000000 00000000     0        0 {inode} 1 0 100\n"


def shown(host: t.Any) -> dict[tuple[str, str], sockets.Listener]:
    return {(item.protocol, item.place): item for item in host.once(sockets.read)}


@pytest.mark.parametrize(
    ("local", "address", "port"),
    [
        ("00000000:0016", "0.0.0.0", 22),
        ("0100007F:1F90", "127.0.0.1", 8080),
        ("0A0200C0:FFFF", "192.0.2.10", 65535),
        ("00000000000000000000000000000000:0050", "::", 80),
        ("00000000000000000000000001000000:0050", "::1", 80),
        ("B80D0120000000000000000001000000:0050", "2001:db8::1", 80),
        ("0000000000000000FFFF00000A0200C0:0050", "192.0.2.10", 80),
    ],
)
def test_parse_addresses(local: str, address: str, port: int) -> None:
    (socket,) = sockets.parse(HEADING + row(local), "tcp")
    assert (socket.address, socket.port, socket.inode) == (address, port, 7)


@pytest.mark.parametrize(
    ("protocol", "state", "peer", "listens"),
    [
        ("tcp", "0A", "00000000:0000", True),
        ("tcp", "01", "0A0200C0:0050", False),
        ("tcp", "07", "00000000:0000", False),
        ("udp", "07", "00000000:0000", True),
        ("udp", "01", "0A0200C0:0035", False),
    ],
)
def test_listens(protocol: str, state: str, peer: str, listens: bool) -> None:
    (socket,) = sockets.parse(HEADING + row("00000000:0050", state, peer=peer), protocol)
    assert socket.listens is listens


def test_parse_leaves_out_a_line_that_was_cut() -> None:
    assert sockets.parse(HEADING + "   0: 00000000:0050 000", "tcp") == []


def test_table_without_ipv6_and_without_anything(lay: t.Any) -> None:
    host = lay({"files": {"/proc/net/tcp": HEADING, "/proc/net/udp": HEADING}})
    assert sockets.table(host) == ()
    with pytest.raises(Missing):
        sockets.table(lay({"files": {"/proc/net/udp": HEADING}}).__class__(root="/nonexistent"))


@pytest.mark.parametrize("name", ["debian-11", "debian-12", "debian-13"])
def test_read_recorded(recorded: t.Any, name: str) -> None:
    found = shown(recorded(name))
    nginx = found["tcp", "0.0.0.0:80"]
    assert (nginx.process, nginx.unit, nginx.holder, len(nginx.pids)) == ("nginx", "nginx.service", "process", 3)
    assert nginx.pid == min(nginx.pids)
    held = found["tcp", "[::]:7007"]
    assert (held.pid, held.unit, held.socket_unit) == (1, "echo.service", "echo.socket")
    woken = found["udp", "0.0.0.0:111"]
    assert (woken.process, woken.unit, woken.socket_unit) == ("rpcbind", "rpcbind.service", "rpcbind.socket")
    assert woken.pids[-1] == 1 and woken.pid != 1
    assert found["tcp", "0.0.0.0:11211"].unit == "memcached.service"


@pytest.mark.parametrize("name", ["debian-11", "debian-12", "debian-13"])
def test_read_finds_published_ports(recorded: t.Any, name: str) -> None:
    found = shown(recorded(name))
    published = {
        (item.name, item.address): (item.published_by, item.target) for item in found.values() if item.published_by
    }
    assert published == {
        ("5432/tcp", "0.0.0.0"): ("docker", "172.18.0.2:5432"),
        ("5432/tcp", "::"): ("docker", "[fd00::2]:5432"),
        ("6379/tcp", "127.0.0.1"): ("docker", "172.18.0.3:6379"),
        ("5353/udp", "0.0.0.0"): ("docker", "172.18.0.4:53"),
        ("8443/tcp", "0.0.0.0"): ("podman", "10.88.0.2:443"),
        ("9443/tcp", "0.0.0.0"): ("podman", "10.88.0.3:443"),
        ("9500/tcp", "0.0.0.0"): ("podman", "10.88.0.3"),
        ("9501/tcp", "0.0.0.0"): ("podman", "10.88.0.3"),
        ("9502/tcp", "0.0.0.0"): ("podman", "10.88.0.3"),
        ("9600/udp", "fd00::9"): ("podman", "[fd10::3]:53"),
        ("9700/tcp", "192.0.2.9"): ("podman", "10.88.0.3"),
        ("9701/tcp", "192.0.2.9"): ("podman", "10.88.0.3"),
    }


def test_read_merges_docker_proxy_with_its_translation(recorded: t.Any) -> None:
    found = shown(recorded("docker-20.10.24"))
    assert {place: (item.process, item.published_by, item.target, item.loopback) for place, item in found.items()} == {
        ("tcp", "0.0.0.0:18081"): ("docker-proxy", "docker", "172.17.0.10:80", False),
        ("tcp", "[::]:18081"): ("docker-proxy", "docker", "172.17.0.10:80", False),
        ("tcp", "127.0.0.1:18082"): ("docker-proxy", "docker", "172.17.0.10:80", True),
        ("udp", "0.0.0.0:18053"): ("docker-proxy", "docker", "172.17.0.10:53", False),
        ("udp", "[::]:18053"): ("docker-proxy", "docker", "172.17.0.10:53", False),
    }


def test_read_rhel(recorded: t.Any) -> None:
    found = shown(recorded("rhel-9"))
    told = {place: (item.unit, item.user_unit, item.socket_unit, item.holder) for place, item in found.items()}
    assert told == {
        ("tcp", "0.0.0.0:22"): ("sshd.service", "", "", "process"),
        ("tcp", "[::]:22"): ("sshd.service", "", "", "process"),
        ("tcp", "0.0.0.0:111"): ("rpcbind.service", "", "rpcbind.socket", "process"),
        ("udp", "0.0.0.0:111"): ("rpcbind.service", "", "rpcbind.socket", "process"),
        ("tcp", "[::]:8443"): (f"libpod-conmon-{'0a' * 32}.scope", "", "", "process"),
        ("tcp", "[::]:9090"): ("cockpit.service", "", "cockpit.socket", "process"),
        ("tcp", "[::]:9100"): ("user@1001.service", "node\\x2dexporter.service", "", "process"),
        ("udp", "127.0.0.1:323"): ("chronyd.service", "", "", "process"),
        ("udp", "[::1]:323"): ("chronyd.service", "", "", "process"),
        ("udp", "0.0.0.0:51820"): ("", "", "", "kernel"),
    }
    assert found["tcp", "[::]:8443"].published_by == "podman"


def test_read_as_an_ordinary_user_knows_the_socket_but_not_its_owner(recorded: t.Any) -> None:
    host = recorded("rhel-9")
    host.superuser = False
    host.hidden = ("/proc/1/fd", "/proc/905/fd", "/proc/1200/fd")
    found = shown(host)
    assert (found["tcp", "[::]:22"].holder, found["tcp", "[::]:22"].unit) == ("unknown", "")
    assert found["udp", "0.0.0.0:51820"].holder == "unknown"
    # Which socket unit opened it is known to systemd, who tells everybody.
    assert found["tcp", "[::]:9090"].unit == "cockpit.service"


@pytest.mark.parametrize(
    ("known", "families", "certain"),
    [({7: True}, ("IPv6",), True), ({7: False}, BOTH, True), ({}, BOTH, False)],
)
def test_families_of_a_wildcard(
    lay: t.Any, monkeypatch: pytest.MonkeyPatch, known: dict[int, bool], families: tuple[str, ...], certain: bool
) -> None:
    monkeypatch.setattr(netlink, "v6only", lambda host: known)
    files = {"/proc/net/tcp": HEADING, "/proc/net/udp": HEADING, "/proc/net/tcp6": HEADING + row(f"{'0' * 32}:0050")}
    (item,) = sockets.read(lay({"files": files}))
    assert (item.families, item.families_known) == (families, certain)


def test_netlink_parse_recorded() -> None:
    data = bytes.fromhex((FIXTURES / "netlink-linux-tcp6-listen.hex").read_text().strip())
    # ss -6tlne said v6only:1 for the first three (rpcbind, nginx, sshd) and v6only:0 for the others.
    assert netlink.parse(data) == {496872: True, 36061: True, 38943: True, 495282: False, 495171: False}


@pytest.mark.parametrize("cut", range(0, 160, 7))
def test_netlink_parse_survives_a_cut(cut: int) -> None:
    data = bytes.fromhex((FIXTURES / "netlink-linux-tcp6-listen.hex").read_text().strip())
    assert set(netlink.parse(data[:-cut] if cut else data)) <= {496872, 36061, 38943, 495282, 495171}
    netlink.parse(data[cut:])


def test_netlink_never_asks_this_kernel_about_another_machine(lay: t.Any) -> None:
    assert netlink.v6only(lay({})) == {}


def test_peers_leave_out_this_host(lay: t.Any) -> None:
    rows = [
        row("0A0200C0:0050", "0A"),
        row("0A0200C0:0050", "01", 8, "0B0200C0:D431"),
        row("0A0200C0:0050", "01", 9, "0A0200C0:D432"),
        row("0100007F:0050", "01", 10, "0100007F:D433"),
        row("0A0200C0:D434", "01", 11, "0C0200C0:0050"),
        row("0A0200C0:0050", "06", 12, "0D0200C0:D435"),
    ]
    files = {"/proc/net/tcp": HEADING + "".join(rows), "/proc/net/udp": HEADING + row("00000000:0035", "07", 13)}
    assert sockets.peers(lay({"files": files})) == {("tcp", 80): ("192.0.2.11",), ("udp", 53): ()}


@pytest.mark.parametrize(
    ("text", "range_"), [("1024\t2000\n", (1024, 2000)), ("nonsense", sockets.EPHEMERAL), (None, sockets.EPHEMERAL)]
)
def test_ephemeral(lay: t.Any, text: str | None, range_: tuple[int, int]) -> None:
    files = {"/proc/sys/net/ipv4/ip_local_port_range": text} if text else {}
    assert sockets.ephemeral(lay({"files": files})) == range_


@pytest.mark.parametrize(
    ("fields", "client"),
    [
        ({"protocol": "udp", "port": 40000, "holder": "process"}, True),
        ({"protocol": "udp", "port": 40000, "holder": "unknown"}, True),
        ({"protocol": "udp", "port": 40000, "holder": "kernel"}, False),
        ({"protocol": "udp", "port": 40000, "holder": "process", "socket_unit": "x.socket"}, False),
        ({"protocol": "udp", "port": 40000, "holder": "process", "published_by": "docker"}, False),
        ({"protocol": "tcp", "port": 40000, "holder": "process"}, False),
        ({"protocol": "udp", "port": 5353, "holder": "process"}, False),
        ({"protocol": "udp", "port": 68, "holder": "process", "process": "dhclient"}, True),
        ({"protocol": "udp", "port": 546, "holder": "process", "process": "systemd-network"}, True),
        ({"protocol": "udp", "port": 68, "holder": "process", "process": "nc"}, False),
        ({"protocol": "tcp", "port": 68, "holder": "process", "process": "dhclient"}, False),
    ],
)
def test_is_client(lay: t.Any, fields: dict[str, t.Any], client: bool) -> None:
    assert sockets.is_client(lay({}), sockets.Listener(address="0.0.0.0", **fields)) is client


def test_ten_thousand_sockets_take_less_than_a_second(lay: t.Any) -> None:
    some = [row(f"0A02{number // 250:02X}C0:{number % 60000 + 1:04X}", "0A", number + 1) for number in range(10_000)]
    links = {
        f"/proc/{pid}/fd/{number}": f"socket:[{pid * 100 + number}]" for pid in range(1, 100) for number in range(100)
    }
    host = lay({"files": {"/proc/net/tcp": HEADING + "".join(some), "/proc/net/udp": HEADING}, "links": links})
    started = time.process_time()
    assert len(host.once(sockets.read)) == 10_000
    assert time.process_time() - started < 1
