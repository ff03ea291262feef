# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""host_firewall: which program holds the host, what is refused before it cuts us off, and what stands together."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement import host_firewall
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import nftables
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall.backend import (
    Difference,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Check
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding
from ansible_collections.infosec.principles.plugins.module_utils._engine.guard import Guard
from ansible_collections.infosec.principles.plugins.module_utils._host import connection, protocols, visitors
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host, HostError, NeedsRoot

DEFAULTS = {name: spec["default"] for name, spec in host_firewall.OPTIONS.items()}
SSH = {"name": "ssh", "ports": [{"first": 22, "last": 22, "protocol": "tcp"}]}
MEND = Check("mend", ("true",))
RETIRE = Check("retire", ("true",))


class Program:
    """A firewall program that is as it is told to be."""

    def __init__(self, name: str, *, active: bool = False, differs: tuple[str, ...] = ("admission", "persistence")):
        self.NAME, self._active, self.differs = name, active, differs
        self.faults: tuple[Exception, ...] = ()
        self.left: tuple[Evidence, ...] = ()

    def active(self, host: Host) -> bool:
        return self._active

    def compare(self, host: Host, wanted: Wanted) -> list[Difference]:
        for fault in self.faults:
            raise fault
        return [Difference(rule, f"{rule} differs.", (Evidence("here", "a", "b"),)) for rule in self.differs]

    def changes(self, host: Host, wanted: Wanted) -> tuple[Change, ...]:
        return (MEND,)

    def remains(self, host: Host) -> tuple[Evidence, ...]:
        return self.left

    def retire(self, host: Host) -> tuple[Change, ...]:
        return (RETIRE,)


class Programs(dict[str, Program]):
    """The three of them."""

    def assess(
        self,
        peer: str = "",
        port: int = 22,
        local: str = "192.0.2.1",
        visitors_from: tuple[str, ...] = (),
        used: tuple[protocols.Use, ...] = (),
        **options: t.Any,
    ) -> list[Finding]:
        host = Host(root="/nonexistent", runner=lambda argv, stdin, timeout: Completed(127, "", ""))
        own = connection.Connection(peer, 4711, local, port, (900,), "ssh.service", ("ssh.service",))
        host._memory[connection.read] = own if peer else None
        host._memory[protocols.read] = used
        host._memory[visitors.read] = visitors.Visitors((22, 2222), visitors_from)
        return list(host_firewall.assess(host, {**DEFAULTS, **options}))

    def of(self, rule: str, subject: str, **options: t.Any) -> Finding:
        (found,) = [one for one in self.assess(**options) if one.key == (rule, subject)]
        return found


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Programs:
    made = Programs({name: Program(name) for name in ("nftables", "firewalld", "ufw")})
    monkeypatch.setattr(host_firewall, "BACKENDS", tuple(made.values()))
    monkeypatch.setattr(host_firewall, "DEFAULT", made["nftables"])
    monkeypatch.setattr(nftables, "remains", made["nftables"].remains)
    monkeypatch.setattr(nftables, "retire", made["nftables"].retire)
    return made


def statuses(findings: list[Finding]) -> dict[str, str]:
    """Of rule admission, by program; persistence has the same."""
    by_rule = {rule: {one.subject: one.status for one in findings if one.rule.name == rule} for rule in RULES}
    assert by_rule["admission"] == by_rule["persistence"]
    return by_rule["admission"]


RULES = ("admission", "persistence")
FIREWALLS: list[tuple[set[str], str, str, dict[str, str]]] = [
    (set(), "auto", "pass", {"nftables": "fail", "firewalld": "not_applicable", "ufw": "not_applicable"}),
    ({"ufw"}, "auto", "pass", {"nftables": "not_applicable", "firewalld": "not_applicable", "ufw": "fail"}),
    ({"firewalld"}, "auto", "pass", {"nftables": "not_applicable", "firewalld": "fail", "ufw": "not_applicable"}),
    (
        {"nftables", "ufw"},
        "auto",
        "fail",
        {"nftables": "not_assessed", "firewalld": "not_applicable", "ufw": "not_assessed"},
    ),
    ({"nftables", "ufw"}, "ufw", "fail", {"nftables": "not_applicable", "firewalld": "not_applicable", "ufw": "fail"}),
    ({"ufw"}, "nftables", "fail", {"nftables": "fail", "firewalld": "not_applicable", "ufw": "not_applicable"}),
    (set(), "ufw", "fail", {"nftables": "not_applicable", "firewalld": "not_applicable", "ufw": "fail"}),
]


@pytest.mark.parametrize(("active", "backend", "one", "expected"), FIREWALLS)
def test_one_program_holds_the_host(
    programs: Programs, active: set[str], backend: str, one: str, expected: dict[str, str]
) -> None:
    for name in active:
        programs[name]._active = True
    findings = programs.assess(backend=backend)
    assert statuses(findings) == expected
    assert [found.status for found in findings if found.rule.name == "one_firewall"] == [one]


def test_a_program_that_is_to_be_and_is_not_active_is_left_alone(programs: Programs) -> None:
    found = programs.of("admission", "ufw", backend="ufw")
    assert found.fix == ()
    assert "not active" in found.message


def test_both_rules_carry_the_one_fix_and_it_is_guarded(programs: Programs) -> None:
    fixes = {one.fix for one in programs.assess(confirm_seconds=7) if one.status == "fail"}
    assert fixes == {(Guard(7), MEND)}


def test_what_passes(programs: Programs) -> None:
    programs["nftables"].differs = ("persistence",)
    assert programs.of("admission", "nftables").status == "pass"
    assert programs.of("persistence", "nftables").fix
    programs["nftables"].differs = ()
    assert programs.of("persistence", "nftables").status == "pass"


def test_a_host_that_only_logs_lets_everybody_in(programs: Programs) -> None:
    programs["nftables"].differs = ()
    found = programs.of("admission", "nftables", mode="log")
    assert (found.status, found.fix) == ("fail", ())
    assert "drops nothing" in found.message


@pytest.mark.parametrize(
    "fault", [HostError("no nft\nin this kernel"), host_firewall.ChangeError("no systemd"), NeedsRoot("become root")]
)
def test_what_could_not_be_seen_is_not_assessed(programs: Programs, fault: Exception) -> None:
    programs["nftables"].faults = (fault,)
    findings = programs.assess()
    assert statuses(findings)["nftables"] == "not_assessed"
    assert str(fault).replace("\n", " ") in programs.of("admission", "nftables").message
    assert len({one.key for one in findings}) == len(findings)


# What would cut us off


@pytest.mark.parametrize(
    ("peer", "port", "clients", "words"),
    [
        ("192.0.2.50", 22, ["198.51.100.0/24"], "'ssh' (22/tcp) does not have 192.0.2.50 among its clients"),
        (
            "192.0.2.50",
            2222,
            ["192.0.2.50/32"],
            "no service of the register that has clients is on 2222/tcp, though 'ssh' lets it in to 22/tcp",
        ),
        ("192.0.2.50", 22, [], "no service of the register that has clients is on 22/tcp"),
        ("2001:db8::5", 22, ["192.0.2.0/24", "2001:db8:1::/64"], "does not have 2001:db8::5 among"),
        ("fe80::1%eth0", 22, ["2001:db8::/32"], "does not have fe80::1 among"),
    ],
)
def test_refuses_what_would_cut_us_off(
    programs: Programs, peer: str, port: int, clients: list[str], words: str
) -> None:
    options = {"peer": peer, "port": port, "services": [{**SSH, "clients": clients}]}
    for rule in RULES:
        found = programs.of(rule, "nftables", **options)
        assert (found.status, found.fix) == ("fail", ())
        assert "would cut this very connection" in found.message
        assert words in found.evidence[0].found
        assert words in found.message
        assert f"Put {peer.partition('%')[0]} among the clients of the service with {port}/tcp" in found.remedy


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"peer": "192.0.2.50", "services": [{**SSH, "clients": ["192.0.2.0/24"]}]},
        {"peer": "192.0.2.50", "services": [{**SSH, "clients": ["any"]}]},
        {"peer": "2001:db8::5", "services": [{**SSH, "clients": ["any"]}]},
        {"peer": "fe80::1%eth0", "services": [{**SSH, "clients": ["fe80::/10"]}]},
        {
            "peer": "192.0.2.50",
            "port": 2222,
            "services": [
                {**SSH, "clients": []},
                {
                    "name": "high",
                    "ports": [{"first": 2000, "last": 3000, "protocol": "tcp"}],
                    "clients": ["192.0.2.50/32"],
                },
            ],
        },
        {"peer": "127.0.0.1"},
        {"peer": "::1"},
        {"peer": "192.0.2.1", "local": "192.0.2.1"},
        {"peer": "192.0.2.50", "allow_self_cutoff": True},
        {"peer": "192.0.2.50", "mode": "log"},
    ],
)
def test_goes_on_where_we_are_let_in(programs: Programs, options: dict[str, t.Any]) -> None:
    assert programs.of("admission", "nftables", **options).fix == (Guard(60), MEND)


