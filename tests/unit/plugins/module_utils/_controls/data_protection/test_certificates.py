# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""certificates: what a reload comes to, where names lead, and what is said beyond the pairs of the control."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection.certificates import CONTROL
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed
from ansible_collections.infosec.principles.tests.unit.pairs import certificates as cases
from ansible_collections.infosec.principles.tests.unit.pairs.certificates import (
    FILE,
    KEY,
    PORT,
    REGISTERED,
    SERVICE,
    Made,
)
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine

OPTIONS = {"profile": "intermediate", "renew_days": 21, "certificate_folder": "/etc/ssl/infosec", **REGISTERED}
RENEWED = Made(left=80, serial=8)


@pytest.fixture(name="machine")
def made(tmp_path: pathlib.Path) -> Machine:
    return Machine(tmp_path)


def judged(machine: Machine, **options: t.Any) -> dict[str, Finding]:
    """The last finding of each rule."""
    return {one.rule.name: one for one in CONTROL.assess(machine.host(), {**OPTIONS, **options})}


def test_a_reload_shows_the_new_certificate(machine: Machine) -> None:
    cases.shop(Made(left=10), lies=RENEWED, taken_up=True)(machine)
    found = judged(machine)
    assert (found["reload_pending"].status, found["expiry"].status) == ("fail", "fail")
    assert found["expiry"].subject == f"nginx.service {PORT}/tcp"
    for change in found["reload_pending"].fix:
        change.apply(machine.host(), tag="x")
    found = judged(machine)
    assert (found["reload_pending"].status, found["expiry"].status) == ("pass", "pass")
    assert found["expiry"].subject == FILE


def test_a_reload_that_shows_nothing_new_is_no_fix(machine: Machine) -> None:
    cases.shop(Made(left=10), lies=RENEWED)(machine)
    reload, waiting = judged(machine)["reload_pending"].fix
    reload.apply(machine.host(), tag="x")
    with pytest.raises(Exception, match="see that nginx"):
        waiting.apply(machine.host(), tag="x")


def test_the_day_on_which_it_fails_is_due(machine: Machine) -> None:
    cases.shop(Made(left=60))(machine)
    assert judged(machine)["expiry"].due == "2027-01-02"
    assert judged(machine, renew_days=30)["expiry"].due == "2026-12-24"


def test_one_that_internal_ca_made_is_renewed_by_it(machine: Machine) -> None:
    cases.shop(Made(left=3))(machine)
    assert "internal_ca.yml" in judged(machine)["expiry"].remedy
    assert judged(machine, certificate_folder="/srv/tls")["expiry"].remedy == ""


@pytest.mark.parametrize(
    ("made", "status"),
    [
        (Made(names=("web1",)), "pass"),
        (Made(names=("web1.example.org",)), "pass"),
        (Made(names=("db.example.org",)), "not_assessed"),
        (Made(names=("nowhere.example.org",)), "fail"),
        (Made(names=(), addresses=("198.51.100.7",)), "fail"),
        (Made(names=()), "fail"),
    ],
)
def test_without_a_name_that_clients_know_it_is_for_the_host(machine: Machine, made: Made, status: str) -> None:
    cases.shop(made)(machine)
    text = (
        machine.path("/etc/nginx/nginx.conf").read_text(encoding="utf-8").replace("server_name shop.example.org;", "")
    )
    machine.write("/etc/nginx/nginx.conf", text)
    leads = {"db.example.org": "198.51.100.9 STREAM db.example.org\n"}
    machine.program("getent", lambda argv, stdin: Completed(0, leads.get(argv[2], ""), ""))
    assert judged(machine, services=[{**SERVICE, "names": []}])["names"].status == status


def test_without_openssl_nothing_is_said_of_the_chain(machine: Machine) -> None:
    cases.shop(Made())(machine)
    del machine.programs["openssl"]
    assert judged(machine)["chain"].status == "not_assessed"


def test_without_trusted_authorities_nothing_is_said_of_the_chain(machine: Machine) -> None:
    cases.shop(Made(issuer="a public authority"))(machine)
    machine.path(cases.SYSTEM).unlink()
    assert judged(machine)["chain"].status == "not_assessed"


def test_an_authority_that_somebody_added_is_none_of_the_public_ones(machine: Machine) -> None:
    cases.shop(Made(issuer="a public authority", days=300))(machine)
    assert judged(machine)["lifespan"].status == "fail"
    machine.write("/usr/local/share/ca-certificates/ours.crt", cases.PUBLIC)
    assert judged(machine)["lifespan"].status == "pass"


def test_a_server_that_does_not_answer_is_judged_by_its_file(machine: Machine) -> None:
    cases.shop(Made(left=3))(machine)
    del machine.servers[PORT]
    machine.program("openssl", lambda argv, stdin: Completed(0, f"{FILE}: OK\n", ""))
    found = judged(machine)
    assert (found["expiry"].status, found["expiry"].subject, found["chain"].status) == ("fail", FILE, "pass")
    assert (found["names"].status, found["reload_pending"].status) == ("not_assessed", "not_assessed")


def test_no_secret_is_in_what_is_said(machine: Machine) -> None:
    cases.shop(Made(), mode=0o666)(machine)
    machine.write(KEY, "the very secret\n", mode=0o666)
    found = judged(machine)
    assert found["key_mode"].status == "fail"
    assert "very secret" not in repr(found)
