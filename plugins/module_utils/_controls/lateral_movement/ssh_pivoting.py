# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Nobody goes on from this host over SSH: nothing is forwarded, no host is trusted, no key lies here for the taking."""

from __future__ import annotations

import dataclasses
import os
import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._pivoting import (
    carried,
    grants,
    keys,
    winning,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import files
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._engine.guard import Guard
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd, sshd_state
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State

NAME = "ssh_pivoting"
REFERENCE = "https://infosec.mozilla.org/fundamentals/security_principles#do-not-allow-lateral-movement"
OPENSSH = "https://infosec.mozilla.org/guidelines/openssh"

FORWARDING = Rule(
    name="forwarding",
    title="sshd forwards nothing for anybody, except TCP on declared bastions",
    risk="medium",
    reference=OPENSSH,
    remedy="Let the drop-in be written; where people go on through this host, declare it (lateral_movement_bastion).",
)
HOSTBASED = Rule(
    name="hostbased",
    title="sshd lets nobody in because of the host that he comes from",
    risk="high",
    reference=REFERENCE,
    remedy="Let the drop-in be written, and give keys to whoever logged in by HostbasedAuthentication.",
)
OVERRIDDEN = Rule(
    name="overridden",
    title="No setting of others outweighs what this control wrote for sshd",
    risk="medium",
    reference=REFERENCE,
    remedy="Remove the line that the evidence names.",
)
RHOSTS = Rule(
    name="rhosts",
    title="No file trusts users of other hosts (.rhosts, .shosts, hosts.equiv, shosts.equiv)",
    risk="medium",
    reference=REFERENCE,
    remedy="Remove the file; give keys to whoever needs to log in.",
)
UNPROTECTED_KEYS = Rule(
    name="unprotected_keys",
    title="No private key without a passphrase lies in a home directory",
    risk="high",
    reference=OPENSSH,
    remedy="Remove the key, or give it a passphrase (ssh-keygen -p -f FILE); use ProxyJump to go on from here. Waive a "
    "key that a service needs, and restrict it where it is authorized (restrict, from=, command=).",
)
IDENTITY = Rule(
    name="identity",
    title="Nobody but root can read the host's private keys",
    risk="medium",
    reference=REFERENCE,
    remedy="chmod 0600 the host key, and make a new one where somebody may have read it (ssh-keygen -A).",
)
RULES = (FORWARDING, HOSTBASED, OVERRIDDEN, RHOSTS, UNPROTECTED_KEYS, IDENTITY)
OPTIONS: dict[str, dict[str, t.Any]] = {
    "bastion": {"type": "bool", "default": False},
    "scan_depth": {"type": "int", "default": 4},
    "scan_files": {"type": "int", "default": 50000},
    "confirm_seconds": {"type": "int", "default": 60},
    "allow_self_cutoff": {"type": "bool", "default": False},
}
SSHD, HOMES, HOST = "sshd", "home directories", "host"
#: Larger rhosts files are left to a person: they would go to the journal whole.
MAX_RHOSTS = 1024 * 1024
#: Lines of evidence about options of authorized keys, and about what was not seen.
MAX_OPTIONS, MAX_UNSEEN = 20, 20
_WIDENING = ("permit", "port-forwarding", "agent-forwarding", "x11-forwarding", "pty", "tunnel", "restrict")


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """Judge each sshd that runs, and what lies in home directories."""
    daemons = host.once(sshd.read)
    states, problems = host.once(sshd_state.read).known, host.once(sshd_state.read).problems
    yield from _sshd(host, daemons, states, problems, options)
    yield from _rhosts(host, states, problems, options)
    yield from _keys(host, options)
    yield from _identity(host, states, problems)


Problems = t.Mapping[str, str]


# sshd: rules forwarding, hostbased and overridden


def _sshd(
    host: Host, daemons: t.Sequence[sshd.Daemon], states: t.Sequence[State], problems: Problems, options: Options
) -> t.Iterator[Finding]:
    if not daemons:
        for rule in (FORWARDING, HOSTBASED, OVERRIDDEN):
            yield Finding(rule, SSHD, f.NOT_APPLICABLE, "no sshd runs here")
    for name, problem in problems.items():
        for rule in (FORWARDING, HOSTBASED, OVERRIDDEN):
            yield Finding(rule, name, f.NOT_ASSESSED, f"sshd does not say what is in force: {problem}")
    verdict = _Verdict(host, states, options)
    for state in states:
        yield from verdict.findings(state)


class _Verdict:
    """The one fix of all sshd, or why there is none, and the findings that carry it."""

    def __init__(self, host: Host, states: t.Sequence[State], options: Options) -> None:
        self._host = host
        self._bastion: bool = options["bastion"]
        self._wanted = {FORWARDING: grants.forwarding(bastion=self._bastion), HOSTBASED: grants.HOSTBASED}
        self._text = winning.drop_in(bastion=self._bastion)
        self._problem = ""
        self._ours = self._written()
        wrong = [state for state in states if self._stale or any(self._granted(state).values())]
        self._refusal = self._refused(wrong, options)
        self._fix = self._plan(wrong, options) if wrong and not self._refusal and not self._problem else ()

    def _written(self) -> str | None:
        try:
            return winning.written(self._host)
        except (OSError, ChangeError) as exc:
            self._problem = str(exc)
        return None

    @property
    def _stale(self) -> bool:
        """Whether our file says something else than it should by now (bastion was switched, or somebody edited it)."""
        return self._ours is not None and self._ours != self._text

    def _granted(self, state: State) -> dict[Rule, list[grants.Grant]]:
        return {rule: grants.grants(state, wanted) for rule, wanted in self._wanted.items()}

    def _refused(self, wrong: t.Sequence[State], options: Options) -> tuple[Evidence, ...]:
        if not wrong or options["allow_self_cutoff"]:
            return ()
        by_rhosts = any(self._granted(state)[HOSTBASED] for state in wrong)
        return carried.refusal(self._host, bastion=self._bastion, by_rhosts=by_rhosts)

    def _plan(self, wrong: t.Sequence[State], options: Options) -> tuple[Change, ...]:
        try:
            return winning.changes(self._host, wrong, bastion=self._bastion, seconds=options["confirm_seconds"])
        except (OSError, HostError, ChangeError) as exc:
            self._problem = str(exc)
        return ()

    def findings(self, state: State) -> t.Iterator[Finding]:
        """Those of the three rules for one sshd."""
        granted = self._granted(state)
        for rule, found in granted.items():
            if found or (rule is FORWARDING and self._stale):
                yield self._failing(rule, state, found)
            else:
                yield self._passing(rule, state)
        yield self._overridden(state, [grant for found in granted.values() for grant in found])

    def _failing(self, rule: Rule, state: State, found: t.Sequence[grants.Grant]) -> Finding:
        evidence = tuple(_evidence(state, grant) for grant in found) or (
            Evidence(winning.DROP_IN, "not what this control would write", "its text of now"),
        )
        message = (
            f"sshd grants {grants.summary(state, found)}"
            if found
            else "the file of this control holds another policy than it is to"
        )
        return self._told(Finding(rule, state.daemon.name, f.FAIL, message, evidence, self._fix), found)

    def _told(self, finding: Finding, found: t.Sequence[grants.Grant]) -> Finding:
        """The finding, with why it has no fix."""
        if finding.fix:
            return finding
        why, remedy = f"; not fixed: {self._problem}" if self._problem else "", ""
        if self._refusal:
            why = f"; not fixed, since {self._refusal[0].source} would be cut off: {self._refusal[0].found}"
            remedy = self._refusal[0].expected
        elif not self._problem:
            lines = ", ".join(dict.fromkeys(grant.line.place for grant in found if grant.line))
            why = f"; nothing that this control may write outweighs {lines or 'that'}"
        evidence = (*self._refusal, *finding.evidence)
        return Finding(
            finding.rule, finding.subject, finding.status, f"{finding.message}{why}", evidence, remedy=remedy
        )

    def _passing(self, rule: Rule, state: State) -> Finding:
        asked = f"asked about {len(state.answers)} class{'es' if len(state.answers) > 1 else ''} of users"
        unasked = grants.unasked(state)
        if unasked:
            message = f"what sshd grants to {unasked} more classes of users was not asked ({asked})"
            return Finding(rule, state.daemon.name, f.NOT_ASSESSED, message)
        what = "lets nobody in by host" if rule is HOSTBASED else "forwards nothing"
        message = (
            f"sshd {'forwards TCP alone, being a bastion' if rule is FORWARDING and self._bastion else what} ({asked})"
        )
        values = state.answers[0][1]
        evidence = tuple(
            Evidence(f"{state.daemon.program} -T", f"{keyword} {grants.value_of(values, keyword)}")
            for keyword, _value, _others in self._wanted[rule]
        )
        return Finding(rule, state.daemon.name, f.PASS, message, evidence)

    def _overridden(self, state: State, found: t.Sequence[grants.Grant]) -> Finding:
        name = state.daemon.name
        if self._ours is None:
            return Finding(OVERRIDDEN, name, f.NOT_APPLICABLE, "nothing of this control's is there to be outweighed")
        won = [grant for grant in found if grant.line is None or grant.line.path != winning.DROP_IN]
        if not won:
            return Finding(OVERRIDDEN, name, f.PASS, f"{winning.DROP_IN} outweighs all other settings")
        places = ", ".join(dict.fromkeys(grant.line.place if grant.line else "a default" for grant in won))
        message = f"{places} outweighs {winning.DROP_IN}"
        evidence = tuple(_evidence(state, grant) for grant in won)
        return self._told(Finding(OVERRIDDEN, name, f.FAIL, message, evidence, self._fix), won)


def _evidence(state: State, grant: grants.Grant) -> Evidence:
    whom = printable(sshd_state.whom(state, grant.to))
    source = grant.line.place if grant.line else f"{state.daemon.program} -T (default)"
    return Evidence(printable(source), f"{grant.keyword} {grant.found} for {whom}", grant.wanted)


# Rule rhosts


def _rhosts(host: Host, states: t.Sequence[State], problems: Problems, options: Options) -> t.Iterator[Finding]:
    lot = keys.rhosts(host)
    trusted = bool(problems) or any(grants.grants(state, grants.HOSTBASED[:1]) for state in states)
    refused = trusted and not options["allow_self_cutoff"] and carried.own_method(host) == "hostbased"
    for path, status in lot.items:
        fix = () if refused else _removal(host, path, status, options)
        yield _trusting(printable(path), status, fix, refused)
    if lot.unseen:
        yield _unseen(RHOSTS, HOMES, lot.unseen)
    elif not lot.items:
        yield Finding(RHOSTS, HOMES, f.PASS, "there is none")


def _trusting(path: str, status: os.stat_result, fix: tuple[Change, ...], refused: bool) -> Finding:
    plain = stat.S_ISREG(status.st_mode)
    what = f"a plain file, {status.st_size} bytes" if plain else "a symbolic link"
    why = "the connection of this run logged in by HostbasedAuthentication" if refused else f"it is {what}"
    message = f"{path} trusts users of other hosts" + ("" if fix else f"; not removed, since {why}")
    return Finding(RHOSTS, path, f.FAIL, message, (Evidence(path, what, "nothing"),), fix)


def _removal(host: Host, path: str, status: os.stat_result, options: Options) -> tuple[Change, ...]:
    """Guarded, since the file may be what somebody logs in by. A link is for its owner to remove."""
    if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_RHOSTS or path != printable(path):
        return ()
    try:
        removal = files.remove_file(host, path)
    except (OSError, ChangeError):
        return ()
    return (Guard(options["confirm_seconds"]), removal)


def _unseen(rule: Rule, subject: str, problems: t.Sequence[str]) -> Finding:
    told = [printable(problem) for problem in problems[:MAX_UNSEEN]]
    rest = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    evidence = tuple(Evidence(*(one.split(": ", 1) if ": " in one else (subject, one))) for one in told)
    return Finding(rule, subject, f.NOT_ASSESSED, f"not all was looked at: {told[0]}{rest}", evidence)


# Rule unprotected_keys


def _keys(host: Host, options: Options) -> t.Iterator[Finding]:
    """A key with a passphrase opens nothing for whoever reads the file: only the others fail and leave fingerprints."""
    lot = keys.private(host, depth=options["scan_depth"], limit=options["scan_files"])
    unprotected = [key for key in lot.items if key.open]
    for key in unprotected[: keys.MAX_KEYS]:
        path = printable(key.found.path)
        message = f"whoever reads {path} can log in wherever it is authorized"
        prints = (key.holder,) if key.public else ()
        yield Finding(UNPROTECTED_KEYS, path, f.FAIL, message, (keys.describe(host, key),), fingerprints=prints)
    more = len(unprotected) - keys.MAX_KEYS
    problems = (*lot.unseen, *([f"{more} more private keys without a passphrase are not listed"] if more > 0 else []))
    if problems:
        yield _unseen(UNPROTECTED_KEYS, HOMES, problems)
    elif not unprotected:
        message = (
            f"{len(lot.items)} private keys, all of no use without a passphrase or token"
            if lot.items
            else "no private key"
        )
        yield Finding(UNPROTECTED_KEYS, HOMES, f.PASS, message)


# Rule identity


def _identity(host: Host, states: t.Sequence[State], problems: Problems) -> t.Iterator[Finding]:
    """One finding that every host has: it also carries what the report joins across hosts."""
    known = [values for state in states for _probe, values in state.answers[:1]]
    own, machine, admitted = keys.host_keys(host, known), keys.machine_id(host), keys.authorized(host)
    prints = (*own.items, *machine.items, *(print_ for print_, _options in admitted.items))
    wrong = keys.exposed(host, own.items)
    unseen = (*own.unseen, *machine.unseen, *admitted.unseen, *problems.values())
    evidence = (*wrong, *_options_of(admitted))
    if wrong:
        message = "; ".join(f"{one.source} has {one.found}" for one in wrong)
        yield Finding(IDENTITY, HOST, f.FAIL, message, evidence, fingerprints=prints)
    elif unseen:
        yield dataclasses.replace(_unseen(IDENTITY, HOST, unseen), fingerprints=prints)
    else:
        message = f"{len(own.items)} host keys; {len(admitted.items)} authorized keys open accounts here"
        yield Finding(IDENTITY, HOST, f.PASS, message, evidence, fingerprints=prints)


def _options_of(admitted: keys.Lot) -> list[Evidence]:
    """What authorized keys say of forwarding; it takes effect only as far as sshd_config grants it."""
    found = [
        Evidence(print_.holder, printable(",".join(options)), "counts only as far as sshd_config grants it")
        for print_, options in admitted.items
        if any(option.lower().startswith(_WIDENING) for option in options)
    ]
    return found[:MAX_OPTIONS]


CONTROL = Control(
    name=NAME,
    principle="lateral_movement",
    title="Nobody goes on from here over SSH",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
