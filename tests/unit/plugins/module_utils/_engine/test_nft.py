# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The normal form of tables, on what real versions of nft print (tests/unit/fixtures/nft)."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine import nft
from ansible_collections.infosec.principles.plugins.module_utils._engine.nft import AddressSet, Chain, Rule, Table

FIXTURES = pathlib.Path(__file__).resolve().parents[3] / "fixtures" / "nft"
VERSIONS = ("nft-0.9.8-debian11", "nft-1.0.6-debian12", "nft-1.1.3-debian13")
each_version = pytest.mark.parametrize("version", VERSIONS)


def load(version: str, name: str) -> Table:
    return nft.parse((FIXTURES / f"{version}-{name}.json").read_text(encoding="utf-8", errors="surrogateescape"))


def chain(table: Table, name: str) -> list[str]:
    (found,) = [one for one in table.chains if one.name == name]
    return [" ".join(rule.expressions) for rule in found.rules]


@pytest.mark.parametrize("name", ["enforce", "log", "edited", "dormant"])
def test_all_versions_say_the_same(name: str) -> None:
    tables = [load(version, name) for version in VERSIONS]
    assert chain(tables[0], "input") == chain(tables[1], "input") == chain(tables[2], "input")
    if name in ("enforce", "log"):
        assert len({table.digest for table in tables}) == 1
        assert [table.other for table in tables] == [()] * 3


@each_version
def test_a_table_as_it_is_told(version: str) -> None:
    table = load(version, "enforce")
    assert (table.family, table.name) == ("inet", "infosec_principles")
    sets = {one.name: [one.spell(item) for item in one.ranges] for one in table.sets}
    assert sets == {
        "clients4_orders-db": ["10.0.0.0/24", "10.0.1.7-10.0.1.11"],
        "clients6_orders-db": ["2001:db8::/64", "2001:db8:1::5"],
        "clients6_half": ["::/1", "fe80::/10"],
    }
    assert {one.name: one.base for one in table.chains} == {
        "refused": "",
        "published": "",
        "input": "type filter hook input priority 0; policy drop;",
        "forward": "type filter hook forward priority 0; policy accept;",
    }
    assert chain(table, "refused") == ["counter drop"]
    assert chain(table, "forward") == ["ct state new ct status dnat jump published"]
    assert chain(table, "input")[:3] == [
        "meta iif lo accept",
        "ct state established,related accept",
        "ct state invalid jump refused",
    ]
    assert "tcp dport 5432 ip saddr @clients4_orders-db accept" in chain(table, "input")
    assert "tcp dport 99 meta nfproto ipv4 accept" in chain(table, "input")
    assert "meta l4proto tcp ct original proto-dst 5432 ip saddr @clients4_orders-db accept" in chain(
        table, "published"
    )


@each_version
def test_what_somebody_added_is_not_taken_for_ours(version: str) -> None:
    table, ours = load(version, "edited"), load(version, "enforce")
    assert table.digest != ours.digest
    assert chain(table, "input")[0] == "tcp dport 22 accept"
    assert [json.loads(text).keys() for text in table.other] == [{"set"}, {"map"}]
    assert "expires" not in table.other[0]
    side = chain(table, "side")
    # Asking whether a state is one of these is not asking whether it is among those that are set.
    assert side[0] == "ct state == { new, untracked } accept"
    assert side[2].startswith("tcp dport != 22 {")
    assert side[4].startswith("ip saddr 10.0.0.0-10.0.0.9 tcp dport { 22, 80-90 } counter {")
    assert side[5].startswith("ip6 saddr 2001::/16 {")
    assert side[6] == "tcp flags & ack,syn == syn accept"
    assert all('{"' in rule for rule in (side[1], side[3]))


@each_version
def test_a_table_that_is_switched_off_is_another(version: str) -> None:
    assert load(version, "dormant").digest != load(version, "enforce").digest


def changed(change: t.Callable[[list[dict[str, t.Any]]], None]) -> Table:
    items = json.loads((FIXTURES / f"{VERSIONS[1]}-enforce.json").read_text(encoding="utf-8"))
    change(items["nftables"])
    return nft.parse(json.dumps(items))


