# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The fix: why it must not be made (each reason that there is), or the changes."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import admits
from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import drop_in as sshd_drop_in
from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd.drop_in import DropIn
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second import policy, stack, ways
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second.comers import Comer
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second.facts import (
    Facts,
    Options,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Check
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.packages import InstallPackage
from ansible_collections.infosec.principles.plugins.module_utils._formats.pam_modules import FACTOR
from ansible_collections.infosec.principles.plugins.module_utils._host import distribution, sshd
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


@dataclasses.dataclass(frozen=True)
class Plan:
    """changes: none where there are reasons against them, or nothing to be done. reasons: what stands in the way."""

    changes: tuple[Change, ...] = ()
    reasons: tuple[Evidence, ...] = ()


def plan(host: Host, facts: Facts, options: Options) -> Plan:
    """What switches two factors on. Nothing is asked of sshd before everybody is ready."""
    reasons = (*_unready(facts, options), *programs_without_address(facts), *_no_rescue(facts))
    if reasons:
        return Plan(reasons=reasons)
    try:
        return _plan(host, facts, options)
    except (OSError, HostError, ChangeError, policy.Unwritable) as exc:
        return Plan(reasons=(Evidence("fix", str(exc), "a configuration that this control can change"),))


def _plan(host: Host, facts: Facts, options: Options) -> Plan:
    drop_in = wanted(host, facts)
    pam = (
        _candidate(host, facts, options)
        if facts.method != stack.FIDO2 and not pam_is_right(host, facts, options)
        else None
    )
    kinds = stack.judge(pam.steps, _with_module(facts)).kinds if pam else facts.verdict.kinds
    reasons = [] if options["allow_self_cutoff"] else _self_cutoff(host, facts, drop_in)
    reasons += [reason for state in facts.states for reason in _foretold(host, facts, state, drop_in, kinds)]
    if reasons:
        return Plan(reasons=tuple(reasons))
    more = _pam_changes(host, facts, pam) if pam and pam.change else []
    return Plan(sshd_drop_in.changes(host, facts.states, drop_in, seconds=options["confirm_seconds"], more=more))


def pam_is_right(host: Host, facts: Facts, options: Options) -> bool:
    """Whether PAM asks for a second factor, and a line of ours among it says what it is to say. Raises HostError."""
    return stack_is_fine(facts) and not stale_block(host, facts, options)


def stale_block(host: Host, facts: Facts, options: Options) -> bool:
    """Whether our block of the PAM service says something else than it is to. Raises HostError."""
    ours = stack.written(host, facts.service)
    return bool(ours) and facts.method in stack.MODULES and ours != stack.block(stack.line(facts.method, options))


def wanted(host: Host, facts: Facts) -> DropIn:
    """Our file as it should be now. Raises Unwritable."""
    version = min((sshd.version(host, state.daemon) for state in facts.states), default=policy.ONE_SWITCH)
    late = tuple(one for one in facts.grace.values() if one.runs(host.now()))
    excepted = {one.name for one in late}
    keyed = tuple(
        one.name
        for one in facts.people
        if one.verified_keys_only and facts.method != stack.FIDO2 and one.name not in excepted
    )
    return policy.drop_in(policy.Policy(facts.method, facts.automation, facts.rescue, late, keyed), version)


# Reasons against it


def _unready(facts: Facts, options: Options) -> t.Iterator[Evidence]:
    """Everybody who comes in now and could not any more."""
    if not facts.method and not stack_is_fine(facts):
        yield Evidence("two_factor_method", "nobody has a second factor", "one that people have enrolled in")
        return
    for comer in facts.people:
        why = unready(facts, comer)
        if why:
            yield Evidence(comer.name, why, "a key and a second factor, or an entry in grace, automation or rescue")


def stack_is_fine(facts: Facts) -> bool:
    """Whether PAM asks for a second factor already, and a password alone is none."""
    return facts.verdict.kinds is not None and FACTOR in facts.verdict.kinds


def unready(facts: Facts, comer: Comer) -> str:
    """Why two factors would shut him out; "" where they would not, or where he has grace or does not come at all."""
    if not facts.comes(comer) or has_grace(facts, comer):
        return ""
    if not comer.has_key:
        return "comes by password and has no key"
    late = facts.grace.get(comer.name)
    enrolment = facts.enrolments[comer.name]
    if enrolment.problem:
        return enrolment.problem + (f"; grace ended with {late.until}" if late else "")
    return _root_by_key_alone(facts, comer)


def has_grace(facts: Facts, comer: Comer) -> bool:
    """Whether a key alone is still to let him in."""
    return comer.name in facts.running


def _root_by_key_alone(facts: Facts, comer: Comer) -> str:
    """PermitRootLogin prohibit-password forbids root all that asks anything, so also a code after the key."""
    allowed = {ways.first(values, "permitrootlogin") for _state, _probe, values in facts.answers(comer)}
    if comer.name != "root" or facts.method == stack.FIDO2 or allowed <= {"yes", "no"} or comer.verified_keys_only:
        return ""
    return "PermitRootLogin prohibit-password would refuse the code after the key"


def programs_without_address(facts: Facts) -> t.Iterator[Evidence]:
    """Programs that would be shut out, since nobody said where they come from."""
    for comer in facts.programs:
        entry = _people.declared(comer.name, facts.automation)
        if entry and not entry.sources and facts.comes(comer):
            yield Evidence(comer.name, "infosec_automation does not say from where it comes", "its addresses (from)")


def _no_rescue(facts: Facts) -> t.Iterator[Evidence]:
    why = rescue_problem(facts)
    if why:
        yield Evidence("two_factor_rescue", why, "an account with a key and its addresses, or a console")


def rescue_problem(facts: Facts) -> str:
    """Why nobody could be sure to get in when no second factor can be had; "" where somebody could."""
    rescue, comer = facts.rescue, facts.rescuer
    if not rescue.account:
        return "" if rescue.console.strip() else "no way in is declared for when no second factor can be had"
    if comer is None:
        return f"there is no account {rescue.account} that takes logins"
    if not comer.has_key:
        return f"no key opens the account {rescue.account}"
    return "" if rescue.sources else f"it is not declared from where {rescue.account} may come"


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
        if weak and not has_grace(facts, comer):
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
