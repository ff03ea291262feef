# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real router between two networks: the rules are loaded, and TCP, UDP and ICMP go through it.

Network namespaces and traffic between them only: nothing of this machine's own network is touched. Needs root, ip and nft
(and iptables for its two formats); says so where they are missing.
"""

from __future__ import annotations

import collections
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall import files
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._network_firewall.samples import Site, entry

TRAFFIC = pathlib.Path(__file__).with_name("traffic.py")
PREFIX = f"infosec76-{os.getpid()}"
ROUTER, CLIENTS, SERVERS = (f"{PREFIX}-{name}" for name in ("router", "clients", "servers"))

SITE = Site(
    addresses={
        "app1": ["10.76.1.10", "fd00:76:1::10"],
        "other1": ["10.76.1.66", "fd00:76:1::66"],
        "web1": ["10.76.2.10", "fd00:76:2::10"],
        "db1": ["10.76.2.20", "fd00:76:2::20"],
    },
    groups={"all": ["app1", "other1", "web1", "db1"], "app": ["app1"], "web": ["web1"], "db": ["db1"]},
    register=[
        entry("website", ["web"], ["443/tcp", "8000-8010/tcp"], ["any"]),
        entry("Orders' database", ["db"], ["5432/tcp"], ["app"]),
        entry("dns", ["db"], ["53/udp", "53/tcp"], ["10.76.1.0/24", "fd00:76:1::/64"]),
        entry("time", ["web"], ["123/udp"], ["app1"]),
        # The other way: a service among the clients.
        entry("backup", ["app"], ["9102/tcp"], ["db1"]),
        entry("silent", ["web"], ["514/udp"], ["any"]),
        entry("local", ["db"], ["6379/tcp"], ["none"]),
    ],
)
#: What really listens, on every address; 8011, 6379 and 9999 are nobody's to reach.
PORTS = [("tcp", port) for port in (443, 8000, 8005, 8010, 8011, 5432, 53, 9102, 6379, 9999)]
PORTS += [("udp", port) for port in (53, 123, 443, 9999)]
SIDES = {"app1": CLIENTS, "other1": CLIENTS, "web1": SERVERS, "db1": SERVERS}
Probe = tuple[str, str, str, int]

# Its files are the arguments of iptables, one call a line.
CALLS = "grep '^-' | sed 's/^/{} --wait /' | sh -e"
LOAD = {
    "iptables": {
        "iptables-inet": ["sh", "-c", CALLS.format("iptables")],
        "iptables-inet6": ["sh", "-c", CALLS.format("ip6tables")],
    },
    "nftables": {"nftables.nft": ["nft", "-f", "-"]},
    "speedway": {
        "speedway-inet.ipt": ["iptables-restore"],
        "speedway-inet6.ipt": ["ip6tables-restore"],
    },
}


def inside(namespace: str, *argv: str, text: str | None = None) -> str:
    """Run a program in a network namespace; what it says. Raises CalledProcessError."""
    argv = ("ip", "netns", "exec", namespace, *argv)
    return subprocess.run(argv, input=text, capture_output=True, text=True, check=True, timeout=120).stdout


def ip(text: str) -> None:
    subprocess.run(["ip", *text.split()], check=True, capture_output=True, text=True)


@dataclasses.dataclass(frozen=True)
class Network:
    """Two networks with a router between them."""

    def load(self, target: str) -> None:
        """Have the router load the rules of SITE."""
        made = files.files(SITE.register, SITE.hostvars, SITE.groups, {target: {}})
        assert set(made) == set(LOAD[target])
        for name, text in made.items():
            inside(ROUTER, *LOAD[target][name], text=text)

    def flush(self) -> None:
        """Let the router pass everything."""
        inside(ROUTER, "nft", "flush", "ruleset")

    def reached(self, probes: t.Iterable[Probe]) -> set[Probe]:
        """Those of (source, destination, protocol, port) that are answered."""
        by_side = collections.defaultdict(list)
        for probe in probes:
            by_side[CLIENTS if probe[0].split(".")[2:3] == ["1"] or ":1::" in probe[0] else SERVERS].append(probe)
        answered: set[Probe] = set()
        for side, asked in by_side.items():
            said = inside(side, sys.executable, str(TRAFFIC), "probe", text=json.dumps(asked))
            answered |= {tuple(one) for one in json.loads(said)}
        return answered


def build() -> None:
    for name in (ROUTER, CLIENTS, SERVERS):
        # Nobody else is there to have the same address, and asking takes a second or two.
        inside(name, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.default.dad_transmits=0")
    for side, number in ((CLIENTS, 1), (SERVERS, 2)):
        ip(f"link add wire netns {side} type veth peer name side{number} netns {ROUTER}")
        ip(f"-n {ROUTER} address add 10.76.{number}.1/24 dev side{number}")
        ip(f"-n {ROUTER} address add fd00:76:{number}::1/64 dev side{number}")
        ip(f"-n {ROUTER} link set side{number} up")
        for host, own in SIDES.items():
            if own == side:
                four, six = SITE.addresses[host]
                ip(f"-n {side} address add {four}/24 dev wire")
                ip(f"-n {side} address add {six}/64 dev wire")
        ip(f"-n {side} link set lo up")
        ip(f"-n {side} link set wire up")
        ip(f"-n {side} route add default via 10.76.{number}.1")
        ip(f"-n {side} -6 route add default via fd00:76:{number}::1")
    inside(ROUTER, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")


@pytest.fixture(scope="module")
def network() -> t.Iterator[Network]:
    missing = [name for name in ("ip", "nft") if shutil.which(name) is None] + ["root"] * (os.geteuid() != 0)
    if missing:
        pytest.skip(f"!!! NOT TESTED: the rules on a real router; it takes {', '.join(missing)} !!!")
    servers: list[subprocess.Popen[str]] = []
    try:
        try:
            for name in (ROUTER, CLIENTS, SERVERS):
                ip(f"netns add {name}")
        except subprocess.CalledProcessError as exc:
            pytest.skip(
                f"!!! NOT TESTED: the rules on a real router; no network namespaces here: {exc.stderr.strip()} !!!"
            )
        build()
        for side in (CLIENTS, SERVERS):
            argv = ["ip", "netns", "exec", side, sys.executable, str(TRAFFIC), "serve", json.dumps(PORTS)]
            servers.append(subprocess.Popen(argv, stdout=subprocess.PIPE, text=True))
        for server in servers:
            assert server.stdout is not None
            assert server.stdout.readline() == "ready\n"
        yield Network()
    finally:
        for server in servers:
            server.terminate()
            server.wait(10)
        for name in (ROUTER, CLIENTS, SERVERS):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


@pytest.fixture(params=sorted(LOAD))
def loaded(network: Network, request: pytest.FixtureRequest) -> t.Iterator[Network]:
    """With the rules in force, and gone afterwards."""
    program = "nft" if request.param == "nftables" else "ip6tables-restore"
    if shutil.which(program) is None:
        pytest.skip(f"!!! NOT TESTED: {request.param} on a real router; it takes {program} !!!")
    network.load(request.param)
    yield network
    network.flush()


def probes() -> list[Probe]:
    """Everything that can be tried through the router."""
    return [
        (source, destination, protocol, port)
        for here, there in ((CLIENTS, SERVERS), (SERVERS, CLIENTS))
        for source, destination in _pairs(here, there)
        for protocol, port in PORTS
    ]


def _pairs(here: str, there: str) -> t.Iterator[tuple[str, str]]:
    for one, own in SIDES.items():
        for other, its in SIDES.items():
            if (own, its) == (here, there):
                yield from zip(SITE.addresses[one], SITE.addresses[other], strict=True)


def pings() -> list[Probe]:
    return [(source, target, "icmp", 0) for here in (CLIENTS, SERVERS) for source, target in _pairs(here, _other(here))]


def _other(side: str) -> str:
    return SERVERS if side == CLIENTS else CLIENTS


def test_everything_passes_a_router_without_rules(network: Network) -> None:
    missing = set(probes() + pings()) - network.reached(probes() + pings())
    assert sorted(missing) == []


def test_what_the_register_allows_is_answered_and_nothing_else(loaded: Network) -> None:
    allowed = {probe for probe in probes() if SITE.allows(*probe)}
    assert len(allowed) == 30
    assert loaded.reached(probes()) == allowed


def test_echoes_pass(loaded: Network) -> None:
    assert loaded.reached(pings()) == set(pings())


def test_errors_of_what_is_allowed_get_back(loaded: Network) -> None:
    """ICMP of the host behind the router, such as path MTU discovery lives on: nothing listens on that port."""
    asked = [(source, target, "refused", 514) for source, target in _pairs(CLIENTS, SERVERS)]
    allowed = {probe for probe in asked if SITE.allows(probe[0], probe[1], "udp", 514)}
    assert len(allowed) == 4
    assert loaded.reached(asked) == allowed


def test_loading_again_changes_nothing_and_cuts_no_connection(network: Network) -> None:
    network.load("nftables")
    before = inside(ROUTER, "nft", "list", "ruleset")
    argv = ["ip", "netns", "exec", CLIENTS, sys.executable, str(TRAFFIC), "hold", "10.76.1.10", "10.76.2.20", "5432"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holding:
        assert holding.stdin is not None
        assert holding.stdout is not None
        assert holding.stdout.readline() == "open\n"
        network.load("nftables")
        holding.stdin.write("still there\n")
        holding.stdin.flush()
        assert holding.stdout.readline() == "still there\n"
        holding.stdin.close()
        assert holding.wait(10) == 0
    assert inside(ROUTER, "nft", "list", "ruleset") == before
    network.flush()
