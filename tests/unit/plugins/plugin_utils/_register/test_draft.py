# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime
import random
import typing as t

import pytest
import yaml
from netaddr import IPNetwork

from ansible_collections.infosec.principles.plugins.plugin_utils._register import validate
from ansible_collections.infosec.principles.plugins.plugin_utils._register.draft import draft
from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import Inventory, RegisterError

DAY = datetime.date(2027, 5, 25)


def listener(port: int, protocol: str = "tcp", **more: t.Any) -> dict[str, t.Any]:
    return {
        "protocol": protocol,
        "address": "0.0.0.0",
        "port": port,
        "process": "nginx",
        "unit": "nginx.service",
        **more,
    }


def peer(port: int, *addresses: str, protocol: str = "tcp") -> dict[str, t.Any]:
    return {"protocol": protocol, "port": port, "addresses": list(addresses)}


def sockets(*listeners: dict[str, t.Any], peers: t.Iterable[dict[str, t.Any]] = ()) -> dict[str, t.Any]:
    return {"listeners": list(listeners), "peers": list(peers)}


def drafted(seen: dict[str, t.Any], **addresses: str) -> list[dict[str, t.Any]]:
    return draft(seen, {host: [IPNetwork(address)] for host, address in addresses.items()}, DAY)


def brief(entries: list[dict[str, t.Any]]) -> dict[str, str]:
    return {entry["name"]: " ".join([*entry["hosts"], *entry["ports"]]) for entry in entries}


def test_entry() -> None:
    seen = {"web1": sockets(listener(443), listener(80), peers=[peer(443, "192.0.2.7"), peer(80)])}
    assert drafted(seen) == [
        {
            "name": "nginx",
            "hosts": ["web1"],
            "unit": "nginx.service",
            "ports": ["80/tcp", "443/tcp"],
            "clients": ["192.0.2.7"],
            "tls": "none",
            "justification": "",
            "owner": "",
            "review_by": "2027-05-25",
        }
    ]


def test_same_unit_and_ports_on_several_hosts_are_one_service() -> None:
    both = sockets(listener(80), listener(443))
    seen = {"web2": both, "web1": both, "web3": sockets(listener(80)), "db1": sockets(listener(22, unit="ssh.service"))}
    assert brief(drafted(seen)) == {"nginx": "web3 80/tcp", "nginx-2": "web1 web2 80/tcp 443/tcp", "ssh": "db1 22/tcp"}


@pytest.mark.parametrize(
    ("more", "name", "unit"),
    [
        ({"unit": "postgresql@15-main.service"}, "postgresql-15-main", "postgresql@15-main.service"),
        ({"unit": "", "process": "My_Server"}, "my-server", ""),
        ({"unit": "", "process": ""}, "port-80", ""),
        ({"unit": "", "process": "", "published_by": "docker"}, "docker-80", ""),
        (
            {"unit": "docker.service", "process": "docker-proxy", "published_by": "docker"},
            "docker-80",
            "docker.service",
        ),
        ({"unit": "init.scope"}, "init", "init.scope"),
        ({"unit": "", "process": "---"}, "service", ""),
    ],
)
def test_owner(more: dict[str, t.Any], name: str, unit: str) -> None:
    (entry,) = drafted({"web1": sockets(listener(80, **more))})
    assert (entry["name"], entry.get("unit", "")) == (name, unit)


def test_what_an_engine_publishes_is_one_service_a_port() -> None:
    docker = {"unit": "docker.service", "process": "docker-proxy", "published_by": "docker"}
    seen = {"a": sockets(listener(80, **docker), listener(80, address="::", **docker), listener(5432, **docker))}
    assert brief(drafted(seen)) == {"docker-80": "a 80/tcp", "docker-5432": "a 5432/tcp"}


@pytest.mark.parametrize("more", [{"loopback": True}, {"ephemeral": True}])
def test_what_nobody_else_can_use_is_left_out(more: dict[str, t.Any]) -> None:
    assert drafted({"a": sockets(listener(80, **more))}) == []


