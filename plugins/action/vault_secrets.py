# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encrypts a project's secrets in their places. Works on the controller alone: nothing is sent to a host."""

from __future__ import annotations

import itertools
import pathlib
import typing as t

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, get_file_vault_secret
from ansible.plugins.action import ActionBase

from ansible_collections.infosec.principles.plugins.plugin_utils._vault import of_run, project, scan, seal

if t.TYPE_CHECKING:
    Result = dict[str, t.Any]

SPEC: dict[str, t.Any] = {
    "path": {"type": "path", "required": True},
    "password_file": {"type": "path", "required": True},
    "vault_id": {"type": "str", "default": ""},
    "exclude": {"type": "list", "elements": "str", "default": []},
    "backup": {"type": "path", "default": "~/.ansible/infosec_principles_vault"},
}


class ActionModule(ActionBase):
    """Says which values it would encrypt, and does so but in check mode."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: Result | None = None) -> Result:
        super().run(tmp, task_vars)
        _validation, args = t.cast(t.Any, self).validate_argument_spec(argument_spec=SPEC)
        try:
            vault = _vault(args["password_file"], args["vault_id"])
            found = scan.Scan(of_run.wanted(args["path"], args["exclude"])).found()
            plans, left = _plans(found, vault)
            backup = "" if self._task.check_mode or not plans else str(_put(plans, pathlib.Path(args["backup"]), vault))
        except (AnsibleError, project.TooMany, seal.Refused, OSError) as exc:
            raise AnsibleActionFail(str(exc)) from exc
        encrypted = [_told(plan.source.name, value) for plan in plans for value in plan.values]
        result = {"changed": bool(plans), "files": [plan.source.name for plan in plans], "encrypted": encrypted}
        return {**result, "by_hand": left, "backup": backup, "diff": [_diff(plan) for plan in plans]}


def _vault(path: str, label: str) -> seal.Vault:
    """The password, which no message ever holds. Raises AnsibleError."""
    secret = get_file_vault_secret(filename=path, loader=DataLoader())
    secret.load()
    return seal.Vault(VaultLib([(label or "default", secret)]), label)


def _plans(found: scan.Found, vault: seal.Vault) -> tuple[list[seal.Plan], list[Result]]:
    """What becomes of each file, and what is left to people, with why."""
    plans = []
    left = [_told(one.source.name, one.value, one.value.by_hand) for one in found.secrets if one.value.by_hand]
    left += [{"path": name, "line": 0, "variable": "", "why": why} for name, why in found.unread.items()]
    able = [secret for secret in found.secrets if not secret.value.by_hand]
    for source, secrets in itertools.groupby(able, key=lambda secret: secret.source):
        values = list(secrets)
        try:
            plans.append(seal.plan(source, values, vault))
        except seal.Refused as exc:
            left += [_told(source.name, one.value, str(exc)) for one in values]
    return plans, left


def _told(path: str, value: t.Any, why: str = "") -> Result:
    told = {"path": path, "line": value.line, "variable": value.path}
    return {**told, "why": why} if why else told


def _put(plans: t.Iterable[seal.Plan], folder: pathlib.Path, vault: seal.Vault) -> pathlib.Path:
    backup = seal.new_backup(folder.expanduser())
    for plan in plans:
        seal.put(plan, backup, vault)
    return backup


def _diff(plan: seal.Plan) -> dict[str, str]:
    """The names alone: what stood there is what nobody is to see."""
    before, after = ("".join(f"{value.path}: {shown}\n" for value in plan.values) for shown in ("(plain)", "!vault"))
    return {"before_header": plan.source.name, "after_header": plan.source.name, "before": before, "after": after}
