# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Packages of a host, through ansible.builtin.package."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible.plugins.action import ActionBase


def ensure(
    action: ActionBase, names: t.Sequence[str], state: str, variables: dict[str, t.Any], **manager: t.Any
) -> dict[str, t.Any]:
    """Bring the packages into the state, as a task `ansible.builtin.package` of the same host; its result.

    `manager`: further arguments for the host's own package module.
    """
    task = action._task.copy()
    task.args = {"name": list(names), "state": state, **manager}
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
    result: dict[str, t.Any] = package.run(task_vars=variables)
    return result
