# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says on a host what the others reached of it. Works on the controller alone: nothing is sent to the host."""

from __future__ import annotations

import datetime
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import RISKS
from ansible_collections.infosec.principles.plugins.plugin_utils._report import score, waivers

if t.TYPE_CHECKING:
    Result = dict[str, t.Any]

SPEC: dict[str, t.Any] = {
    "judgement": {
        "type": "dict",
        "required": True,
        "options": {
            "findings": {"type": "list", "elements": "dict", "required": True},
            "reachability": {"type": "list", "elements": "dict", "required": True},
            "offline": {"type": "str", "default": ""},
        },
    },
    "waivers": {"type": "list", "elements": "dict", "default": []},
    "fail_on": {"type": "str", "choices": ["none", *RISKS], "default": "none"},
}


class ActionModule(ActionBase):
    """Marks waived findings; fails by `fail_on`, and where the host was offline."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: Result | None = None) -> Result:
        super().run(tmp, task_vars)
        _validation, args = t.cast(t.Any, self).validate_argument_spec(argument_spec=SPEC)
        judgement = args["judgement"]
        today = datetime.datetime.now(datetime.timezone.utc).date()
        host = (task_vars or {}).get("inventory_hostname", "")
        try:
            findings = waivers.apply(judgement["findings"], host, args["waivers"], today)
        except waivers.WaiverError as exc:
            raise AnsibleActionFail(str(exc)) from exc
        result = {"changed": False, "findings": findings, "reachability": judgement["reachability"]}
        faults = [*_offline(judgement["offline"]), *_left(findings, args["fail_on"])]
        return {**result, "failed": True, "msg": "; ".join(faults)} if faults else result


def _offline(why: str) -> t.Iterator[str]:
    if why:
        yield f"the host was offline, so that what the others reach of it is not assessed: {why}"


def _left(findings: list[Result], fail_on: str) -> t.Iterator[str]:
    left = score.fails_on(findings, fail_on)
    if left:
        rules = ", ".join(sorted({f"{finding['rule']} ({finding['subject']})" for finding in left}))
        yield f"{len(left)} finding(s) of risk {fail_on} or above are left: {rules}"
