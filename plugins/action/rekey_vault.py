# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives a project's Ansible Vault values a new password. Works on the controller alone: nothing is sent to a host."""

from __future__ import annotations

import os
import pathlib
import typing as t

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret, get_file_vault_secret
from ansible.plugins.action import ActionBase

from ansible_collections.infosec.principles.plugins.plugin_utils._vault import rekey

if t.TYPE_CHECKING:
    Result = dict[str, t.Any]

SPEC: dict[str, t.Any] = {
    "path": {"type": "path", "required": True},
    "old_password_file": {"type": "path", "required": True},
    "new_password_file": {"type": "path", "required": True},
    "vault_id": {"type": "str", "default": ""},
    "exclude": {"type": "list", "elements": "str", "default": []},
}


class ActionModule(ActionBase):
    """Says which files have such values, and changes them but in check mode."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: Result | None = None) -> Result:
        super().run(tmp, task_vars)
        _validation, args = t.cast(t.Any, self).validate_argument_spec(argument_spec=SPEC)
        root = pathlib.Path(args["path"]).resolve()
        try:
            vaults = _vaults(args)
            files = rekey.find(root, vaults, args["exclude"])
            todo = [os.path.relpath(file.path, root) for file in files if not file.done]
            changed = todo if self._task.check_mode else rekey.rekey(root, files, vaults)
        except (rekey.RekeyError, AnsibleError, OSError) as exc:
            raise AnsibleActionFail(str(exc)) from exc
        values = sum(len(file.values) for file in files)
        backup = str(root / rekey.BACKUP) if changed and not self._task.check_mode else ""
        return {"changed": bool(changed), "files": changed, "values": values, "backup": backup}


def _vaults(args: Result) -> rekey.Vaults:
    """The two passwords, which no message ever holds. Raises AnsibleError."""
    old, new = (_secret(args[f"{which}_password_file"]) for which in ("old", "new"))
    if old.bytes == new.bytes:
        raise AnsibleError("the new password is the old one")
    label = args["vault_id"] or "default"
    return rekey.Vaults(VaultLib([(label, old)]), VaultLib([(label, new)]), args["vault_id"])


def _secret(path: str) -> VaultSecret:
    """What the file says, or prints where it is a program, as with --vault-password-file."""
    secret = get_file_vault_secret(filename=path, loader=DataLoader())
    secret.load()
    return t.cast(VaultSecret, secret)
