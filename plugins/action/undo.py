# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of undo: removes the packages that the undone runs had installed."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.infosec.principles.plugins.plugin_utils import _packages


class ActionModule(ActionBase):
    """Runs the module, then removes what it names."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        result: dict[str, t.Any] = self._execute_module(task_vars=variables)
        if result.get("packages") and not self._task.check_mode:
            removed = _packages.ensure(self, result, "absent", variables)
            if removed.get("failed"):
                result.update(
                    failed=True, msg=f"{', '.join(result['packages'])} could not be removed: {removed.get('msg')}"
                )
        return result
