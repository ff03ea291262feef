# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""People come from one identity provider, by certificates or by a directory, and get in by its groups."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import drop_in
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._signon import (
    authority,
    gates,
    persons,
    policy,
    providers,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._signon.rules import (
    ACCESS,
    CERTIFICATE_AUTHORITY,
    DIRECT_LDAP,
    LOCAL_PEOPLE,
    PRINCIPALS,
    PROVIDER,
    REVOCATION,
    RULES,
    SSSD_TLS,
    SUDO_GROUPS,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host import authorized, directory, sshd, sshd_state
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_classes import Probe
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._signon import cutoff
else:
    cutoff = later("_controls.two_factor._signon.cutoff")

NAME = policy.NAME
OPTIONS: dict[str, dict[str, t.Any]] = {
    "user_ca_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "retire_authorities": {"type": "bool", "default": False},
    "principals": {"type": "dict", "default": {}},
    "allow_groups": {"type": "list", "elements": "str", "default": []},
    "withdraw": {"type": "list", "elements": "str", "default": []},
    "local_accounts": {"type": "list", "elements": "str", "default": []},
    "automation": _people.AUTOMATION_OPTION,
    "confirm_seconds": {"type": "int", "default": 60},
    "allow_self_cutoff": {"type": "bool", "default": False},
}
HOST, SSHD, SSSD, SUDO, PASSWD = "host", "sshd", "sssd", "sudo", "/etc/passwd"
#: The rules that are judged for each sshd.
_OF_SSHD = (CERTIFICATE_AUTHORITY, PRINCIPALS, REVOCATION, ACCESS)


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """Judge what sshd trusts, what sssd and PAM do, and what is granted person by person."""
    states = host.once(sshd_state.read)
    sign_on = _SignOn(host, states.known, options)
    yield sign_on.provider()
    yield from _no_answer(states)
    for state in states.known:
        yield sign_on.authorities(state)
        yield sign_on.principals(state)
        yield _revocation(host, state)
        yield sign_on.access(state)
    yield from _personal(host, sign_on)
    yield from _bindings(host)
    yield from _domains(host, sign_on)
    yield from _sudo(host, options)
    yield _local_people(host, options)


def _no_answer(states: sshd_state.States) -> t.Iterator[Finding]:
    for name, problem in states.problems.items():
        for rule in _OF_SSHD:
            yield Finding(rule, name, f.NOT_ASSESSED, f"sshd does not say what is in force: {problem}")
    if not states.known and not states.problems:
        for rule in _OF_SSHD:
            yield Finding(rule, SSHD, f.NOT_APPLICABLE, "no sshd runs here")


# What sshd is told: rules provider, certificate_authority, principals and access


class _SignOn:
    """The policy, the one fix that puts all sshd right by it, or why there is none."""

    def __init__(self, host: Host, states: t.Sequence[State], options: Options) -> None:
        self._host, self._states, self._options = host, states, options
        self._policy = policy.read(options)
        self._listed = _people.automation(options)
        self._people = frozenset(account.name for account in _people.people(host, self._listed))
        self._problem = policy.problem(self._policy)
        self._stale = self._is_stale()
        self._planned: tuple[tuple[Change, ...], cutoff.Refusal | None] | None = None

    def _is_stale(self) -> bool:
        try:
            return policy.stale(self._host, self._policy)
        except (OSError, ChangeError) as exc:
            self._problem = str(exc)
        return False

    def _plan(self) -> tuple[tuple[Change, ...], cutoff.Refusal | None]:
        """(the changes, why there are none); made once, and only where something is wrong."""
        if self._planned is None:
            try:
                self._planned = self._made()
            except (OSError, HostError, ChangeError) as exc:
                self._planned = ((), cutoff.Refusal(str(exc), ""))
        return self._planned

    def _made(self) -> tuple[tuple[Change, ...], cutoff.Refusal | None]:
        if self._problem:
            return (), cutoff.Refusal(self._problem, "Correct the option or the file.")
        refused = cutoff.refusal(self._host, self._states, self._policy, self._options, self._listed)
        if refused:
            return (), refused
        more = policy.writes(self._host, self._policy)
        seconds = self._options["confirm_seconds"]
        return drop_in.changes(self._host, self._states, self._policy.drop_in, seconds=seconds, more=more), None

    def _failing(
        self, rule: Rule, subject: str, message: str, evidence: t.Sequence[Evidence], declared: t.Any
    ) -> Finding:
        """declared: what the policy says of it; where that is nothing, nothing is put right."""
        if not declared and not self._stale:
            return Finding(rule, subject, f.FAIL, message, tuple(evidence))
        fix, refused = self._plan()
        if fix:
            return Finding(rule, subject, f.FAIL, message, tuple(evidence), fix)
        why = refused.why if refused else "nothing that this control may write outweighs that"
        lost = cutoff.evidence(self._host, self._states, self._policy, self._listed) if rule is ACCESS else []
        remedy = refused.remedy if refused else ""
        told = f"{message}; not fixed, since {printable(why)}"
        return Finding(rule, subject, f.FAIL, told, (*evidence, *lost), remedy=remedy)

    def provider(self) -> Finding:
        found = providers.found(self._host, self._states, self._people)
        if found:
            return Finding(PROVIDER, HOST, f.PASS, f"people come by {printable(found[0].found)}", tuple(found))
        partly = [
            Evidence(state.daemon.name, f"no TrustedUserCAKeys for {sshd_state.whom(state, missing)}", "an authority")
            for state in self._states
            for missing in [authority.without(state, self._people)]
            if missing
        ]
        message = "nothing shows that people come from an identity provider: no certificates, no sssd with Kerberos"
        return self._failing(PROVIDER, HOST, message, partly, self._policy.keys and self._states)

    def authorities(self, state: State) -> Finding:
        rule, name, declared = CERTIFICATE_AUTHORITY, state.daemon.name, self._policy.authorities
        trusted = authority.trusted(self._host, state)
        if not trusted and not self._policy.keys and not self._stale:
            return Finding(rule, name, f.NOT_APPLICABLE, "it trusts no authority, and the policy names none")
        wrong = [one for file in trusted for one in _wrong(file, declared)]
        if self._policy.keys:
            missing = authority.without(state, [one for probe, _values in state.answers for one in probe.names])
            whom = printable(sshd_state.whom(state, missing)) if missing else ""
            wrong += (
                [Evidence(name, f"TrustedUserCAKeys none for {whom}", "the authority of the policy")] if whom else []
            )
        if self._stale:
            wrong.append(Evidence(policy.DROP_IN, "not what this control would write", "its text of now"))
        if wrong:
            message = f"{printable(wrong[0].source)}: {printable(wrong[0].found)}"
            return self._failing(rule, name, message, wrong, self._policy.keys)
        if state.unasked:
            return _unasked(rule, state)
        kinds = tuple(Evidence(file.path, key.told) for file in trusted for key in file.keys)
        told = "the authorities of the policy" if declared else f"{len(kinds)} authorities, none of them weak"
        return Finding(rule, name, f.PASS, f"it trusts {told}", kinds)

    def principals(self, state: State) -> Finding:
        rule, name = PRINCIPALS, state.daemon.name
        if not self._policy.keys and not authority.trusted(self._host, state):
            return Finding(rule, name, f.NOT_APPLICABLE, "it trusts no certificates")
        wrong, own = self._principals(state), _in_homes(state)
        if wrong:
            message = f"{printable(wrong[0].source)}: {printable(wrong[0].found)}"
            return self._failing(rule, name, message, [*wrong, *own], self._policy.keys)
        if own:
            message = "accounts' owners decide themselves whose certificates open them"
            return Finding(rule, name, f.FAIL, message, tuple(own))
        if state.unasked:
            return _unasked(rule, state)
        files = sorted(
            {authority.path_of(values, "authorizedprincipalsfile") or "none" for _probe, values in state.answers}
        )
        told = tuple(Evidence(name, f"AuthorizedPrincipalsFile {path}") for path in files)
        return Finding(rule, name, f.PASS, "the policy's, and else the name of the account", told)

    def _principals(self, state: State) -> list[Evidence]:
        """What is not as declared; an authority of the policy goes with its principals."""
        return [
            one
            for account, names in (self._policy.principals.items() if self._policy.keys else ())
            for one in _opened_by(self._host, state, account, names)
        ]

    def access(self, state: State) -> Finding:
        name, wanted = state.daemon.name, set(self._policy.groups)
        told = gates.groups(state, self._people)
        evidence = [Evidence(f"{name}: {whom}", f"AllowGroups {', '.join(has) or '(all)'}") for has, whom in told]
        if wanted and any(set(has) != wanted for has, _whom in told):
            off = [
                dataclasses.replace(one, expected=f"AllowGroups {', '.join(sorted(wanted))}")
                for one, (has, _whom) in zip(evidence, told)
                if set(has) != wanted
            ]
            return self._failing(ACCESS, name, f"{off[0].found} is in force for {off[0].source}", off, wanted)
        if all(has for has, _whom in told):
            return _unasked(ACCESS, state) if state.unasked else _passing(ACCESS, name, evidence)
        closing = gates.access_conf(self._host)
        if closing:
            return _passing(ACCESS, name, [closing])
        by_name = gates.persons(state, self._people)
        message = "AllowUsers names persons one by one" if by_name else "sshd lets in whoever has an account"
        return self._failing(ACCESS, name, message, evidence, wanted)

    @property
    def declared(self) -> tuple[authority.Authority, ...]:
        """The authorities of the policy."""
        return self._policy.authorities

    @property
    def gated(self) -> bool:
        """Whether every sshd lets people in by groups alone."""
        closing = gates.access_conf(self._host)
        told = [has for state in self._states for has, _whom in gates.groups(state, self._people)]
        return bool(self._states) and (closing is not None or all(told))


def _passing(rule: Rule, subject: str, evidence: t.Sequence[Evidence]) -> Finding:
    return Finding(
        rule, subject, f.PASS, printable(evidence[0].found) if evidence else "nobody can log in", tuple(evidence)
    )


def _unasked(rule: Rule, state: State) -> Finding:
    message = f"what is in force for {state.unasked} more classes of users was not asked"
    return Finding(rule, state.daemon.name, f.NOT_ASSESSED, message)


def _wrong(file: authority.Trusted, declared: t.Sequence[authority.Authority]) -> t.Iterator[Evidence]:
    source = f"TrustedUserCAKeys {file.path}"
    if file.problem:
        yield Evidence(source, file.problem, "a file that root alone writes, with the keys of the policy")
    for key in file.keys:
        if key.weakness:
            yield Evidence(source, f"{key.told}: too weak", f"Ed25519, or RSA with {authority.RSA_BITS} bits")
        elif declared and key not in declared:
            yield Evidence(source, f"{key.told} is none of the policy's", "in user_ca_keys")
    for missing in (key for key in declared if key not in file.keys):
        yield Evidence(source, f"{missing.told} is not in it", "every authority of the policy")


def _opened_by(host: Host, state: State, account: str, names: t.Sequence[str]) -> t.Iterator[Evidence]:
    """What else than these names opens the account, or why they do not."""
    values = _values_of(host, state, account)
    path = policy.file_for(values, account, "", 0)
    command = next(iter(values.get("authorizedprincipalscommand", ())), authority.NONE)
    try:
        found = policy.names_in(host.read_text(path)) if path else [account]
    except HostError:
        found = []
    source = f"principals of {printable(account)} ({path or 'no AuthorizedPrincipalsFile'})"
    if set(found) != set(names):
        yield Evidence(source, printable(", ".join(found) or "none"), printable(", ".join(names)))
    if command != authority.NONE:
        yield Evidence(source, f"also what {printable(command)} says", "AuthorizedPrincipalsCommand none")


def _values_of(host: Host, state: State, account: str) -> sshd.Values:
    """What is in force for one account; sshd is asked again for those that no class stands for."""
    known = next((values for probe, values in state.answers if account in probe.names), None)
    if known is not None:
        return known
    usual = state.answers[0][0] if state.answers else None
    place = usual.specification.partition(",")[2] if usual else "host=localhost,addr=127.0.0.1"
    return sshd.effective(host, state.daemon, f"user={account},{place}")


def _in_homes(state: State) -> list[Evidence]:
    """Files of principals that the owner of the account writes himself."""
    found: dict[str, list[Probe]] = {}
    for probe, values in state.answers:
        path = authority.path_of(values, "authorizedprincipalsfile")
        if authority.path_of(values) and path and (not path.startswith("/") or "%h" in path):
            found.setdefault(path, []).append(probe)
    return [
        Evidence(
            state.daemon.name,
            f"AuthorizedPrincipalsFile {path} for {printable(sshd_state.whom(state, probes))}",
            "not in a home",
        )
        for path, probes in found.items()
    ]


def _revocation(host: Host, state: State) -> Finding:
    name = state.daemon.name
    lists: dict[str, list[Probe]] = {}
    for probe, values in state.answers:
        if authority.path_of(values):
            lists.setdefault(authority.path_of(values, "revokedkeys"), []).append(probe)
    if not lists:
        return Finding(REVOCATION, name, f.NOT_APPLICABLE, "it trusts no certificates")
    wrong = [
        Evidence(
            name,
            f"RevokedKeys {path or 'none'} for {printable(sshd_state.whom(state, probes))}",
            "a list that can be read",
        )
        for path, probes in lists.items()
        if not path or not host.exists(path)
    ]
    if any(path and not host.exists(path) for path in lists):
        return Finding(
            REVOCATION, name, f.FAIL, "the list is not there, and sshd takes no key at all without it", tuple(wrong)
        )
    if wrong:
        return Finding(
            REVOCATION, name, f.FAIL, "a certificate that is stolen stays good until it expires", tuple(wrong)
        )
    told = tuple(Evidence(name, f"RevokedKeys {path}") for path in lists)
    return Finding(REVOCATION, name, f.PASS, f"RevokedKeys {', '.join(lists)}", told)


def _personal(host: Host, sign_on: _SignOn) -> t.Iterator[Finding]:
    """Authorities that the owner of an account trusts by himself; what revokes their certificates is his to say."""
    for file in host.once(authorized.read).files:
        keys = [authority.Authority(entry.algorithm, entry.public) for entry in file.entries if entry.names_authority]
        foreign = [key for key in keys if key not in sign_on.declared]
        if foreign:
            path = printable(file.path)
            evidence = tuple(Evidence(path, f"cert-authority {key.told}", "in user_ca_keys") for key in foreign)
            message = f"{path} trusts authorities that are none of the policy's"
            yield Finding(CERTIFICATE_AUTHORITY, path, f.FAIL, message, evidence)


# sssd and PAM: rules direct_ldap, sssd_tls and access


def _bindings(host: Host) -> t.Iterator[Finding]:
    found = providers.bindings(host)
    for subject, evidence in found:
        message = f"{printable(evidence.source)} sends people's passwords to the directory"
        yield Finding(DIRECT_LDAP, subject, f.FAIL, message, (evidence,))
    if not found:
        yield Finding(DIRECT_LDAP, HOST, f.PASS, "neither sssd nor PAM binds to LDAP with people's passwords")


def _domains(host: Host, sign_on: _SignOn) -> t.Iterator[Finding]:
    domains = host.once(directory.domains)
    for domain in domains:
        yield _tls(domain)
        yield _gate(domain, sign_on)
    if not domains:
        yield Finding(SSSD_TLS, SSSD, f.NOT_APPLICABLE, "sssd has no domain here")


def _tls(domain: directory.Domain) -> Finding:
    subject, wrong = providers.place(domain), providers.clear(domain)
    if wrong:
        message = f"{wrong[0].found}: whoever is on the way can say who is who"
        return Finding(SSSD_TLS, subject, f.FAIL, message, tuple(wrong))
    told = (
        "it does not use LDAP by itself"
        if "ldap" not in (domain.identity, domain.authentication)
        else "TLS, and checked"
    )
    return Finding(SSSD_TLS, subject, f.PASS, told)


def _gate(domain: directory.Domain, sign_on: _SignOn) -> Finding:
    subject = providers.place(domain)
    decides, missing = gates.domain_gate(domain)
    if decides:
        return Finding(ACCESS, subject, f.PASS, printable(decides))
    if sign_on.gated:
        return Finding(ACCESS, subject, f.PASS, f"{printable(missing)}, but sshd lets in by groups alone")
    evidence = Evidence(subject, printable(missing), "access_provider simple with simple_allow_groups")
    return Finding(ACCESS, subject, f.FAIL, f"everybody of the domain may log in: {printable(missing)}", (evidence,))


# What is granted person by person: rules sudo_groups and local_people


def _sudo(host: Host, options: Options) -> t.Iterator[Finding]:
    try:
        found = persons.by_person(host, _people.automation(options))
    except Missing:
        yield Finding(SUDO_GROUPS, SUDO, f.NOT_APPLICABLE, f"there is no {persons.SUDOERS}")
        return
    for name, evidence in found.items():
        yield Finding(
            SUDO_GROUPS, name, f.FAIL, f"{evidence[0].source} grants rights to {name} by name", tuple(evidence)
        )
    if not found:
        yield Finding(SUDO_GROUPS, SUDO, f.PASS, f"{len(host.once(persons.grants))} grants, none to a person by name")


def _local_people(host: Host, options: Options) -> Finding:
    brought = directory.directories(host)
    if not brought:
        return Finding(LOCAL_PEOPLE, PASSWD, f.NOT_APPLICABLE, "no directory brings accounts to this host")
    source = ", ".join(directory.DIRECTORIES[name] for name in brought)
    found = persons.by_hand(host, _people.automation(options), options["local_accounts"])
    if not found:
        return Finding(LOCAL_PEOPLE, PASSWD, f.PASS, f"people come from {source}")
    evidence = tuple(Evidence(PASSWD, f"{printable(one.name)} (uid {one.uid})", f"from {source}") for one in found)
    names = printable(", ".join(one.name for one in found))
    return Finding(LOCAL_PEOPLE, PASSWD, f.FAIL, f"made by hand although people come from {source}: {names}", evidence)


CONTROL = Control(
    name=NAME,
    principle="two_factor",
    title="People sign on through one identity provider",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
