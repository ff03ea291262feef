# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which of the keys in an account's files let somebody in, now and once weak ones are refused.

A key that is there and does not open is worse than none: whoever is counted by it loses his password as well.
"""

from __future__ import annotations

import datetime

from ansible_collections.infosec.principles.plugins.module_utils._formats import ssh_keys
from ansible_collections.infosec.principles.plugins.module_utils._formats.authorized_keys import Entry
from ansible_collections.infosec.principles.plugins.module_utils._host import authorized, strict_modes
from ansible_collections.infosec.principles.plugins.module_utils._host.accounts import Account
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

#: What RSA keys need to have, once ssh_authentication has set RequiredRSASize.
LEAST_BITS = 3072


def keys(
    host: Host, account: Account, *, floor: int = LEAST_BITS, commands: bool = False
) -> list[tuple[str, list[Entry]]]:
    """By file, the keys that open the account. floor: bits that RSA keys must have.

    commands: whether keys count that are bound to one command, which is enough for programs, and for no person.
    """
    found = []
    for file in host.once(authorized.read).files:
        own = (
            [one for one in file.entries if _lets_in(one, host.now(), floor, commands)]
            if account in file.accounts
            else []
        )
        if own and not strict_modes.refused(host, file.path, account):
            found.append((file.path, own))
    return found


def _lets_in(key: Entry, now: datetime.datetime, floor: int, commands: bool) -> bool:
    ended = key.expires is not None and key.expires <= now
    bound = key.option("command") is not None and not commands
    weak = key.algorithm == "ssh-dss" or (key.algorithm == "ssh-rsa" and ssh_keys.bits(key.public) < floor)
    return not (key.names_authority or ended or bound or weak)
