# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What service_tls says of whole machines."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection.service_tls import CONTROL
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.tests.unit.pairs import service_tls as cases
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine

DEFAULTS = {
    "services": [],
    "profile": "intermediate",
    "certificate_folder": "/etc/ssl/infosec",
    "required_after_days": 7,
    "restart": "never",
}


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> Machine:
    return Machine(tmp_path)


def assess(machine: Machine, *services: dict[str, t.Any], **options: t.Any) -> dict[tuple[str, str], Finding]:
    findings = list(CONTROL.assess(machine.host(), {**DEFAULTS, "services": services, **options}))
    keyed = {finding.key: finding for finding in findings}
    assert len(keyed) == len(findings), "two findings of one rule on one subject"
    return keyed


def statuses(findings: t.Mapping[tuple[str, str], Finding]) -> dict[str, str]:
    return {rule: finding.status for (rule, _subject), finding in findings.items()}


def test_a_host_without_services_is_not_asked(machine: Machine) -> None:
    assert set(statuses(assess(machine)).values()) == {"not_applicable"}


def test_a_service_is_named_by_unit_and_port(machine: Machine) -> None:
    cases.speaking()(machine)
    assert {subject for _rule, subject in assess(machine, cases.entry("required", 9443))} == {"shop.service 9443/tcp"}


def test_what_speaks_tls_unasked_is_judged_by_its_terms(machine: Machine) -> None:
    cases.speaking(port=8443, protocols=("TLSv1", "TLSv1.2"))(machine)
    found = statuses(assess(machine, cases.entry("none", 8443)))
    assert (found["offered"], found["clear_text"], found["protocols"]) == ("not_applicable", "not_applicable", "fail")


def test_the_profile_of_the_entry_counts(machine: Machine) -> None:
    cases.speaking()(machine)
    assert statuses(assess(machine, cases.entry("required", 9443), profile="modern"))["protocols"] == "fail"
    assert statuses(assess(machine, cases.entry("intermediate", 9443), profile="modern"))["protocols"] == "pass"
    cases.speaking(protocols=("TLSv1.3",))(machine)
    assert set(statuses(assess(machine, cases.entry("modern", 9443))).values()) == {"pass"}
