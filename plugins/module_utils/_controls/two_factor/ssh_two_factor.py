# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""People log in with two factors, programs with a key from declared addresses, and somebody always gets in."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second import (
    enrolment,
    facts,
    policy,
    readiness,
    stack,
    ways,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second.comers import Comer
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second.facts import Facts
from ansible_collections.infosec.principles.plugins.module_utils._engine import files
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._formats.pam_modules import FACTOR, PASSWORD
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd, sshd_state
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_classes import Probe

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second import planning
else:
    planning = later("_controls.two_factor._second.planning")

NAME = "ssh_two_factor"
REFERENCE = "https://infosec.mozilla.org/fundamentals/security_principles#require-two-factor-authentication"
OPENSSH = "https://infosec.mozilla.org/guidelines/openssh#multi-factor-authentication"

PEOPLE = Rule(
    name="people",
    title="Nobody gets in over SSH without two factors of different kinds",
    risk="high",
    reference=REFERENCE,
    remedy="Let everybody enrol, declare programs (infosec_automation), a rescue path (two_factor_rescue) and who "
    "needs more time (two_factor_grace), then let the drop-in be written.",
)
PAM = Rule(
    name="pam_second_factor",
    title="PAM takes no password as the second factor of a login over SSH",
    risk="high",
    reference=OPENSSH,
    remedy="Replace the line of /etc/pam.d/sshd that leads to passwords (Debian: @include common-auth, Red Hat: auth "
    "substack password-auth) by the one of the second factor, and let nothing that succeeds come after it.",
)
ENROLMENT = Rule(
    name="enrolment",
    title="Everybody who comes in over SSH has a second factor",
    risk="medium",
    reference=OPENSSH,
    remedy="Let the person enrol: a line in /etc/users.oath, google-authenticator, or a security key (ssh-keygen -t "
    "ed25519-sk -O verify-required) with verify-required in authorized_keys. Until then list him in two_factor_grace.",
)
AUTOMATION = Rule(
    name="automation",
    title="Programs log in with a key, and only from declared addresses",
    risk="medium",
    reference=OPENSSH,
    remedy="Say in infosec_automation from where each program comes (from), then let the drop-in be written.",
)
RESCUE = Rule(
    name="rescue",
    title="Somebody gets in also when no second factor can be had",
    risk="low",
    reference=REFERENCE,
    remedy="Declare two_factor_rescue: an account with a key of its own and the addresses that it may come from, or "
    "the console that somebody can get at.",
)
SECRETS = Rule(
    name="secrets",
    title="Nobody but root and its owner can read the secret of a second factor",
    risk="high",
    reference=REFERENCE,
    remedy="chmod 0600 the file, give it to its owner, and make new secrets where somebody may have read it.",
)
REPLAY = Rule(
    name="replay",
    title="No code lets anybody in twice",
    risk="medium",
    reference=REFERENCE,
    remedy='Add the line `" DISALLOW_REUSE` to the file that google-authenticator made (its option -d).',
)
WRITTEN = Rule(
    name="written",
    title="What this control wrote for sshd and PAM is what it is to be by now",
    risk="medium",
    reference=REFERENCE,
    remedy="Let it be written again; somebody edited it, or the declarations changed.",
)
RULES = (PEOPLE, PAM, ENROLMENT, AUTOMATION, RESCUE, SECRETS, REPLAY, WRITTEN)
OPTIONS: dict[str, dict[str, t.Any]] = {
    "method": {
        "type": "str",
        "choices": ["auto", stack.OATH, stack.GOOGLE, stack.DUO, stack.FIDO2],
        "default": "auto",
    },
    "automation": _people.AUTOMATION_OPTION,
    "rescue": {
        "type": "dict",
        "options": {
            "account": {"type": "str", "default": ""},
            "from": {"type": "list", "elements": "str", "default": []},
            "console": {"type": "str", "default": ""},
        },
    },
    "grace": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "until": {"type": "str", "required": True},
            "why": {"type": "str", "default": ""},
        },
    },
    "factor_modules": {"type": "list", "elements": "str", "default": []},
    "oath_usersfile": {"type": "str", "default": enrolment.OATH_FILE},
    "oath_digits": {"type": "int", "choices": [6, 7, 8], "default": 6},
    "oath_window": {"type": "int", "default": 20},
    "confirm_seconds": {"type": "int", "default": 60},
    "allow_self_cutoff": {"type": "bool", "default": False},
}
SSHD, SERVICE, FILES = "sshd", "PAM", "second factors"
#: Lines of evidence of one finding.
MAX_EVIDENCE = 20


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """Judge every account that may come, by what each sshd says and what PAM's stack comes to."""
    daemons, problems = host.once(sshd.read), host.once(sshd_state.read).problems
    if not daemons:
        yield from (Finding(rule, SSHD, f.NOT_APPLICABLE, "no sshd runs here") for rule in RULES)
        return
    for name, problem in problems.items():
        for rule in RULES:
            yield Finding(rule, name, f.NOT_ASSESSED, f"sshd does not say what is in force: {problem}")
    if host.once(sshd_state.read).known:
        yield from _assess(host, options)


