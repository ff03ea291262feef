# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Packages of a host, through ansible.builtin.package."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible.plugins.action import ActionBase

#: Further arguments by manager and state. Recommended packages would be more software than the fix needs; purging takes
#: along what the package brought to /etc.
ARGUMENTS: dict[tuple[str, str], dict[str, t.Any]] = {
    ("apt", "present"): {"install_recommends": False, "update_cache": True},
    ("apt", "absent"): {"purge": True},
}


def ensure(
    action: ActionBase, result: t.Mapping[str, t.Any], state: str, variables: dict[str, t.Any]
) -> dict[str, t.Any]:
    """Bring the packages of a module's result into the state, as a task of the same host; that task's result."""
    manager = result["package_manager"]
    task = action._task.copy()
    task.args = {
        "name": list(result["packages"]),
        "state": state,
        "use": manager,
        **ARGUMENTS.get((manager, state), {}),
    }
    task.action = "ansible.builtin.package"
    package = action._shared_loader_obj.action_loader.get(
        "ansible.builtin.package",
        task=task,
        connection=action._connection,
        play_context=action._play_context,
        loader=action._loader,
        templar=action._templar,
        shared_loader_obj=action._shared_loader_obj,
    )
    return t.cast("dict[str, t.Any]", package.run(task_vars=variables))
