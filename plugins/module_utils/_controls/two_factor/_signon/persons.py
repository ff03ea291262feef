# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Rights and accounts of persons, given one by one: grants of sudo, and people made by hand in /etc/passwd."""

from __future__ import annotations

import fnmatch
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._controls._people import Automation
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import sudoers
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts
from ansible_collections.infosec.principles.plugins.module_utils._host.accounts import Account
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

SUDOERS = "/etc/sudoers"
PASSWD = "/etc/passwd"


def grants(host: Host) -> tuple[sudoers.Grant, ...]:
    """What sudoers grants, with all that it includes. Use as `host.once(persons.grants)`. Raises NeedsRoot, Missing."""
    hostname = _hostname(host)

    def text(path: str) -> str:
        try:
            return host.read_text(path)
        except Missing:
            if path == SUDOERS:
                raise
            return ""

    return sudoers.grants(SUDOERS, text, host.listdir, hostname)


def _hostname(host: Host) -> str:
    try:
        return host.read_text("/proc/sys/kernel/hostname").strip().partition(".")[0]
    except HostError:
        return ""


def by_person(host: Host, listed: t.Sequence[Automation]) -> dict[str, list[Evidence]]:
    """Each person that sudo grants something by name, and where; not root, services and declared programs."""
    known = {account.name: account for account in host.once(accounts.read)}
    numbers = {account.uid: account.name for account in known.values()}
    found: dict[str, list[Evidence]] = {}
    for grant in host.once(grants):
        for who in sudoers.persons(grant.who):
            name = numbers.get(int(who[1:]), who) if who[1:].isdecimal() and who[0] == "#" else who
            if name != "root" and _is_person(known.get(name)) and not _people.declared(name, listed):
                told = Evidence(grant.place, printable(f"{who} {grant.what}"), "%GROUP instead of the name")
                found.setdefault(printable(name), []).append(told)
    return found


def _is_person(account: Account | None) -> bool:
    """A name that nobody has here may be one of the directory's."""
    return account is None or account.person


def by_hand(host: Host, listed: t.Sequence[Automation], kept: t.Sequence[str]) -> list[Account]:
    """People whose accounts stand in /etc/passwd itself."""
    local = {line.partition(":")[0] for line in host.read_text(PASSWD).splitlines()}
    return [
        account
        for account in _people.people(host, listed)
        if account.uid != 0
        and account.name in local
        and not any(fnmatch.fnmatchcase(account.name, one) for one in kept)
    ]
