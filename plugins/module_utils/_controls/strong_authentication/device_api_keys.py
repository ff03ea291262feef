# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""No key to an API lies on a machine that can be carried away, nor anywhere where others than its owner can read it."""

from __future__ import annotations

import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._api_keys import search
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine import modes
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import (
    Evidence,
    Finding,
    Fingerprint,
    Rule,
)
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts, chassis, homes
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

NAME = "device_api_keys"
REFERENCE = "https://infosec.mozilla.org/fundamentals/security_principles#require-strong-authentication"

PRESENT = Rule(
    name="present",
    title="No key to an API lies on a machine without physical security, unless it soon ends",
    risk="high",
    reference=REFERENCE,
    remedy="Revoke the key where it was made, delete the file, and log in with short-lived credentials instead.",
)
READABLE = Rule(
    name="readable",
    title="Nobody but its owner can read or write a file with keys to APIs",
    risk="high",
    reference=REFERENCE,
    remedy="Take the rights of others away (chmod go-rwx FILE), and make a new key where somebody may have read it.",
)
RULES = (PRESENT, READABLE)
OPTIONS: dict[str, dict[str, t.Any]] = {
    "physically_secure": {"type": "str", "choices": ["auto", "true", "false"], "default": "auto"},
    "scan_depth": {"type": "int", "default": 4},
    "scan_files": {"type": "int", "default": 50000},
}
HOMES = "home directories"
API_KEY = "api_key"
#: What a host sends at most: findings of a rule, lines of evidence, and names of secrets in a message.
MAX_FINDINGS, MAX_EVIDENCE, MAX_NAMES = 200, 20, 5
EXPECTED = "no key that does not end within a day"


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """Both rules look at the same files; only the first asks whether the machine can be carried away."""
    lot = search.search(host, depth=options["scan_depth"], limit=options["scan_files"])
    yield from _present(host, lot, chassis.judge(host, options["physically_secure"], principle="strong_authentication"))
    yield from _readable(host, lot)


# present


def _present(host: Host, lot: search.Lot, security: chassis.Security) -> t.Iterator[Finding]:
    lasting = [hit for hit in lot.hits if not hit.short]
    if security.secure:
        message = "the machine is physically secure, where keys to APIs may lie"
        prints = tuple(one for hit in lasting[:MAX_FINDINGS] for one in _prints(hit))
        yield Finding(PRESENT, HOMES, f.NOT_APPLICABLE, message, (security.evidence,), fingerprints=prints)
    elif security.secure is None and lasting:
        told = tuple(_evidence(host, hit) for hit in lasting[:MAX_EVIDENCE])
        message = f"{len(lasting)} files hold keys to APIs, and {security.why}"
        yield Finding(PRESENT, HOMES, f.NOT_ASSESSED, message, (security.evidence, *told))
    else:
        yield from (_lying(host, hit) for hit in lasting[:MAX_FINDINGS])
        yield from _rest(PRESENT, lot, lasting, f"no key to an API{_ending(lot)}")


def _ending(lot: search.Lot) -> str:
    short = sum(hit.short for hit in lot.hits)
    return f" but in {short} files, where they end within a day" if short else ""


def _lying(host: Host, hit: search.Hit) -> Finding:
    path = printable(hit.path)
    message = f"whoever takes this machine gets from {path} into {hit.place.opens}"
    evidence = (_evidence(host, hit),)
    return Finding(PRESENT, path, f.FAIL, message, evidence, remedy=hit.place.instead, fingerprints=_prints(hit))


def _prints(hit: search.Hit) -> tuple[Fingerprint, ...]:
    """What the report joins: which of the file's keys this account has. The number tells the keys of one file apart."""
    holder = printable(f"{hit.found.home.account.name}: {hit.path}")
    numbers = {secret.digest: number for number, secret in reversed([*enumerate(hit.secrets, 1)]) if secret.digest}
    return tuple(Fingerprint(API_KEY, digest, f"{holder}:{number}") for digest, number in sorted(numbers.items()))


