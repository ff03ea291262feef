# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Keys that open more than their owner's account, keys of people and programs that are mixed up, and free ones."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._controls._people import Automation
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._keys import (
    keys,
    rules,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._keys.keys import Key
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._host.accounts import Account
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable


def duplicates(found: t.Sequence[Key], listed: t.Sequence[Automation]) -> list[Finding]:
    """Keys that let one into several accounts of this host. Accounts of one user id are one account."""
    return [_shared(same) for same in _by_fingerprint(found).values() if len(_opened(same, listed)) > 1]


def _by_fingerprint(found: t.Iterable[Key]) -> dict[str, list[Key]]:
    same: dict[str, list[Key]] = {}
    for key in found:
        same.setdefault(key.fingerprint, []).append(key)
    return same


def _opened(same: t.Iterable[Key], listed: t.Sequence[Automation]) -> dict[int, Account]:
    """What these entries of one key open, of the accounts that somebody can use."""
    all_of_them = (account for key in same for account in key.file.accounts)
    return {one.uid: one for one in all_of_them if _people.takes_logins(one) or _people.declared(one.name, listed)}


def _shared(same: t.Sequence[Key]) -> Finding:
    names = list(dict.fromkeys(printable(account.name) for key in same for account in key.file.accounts))
    rest = f" and {len(names) - 5} more" if len(names) > 5 else ""
    message = f"{same[0].called} opens several accounts: {', '.join(names[:5])}{rest}"
    evidence = tuple(keys.describe(key, "one account") for key in same[: rules.MAX_EVIDENCE])
    return Finding(rules.DUPLICATES, same[0].fingerprint, f.FAIL, message, evidence)


# People and programs


@dataclasses.dataclass(frozen=True)
class Owners:
    """Who is who on this host. persons: names of people's accounts, without root, in lower case."""

    listed: tuple[Automation, ...]
    persons: frozenset[str]
    same: t.Mapping[str, t.Sequence[Key]]

    def is_persons(self, key: Key) -> bool:
        """Whether it is a person's: its comment names one, or it opens an account of one and names no program."""
        if key.entry.owner in self.persons:
            return True
        return not self._names_program(key) and any(
            account.uid != 0 for one in self.same[key.fingerprint] for account in keys.people_of(one, self.listed)
        )

    def is_programs(self, key: Key) -> bool:
        """Whether it is a program's: its comment names one, or it opens an account of one and is no person's."""
        opens = any(keys.machines_of(one, self.listed) for one in self.same[key.fingerprint])
        return self._names_program(key) or (opens and not self.is_persons(key))

    def _names_program(self, key: Key) -> bool:
        return bool(key.entry.owner and _people.declared(key.entry.owner, self.listed))


def owners(host: Host, found: t.Sequence[Key], listed: tuple[Automation, ...]) -> Owners:
    """Who is who, as accounts and comments tell."""
    people = frozenset(one.name.lower() for one in _people.people(host, listed) if one.uid != 0)
    return Owners(listed, people, _by_fingerprint(found))


def mixed_up(found: t.Sequence[Key], owners_: Owners) -> tuple[list[Finding], list[Finding]]:
    """(keys of people on programs' accounts, keys of programs on people's)."""
    persons, programs = [], []
    for key in found:
        machines, people = keys.machines_of(key, owners_.listed), keys.people_of(key, owners_.listed)
        if machines and owners_.is_persons(key):
            persons.append(
                _misplaced(rules.PERSON_ON_MACHINE, key, machines, "a person's, opens the program's account")
            )
        if people and owners_.is_programs(key):
            programs.append(_misplaced(rules.MACHINE_ON_PERSON, key, people, "a program's, opens the account"))
    return persons, programs


def _misplaced(rule: f.Rule, key: Key, opened: t.Sequence[Account], what: str) -> Finding:
    names = ", ".join(printable(account.name) for account in opened[:5])
    return Finding(rule, key.subject, f.FAIL, f"{key.called}, {what} {names}", (keys.describe(key),))


def unrestricted(found: t.Sequence[Key], listed: t.Sequence[Automation]) -> list[Finding]:
    """Keys of programs that open their account from anywhere."""
    return [
        _free(key, entry) for key in found for entry in [_declared(key, listed)] if entry and not _is_held(key, entry)
    ]


def _declared(key: Key, listed: t.Sequence[Automation]) -> Automation | None:
    return next(filter(None, (_people.declared(one.name, listed) for one in key.file.accounts)), None)


def _is_held(key: Key, declared: Automation) -> bool:
    """Whether it is bound to addresses; to a command will do where the policy names no addresses."""
    others = () if declared.sources else ("command", "restrict")
    return any(key.entry.option(name) is not None for name in ("from", *others))


def _free(key: Key, declared: Automation) -> Finding:
    option = f'from="{",".join(declared.sources)}",restrict' if declared.sources else 'from="ADDRESSES",restrict'
    message = f"{key.called} opens {key.names} from anywhere"
    remedy = f"Put {option} before the key (and what it needs of pty, port-forwarding, ...), once that was tried."
    evidence = (keys.describe(key, option),)
    return Finding(rules.UNRESTRICTED, key.subject, f.FAIL, message, evidence, remedy=printable(remedy))
