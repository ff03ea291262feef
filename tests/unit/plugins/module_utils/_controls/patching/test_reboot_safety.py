# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict of reboot_safety, by what its parts found."""

from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching import reboot_safety
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot.rules import rule
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f


def found(name: str, status: str, subject: str = "x") -> f.Finding:
    return f.Finding(rule(name, "title", "high", "remedy"), subject, status, f"about {subject}")


@pytest.mark.parametrize(
    ("findings", "status", "message"),
    [
        ([], "pass", "safe to reboot: yes"),
        ([found("enabled", "pass"), found("kernel", "not_applicable")], "pass", "safe to reboot: yes"),
        ([found("redundancy", "fail", "db")], "pass", "safe to reboot: yes (beside that: redundancy (db))"),
        (
            [found("enabled", "fail", "a"), found("swap", "fail", "/s"), found("enabled", "fail", "b")],
            "fail",
            "safe to reboot: no, because of enabled (a, b); swap (/s)",
        ),
        (
            [found("enabled", "fail", "a"), found("mount", "not_assessed")],
            "fail",
            "safe to reboot: no, because of enabled (a)",
        ),
        (
            [found("mount", "not_assessed", "/m")],
            "not_assessed",
            "safe to reboot: not known, because these could not be looked at: mount (/m)",
        ),
        ([found("jobs", "not_assessed")], "pass", "safe to reboot: yes"),
    ],
)
def test_verdict(findings: list[f.Finding], status: str, message: str) -> None:
    verdict = reboot_safety.verdict(findings)
    assert (verdict.status, verdict.message, verdict.subject) == (status, message, "host")