def _assess(host: Host, options: Options) -> t.Iterator[Finding]:
    try:
        known = facts.read(host, options)
    except NeedsRoot:
        raise
    except HostError as exc:
        yield from (Finding(rule, SSHD, f.NOT_ASSESSED, printable(str(exc))) for rule in RULES)
        return
    found = [*_people_findings(known), _pam(known), *_automation(known), _written(host, known, options)]
    yield from _with_fix(host, known, options, found)
    yield from _enrolments(known)
    yield _rescue(known)
    yield from _secrets(host, known, options)
    yield _replay(known)


# The fix that people, pam_second_factor, automation and written share


def _with_fix(host: Host, known: Facts, options: Options, found: t.Sequence[Finding]) -> t.Iterator[Finding]:
    """The findings; those that fail carry the one fix, or why there is none."""
    plan = readiness.Plan()
    if any(one.status == f.FAIL for one in found):
        plan = planning.plan(host, known, options)
    for one in found:
        yield one if one.status != f.FAIL else _told(one, known, plan)


def _told(finding: Finding, known: Facts, plan: readiness.Plan) -> Finding:
    """With the fix, or why there is none; whoever has grace goes on failing, whatever is fixed."""
    if finding.rule is PEOPLE and finding.subject in known.running:
        return finding
    if plan.changes:
        return dataclasses.replace(finding, fix=plan.changes)
    why = "; nothing that this control may write outweighs that"
    if plan.reasons:
        names = ", ".join(dict.fromkeys(f"{one.source} ({one.found})" for one in plan.reasons[:3]))
        more = len(plan.reasons) - 3
        why = f"; not fixed, since first to be seen to: {names}" + (f" and {more} more" if more > 0 else "")
    evidence = (*finding.evidence, *plan.reasons)[:MAX_EVIDENCE]
    return dataclasses.replace(finding, message=printable(f"{finding.message}{why}"), evidence=evidence)


# Rule people


def _people_findings(known: Facts) -> t.Iterator[Finding]:
    for comer in known.people:
        yield _person(known, comer)
    if not known.people:
        yield Finding(PEOPLE, SSHD, f.PASS, "there is no account of a person that takes logins")


def _person(known: Facts, comer: Comer) -> Finding:
    name = printable(comer.name)
    found = list(known.ways_of(comer))
    weak = [one for one in found if not one[2].two_factors]
    if not weak and known.unasked:
        message = (
            f"what sshd wants of {known.unasked} more classes of users was not asked, {name} may be in one of them"
        )
        return Finding(PEOPLE, name, f.NOT_ASSESSED, message)
    if not weak:
        message = f"{name} needs {_needs(found)}" if found else f"no sshd lets {name} in"
        return Finding(PEOPLE, name, f.PASS, message, tuple(_way_evidence(one) for one in found[:1]))
    message = f"{name} gets in by {_weakness(weak, asked=len(list(known.answers(comer))))}{_grace(known, comer)}"
    return Finding(PEOPLE, name, f.FAIL, printable(message), tuple(_way_evidence(one) for one in weak[:3]))


