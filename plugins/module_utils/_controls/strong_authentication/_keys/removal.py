# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Taking keys out of authorized_keys: which may go, so that nobody is locked out, and how the file keeps the rest."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._keys.keys import Key
from ansible_collections.infosec.principles.plugins.module_utils._engine import files
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.guard import Guard
from ansible_collections.infosec.principles.plugins.module_utils._formats import authorized_keys, ssh_keys
from ansible_collections.infosec.principles.plugins.module_utils._host import connection, login
from ansible_collections.infosec.principles.plugins.module_utils._host.accounts import Account
from ansible_collections.infosec.principles.plugins.module_utils._host.authorized import KeyFile
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: What a fix rewrites at most; it goes to the journal.
MAX_BYTES = 1024 * 1024
REPLACED, ALWAYS, NEVER = "replaced", "always", "never"
UNKNOWN = "no log tells which key the connection of this run logged in by"
OWN = "the connection of this run logged in by it"


class Removal:
    """Which of these keys go, and why others stay. weak, revoked: why each is wrong, by its subject."""

    def __init__(
        self,
        host: Host,
        found: t.Sequence[Key],
        weak: t.Mapping[str, str],
        revoked: t.Mapping[str, str],
        options: t.Any,
    ) -> None:
        self._host, self._weak, self._revoked = host, weak, revoked
        self._policy: str = options["remove_weak"]
        self._listed = _people.automation(options)
        self._seconds: int = options["confirm_seconds"]
        self._good = [key for key in found if key.subject not in {*weak, *revoked} and _is_alive(host, key)]
        wrong = [key for key in found if key.subject in {*weak, *revoked}]
        self._why_not = {key.subject: self._refusal(key) for key in wrong}
        self._fixes = self._plan([key for key in wrong if not self._why_not[key.subject]])

    def fix(self, key: Key) -> tuple[Change, ...]:
        """What removes this key; one for all keys of its file."""
        return () if self._why_not.get(key.subject) else self._fixes.get(key.file.path, ())

    def why_not(self, key: Key) -> str:
        """Why it stays; "" where it goes."""
        return self._why_not.get(key.subject, "")

    # Who would be locked out

    def _refusal(self, key: Key) -> str:
        return ("" if key.subject in self._revoked else self._kept(key)) or self._cut_off(key)

    def _cut_off(self, key: Key) -> str:
        """Why this run could not come back without it; asked last, since it searches the journal."""
        own, made = self._host.once(connection.read), self._host.once(login.read)
        if own and made is None:
            return UNKNOWN
        if made and key.fingerprint in (made.fingerprint, made.authority):
            return OWN
        if made and any(one.name == made.account and not self._others(key, one) for one in key.file.accounts):
            return f"no other good key would open {printable(made.account)}, which this run logged in to"
        return ""

    def _kept(self, key: Key) -> str:
        """Why a weak key is left to its owner."""
        if self._policy != REPLACED:
            return f"remove_weak is {NEVER}" if self._policy == NEVER else ""
        left = [one for one in key.file.accounts if self._is_open(one) and not self._replaced(key, one)]
        names = ", ".join(printable(one.name) for one in left[:3])
        return f"its owner has no other good key for {names} (strong_authentication_remove_weak)" if left else ""

    def _is_open(self, account: Account) -> bool:
        return _people.takes_logins(account) or _people.declared(account.name, self._listed) is not None

    def _others(self, key: Key, account: Account) -> list[Key]:
        """The good keys that open the account."""
        return [one for one in self._good if account in one.file.accounts and one.fingerprint != key.fingerprint]

    def _replaced(self, key: Key, account: Account) -> bool:
        """Whether whoever has this key has a good one for the same account and use."""
        return any(_same_use(key, one) and self._same_owner(key, one, account) for one in self._others(key, account))

    def _same_owner(self, key: Key, other: Key, account: Account) -> bool:
        """By the comments; in the account of a single person also a key that names him, or nobody."""
        if key.entry.owner and key.entry.owner == other.entry.owner:
            return True
        is_own = account.person and account.uid != 0 and not _people.declared(account.name, self._listed)
        return is_own and {key.entry.owner, other.entry.owner} <= {"", account.name.lower()}

    # The edit

    def _plan(self, going: t.Sequence[Key]) -> dict[str, tuple[Change, ...]]:
        by_file: dict[str, list[Key]] = {}
        for key in going:
            by_file.setdefault(key.file.path, []).append(key)
        fixes: dict[str, tuple[Change, ...]] = {}
        for path, doomed in by_file.items():
            try:
                fixes[path] = (Guard(self._seconds), edit(self._host, doomed[0].file, self._notes(doomed)))
            except (OSError, ChangeError) as exc:
                self._why_not.update({key.subject: str(exc) for key in doomed})
        return fixes

    def _notes(self, doomed: t.Iterable[Key]) -> dict[str, str]:
        """What stands in the place of each key: which it was, for whoever misses it."""
        why = {key.subject: "revoked" if key.subject in self._revoked else "weak" for key in doomed}
        return {
            key.fingerprint: f"# removed by infosec.principles ({why[key.subject]}): {key.kind} {key.fingerprint} "
            f"{printable(key.entry.comment)[:200]}".rstrip()
            for key in doomed
        }


def _is_alive(host: Host, key: Key) -> bool:
    return not key.entry.names_authority and (key.entry.expires is None or key.entry.expires > host.now())


def _same_use(key: Key, other: Key) -> bool:
    """Whether the other is as good for what this one does: no tighter in where from, and bound to the same command."""
    bound = key.entry.option("command") == other.entry.option("command")
    return bound and other.entry.option("from") in (None, key.entry.option("from"))


def edit(host: Host, file: KeyFile, notes: t.Mapping[str, str]) -> Change:
    """What puts notes (by fingerprint) in the place of keys, and keeps all other bytes. Raises ChangeError."""
    if not file.whole:
        raise ChangeError(f"{printable(file.path)}: it is too large to be edited here")
    text = files.read_now(host, file.path) or ""
    found = {entry.number: ssh_keys.fingerprint(entry.public) for entry in authorized_keys.parse(text)}
    doomed = [number for number, fingerprint in found.items() if fingerprint in notes]
    if not doomed:
        raise ChangeError(f"{printable(file.path)}: the key is not there any more; run again")
    lines = text.split("\n")
    edited = [notes[found[number]] if number in doomed else line for number, line in enumerate(lines, 1)]
    return _change(host, file.path, lines, edited, slice(doomed[0] - 1, doomed[-1]))


def _change(host: Host, path: str, lines: t.Sequence[str], edited: t.Sequence[str], passage: slice) -> Change:
    """From the first of them to the last: that passage is there once, however often a line is."""
    old, new = ("\n".join(text[passage]) + "\n" for text in (lines, edited))
    if len(old) > MAX_BYTES:
        raise ChangeError(f"{printable(path)}: the lines from the first key to the last are too many to be edited here")
    if passage.stop < len(lines):
        return files.edit_file(host, path, old, new)
    # Its last line has no end, and no passage of whole lines has it.
    return files.write_file(host, path, "\n".join(edited))