def test_a_udp_service_on_the_same_port_lets_nobody_in_over_tcp(programs: Programs) -> None:
    services = [{"name": "x", "ports": [{"first": 22, "last": 22, "protocol": "udp"}], "clients": ["any"]}]
    assert programs.of("admission", "nftables", peer="192.0.2.50", services=services).fix == ()


def test_what_no_entry_can_admit_is_not_cut(programs: Programs) -> None:
    used = (protocols.Use("VRRP", "a raw socket in /proc/net/raw"),)
    found = programs.of("admission", "nftables", used=used)
    assert (found.status, found.fix) == ("fail", ())
    assert "would cut off VRRP, which no entry of the register can admit: VRRP: a raw socket" in found.message
    assert programs.of("admission", "nftables", used=used, allow_self_cutoff=True).fix == (Guard(60), MEND)


def test_a_run_without_a_connection_does_not_cut_off_all_who_log_in(programs: Programs) -> None:
    services = [{**SSH, "clients": ["198.51.100.0/24"]}]
    found = programs.of("admission", "nftables", visitors_from=("192.0.2.50", "2001:db8::5"), services=services)
    assert (found.status, found.fix) == ("fail", ())
    assert "would cut off all who log in here: they come from 192.0.2.50, 2001:db8::5 to 22/tcp" in found.message


