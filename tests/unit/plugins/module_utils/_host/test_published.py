# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import published
from ansible_collections.infosec.principles.plugins.module_utils._host.published import Port

DNAT = "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80\n"
FORWARDS = {"/proc/sys/net/ipv4/ip_forward": "1\n"}


def ok(stdout: str) -> dict[str, t.Any]:
    return {"rc": 0, "stdout": stdout, "stderr": ""}


@pytest.mark.parametrize(
    ("line", "ports"),
    [
        (DNAT, [Port("tcp", "0.0.0.0", 80, "docker", "172.17.0.2:80")]),
        (
            "-A DOCKER -d 192.0.2.1/32 -p udp -m udp --dport 53:54 -j DNAT --to-destination 172.17.0.2:53-54/53",
            [Port("udp", "192.0.2.1", port, "docker", "172.17.0.2:53-54/53") for port in (53, 54)],
        ),
        (
            "-A CNI-DN-0f2e7a -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.88.0.5:80",
            [Port("tcp", "0.0.0.0", 8080, "podman", "10.88.0.5:80")],
        ),
        ("-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1:80", []),
        ("-A DOCKER -p tcp -m tcp --dport 80 -j RETURN", []),
        ("-A DOCKER -p tcp -m tcp --dport http -j DNAT --to-destination 10.0.0.1", []),
        ('-A DOCKER -p tcp --dport 80 -m comment --comment "broken -j DNAT --to-destination 10.0.0.1', []),
        ("-A DOCKER -p sctp -m sctp --dport 80 -j DNAT --to-destination 10.0.0.1", []),
    ],
)
def test_parse_iptables(line: str, ports: list[Port]) -> None:
    assert list(published.parse_iptables(line, "ip")) == ports


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"nftables": [{"rule": {"expr": [{"dnat": {"addr": "x"}}]}}]}'])
def test_parse_nftables_without_ports(text: str) -> None:
    assert list(published.parse_nftables(text, "podman")) == []


def test_parse_nftables_of_docker(lay: t.Any) -> None:
    match = {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 8080}}
    lead = {"dnat": {"addr": "fd00::2", "port": 80}}
    text = json.dumps({"nftables": [{"rule": {"family": "ip6", "expr": [match, {"counter": None}, lead]}}]})
    commands = {
        "nft list tables": ok("table ip6 docker-bridges\ntable ip filter\n"),
        "nft -j list table ip6 docker-bridges": ok(text),
    }
    found = published.read(lay({"files": FORWARDS, "commands": commands}))
    assert found.ports == (Port("tcp", "::", 8080, "docker", "[fd00::2]:80"),)


def test_read_does_not_ask_where_nothing_is_forwarded(lay: t.Any) -> None:
    host = lay({"files": {"/proc/sys/net/ipv4/ip_forward": "0\n"}, "commands": {"iptables-nft-save -t nat": ok(DNAT)}})
    assert published.read(host) == published.Published(())


@pytest.mark.parametrize(("tables", "count"), [("filter\nnat\n", 1), ("filter\n", 0), ("", 0)])
def test_read_never_loads_the_legacy_tables(lay: t.Any, tables: str, count: int) -> None:
    files = {**FORWARDS, "/proc/net/ip_tables_names": tables}
    found = published.read(lay({"files": files, "commands": {"iptables-legacy-save -t nat": ok(DNAT)}}))
    assert len(found.ports) == count and found.why == ""


def test_read_says_why_it_cannot_see(lay: t.Any) -> None:
    failing = {"rc": 4, "stdout": "", "stderr": "iptables-nft-save: Permission denied"}
    host = lay({"files": FORWARDS, "commands": {"iptables-nft-save -t nat": failing}})
    assert "Permission denied" in published.read(host).why
    host.superuser = False
    assert "run as root" in published.read(host).why
