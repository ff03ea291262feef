# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whom to ask sshd about: one connection for each class of user and place that its Match lines tell apart.

Accounts that the same User and Group patterns match get the same settings, so one of them stands for all. sshd itself
(`-T -C`) then says what it grants to each; the patterns are only read here to know whom to ask about.
"""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import sshd_config
from ansible_collections.infosec.principles.plugins.module_utils._formats.sshd_config import Criteria, Setting
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd import Daemon

#: An address that no Match line means (RFC 5737).
ANYWHERE = "192.0.2.1"
MAX_PROBES = 200
NAMED = 3
#: Criteria that a connection can be made up for.
KNOWN = frozenset(("all", "user", "group", "host", "address", "localaddress", "localport", "invalid-user"))
#: Characters that -C takes for its own.
_UNSPEAKABLE = frozenset(", \t\n=")


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a connection comes from and arrives."""

    address: str = ANYWHERE
    host: str = ANYWHERE
    local_address: str = "127.0.0.1"
    local_port: int = 22

    def label(self, usual: Place) -> str:
        """How it differs from the usual one."""
        parts = [
            f" from {self.address}" if self.address != usual.address else "",
            f" from {self.host}" if self.host not in (usual.host, self.address) else "",
            f" to {self.local_address}" if self.local_address != usual.local_address else "",
            f" on port {self.local_port}" if self.local_port != usual.local_port else "",
        ]
        return "".join(parts)


@dataclasses.dataclass(frozen=True)
class Probe:
    """One connection to ask about: a user who stands for others too (`names`), and `where` from, if that is unusual."""

    user: str
    groups: frozenset[str]
    names: tuple[str, ...]
    place: Place
    where: str

    @property
    def specification(self) -> str:
        """As sshd -T -C takes it."""
        place = self.place
        fields = (
            f"user={self.user}",
            f"host={place.host}",
            f"addr={place.address}",
            f"laddr={place.local_address}",
            f"lport={place.local_port}",
        )
        return ",".join(fields)

    def meets(self, under: tuple[Criteria, ...]) -> bool:
        """Whether the Match lines mean this connection; criteria that are not known here are taken as met."""
        return all(self._meets(name, patterns) for one in under for name, patterns in one)

    def _meets(self, name: str, patterns: str) -> bool:
        judge: dict[str, t.Callable[[], bool]] = {
            "user": lambda: sshd_config.matches(patterns, self.user),
            "group": lambda: _in_groups(patterns, self.groups),
            "host": lambda: sshd_config.matches(patterns, self.place.host, fold=True),
            "address": lambda: sshd_config.matches_address(patterns, self.place.address),
            "localaddress": lambda: sshd_config.matches_address(patterns, self.place.local_address),
            "localport": lambda: patterns == str(self.place.local_port),
            "invalid-user": lambda: False,
        }
        return judge[name]() if name in judge else True


@dataclasses.dataclass(frozen=True)
class User:
    """Somebody who may come, with the groups that he is in."""

    name: str
    groups: frozenset[str]


def probes(host: Host, daemon: Daemon, settings: t.Sequence[Setting]) -> tuple[tuple[Probe, ...], int]:
    """(the connections to ask about, how many more there would be)."""
    lines = list(dict.fromkeys(setting.under for setting in settings if setting.under))
    usual = _usual(daemon)
    wanted = dict.fromkeys((usual, *(place for under in lines for place in _place(under, usual))))
    ports = {port for _address, port in daemon.listening} or {place.local_port for place in wanted}
    places = [place for place in wanted if place.local_port in ports]
    classes = _classes(_users(host, lines), _patterns(lines))
    found = [_probe(members, place, usual) for place, members in itertools.product(places, classes)]
    return tuple(found[:MAX_PROBES]), max(0, len(found) - MAX_PROBES)


def _usual(daemon: Daemon) -> Place:
    address, port = daemon.listening[0] if daemon.listening else ("127.0.0.1", 22)
    return Place(local_address=address, local_port=port)


