# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The keys that open accounts are strong, one account's, used, not revoked, and nobody else can add to them."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._keys import (
    keys,
    modes,
    owners,
    removal,
    revocation,
    rules,
    uses,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._keys.keys import Key
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._keys.rules import (
    FILES,
    RULES,
    SSHD,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._formats import authorized_keys, ssh_keys
from ansible_collections.infosec.principles.plugins.module_utils._formats.krl import Revoked
from ansible_collections.infosec.principles.plugins.module_utils._host import authorized, sshd_state
from ansible_collections.infosec.principles.plugins.module_utils._host.authorized import Unlisted
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

NAME = "ssh_keys"
OPTIONS: dict[str, dict[str, t.Any]] = {
    "automation": _people.AUTOMATION_OPTION,
    "rsa_bits": {"type": "int", "default": 3072},
    "idle_days": {"type": "int", "default": 90},
    "revoked_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "remove_weak": {
        "type": "str",
        "choices": [removal.REPLACED, removal.ALWAYS, removal.NEVER],
        "default": removal.REPLACED,
    },
    "confirm_seconds": {"type": "int", "default": 60},
    "allow_self_cutoff": {"type": "bool", "default": False},
}


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """Judge the keys of each account that an sshd of this host looks at, and each sshd."""
    states = host.once(sshd_state.read)
    revoked, faults = revocation.wanted(options["revoked_keys"])
    if not states.known and not states.problems:
        yield from (Finding(rule, SSHD, f.NOT_APPLICABLE, "no sshd runs here") for rule in RULES[:-1])
    for name, problem in states.problems.items():
        message = f"sshd does not say what is in force: {problem}"
        yield from (Finding(rule, name, f.NOT_ASSESSED, message) for rule in RULES[:-1])
    if states.known:
        yield from _keys(host, revoked, options)
        yield from revocation.Revocation(host, states.known, revoked, options).findings(states.known)
    for fault in faults:
        yield Finding(rules.REVOCATION, fault.partition(":")[0], f.ERROR, f"{fault}; correct the option")
    yield from modes.judge(host, host.once(authorized.read).files)


def _keys(host: Host, revoked: Revoked, options: Options) -> t.Iterator[Finding]:
    lot = host.once(authorized.read)
    listed = _people.automation(options)
    found = [key for file in lot.files for key in keys.of(file)]
    yield from _wrong(host, found, revoked, options)
    yield from _ecdsa(found, lot.unseen)
    shared = owners.duplicates(found, listed)
    passing = _passing(rules.DUPLICATES, f"each of {len(found)} keys opens one account")
    yield from rules.all_of(rules.DUPLICATES, shared, lot.unseen, passing)
    yield from _programs(host, found, listed, lot.unseen)
    yield from _unused(host, found, lot.unseen, options)


def _passing(rule: Rule, message: str) -> Finding:
    return Finding(rule, FILES, f.PASS, message)


# Rules weak and revoked, which are put right together


def _wrong(host: Host, found: t.Sequence[Key], revoked: Revoked, options: Options) -> t.Iterator[Finding]:
    floor = options["rsa_bits"]
    weak = {key.subject: why for key in found for why in [keys.weakness(key, floor)] if why}
    gone = {key.subject: "revoked" for key in found if key.fingerprint in revoked.fingerprints}
    going = removal.Removal(host, found, weak, gone, options)
    unseen = host.once(authorized.read).unseen
    failing = [_bad(rules.WEAK, key, f"is weak ({weak[key.subject]})", going) for key in found if key.subject in weak]
    failing += list(_weak_authorities(host, floor))
    yield from _strong(found, weak)
    if failing or unseen or not found:
        yield from rules.all_of(rules.WEAK, failing, unseen, _passing(rules.WEAK, "no key opens an account"))
    yield from map(_unlisted, host.once(authorized.read).unlisted)
    yield from _revoked(found, gone, going, unseen, revoked)


def _revoked(
    found: t.Sequence[Key],
    gone: t.Container[str],
    going: removal.Removal,
    unseen: t.Sequence[str],
    revoked: Revoked,
) -> t.Iterator[Finding]:
    if not revoked.fingerprints:
        yield Finding(rules.REVOKED, FILES, f.NOT_APPLICABLE, "no key is listed as revoked (revoked_keys)")
        return
    failing = [_bad(rules.REVOKED, key, "is revoked", going) for key in found if key.subject in gone]
    none = f"none of {len(found)} keys is among the {len(revoked.fingerprints)} that are revoked"
    yield from rules.all_of(rules.REVOKED, failing, unseen, _passing(rules.REVOKED, none))


