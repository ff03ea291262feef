# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a judgement on the controller."""

from __future__ import annotations

import types
import typing as t

import pytest
from ansible.errors import AnsibleActionFail, AnsibleError

from ansible_collections.infosec.principles.plugins.action.reachability import SPEC, ActionModule
from ansible_collections.infosec.principles.plugins.modules import reachability

DENIED = "reachability.reachable_but_denied"
ROW = {"service": "", "protocol": "tcp", "port": 9, "address": "192.0.2.1", "outcomes": {}, "witnesses": 0}
WAIVER = {"match": f"rule=='{DENIED}' && host=='db1'", "why": "x", "owner": "x", "expires": "2999-01-01"}


def judgement(status: str = "fail", **more: t.Any) -> dict[str, t.Any]:
    finding = {"control": "reachability", "rule": DENIED, "subject": "9/tcp", "status": status, "risk": "high"}
    return {"findings": [finding], "reachability": [ROW], **more}


class Alone(ActionModule):
    """Has no connection and no module to send."""

    def __init__(self, **args: t.Any) -> None:
        name = "infosec.principles.reachability"
        task = types.SimpleNamespace(
            args=args, check_mode=False, resolved_action=name, action=name, async_val=0, diff=False, delegate_to=None
        )
        play = types.SimpleNamespace(check_mode=False, diff=False)
        super().__init__(task, types.SimpleNamespace(_shell=types.SimpleNamespace(tmpdir=None)), play, None, None, None)


def run(**args: t.Any) -> dict[str, t.Any]:
    return Alone(**args).run(task_vars={"inventory_hostname": "db1"})


def test_the_result_carries_findings_and_rows() -> None:
    given = judgement()
    assert run(judgement=given) == {"changed": False, "findings": given["findings"], "reachability": [ROW]}


@pytest.mark.parametrize(
    ("status", "more", "failed"),
    [
        ("fail", {}, False),
        ("fail", {"fail_on": "maximum"}, False),
        ("fail", {"fail_on": "high"}, True),
        ("not_assessed", {"fail_on": "low"}, False),
        ("fail", {"fail_on": "high", "waivers": [WAIVER]}, False),
    ],
    ids=["never", "below", "at", "not assessed", "waived"],
)
def test_fail_on(status: str, more: dict[str, t.Any], failed: bool) -> None:
    result = run(judgement=judgement(status), **more)
    assert bool(result.get("failed")) is failed
    assert not failed or result["msg"] == f"1 finding(s) of risk high or above are left: {DENIED} (9/tcp)"
    assert result["findings"][0]["status"] == ("waived" if "waivers" in more else status)


def test_a_host_that_was_offline_fails_and_keeps_its_findings() -> None:
    result = run(judgement=judgement("not_assessed", offline="No route to host"))
    assert result["failed"]
    assert result["msg"].endswith("is not assessed: No route to host")
    assert result["reachability"] == [ROW]


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        ({"waivers": [{"why": "x"}]}, r"waivers\[0\].owner: missing"),
        ({"fail_on": "sometimes"}, "value of fail_on must be one of"),
        ({"hosts": ["x"]}, "Unsupported parameters"),
    ],
)
def test_faults(args: dict[str, t.Any], fault: str) -> None:
    with pytest.raises((AnsibleActionFail, AnsibleError), match=fault):
        run(judgement=judgement(), **args)


def test_its_options_are_those_that_are_documented() -> None:
    assert SPEC == reachability.SPEC
