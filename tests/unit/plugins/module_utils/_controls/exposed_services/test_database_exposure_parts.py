# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pure parts: sets of addresses, what the register needs, who a pg_hba.conf admits, accounts."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import (
    accounts,
    pg_access,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.accounts import (
    Account,
    Narrowing,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.need import need
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import (
    EVERYBODY,
    LOOPBACK,
    AddressSet,
)
from ansible_collections.infosec.principles.plugins.module_utils._formats import hba
from ansible_collections.infosec.principles.plugins.module_utils._host import addresses
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

FIXTURES = pathlib.Path(__file__).resolve().parents[4] / "fixtures" / "databases"


def nets(*networks: str) -> AddressSet:
    return AddressSet.of(networks)


# Sets


@pytest.mark.parametrize(
    ("one", "other", "union", "difference", "common"),
    [
        (["10.0.0.0/25"], ["10.0.0.128/25"], ["10.0.0.0/24"], ["10.0.0.0/25"], []),
        (["10.0.0.0/30"], ["10.0.0.1/32"], ["10.0.0.0/30"], ["10.0.0.0/32", "10.0.0.2/31"], ["10.0.0.1/32"]),
        (["0.0.0.0/0"], ["::/0"], ["0.0.0.0/0", "::/0"], ["0.0.0.0/0"], []),
        (["2001:db8::/127"], ["2001:db8::1/128"], ["2001:db8::/127"], ["2001:db8::/128"], ["2001:db8::1/128"]),
        ([], ["10.0.0.0/8"], ["10.0.0.0/8"], [], []),
    ],
)
def test_sets(one: list[str], other: list[str], union: list[str], difference: list[str], common: list[str]) -> None:
    left, right = nets(*one), nets(*other)
    assert (left | right).networks() == union
    assert (left - right).networks() == difference
    assert (left & right).networks() == common


# Needs


def service(*clients: str, first: int = 5432, last: int = 5432) -> dict[str, t.Any]:
    return {"name": "x", "ports": [{"first": first, "last": last, "protocol": "tcp"}], "clients": list(clients)}


@pytest.fixture
def host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """10.77.1.12/24, 10.77.2.12/24 and two of IPv6; everything else is behind 10.77.1.1, but 203.0.113.0/24 is nowhere."""
    folder = tmp_path / "proc/net"
    folder.mkdir(parents=True)
    for name in ("fib_trie", "route", "if_inet6"):
        folder.joinpath(name).write_bytes((FIXTURES / f"proc-net-{name}-debian12").read_bytes())
    for name in ("tcp", "tcp6", "udp", "udp6"):
        folder.joinpath(name).write_text("heading\n" + (CONNECTED if name == "tcp" else ""), encoding="utf-8")
    monkeypatch.setattr(addresses, "kernel_source", route)
    return Host(root=str(tmp_path))


# 192.0.2.9 is connected to 10.77.2.12:5432.
CONNECTED = "   0: 0C024D0A:1538 090200C0:C000 01 00000000:00000000 00:00000000 00000000     0        0 77 1 0 100\n"


def route(client: str) -> str:
    if client.startswith("203.0.113."):
        return ""
    if client.startswith("2001:db8:"):
        return ""
    if client.startswith("127."):
        return client
    if ":" in client:
        return "fd77:2::2" if client.startswith("fd77:2:") else "fd77:1::2"
    return "10.77.2.12" if client.startswith("10.77.2.") else "10.77.1.12"


@pytest.mark.parametrize(
    ("clients", "expected"),
    [
        ((), ()),
        (("10.77.2.50/32",), ("10.77.2.12",)),
        (("198.51.100.0/24",), ("10.77.1.12",)),
        (("10.77.0.0/16",), ("10.77.1.12", "10.77.2.12")),
        (("fd77:2::5/128", "10.77.1.9/32"), ("10.77.1.12", "fd77:2::2")),
        (("192.0.2.0/24",), ("10.77.1.12", "10.77.2.12")),  # by route, and where one of them is connected now
        (("127.0.0.1/32",), ()),
    ],
)
def test_addresses_through_which_clients_come(host: Host, clients: tuple[str, ...], expected: tuple[str, ...]) -> None:
    found = need(host, [service(*clients)], 5432, "tcp")
    assert (found.declared, found.anyone, found.addresses) == (True, False, expected)


def test_clients_without_a_route_are_told(host: Host) -> None:
    assert need(host, [service("203.0.113.0/24")], 5432, "tcp").unreachable == ("203.0.113.0/24",)
    # A host that has no IPv6 loses no client to it.
    pathlib.Path(host.path("/proc/net/if_inet6")).unlink()
    assert need(host.refresh(), [service("2001:db8::/64", "203.0.113.0/24")], 5432, "tcp").unreachable == (
        "203.0.113.0/24",
    )
    assert need(host, [service("127.0.0.1/32", "10.77.1.9/32")], 5432, "tcp").unreachable == ()


def test_a_port_that_the_register_does_not_have(host: Host) -> None:
    found = need(host, [service("any", first=80, last=90)], 5432, "tcp")
    assert (found.declared, found.anyone, found.addresses) == (False, False, ())
    assert not need(host, [service("any")], 5432, "udp").declared


@pytest.mark.parametrize("client", ["any", "0.0.0.0/0", "::/0"])
def test_anyone(host: Host, client: str) -> None:
    assert need(host, [service(client), service("10.77.1.1/32")], 5432, "tcp").anyone


def test_entries_of_one_port_add_up(host: Host) -> None:
    found = need(host, [service("10.77.1.9/32"), service("10.77.2.9/32", first=5000, last=6000)], 5432, "tcp")
    assert found.clients.networks() == ["10.77.1.9/32", "10.77.2.9/32"]


# pg_hba.conf


def access(text: str, *clients: str) -> pg_access.Access:
    own = nets("10.77.1.12") | LOOPBACK
    return pg_access.Access(played(text), nets(*clients) | own, own=own, links=nets("10.77.1.0/24") | own)


def played(text: str) -> list[pg_access.Rule]:
    """What pg_hba_file_rules would show; masks and options are not played."""
    return [
        pg_access.Rule(
            "hba",
            line.number,
            line.fields[0],
            tuple(line.fields[1].replace('"', "").split(",")),
            tuple(line.fields[2].replace('"', "").split(",")),
            line.fields[3] if line.fields[0] != "local" else "",
            line.fields[-1],
        )
        for line in hba.parse(text)
    ]


@pytest.mark.parametrize(
    ("text", "strangers"),
    [
        ("host all all 10.77.1.50/32 md5", []),
        ("host all all 10.77.1.0/24 md5", [1]),
        ("host all all all md5", [1]),
        ("hostssl all all 0.0.0.0/0 cert", [1]),
        ("host all all samenet md5", [1]),
        ("host all all samehost md5", []),
        ("host all all 0.0.0.0/0 reject", []),
        ("local all all peer", []),
        ("host all all all reject\nhost all all 0.0.0.0/0 md5", []),
        ("host all all 10.0.0.0/8 reject\nhost all all 10.77.1.0/24 md5", []),
        ("host all mallory all reject\nhost all all 0.0.0.0/0 md5", [2]),
        ("hostssl all all all reject\nhost all all 0.0.0.0/0 md5", [2]),
        # "all" does not name replication connections.
        ("host all all all reject\nhost replication all 0.0.0.0/0 md5", [2]),
        ("host all all all reject\nhost replication all all reject\nhost all,replication all 0.0.0.0/0 md5", []),
    ],
)
def test_whom_pg_hba_admits(text: str, strangers: list[int]) -> None:
    assert [rule.line for rule in access(text, "10.77.1.50").strangers()] == strangers


def test_host_names_are_told_apart() -> None:
    found = access("host all all .example.org md5\nhost all all 10.77.1.50/32 md5", "10.77.1.50")
    assert [rule.line for rule in found.by_name()] == [1]
    assert access("host all all all reject\nhost all all db.example.org md5").by_name() == []


def block_of(text: str, *clients: str) -> list[str]:
    return pg_access.block(access(text, *clients), {"hba": {line.number: line for line in hba.parse(text)}})


def test_the_block_keeps_rules_for_clients_as_they_were() -> None:
    text = (
        "local all all peer\n"
        'hostssl "orders", shop  +app  0.0.0.0/0  scram-sha-256  clientcert=verify-full # note\n'
        "host all mallory 10.77.1.50/32 reject\n"
        "host all all 203.0.113.0/24 reject\n"
        "host all all 10.77.1.50/32 md5\n"
    )
    assert block_of(text, "10.77.1.50", "2001:db8::/64") == [
        'hostssl "orders", shop +app 10.77.1.12/32 scram-sha-256 clientcert=verify-full',
        'hostssl "orders", shop +app 10.77.1.50/32 scram-sha-256 clientcert=verify-full',
        'hostssl "orders", shop +app 127.0.0.0/8 scram-sha-256 clientcert=verify-full',
        "host all mallory 10.77.1.50/32 reject",
        "host all all 10.77.1.50/32 md5",
        "host all all all reject",
        "host replication all all reject",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "host all all 0.0.0.0/0 md5",
        "host replication all all md5\nhost all all ::/0 md5\nhost all all samenet md5",
        "hostssl all all 0.0.0.0/0 md5\nhostnossl all all 0.0.0.0/0 reject",
    ],
)
def test_behind_the_block_no_stranger_is_left(text: str) -> None:
    blocked = "\n".join([*block_of(text, "10.77.1.50"), text])
    assert access(blocked, "10.77.1.50").strangers() == []
    assert access(text, "10.77.1.50").strangers() != []


