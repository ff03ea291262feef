# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a secret to a file of the controller, encrypted by Ansible Vault; it is never on disk in clear."""

from __future__ import annotations

import os
import pathlib
import typing as t

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.parsing.vault import VaultLib, match_encrypt_secret
from ansible.plugins.action import ActionBase

from ansible_collections.infosec.principles.plugins.module_utils._certificates.pairs import write

if t.TYPE_CHECKING:
    Result = dict[str, t.Any]

SPEC: dict[str, t.Any] = {
    "path": {"type": "path", "required": True},
    "content": {"type": "str", "required": True, "no_log": True},
    "vault_id": {"type": "str", "default": ""},
}
_REMEDY = "run the playbook with --vault-password-file, --vault-id or --ask-vault-pass"


class ActionModule(ActionBase):
    """Encrypts with the run's own vault password, and reads the file back before it says that it is there."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: Result | None = None) -> Result:
        super().run(tmp, task_vars)
        _validation, args = t.cast(t.Any, self).validate_argument_spec(argument_spec=SPEC)
        vault = t.cast(t.Any, self._loader)._vault
        path = pathlib.Path(args["path"])
        if _holds(vault, path, args["content"]):
            return {"changed": False}
        try:
            sealed = _sealed(vault, args["content"], args["vault_id"])
            if not self._task.check_mode:
                os.makedirs(path.parent, mode=0o700, exist_ok=True)
                write(str(path), sealed, 0o600)
        except (AnsibleError, OSError) as exc:
            raise AnsibleActionFail(f"{path}: {exc}") from exc
        return {"changed": True}


def _holds(vault: VaultLib, path: pathlib.Path, content: str) -> bool:
    """Whether the file says this already."""
    try:
        return bool(vault.decrypt(path.read_bytes()) == content.encode())
    except (AnsibleError, OSError):
        return False


def _sealed(vault: VaultLib, content: str, vault_id: str) -> str:
    """Raises AnsibleError, also where the run has no password."""
    if not vault.secrets:
        raise AnsibleError(f"the run has no password for Ansible Vault; {_REMEDY}")
    label, secret = match_encrypt_secret(vault.secrets, encrypt_vault_id=vault_id or None)
    sealed: bytes = vault.encrypt(content, secret, vault_id=label if vault_id else None)
    if vault.decrypt(sealed) != content.encode():
        raise AnsibleError("what was encrypted does not decrypt to the same")
    return sealed.decode("ascii")
