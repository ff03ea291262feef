# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Nobody gets in over SSH but by a strong key, root least of all, and what is said on the way stays between the two."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._ssh import (
    access,
    algorithms,
    client,
    faults,
    host_keys,
    judged,
    known,
    moduli,
    plan,
    sftp,
    shut_out,
    text,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts, sshd, sshd_state
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State, States

NAME = text.NAME
OPENSSH = "https://infosec.mozilla.org/guidelines/openssh"
_DROP_IN = "Let the drop-in be written"

KEYS_ONLY = Rule(
    name=judged.KEYS_ONLY,
    title="sshd lets nobody in without a key, certificate or Kerberos ticket",
    risk="high",
    reference=OPENSSH,
    remedy=f"{_DROP_IN}, and give a key to whoever logs in by password: the evidence names those without one.",
)
ROOT_LOGIN = Rule(
    name=judged.ROOT,
    title="Nobody logs in as root, or only by key where the policy says so",
    risk="medium",
    reference=OPENSSH,
    remedy=f"{_DROP_IN}. Where programs have to log in as root, declare from where (infosec_automation: root, from), "
    "or allow keys for root everywhere (strong_authentication_root_login: key).",
)
EMPTY_PASSWORDS = Rule(
    name=judged.EMPTY,
    title="sshd takes no empty password",
    risk="high",
    reference=OPENSSH,
    remedy=f"{_DROP_IN}, and lock the accounts that have an empty password.",
)
LOG_LEVEL = Rule(
    name=judged.LOG,
    title="sshd writes down each attempt with the fingerprint of its key (LogLevel VERBOSE)",
    risk="low",
    reference=OPENSSH,
    remedy=f"{_DROP_IN}. DEBUG tells more about users than is to be kept.",
)
SFTP_LOG = Rule(
    name=judged.SFTP,
    title="The sftp server is there and writes down each file",
    risk="low",
    reference=OPENSSH,
    remedy=f"Add {sftp.WANTED} to the line that the evidence names; use {sftp.INTERNAL} where the program is missing.",
)
KEX = Rule(
    name=algorithms.KEX,
    title="sshd offers no weak key exchange, and one that is safe from quantum computers where it can",
    risk="medium",
    reference=OPENSSH,
    remedy=f"{_DROP_IN}. Where an old client needs one of them, name it in strong_authentication_also_allow.",
)
CIPHERS = Rule(
    name=algorithms.CIPHERS,
    title="sshd offers no weak cipher",
    risk="medium",
    reference=OPENSSH,
    remedy=f"{_DROP_IN}. Where an old client needs one of them, name it in strong_authentication_also_allow.",
)
MACS = Rule(
    name=algorithms.MACS,
    title="sshd offers no weak message authentication code",
    risk="low",
    reference=OPENSSH,
    remedy=f"{_DROP_IN}. Where an old client needs one of them, name it in strong_authentication_also_allow.",
)
HOST_KEY_ALGORITHMS = Rule(
    name=algorithms.HOST_KEYS,
    title="sshd proves who it is with no weak signature",
    risk="medium",
    reference=OPENSSH,
    remedy=f"{_DROP_IN}. Where an old client needs one of them, name it in strong_authentication_also_allow.",
)
USER_KEY_ALGORITHMS = Rule(
    name=algorithms.USER_KEYS,
    title="sshd takes no signature by SHA-1 or DSA from users",
    risk="medium",
    reference=OPENSSH,
    remedy=f"{_DROP_IN}. RSA keys go on working: clients since OpenSSH 7.2 sign with SHA-2.",
)
HOST_KEYS = Rule(
    name=judged.HOST_KEYS,
    title="sshd has host keys of the wanted types, and none that is short or missing",
    risk="medium",
    reference=OPENSSH,
    remedy="Let the missing keys be made. Replace a short one by hand, since clients know it: ssh-keygen -t rsa -b "
    "4096, tell the clients the new key, reload sshd. Take a HostKey line out that names no key.",
)
RSA_SIZE = Rule(
    name=judged.RSA_SIZE,
    title=f"sshd takes no RSA key below {access.LEAST_BITS} bits",
    risk="medium",
    reference=OPENSSH,
    remedy=f"{_DROP_IN}, and give new keys to whoever has a short one.",
)
MODULI = Rule(
    name="moduli",
    title="No group of the Diffie-Hellman group exchange is below 3072 bits",
    risk="low",
    reference=OPENSSH,
    remedy="Let the short groups be taken out. Where none would be left, or the file is missing, install the "
    "distribution's again, or make some (ssh-keygen -M generate, ssh-keygen -M screen); never leave the file empty.",
)
CLIENT = Rule(
    name="client",
    title="ssh hashes known hosts, forwards no agent and offers nothing weak",
    risk="low",
    reference=OPENSSH,
    remedy="Let the file of this control for ssh be written; a user's own file still comes before it.",
)
OVERRIDDEN = Rule(
    name="overridden",
    title="No setting of others outweighs what this control wrote for sshd",
    risk="medium",
    reference=OPENSSH,
    remedy="Remove the line that the evidence names.",
)
BY_SSHD = (
    KEYS_ONLY,
    ROOT_LOGIN,
    EMPTY_PASSWORDS,
    LOG_LEVEL,
    SFTP_LOG,
    KEX,
    CIPHERS,
    MACS,
    HOST_KEY_ALGORITHMS,
    USER_KEY_ALGORITHMS,
    HOST_KEYS,
    RSA_SIZE,
    OVERRIDDEN,
)
RULES = (*BY_SSHD, MODULI, CLIENT)
OPTIONS: dict[str, dict[str, t.Any]] = {
    "profile": {"type": "str", "choices": [algorithms.MOZILLA, algorithms.STRICT], "default": algorithms.MOZILLA},
    "also_allow": {"type": "list", "elements": "str", "default": []},
    "root_login": {"type": "str", "choices": [access.NEVER, access.KEY], "default": access.NEVER},
    "host_key_types": {
        "type": "list",
        "elements": "str",
        "choices": list(host_keys.TYPES),
        "default": list(host_keys.TYPES),
    },
    "sftp_logging": {"type": "bool", "default": True},
    "automation": _people.AUTOMATION_OPTION,
    "confirm_seconds": {"type": "int", "default": 60},
    "allow_self_cutoff": {"type": "bool", "default": False},
}
SSHD, SSH = "sshd", "ssh"
#: Keywords that may stand under Match, of the rules for which a class of users that was not asked about may count.
_BY_CLASS: dict[Rule, tuple[str, ...]] = {
    KEYS_ONLY: ("authenticationmethods", "passwordauthentication", "kbdinteractiveauthentication"),
    ROOT_LOGIN: ("permitrootlogin",),
    EMPTY_PASSWORDS: ("permitemptypasswords",),
    LOG_LEVEL: ("loglevel",),
    SFTP_LOG: ("forcecommand", "subsystem"),
    USER_KEY_ALGORITHMS: ("pubkeyacceptedalgorithms", "pubkeyacceptedkeytypes"),
    RSA_SIZE: ("requiredrsasize",),
}
#: What stands for each rule in the evidence of a pass.
_SHOWN = {
    KEYS_ONLY: ("authenticationmethods", "passwordauthentication", "kbdinteractiveauthentication"),
    ROOT_LOGIN: ("permitrootlogin",),
    EMPTY_PASSWORDS: ("permitemptypasswords",),
    LOG_LEVEL: ("loglevel",),
    SFTP_LOG: ("subsystem",),
    RSA_SIZE: ("requiredrsasize",),
    KEX: ("kexalgorithms",),
    CIPHERS: ("ciphers",),
    MACS: ("macs",),
    HOST_KEY_ALGORITHMS: ("hostkeyalgorithms",),
    USER_KEY_ALGORITHMS: ("pubkeyacceptedalgorithms", "pubkeyacceptedkeytypes"),
}


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """Judge each sshd that runs, the groups it takes from moduli, and ssh."""
    client.ahead(host)
    states = host.once(sshd_state.read)
    if not host.once(sshd.read):
        yield from (Finding(rule, SSHD, f.NOT_APPLICABLE, "no sshd runs here") for rule in (*BY_SSHD, MODULI))
    for name, problem in states.problems.items():
        message = f"sshd does not say what is in force: {problem}"
        yield from (Finding(rule, name, f.NOT_ASSESSED, message) for rule in (*BY_SSHD, MODULI))
    found = [_judged(host, state, options) for state in states.known]
    verdict = _Verdict(host, states, found, options)
    yield from verdict.findings()
    yield from _moduli(host, found, again=verdict.stale)
    yield from _client(host, options)


