# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Who comes in over SSH, and by what: people, and whoever else has a key here that is not declared as a program's."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._controls._people import Automation
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second import ways
from ansible_collections.infosec.principles.plugins.module_utils._formats.authorized_keys import Entry
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts, authorized, shadow
from ansible_collections.infosec.principles.plugins.module_utils._host.accounts import Account
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host


@dataclasses.dataclass(frozen=True)
class Comer:
    """Somebody who may come. keys: those that open his account. elsewhere: what may tell more keys than were seen.

    password: he has one.
    """

    account: Account
    groups: frozenset[str]
    keys: tuple[Entry, ...]
    elsewhere: tuple[str, ...]
    password: bool

    @property
    def name(self) -> str:
        """Of the account."""
        return self.account.name

    @property
    def has_key(self) -> bool:
        """Whether a key may open the account."""
        return bool(self.keys or self.elsewhere)

    @property
    def security_keys_only(self) -> bool:
        """Whether all keys that open the account are in security keys."""
        return bool(self.keys) and not self.elsewhere and all(key.algorithm.startswith("sk-") for key in self.keys)

    @property
    def verified_keys_only(self) -> bool:
        """Whether each of them also has to ask for its PIN."""
        return self.security_keys_only and all(key.option("verify-required") is not None for key in self.keys)

    def could_use(self, way: ways.Way) -> bool:
        """Whether he has what the way asks for first: a key, a password."""
        methods = [method.partition(":")[0] for method in way.methods]
        by_key, by_password = ways.PUBLICKEY in methods, {ways.PASSWORD_METHOD, ways.INTERACTIVE} & set(methods)
        return (self.has_key or not by_key) and (self.password or by_key or not by_password)


def read(host: Host, listed: t.Sequence[Automation]) -> tuple[tuple[Comer, ...], tuple[Comer, ...]]:
    """(people and others who have a key, programs that are declared). Raises NeedsRoot."""
    keys, elsewhere = _keys(host), tuple(dict.fromkeys(one.keyword for one in host.once(authorized.read).unlisted))
    passwords = {one.name for one in host.once(shadow.read) if one.state == shadow.USABLE}
    found: tuple[list[Comer], list[Comer]] = ([], [])
    for account in host.once(accounts.read):
        own = tuple(keys.get(account.name, ()))
        program = _people.declared(account.name, listed) is not None
        if _people.takes_logins(account) and (account.person or own or program):
            unseen = tuple(one for one in host.once(authorized.read).unseen if one.startswith(f"{account.home}/"))
            more = (*elsewhere, *unseen)
            comer = Comer(account, _groups(host, account), own, more, account.name in passwords)
            found[program].append(comer)
    return tuple(found[False]), tuple(found[True])


def _keys(host: Host) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for file in host.once(authorized.read).files:
        for account in file.accounts:
            found.setdefault(account.name, []).extend(file.entries)
    return found


def _groups(host: Host, account: Account) -> frozenset[str]:
    listed = host.once(accounts.groups)
    return frozenset(one.name for one in listed if one.gid == account.gid or account.name in one.members)
