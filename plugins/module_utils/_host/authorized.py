# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The keys that open accounts here: every file that sshd would look into for somebody, and what it asks besides."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import re
import time
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import authorized_keys
from ansible_collections.infosec.principles.plugins.module_utils._formats.authorized_keys import Entry
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts, homes, sshd, sshd_state
from ansible_collections.infosec.principles.plugins.module_utils._host.accounts import Account
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State

#: Of one file, and of all together: whoever owns a file may put any number of keys into it.
FILE_BYTES, FILE_KEYS, ALL_KEYS = 8 * 1024 * 1024, 2000, 20000
SECONDS = 10.0
DEFAULT = ".ssh/authorized_keys .ssh/authorized_keys2"
#: What lets in keys that no file lists: a program that tells them, and authorities whose certificates do.
UNLISTED = ("authorizedkeyscommand", "trustedusercakeys")


@dataclasses.dataclass(frozen=True)
class KeyFile:
    """One file of authorized keys. accounts: those that it opens. modified: when it was last written.

    whole: whether all of it was looked at.
    """

    path: str
    accounts: tuple[Account, ...]
    entries: tuple[Entry, ...]
    modified: datetime.datetime
    whole: bool = True


@dataclasses.dataclass(frozen=True)
class Unlisted:
    """Keys that cannot be listed here. keyword: one of UNLISTED. value: the program or the file. whom: in words."""

    keyword: str
    value: str
    whom: str


@dataclasses.dataclass(frozen=True)
class Authorized:
    """What was found, and why something was not looked at."""

    files: tuple[KeyFile, ...]
    unlisted: tuple[Unlisted, ...]
    unseen: tuple[str, ...]


def read(host: Host) -> Authorized:
    """Every file that is there, each once. Use as `host.once(authorized.read)`."""
    states = host.once(sshd_state.read).known
    found: list[KeyFile] = []
    unseen: list[str] = []
    left, deadline = ALL_KEYS, time.monotonic() + SECONDS
    for path, opened in _paths(host, states).items():
        if left <= 0 or time.monotonic() > deadline:
            unseen.append(f"{path}: not looked at, nor any after it: {ALL_KEYS} keys or {SECONDS:g} s are the limit")
            break
        try:
            file = _file(host, path, tuple(opened), unseen)
        except Unseen as exc:
            unseen.append(str(exc))
            continue
        found += [file] if file else []
        left -= len(file.entries) if file else 0
    return Authorized(tuple(found), tuple(_unlisted(states)), tuple(dict.fromkeys(unseen)))


def _file(host: Host, path: str, opened: tuple[Account, ...], unseen: list[str]) -> KeyFile | None:
    """The file, None where there is none. Raises Unseen; adds to `unseen` what is past the limits."""
    read_ = homes.read_with_status(host, path, FILE_BYTES + 1)
    if read_ is None:
        return None
    data, status = read_
    text = data[:FILE_BYTES].decode("utf-8", "surrogateescape")
    entries = tuple(itertools.islice(authorized_keys.parse(text), FILE_KEYS + 1))
    whole = len(data) <= FILE_BYTES and len(entries) <= FILE_KEYS
    if not whole:
        unseen.append(f"{path}: only its first {FILE_KEYS} keys in {FILE_BYTES >> 20} MiB were looked at")
    modified = datetime.datetime.fromtimestamp(status.st_mtime, datetime.timezone.utc)
    return KeyFile(path, opened, entries[:FILE_KEYS], modified, whole)


# Where sshd looks


def _paths(host: Host, states: t.Sequence[State]) -> dict[str, list[Account]]:
    """Each path that sshd looks at, with the accounts that it does that for."""
    everywhere = _patterns(values for state in states for _probe, values in state.answers)
    of_account: dict[str, dict[str, None]] = {}
    for state in states:
        for probe, values in state.answers:
            for name in probe.names:
                of_account.setdefault(name, {}).update(dict.fromkeys(_patterns([values])))
    found: dict[str, list[Account]] = {}
    for account in host.once(accounts.read) if states else ():
        patterns = of_account.get(account.name, everywhere)
        for path in dict.fromkeys(expand(pattern, account) for pattern in patterns):
            found.setdefault(path, []).append(account)
    return found


def _patterns(answers: t.Iterable[sshd.Values]) -> list[str]:
    words = [word for values in answers for word in " ".join(values.get("authorizedkeysfile", (DEFAULT,))).split()]
    return [word for word in dict.fromkeys(words) if word != "none"]


def expand(pattern: str, account: Account) -> str:
    """AuthorizedKeysFile of sshd_config(5): %h, %u, %U and %%; what does not begin with / is below the home."""
    tokens = {"%h": account.home, "%u": account.name, "%U": str(account.uid), "%%": "%"}
    path = re.sub(r"%.", lambda match: tokens.get(match[0], match[0]), pattern)
    return path if path.startswith("/") else f"{account.home.rstrip('/')}/{path}"


def _unlisted(states: t.Iterable[State]) -> t.Iterator[Unlisted]:
    for state in states:
        for keyword in UNLISTED:
            whom: dict[str, list[t.Any]] = {}
            for probe, values in state.answers:
                value = " ".join(values.get(keyword, ()))
                if value not in ("", "none"):
                    whom.setdefault(value, []).append(probe)
            for value, probes in whom.items():
                yield Unlisted(keyword, value, sshd_state.whom(state, probes))