def _judged(host: Host, state: State, options: Options) -> judged.Judged:
    policy = known.policy(host, state.daemon, options["profile"], options["also_allow"])
    names = [one.name for one in host.once(accounts.read) if one.uid == 0] or ["root"]
    root = access.root(names, options["root_login"], _people.automation(options))
    return judged.judge(host, state, policy, root, options["host_key_types"])


class _Verdict:
    """The findings of all sshd; those that are put right together carry the one fix."""

    def __init__(self, host: Host, states: States, found: t.Sequence[judged.Judged], options: Options) -> None:
        self._host, self._states, self._found, self._options = host, states, found, options
        self._plan = plan.Plan(host, states, found, options)

    @property
    def stale(self) -> bool:
        """Whether our file was written for another policy, and will be written anew."""
        return self._plan.stale and bool(self._plan.fix)

    def findings(self) -> t.Iterator[Finding]:
        """Those of the rules of sshd."""
        for one in self._found:
            for rule in BY_SSHD[:-1]:
                yield self._finding(rule, one)
            yield self._overridden(one)

    def _finding(self, rule: Rule, one: judged.Judged) -> Finding:
        if rule is HOST_KEYS:
            return self._host_keys(one)
        if rule is SFTP_LOG and not (self._options["sftp_logging"] and (one.faults[rule.name] or _sftp(one))):
            why = "sshd starts no sftp server" if self._options["sftp_logging"] else "sftp_logging is off"
            return Finding(rule, one.state.daemon.name, f.NOT_APPLICABLE, why)
        if rule is RSA_SIZE and "requiredrsasize" not in one.values:
            message = "this OpenSSH has no RequiredRSASize (9.1 brought it)"
            return Finding(rule, one.state.daemon.name, f.NOT_APPLICABLE, message)
        if one.faults[rule.name] or (rule is KEX and self._plan.stale):
            return self._failing(rule, one)
        return self._silent(one) if rule is SFTP_LOG and not sftp.kept_by_syslog(self._host) else _passing(rule, one)

    def _failing(self, rule: Rule, one: judged.Judged) -> Finding:
        found = one.faults[rule.name]
        evidence = tuple(faults.evidence(one.state, fault) for fault in found) or (
            Evidence(text.PATH, "written for another policy", self._plan.policy),
        )
        message = f"in force: {faults.summary(one.state, found)}" if found else "the file holds another policy than now"
        if rule in (KEYS_ONLY, RSA_SIZE) and self._keyless:
            evidence += self._keyless
            message += f"; no good key lets in {', '.join(one.source for one in self._keyless)}"
        finding = Finding(rule, one.state.daemon.name, f.FAIL, message, evidence, self._plan.fix)
        return self._told(finding, one, [fault.place for fault in found])

    @functools.cached_property
    def _keyless(self) -> tuple[Evidence, ...]:
        return shut_out.keyless(self._host, self._states, _people.automation(self._options))

    def _told(self, finding: Finding, one: judged.Judged, places: t.Sequence[str]) -> Finding:
        """The finding with its fix, or with why it has none."""
        rule = finding.rule.name
        if finding.fix and (self._plan.mends(rule, one) or (rule == KEX.name and self._plan.stale)):
            return finding
        held = self._plan.held.get(rule)
        why = f"nothing that this control may write outweighs {', '.join(dict.fromkeys(places))}"
        if not places:
            why = "clients know the keys that are there, so none is replaced"
        if held:
            why = f"{printable(held.source)}: {held.found}"
        elif self._plan.problem:
            why = self._plan.problem
        evidence = (*([held] if held else []), *finding.evidence)
        message = f"{finding.message}; not fixed: {why}"
        remedy = held.expected if held else ""
        return Finding(finding.rule, finding.subject, f.FAIL, message, evidence, remedy=remedy)

    def _host_keys(self, one: judged.Judged) -> Finding:
        name, verdict = one.state.daemon.name, one.key_verdict
        if one.key_problem:
            return Finding(HOST_KEYS, name, f.NOT_ASSESSED, f"not all host keys could be read: {one.key_problem}")
        if not verdict.evidence:
            shown = tuple(Evidence(printable(key.path), key.found) for key in one.keys)
            return Finding(HOST_KEYS, name, f.PASS, f"{len(one.keys)} host keys, none too short", shown)
        told = "; ".join(f"{item.source}: {item.found}" for item in verdict.evidence)
        finding = Finding(HOST_KEYS, name, f.FAIL, f"host keys: {told}", verdict.evidence, self._plan.fix)
        return self._told(finding, one, [])

    def _silent(self, one: judged.Judged) -> Finding:
        message = f"the sftp server logs to {sftp.FACILITY}, and no syslog daemon takes that up"
        remedy = "Let journald run, or have rsyslog keep it (authpriv.* /var/log/auth.log)."
        return Finding(SFTP_LOG, one.state.daemon.name, f.FAIL, message, remedy=remedy)

    def _overridden(self, one: judged.Judged) -> Finding:
        name, own = one.state.daemon.name, self._plan.own
        if own is None:
            return Finding(OVERRIDDEN, name, f.NOT_APPLICABLE, "nothing of this control's is there to be outweighed")
        wrong = [(rule, fault) for rule in BY_SSHD[:-1] for fault in one.faults.get(rule.name, ())]
        won = [(rule, fault) for rule, fault in wrong if fault.foreign and own.has(fault.wrong.keyword)]
        if not won:
            return Finding(OVERRIDDEN, name, f.PASS, f"{text.PATH} outweighs all other settings")
        places = list(dict.fromkeys(fault.place for _rule, fault in won))
        evidence = tuple(faults.evidence(one.state, fault) for _rule, fault in won)
        message = f"{', '.join(places)} outweighs {text.PATH}"
        finding = Finding(OVERRIDDEN, name, f.FAIL, message, evidence, self._plan.fix)
        mended = self._plan.fix and all(self._plan.mends(rule.name, one) for rule, _fault in won)
        return finding if mended else self._told(finding, one, places)


