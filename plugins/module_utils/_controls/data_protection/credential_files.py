# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What servers log in with lies where the service that needs it reads it, and nobody else.

Mozilla, "Protect data": credentials are data. Files are found by _credentials/search.py; each rule is a section here.
"""

from __future__ import annotations

import contextlib
import fnmatch
import os
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _certificate_files
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._credentials import (
    access,
    kinds,
    search,
    services,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._credentials.search import (
    Lot,
    Store,
    Where,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts, homes, sockets, units
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable
from ansible_collections.infosec.principles.plugins.module_utils._host.units import Unit

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._credentials import (
        asking,
        readers,
        sealing,
        served,
    )
else:
    asking = later("_controls.data_protection._credentials.asking")
    readers = later("_controls.data_protection._credentials.readers")
    sealing = later("_controls.data_protection._credentials.sealing")
    served = later("_controls.data_protection._credentials.served")

NAME = "credential_files"
REFERENCE = "https://infosec.mozilla.org/fundamentals/security_principles#protect-data"
MODE = Rule(
    "mode",
    "Credential stores and private keys are readable by their owner and their service alone",
    "high",
    REFERENCE,
    "Take the rights of others away (chmod o-rwx FILE; where a service needs it, chgrp its group and chmod 0640), and "
    "change the secret where somebody may have read it.",
)
OWNER = Rule(
    "owner",
    "Credential stores belong to root or to the account of a service",
    "medium",
    REFERENCE,
    "Give the file to root, or to the account of the service that reads it (chown OWNER FILE).",
)
WEB_ROOT = Rule(
    "web_root",
    "No web server hands out a credential store or a private key",
    "maximum",
    REFERENCE,
    "Move the file out of the folder that is served (or remove the copy), and change every secret in it: whoever asked "
    "for it has it.",
)
BACKUP = Rule(
    "backup",
    "No copy of a credential store is left beside it",
    "medium",
    REFERENCE,
    "Remove the copy once nobody needs it (shred -u FILE); programs, rules and rotations know the original alone.",
)
UNIT_ENVIRONMENT = Rule(
    "unit_environment",
    "No unit has a secret in its environment, which systemctl show tells every user",
    "high",
    REFERENCE,
    "Give it to the service as a credential (LoadCredentialEncrypted=; seal: true does that where it can), or in an "
    "EnvironmentFile that root alone can read; then change the secret.",
)
ENVIRONMENT_FILE = Rule(
    "environment_file",
    "Files of variables with secrets are readable by root and their service alone",
    "high",
    REFERENCE,
    "Take the rights of others away (chmod o-rwx FILE): systemd reads it as root; then change the secret.",
)
COMMAND_LINE = Rule(
    "command_line",
    "No unit has a secret on its command line, which every user sees",
    "high",
    REFERENCE,
    "Have the program read it from a file, or from a credential of systemd ($CREDENTIALS_DIRECTORY), whose path may "
    "stand on the command line; then change the secret.",
)
RULES = (MODE, OWNER, WEB_ROOT, BACKUP, UNIT_ENVIRONMENT, ENVIRONMENT_FILE, COMMAND_LINE)
OPTIONS: dict[str, dict[str, t.Any]] = {
    "folders": {
        "type": "list",
        "elements": "path",
        "default": ["/etc", "/opt", "/srv", "/usr/local", "/var/www", "/var/backups"],
    },
    "scan_depth": {"type": "int", "default": 6},
    "scan_files": {"type": "int", "default": 50000},
    "seal": {"type": "bool", "default": False},
    "seal_units": {"type": "list", "elements": "str", "default": ["*"]},
}
FILES, UNITS = "credential stores", "units"
#: What a host sends at most: findings of a rule, lines of evidence, and names of secrets in a message.
MAX_FINDINGS, MAX_EVIDENCE, MAX_NAMES = 200, 20, 5
#: Judged by device_api_keys where they lie in a home.
_OF_HOMES = ("environment file", "netrc", "logins of git", "Google service account", "login to Kubernetes")


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """Files first, by four rules; then what systemd hands to services."""
    shown = _served(host)
    where = Where(tuple(options["folders"]), options["scan_depth"], options["scan_files"])
    lot = search.search(host, where, [root.folder for root in shown.roots] if shown else [])
    files = host.once(services.variable_files)
    yield from _modes(host, lot, {one.real for one in files.found})
    yield from _owners(host, lot)
    yield from _handed_out(host, lot, shown)
    yield from _copies(host, lot)
    seals = _seals(host, files, options["seal_units"]) if options["seal"] else {}
    yield from _environments(host, seals, seal=options["seal"])
    yield from _variable_files(host, files, seals)
    yield from _command_lines(host)


def _served(host: Host) -> served.Served | None:
    """What web servers serve; None where none runs."""
    running = {one.process for one in host.once(sockets.read)}
    return host.once(served.read) if running & {"nginx", "apache2", "httpd"} else None


def _rest(
    rule: Rule, subject: str, problems: t.Sequence[str], found: t.Sequence[t.Any], clean: str
) -> t.Iterator[Finding]:
    """What is said of all: that not all was looked at, or that there is nothing."""
    more = len(found) - MAX_FINDINGS
    problems = [*problems, *([f"{subject}: {more} more are not listed"] if more > 0 else [])]
    if problems:
        told = [printable(problem) for problem in problems[:MAX_EVIDENCE]]
        evidence = tuple(Evidence(*(one.split(": ", 1) if ": " in one else (subject, one))) for one in told)
        rest = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        yield Finding(rule, subject, f.NOT_ASSESSED, f"not all was looked at: {told[0]}{rest}", evidence)
    elif not found:
        yield Finding(rule, subject, f.PASS, clean)


def _stores(found: t.Sequence[t.Any]) -> str:
    return f"{len(found)} credential store{'s' if len(found) != 1 else ''}"


# mode


def _modes(host: Host, lot: Lot, elsewhere: t.Collection[str]) -> t.Iterator[Finding]:
    elsewhere = {
        *elsewhere,
        *(_of_servers(host) if any(one.kind.name == kinds.PRIVATE_KEY for one in lot.stores) else ()),
    }
    judged = [one for one in lot.stores if one.path not in elsewhere and not (one.home and one.kind.name in _OF_HOMES)]
    wrong = [(one, bits) for one, bits in ((one, access.open_to(host, one)) for one in judged) if bits]
    yield from (_open(host, one, bits) for one, bits in wrong[:MAX_FINDINGS])
    clean = f"{_stores(judged)}, each for its owner and its service alone" if judged else "there is none"
    yield from _rest(MODE, FILES, lot.unseen, wrong, clean)


def _of_servers(host: Host) -> t.Iterator[str]:
    """Keys of certificates that servers use: judged by the control `certificates`."""
    for held in host.once(_certificate_files.read):
        with contextlib.suppress(Unseen):
            yield from [homes.resolve(host, held.path)] if held.used and held.key else []


def _open(host: Host, store: Store, bits: int) -> Finding:
    path, why = printable(store.path), ""
    fix: tuple[Change, ...] = ()
    try:
        fix = access.fix(host, store, bits)
    except access.Refused as exc:
        why = f"; left to a person, since {exc}"
    message = f"{access.whom(bits)} can {access.what(bits)} {path} ({store.kind.name}){why}"
    wanted = f"mode {access.narrowed(host, store, bits):04o}"
    return Finding(MODE, path, f.FAIL, message, (Evidence(path, access.told(host, store.status), wanted),), fix)


# owner


def _owners(host: Host, lot: Lot) -> t.Iterator[Finding]:
    wrong = [(one, why) for one, why in ((one, _stranger(host, one)) for one in lot.stores) if why]
    yield from (_strange(host, one, why) for one, why in wrong[:MAX_FINDINGS])
    clean = f"{_stores(lot.stores)}, each of root or a service" if lot.stores else "there is none"
    yield from _rest(OWNER, FILES, lot.unseen, wrong, clean)


def _stranger(host: Host, store: Store) -> str:
    """Why its owner is the wrong one, "" where he is not: a person below /etc, or a number that nobody has."""
    uid = store.status.st_uid
    account = next((one for one in host.once(accounts.read) if one.uid == uid), None)
    if uid in (0, os.geteuid()) or store.home or (account and not (account.person and store.path.startswith("/etc/"))):
        return ""
    if account:
        return f"belongs to {printable(account.name)}, who is no service"
    known = host.ask("getent", "passwd", str(uid)).stdout.strip() or any(
        one.uid == uid for one in host.once(readers.read)
    )
    return "" if known else f"belongs to uid {uid}, which no account has, and which the next new one may get"


def _strange(host: Host, store: Store, why: str) -> Finding:
    path, left = (
        printable(store.path),
        "; left to a person, since an application's folder may be shared with a container",
    )
    fix: tuple[Change, ...] = ()
    if store.path.startswith("/etc/"):
        try:
            fix, left = access.to_root(host, store), ""
        except access.Refused as exc:
            left = f"; left to a person, since {exc}"
    evidence = Evidence(path, access.told(host, store.status), "root, or the account of its service")
    return Finding(OWNER, path, f.FAIL, f"{path} ({store.kind.name}) {why}{left}", (evidence,), fix)


# web_root


def _handed_out(host: Host, lot: Lot, shown: served.Served | None) -> t.Iterator[Finding]:
    if shown is None:
        yield Finding(WEB_ROOT, FILES, f.NOT_APPLICABLE, "neither nginx nor Apache httpd listens here")
        return
    inside = [one for one in lot.stores if any(root.has(one.path) for root in shown.roots)]
    ask = asking.Asking(host)
    verdicts = [(one, _asked(host, one, shown, ask)) for one in inside]
    out = [(one, told) for one, (verdict, told) in verdicts if verdict == asking.SHOWN]
    unknown = [f"{one.path}: {told[0].found}" for one, (verdict, told) in verdicts if verdict == asking.UNKNOWN]
    yield from (_public(one, told) for one, told in out[:MAX_FINDINGS])
    clean = f"{_stores(inside)} in folders that are served; asked for each, no web server handed it out"
    problems = [*lot.unseen, *shown.problems, *unknown]
    yield from _rest(WEB_ROOT, FILES, problems, out, clean if inside else "none lies in a folder that is served")


def _asked(host: Host, store: Store, shown: served.Served, ask: asking.Asking) -> tuple[str, tuple[Evidence, ...]]:
    """The worst of the answers for all the places at which the file would be served."""
    try:
        start = homes.read_plain(host, store.path, asking.COMPARED) or b""
    except Unseen as exc:
        return asking.UNKNOWN, (Evidence(printable(store.path), str(exc)),)
    answers: dict[str, list[Evidence]] = {}
    for root in (one for one in shown.roots if one.has(store.path)):
        verdict, how = ask.ask(root, store.path, start)
        url = printable(f"{'https' if root.tls else 'http'}://{root.name}:{root.port}{root.url_path(store.path)}")
        found = f"{url}: {how}" if verdict != asking.SHOWN else f"{url}: the file itself ({how})"
        answers.setdefault(verdict, []).append(Evidence(printable(root.place), found, "not handed out"))
    worst = next(one for one in (asking.SHOWN, asking.UNKNOWN, asking.KEPT) if one in answers)
    return worst, tuple(answers[worst][:MAX_EVIDENCE])


def _public(store: Store, evidence: tuple[Evidence, ...]) -> Finding:
    path = printable(store.path)
    message = f"whoever asks a web server of this host for {path} ({store.kind.name}) gets it"
    return Finding(WEB_ROOT, path, f.FAIL, message, evidence)


# backup


def _copies(host: Host, lot: Lot) -> t.Iterator[Finding]:
    copies = [one for one in lot.stores if one.copy_of]
    yield from (_copy(host, one) for one in copies[:MAX_FINDINGS])
    yield from _rest(BACKUP, FILES, lot.unseen, copies, f"{_stores(lot.stores)}, and no copy among them")


def _copy(host: Host, store: Store) -> Finding:
    path, first = printable(store.path), printable(store.copy_of)
    days = max(0, int(host.now().timestamp() - store.status.st_mtime) // 86400)
    evidence = Evidence(
        path, f"{store.kind.name}, {access.told(host, store.status)}, written {days} days ago", "no copy"
    )
    message = f"{path} is a copy of {first} with secrets in it"
    return Finding(BACKUP, path, f.FAIL, message, (evidence,), remedy=f"Once nobody needs it: shred -u {path}")


# unit_environment, environment_file, command_line


def _names(names: t.Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return printable(", ".join(names[:MAX_NAMES])) + more


def _seals(host: Host, files: services.Files, wanted: t.Sequence[str]) -> dict[str, tuple[tuple[Change, ...], str]]:
    """By unit: the changes that seal its secrets, or why they cannot be."""
    found: dict[str, tuple[tuple[Change, ...], str]] = {}
    chosen = (one for one in services.services(host) if any(fnmatch.fnmatchcase(one.name, each) for each in wanted))
    for unit in chosen:
        names = services.in_environment(unit)
        own = [one for one in files.found if unit.name in one.users]
        if names or own:
            try:
                found[unit.name] = sealing.fix(host, unit, names, own), ""
            except sealing.Refused as exc:
                found[unit.name] = (), printable(str(exc))
    return found


def _environments(
    host: Host, seals: t.Mapping[str, tuple[tuple[Change, ...], str]], *, seal: bool
) -> t.Iterator[Finding]:
    telling = [(unit, names) for unit in services.services(host) for names in [services.in_environment(unit)] if names]
    for unit, names in telling[:MAX_FINDINGS]:
        yield _telling(host, unit, names, seals.get(unit.name, ((), "")), seal=seal)
    yield from _rest(UNIT_ENVIRONMENT, UNITS, _no_units(host), telling, "no unit has a secret in its environment")


def _telling(
    host: Host, unit: Unit, names: t.Sequence[str], sealed: tuple[tuple[Change, ...], str], *, seal: bool
) -> Finding:
    fix, why = sealed
    try:
        where = services.sources(host, unit, names)
    except Unseen:
        where = []
    lines = [Evidence(printable(one.path), f"Environment= with {_names(one.names)}", "no secret") for one in where]
    evidence = lines or [Evidence(f"systemctl show -p Environment {printable(unit.name)}", _names(names), "no secret")]
    left = (
        f"; not sealed, since {why}"
        if why
        else ""
        if seal
        else "; seal: true would move it into credentials of systemd"
    )
    message = f"every user of this host can read {_names(names)} of {printable(unit.name)} (systemctl show){left}"
    return Finding(UNIT_ENVIRONMENT, printable(unit.name), f.FAIL, message, tuple(evidence[:MAX_EVIDENCE]), fix)


def _no_units(host: Host) -> tuple[str, ...]:
    why = host.once(units.read).why
    return (why,) if why and host.exists("/run/systemd/system") else ()


def _variable_files(
    host: Host, files: services.Files, seals: t.Mapping[str, tuple[tuple[Change, ...], str]]
) -> t.Iterator[Finding]:
    judged = [one for one in (_variable_file(host, one, seals) for one in files.found) if one]
    yield from judged[:MAX_FINDINGS]
    count = f"{len(files.found)} file{'s' if len(files.found) != 1 else ''} of variables"
    clean = f"{count} with secrets, each for root and its service alone"
    none = "no unit gets a secret from a file of variables"
    yield from _rest(ENVIRONMENT_FILE, UNITS, files.unseen, judged, clean if files.found else none)


def _variable_file(
    host: Host, one: services.VariableFile, seals: t.Mapping[str, tuple[tuple[Change, ...], str]]
) -> Finding | None:
    store = Store(one.real, kinds.VARIABLES, one.status)
    bits = access.open_to(host, store)
    path, users = printable(one.path), printable(", ".join(one.users[:MAX_NAMES]))
    fix, why = seals.get(one.users[0], ((), "")) if len(one.users) == 1 else ((), "")
    if not (bits or fix):
        return None
    if fix:
        message = f"{_names(one.names)} of {users} lie in clear in {path}"
    else:
        try:
            fix, left = access.fix(host, store, bits), ""
        except access.Refused as exc:
            left = f"; left to a person, since {exc}"
        sealed = f"; not sealed, since {why}" if why else ""
        message = f"{access.whom(bits)} can {access.what(bits)} {_names(one.names)} of {users} in {path}{left}{sealed}"
    evidence = Evidence(path, f"{_names(one.names)}, {access.told(host, one.status)}", "for root and the service alone")
    return Finding(ENVIRONMENT_FILE, path, f.FAIL, message, (evidence,), fix)


def _command_lines(host: Host) -> t.Iterator[Finding]:
    telling = [(unit, names) for unit in services.services(host) for names in [services.on_command_line(unit)] if names]
    for unit, names in telling[:MAX_FINDINGS]:
        name, told = printable(unit.name), _names(names)
        message = f"every user of this host sees {told} on the command line of {name} (ps, systemctl show)"
        evidence = Evidence(printable(unit.fragment) or name, f"ExecStart= with {told}", "no secret")
        yield Finding(COMMAND_LINE, name, f.FAIL, message, (evidence,))
    yield from _rest(COMMAND_LINE, UNITS, _no_units(host), telling, "no unit has a secret on its command line")


CONTROL = Control(
    name=NAME,
    principle="data_protection",
    title="Credentials are readable by those who need them alone",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
