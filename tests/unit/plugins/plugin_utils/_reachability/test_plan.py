# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.expectation import Clients
from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.plan import (
    UNDECLARED_LIMIT,
    admitted,
    probes_of,
    sources,
)
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._reachability.fleet import (
    ADDRESSES,
    entry,
    listener,
    only,
    places,
    planned,
)

NOWHERE = "the inventory has no address of db1 that it listens on; name it in infosec_addresses"
FOUR, SIX = "192.0.2.3 5432", "2001:db8::3 5432"


@pytest.mark.parametrize(
    ("listeners", "expected"),
    [
        ([listener(5432)], [FOUR, SIX]),
        ([listener(5432, families=["IPv6"])], [SIX]),
        ([listener(5432, "0.0.0.0", families=["IPv4"])], [FOUR]),
        ([listener(5432, "192.0.2.3")], [FOUR]),
        ([listener(5432, "192.0.2.3"), listener(5432, "2001:db8::3")], [FOUR, SIX]),
        ([listener(5432, "192.0.2.3"), listener(5432)], [FOUR, SIX]),
        ([], [f"{FOUR}?", f"{SIX}?"]),
        ([listener(5432, "127.0.0.1")], [f"{FOUR}?", f"{SIX}?"]),
        ([listener(5432, protocol="udp", ephemeral=True)], [f"{FOUR}?", f"{SIX}?"]),
    ],
    ids=["both", "IPv6 only", "IPv4", "one", "one each", "one and all", "nothing", "loopback", "other protocol"],
)
def test_a_service_is_tried_where_it_listens(listeners: list[t.Any], expected: list[str]) -> None:
    assert places(only(planned([entry()], listeners))) == expected


def test_no_address_is_tried_that_the_inventory_does_not_know() -> None:
    """Another host may have 172.17.0.1 itself, and to a third the way to it leads out of the house."""
    service = only(planned([entry()], [listener(5432, "172.17.0.1")]))
    assert (places(service), service["left_out"]) == ([], ["172.17.0.1"])
    assert service["why"] == NOWHERE


def test_a_network_of_the_inventory_says_where_an_address_may_lie() -> None:
    addresses = ADDRESSES | {"db1": ["198.51.100.0/24"]}
    assert places(only(planned([entry()], [listener(5432, "198.51.100.9")], addresses=addresses))) == [
        "198.51.100.9 5432"
    ]
    service = only(planned([entry()], [listener(5432)], addresses=addresses))
    assert (places(service), service["why"]) == ([], NOWHERE)


def test_a_host_without_an_address_says_why() -> None:
    addresses = {host: ADDRESSES[host] for host in ADDRESSES if host != "db1"}
    service = only(planned([entry()], [listener(5432)], addresses=addresses))
    assert (places(service), service["why"]) == ([], "db1 has no address")


@pytest.mark.parametrize(
    ("listeners", "expected"),
    [
        ([listener(8003)], ["8000?", "8003", "8010?"]),
        ([listener(8000), listener(8011)], ["8000", "8010?"]),
        ([], ["8000?", "8010?"]),
    ],
)
def test_of_a_range_its_ends_and_what_listens(listeners: list[t.Any], expected: list[str]) -> None:
    service = planned([entry(ports="8000-8010/tcp")], listeners)["services"][0]
    assert [place.split()[1] for place in places(service) if place.startswith("192")] == expected


def test_what_listens_without_an_entry_is_tried_by_all_others() -> None:
    made = planned(
        [entry()], [listener(9), listener(5432), listener(5432, protocol="udp"), listener(5353, ephemeral=True)]
    )
    assert [(one["subject"], one["service"]) for one in made["services"]] == [
        ("5432/tcp orders", "orders"),
        ("9/tcp (not in the register)", ""),
        ("5432/udp (not in the register)", ""),
    ]
    assert [sources(made, one) for one in made["services"]] == [["app1", "app2", "web1"]] * 3
    assert admitted(made, made["services"][1]["clients"]) == frozenset()