def _sftp(one: judged.Judged) -> bool:
    """Whether this sshd starts an sftp server for anybody."""
    return any(sftp.subsystem(values) for _probe, values in one.state.answers)


def _passing(rule: Rule, one: judged.Judged) -> Finding:
    state, keywords = one.state, _BY_CLASS.get(rule, ())
    asked = f"asked about {len(state.answers)} class{'es' if len(state.answers) > 1 else ''} of users"
    unasked = state.unasked + len(sshd_state.unaskable(state.settings, keywords)) if keywords else 0
    if unasked:
        message = f"what holds for {unasked} more classes of users was not asked ({asked})"
        return Finding(rule, state.daemon.name, f.NOT_ASSESSED, message)
    shown = [(word, one.values[word]) for word in _SHOWN[rule] if word in one.values]
    evidence = tuple(
        Evidence(f"{state.daemon.program} -T", f"{word} {printable(' '.join(told))}") for word, told in shown
    )
    return Finding(rule, state.daemon.name, f.PASS, f"holds for everybody ({asked})", evidence)


# Rule moduli


def _moduli(host: Host, found: t.Sequence[judged.Judged], *, again: bool) -> t.Iterator[Finding]:
    """Once for each file; where the profile allows no group exchange, rule kex takes it away.

    again: whether our file is about to be written anew, so that an exchange that is allowed may be offered then.
    """
    users = [one for one in found if algorithms.GROUP_EXCHANGE in one.policy.allowed(algorithms.KEX)]
    users = [one for one in users if again or algorithms.GROUP_EXCHANGE in known.split(one.values, algorithms.KEX)]
    if found and not users:
        yield Finding(MODULI, moduli.PATH, f.NOT_APPLICABLE, "no sshd offers the group exchange, or is to")
    for path in dict.fromkeys(moduli.path(one.values) for one in users):
        yield _groups(host, path)


