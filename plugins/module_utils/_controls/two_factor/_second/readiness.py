# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Who would be shut out by two factors, what stands in their way, and what should be written by now."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd.drop_in import DropIn
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second import policy, stack, ways
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second.comers import Comer
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second.facts import (
    Facts,
    Options,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats.pam_modules import FACTOR
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host


@dataclasses.dataclass(frozen=True)
class Plan:
    """changes: none where there are reasons against them, or nothing to be done. reasons: what stands in the way."""

    changes: tuple[Change, ...] = ()
    reasons: tuple[Evidence, ...] = ()


def unready(facts: Facts, comer: Comer) -> str:
    """Why two factors would shut him out; "" where they would not, or where he has grace or does not come at all."""
    if not facts.comes(comer) or has_grace(facts, comer):
        return ""
    if not comer.has_key:
        return "comes by password and has no key"
    late = facts.grace.get(comer.name)
    enrolment = facts.enrolments[comer.name]
    if enrolment.problem:
        return enrolment.problem + (f", and grace ended with {late.until}" if late else "")
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


# What should be written


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


def pam_is_right(host: Host, facts: Facts, options: Options) -> bool:
    """Whether PAM asks for a second factor, and a line of ours among it says what it is to say. Raises HostError."""
    return stack_is_fine(facts) and not stale_block(host, facts, options)


def stack_is_fine(facts: Facts) -> bool:
    """Whether PAM asks for a second factor already, and a password alone is none."""
    return facts.verdict.kinds is not None and FACTOR in facts.verdict.kinds


def stale_block(host: Host, facts: Facts, options: Options) -> bool:
    """Whether our block of the PAM service says something else than it is to. Raises HostError."""
    ours = stack.written(host, facts.service)
    return bool(ours) and facts.method in stack.MODULES and ours != stack.block(stack.line(facts.method, options))