def test_probes_of_a_host() -> None:
    made = planned([entry(), entry("names", "53/udp")], [listener(5432), listener(53, protocol="udp"), listener(9)])
    assert probes_of(made, "app1") == [
        {"address": "192.0.2.3", "protocol": "tcp", "ports": [5432, 9]},
        {"address": "2001:db8::3", "protocol": "tcp", "ports": [5432, 9]},
        {"address": "192.0.2.3", "protocol": "udp", "ports": [53]},
        {"address": "2001:db8::3", "protocol": "udp", "ports": [53]},
    ]
    assert probes_of(made, "db1") == []


def test_hosts_begin_with_different_targets() -> None:
    made = planned([entry(host="all", ports="22/tcp")], [])
    first = {host: probes_of(made, host)[0]["address"] for host in made["hosts"]}
    assert first == {"app1": "192.0.2.2", "app2": "192.0.2.3", "db1": "192.0.2.4", "web1": "192.0.2.1"}


@pytest.mark.parametrize(
    ("result", "why"),
    [
        ({"unreachable": True, "msg": "No route to host\nat all"}, "No route to host"),
        ({"skipped": True}, "it was not looked at"),
    ],
)
def test_what_was_offline_is_not_tried(result: dict[str, t.Any], why: str) -> None:
    made = planned([entry()], [], db1=result)
    service = only(made)
    assert (service["why"], service["detail"], made["offline"]) == ("db1 was offline", why, {"db1": why})
    # It stays in the plan, so that nobody takes it for proved.
    assert places(service) == [f"{FOUR}?", f"{SIX}?"]
    assert probes_of(made, "app1") == []


@pytest.mark.parametrize(
    "row",
    [
        {"port": 1},
        listener(1, "db1"),
        listener(0),
        listener(70000),
        listener(1) | {"port": "x"},
        listener(1, protocol="sctp"),
        None,
    ],
)
def test_nonsense_of_a_host_is_left_out(row: t.Any) -> None:
    assert planned([], [row, listener(2)])["services"][0]["subject"] == "2/tcp (not in the register)"


def test_a_host_cannot_have_others_try_all_its_ports() -> None:
    made = planned([], [listener(port) for port in range(1, 2000)])
    assert sum(not one["why"] for one in made["services"]) == UNDECLARED_LIMIT
    assert made["services"][-1]["why"] == "it listens on more than 500 ports that the register does not have"
    assert sum(len(one["ports"]) for one in probes_of(made, "app1")) == 2 * UNDECLARED_LIMIT


@pytest.mark.parametrize(
    ("clients", "addresses", "local", "expected"),
    [
        (["any"], [], "", True),
        (["any"], [], "203.0.113.9", True),
        ([], ["192.0.2.1/32"], "192.0.2.1", False),
        (["192.0.2.0/30"], ["192.0.2.1/32"], "", True),
        (["192.0.2.0/30"], ["192.0.2.4/32"], "", False),
        (["192.0.2.0/30", "2001:db8::/64"], ["192.0.2.4/32", "2001:db8::4/128"], "", True),
        (["192.0.2.0/30", "2001:db8::/64"], ["192.0.2.4/32", "2001:db8::4/128"], "192.0.2.4", False),
        (["192.0.2.0/30", "2001:db8::/64"], ["192.0.2.4/32", "2001:db8::4/128"], "2001:db8::4", True),
        (["192.0.2.1/32"], ["192.0.2.1/32"], "10.0.0.1", True),
        (["192.0.2.1/32"], ["192.0.2.2/32"], "10.0.0.1", False),
        (["10.0.0.0/8"], ["192.0.2.2/32"], "10.0.0.1", True),
        (["192.0.2.0/30"], ["192.0.2.0/24"], "", False),
        (["192.0.2.0/30"], ["192.0.2.0/24"], "192.0.2.9", False),
    ],
    ids=[
        *(
            "any",
            "any, unknown",
            "none",
            "known",
            "not known",
            "one of two",
            "comes from the other",
            "comes from the one",
        ),
        *(
            "translated on its way",
            "translated, not let in",
            "lets in what it comes from",
            "part of a network",
            "part, from",
        ),
    ],
)
def test_expectation(clients: list[str], addresses: list[str], local: str, expected: bool) -> None:
    assert Clients(clients).expect(addresses, local) is expected
