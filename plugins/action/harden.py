# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of every control: secrets, packages, confirming, advisories, waivers, exit policy."""

from __future__ import annotations

import contextlib
import datetime
import gc
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.infosec.principles.plugins.module_utils._engine.merge import arrange
from ansible_collections.infosec.principles.plugins.plugin_utils import _built_modules, _confirm, _packages, _secrets
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies import judge
from ansible_collections.infosec.principles.plugins.plugin_utils._report import score, waivers

if t.TYPE_CHECKING:
    Result = dict[str, t.Any]

#: What the module of a package manager says that died of a configuration it cannot read: nothing.
NO_REASON = "the package manager gave no reason; run it on the host by hand"


class ActionModule(ActionBase):
    """Runs the module; does what it waits for and goes on; marks waived findings; fails by `fail_on`."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: Result | None = None) -> Result:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        args = _secrets.apart(dict(self._task.args))
        accepted = args.pop("waivers", None) or []
        self._refuse_malformed(accepted)
        result = self._on_host(args, variables)
        if not self._task.check_mode:
            result = self._with_packages(args, result, variables)
            result = self._confirmed(args, result, variables)
        if "findings" in result:
            result["findings"] = judge.judged(result["findings"], args)
            self._judge(result, accepted, args.get("fail_on", "none"), variables)
        return result

    def _on_host(self, args: Result, variables: Result) -> Result:
        name = self._task.resolved_action or self._task.action
        with _built_modules.kept(name), _no_collecting():
            result: Result = self._execute_module(module_name=name, module_args=args, task_vars=variables)
        return result

    def _with_packages(self, args: Result, waiting: Result, variables: Result) -> Result:
        if not waiting.get("packages"):
            return waiting
        installed = _packages.ensure(self, waiting, "present", variables)
        if installed.get("failed"):
            reason = f"{', '.join(waiting['packages'])} could not be installed: {installed.get('msg') or NO_REASON}"
            return {**waiting, "failed": True, "msg": reason}
        return self._joined(waiting, self._on_host({**args, "resume": waiting["run_id"]}, variables))

    def _confirmed(self, args: Result, waiting: Result, variables: Result) -> Result:
        if not waiting.get("confirm"):
            return waiting
        again = {**args, "resume": waiting["run_id"]}
        with _confirm.new_connection(self._connection):
            answer = _confirm.ask(lambda: self._on_host(again, variables), waiting["confirm"])
        return self._joined(waiting, answer)

    def _joined(self, waiting: Result, resumed: Result) -> Result:
        """The findings of the controls that waited take the place of what they had said before."""
        if "findings" not in resumed:
            return {**waiting, **resumed}
        controls = {finding["control"] for finding in resumed["findings"]}
        others = [finding for finding in waiting["findings"] if finding["control"] not in controls]
        changed = waiting["changed"] or resumed["changed"]
        return {
            **waiting,
            **resumed,
            "findings": arrange(others + resumed["findings"]),
            "diff": waiting["diff"],
            "changed": changed,
        }

    def _refuse_malformed(self, accepted: list[Result]) -> None:
        """Before the host is touched."""
        try:
            waivers.parse(accepted)
        except waivers.WaiverError as exc:
            raise AnsibleActionFail(str(exc)) from exc

    def _judge(self, result: Result, accepted: list[Result], fail_on: str, variables: Result) -> None:
        today = datetime.datetime.now(datetime.timezone.utc).date()
        result["findings"] = waivers.apply(result["findings"], variables.get("inventory_hostname", ""), accepted, today)
        left = score.fails_on(result["findings"], fail_on)
        if left and not result.get("failed"):
            rules = ", ".join(sorted({f"{finding['rule']} ({finding['subject']})" for finding in left}))
            result.update(failed=True, msg=f"{len(left)} finding(s) of risk {fail_on} or above are left: {rules}")


@contextlib.contextmanager
def _no_collecting() -> t.Iterator[None]:
    """Ansible parses every file that goes to the host; the garbage collector frees nothing there, and takes a third."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
