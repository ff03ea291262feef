# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._register import validate
from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import (
    Admin,
    Inventory,
    RegisterError,
    Service,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._register.ports import Port

GROUPS = {"all": ["web1", "web2", "db1"], "ungrouped": [], "web": ["web1", "web2"], "db": ["db1"], "empty": [], "7": []}
MISSING = object()

PORT = "write port/protocol such as 443/tcp, or a range such as 8000-8010/udp (tcp or udp, 1 to 65535)"
PORTS = "write a list of ports, such as [80/tcp, 8000-8010/udp]"
HOSTS = "write a list of inventory groups and hosts that run it, such as [web]"
NO_HOST = "the inventory has no such group or host; "
CLIENTS = "write [any], [none] (this host alone), or a list of inventory groups, hosts, addresses and CIDRs"
ADDRESS = "write an address such as 192.0.2.10, or a network such as 192.0.2.0/24 or 2001:db8::/64"
UNIT = "write a systemd unit that holds the socket, such as nginx.service, or leave it out"
DAY = "write the day by which it is looked at again, such as 2027-06-30"
NAME = "write a name of one line, such as orders-db"
WHY = "write why it is presented to the network"
OWNER = "write who answers for it"
TLS = "write one of none, required, intermediate, modern"
KEYS = "name, hosts, unit, ports, clients, tls, names, admin, justification, owner, review_by"


def entry(**changes: t.Any) -> dict[str, t.Any]:
    """A valid entry, changed; MISSING takes a key away."""
    valid = {
        "name": "orders-db",
        "hosts": ["db"],
        "unit": "postgresql@15-main.service",
        "ports": ["5432/tcp"],
        "clients": ["web"],
        "tls": "required",
        "justification": "The web tier reads and writes orders.",
        "owner": "data@example.org",
        "review_by": "2027-06-30",
    }
    return {key: value for key, value in {**valid, **changes}.items() if value is not MISSING}


def faults(register: t.Any) -> list[str]:
    try:
        validate.parse(register, Inventory(GROUPS))
    except RegisterError as exc:
        return list(exc.faults)
    return []


def test_parse() -> None:
    minimal = entry(name="web site", hosts=["web1", "web2"], unit=MISSING, ports=["80/tcp", "443/tcp"], tls=MISSING)
    assert validate.parse([entry(), minimal], Inventory(GROUPS)) == [
        Service(
            name="orders-db",
            hosts=("db",),
            unit="postgresql@15-main.service",
            ports=(Port("tcp", 5432, 5432),),
            clients=("web",),
            tls="required",
            justification="The web tier reads and writes orders.",
            owner="data@example.org",
            review_by="2027-06-30",
        ),
        Service(
            name="web site",
            hosts=("web1", "web2"),
            unit="",
            ports=(Port("tcp", 80, 80), Port("tcp", 443, 443)),
            clients=("web",),
            tls="none",
            justification="The web tier reads and writes orders.",
            owner="data@example.org",
            review_by="2027-06-30",
        ),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"clients": ["any"]},
        {"clients": ["none"]},
        {"clients": ["web", "db1", "192.0.2.10", "192.0.2.0/24", "2001:db8::1", "2001:db8::/64", "::ffff:192.0.2.1"]},
        {"hosts": ["all"]},
        {"hosts": ["empty"]},
        {"hosts": ["db", "web1"]},
        {"review_by": datetime.date(2027, 6, 30)},
        {"unit": ""},
        {"unit": "ssh.socket"},
        {"unit": "session-3.scope"},
        {"unit": r"foo-bar\x2dbaz@a:b_c.service"},
        {"ports": ["1/tcp", "1/udp", "2-65535/tcp"]},
        {"names": ["www.example.org", "*.example.org", "db"]},
        *({"tls": tls} for tls in ("none", "required", "intermediate", "modern")),
    ],
)
def test_valid(changes: dict[str, t.Any]) -> None:
    assert faults([entry(**changes)]) == []


