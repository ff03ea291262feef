# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._rolling.answered import judge, unanswered
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._rolling.shops import (
    entry,
    planned,
    port,
    result,
)

ONE, SIX, TWO, THREE = "192.0.2.1", "2001:db8::1", "192.0.2.2", "192.0.2.3"
ALL = {ONE: "open", SIX: "open", TWO: "open", THREE: "open"}


def test_all_answer() -> None:
    seen = judge(planned(), "shop1", [result("app2", ALL)])
    assert (seen.down, seen.unproven) == ((), ())


@pytest.mark.parametrize(
    ("outcomes", "down", "unproven"),
    [
        ({**ALL, TWO: "refused"}, ["its peer shop2: 80/tcp (shop) does not answer app2 at 192.0.2.2: refused"], []),
        (
            {**ALL, THREE: "filtered"},
            ["its peer shop3: 80/tcp (shop) does not answer app2 at 192.0.2.3: no answer"],
            [],
        ),
        ({**ALL, ONE: "refused"}, [], []),
        ({**ALL, SIX: "no_route"}, [], []),
        (
            {**ALL, ONE: "refused", SIX: "unreachable"},
            [
                "80/tcp (shop) does not answer app2 at 192.0.2.1: refused; nor app2 at 2001:db8::1: unreachable, says ICMP"
            ],
            [],
        ),
        (
            {**ALL, TWO: "no_route"},
            [],
            ["its peer shop2: 80/tcp (shop) could not be tried: from app2: it has no route there"],
        ),
        (
            {**ALL, TWO: "self"},
            [],
            ["its peer shop2: 80/tcp (shop) could not be tried: from app2: it has this address itself"],
        ),
        ({**ALL, TWO: "nonsense"}, [], ["its peer shop2: 80/tcp (shop) could not be tried: no client tried"]),
    ],
    ids=["peer", "no answer", "one address", "one family", "itself", "no route", "wrong host", "a hostile client"],
)
def test_what_the_answers_mean(outcomes: dict[str, str], down: list[str], unproven: list[str]) -> None:
    seen = judge(planned(), "shop1", [result("app2", outcomes)])
    assert (list(seen.down), list(seen.unproven)) == (down, unproven)


def test_one_client_that_is_answered_is_enough() -> None:
    found = [result("app1", {**ALL, TWO: "filtered"}), result("app2", ALL)]
    assert judge(planned(), "shop1", found).down == ()


def test_who_is_not_admitted_proves_nothing() -> None:
    """Whoever tries a line besides those whom the register admits to it has come for another one."""
    made = planned(entry(), entry(name="status", hosts=["shop1"], clients=["192.0.2.9/32"], ports=[port(81)]))
    seen = judge(made, "shop1", [result("app2", {**ALL, TWO: "refused"}), result("guest", ALL)])
    assert len(seen.down) == 1
    assert seen.unproven == ("81/tcp (status) could not be tried: no client tried",)


@pytest.mark.parametrize(
    ("failed", "why"),
    [
        ({"unreachable": True, "msg": "no route to host\nmore"}, "from app2: no route to host"),
        ({"failed": True}, "from app2: it did not try"),
    ],
)
def test_a_client_that_is_lost_proves_nothing(failed: dict[str, t.Any], why: str) -> None:
    seen = judge(planned(), "shop1", [{"item": {"client": "app2", "probes": []}, **failed}])
    assert (seen.down, len(seen.unproven)) == ((), 3)
    assert seen.unproven[0] == f"80/tcp (shop) could not be tried: {why}"


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (planned(entry(clients=["203.0.113.0/24"])), "no host of the inventory is among its clients"),
        (planned(shop1=[]), "the inventory has no address of shop1; name it in infosec_addresses"),
    ],
)
def test_what_nobody_can_try(made: t.Any, why: str) -> None:
    assert judge(made, "shop1", [result("app2", {})]).unproven[0] == f"80/tcp (shop) could not be tried: {why}"


def test_a_peer_without_ports_cannot_be_seen() -> None:
    made = planned(entry(hosts=["shop1"]), groups=["shops"])
    seen = judge(made, "shop1", [result("app2", ALL)])
    assert [text.partition(":")[0] for text in seen.unproven] == ["shop2", "shop3"]


def test_what_answered_is_asked_again() -> None:
    """And nothing of a peer: that is looked at before the next reboot."""
    seen = judge(planned(), "shop1", [result("app2", ALL), result("app1", {**ALL, ONE: "filtered", SIX: "no_route"})])
    probes = [{"address": at, "protocol": "tcp", "ports": [80]} for at in (ONE, SIX)]
    assert list(seen.again) == [{"client": "app2", "probes": probes}]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({ONE: "open", SIX: "open"}, []),
        ({ONE: "open", SIX: "refused"}, ["80/tcp at 2001:db8::1 does not answer app2: refused"]),
        ({ONE: "open"}, ["80/tcp at 2001:db8::1 does not answer app2: it did not try"]),
    ],
)
def test_what_does_not_answer_any_more_is_named(answer: dict[str, str], expected: list[str]) -> None:
    (again,) = judge(planned(), "shop1", [result("app2", ALL)]).again
    assert unanswered([result("app2", answer, made=again)]) == expected
