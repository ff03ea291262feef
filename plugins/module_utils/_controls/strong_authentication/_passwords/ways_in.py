# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Ways into an account over SSH that ask for no password."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import sshd_config
from ansible_collections.infosec.principles.plugins.module_utils._host import (
    accounts,
    authorized,
    pam,
    sshd,
    sshd_state,
)
from ansible_collections.infosec.principles.plugins.module_utils._host.accounts import Account
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

_INTERACTIVE = ("kbdinteractiveauthentication", "challengeresponseauthentication")


@dataclasses.dataclass(frozen=True)
class Ways:
    """files: those with keys that open it. passwords: whether some sshd takes any. unseen: what was not read."""

    files: tuple[str, ...] = ()
    passwords: bool = False
    unseen: tuple[str, ...] = ()


def read(host: Host, account: Account) -> Ways:
    """How an account is entered whose password begins with "!": by its keys, where an sshd lets it try."""
    states = host.once(sshd_state.read)
    answers = [answer for state in states.known for answer in state.answers]
    own = [answer for answer in answers if account.name in answer[0].names] or answers
    open_to = [values for _probe, values in own if _admits(host, values, account)]
    keys = host.once(authorized.read)
    files = [file.path for file in keys.files if open_to and file.entries and account in file.accounts]
    unseen = [one for one in keys.unseen if open_to and one.startswith(f"{account.home.rstrip('/')}/")]
    passwords = any(_takes_passwords(host, values) for values in open_to)
    return Ways(tuple(files), passwords, (*states.problems.values(), *unseen))


def _takes_passwords(host: Host, values: sshd.Values) -> bool:
    """Whether this sshd asks for passwords of this host; with keyboard-interactive PAM may ask for something else."""
    if _says(values, "passwordauthentication") == "yes":
        return True
    return any(_says(values, word) == "yes" for word in _INTERACTIVE) and host.once(_asks_unix)


def _asks_unix(host: Host) -> bool:
    try:
        return any(step.name == "pam_unix" for step in pam.stack(host, "sshd").steps)
    except HostError:
        return True


def _admits(host: Host, values: sshd.Values, account: Account) -> bool:
    """Whether this sshd lets the account try; without PAM it does not where the password is locked (auth.c)."""
    if _says(values, "usepam") == "no" or _says(values, "pubkeyauthentication") == "no":
        return False
    return _listed(values, "user", (account.name,)) and _listed(values, "group", _groups(host, account))


def _listed(values: sshd.Values, what: str, names: t.Sequence[str]) -> bool:
    denied, allowed = (" ".join(values.get(f"{verb}{what}s", ())).split() for verb in ("deny", "allow"))
    return not _any(denied, names) and (not allowed or _any(allowed, names))


def _any(patterns: t.Iterable[str], names: t.Iterable[str]) -> bool:
    """Whether one fits, wherever the user comes from (USER@HOST)."""
    return any(sshd_config.matches(pattern.partition("@")[0], name) for pattern in patterns for name in names)


def _groups(host: Host, account: Account) -> list[str]:
    listed = host.once(accounts.groups)
    return [group.name for group in listed if group.gid == account.gid or account.name in group.members]


def _says(values: sshd.Values, keyword: str) -> str:
    return next(iter(values.get(keyword, ())), "").lower()
