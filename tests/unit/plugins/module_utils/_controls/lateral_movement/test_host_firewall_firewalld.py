# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""host_firewall with firewalld: the policy that a register makes, by what real firewalld makes of it in the kernel."""

from __future__ import annotations

import dataclasses
import ipaddress
import itertools
import json
import pathlib
import re
import typing as t
import xml.etree.ElementTree

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import (
    firewalld,
    nftables,
    policy,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import (
    firewalld_policy as model,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall.backend import (
    ENFORCE,
    LOG,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import nft
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, dump, load
from ansible_collections.infosec.principles.plugins.module_utils._engine.nft import Chain, Rule, Table
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host, HostError, NeedsRoot

FIXTURES = pathlib.Path(__file__).resolve().parents[4] / "fixtures" / "firewalld"
VERSIONS = ("firewalld-0.9.3-debian11", "firewalld-1.3.3-debian12", "firewalld-2.3.1-debian13")
REGISTER = json.loads((FIXTURES / "register.json").read_text(encoding="utf-8"))
ADMISSIONS = policy.admissions(REGISTER)
Told = list[tuple[str, str, str]]


def listed(version: str, state: str) -> str:
    return (FIXTURES / f"{version}-{state}.json").read_text(encoding="utf-8")


def kernel(version: str, state: str) -> Table:
    return model.parse(listed(version, state))


def told(table: Table) -> Told:
    return list(firewalld._told(table, model.made(ADMISSIONS)))


# What real firewalld makes of it


@pytest.mark.parametrize("version", VERSIONS)
def test_what_real_firewalld_makes_of_the_policy_is_what_is_wanted(version: str) -> None:
    assert told(kernel(version, "held")) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_without_the_policy_that_is_said_once(version: str) -> None:
    assert told(kernel(version, "untouched")) == [(f"chain {model.OURS}", "absent", "present")]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_somebody_opened_in_our_policy_is_told(version: str) -> None:
    assert told(kernel(version, "drifted")) == [
        (f"chain {model.OURS}", "accept tcp dport 9999", "no such rule"),
        ("set infosec-3-v4", "surplus: 203.0.113.9; missing: none", "the clients of orders-db"),
    ]


@pytest.mark.parametrize("version", VERSIONS[:2])
def test_what_somebody_put_before_all_of_it_is_told(version: str) -> None:
    assert told(kernel(version, "inserted")) == [
        (f"before chain {model.OURS}", "filter_INPUT: tcp dport 9999 accept", "nothing that lets packets in")
    ]


def without(table: Table, chain: str, number: int) -> Table:
    """The table without one rule of a chain."""
    chains = [
        dataclasses.replace(one, rules=one.rules[:number] + one.rules[number + 1 :]) if one.name == chain else one
        for one in table.chains
    ]
    return dataclasses.replace(table, chains=tuple(chains))


@pytest.mark.parametrize("version", VERSIONS)
def test_no_rule_that_matters_can_be_missed(version: str) -> None:
    """Whichever rule is taken out of our policy's chains, it is told."""
    table = kernel(version, "held")
    ours = [one for one in table.chains if one.name in (model.OURS, f"{model.OURS}_allow")]
    places = [(one.name, number) for one in ours for number in range(len(one.rules))]
    # Only jumps to inner chains that are empty may go.
    empty = {one.name for one in table.chains if not one.rules}
    idle = [
        (one.name, number)
        for one in ours
        for number, rule in enumerate(one.rules)
        if rule.expressions[0].partition("jump ")[2] in empty
    ]
    # Four of ICMP are for both families; then the register's, and the policy's own frame.
    assert len(places) == len(model.BASICS) + 4 + 9 + 6
    assert [place for place in places if not told(without(table, *place))] == idle


@pytest.mark.parametrize("verdict", ["accept", "drop", '{"return": null}', '{"vmap": {}}', "jump elsewhere"])
@pytest.mark.parametrize("chain", [model.OURS, f"{model.OURS}_pre", f"{model.OURS}_post"])
@pytest.mark.parametrize("version", VERSIONS)
def test_no_rule_can_be_put_into_our_policy(version: str, chain: str, verdict: str) -> None:
    table = kernel(version, "held")
    extra = Rule(("tcp dport 9", verdict))
    chains = [dataclasses.replace(one, rules=(extra, *one.rules)) if one.name == chain else one for one in table.chains]
    assert len(told(dataclasses.replace(table, chains=tuple(chains)))) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_a_policy_that_nothing_leads_to_is_told(version: str) -> None:
    table = kernel(version, "held")
    chains = [
        dataclasses.replace(
            one, rules=tuple(rule for rule in one.rules if f"jump {model.OURS}" not in rule.expressions)
        )
        for one in table.chains
    ]
    found = [where for where, _here, _there in told(dataclasses.replace(table, chains=tuple(chains)))]
    assert found and set(found) == {f"before chain {model.OURS}"}


# Who gets in


def admitted(table: Table, source: str, protocol: str, port: int) -> bool:
    """What the kernel's rules of our policy do with a first packet, by a reader of rules that shares no code with ours."""
    address = ipaddress.ip_address(source)
    number, sets = int(address), {one.name: one.ranges for one in table.sets}

    def holds(text: str) -> bool:
        if text in ("accept", "drop"):
            return True
        selector, value = text.rsplit(" ", 1)
        if selector == "meta nfproto":
            return value == f"ipv{address.version}"
        if selector in ("ip saddr", "ip6 saddr"):
            if (address.version == 6) != (selector == "ip6 saddr"):
                return False
            if not value.startswith("@"):
                return address in ipaddress.ip_network(value)
            return any(first <= number <= last for first, last in sets[value[1:]])
        if selector in ("tcp dport", "udp dport"):
            first, _dash, last = value.partition("-")
            return selector.startswith(protocol) and int(first) <= port <= int(last or first)
        return False  # ICMP

    for rule in model.filtered(table) or []:
        if all(map(holds, rule)):
            return "accept" in rule
    raise AssertionError("the policy has no end")


SOURCES = (
    *("192.0.2.0", "192.0.2.255", "192.0.3.0", "198.51.100.7", "198.51.100.8", "203.0.113.0", "203.0.113.7"),
    *("203.0.113.8", "2001:db8::1", "2001:db8:0:1::", "2001:db8:1::5", "2001:db8:1::6", "10.0.0.1", "fd00::1"),
)
PORTS = (21, 22, 23, 79, 80, 81, 443, 444, 5431, 5432, 5433, 6379, 7999, 8000, 8005, 8010, 8011, 9999, 65535)


@pytest.mark.parametrize("version", VERSIONS)
def test_in_the_kernel_the_registers_clients_get_in_and_nobody_else(version: str) -> None:
    table = kernel(version, "held")
    pairs = list(itertools.product(SOURCES, ("tcp", "udp"), PORTS))
    wrong = [pair for pair in pairs if admitted(table, *pair) != bool(wanted_in(*pair))]
    assert wrong == []
    assert sum(bool(wanted_in(*pair)) for pair in pairs) > 50


def wanted_in(source: str, protocol: str, port: int) -> t.Any:
    return policy.admitting(ADMISSIONS, protocol, source, port)


# What leads past it


def chains(**rules: list[str]) -> Table:
    """A table of chains, each rule as text with its expressions between "; "."""
    made = [
        Chain(
            name,
            tuple(Rule(tuple(text.split("; "))) for text in texts),
            "type filter hook input priority 10; policy accept;" if name == model.BASE else "",
        )
        for name, texts in rules.items()
    ]
    return Table("inet", "firewalld", (), tuple(made))


OURS = f"jump {model.OURS}"
REJECT = '{"reject": {"type": "icmpx"}}'


@pytest.mark.parametrize(
    ("rules", "leaks"),
    [
        ({"filter_INPUT": [OURS]}, []),
        ({"filter_INPUT": ["tcp dport 9; accept", OURS]}, ["filter_INPUT: tcp dport 9 accept"]),
        ({"filter_INPUT": [OURS, "tcp dport 9; accept"]}, []),
        ({"filter_INPUT": ["ct state == { established, related }; accept", "ct status dnat; accept", OURS]}, []),
        ({"filter_INPUT": ["ct state == { established, new }; accept", OURS]}, ["filter_INPUT: ct state"]),
        ({"filter_INPUT": ["meta iifname lo; accept", OURS]}, []),
        ({"filter_INPUT": ["meta iifname eth0; accept", OURS]}, ["filter_INPUT: meta iifname eth0 accept"]),
        ({"filter_INPUT": ["accept"]}, ["filter_INPUT: accept", "not all of it"]),
        ({"filter_INPUT": []}, ["not all of it"]),
        ({"filter_INPUT": [f"meta iifname a; {OURS}"]}, ["not all of it"]),
        ({"filter_INPUT": ["drop"]}, []),
        ({"filter_INPUT": [f"tcp dport 9; {REJECT}", "tcp dport 9; accept", OURS]}, []),
        # firewalld 2: every rule once for each interface.
        ({"filter_INPUT": [f"meta iifname a; {OURS}", "meta iifname a; accept", OURS, "accept"]}, []),
        ({"filter_INPUT": [f"meta iifname a; {OURS}", "meta iifname b; accept", OURS]}, ["meta iifname b accept"]),
        # Before 2: a chain for each zone, which leads to ours.
        ({"filter_INPUT": ["jump zones", REJECT], "zones": ['{"goto": {"target": "z"}}'], "z": [OURS, "accept"]}, []),
        (
            {
                "filter_INPUT": ["jump zones"],
                "zones": ['meta iifname a; {"goto": {"target": "z"}}', OURS],
                "z": ["accept"],
            },
            ["z: accept", "zones: "],
        ),
        ({"other": [OURS]}, ["no chain filter_INPUT"]),
        ({"filter_INPUT": ['{"goto": {"target": "z"}}', OURS], "z": []}, ["filter_INPUT: "]),
        # Verdicts that need no "accept".
        ({"filter_INPUT": ['tcp dport 9; {"return": null}', OURS]}, ["filter_INPUT: tcp dport 9"]),
        ({"filter_INPUT": ["jump z", OURS], "z": ['{"return": null}']}, ["z: "]),
        ({"filter_INPUT": ['{"vmap": {}}', OURS]}, ["filter_INPUT: "]),
        ({"filter_INPUT": ['{"queue": null}', OURS]}, ["filter_INPUT: "]),
        ({"filter_INPUT": ['{"log": {}}', 'limit rate 1/second; {"log": {}}', OURS]}, []),
    ],
)
def test_what_leads_past_our_policy_is_found(rules: dict[str, list[str]], leaks: list[str]) -> None:
    found = model.bypasses(chains(**rules))
    assert len(found) == len(leaks), found
    assert all(leak in text for leak, text in zip(leaks, found)), found


# Its files


def service(name: str, clients: list[str], first: int = 22, last: int = 22, protocol: str = "tcp") -> dict[str, t.Any]:
    return {"name": name, "clients": clients, "ports": [{"first": first, "last": last, "protocol": protocol}]}


def made(*services: dict[str, t.Any]) -> model.Policy:
    return model.made(policy.admissions(services))


def test_names_are_as_short_as_firewalld_wants_them() -> None:
    assert len(model.POLICY) <= 17
    many = made(*(service(f"s{n}", [f"10.0.{n // 250}.{n % 250}/32", f"2001:db8::{n:x}/128"]) for n in range(3000)))
    assert len(many.sets) == 6000
    assert max(len(one.name) for one in many.sets) <= 31


@pytest.mark.parametrize("name", ['a"b', "a&<b>", "-->", "ü\u0000", "x" * 300, "a\nb"])
def test_files_are_sound_whatever_a_service_is_called(name: str) -> None:
    held = made(service(name, ["10.0.0.0/8"]))
    roots = [xml.etree.ElementTree.fromstring(text) for text in held.files().values()]
    assert [root.tag for root in roots] == ["ipset", "policy"]


def test_clients_that_services_share_are_one_set() -> None:
    held = made(service("a", ["10.0.0.0/8"]), service("b", ["10.0.0.0/8"], 80, 80), service("c", ["10.0.0.0/9"]))
    assert [(one.name, one.services) for one in held.sets] == [("infosec-1-v4", ("a", "b")), ("infosec-2-v4", ("c",))]


def test_ten_thousand_clients_are_two_sets_and_two_rules() -> None:
    clients = [f"10.{n // 250}.{n % 250}.0/25" for n in range(5000)] + [f"2001:db8:{n:x}::/64" for n in range(5000)]
    held = made(service("many", clients))
    assert [len(one.networks) for one in held.sets] == [5000, 5000]
    assert len(held.accepts) == len(model.BASICS) + 2


def test_a_set_has_no_overlaps_and_room_to_grow() -> None:
    held = made(service("a", ["10.0.0.0/25", "10.0.0.128/25", "10.0.0.5/32", "10.1.0.0/16"]))
    assert held.sets[0].networks == ("10.0.0.0/24", "10.1.0.0/16")
    big = made(service("a", [f"{ipaddress.ip_address(2 * n)}/32" for n in range(70000)]))
    size = re.findall(r'name="maxelem" value="(\d+)"', big.sets[0].text())
    assert [int(one) for one in size] == [131072]


@pytest.mark.parametrize(
    ("clients", "rules"),
    [
        (["any"], [("", "")]),
        (["0.0.0.0/0"], [("ipv4", "")]),
        (["0.0.0.0/1", "128.0.0.0/1"], [("ipv4", "")]),
        (["::/0"], [("ipv6", "")]),
        (["0.0.0.0/0", "::/0"], [("ipv4", ""), ("ipv6", "")]),
        (["10.0.0.0/8", "::/0"], [("ipv4", "@infosec-1-v4"), ("ipv6", "")]),
        ([], []),
    ],
)
def test_everybody_needs_no_set(clients: list[str], rules: list[tuple[str, str]]) -> None:
    """Sets of the kernel's older kind do not take a network of everybody."""
    held = made(service("a", clients))
    assert [(one.family, one.source) for one in held.accepts[len(model.BASICS) :]] == rules


@pytest.mark.parametrize(
    ("ranges", "others", "left"),
    [
        ([], [(1, 2)], []),
        ([(1, 9)], [], [(1, 9)]),
        ([(1, 9)], [(1, 9)], []),
        ([(1, 9)], [(3, 4)], [(1, 2), (5, 9)]),
        ([(1, 9)], [(0, 3), (5, 5), (9, 12)], [(4, 4), (6, 8)]),
        ([(1, 2), (5, 6), (9, 9)], [(2, 5)], [(1, 1), (6, 6), (9, 9)]),
        ([(5, 6)], [(1, 2), (8, 9)], [(5, 6)]),
        ([(1, 2), (4, 5)], [(0, 9)], []),
    ],
)
def test_addresses_too_many(ranges: list[nft.Range], others: list[nft.Range], left: list[nft.Range]) -> None:
    assert firewalld._subtracted(ranges, others) == left


# The backend on a host


ON = "ActiveState=active\nUnitFileState=enabled\n"
OFF = "ActiveState=inactive\nUnitFileState=disabled\n"
SHOWN = {"LoadState": "loaded", "Id": firewalld.UNIT}


class Played:
    """A host of files below a folder, with a real kernel's listing of firewalld's table, and played programs."""

    def __init__(self, root: pathlib.Path, *, table: str = "", unit: str = ON, version: str = "1.3.3") -> None:
        self.root, self.table, self.unit, self.version = root, table, unit, version
        (root / firewalld.POLICIES.lstrip("/")).mkdir(parents=True)

    def host(self, *, root: bool = True) -> Host:
        class Root(Host):
            @property
            def is_root(self) -> bool:
                return root

        return Root(root=str(self.root), runner=self.run)

    def write(self, path: str, text: str, *, mode: int = 0o644) -> None:
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        place.chmod(mode)

    def hold(self, wanted: Wanted) -> None:
        """The files of a host that holds it."""
        for path, text in model.made(wanted.admissions).files().items():
            self.write(path, text)

    def run(self, argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        if tuple(argv) == firewalld.LISTING:
            return Completed(0, self.table, "") if self.table else Completed(1, "", "Error: No such file or directory")
        if tuple(argv[:4]) == ("nft", "-j", "list", "table"):
            return Completed(1, "", "Error: No such file or directory")
        if argv[0] == "systemctl" and argv[1] == "show":
            return Completed(0, self.unit if argv[-1] == firewalld.UNIT else OFF, "")
        if argv[0] == "firewall-offline-cmd":
            return Completed(0, f"{self.version}\n", "")
        return Completed(127, "", f"{argv[0]}: command not found")


WANTED = Wanted(ADMISSIONS)


def of_firewalld(host: Host, wanted: Wanted) -> list[str]:
    """Rules and messages of what compare says, without what nftables says of its table."""
    beside = {difference.message for difference in nftables.compare(host, wanted)}
    return [f"{one.rule}: {one.message}" for one in firewalld.compare(host, wanted) if one.message not in beside]


def described(changes: t.Sequence[Change]) -> list[str]:
    """One line for each change of firewalld's."""
    return [change.describe() for change in changes if "principles" not in change.describe().replace("nftables", "")]


CHECK, RELOAD = (
    "firewalld finds no fault in its files",
    "reload firewalld, and put back what others have set at run time",
)
NOT_HELD = "admission: What firewalld filters by is not the register: 1 difference(s)."
NOT_AT_BOOT = "persistence: After a boot firewalld would not filter by the register."


@pytest.mark.parametrize("version", VERSIONS)
def test_a_host_that_holds_it_needs_nothing_of_firewalld(tmp_path: pathlib.Path, version: str) -> None:
    played = Played(tmp_path, table=listed(version, "held"))
    played.hold(WANTED)
    assert of_firewalld(played.host(), WANTED) == []
    assert not {CHECK, RELOAD} & set(described(firewalld.changes(played.host(), WANTED)))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_new_host_gets_files_a_check_and_a_reload(tmp_path: pathlib.Path, version: str) -> None:
    played = Played(tmp_path, table=listed(version, "untouched"))
    assert of_firewalld(played.host(), WANTED) == [NOT_HELD, NOT_AT_BOOT]
    plan = firewalld.changes(played.host(), WANTED)
    assert [load(dump(change)) for change in plan] == list(plan)
    made_files = [f"create {path}" for path in model.made(ADMISSIONS).files()]
    assert [line for line in described(plan) if line in {*made_files, CHECK, RELOAD}] == [*made_files, CHECK, RELOAD]


def test_drift_alone_is_mended_by_a_reload_alone(tmp_path: pathlib.Path) -> None:
    played = Played(tmp_path, table=listed(VERSIONS[1], "drifted"))
    played.hold(WANTED)
    (message,) = of_firewalld(played.host(), WANTED)
    assert message.startswith("admission: ") and "2 difference(s)" in message
    assert described(firewalld.changes(played.host(), WANTED))[-2:] == [CHECK, RELOAD]


@pytest.mark.parametrize("flags", ['"dormant"', '"inet"', '["dormant"]'])
def test_a_table_that_is_switched_off_is_told(tmp_path: pathlib.Path, flags: str) -> None:
    text = listed(VERSIONS[1], "held").replace('"name": "firewalld"', f'"flags": {flags}, "name": "firewalld"', 1)
    played = Played(tmp_path, table=text)
    played.hold(WANTED)
    assert of_firewalld(played.host(), WANTED) == [NOT_HELD]
    assert described(firewalld.changes(played.host(), WANTED))[-1] == RELOAD


def test_no_reload_for_what_it_would_not_mend(tmp_path: pathlib.Path) -> None:
    """A policy of somebody's with the same priority, that comes first."""
    accept = {
        "rule": {"chain": "filter_IN_policy_aaa", "family": "inet", "table": "firewalld", "expr": [{"accept": None}]}
    }
    jump = {"rule": {"chain": "filter_INPUT", "expr": [{"jump": {"target": "filter_IN_policy_aaa"}}]}}
    items = json.loads(listed(VERSIONS[1], "held"))["nftables"]
    first = next(number for number, item in enumerate(items) if "rule" in item)
    chain = {"chain": {"family": "inet", "table": "firewalld", "name": "filter_IN_policy_aaa"}}
    played = Played(tmp_path, table=json.dumps({"nftables": [*items[:first], chain, accept, jump, *items[first:]]}))
    played.hold(WANTED)
    assert of_firewalld(played.host(), WANTED) == [NOT_HELD]
    assert not {CHECK, RELOAD} & set(described(firewalld.changes(played.host(), WANTED)))


def test_a_firewalld_that_is_off_is_started(tmp_path: pathlib.Path) -> None:
    played = Played(tmp_path, unit=OFF)
    played.hold(WANTED)
    assert of_firewalld(played.host(), WANTED) == [NOT_HELD, NOT_AT_BOOT]
    lines = described(firewalld.changes(played.host(), WANTED))
    assert lines[-3:] == [CHECK, f"enable and start {firewalld.UNIT}", RELOAD]


def test_what_is_left_of_an_older_register_goes(tmp_path: pathlib.Path) -> None:
    played = Played(tmp_path, table=listed(VERSIONS[1], "held"))
    played.hold(WANTED)
    played.write(f"{model.SETS}/infosec-9-v4.xml", model.HEAD)
    played.write(f"{model.SETS}/infosec-mine.xml", "<ipset/>")
    assert of_firewalld(played.host(), WANTED) == [NOT_AT_BOOT]
    lines = described(firewalld.changes(played.host(), WANTED))
    assert f"remove {model.SETS}/infosec-9-v4.xml" in lines
    assert not [line for line in lines if "mine" in line]


def test_mode_log_leaves_firewalld_alone(tmp_path: pathlib.Path) -> None:
    logging = Wanted(ADMISSIONS, LOG)
    played = Played(tmp_path, table=listed(VERSIONS[1], "untouched"))
    assert of_firewalld(played.host(), logging) == []
    assert RELOAD not in described(firewalld.changes(played.host(), logging))
    played.table = listed(VERSIONS[1], "held")
    played.hold(WANTED)
    assert of_firewalld(played.host(), logging) == [NOT_HELD, NOT_AT_BOOT]
    lines = described(firewalld.changes(played.host(), logging))
    assert f"remove {model.POLICY_FILE}" in lines and lines[-1] == RELOAD


@pytest.mark.parametrize(
    ("version", "present", "wanted"), [("0.9.3", False, True), ("0.9.3", True, False), ("1.3.3", False, False)]
)
def test_old_firewalld_gets_the_program_without_which_it_has_no_sets(
    tmp_path: pathlib.Path, version: str, present: bool, wanted: bool
) -> None:
    played = Played(tmp_path, table=listed(VERSIONS[0], "untouched"), version=version)
    if present:
        played.write("/usr/sbin/ipset", "", mode=0o755)
    packages = [getattr(change, "name", "") for change in firewalld.changes(played.host(), WANTED)]
    assert ("ipset" in packages) == wanted


def test_another_backend_of_firewalld_is_not_judged(tmp_path: pathlib.Path) -> None:
    played = Played(tmp_path)
    played.write(firewalld.CONFIG, "FirewallBackend=iptables\n")
    with pytest.raises(HostError, match="FirewallBackend is iptables"):
        firewalld.compare(played.host(), WANTED)


def test_a_firewalld_without_policies_is_not_judged(tmp_path: pathlib.Path) -> None:
    host = Played(tmp_path).host()
    (tmp_path / firewalld.POLICIES.lstrip("/")).rmdir()
    with pytest.raises(HostError, match="as before firewalld"):
        firewalld.compare(host, WANTED)


def test_names_of_ours_are_not_put_back_by_the_reload(tmp_path: pathlib.Path) -> None:
    played = Played(tmp_path, table=listed(VERSIONS[1], "drifted"))
    played.hold(WANTED)
    played.write(f"{model.SETS}/infosec-9-v4.xml", model.HEAD)
    own = [getattr(change, "own", ()) for change in firewalld.changes(played.host(), WANTED)][-1]
    assert set(own) == {model.POLICY, "infosec-9-v4", *(one.name for one in model.made(ADMISSIONS).sets)}


def test_only_root_sees_the_kernels_rules(tmp_path: pathlib.Path) -> None:
    with pytest.raises(NeedsRoot):
        firewalld.compare(Played(tmp_path).host(root=False), WANTED)


@pytest.mark.parametrize("answer", ["", "{}", "not JSON", '{"nftables": []}'])
def test_a_listing_that_is_not_understood_is_no_verdict(tmp_path: pathlib.Path, answer: str) -> None:
    played = Played(tmp_path, table=answer or " ")
    with pytest.raises(HostError):
        firewalld.compare(played.host(), Wanted(ADMISSIONS, ENFORCE))