def test_ports_that_follow_each_other_are_a_range() -> None:
    seen = {"a": sockets(*map(listener, (8002, 8000, 8001)), listener(8001, "udp"))}
    assert brief(drafted(seen)) == {"nginx": "a 8000-8002/tcp 8001/udp"}


def test_clients() -> None:
    seen = {
        "web1": sockets(
            listener(80),
            listener(22, unit="ssh.service"),
            peers=[peer(80, "2001:db8::9", "192.0.2.20", "10.0.0.3"), peer(80, "10.0.0.4", protocol="udp")],
        ),
        "web2": sockets(listener(80), listener(22, unit="ssh.service"), peers=[peer(80, "9.0.0.1", "10.0.0.2", "bad")]),
    }
    nginx, ssh = drafted(seen, app2="10.0.0.2", app1="10.0.0.3", other="10.0.0.4")
    assert nginx["clients"] == ["app1", "app2", "9.0.0.1", "192.0.2.20", "2001:db8::9"]
    # Nobody is connected, which says nothing about who may.
    assert ssh["clients"] == []


def test_order_does_not_depend_on_what_is_seen_first() -> None:
    listeners = [listener(port, unit=f"u{port % 3}.service") for port in range(1, 40, 2)]
    hosts = [f"h{number}" for number in range(5)]
    expected = drafted({host: sockets(*listeners, peers=[peer(1, "10.0.0.1", "10.0.0.2")]) for host in hosts})
    for seed in range(5):
        mixed = random.Random(seed)
        mixed.shuffle(hosts)
        mixed.shuffle(listeners)
        assert (
            drafted({host: sockets(*listeners, peers=[peer(1, "10.0.0.2", "10.0.0.1")]) for host in hosts}) == expected
        )


HOSTILE = [
    "{{ lookup('pipe', 'id') }}",
    "{% for x in y %}",
    "{# #}",
    "x: y",
    "- x",
    "&a *a !!python/object:os.system",
    "!unsafe x",
    "!vault |",
    "\"'\n---\n...\ninfosec_services: []",
    "\x1b]0;x\x07",
    "nginx.service\n- name: y",
    "{{x}}.service",
    "$(id)",
    "# comment",
    "\u2028\u202e",
    "é" * 100,
    "null",
    "",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text(text: str) -> None:
    seen = {
        "web1": sockets(
            listener(80, process=text, unit=text, published_by=text),
            listener(81, process=text, unit=""),
            peers=[peer(80, text, "192.0.2.1")],
        )
    }
    written = yaml.safe_dump({"infosec_services": drafted(seen)}, sort_keys=False)
    assert written.isascii()
    assert not set(written) & set("{}%#!&*$\x1b|>")
    read = yaml.safe_load(written)["infosec_services"]
    assert read == drafted(seen)
    assert sorted(port for entry in read for port in entry["ports"]) in (["80/tcp", "81/tcp"], ["80-81/tcp"])
    assert [client for entry in read for client in entry["clients"]] == ["192.0.2.1"]


def test_a_draft_is_valid_once_a_person_has_judged_it() -> None:
    inventory = Inventory({"all": ["web1", "web2"]})
    seen = {
        "web1": sockets(listener(80), listener(22, unit="ssh.service"), peers=[peer(80, "192.0.2.2")]),
        "web2": sockets(listener(80), listener(53, "udp", unit="", process="")),
    }
    entries = drafted(seen, web2="192.0.2.2")
    with pytest.raises(RegisterError) as caught:
        validate.parse(entries, inventory)
    left = sorted(fault.rpartition("; ")[0].rpartition(").")[2] for fault in caught.value.faults)
    assert left == ["clients: is empty"] * 2 + ["justification: is empty"] * 3 + ["owner: is empty"] * 3
    for entry in entries:
        entry.update(justification="Because.", owner="web@example.org", clients=entry["clients"] or ["none"])
    assert len(validate.parse(entries, inventory)) == 3
