# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What passes, and what it is called."""

from __future__ import annotations

import re

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall import flows, names
from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import RegisterError
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._network_firewall.samples import (
    SITE,
    Site,
    entry,
)


def summary(found: list[flows.Flow]) -> list[tuple[str, int, tuple[str, ...], tuple[str, ...]]]:
    return [(one.service, one.family, one.sources, one.destinations) for one in found]


def test_each_family_that_both_sides_have_is_a_flow() -> None:
    assert summary(SITE.flows()) == [
        ("website", 4, (), ("10.76.2.10/32",)),
        ("website", 6, (), ("fd00:76:2::10/128",)),
        ("Orders' database (PostgreSQL)", 4, ("10.76.1.10/31",), ("10.76.2.20/32",)),
        ("Orders' database (PostgreSQL)", 6, ("fd00:76:1::10/128",), ("fd00:76:2::20/127",)),
        ("dns", 4, ("10.76.1.0/24",), ("10.76.2.10/32", "10.76.2.20/32")),
        ("dns", 6, ("fd00:76:1::/64",), ("fd00:76:2::10/128", "fd00:76:2::20/128")),
        ("metrics", 4, ("10.76.1.66/32",), ("10.76.1.10/31", "10.76.1.66/32", "10.76.2.10/32", "10.76.2.20/32")),
        (
            "metrics",
            6,
            ("fd00:76:1::66/128",),
            ("fd00:76:1::10/128", "fd00:76:1::66/128", "fd00:76:2::10/128", "fd00:76:2::20/127"),
        ),
    ]


def test_hosts_narrow_it_to_what_they_run() -> None:
    found = SITE.flows(["db1"])
    assert {one.service for one in found} == {"Orders' database (PostgreSQL)", "dns", "metrics"}
    assert {address for one in found for address in one.destinations} == {"10.76.2.20/32", "fd00:76:2::20/128"}
    assert {one.hosts for one in found} == {("db1",)}


def test_hosts_without_an_address_are_all_named() -> None:
    site = Site({}, {"all": ["a.invalid", "b.invalid"]}, [entry("x", ["all"], ["1/tcp"], ["any"])])

    def lookup(name: str) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(RegisterError) as caught:
        flows.flows(site.register, {"a.invalid": {}, "b.invalid": {}}, site.groups, lookup=lookup)
    assert len(caught.value.faults) == 2
    assert "hosts: a.invalid: 'a.invalid' cannot be resolved (no such name); set infosec_addresses" in str(caught.value)


def test_what_is_open_to_nobody_needs_no_address() -> None:
    register = [entry("x", ["web"], ["1/tcp"], ["none"])]

    def lookup(name: str) -> list[str]:
        raise AssertionError(name)

    assert flows.flows(register, {"web": {}}, {"all": ["web"]}, lookup=lookup) == []


def test_names_are_asked_for_once() -> None:
    asked = []

    def lookup(name: str) -> list[str]:
        asked.append(name)
        return ["192.0.2.1"]

    register = [entry("x", ["web"], ["1/tcp"], ["web"]), entry("y", ["web"], ["2/tcp"], ["any"])]
    assert len(flows.flows(register, {"web": {}}, {"all": ["web"]}, lookup=lookup)) == 2
    assert asked == ["web"]


@pytest.mark.parametrize(
    ("services", "labels"),
    [
        (["website"], ["website"]),
        (["Web Site!"], ["web-site"]),
        (["389 directory"], ["s-389-directory"]),
        (["Web", "web"], ["web-", "web-"]),
        (["a-name-of-19-letters"], ["a-name-of-19"]),
        (["Größe"], ["gr-e"]),
        (["日本"], ["s"]),
        (["日本", "中国"], ["s-", "s-"]),
    ],
)
def test_labels_are_short_plain_and_different(services: list[str], labels: list[str]) -> None:
    made = names.labels(services)
    assert len(set(made.values())) == len(services)
    for name, label in zip(services, labels, strict=True):
        assert made[name].startswith(label)
        assert re.fullmatch(r"[a-z]([-a-z0-9]{0,17}[a-z0-9])?", made[name])


def test_labels_do_not_depend_on_the_order() -> None:
    services = ["Web", "web", "x" * 30, "x" * 31, "dns"]
    assert names.labels(services) == names.labels(services[::-1])


@pytest.mark.parametrize(
    "hostile",
    ['a" accept comment "', "${file('x')}", "*/ then accept;", "a\\", "%{ if x }", "x?", "`id`", "a\u202eb", "!!"],
)
def test_remarks_end_nothing(hostile: str) -> None:
    service = {"name": hostile, "owner": hostile, "review_by": "2027-06-30"}
    assert re.fullmatch(r"[A-Za-z0-9 .,:@/_()+-]{1,120}", names.remark(service))


def test_long_remarks_keep_the_name() -> None:
    assert names.remark({"name": "website", "owner": "o" * 200, "review_by": "2027-06-30"}) == "website"
