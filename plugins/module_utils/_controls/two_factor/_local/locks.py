# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Locking a person's local password: what would still let him in, what would be lost, and the lock itself."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import opens
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Command
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.guard import Guard
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._formats import pam as pam_format
from ansible_collections.infosec.principles.plugins.module_utils._host import (
    accounts,
    login,
    pam,
    shadow,
    sshd,
    sshd_state,
)
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import admits
else:
    admits = later("_controls._sshd.admits")

#: Names that usermod takes without further ado.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_OWN_PROOF = frozenset(("publickey", "hostbased", "gssapi-with-mic"))
_BY_PASSWORD = ("password", "keyboard-interactive")
_RULE = re.compile(r"^\s+\([^)]*\)\s*(.*)$")
_TAGS = re.compile(r"(?:[A-Z_]+:\s*)*")
_GRANTED = "may run the following commands"
_NONE = ("", "none")


def keys(host: Host, name: str) -> list[Evidence]:
    """The files whose keys let the person in over SSH."""
    return [
        Evidence(printable(path), f"{len(own)} key{'s' if len(own) != 1 else ''} of {printable(name)}")
        for account in host.once(accounts.read)
        if account.name == name and _classes(host, name)
        for path, own in opens.keys(host, account)
    ]


def certificates(host: Host, name: str) -> list[Evidence]:
    """The authorities whose certificates open the account; whether anybody holds one is not seen here."""
    trusted = {
        f"{state.daemon.name}: TrustedUserCAKeys {values['trustedusercakeys'][0]}"
        for state, values in _classes(host, name)
        if " ".join(values.get("trustedusercakeys", ())).lower() not in _NONE
    }
    return [Evidence(one, f"certificates of {printable(name)}") for one in sorted(trusted)]


def _classes(host: Host, name: str) -> list[tuple[sshd_state.State, sshd.Values]]:
    """What each sshd says for the account, for every place from which it takes a key of it."""
    return [
        (state, values)
        for state in host.once(sshd_state.read).known
        for probe, values in state.answers
        if name in probe.names and admits.takes_keys(host, values, name)
    ]


def refusal(host: Host, entry: shadow.Entry, options: t.Mapping[str, t.Any]) -> str:
    """Why the password must not be locked; empty where it may."""
    if not _NAME.fullmatch(entry.name) or entry.source != shadow.SHADOW:
        return f"usermod could not lock it (a hash in {entry.source})"
    if host.which("usermod") is None:
        return "there is no usermod here (Debian: install passwd)"
    judges = (_carries, _without_pam, _factor) if not options["allow_self_cutoff"] else (_without_pam, _factor)
    told = next(filter(None, (judge(host, entry.name) for judge in judges)), "")
    return told or ("" if options["lock_sudo_passwords"] else _sudo(host, entry.name))


def _carries(host: Host, name: str) -> str:
    made = host.once(login.read)
    if made is not None and made.account == name and not _OWN_PROOF.intersection(made.methods):
        return f"the connection of this run logged in as {name} by {', '.join(made.methods)}"
    return ""


def _without_pam(host: Host, name: str) -> str:
    """auth.c: an sshd without PAM takes an account whose password begins with "!" for locked altogether."""
    off = [state for state, values in _classes(host, name) if values.get("usepam", ("no",))[0] == "no"]
    return f"{off[0].daemon.name} has UsePAM no, and would refuse its keys as well" if off else ""


def _factor(host: Host, name: str) -> str:
    """AuthenticationMethods that want the password besides the key."""
    for state, values in _classes(host, name):
        lists = " ".join(values.get("authenticationmethods", ("any",))).split()
        if lists and "any" not in lists and all(_wants(host, one) for one in lists):
            return f"{state.daemon.name} wants {' or '.join(lists)} of it"
    return ""


def _wants(host: Host, methods: str) -> bool:
    """Whether this list is only complete with the password of /etc/shadow."""
    names = {method.partition(":")[0] for method in methods.split(",")}
    return "password" in names or ("keyboard-interactive" in names and host.once(asks_unix))


def asks_unix(host: Host) -> bool:
    """Whether sshd's stack of PAM asks for that password. Use as `host.once(locks.asks_unix)`."""
    try:
        return any(step.name == "pam_unix" for step in pam.stack(host, "sshd", pam_format.AUTH).steps)
    except HostError:
        return True


# sudo


def _sudo(host: Host, name: str) -> str:
    """What sudo itself says (it knows also the rules of a directory)."""
    if host.which("sudo") is None:
        return ""
    told = host.ask("sudo", "-n", "-l", "-U", name)
    if told.rc != 0:
        return f"sudo does not say whether {name} needs the password for it"
    return f"{name} needs the password for sudo, and would lose it" if needs_password(told.stdout) else ""


def needs_password(listing: str) -> bool:
    """Whether some command of `sudo -l` asks for the user's own password."""
    head, granted, rest = listing.partition(_GRANTED)
    if not granted or re.search(r"(?:^|[\s,])(?:!authenticate|rootpw|targetpw|runaspw)\b", head):
        return False
    return any(_asks(match[1]) for match in map(_RULE.match, rest.splitlines()) if match)


def _asks(commands: str) -> bool:
    """Tags count from where they stand: what comes before the first NOPASSWD, or behind a PASSWD, asks."""
    before, free, after = commands.partition("NOPASSWD:")
    asks_before = bool(_TAGS.sub("", before, count=1).strip(" ,")) if free else True
    return asks_before or re.search(r"(?<!NO)PASSWD:", after) is not None


# The lock


def lock(name: str, *, seconds: int) -> tuple[Change, ...]:
    """Lock the password; the hash stays where it is, so that taking back is exact and nothing secret is kept."""
    pattern = f"^{name.replace('.', '[.]')}:!"
    command = Command(
        title=f"lock the password of {name} (usermod -L)",
        before=f"{name} has a password of this host\n",
        after=f"no password fits {name}; keys and certificates go on working\n",
        do=(("usermod", "-L", name),),
        undo=(("usermod", "-U", name),),
        probe=("grep", "-q", pattern, shadow.SHADOW),
    )
    return (Guard(seconds), command)
