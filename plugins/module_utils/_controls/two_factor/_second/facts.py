# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""All that is known before anything is judged: who comes, what PAM asks, who has enrolled, who is excepted."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._controls._people import Automation
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second import (
    comers,
    enrolment,
    policy,
    stack,
    ways,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second.comers import Comer
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second.enrolment import Enrolment
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second.policy import (
    Grace,
    Rescue,
)
from ansible_collections.infosec.principles.plugins.module_utils._formats import pam, pam_modules
from ansible_collections.infosec.principles.plugins.module_utils._formats.pam import Step
from ansible_collections.infosec.principles.plugins.module_utils._host import pam as host_pam
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd, sshd_state
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_classes import Probe
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State

Options = t.Mapping[str, t.Any]
SECURITY_KEYS = "authorized_keys"
#: What decides by what somebody gets in.
COUNTING = frozenset(("authenticationmethods", "passwordauthentication", "kbdinteractiveauthentication"))


@dataclasses.dataclass(frozen=True)
class Facts:
    """See the module.

    people: those who two factors are wanted of. programs: the accounts that are declared as such.
    service, steps, verdict: of PAM. method: the factor that is, or would be, asked for; "" where none can be told.
    enrolments: by the name of each of the people, what the module of the method knows.
    """

    states: tuple[State, ...]
    people: tuple[Comer, ...]
    programs: tuple[Comer, ...]
    automation: tuple[Automation, ...]
    rescue: Rescue
    rescuer: Comer | None
    grace: t.Mapping[str, Grace]
    service: str
    steps: tuple[Step, ...]
    verdict: stack.Verdict
    factors: stack.Factors
    method: str
    enrolments: t.Mapping[str, Enrolment]
    now: datetime.datetime

    @property
    def running(self) -> frozenset[str]:
        """The names of those whose grace has not ended."""
        return frozenset(name for name, one in self.grace.items() if one.runs(self.now))

    def answers(self, comer: Comer) -> t.Iterator[tuple[State, Probe, sshd.Values]]:
        """What each sshd says of this account, from each kind of place."""
        for state in self.states:
            for probe, values in state.answers:
                if comer.name in probe.names:
                    yield state, _as(probe, comer), values

    def ways_of(self, comer: Comer) -> t.Iterator[tuple[State, Probe, ways.Way]]:
        """Every way in that is open to the account now."""
        for state, probe, values in self.answers(comer):
            only = comer.security_keys_only
            for way in ways.ways(values, probe, self.verdict.kinds, security_keys_only=only):
                yield state, probe, way

    def comes(self, comer: Comer) -> bool:
        """Whether he can come in now, by what he has."""
        return any(comer.could_use(way) for _state, _probe, way in self.ways_of(comer))

    @property
    def unasked(self) -> int:
        """How many classes of users, and Match lines that may count, sshd was not asked about."""
        lines = sum(len(sshd_state.unaskable(state.settings, COUNTING)) for state in self.states)
        return lines + sum(state.unasked for state in self.states)

    @property
    def asks_pam(self) -> bool:
        """Whether sshd asks PAM of anybody."""
        through = {ways.PASSWORD_METHOD, ways.INTERACTIVE}
        return any(
            through & {method.partition(":")[0] for method in way.methods}
            for comer in self.people
            for _state, _probe, way in self.ways_of(comer)
        )


def _as(probe: Probe, comer: Comer) -> Probe:
    """One connection stands for all of its class; what is denied by name or group is not in the class."""
    return dataclasses.replace(probe, user=comer.name, groups=comer.groups)


def read(host: Host, options: Options) -> Facts:
    """Raises HostError, NeedsRoot among it."""
    states = host.once(sshd_state.read).known
    automation, rescue = _people.automation(options), policy.rescue(options)
    people, programs = comers.read(host, automation)
    service = _service(states)
    steps = host_pam.stack(host, service).steps
    factors = _factors(host, steps, options)
    ordinary = tuple(one for one in people if one.name != rescue.account)
    method = options["method"] if options["method"] != "auto" else _method(host, steps, ordinary, options, factors)
    asking = _asking(steps, method, options, factors)
    return Facts(
        states=states,
        people=ordinary,
        programs=programs,
        automation=automation,
        rescue=rescue,
        rescuer=next((one for one in (*people, *programs) if one.name == rescue.account), None),
        grace={one.name: one for one in policy.grace(options)},
        service=service,
        steps=steps,
        verdict=stack.judge(steps, factors),
        factors=factors,
        method=method,
        enrolments={one.name: _enrolment(host, one, asking, method) for one in ordinary},
        now=host.now(),
    )


def _service(states: t.Sequence[State]) -> str:
    """PAMServiceName (OpenSSH 10), or sshd's own name."""
    told = (ways.first(values, "pamservicename") for state in states for _probe, values in state.answers[:1])
    return next(filter(None, told), stack.SERVICE)


def _factors(host: Host, steps: t.Sequence[Step], options: Options) -> stack.Factors:
    duo = next((step for step in steps if step.name == "pam_duo"), None) or _line_step(stack.DUO, options)
    opening = frozenset(("pam_duo",)) if enrolment.duo_fails_open(host, duo) else frozenset()
    return stack.Factors(frozenset(options["factor_modules"]), host_pam.modules(host), opening)


def _line_step(method: str, options: Options) -> Step:
    (entry,) = pam.parse(stack.line(method, options))
    return Step("", entry.number, entry.control, entry.module, entry.arguments)


def _method(
    host: Host, steps: t.Sequence[Step], people: t.Sequence[Comer], options: Options, factors: stack.Factors
) -> str:
    """The one that PAM asks for already, else the one that most people have enrolled in; "" where nobody has any."""
    now = {step.name for step in factors.asking(steps)}
    if now:
        return next((method for method, module in stack.MODULES.items() if module in now), "")
    counts = {method: _enrolled(host, people, _line_step(method, options)) for method in stack.MODULES}
    best = max(counts, key=lambda method: counts[method])
    keyed = [one for one in people if one.has_key]
    by_keys = bool(keyed) and all(one.security_keys_only for one in keyed)
    return best if counts[best] else stack.FIDO2 if by_keys else ""


def _enrolled(host: Host, people: t.Sequence[Comer], step: Step) -> int:
    return sum(not enrolment.of(host, step, one.account).problem for one in people)


def _asking(steps: t.Sequence[Step], method: str, options: Options, factors: stack.Factors) -> list[Step]:
    """The lines whose modules have to know a person: those in force, else the one that would be written."""
    wanted = stack.MODULES.get(method, "")
    now = [step for step in factors.asking(steps) if not wanted or step.name == wanted]
    return now or ([_line_step(method, options)] if wanted else [])


def _enrolment(host: Host, comer: Comer, asking: t.Sequence[Step], method: str) -> Enrolment:
    if comer.verified_keys_only or (method == stack.FIDO2 and comer.security_keys_only):
        return Enrolment(SECURITY_KEYS)
    if method == stack.FIDO2:
        return Enrolment(SECURITY_KEYS, "not all of the keys are in security keys" if comer.has_key else "no key")
    found = [enrolment.of(host, step, comer.account) for step in asking]
    return next((one for one in found if not one.problem), found[0] if found else Enrolment("", "nobody has enrolled"))


def asked_for(facts: Facts, options: Options) -> list[Step]:
    """The lines of PAM whose files are looked at."""
    return _asking(facts.steps, facts.method, options, facts.factors)


def kinds_in_words(kinds: t.Collection[str]) -> str:
    """What somebody has to prove, for people."""
    words = {
        ways.KEY: "a key",
        ways.PIN: "the PIN of a security key",
        ways.TICKET: "a ticket of Kerberos",
        pam_modules.PASSWORD: "a password",
        pam_modules.FACTOR: "a second factor",
    }
    return " and ".join(word for kind, word in words.items() if kind in kinds) or "nothing"