def _groups(host: Host, path: str) -> Finding:
    try:
        found = moduli.groups(host.read_text(path))
    except Missing:
        message = f"{path} is missing, so sshd falls back on a group of 2048 bits for clients that ask for few"
        return Finding(MODULI, path, f.FAIL, message, (Evidence(path, "no file", "groups of 3072 bits and more"),))
    except HostError as exc:
        return Finding(MODULI, path, f.NOT_ASSESSED, str(exc))
    told = f"{found.weak} groups below 3072 bits, {found.strong} others"
    if found.strong and not found.weak:
        return Finding(MODULI, path, f.PASS, told, (Evidence(path, told),))
    fix, why = _filtered(host, path, found)
    message = told if fix else f"{told}; not fixed: {why}"
    return Finding(MODULI, path, f.FAIL, message, (Evidence(path, told, "none below 3072 bits"),), fix)


def _filtered(host: Host, path: str, found: moduli.Groups) -> tuple[tuple[Change, ...], str]:
    if not found.strong:
        return (), "no group would be left, and sshd would fall back on fixed ones"
    try:
        return moduli.changes(host, path, found), ""
    except (OSError, ChangeError) as exc:
        return (), str(exc)


# Rule client


def _client(host: Host, options: Options) -> t.Iterator[Finding]:
    try:
        daemon = next(iter(host.once(sshd.read)), sshd.Daemon(SSHD))
        policy = known.policy(host, daemon, algorithms.MOZILLA, options["also_allow"])
        told = client.read(host, policy)
        yield _ssh(host, told, daemon) if told else Finding(CLIENT, SSH, f.NOT_APPLICABLE, "there is no ssh here")
    except HostError as exc:
        yield Finding(CLIENT, SSH, f.NOT_ASSESSED, str(exc))


def _ssh(host: Host, told: client.Client, daemon: sshd.Daemon) -> Finding:
    try:
        wrong = tuple(told.faults())
        if told.stale(host):
            wrong += (Evidence(client.DROP_IN, "written for another policy", "the algorithms that are allowed now"),)
        if not wrong:
            return Finding(CLIENT, SSH, f.PASS, "holds for whoever has no file of his own")
        fix, why = client.changes(host, told.text(host, daemon)), ""
    except (OSError, HostError, ChangeError) as exc:
        fix, why = (), str(exc)
    message = "; ".join(one.found for one in wrong)
    told_why = "" if fix else f"; not fixed: {why or 'a line that ssh reads earlier outweighs our file'}"
    return Finding(CLIENT, SSH, f.FAIL, f"{message}{told_why}", wrong, fix)


CONTROL = Control(
    name=NAME,
    principle="strong_authentication",
    title="Let nobody in over SSH but by a strong key",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
