# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
import time
import typing as t

import pytest
from ansible.errors import AnsibleUndefinedVariable

from ansible_collections.infosec.principles.plugins.plugin_utils._register import resolve, validate
from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import Inventory, RegisterError

GROUPS = {"all": ["db1", "web1", "web2", "web3"], "web": ["web1", "web2", "web3"], "db": ["db1"], "empty": []}
REMEDY = "set infosec_addresses (or an ansible_host that others can reach) for it"


def entry(*clients: str, **changes: t.Any) -> dict[str, t.Any]:
    valid = {"name": "orders", "hosts": ["db"], "ports": ["5432/tcp"], "clients": list(clients)}
    return {**valid, "justification": "Orders.", "owner": "data@example.org", "review_by": "2027-06-30", **changes}


def no_lookup(name: str) -> list[str]:
    raise AssertionError(f"{name} was looked up")


class Resolver:
    """A name server of a few names that remembers what it was asked."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, name: str) -> list[str]:
        self.asked.append(name)
        if name not in self.answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self.answers[name]


class Hostvars(dict[str, t.Any]):
    """Counts who was looked at."""

    def __init__(self, hosts: dict[str, t.Any]) -> None:
        super().__init__(hosts)
        self.looked_at: list[str] = []

    def __getitem__(self, name: str) -> t.Any:
        self.looked_at.append(name)
        return super().__getitem__(name)


def resolved(
    register: list[dict[str, t.Any]], hostvars: dict[str, t.Any], lookup: resolve.Lookup = no_lookup
) -> list[dict[str, t.Any]]:
    inventory = Inventory(GROUPS)
    return resolve.resolve(validate.parse(register, inventory), inventory, hostvars, lookup)


def clients(written: list[str], hostvars: dict[str, t.Any], lookup: resolve.Lookup = no_lookup) -> list[str]:
    found: list[str] = resolved([entry(*written)], hostvars, lookup)[0]["clients"]
    return found


def test_form() -> None:
    written = entry(
        "192.0.2.10", hosts=["db", "web1"], unit="x.service", ports=["80/tcp", "9000-9010/udp"], tls="modern"
    )
    assert resolved([written], {}) == [
        {
            "name": "orders",
            "unit": "x.service",
            "ports": [
                {"first": 80, "last": 80, "protocol": "tcp"},
                {"first": 9000, "last": 9010, "protocol": "udp"},
            ],
            "clients": ["192.0.2.10/32"],
            "tls": "modern",
            "names": [],
            "admin": [],
            "justification": "Orders.",
            "owner": "data@example.org",
            "review_by": "2027-06-30",
            "hosts": ["db", "web1"],
        }
    ]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["any"], ["any"]),
        (["none"], []),
        (["empty"], []),
        (["2001:db8::/64", "192.0.2.10"], ["192.0.2.10/32", "2001:db8::/64"]),
        (["192.0.2.0/25", "192.0.2.128/25"], ["192.0.2.0/24"]),
        (["0.0.0.0/0", "::/0"], ["0.0.0.0/0", "::/0"]),
    ],
)
def test_clients_that_are_no_hosts(written: list[str], expected: list[str]) -> None:
    assert clients(written, {}) == expected


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"infosec_addresses": "192.0.2.1"}, ["192.0.2.1/32"]),
        ({"infosec_addresses": ["2001:db8::1", "192.0.2.1"]}, ["192.0.2.1/32", "2001:db8::1/128"]),
        ({"infosec_addresses": ["192.0.2.1", "2001:db8::/64"]}, ["192.0.2.1/32", "2001:db8::/64"]),
        ({"infosec_addresses": ["127.0.0.1"]}, ["127.0.0.1/32"]),
        ({"infosec_addresses": ["192.0.2.1"], "ansible_host": "198.51.100.1"}, ["192.0.2.1/32"]),
        ({"infosec_addresses": [], "ansible_host": "198.51.100.1"}, ["198.51.100.1/32"]),
        ({"infosec_addresses": None, "ansible_host": "2001:db8::1"}, ["2001:db8::1/128"]),
        ({"ansible_host": "::ffff:198.51.100.1"}, ["198.51.100.1/32"]),
    ],
)
def test_addresses_of_a_host_in_the_inventory(variables: dict[str, t.Any], expected: list[str]) -> None:
    assert clients(["db1"], {"db1": variables}) == expected


@pytest.mark.parametrize("variables", [{}, {"ansible_host": "db1"}, {"ansible_host": ""}])
def test_names_are_looked_up(variables: dict[str, t.Any]) -> None:
    resolver = Resolver(db1=["2001:db8::1", "192.0.2.1", "192.0.2.1", "fe80::1%eth0", "127.0.1.1", "fe80::1"])
    assert clients(["db1"], {"db1": variables}, resolver) == ["192.0.2.1/32", "2001:db8::1/128"]
    assert resolver.asked == ["db1"]


def test_an_inventory_name_that_is_an_address() -> None:
    inventory = Inventory({"all": ["192.0.2.1"]})
    services = validate.parse([entry("192.0.2.1", hosts=["all"])], inventory)
    (service,) = resolve.resolve(services, inventory, {"192.0.2.1": {"infosec_addresses": "198.51.100.1"}}, no_lookup)
    assert service["clients"] == ["198.51.100.1/32"]


def test_groups_and_addresses_merge() -> None:
    hostvars = {
        "web1": {"ansible_host": "192.0.2.0"},
        "web2": {"ansible_host": "192.0.2.1"},
        "web3": {"infosec_addresses": ["192.0.2.2", "2001:db8::1"]},
    }
    assert clients(["2001:db8::", "web", "192.0.2.3"], hostvars) == ["192.0.2.0/30", "2001:db8::/127"]
    assert clients(["192.0.2.3", "web3", "web", "2001:db8::"], hostvars) == ["192.0.2.0/30", "2001:db8::/127"]


def test_each_host_and_name_once_and_no_other() -> None:
    hostvars = Hostvars({"web1": {}, "web2": {"ansible_host": "web1"}, "web3": {"ansible_host": "192.0.2.3"}})
    resolver = Resolver(web1=["192.0.2.1"])
    register = [entry("web", "web1"), entry("web1", "web", name="x", ports=["1/tcp"])]
    assert [service["clients"] for service in resolved(register, hostvars, resolver)] == [
        ["192.0.2.1/32", "192.0.2.3/32"]
    ] * 2
    assert hostvars.looked_at == ["web1", "web2", "web3"]
    assert resolver.asked == ["web1"]


class Undefined(dict[str, t.Any]):
    def get(self, key: str, default: t.Any = None) -> t.Any:
        raise AnsibleUndefinedVariable("'rack' is undefined")


def long_label(name: str) -> list[str]:
    raise UnicodeError("label too long")


@pytest.mark.parametrize(
    ("variables", "lookup", "fault"),
    [
        ({}, Resolver(), f"'db1' cannot be resolved ([Errno -2] Name or service not known); {REMEDY}"),
        (
            {"ansible_host": "x.y"},
            Resolver(),
            f"'x.y' cannot be resolved ([Errno -2] Name or service not known); {REMEDY}",
        ),
        ({}, long_label, f"'db1' cannot be resolved (label too long); {REMEDY}"),
        ({}, Resolver(db1=["127.0.1.1"]), f"'db1' is 127.0.1.1 here, where other hosts do not see it; {REMEDY}"),
        ({}, Resolver(db1=["fe80::1%eth0"]), f"'db1' is no address here, where other hosts do not see it; {REMEDY}"),
        (
            {"ansible_host": "127.0.0.1"},
            no_lookup,
            f"'127.0.0.1' is 127.0.0.1 here, where other hosts do not see it; {REMEDY}",
        ),
        ({"ansible_host": "::1"}, no_lookup, f"'::1' is ::1 here, where other hosts do not see it; {REMEDY}"),
        (
            {"infosec_addresses": ["192.0.2.1/24"]},
            no_lookup,
            "infosec_addresses: found '192.0.2.1/24'; write 192.0.2.0/24 for the network, or 192.0.2.1 for the one address",
        ),
        (
            {"infosec_addresses": "db1"},
            no_lookup,
            "infosec_addresses: found 'db1'; write an address such as 192.0.2.10, or a network such as 192.0.2.0/24 or 2001:db8::/64",
        ),
        (Undefined(), no_lookup, "'rack' is undefined"),
    ],
)
def test_no_address(variables: dict[str, t.Any], lookup: resolve.Lookup, fault: str) -> None:
    with pytest.raises(RegisterError) as caught:
        clients(["db1"], {"db1": variables}, lookup)
    assert caught.value.faults == (f"clients: db1: {fault}",)


def test_all_hosts_without_address_in_one_message() -> None:
    hostvars = {"db1": {"infosec_addresses": ["x"]}, "web1": {}, "web2": {"ansible_host": "192.0.2.2"}, "web3": {}}
    with pytest.raises(RegisterError) as caught:
        clients(["all"], hostvars, Resolver(web1=["192.0.2.1"]))
    assert [fault.split(":")[1].strip() for fault in caught.value.faults] == ["db1", "web3"]


def test_look_up_asks_the_resolver() -> None:
    assert set(resolve.look_up("localhost")) & {"127.0.0.1", "::1"}
    with pytest.raises(UnicodeError):
        resolve.look_up("x" * 64)


def test_ten_thousand_hosts_in_seconds() -> None:
    hosts = {
        f"h{number}": {"ansible_host": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"}
        for number in range(10_000)
    }
    inventory = Inventory({"all": list(hosts), "odd": list(hosts)[1::2]})
    register = [
        entry("all", "192.0.2.1", hosts=["all"], name=f"s{port}", ports=[f"{port}/tcp"]) for port in range(1, 51)
    ]
    register.append(entry("odd", hosts=["all"], name="odd", ports=["99/tcp"]))
    start = time.monotonic()
    services = resolve.resolve(validate.parse(register, inventory), inventory, hosts, no_lookup)
    # 0.5 s on the machine that this was written on.
    assert time.monotonic() - start < 10
    assert services[0]["clients"][:2] == ["10.0.0.0/19", "10.0.32.0/22"]
    assert len(services[-1]["clients"]) == 5_000


def test_those_who_administer_are_resolved_though_everybody_may_come_to_the_port() -> None:
    site = entry("any", name="website", ports=["443/tcp"])
    admin = entry("web1", name="phpmyadmin", ports=["443/tcp"], admin=True)
    (found,) = resolved([site, admin], {"web1": {"infosec_addresses": ["192.0.2.20"]}})
    assert found["clients"] == ["any"]
    assert found["admin"] == [{"name": "phpmyadmin", "clients": ["192.0.2.20/32"]}]