def test_nothing_is_a_register() -> None:
    assert faults([]) == []


@pytest.mark.parametrize(
    ("register", "fault"),
    [
        (None, "infosec_services: is empty; write a list of services"),
        ({}, "infosec_services: is empty; write a list of services"),
        ("web", "infosec_services: found 'web'; write a list of services"),
        ({"name": "x"}, "infosec_services: found {'name': 'x'}; write a list of services"),
        (7, "infosec_services: found 7; write a list of services"),
        ([3], f"infosec_services[0]: found 3; write a mapping with {KEYS}"),
        ([None], f"infosec_services[0]: is empty; write a mapping with {KEYS}"),
        (["web"], f"infosec_services[0]: found 'web'; write a mapping with {KEYS}"),
        ([["web"]], f"infosec_services[0]: found ['web']; write a mapping with {KEYS}"),
    ],
)
def test_no_register_at_all(register: t.Any, fault: str) -> None:
    assert faults(register) == [fault]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        # Keys
        ({"client": ["web"]}, "client: unknown key; did you mean clients?"),
        ({"zzz": 1}, f"zzz: unknown key; write one of {KEYS}"),
        ({"hosts": MISSING}, f"hosts: missing; {HOSTS}"),
        ({"ports": MISSING}, f"ports: missing; {PORTS}"),
        ({"clients": MISSING}, f"clients: missing; {CLIENTS}"),
        ({"justification": MISSING}, f"justification: missing; {WHY}"),
        ({"owner": MISSING}, f"owner: missing; {OWNER}"),
        ({"review_by": MISSING}, f"review_by: missing; {DAY}"),
        # Text
        ({"justification": ""}, f"justification: is empty; {WHY}"),
        ({"justification": " \n"}, f"justification: is empty; {WHY}"),
        ({"justification": None}, f"justification: is empty; {WHY}"),
        ({"justification": ["x"]}, f"justification: found ['x']; {WHY}"),
        ({"justification": True}, f"justification: found True; {WHY}"),
        ({"owner": ""}, f"owner: is empty; {OWNER}"),
        ({"owner": 7}, f"owner: found 7; {OWNER}"),
        # Hosts
        ({"hosts": "db"}, f"hosts: found 'db'; {HOSTS}"),
        ({"hosts": []}, f"hosts: is empty; {HOSTS}"),
        ({"hosts": None}, f"hosts: is empty; {HOSTS}"),
        ({"hosts": ["web1", 7]}, "hosts[1]: found 7; write it in quotes"),
        ({"hosts": ["web1", ""]}, f"hosts[1]: is empty; {NO_HOST}write one that it has"),
        ({"hosts": ["mail"]}, f"hosts[0]: found 'mail'; {NO_HOST}write one that it has"),
        ({"hosts": ["wbe2"]}, f"hosts[0]: found 'wbe2'; {NO_HOST}did you mean web2?"),
        ({"hosts": ["192.0.2.1"]}, f"hosts[0]: found '192.0.2.1'; {NO_HOST}write one that it has"),
        ({"hosts": ["web:!web1"]}, f"hosts[0]: found 'web:!web1'; {NO_HOST}write one that it has"),
        ({"hosts": [{"db": 1}]}, f"hosts[0]: found {{'db': 1}}; {NO_HOST}write one that it has"),
        # Unit
        *(
            ({"unit": unit}, f"unit: found {unit!r}; {UNIT}")
            for unit in (
                "nginx",
                "nginx.timer",
                "nginx .service",
                "@x.service",
                "x@.service",
                "a/b.service",
                "x.service\n",
            )
        ),
        ({"unit": "$(id).service"}, f"unit: found '$(id).service'; {UNIT}"),
        ({"unit": 5}, f"unit: found 5; {UNIT}"),
        ({"unit": None}, f"unit: is empty; {UNIT}"),
        # Ports
        ({"ports": "5432/tcp"}, f"ports: found '5432/tcp'; {PORTS}"),
        ({"ports": []}, f"ports: is empty; {PORTS}"),
        ({"ports": {}}, f"ports: is empty; {PORTS}"),
        ({"ports": [5432]}, f"ports[0]: found 5432; {PORT}"),
        ({"ports": ["1/tcp", "5432"]}, f"ports[1]: found '5432'; {PORT}"),
        *(
            ({"ports": [port]}, f"ports[0]: found {port!r}; {PORT}")
            for port in ("0/tcp", "65536/udp", "9-8/tcp", "1/sctp")
        ),
        # Clients
        ({"clients": "any"}, f"clients: found 'any'; {CLIENTS}"),
        ({"clients": []}, f"clients: is empty; {CLIENTS}"),
        ({"clients": None}, f"clients: is empty; {CLIENTS}"),
        ({"clients": [None]}, f"clients[0]: is empty; no group or host of the inventory; {CLIENTS}"),
        ({"clients": [4]}, f"clients[0]: found 4; no group or host of the inventory; {CLIENTS}"),
        ({"clients": ["mail"]}, f"clients[0]: found 'mail'; no group or host of the inventory; {CLIENTS}"),
        ({"clients": ["dbs"]}, "clients[0]: found 'dbs'; no group or host of the inventory; did you mean db?"),
        ({"clients": ["web", "any"]}, "clients: found any among others; write [any] alone, or leave it out"),
        ({"clients": ["none", "192.0.2.1"]}, "clients: found none among others; write [none] alone, or leave it out"),
        ({"clients": ["192.0.2.256"]}, f"clients[0]: found '192.0.2.256'; {ADDRESS}"),
        ({"clients": ["192.0.2.0/99"]}, f"clients[0]: found '192.0.2.0/99'; {ADDRESS}"),
        ({"clients": ["2001:db8:::1"]}, f"clients[0]: found '2001:db8:::1'; {ADDRESS}"),
        (
            {"clients": ["192.0.2.10/24"]},
            "clients[0]: found '192.0.2.10/24'; write 192.0.2.0/24 for the network, or 192.0.2.10 for the one address",
        ),
        # TLS
        *(({"tls": tls}, f"tls: found {tls!r}; {TLS}") for tls in ("old", "Required", True, ["none"])),
        (
            {"names": "www.example.org"},
            "names: found 'www.example.org'; write a list of DNS names that clients know it by, such as [www.example.org]",
        ),
        *(
            ({"names": [name]}, f"names[0]: found {name!r}; write a DNS name, such as www.example.org")
            for name in ("a b", "a..b", "*", "-a")
        ),
        ({"tls": ""}, f"tls: is empty; {TLS}"),
        ({"tls": None}, f"tls: is empty; {TLS}"),
        # Day
        *(
            ({"review_by": day}, f"review_by: found {day!r}; {DAY}")
            for day in (
                "2027-02-30",
                "2027-6-30",
                "20270630",
                "2027-W26-3",
                "30.06.2027",
                "soon",
                "2027-06-30T00:00",
                2027,
            )
        ),
        ({"review_by": datetime.datetime(2027, 6, 30)}, f"review_by: found 2027-06-30 00:00:00; {DAY}"),
        ({"review_by": None}, f"review_by: is empty; {DAY}"),
        ({"review_by": ""}, f"review_by: is empty; {DAY}"),
    ],
)
def test_one_fault(changes: dict[str, t.Any], fault: str) -> None:
    assert faults([entry(), entry(name="x", **{"hosts": ["web1"], **changes})]) == [f"infosec_services[1] (x).{fault}"]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        (MISSING, f"missing; {NAME}"),
        (None, f"is empty; {NAME}"),
        ("", f"is empty; {NAME}"),
        ("\t", f"is empty; {NAME}"),
        (80, f"found 80; {NAME}"),
    ],
)
def test_an_entry_without_a_name_is_named_by_its_number(name: t.Any, fault: str) -> None:
    assert faults([entry(name=name)]) == [f"infosec_services[0].name: {fault}"]