def rules(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    return [item["rule"] for item in items if "rule" in item]


def bodies(items: list[dict[str, t.Any]], kind: str) -> list[dict[str, t.Any]]:
    return [item[kind] for item in items if kind in item]


def moved(items: list[dict[str, t.Any]]) -> None:
    places = [number for number, item in enumerate(items) if item.get("rule", {}).get("chain") == "input"]
    items[places[3]], items[places[4]] = items[places[4]], items[places[3]]


def counted(items: list[dict[str, t.Any]]) -> None:
    for rule in rules(items):
        rule["handle"] += 100
        for part in rule["expr"]:
            if "counter" in part:
                part["counter"] = {"packets": 12, "bytes": 3400}


def commented(items: list[dict[str, t.Any]]) -> None:
    for rule in rules(items):
        rule["comment"] = "mine"


def numbered(items: list[dict[str, t.Any]]) -> None:
    """As where /etc/protocols is missing."""
    for rule in rules(items):
        for part in rule["expr"]:
            if part.get("match", {}).get("left") == {"meta": {"key": "l4proto"}}:
                part["match"]["right"] = {"tcp": 6, "udp": 17}[part["match"]["right"]]


def split(items: list[dict[str, t.Any]]) -> None:
    elements = bodies(items, "set")[0]["elem"]
    elements[0] = {"prefix": {"addr": "10.0.0.0", "len": 25}}
    elements.append({"prefix": {"addr": "10.0.0.128", "len": 25}})


def implied(items: list[dict[str, t.Any]]) -> None:
    """What nft 0.9.8 prints and the others do not."""
    for rule in rules(items):
        if any(
            part.get("match", {}).get("left", {}).get("payload", {}).get("protocol") == "ip" for part in rule["expr"]
        ):
            rule["expr"].insert(0, {"match": {"op": "==", "left": {"meta": {"key": "nfproto"}}, "right": "ipv4"}})


@pytest.mark.parametrize("change", [counted, commented, numbered, split, implied])
def test_what_does_not_matter(change: t.Callable[[list[dict[str, t.Any]]], None]) -> None:
    assert changed(change).digest == load(VERSIONS[1], "enforce").digest


@pytest.mark.parametrize(
    "change",
    [
        moved,
        lambda items: bodies(items, "chain")[2].update(policy="accept"),
        lambda items: bodies(items, "chain")[2].update(prio=5),
        lambda items: bodies(items, "chain")[2].update(hook="output"),
        lambda items: bodies(items, "table")[0].update(flags="dormant"),
        lambda items: bodies(items, "set")[0]["elem"].pop(),
        lambda items: bodies(items, "set")[0]["flags"].append("timeout"),
        lambda items: items.append({"flowtable": {"name": "f"}}),
        lambda items: rules(items)[1]["expr"].insert(0, {"limit": {"rate": 1, "per": "hour", "inv": True}}),
        lambda items: rules(items)[-1]["expr"][0]["match"].update(op="!="),
        lambda items: rules(items)[0]["expr"].reverse(),
    ],
)
def test_what_matters(change: t.Callable[[list[dict[str, t.Any]]], None]) -> None:
    assert changed(change).digest != load(VERSIONS[1], "enforce").digest


@pytest.mark.parametrize("text", ["", "{}", '{"nftables": []}', "Segmentation fault", '{"nftables": [{"table": {}}]}'])
def test_what_is_no_listing(text: str) -> None:
    with pytest.raises(ValueError, match=r"no listing|Expecting"):
        nft.parse(text)


@pytest.mark.parametrize(
    ("networks", "spelt"),
    [
        (["192.0.2.0/25", "192.0.2.128/25"], ["192.0.2.0/24"]),
        (["192.0.2.0/24", "192.0.2.7/32"], ["192.0.2.0/24"]),
        (["192.0.2.4/32", "192.0.2.3"], ["192.0.2.3-192.0.2.4"]),
        (["192.0.2.9/24"], ["192.0.2.0/24"]),
        (["0.0.0.0/0"], ["0.0.0.0/0"]),
        (["::/0"], ["::/0"]),
        (["255.255.255.255/32"], ["255.255.255.255"]),
        (["2001:db8::/33", "2001:db8:8000::/33"], ["2001:db8::/32"]),
        ([], []),
    ],
)
def test_networks_as_ranges(networks: list[str], spelt: list[str]) -> None:
    bits = 128 if networks and ":" in networks[0] else 32
    assert [nft.spell(item, bits) for item in nft.merged(networks)] == spelt


@pytest.mark.parametrize("text", ["10.0.0.0/8 } ; flush ruleset ; {", "", "any", "10.0.0.0/33", "@clients"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"does not appear|not a"):
        nft.merged([text])


def test_a_table_is_rendered_for_nft() -> None:
    table = Table(
        "inet",
        "t",
        (AddressSet("s", "ipv4_addr", nft.merged(["192.0.2.0/24", "10.0.0.1/32"])), AddressSet("e", "ipv6_addr", ())),
        (
            Chain("c", ()),
            Chain("in", (Rule(("tcp dport 22", "accept"), "who"),), "type filter hook input priority 0; policy drop;"),
        ),
    )
    assert (
        nft.replacing("inet", "t", table.render())
        == """\
table inet t
delete table inet t
table inet t {
\tset s {
\t\ttype ipv4_addr
\t\tflags interval
\t\telements = {
\t\t\t10.0.0.1,
\t\t\t192.0.2.0/24
\t\t}
\t}
\tset e {
\t\ttype ipv6_addr
\t\tflags interval
\t}
\tchain c {
\t}
\tchain in {
\t\ttype filter hook input priority 0; policy drop;
\t\ttcp dport 22 accept comment "who"
\t}
}
"""
    )
