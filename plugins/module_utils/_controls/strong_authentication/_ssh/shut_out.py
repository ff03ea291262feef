# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Who would be left outside: people without a key, and whether anybody at all could still come in."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import opens
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._ssh import (
    access,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import sudoers
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts, authorized, login, sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.accounts import Account
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State, States

LATELY = "30 days ago"
_LINES, _LOG_BYTES, _NAMED = 200, 4 * 1024 * 1024, 10
_BY_PASSWORD = re.compile(r"Accepted (?:password|keyboard-interactive\S*) for (\S{1,64}) from")
KEYTAB, _SUDOERS = "/etc/krb5.keytab", "/etc/sudoers"


def keyless(host: Host, states: States, programs: t.Sequence[_people.Automation]) -> tuple[Evidence, ...]:
    """People and programs that no good key lets in, with whether they came by password lately. Searches the logs."""
    lately = by_password(host)
    machines = _people.machines(host, programs)
    names = [one.name for one in _people.people(host, programs) if not has_key(host, states, one)]
    names += [one.name for one in machines if not has_key(host, states, one, commands=True)]
    names = [name for name in names if name in lately or name != "root"]
    told = {name: "logged in by password lately" if name in lately else "no password login lately" for name in names}
    found = [
        Evidence(printable(name), f"no good key opens this account; {what}", "a key") for name, what in told.items()
    ]
    found.sort(key=lambda one: ("no password" in one.found, one.source))
    more = len(found) - _NAMED
    rest = (Evidence("other accounts", f"{more} more are opened by no good key", "a key"),) if more > 0 else ()
    return (*found[:_NAMED], *rest)


def by_password(host: Host) -> frozenset[str]:
    """The accounts that somebody entered by a password, as far as the logs of the last days tell."""
    matches = ("SYSLOG_IDENTIFIER=sshd", "+", "SYSLOG_IDENTIFIER=sshd-session")
    command = ("journalctl", "--quiet", "--no-pager", "--output=cat", f"--lines={_LINES}", f"--since={LATELY}")
    told = host.ask(*command, "--grep=^Accepted (password|keyboard-interactive)", *matches).stdout
    for name in login.AUTH_LOGS:
        if host.exists(name):
            told += host.ask("tail", "-c", str(_LOG_BYTES), "--", host.path(name)).stdout
    return frozenset(_BY_PASSWORD.findall(told))


def without_key(host: Host, states: States, programs: t.Sequence[_people.Automation]) -> str:
    """Why nobody could come in by key alone; "" where somebody could."""
    if any(_able(host, states, programs)):
        return ""
    return "no account of this host could be entered by key, and nobody would get in over SSH"


def without_root(host: Host, states: States, programs: t.Sequence[_people.Automation]) -> str:
    """Why nobody could become root any more who does not log in as root; "" where somebody could."""
    if any(one.uid != 0 and _rises(host, one) for one in _able(host, states, programs)):
        return ""
    return "no account but root that could be entered by key may become root (sudo)"


def _able(host: Host, states: States, programs: t.Sequence[_people.Automation]) -> t.Iterator[Account]:
    expected = (*_people.people(host, programs), *_people.machines(host, programs))
    return (one for one in expected if has_key(host, states, one))


def _rises(host: Host, account: Account) -> bool:
    """Whether sudo grants it something."""
    groups = host.once(accounts.groups)
    own = [f"%{group.name}" for group in groups if group.gid == account.gid or account.name in group.members]
    names = {account.name, f"#{account.uid}", sudoers.EVERYBODY, *own}
    try:
        return any(names & {*grant.who} for grant in host.once(_grants))
    except HostError:
        return False


def _grants(host: Host) -> tuple[sudoers.Grant, ...]:
    return sudoers.grants(_SUDOERS, host.read_text, host.listdir)


def has_key(host: Host, states: States, account: Account, *, commands: bool = False) -> bool:
    """Whether some sshd would let it in by a key, a certificate, or a Kerberos ticket. commands: see `opens.keys`."""
    told = [of(state, account.name) for state in states.known]
    if any(access.value(values, word, "none") != "none" for values in told for word in authorized.UNLISTED):
        return True
    if host.exists(KEYTAB) and any(access.value(values, "GSSAPIAuthentication") == "yes" for values in told):
        return True
    floor = access.LEAST_BITS if any("requiredrsasize" in values for values in told) else 0
    return bool(opens.keys(host, account, floor=floor, commands=commands))


def of(state: State, name: str) -> sshd.Values:
    """What sshd says for an account (from nowhere in particular)."""
    return next((values for probe, values in state.answers if name in probe.names), state.answers[0][1])