def test_a_key_that_is_no_text() -> None:
    assert faults([{**entry(), 1: 1}]) == [f"infosec_services[0] (orders-db).1: unknown key; write one of {KEYS}"]


def test_a_name_of_two_lines() -> None:
    (fault,) = faults([entry(name="a\nb")])
    assert fault.endswith(f".name: found 'a\\nb'; {NAME}")


def test_long_values_are_cut() -> None:
    (fault,) = faults([entry(ports=["x" * 1000])])
    assert len(fault) < 300
    assert fault.endswith(f"xxx...; {PORT}")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"hosts": ["db1"]}, {}, ["found 5432/tcp, but infosec_services[0] (a).ports[0] has 5432/tcp on db1 already"]),
        (
            {"hosts": ["all"], "ports": ["5000-6000/tcp"]},
            {"hosts": ["web", "db"]},
            ["found 5432/tcp, but infosec_services[0] (a).ports[0] has 5000-6000/tcp on db1 already"],
        ),
        (
            {"ports": ["1/tcp", "5432/tcp"]},
            {"ports": ["5400-5500/tcp"]},
            ["found 5400-5500/tcp, but infosec_services[0] (a).ports[1] has 5432/tcp on db1 already"],
        ),
        # Faults elsewhere hide no overlap.
        (
            {"hosts": ["db1", "nowhere"], "owner": ""},
            {},
            ["found 5432/tcp, but infosec_services[0] (a).ports[0] has 5432/tcp on db1 already"],
        ),
        ({"hosts": ["web"]}, {}, []),
        ({"ports": ["5432/udp"]}, {}, []),
        ({"ports": ["5431/tcp", "5433-6000/tcp"]}, {}, []),
        ({"hosts": ["empty"]}, {}, []),
    ],
)
def test_overlaps(first: dict[str, t.Any], second: dict[str, t.Any], expected: list[str]) -> None:
    found = faults([entry(name="a", **first), entry(name="b", **second)])
    rest = "; give each port of a host to one service"
    assert [fault for fault in found if "already" in fault] == [
        f"infosec_services[1] (b).ports[0]: {text}{rest}" for text in expected
    ]