def _grace(known: Facts, comer: Comer) -> str:
    late = known.grace.get(comer.name)
    if late is None:
        return ""
    return f"; has grace until {late.until}: {late.why}" if comer.name in known.running else "; grace has ended"


Open = tuple[sshd_state.State, Probe, ways.Way]


def _weakness(weak: t.Sequence[Open], *, asked: int) -> str:
    """Each way once, with the places where it is not open from everywhere (`asked`: how many were asked about)."""
    places: dict[ways.Way, list[str]] = {}
    for _state, probe, way in weak:
        places.setdefault(way, []).append(probe.where)
    words = {way: "" if len(where) == asked else ",".join(dict.fromkeys(where)) for way, where in places.items()}
    return ", ".join(f"{way}{where} ({_proved(way)})" for way, where in words.items())


def _needs(found: t.Sequence[Open]) -> str:
    return " or ".join(dict.fromkeys(_proved(way) for _state, _probe, way in found))


def _proved(way: ways.Way) -> str:
    """What a way proves, and for two of one kind that they are."""
    words = facts.kinds_in_words(way.proves)
    return f"{words}, twice the same kind" if len(way.methods) > len(way.proves) == 1 else words


def _way_evidence(one: Open) -> Evidence:
    state, probe, way = one
    line = sshd_state.deciding(state, probe, "authenticationmethods")
    source = line.place if line else f"{state.daemon.program} -T (default)"
    return Evidence(
        source, f"AuthenticationMethods {way}{probe.where}: {_proved(way)}", "two factors of different kinds"
    )


# Rule pam_second_factor


def _pam(known: Facts) -> Finding:
    kinds, service = known.verdict.kinds, known.service
    evidence = (Evidence(f"/etc/pam.d/{service}", known.verdict.told() or "no way through", "a second factor"),)
    if not known.asks_pam:
        return Finding(PAM, service, f.NOT_APPLICABLE, "sshd asks PAM of nobody", evidence)
    if kinds is None:
        return Finding(PAM, service, f.FAIL, "PAM lets nobody through, whatever he knows or has", evidence)
    if FACTOR in kinds:
        return Finding(PAM, service, f.PASS, f"PAM wants {facts.kinds_in_words(kinds)}", evidence)
    what = "a password alone" if PASSWORD in kinds else "no proof at all"
    return Finding(PAM, service, f.FAIL, f"PAM wants {what}: {known.verdict.told()}", evidence)


# Rule automation


def _automation(known: Facts) -> t.Iterator[Finding]:
    for comer in known.programs:
        entry = _people.declared(comer.name, known.automation)
        yield _program(known, comer, entry.sources if entry else ())
    if not known.programs:
        yield Finding(AUTOMATION, SSHD, f.NOT_APPLICABLE, "no account here is declared as a program's")


def _program(known: Facts, comer: Comer, allowed: t.Sequence[str]) -> Finding:
    name = printable(comer.name)
    if not allowed:
        message = f"it is not declared from where {name} comes, so that its key would do from anywhere, or nowhere"
        return Finding(AUTOMATION, name, f.FAIL, message)
    wrong = _wrong(known, comer, allowed)
    if wrong:
        return Finding(AUTOMATION, name, f.FAIL, f"{name} {'; '.join(dict.fromkeys(wrong))}")
    message = f"a key alone opens {name} from {', '.join(allowed)} and from nowhere else"
    return Finding(AUTOMATION, name, f.PASS, message)


def _wrong(known: Facts, comer: Comer, allowed: t.Sequence[str]) -> list[str]:
    """What is not as it should be for an account that a key alone opens from these addresses."""
    found = []
    for _state, probe, way in known.ways_of(comer):
        inside = policy.contains(allowed, probe.place.address)
        if inside and set(way.methods) != {ways.PUBLICKEY}:
            found.append(f"also gets in by {way}{probe.where}")
        elif not inside and not way.two_factors:
            found.append(f"gets in by {way} from anywhere, not from {', '.join(allowed)} alone")
    return found


# Rule written


