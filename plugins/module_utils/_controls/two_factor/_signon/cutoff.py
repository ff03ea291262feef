# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whom group rules, and an authority of the policy's instead of another one, would shut out."""

from __future__ import annotations

import dataclasses
import fnmatch
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._controls._people import Automation
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._signon import authority
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._signon.policy import Policy
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._formats import sshd_config
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts, authorized, login, sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.accounts import Account
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import admits
else:
    admits = later("_controls._sshd.admits")

NAMED = 20


@dataclasses.dataclass(frozen=True)
class Refusal:
    """Why the fix must not be made: what would happen, and what to do instead."""

    why: str
    remedy: str


def refusal(
    host: Host,
    states: t.Sequence[State],
    policy: Policy,
    options: t.Mapping[str, t.Any],
    listed: t.Sequence[Automation],
) -> Refusal | None:
    """The first reason against putting the policy in force. Raises HostError where sshd refuses the drop-in."""
    told = _foreign(host, states, policy) if not options["retire_authorities"] else None
    told = told or _shut_out(host, states, policy, options, listed)
    if told or options["allow_self_cutoff"]:
        return told
    return _own_authority(host, states, policy) or _own_connection(host, states, policy)


def _foreign(host: Host, states: t.Sequence[State], policy: Policy) -> Refusal | None:
    """Authorities of others: whoever holds a certificate of theirs could not come back."""
    for file in (file for state in states for file in authority.trusted(host, state)):
        foreign = [key.told for key in file.keys if key not in policy.authorities]
        if foreign and policy.keys:
            why = f"whoever has a certificate of {', '.join(foreign)} ({file.path}) could not log in any more"
            remedy = "Add that key to two_factor_user_ca_keys, or give it up by two_factor_retire_authorities."
            return Refusal(why, remedy)
    return None


def _own_authority(host: Host, states: t.Sequence[State], policy: Policy) -> Refusal | None:
    """By the fingerprint alone: whether its principals will do is for the new connection of the guard to see."""
    trusted = {key.fingerprint for state in states for file in authority.trusted(host, state) for key in file.keys}
    made = host.once(login.read) if policy.keys and trusted else None
    if made is None or made.authority not in trusted - {key.fingerprint for key in policy.authorities}:
        return None
    why = f"the connection of this run logged in by a certificate of {made.authority}"
    remedy = "Log in by a certificate of an authority in two_factor_user_ca_keys"
    return Refusal(why, f"{remedy}; two_factor_allow_self_cutoff overrides this.")


def _own_connection(host: Host, states: t.Sequence[State], policy: Policy) -> Refusal | None:
    for state in states:
        told = admits.refusal(host, state, policy.drop_in)
        if told:
            return Refusal(f"{told.source} would be cut off: {told.found}", told.expected)
    return None


# Group rules


def _shut_out(
    host: Host,
    states: t.Sequence[State],
    policy: Policy,
    options: t.Mapping[str, t.Any],
    listed: t.Sequence[Automation],
) -> Refusal | None:
    losing = losers(host, states, policy, listed)
    kept = [name for name in losing if not any(fnmatch.fnmatchcase(name, one) for one in options["withdraw"])]
    if not kept:
        return None
    names = printable(", ".join(kept[:NAMED])) + (f" and {len(kept) - NAMED} more" if len(kept) > NAMED else "")
    why = f"{names} {'are' if len(kept) > 1 else 'is'} in none of the groups {', '.join(policy.groups)}"
    return Refusal(why, f"Put them into one of these groups, or name them in two_factor_withdraw: {names}.")


def losers(host: Host, states: t.Sequence[State], policy: Policy, listed: t.Sequence[Automation]) -> list[str]:
    """Accounts that sshd lets in now and would not by the group rules."""
    if not policy.groups:
        return []
    return [
        account.name
        for account in candidates(host, listed)
        if any(_admitted(host, state, account) for state in states) and not _fits(host, account, policy.groups)
    ]


def candidates(host: Host, listed: t.Sequence[Automation]) -> list[Account]:
    """People, accounts of programs, and any other with a shell and keys."""
    certain = {*_people.people(host, listed), *_people.machines(host, listed)}
    return [
        account
        for account in host.once(accounts.read)
        if account in certain or (_people.takes_logins(account) and _has_keys(host, account))
    ]


def _has_keys(host: Host, account: Account) -> bool:
    return any(file.entries and account in file.accounts for file in host.once(authorized.read).files)


def _admitted(host: Host, state: State, account: Account) -> bool:
    """Whether sshd lets the account in now, from some place at least."""
    for probe, values in state.answers:
        if account.name in probe.names:
            groups = values.get("allowgroups", ())
            if not _is_closed_root(host, account, values) and (not groups or _fits(host, account, groups)):
                return True
    return False


def _is_closed_root(host: Host, account: Account, values: sshd.Values) -> bool:
    """Whether it is root, and PermitRootLogin leaves it no way in: none at all, or keys where there are none."""
    told = values.get("permitrootlogin", ("",))[0]
    by_key = _has_keys(host, account) or values.get("trustedusercakeys", ("none",))[0] != "none"
    return account.uid == 0 and (told == "no" or (told != "yes" and not by_key))


def _fits(host: Host, account: Account, patterns: t.Sequence[str]) -> bool:
    return any(sshd_config.matches(one, name) for one in patterns for name in admits.groups_of(host, account.name))


def evidence(host: Host, states: t.Sequence[State], policy: Policy, listed: t.Sequence[Automation]) -> list[Evidence]:
    """Everyone who would lose access, each with his groups."""
    try:
        names = losers(host, states, policy, listed)[:NAMED]
    except HostError:
        return []
    return [
        Evidence(
            printable(name),
            f"in {printable(', '.join(sorted(admits.groups_of(host, name))) or 'no group')}",
            f"in {' or '.join(policy.groups)}",
        )
        for name in names
    ]
