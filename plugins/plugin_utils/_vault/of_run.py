# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What Ansible itself was told in this run: its inventories and its files with passwords."""

from __future__ import annotations

import pathlib
import typing as t

from ansible import constants, context

from ansible_collections.infosec.principles.plugins.plugin_utils._report.model import CONTROLLER
from ansible_collections.infosec.principles.plugins.plugin_utils._vault.scan import Wanted

_SETTINGS: t.Any = constants
#: The host under which the report has what the controller says of itself.
HOST = CONTROLLER


def wanted(path: str, exclude: t.Sequence[str]) -> Wanted:
    """The project below path with the inventories of this run."""
    return Wanted(pathlib.Path(path).resolve(), tuple(_inventories()), tuple(exclude), tuple(_password_files()))


def _inventories() -> t.Iterator[pathlib.Path]:
    """Files and folders; a list of hosts (with a comma) is none."""
    for source in context.CLIARGS.get("inventory") or _SETTINGS.DEFAULT_HOST_LIST or ():
        if "," not in source and pathlib.Path(source).exists():
            yield pathlib.Path(source).resolve()


def _password_files() -> t.Iterator[str]:
    identities = [*(context.CLIARGS.get("vault_ids") or ()), *(_SETTINGS.DEFAULT_VAULT_IDENTITY_LIST or ())]
    files = [*(context.CLIARGS.get("vault_password_files") or ()), _SETTINGS.DEFAULT_VAULT_PASSWORD_FILE]
    for text in (*(one.rpartition("@")[2] for one in identities), *files):
        if text and not text.startswith("prompt"):
            yield text