def test_overlap_within_an_entry() -> None:
    (fault,) = faults([entry(ports=["80/tcp", "79-81/tcp"])])
    assert fault.startswith(
        "infosec_services[0] (orders-db).ports[1]: found 79-81/tcp, but infosec_services[0] (orders-db).ports[0]"
    )


def test_same_names() -> None:
    found = faults(
        [entry(), entry(hosts=["web1"]), entry(name="x", hosts=["web2"]), entry(hosts=["web2"], ports=["1/tcp"])]
    )
    same = "(orders-db).name: infosec_services[0] has the same; write another, or make them one"
    assert found == [f"infosec_services[1] {same}", f"infosec_services[3] {same}"]


def test_all_faults_in_one_message_in_order() -> None:
    broken = entry(name="b", ports=["x", "0/udp"], clients=["any", "none"], justification="", review_by=MISSING)
    with pytest.raises(RegisterError) as caught:
        validate.parse([entry(owner=None), "?", broken], Inventory(GROUPS))
    assert str(caught.value).split("\n") == [
        "The register of services (infosec_services) has 8 fault(s):",
        f"- infosec_services[0] (orders-db).owner: is empty; {OWNER}",
        f"- infosec_services[1]: found '?'; write a mapping with {KEYS}",
        f"- infosec_services[2] (b).ports[0]: found 'x'; {PORT}",
        f"- infosec_services[2] (b).ports[1]: found '0/udp'; {PORT}",
        "- infosec_services[2] (b).clients: found any among others; write [any] alone, or leave it out",
        "- infosec_services[2] (b).clients: found none among others; write [none] alone, or leave it out",
        f"- infosec_services[2] (b).justification: is empty; {WHY}",
        f"- infosec_services[2] (b).review_by: missing; {DAY}",
    ]