def _probe(members: t.Sequence[User], place: Place, usual: Place) -> Probe:
    names = tuple(user.name for user in members)
    return Probe(members[0].name, members[0].groups, names, place, place.label(usual))


def shorten(names: t.Sequence[str]) -> str:
    """The first few names, and how many more."""
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {rest} more" if rest > 0 else "")


# Users


def _patterns(lines: t.Iterable[tuple[Criteria, ...]]) -> list[tuple[str, str]]:
    """The different User and Group patterns of all Match lines."""
    found = (one for under in lines for criteria in under for one in criteria if one[0] in ("user", "group"))
    return list(dict.fromkeys(found))


def _users(host: Host, lines: t.Sequence[tuple[Criteria, ...]]) -> list[User]:
    """Every account, people first, the members of the groups that are named, and whom else a User pattern means."""
    patterns = _patterns(lines)
    groups = _groups(host, [name for kind, text in patterns if kind == "group" for name in text.split(",")])
    listed = sorted(host.once(accounts.read), key=lambda one: (one.uid != 0, not one.person, one.uid))
    names = [account.name for account in listed]
    names += [member for group in groups for member in group.members]
    names += [sshd_config.sample(text, names) or "" for kind, text in patterns if kind == "user"]
    speakable = [name for name in dict.fromkeys(names) if name and not _UNSPEAKABLE & set(name)]
    membership = _membership(listed, groups)
    return [User(name, frozenset(membership.get(name, ()))) for name in speakable or ["root"]]


def _groups(host: Host, named: t.Iterable[str]) -> list[accounts.Group]:
    """Every group that can be listed, and those of these names that cannot."""
    known = {one.name: one for one in host.once(accounts.groups)}
    known.update({one.name: one for one in (accounts.group(host, name) for name in named) if one})
    return list(known.values())


def _membership(listed: t.Iterable[accounts.Account], groups: t.Iterable[accounts.Group]) -> dict[str, set[str]]:
    """The names of the groups that each account is in."""
    found: dict[str, set[str]] = {}
    primary: dict[int, list[str]] = {}
    for account in listed:
        primary.setdefault(account.gid, []).append(account.name)
    for group in groups:
        for member in (*group.members, *primary.get(group.gid, ())):
            found.setdefault(member, set()).add(group.name)
    return found


def _classes(users: t.Iterable[User], patterns: t.Sequence[tuple[str, str]]) -> list[list[User]]:
    """Users by what matches them."""
    found: dict[tuple[bool, ...], list[User]] = {}
    for user in users:
        signature = tuple(
            sshd_config.matches(text, user.name) if kind == "user" else _in_groups(text, user.groups)
            for kind, text in patterns
        )
        found.setdefault(signature, []).append(user)
    return list(found.values())


def _in_groups(patterns: str, groups: t.Iterable[str]) -> bool:
    """groupaccess.c: a negated pattern that any group matches outweighs the others."""
    text = patterns.split(",")
    if any(one.startswith("!") and sshd_config.matches(one[1:], group) for one in text for group in groups):
        return False
    return any(sshd_config.matches(one, group) for one in text if not one.startswith("!") for group in groups)


# Places


def _place(under: tuple[Criteria, ...], usual: Place) -> t.Iterator[Place]:
    """A place that the Match lines mean; none where they mean no place in particular, or none can be made up."""
    changed: dict[str, t.Any] = {}
    for name, patterns in (one for criteria in under for one in criteria):
        if name in ("address", "localaddress"):
            field = "address" if name == "address" else "local_address"
            changed[field] = sshd_config.sample_address(patterns, (changed.get(field) or getattr(usual, field),))
        elif name == "host":
            changed["host"] = sshd_config.sample(patterns.lower(), (usual.host,))
        elif name == "localport":
            changed["local_port"] = int(patterns) if patterns.isdecimal() else None
    if changed and None not in changed.values():
        if "address" in changed and "host" not in changed:
            changed["host"] = changed["address"]
        yield dataclasses.replace(usual, **changed)
