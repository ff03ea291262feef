# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Accounts and groups, as the name service has them (getent), or /etc/passwd and /etc/group without one."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

#: login.defs(5) of Debian and RHEL: people's accounts begin here.
FIRST_PERSON, LAST_PERSON = 1000, 59999


@dataclasses.dataclass(frozen=True)
class Account:
    """One line of passwd(5)."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str

    @property
    def person(self) -> bool:
        """Whether somebody is behind it: root, or an account that was not made for a service."""
        return self.uid == 0 or FIRST_PERSON <= self.uid <= LAST_PERSON


@dataclasses.dataclass(frozen=True)
class Group:
    """One line of group(5)."""

    name: str
    gid: int
    members: tuple[str, ...]


def read(host: Host) -> tuple[Account, ...]:
    """Every account that can be listed, by uid. Use as `host.once(accounts.read)`."""
    found = (_account(line.split(":")) for line in _lines(host, "passwd"))
    return tuple(sorted(filter(None, found), key=lambda account: (account.uid, account.name)))


def groups(host: Host) -> tuple[Group, ...]:
    """Every group that can be listed. Use as `host.once(accounts.groups)`."""
    return tuple(filter(None, (_group(line.split(":")) for line in _lines(host, "group"))))


def account(host: Host, name: str) -> Account | None:
    """One account by name, also one that is not listed (LDAP)."""
    listed = next((one for one in host.once(read) if one.name == name), None)
    if listed or not name or name.startswith("-"):
        return listed
    return _account(host.ask("getent", "passwd", name).stdout.strip().split(":"))


def group(host: Host, name: str) -> Group | None:
    """One group by name, also one that is not listed (LDAP)."""
    listed = next((one for one in host.once(groups) if one.name == name), None)
    if listed or not name or name.startswith("-"):
        return listed
    return _group(host.ask("getent", "group", name).stdout.strip().split(":"))


def _lines(host: Host, database: str) -> list[str]:
    told = host.ask("getent", database)
    if told.rc == 0:
        return told.stdout.splitlines()
    try:
        return host.read_text(f"/etc/{database}").splitlines()
    except HostError:
        return []


def _account(fields: t.Sequence[str]) -> Account | None:
    if len(fields) < 7 or not (fields[2].isdecimal() and fields[3].isdecimal()):
        return None
    return Account(fields[0], int(fields[2]), int(fields[3]), fields[5], fields[6])


def _group(fields: t.Sequence[str]) -> Group | None:
    if len(fields) < 4 or not fields[2].isdecimal():
        return None
    return Group(fields[0], int(fields[2]), tuple(filter(None, fields[3].split(","))))