@pytest.mark.parametrize("name", ["postgresql-13-debian11", "postgresql-15-debian12", "postgresql-17-debian13"])
def test_rules_as_the_server_shows_them(name: str) -> None:
    told = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    rules = [pg_access.rule(record, told["settings"]["hba_file"]["value"]) for record in told["rules"]]
    assert {rule.file for rule in rules} == {told["settings"]["hba_file"]["value"]}
    assert {"127.0.0.1/32", "::1/128", "0.0.0.0/0", "10.77.0.0/16", "::/0"} <= {rule.address for rule in rules}
    assert (
        next(rule for rule in rules if rule.address == "10.77.0.0/16").text == "hostnossl all reporter 10.77.0.0/16 md5"
    )


# Accounts


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("%", EVERYBODY),
        ("", EVERYBODY),
        ("localhost", LOOPBACK),
        ("127.0.0.1", nets("127.0.0.1")),
        ("::1", nets("::1")),
        ("10.77.1.0/255.255.255.0", nets("10.77.1.0/24")),
        ("10.77.1.0/24", nets("10.77.1.0/24")),
        ("10.%", nets("10.0.0.0/8")),
        ("10.77.1.%", nets("10.77.1.0/24")),
        ("10.77.1._", nets("10.77.1.0/24")),
        ("10.77.1%", nets("10.77.0.0/16")),
        ("%.%.%.%", EVERYBODY),
        ("1_.0.0.1", EVERYBODY),
        ("2001:db8:%", nets("::/0")),
        ("db.example.org", None),
        ("%.example.org", None),
    ],
)
def test_addresses_of_a_host_pattern(pattern: str, found: AddressSet | None) -> None:
    assert accounts.addresses(pattern) == found


