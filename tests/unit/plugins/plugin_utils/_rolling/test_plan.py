# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import Inventory
from ansible_collections.infosec.principles.plugins.plugin_utils._rolling import plan as plans
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._rolling.shops import (
    entry,
    line,
    planned,
    port,
)


def clients(made: plans.Plan, host: str = "shop1", **more: t.Any) -> list[str]:
    return [one["client"] for one in plans.tries(made, host, **more)]


@pytest.mark.parametrize(
    ("admitted", "expected"),
    [
        (["192.0.2.130/32", "198.51.100.1/32"], ["app2", "app1"]),
        (["192.0.2.0/24"], ["shop2", "shop3", "guest", "app2"]),
        (["203.0.113.0/24"], []),
        (["any"], ["shop2", "shop3", "guest", "app2", "app1", "local"]),
    ],
    ids=["the register's", "a network", "nobody", "everybody"],
)
def test_clients_are_whom_the_register_admits_the_nearest_first(admitted: list[str], expected: list[str]) -> None:
    assert line(planned(entry(clients=admitted)))["clients"] == expected


def test_the_controller_tries_where_the_inventory_has_nobody_else() -> None:
    alone = Inventory({"shops": ["shop1"]})
    for admitted, expected in ((["any"], ["localhost"]), (["192.0.2.130/32"], [])):
        made = plans.plan(["shop1"], [entry(clients=admitted)], alone, {"shop1": ["192.0.2.1/32"]})
        assert line(made)["clients"] == expected


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ([port(80)], [[80]]),
        ([port(80), port(443)], [[80], [443]]),
        ([port(8000, 8002)], [[8000, 8001, 8002]]),
        ([port(1024, 65535)], [list(range(1024, 1088))]),
        ([port(53, protocol="udp")], []),
    ],
    ids=["one", "two lines", "range", "wide range", "UDP"],
)
def test_tcp_ports_of_each_line_are_tried(ports: list[t.Any], expected: list[list[int]]) -> None:
    assert [one["ports"] for one in planned(entry(ports=ports))["lines"]["shop1"]] == expected


def test_what_is_for_the_host_alone_is_not_tried() -> None:
    assert planned(entry(clients=[]))["lines"]["shop1"] == []


def test_a_network_of_the_inventory_is_no_address() -> None:
    assert line(planned(shop1=["192.0.2.0/24", "192.0.2.1/32"]))["addresses"] == ["192.0.2.1"]


def test_own_ports_and_those_of_the_peers_are_tried() -> None:
    (first, second) = plans.tries(planned(), "shop1")
    assert (first["client"], second["client"]) == ("app2", "app1")
    assert [(one["address"], one["ports"]) for one in first["probes"]] == [
        ("192.0.2.1", [80]),
        ("2001:db8::1", [80]),
        ("192.0.2.2", [80]),
        ("192.0.2.3", [80]),
    ]


def test_every_registered_port_of_a_peer_counts() -> None:
    made = planned(entry(), entry(name="admin", hosts=["shop2"], ports=[port(22)]))
    assert {(one["host"], one["subject"]) for one in plans.lines(made, "shop1")} == {
        ("shop1", "80/tcp (shop)"),
        ("shop2", "80/tcp (shop)"),
        ("shop2", "22/tcp (admin)"),
        ("shop3", "80/tcp (shop)"),
    }


def test_few_clients_try_everything() -> None:
    """Each further client is another task for each host."""
    made = planned(entry(), entry(name="status", clients=["any"], ports=[port(81)]))
    assert clients(made) == ["app2", "app1"]
    assert clients(made, count=1) == ["app2"]


def test_who_is_rebooted_at_the_same_time_tries_only_what_nobody_else_can() -> None:
    assert clients(planned(), wave=["shop1", "app2"], count=1) == ["app1"]
    assert clients(planned(entry(clients=["192.0.2.130/32"])), wave=["shop1", "app2"]) == ["app2"]


@pytest.mark.parametrize(
    ("groups", "expected"),
    [([], ["shop2", "shop3"]), (["apps"], []), (["shops", "apps"], ["shop2", "shop3"])],
)
def test_groups_of_the_user_take_the_place_of_the_registers(groups: list[str], expected: list[str]) -> None:
    assert plans.peers(planned(groups=groups), "shop1") == expected


def test_the_plan_grows_with_the_hosts_it_is_about() -> None:
    made = planned(entry(), entry(name="guests", hosts=["others"]))
    assert sorted(made["lines"]) == ["shop1", "shop2", "shop3"]
    assert plans.unpack(plans.pack(made)) == made