def _evidence(host: Host, hit: search.Hit) -> Evidence:
    """Path, kind, names, age, owner and mode; never what the names stand for."""
    status = hit.found.status
    names = list(dict.fromkeys(secret.name for secret in hit.secrets))
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    days = max(0, int(host.now().timestamp() - status.st_mtime) // 86400)
    told = f"{hit.place.kind}: {', '.join(names[:MAX_NAMES])}{more}; last written {days} days ago"
    return Evidence(printable(hit.path), f"{told}, of {_owner(host, status.st_uid)}, mode {_mode(hit):04o}", EXPECTED)


def _owner(host: Host, uid: int) -> str:
    return next((printable(one.name) for one in host.once(accounts.read) if one.uid == uid), f"uid {uid}")


def _mode(hit: search.Hit) -> int:
    return stat.S_IMODE(hit.found.status.st_mode)


def _rest(rule: Rule, lot: search.Lot, found: t.Sequence[search.Hit], clean: str) -> t.Iterator[Finding]:
    """What is said of all the homes: that not all was looked at, or that there is nothing."""
    more = len(found) - MAX_FINDINGS
    problems = [*lot.unseen, *([f"{HOMES}: {more} more files are not listed"] if more > 0 else [])]
    if problems:
        told = [printable(problem) for problem in problems[:MAX_EVIDENCE]]
        evidence = tuple(Evidence(*(one.split(": ", 1) if ": " in one else (HOMES, one))) for one in told)
        rest = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        yield Finding(rule, HOMES, f.NOT_ASSESSED, f"not all was looked at: {told[0]}{rest}", evidence)
    elif not found:
        yield Finding(rule, HOMES, f.PASS, clean)


# readable


def _readable(host: Host, lot: search.Lot) -> t.Iterator[Finding]:
    open_to = [(hit, bits) for hit, bits in ((hit, _open_to(host, hit)) for hit in lot.hits) if bits]
    yield from (_exposed(host, hit, bits) for hit, bits in open_to[:MAX_FINDINGS])
    clean = f"{len(lot.hits)} files, each for its owner alone" if lot.hits else "no key to an API"
    yield from _rest(READABLE, lot, [hit for hit, _bits in open_to], clean)


def _open_to(host: Host, hit: search.Hit) -> int:
    """The bits that let others in who are not meant to: a group with nobody else in it is none."""
    bits = homes.reach(host, hit.found)
    if bits & 0o060 and not _others_in_group(host, hit):
        bits &= ~0o060
    return bits & ~0o040 if _is_shared(host, hit) else bits


def _others_in_group(host: Host, hit: search.Hit) -> bool:
    status = hit.found.status
    primary = any(one.gid == status.st_gid and one.uid != status.st_uid for one in host.once(accounts.read))
    own = {one.name for one in host.once(accounts.read) if one.uid == status.st_uid}
    return primary or any(one.gid == status.st_gid and set(one.members) - own for one in host.once(accounts.groups))


def _is_shared(host: Host, hit: search.Hit) -> bool:
    """Whether somebody gave the file to another group than a new one of its owner gets, so that it may read it."""
    status = hit.found.status
    return all(one.gid != status.st_gid for one in host.once(accounts.read) if one.uid == status.st_uid)


def _exposed(host: Host, hit: search.Hit, bits: int) -> Finding:
    path = printable(hit.path)
    whom = " and ".join(name for name, mask in (("its group", 0o060), ("everybody", 0o006)) if bits & mask)
    what = " and ".join(verb for verb, mask in (("read", 0o044), ("write", 0o022)) if bits & mask)
    wanted = _mode(hit) & ~(0o037 if _is_shared(host, hit) else 0o077)
    fix = () if hit.place.shared else _chmod(host, hit, wanted)
    why = "; left to a person, since a program of another account may have to read it" if hit.place.shared else ""
    evidence = Evidence(path, f"{hit.place.kind}, mode {_mode(hit):04o}", f"{wanted:04o}")
    return Finding(READABLE, path, f.FAIL, f"{whom} can {what} the keys in {path}{why}", (evidence,), fix)


def _chmod(host: Host, hit: search.Hit, mode: int) -> tuple[Change, ...]:
    if hit.path != printable(hit.path):
        return ()
    try:
        change = modes.set_mode(host, hit.path, mode)
    except (ChangeError, OSError):
        return ()
    return (change,) if (change.before, change.uid) == (_mode(hit), hit.found.status.st_uid) else ()


CONTROL = Control(
    name=NAME,
    principle="strong_authentication",
    title="No key to an API lies where a thief gets it",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
