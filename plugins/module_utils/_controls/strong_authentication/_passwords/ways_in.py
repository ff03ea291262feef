# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Ways into an account over SSH that ask for no password."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import authorized_keys, sshd_config
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts, homes, sshd, sshd_state
from ansible_collections.infosec.principles.plugins.module_utils._host.accounts import Account
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

_BYTES = 1024 * 1024
_DEFAULT = (".ssh/authorized_keys", ".ssh/authorized_keys2")
_PASSWORDS = ("passwordauthentication", "kbdinteractiveauthentication", "challengeresponseauthentication")


@dataclasses.dataclass(frozen=True)
class Ways:
    """files: those with keys that open it. passwords: whether some sshd takes any. unseen: what was not read."""

    files: tuple[str, ...] = ()
    passwords: bool = False
    unseen: tuple[str, ...] = ()


def read(host: Host, account: Account) -> Ways:
    """How an account is entered whose password begins with "!": by its keys, where an sshd lets it try."""
    states = host.once(sshd_state.read)
    open_to = [values for state in states.known for _probe, values in state.answers if _admits(host, values, account)]
    files: list[str] = []
    unseen = list(states.problems.values())
    for path in dict.fromkeys(path for values in open_to for path in _paths(values, account)):
        try:
            files += [path] if _has_key(host, path) else []
        except homes.Unseen as exc:
            unseen.append(str(exc))
    return Ways(
        tuple(files), any(_says(values, word) == "yes" for values in open_to for word in _PASSWORDS), tuple(unseen)
    )


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


def _paths(values: sshd.Values, account: Account) -> t.Iterator[str]:
    """AuthorizedKeysFile of sshd_config(5), with its tokens."""
    tokens = {"%h": account.home, "%u": account.name, "%U": str(account.uid), "%%": "%"}
    for pattern in " ".join(values.get("authorizedkeysfile", _DEFAULT)).split():
        path = re.sub(r"%.", lambda match: tokens.get(match[0], match[0]), pattern)
        if path != "none":
            yield path if path.startswith("/") else f"{account.home.rstrip('/')}/{path}"


def _has_key(host: Host, path: str) -> bool:
    data = homes.read_plain(host, path, _BYTES) or b""
    return next(authorized_keys.parse(data.decode("utf-8", "surrogateescape")), None) is not None
