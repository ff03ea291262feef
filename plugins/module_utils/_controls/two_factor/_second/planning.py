# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The fix: why it must not be made (each reason that there is), or the changes."""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import admits
from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import drop_in as sshd_drop_in
from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd.drop_in import DropIn
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second import (
    enrolment,
    policy,
    readiness,
    stack,
    ways,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second.comers import Comer
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second.facts import (
    Facts,
    Options,
    asked_for,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Check
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.packages import InstallPackage
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts, distribution, logins
from ansible_collections.infosec.principles.plugins.module_utils._host import pam as host_pam
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_classes import ANYWHERE, Place, Probe
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State

PACKAGES = {
    "debian": {
        stack.OATH: "libpam-oath",
        stack.GOOGLE: "libpam-google-authenticator",
        stack.DUO: "libpam-duo",
    },
    "redhat": {stack.OATH: "pam_oath", stack.GOOGLE: "google-authenticator", stack.DUO: "duo_unix"},
}
#: How many accounts of each kind sshd is asked about with the candidate.
MAX_ASKED = 20
#: How far back the logs tell who comes that no list has, and how many of them are looked at.
DAYS, MAX_UNLISTED = 30, 50


def plan(host: Host, facts: Facts, options: Options) -> readiness.Plan:
    """What switches two factors on. Nothing is asked of sshd before everybody is ready."""
    reasons = (*_unready(facts, options), *readiness.programs_without_address(facts), *_no_rescue(facts))
    if reasons:
        return readiness.Plan(reasons=reasons)
    try:
        return _plan(host, facts, options)
    except (OSError, HostError, ChangeError, policy.Unwritable) as exc:
        return readiness.Plan(reasons=(Evidence("fix", str(exc), "a configuration that this control can change"),))


def _plan(host: Host, facts: Facts, options: Options) -> readiness.Plan:
    drop_in = readiness.wanted(host, facts)
    right = facts.method == stack.FIDO2 or readiness.pam_is_right(host, facts, options)
    pam = None if right else _candidate(host, facts, options)
    kinds = stack.judge(pam.steps, _with_module(facts)).kinds if pam else facts.verdict.kinds
    reasons = [] if options["allow_self_cutoff"] else _self_cutoff(host, facts, drop_in)
    reasons += _unlisted(host, facts, options)
    reasons += [reason for state in facts.states for reason in _foretold(host, facts, state, drop_in, kinds)]
    if reasons:
        return readiness.Plan(reasons=tuple(reasons))
    more = _pam_changes(host, facts, pam) if pam and pam.change else []
    return readiness.Plan(
        sshd_drop_in.changes(host, facts.states, drop_in, seconds=options["confirm_seconds"], more=more)
    )


# Reasons against it


def _unready(facts: Facts, options: Options) -> t.Iterator[Evidence]:
    """Everybody who comes in now and could not any more."""
    if not facts.method and not readiness.stack_is_fine(facts):
        yield Evidence("two_factor_method", "nobody has a second factor", "one that people have enrolled in")
        return
    for comer in facts.people:
        why = readiness.unready(facts, comer)
        if why:
            yield Evidence(comer.name, why, "a key and a second factor, or an entry in grace, automation or rescue")


def _no_rescue(facts: Facts) -> t.Iterator[Evidence]:
    why = readiness.rescue_problem(facts)
    if why:
        yield Evidence("two_factor_rescue", why, "an account with a key and its addresses, or a console")


def _unlisted(host: Host, facts: Facts, options: Options) -> t.Iterator[Evidence]:
    """Who came lately, is known to the name service but not listed by it (sssd), and has not enrolled."""
    known = {account.name for account in host.once(accounts.read)}
    since = host.now() - datetime.timedelta(days=DAYS)
    names = {login.account for source in logins.sources(host, since) for login in source.logins if login.when >= since}
    for name in sorted(names - known)[:MAX_UNLISTED]:
        account = accounts.account(host, name)
        if account is None or name in facts.running or _people.declared(name, facts.automation):
            continue
        problems = [enrolment.of(host, step, account).problem for step in asked_for(facts, options)]
        if "" not in problems:
            why = problems[0] if problems else "only a look at its keys could tell whether they are in security keys"
            yield Evidence(name, f"logged in lately, and {why}", "a second factor, or an entry in grace or automation")


def _self_cutoff(host: Host, facts: Facts, drop_in: DropIn) -> list[Evidence]:
    return list(filter(None, (admits.refusal(host, state, drop_in) for state in facts.states)))


# What sshd says of the candidate


def _foretold(host: Host, facts: Facts, state: State, drop_in: DropIn, kinds: ways.Asked) -> t.Iterator[Evidence]:
    """Whoever would not be let in as he should. Raises HostError where sshd refuses the candidate."""

    def told(comer: Comer, address: str) -> tuple[ways.Way, ...]:
        probe = _probe(state, comer, address)
        values = admits.foretold(host, state, drop_in, probe.specification)
        return ways.ways(values, probe, kinds, security_keys_only=comer.security_keys_only)

    for comer in facts.people[:MAX_ASKED]:
        weak = [way for way in told(comer, ANYWHERE) if not way.two_factors]
        if weak and not readiness.has_grace(facts, comer):
            yield Evidence(comer.name, f"would still get in by {weak[0]}", "two factors; see what outweighs the file")
    for comer, allowed in excepted(facts)[:MAX_ASKED]:
        if facts.comes(comer) and not any(
            set(way.methods) == {ways.PUBLICKEY} for way in told(comer, _sample(allowed))
        ):
            yield Evidence(comer.name, f"would not get in by its key from {_sample(allowed)}", "a way in for it")


def excepted(facts: Facts) -> list[tuple[Comer, tuple[str, ...]]]:
    """The accounts that a key alone opens, with the addresses that it does from."""
    found = []
    for comer in facts.programs:
        entry = _people.declared(comer.name, facts.automation)
        if entry and entry.sources:
            found.append((comer, entry.sources))
    if facts.rescuer and facts.rescue.sources:
        found.append((facts.rescuer, facts.rescue.sources))
    return found


def _probe(state: State, comer: Comer, address: str) -> Probe:
    local, port = state.daemon.listening[0] if state.daemon.listening else ("127.0.0.1", 22)
    place = Place(address, address, local.partition("%")[0], port)
    return Probe(comer.name, comer.groups, (comer.name,), place, "")


def _sample(allowed: t.Sequence[str]) -> str:
    """An address among them. Raises Unwritable."""
    network = ipaddress.ip_network(policy.sources(allowed)[0])
    return str(network[min(1, network.num_addresses - 1)])


# PAM


def _with_module(facts: Facts) -> stack.Factors:
    """As it is once the module is installed."""
    wanted_module = stack.MODULES.get(facts.method, "")
    return dataclasses.replace(facts.factors, present=facts.factors.present | {wanted_module})


def _candidate(host: Host, facts: Facts, options: Options) -> stack.Candidate:
    if facts.method not in stack.MODULES:
        raise HostError(f"/etc/pam.d/{facts.service}: asks for a factor that this control cannot write a line for")
    line = stack.line(facts.method, options)
    return stack.candidate(host, facts.service, facts.method, line, facts.factors)


def _pam_changes(host: Host, facts: Facts, pam: stack.Candidate) -> list[Change]:
    """The module is there before any line names it."""
    module = stack.MODULES[facts.method]
    found: list[Change] = []
    if module not in facts.factors.present:
        packages = PACKAGES.get(host.once(distribution.read).family, {})
        if facts.method not in packages:
            raise HostError(f"{module}.so is not installed, and no package of this system is known to bring it")
        found.append(InstallPackage(packages[facts.method]))
    folder = host_pam.module_folder(host)
    found.append(Check(f"{module}.so is installed", ("test", "-e", host.path(f"{folder}/{module}.so"))))
    return [*found, *([pam.change] if pam.change else [])]