def test_a_name_that_is_both_means_group_and_host() -> None:
    inventory = Inventory({"all": ["web", "web1"], "web": ["web1"]})
    assert inventory.members(["web"]) == {"web", "web1"}


# One register for all hosts


@pytest.mark.parametrize(
    "hosts", [{"a": {}}, {"a": {}, "b": {}}, {"a": {"infosec_services": [1]}, "b": {"infosec_services": [1]}}]
)
def test_same_register(hosts: dict[str, t.Any]) -> None:
    validate.check_same(list(hosts), hosts)


@pytest.mark.parametrize("others", [{}, {"infosec_services": []}, {"infosec_services": [{"name": "y"}]}])
def test_another_register(others: dict[str, t.Any]) -> None:
    hosts = {"a": {"infosec_services": [{"name": "x"}]}, "b": {"infosec_services": [{"name": "x"}]}, "c": others}
    with pytest.raises(RegisterError, match="a and c have different ones; it is one list for the whole inventory"):
        validate.check_same(list(hosts), hosts)


SITE = entry(name="website", hosts=["web"], ports=["80/tcp", "443/tcp"], clients=["any"], unit=MISSING)


@pytest.mark.parametrize(
    ("ports", "fault"),
    [
        (["443/tcp"], ""),
        (["80/tcp", "443/tcp"], ""),
        (["8443/tcp"], ""),
        (["443-444/tcp"], "infosec_services[1] (phpmyadmin).ports[0]: found 443-444/tcp, but"),
        (
            ["443/tcp", "8443/tcp"],
            "infosec_services[1] (phpmyadmin).ports[1]: found 8443/tcp, which no other entry has",
        ),
    ],
)
def test_administration_may_share_the_ports_of_another_entry(ports: list[str], fault: str) -> None:
    admin = entry(name="phpmyadmin", hosts=["web"], ports=ports, clients=["db"], unit=MISSING, admin=True)
    found = faults([SITE, admin])
    assert len(found) == bool(fault) and "".join(found).startswith(fault)


@pytest.mark.parametrize("changes", [{"admin": False}, {"hosts": ["web1"]}, {"hosts": ["all"]}])
def test_nothing_else_may(changes: dict[str, t.Any]) -> None:
    admin = {**entry(name="x", hosts=["web"], ports=["443/tcp"], unit=MISSING, admin=True), **changes}
    (fault,) = faults([SITE, admin])
    assert "give each port of a host to one service" in fault


def test_admin_is_true_or_false() -> None:
    assert faults([entry(admin="yes")]) == [
        "infosec_services[0] (orders-db).admin: found 'yes'; "
        "write true where it is for administration over the web, else leave it out"
    ]


@pytest.mark.parametrize(
    ("clients", "expected"),
    [(["any"], ("any",)), (["web", "192.0.2.1"], ("web", "192.0.2.1", "db")), (["none"], ("db",))],
)
def test_shared_ports_stay_one_entry(clients: list[str], expected: tuple[str, ...]) -> None:
    admin = entry(name="phpmyadmin", hosts=["web"], ports=["443/tcp"], clients=["db"], unit=MISSING, admin=True)
    (site,) = validate.parse([{**SITE, "clients": clients}, admin], Inventory(GROUPS))
    assert (site.name, site.clients, site.admin) == ("website", expected, (Admin("phpmyadmin", ("db",)),))


def test_administration_at_a_port_of_its_own_is_an_entry() -> None:
    (one,) = validate.parse([entry(name="cockpit", ports=["9090/tcp"], admin=True)], Inventory(GROUPS))
    assert one.admin == (Admin("cockpit", ("web",)),)
