# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks for secrets that Ansible Vault does not protect. Works on the controller alone: nothing is sent to a host."""

from __future__ import annotations

import datetime
import typing as t

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import RISKS
from ansible_collections.infosec.principles.plugins.plugin_utils._report import score, waivers
from ansible_collections.infosec.principles.plugins.plugin_utils._vault import of_run, project, scan

if t.TYPE_CHECKING:
    Result = dict[str, t.Any]

SPEC: dict[str, t.Any] = {
    "path": {"type": "path"},
    "exclude": {"type": "list", "elements": "str", "default": []},
    "waivers": {"type": "list", "elements": "dict", "default": []},
    "fail_on": {"type": "str", "choices": ["none", *RISKS], "default": "none"},
}


class ActionModule(ActionBase):
    """Marks waived findings and fails by `fail_on`."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: Result | None = None) -> Result:
        super().run(tmp, task_vars)
        _validation, args = t.cast(t.Any, self).validate_argument_spec(argument_spec=SPEC)
        today = datetime.datetime.now(datetime.timezone.utc).date()
        try:
            found = scan.findings(of_run.wanted(args["path"] or ".", args["exclude"]))
            findings = waivers.apply(found, of_run.HOST, args["waivers"], today)
        except (AnsibleError, waivers.WaiverError, project.TooMany, OSError) as exc:
            raise AnsibleActionFail(str(exc)) from exc
        result = {"changed": False, "findings": findings}
        left = score.fails_on(findings, args["fail_on"])
        if not left:
            return result
        subjects = ", ".join(sorted({f"{finding['rule']} ({finding['subject']})" for finding in left}))
        message = f"{len(left)} finding(s) of risk {args['fail_on']} or above are left: {subjects}"
        return {**result, "failed": True, "msg": message}
