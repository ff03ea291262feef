# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the register's TLS endpoints by sslyze, from the controller, all in one call; nothing is sent to a host."""

from __future__ import annotations

import collections
import datetime
import pathlib
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.infosec.principles.plugins.plugin_utils._certificates import authorities
from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.wire import unpack
from ansible_collections.infosec.principles.plugins.plugin_utils._tls_proof import judge, plan, run

if t.TYPE_CHECKING:
    Result = dict[str, t.Any]

SPEC: dict[str, t.Any] = {
    "plan": {"type": "str", "required": True},
    "register": {"type": "list", "elements": "dict", "required": True},
    "profile": {"type": "str", "choices": ["intermediate", "modern"], "default": "intermediate"},
    "authorities": {"type": "path"},
    "timeout": {"type": "int", "default": 5},
    "time_limit": {"type": "int", "default": 600},
}


class ActionModule(ActionBase):
    """Returns findings by host; without sslyze all of them are not assessed."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: Result | None = None) -> Result:
        super().run(tmp, task_vars)
        _validation, args = t.cast(t.Any, self).validate_argument_spec(argument_spec=SPEC)
        targets = plan.targets(unpack(args["plan"]), args["register"], args["profile"])
        missing = "" if run.available() else judge.MISSING
        try:
            answers = {} if missing else _answers(targets, args)
        except authorities.AuthorityError as exc:
            raise AnsibleActionFail(str(exc)) from exc
        found: dict[str, list[Result]] = collections.defaultdict(list)
        now = datetime.datetime.now(datetime.timezone.utc)
        for target in targets:
            found[target.host] += judge.judge(target, answers.get(target), missing, now)
        return {"changed": False, "by_host": dict(found), "asked": len(answers)}


def _answers(targets: t.Iterable[plan.Target], args: Result) -> dict[plan.Target, run.Answer | None]:
    """What those say that can be asked."""
    asked = [target for target in targets if target.known and not target.why]
    folder = args["authorities"]
    trusted = authorities.bundle(pathlib.Path(folder)) if folder else ""
    found = run.scan(asked, trusted, timeout=args["timeout"], time_limit=args["time_limit"])
    return dict(zip(asked, found, strict=True))