@pytest.mark.parametrize(
    "options",
    [
        {"visitors_from": ()},
        {"visitors_from": ("192.0.2.50", "198.51.100.7")},
        {"visitors_from": ("192.0.2.50",), "allow_self_cutoff": True},
        {"visitors_from": ("192.0.2.50",), "mode": "log"},
        {"visitors_from": ("192.0.2.50",), "peer": "198.51.100.7"},
    ],
    ids=["nobody logs in", "one of them may", "overridden", "only logged", "the connection that carries us counts"],
)
def test_goes_on_where_somebody_can_still_log_in(programs: Programs, options: dict[str, t.Any]) -> None:
    services = [{**SSH, "clients": ["198.51.100.0/24"]}]
    assert programs.of("admission", "nftables", services=services, **options).fix == (Guard(60), MEND)


# What an earlier run left


def test_what_an_earlier_run_left_goes_with_the_new_rules(programs: Programs) -> None:
    programs["ufw"]._active = True
    programs["nftables"].left = (Evidence("table", "there", "absent"),)
    mended = (Guard(60), MEND, RETIRE)
    assert programs.of("admission", "ufw").fix == mended
    left = programs.of("admission", "nftables")
    assert (left.status, left.fix) == ("fail", mended)
    # Taking rules away needs no guard, and is not refused: it shuts nobody out.
    programs["ufw"].differs = ()
    assert programs.of("admission", "nftables", peer="192.0.2.50").fix == (RETIRE,)
    # But not as long as there is nothing in their place.
    programs["ufw"].differs = ("admission",)
    assert programs.of("admission", "nftables", peer="192.0.2.50").fix == ()


def test_the_table_beside_firewalld_is_its_own(programs: Programs) -> None:
    programs["firewalld"]._active = True
    programs["nftables"].left = (Evidence("table", "there", "absent"),)
    assert programs.of("admission", "nftables").status == "not_applicable"


def test_the_real_backends_are_what_the_control_asks_for(tmp_path: pathlib.Path) -> None:
    host = Host(root=str(tmp_path), runner=lambda argv, stdin, timeout: Completed(127, "", ""))
    for backend in host_firewall.BACKENDS:
        assert backend.NAME in host_firewall.OPTIONS["backend"]["choices"]
        assert not backend.active(host)
