# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the register says of an interface, and what is compared before and after a fix."""

from __future__ import annotations

import datetime
import itertools
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls._web import vhosts
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.common import Running
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services import admin_interfaces
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import (
    compare,
    declared,
    django,
    firewall,
    programs,
    verdicts,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    Admission,
    Found,
    Shut,
    Use,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.table import (
    INTERFACES,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import (
    backend,
    nftables,
    policy,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import requests
from ansible_collections.infosec.principles.plugins.module_utils._engine.requests import Request
from ansible_collections.infosec.principles.plugins.module_utils._host import netfilter
from ansible_collections.infosec.principles.tests.unit.pairs import kernel, played_web
from ansible_collections.infosec.principles.tests.unit.pairs import nft as played_nft
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine
from ansible_collections.infosec.principles.tests.unit.pairs.played_web import Says

GONE: Says = ("404 Not Found", "", "not here")


def found(key: str, *, port: int = 443, path: str = "/x/", own: bool = False) -> Found:
    """An interface on a site; own: at a port of a program of its own."""
    interface = next(one for one in INTERFACES if one.key == key)
    run = Running("x.service", (1,), ())
    at = Vhost("x", run, "shop.example.org", "127.0.0.1", port, False, "x:1", None if own else object())
    return Found(interface, at, path, ())


def service(*admin: tuple[str, str], clients: str = "any", port: int = 443) -> dict[str, t.Any]:
    return {
        "name": "shop",
        "ports": [{"first": port, "last": port, "protocol": "tcp"}],
        "clients": [clients],
        "admin": [{"name": name, "clients": [] if who == "none" else [who]} for name, who in admin],
    }


@pytest.mark.parametrize(
    ("key", "admin", "named"),
    [
        ("phpmyadmin", [("phpmyadmin", "10.0.0.0/8")], "phpmyadmin (10.0.0.0/8)"),
        ("phpmyadmin", [("Shop PhpMyAdmin", "10.0.0.0/8")], "Shop PhpMyAdmin (10.0.0.0/8)"),
        ("phpmyadmin", [("phpmyadmin", "none")], "phpmyadmin (nobody)"),
        ("phpmyadmin", [("administration", "10.0.0.0/8")], "administration (10.0.0.0/8)"),
        ("wordpress", [("phpmyadmin", "10.0.0.0/8")], None),
        ("wordpress", [("phpmyadmin", "10.0.0.0/8"), ("rest", "10.9.0.0/16")], "rest (10.9.0.0/16)"),
        ("wordpress", [("one", "10.0.0.0/8"), ("two", "10.9.0.0/16")], None),
        ("tomcat", [("tomcat-host-manager", "10.0.0.0/8")], None),
        ("tomcat-host-manager", [("tomcat-host-manager", "10.0.0.0/8")], "tomcat-host-manager (10.0.0.0/8)"),
        ("solr", [("solrad", "10.0.0.0/8"), ("other", "10.0.0.0/8")], None),
        ("django", [], None),
    ],
)
def test_which_entry_counts(key: str, admin: list[tuple[str, str]], named: str | None) -> None:
    entry = declared.of([service(*admin)], found(key))
    assert (entry.title if entry else None) == named


@pytest.mark.parametrize(
    ("admin", "begins"),
    [
        ([("phpmyadmin", "10.0.0.0/8")], "Let in those of the register alone: phpmyadmin (10.0.0.0/8). phpMyAdmin: "),
        ([], "Write an entry with admin: true "),
    ],
)
def test_the_remedy_asks_for_no_entry_that_there_is(admin: list[tuple[str, str]], begins: str) -> None:
    one = found("phpmyadmin")
    entry = declared.of([service(*admin)], one)
    now = datetime.datetime.now(datetime.timezone.utc)
    case = verdicts.Case(one, Admission(("any",)), "", Use(None), entry, now, 90, ("any",))
    assert verdicts._remedy(admin_interfaces.OPEN_TO_ALL, case).startswith(begins)


def test_an_entry_for_another_port_says_nothing() -> None:
    assert declared.of([service(("phpmyadmin", "10.0.0.0/8"), port=8443)], found("phpmyadmin")) is None


def test_a_port_of_administration_alone_is_named_by_any_entry() -> None:
    services = [service(clients="10.0.0.0/8", port=9090)]
    entry = declared.of(services, found("cockpit", port=9090, path="/", own=True))
    assert entry and entry.clients == ("10.0.0.0/8",)
    assert declared.of(services, found("cockpit", port=9090, path="/")) is None
    assert declared.of(services, found("tomcat", port=9090, path="/manager/", own=True)) is None


@pytest.mark.parametrize(
    ("admitted", "clients", "strangers"),
    [
        (("any",), "any", []),
        (("10.1.0.0/16",), "10.0.0.0/8", []),
        (("10.0.0.0/8",), "10.128.0.0/9", ["10.0.0.0/9"]),
        ((), "10.0.0.0/8", []),
        (("127.0.0.0/8", "::1/128"), "none", []),
    ],
)
def test_who_gets_in_and_is_not_named(
    tmp_path: pathlib.Path, admitted: tuple[str, ...], clients: str, strangers: list[str]
) -> None:
    entry = declared.of([service(("all", clients))], found("django"))
    told = declared.strangers(Machine(tmp_path).host(), Admission(admitted), entry)
    assert told.networks() == strangers


def test_without_an_entry_nobody_is_named(tmp_path: pathlib.Path) -> None:
    assert declared.strangers(Machine(tmp_path).host(), Admission(("any",)), None)


# What the firewall lets through


def walled(root: pathlib.Path, mode: str, text: str = "") -> Machine:
    """A machine with the table that host_firewall makes, or with another text of it."""
    clients = ("192.0.2.0/24", "2001:db8::/64")
    admissions = tuple(
        policy.Admission(name, "tcp", first, last, who)
        for name, first, last, who in (
            ("web", 80, 80, ("any",)),
            ("metrics", 9090, 9093, clients),
            ("four", 8443, 8443, ("0.0.0.0/0",)),
        )
    )
    machine = Machine(root)
    machine.kernel(netfilter.NETLINK_NETFILTER, netfilter.GET_TABLE, kernel.answer(kernel.table(1, firewall.TABLE)))
    made = nftables.table(backend.Wanted(admissions, mode)).render()
    machine.write(played_nft.KERNEL, text or made)
    played_nft.Nft(machine)
    return machine


@pytest.mark.parametrize(
    ("port", "networks"),
    [
        (80, ("any",)),
        (8443, ("0.0.0.0/2", "64.0.0.0/3")),
        (9093, ("192.0.2.0/24", "2001:db8::/64")),
        (9094, ()),
    ],
)
def test_who_gets_past_the_firewall(tmp_path: pathlib.Path, port: int, networks: tuple[str, ...]) -> None:
    told = firewall.narrowed(walled(tmp_path, backend.ENFORCE).host(), Admission(("any",)), port)
    assert told.networks[: len(networks)] == networks
    assert bool(told.evidence) == (port != 80)


def test_a_firewall_that_only_logs_or_that_is_not_known_turns_nobody_away(tmp_path: pathlib.Path) -> None:
    made = walled(tmp_path / "made", backend.ENFORCE)
    text = made.path(played_nft.KERNEL).read_text(encoding="utf-8")
    opened = text.replace("\t\tjump refused\n\t}\n\tchain forward", "\t\ttcp sport 1 accept\n\t}\n\tchain forward")
    assert opened != text
    open_to_all = Admission(("any",))
    for machine in (
        walled(tmp_path / "log", backend.LOG),
        walled(tmp_path / "x", backend.ENFORCE, opened),
        Machine(tmp_path),
    ):
        assert firewall.narrowed(machine.host(), open_to_all, 9094) == open_to_all


def test_who_is_turned_away_by_both_is_not_let_in(tmp_path: pathlib.Path) -> None:
    host = walled(tmp_path, backend.ENFORCE).host()
    assert firewall.narrowed(host, Admission(("192.0.2.128/25", "198.51.100.0/24")), 9090).networks == (
        "192.0.2.128/25",
    )
    assert firewall.narrowed(host, Admission(()), 80).networks == ()


# What is compared


def played(root: pathlib.Path, says: t.Callable[[str], Says]) -> tuple[Machine, Vhost]:
    machine = Machine(root)
    machine.unit("x.service", sockets=[("tcp", "127.0.0.1", 8000)])
    machine.servers[8000] = played_web.site(says)
    run = Running("x.service", (1,), ())
    return machine, Vhost("x", run, "shop.example.org", "127.0.0.1", 8000, False, "x:1", object())


def compared(machine: Machine, vhost: Vhost, path: str = "/admin/") -> dict[str, Request]:
    one = Found(INTERFACES[0], vhost, path, ())
    changes = compare.unchanged(machine.host(), [Shut(one)], ())
    return {change.path: change for change in changes if isinstance(change, Request)}


def test_the_front_page_and_what_it_names_are_compared(tmp_path: pathlib.Path) -> None:
    front = (
        '<a href="/admin/">in</a><a href="/admin">in</a><a href="about">us</a><script src=/x.js></script>'
        '<a href="https://elsewhere.example.net/">there</a><a href="/logout">out</a><a href="/?delete=1">x</a>'
        '<link rel=stylesheet href="http://shop.example.org:8000/a%20b.css">'
    )
    pages = {"/": ("200 OK", "", front), "/x.js": ("200 OK", 'ETag: "1"\r\nContent-Type: text/javascript\r\n', "js")}
    found_ = compared(*played(tmp_path, lambda path: pages.get(path, GONE)))
    assert list(found_) == ["/", "/x.js", "/a%20b.css", "/about"]
    assert (found_["/x.js"].digest, found_["/x.js"].content) == (requests.digest(b"js"), "text/javascript")
    assert (found_["/"].digest, found_["/"].statuses) == ("", (200,))
    assert found_["/about"].statuses == (404,)


def test_a_site_that_is_shut_whole_has_no_other_pages(tmp_path: pathlib.Path) -> None:
    assert compared(*played(tmp_path, lambda path: ("200 OK", "", '<a href="/x">')), "/") == {}


def test_what_does_not_answer_in_one_way_is_not_compared(tmp_path: pathlib.Path) -> None:
    turns = itertools.cycle(("200 OK", "404 Not Found"))
    ill = played(tmp_path / "one", lambda path: (next(turns), "", "x"))
    down = played(tmp_path / "two", lambda path: ("502 Bad Gateway", "", "x"))
    assert [compared(*one) for one in (ill, down)] == [{}, {}]


def test_no_more_than_so_many_pages_are_compared(tmp_path: pathlib.Path) -> None:
    front = "".join(f'<a href="/{number}">' for number in range(1000))
    assert len(compared(*played(tmp_path, lambda path: ("200 OK", "", front)))) == compare.PAGES


def test_what_is_asked_before_the_table_is_imported_is_what_the_table_says() -> None:
    known = {name for one in programs.PROGRAMS for name in one.processes}
    servers = {name for names, _product, _of in vhosts.PRODUCTS for name in names}
    assert known | servers | {*django.RUNNERS} == admin_interfaces.PROCESSES
    assert set(programs.SOCKET_UNITS) == admin_interfaces.SOCKETS