def _bad(rule: Rule, key: Key, what: str, going: removal.Removal) -> Finding:
    why = going.why_not(key)
    message = f"{key.called}, which opens {key.names}, {what}"
    message = f"{message}; not removed, since {why}" if why else message
    return Finding(rule, key.subject, f.FAIL, message, (keys.describe(key, "no such key"),), going.fix(key))


def _strong(found: t.Sequence[Key], weak: t.Container[str]) -> t.Iterator[Finding]:
    """One for each file of which no key is weak: its evidence is the inventory of keys."""
    files: dict[str, list[Key]] = {}
    for key in found:
        files.setdefault(key.file.path, []).append(key)
    for path, own in files.items():
        if not any(key.subject in weak for key in own):
            which = "the only key that opens" if len(own) == 1 else f"each of {len(own)} keys that open"
            message = f"{which} {own[0].names} is strong"
            evidence = tuple(keys.describe(key) for key in own[: rules.MAX_EVIDENCE])
            yield Finding(rules.WEAK, printable(path), f.PASS, message, evidence)


def _unlisted(one: Unlisted) -> Finding:
    what = {"authorizedkeyscommand": "what is told by", "trustedusercakeys": "certificates of the authorities in"}[
        one.keyword
    ]
    subject = printable(f"{one.keyword} {one.value}")
    message = f"{printable(one.whom)} can be let in by {what} {printable(one.value)}, which cannot be listed here"
    return Finding(rules.WEAK, subject, f.NOT_ASSESSED, message, (Evidence("sshd -T", subject, "keys in files"),))


def _weak_authorities(host: Host, floor: int) -> t.Iterator[Finding]:
    """An authority's key signs whatever key it likes, so that it has to be as strong."""
    paths = dict.fromkeys(
        one.value for one in host.once(authorized.read).unlisted if one.keyword == "trustedusercakeys"
    )
    for path in paths:
        try:
            text = host.read_text(path)
        except HostError:
            continue
        for entry in authorized_keys.parse(text):
            bits = ssh_keys.bits(entry.public)
            if entry.algorithm == keys.DSA or 0 < bits < floor:
                subject = f"{printable(path)}: {ssh_keys.fingerprint(entry.public)}"
                message = f"an authority whose certificates open accounts has a weak key ({entry.algorithm} {bits})"
                yield Finding(rules.WEAK, subject, f.FAIL, message, (Evidence(subject, f"{bits} bits", f"{floor}"),))


# The other rules of keys


def _ecdsa(found: t.Sequence[Key], unseen: t.Sequence[str]) -> t.Iterator[Finding]:
    failing = [
        Finding(
            rules.ECDSA,
            key.subject,
            f.FAIL,
            f"{key.called}, which opens {key.names}, is of ECDSA",
            (keys.describe(key),),
        )
        for key in found
        if keys.is_ecdsa(key)
    ]
    yield from rules.all_of(rules.ECDSA, failing, unseen, _passing(rules.ECDSA, f"none of {len(found)} keys"))


def _programs(
    host: Host, found: t.Sequence[Key], listed: tuple[_people.Automation, ...], unseen: t.Sequence[str]
) -> t.Iterator[Finding]:
    of_programs = (rules.PERSON_ON_MACHINE, rules.MACHINE_ON_PERSON, rules.UNRESTRICTED)
    if not listed:
        message = "no account is declared as one that programs log in to (infosec_automation)"
        yield from (Finding(rule, FILES, f.NOT_APPLICABLE, message) for rule in of_programs)
        return
    persons, programs = owners.mixed_up(found, owners.owners(host, found, listed))
    failing = (persons, programs, owners.unrestricted(found, listed))
    passing = ("no program's account takes one", "no person's account takes one", "all of programs' keys do")
    for rule, found_, message in zip(of_programs, failing, passing):
        yield from rules.all_of(rule, found_, unseen, _passing(rule, message))


def _unused(host: Host, found: t.Sequence[Key], unseen: t.Sequence[str], options: Options) -> t.Iterator[Finding]:
    idle_days = options["idle_days"]
    if idle_days < 1:
        yield Finding(rules.UNUSED, FILES, f.ERROR, f"idle_days is {idle_days}; give 1 day or more")
        return
    judged = uses.judge(host, found, idle_days) if found else uses.Unused([], ())
    passing = _passing(rules.UNUSED, f"each of {len(found)} keys was used in the last {idle_days} days")
    yield from rules.all_of(rules.UNUSED, judged.found, (*judged.unknown, *unseen), passing)


CONTROL = Control(
    name=NAME,
    principle="strong_authentication",
    title="Keys that open accounts are strong, used, and their owner's",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
