# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whose account is whose: programs log in to those of `infosec_automation`, people to all others that take logins."""

from __future__ import annotations

import dataclasses
import fnmatch
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host import accounts
from ansible_collections.infosec.principles.plugins.module_utils._host.accounts import Account
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

#: The option `automation` of the controls that judge logins.
AUTOMATION_OPTION: dict[str, t.Any] = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        "name": {"type": "str", "required": True},
        "from": {"type": "list", "elements": "str", "default": []},
        "owner": {"type": "str", "default": ""},
    },
}
#: Shells that end a session at once (nologin(8), false(1)); sshd lets in nobody whose shell they are.
_NO_LOGIN = frozenset(("nologin", "false", "sync", "shutdown", "halt"))


@dataclasses.dataclass(frozen=True)
class Automation:
    """Accounts that programs log in to. name: a name or a pattern (fnmatch); sources: addresses and networks."""

    name: str
    sources: tuple[str, ...]
    owner: str


def automation(options: t.Mapping[str, t.Any]) -> tuple[Automation, ...]:
    """The option `automation` as values."""
    return tuple(
        Automation(one["name"], tuple(one.get("from") or ()), one.get("owner") or "") for one in options["automation"]
    )


def declared(name: str, listed: t.Iterable[Automation]) -> Automation | None:
    """The entry that names this account, if a program logs in to it."""
    return next((one for one in listed if fnmatch.fnmatchcase(name, one.name)), None)


def takes_logins(account: Account) -> bool:
    """Whether its shell lets somebody in; an empty one is /bin/sh (passwd(5))."""
    return account.shell.rpartition("/")[2] not in _NO_LOGIN


def people(host: Host, listed: t.Sequence[Automation]) -> tuple[Account, ...]:
    """The accounts behind which somebody is, root first, without those that programs log in to."""
    own = (account for account in host.once(accounts.read) if account.person and takes_logins(account))
    return tuple(account for account in own if not declared(account.name, listed))


def machines(host: Host, listed: t.Sequence[Automation]) -> tuple[Account, ...]:
    """The accounts of this host that programs log in to."""
    return tuple(account for account in host.once(accounts.read) if declared(account.name, listed))