@pytest.mark.parametrize(
    ("network", "pattern"),
    [
        ("192.0.2.7/32", "192.0.2.7"),
        ("192.0.2.0/24", "192.0.2.0/255.255.255.0"),
        ("2001:db8::1/128", "2001:db8::1"),
        ("2001:db8::/64", None),
    ],
)
def test_pattern_of_a_network_stands_for_it_alone(network: str, pattern: str | None) -> None:
    assert accounts.pattern(network) == pattern
    if pattern is not None:
        assert accounts.addresses(pattern) == nets(network)


@pytest.mark.parametrize(
    ("host", "clients", "taken", "expected"),
    [
        ("%", ["10.0.0.5"], (), ("10.0.0.5", "localhost", "127.0.0.1", "::1", "192.0.2.1")),
        ("%", ["10.0.0.0/24"], ("localhost", "127.0.0.1", "::1"), ("10.0.0.0/255.255.255.0", "192.0.2.1")),
        ("10.%", ["10.0.0.5", "192.0.2.9"], (), ("10.0.0.5",)),
        ("%", [], (), ("localhost", "127.0.0.1", "::1", "192.0.2.1")),
    ],
)
def test_an_account_is_narrowed_to_whom_it_was_for(
    host: str, clients: list[str], taken: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    found = accounts.narrow(Account("u", host), nets(*clients), ["192.0.2.1"], taken)
    assert isinstance(found, Narrowing)
    assert (found.renamed, *found.copies) == expected


@pytest.mark.parametrize(
    ("host", "clients", "why"),
    [("%", ["2001:db8::/64"], "IPv6"), ("10.1.%", ["10.2.0.0/16"], "drop it")],
)
def test_what_cannot_be_narrowed_is_told(host: str, clients: list[str], why: str) -> None:
    found = accounts.narrow(Account("u", host), nets(*clients), [], ())
    assert isinstance(found, str)
    assert why in found


HOSTILE = [
    "'; DROP DATABASE mysql; -- ",
    "\\' OR 1=1 #",
    '"`',
    "x\ny\n\\g\nDELIMITER //",
    "ü\N{RIGHT-TO-LEFT OVERRIDE}",
    "\x00\x1a",
    "",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_cannot_leave_their_quotes(name: str) -> None:
    plan = Narrowing(Account(name, "%"), "10.0.0.5", ("localhost",))
    ordinary = Narrowing(Account("user", "%"), "10.0.0.5", ("localhost",))
    for sql, pattern in ((plan.do(), ordinary.do()), (plan.undo(), ordinary.undo()), (plan.probe(), ordinary.probe())):
        assert sql.replace(name.encode().hex(), "75736572") == pattern or name == ""
        assert accounts.text(name) == f"CONVERT(x'{name.encode().hex()}' USING utf8)"
        assert sql.isascii()


def test_statements_hold_no_secret_and_undo_what_was_done() -> None:
    plan = Narrowing(Account("shop", "%"), "10.0.0.5", ("localhost", "::1"))
    assert "authentication_string" not in plan.do()
    assert plan.do().count("INSERT INTO mysql.global_priv ") == 2
    assert plan.undo().count("DROP USER IF EXISTS") == 2
    assert plan.do().count("RENAME USER") == plan.undo().count("RENAME USER") == 1