def _written(host: Host, known: Facts, options: Options) -> Finding:
    try:
        now = files.read_now(host, policy.PATH)
        stale = readiness.stale_block(host, known, options)
        if now is None and not stack.written(host, known.service):
            return Finding(WRITTEN, policy.PATH, f.NOT_APPLICABLE, "this control wrote nothing yet")
        if stale or now != readiness.wanted(host, known).text:
            return Finding(WRITTEN, policy.PATH, f.FAIL, "it holds another policy than it is to")
    except (OSError, HostError, ChangeError, policy.Unwritable) as exc:
        return Finding(WRITTEN, policy.PATH, f.FAIL, printable(str(exc)))
    return Finding(WRITTEN, policy.PATH, f.PASS, "it holds what it is to")


# Rules enrolment, rescue, secrets and replay


def _enrolments(known: Facts) -> t.Iterator[Finding]:
    coming = [comer for comer in known.people if known.comes(comer)]
    for comer in coming:
        name, own = printable(comer.name), known.enrolments[comer.name]
        why = readiness.unready(known, comer) or own.problem
        if not own.known:
            message = own.problem or f"{own.source} alone knows whether {name} has enrolled"
            yield Finding(ENROLMENT, name, f.NOT_ASSESSED, printable(message))
        elif why:
            evidence = (Evidence(printable(own.source or name), printable(why), "a key and a second factor"),)
            message = f"{name} has no second factor: {why}{_grace(known, comer)}"
            yield Finding(ENROLMENT, name, f.FAIL, printable(message), evidence)
        else:
            yield Finding(ENROLMENT, name, f.PASS, printable(f"{name} has a second factor ({own.source})"))
    if not coming:
        yield Finding(ENROLMENT, SSHD, f.PASS, "nobody has anything to log in with")


def _rescue(known: Facts) -> Finding:
    why = readiness.rescue_problem(known)
    if why:
        return Finding(RESCUE, SSHD, f.FAIL, printable(why))
    rescue, comer = known.rescue, known.rescuer
    if not rescue.account or comer is None:
        return Finding(RESCUE, SSHD, f.PASS, printable(f"declared: {rescue.console}"))
    open_from = [
        way
        for _state, probe, way in known.ways_of(comer)
        if set(way.methods) == {ways.PUBLICKEY} and policy.contains(rescue.sources, probe.place.address)
    ]
    asked = any(policy.contains(rescue.sources, probe.place.address) for _s, probe, _v in known.answers(comer))
    where = f"{printable(comer.name)} from {', '.join(rescue.sources)}"
    if asked and not open_from:
        return Finding(RESCUE, SSHD, f.FAIL, f"sshd would not let in {where} by a key alone")
    return Finding(RESCUE, SSHD, f.PASS, f"a key alone opens {where}" if asked else f"declared: {where}")


def _secrets(host: Host, known: Facts, options: Options) -> t.Iterator[Finding]:
    accounts = [comer.account for comer in known.people]
    steps = facts.asked_for(known, options)
    found = {one.path: one for step in steps for one in enrolment.secrets(host, step, accounts)}
    for path, one in found.items():
        name = printable(path)
        if one.problem:
            yield Finding(
                SECRETS, name, f.FAIL, f"{name} {one.problem}", (Evidence(name, one.problem, "0600"),), one.fix
            )
        else:
            yield Finding(SECRETS, name, f.PASS, f"only its owner reads {name}")
    if not found:
        yield Finding(SECRETS, FILES, f.NOT_APPLICABLE, "there is no file with such secrets")


def _replay(known: Facts) -> Finding:
    again = {name: one for name, one in known.enrolments.items() if one.reusable}
    if not again:
        return Finding(REPLAY, FILES, f.PASS, "no code is taken a second time")
    evidence = tuple(Evidence(printable(one.source), "a code is taken again", one.reusable) for one in again.values())
    names = ", ".join(printable(name) for name in again)
    return Finding(REPLAY, FILES, f.FAIL, f"a code that was used lets in again: {names}", evidence[:MAX_EVIDENCE])


CONTROL = Control(
    name=NAME,
    principle="two_factor",
    title="People log in with two factors",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
