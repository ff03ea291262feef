# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Judges infosec_machine_keys as a person wrote it, and says who logs in where with what."""

from __future__ import annotations

import difflib
import re
import shlex
import typing as t

VARIABLE = "infosec_machine_keys"
#: In `from`: where Ansible itself runs. Its name in the inventory.
CONTROLLER, LOCALHOST = "controller", "localhost"
TYPES = ("ed25519", "rsa")
#: days; Mozilla's key management prefers keys of two years that are rotated reliably.
MAX_AGE = 730
#: How a host is reached by others than Ansible, where that differs.
ADDRESS, PORT = "infosec_ssh_address", "infosec_ssh_port"

HostVars = t.Mapping[str, t.Any]
Groups = t.Mapping[str, t.Sequence[str]]
Key = dict[str, t.Any]
_Check = t.Callable[[t.Any, Groups], t.Iterator[str]]


class RotationError(Exception):
    """No plan can be made. faults: each with its place and the remedy."""

    def __init__(self, faults: t.Sequence[str]) -> None:
        heading = f"The keys of machines ({VARIABLE}) have {len(faults)} fault(s):"
        super().__init__("\n".join([heading, *(f"- {fault}" for fault in faults)]))
        self.faults = tuple(faults)


def plan(declared: t.Any, hostvars: HostVars, groups: Groups) -> list[Key]:
    """Each key with where it lies and what it opens. Raises RotationError with all faults."""
    faults = list(_faults(declared, groups))
    if faults:
        raise RotationError(faults)
    return [_planned(entry, hostvars, groups) for entry in declared]


# What was written


def _faults(declared: t.Any, groups: Groups) -> t.Iterator[str]:
    if not isinstance(declared, list | tuple):
        yield f"{VARIABLE}: {_found(declared)}; write a list of mappings with {', '.join(_CHECKS)}"
        return
    for index, entry in enumerate(declared):
        yield from _entry_faults(f"{VARIABLE}[{index}]", entry, groups)
    names = [entry.get("name") for entry in declared if isinstance(entry, t.Mapping)]
    for name in sorted({str(name) for name in names if name and names.count(name) > 1}):
        yield f"{VARIABLE}: {name} is there twice; give each key a name of its own"


def _entry_faults(where: str, entry: t.Any, groups: Groups) -> t.Iterator[str]:
    if not isinstance(entry, t.Mapping):
        yield f"{where}: {_found(entry)}; write a mapping with {', '.join(_CHECKS)}"
        return
    where = f"{where} ({entry['name']})" if entry.get("name") else where
    required = [key for key in _REQUIRED if key != "account" or entry.get("from") != CONTROLLER]
    yield from (f"{where}.{key}: missing; write {_WANTED[key]}" for key in required if key not in entry)
    for key, value in entry.items():
        check = _CHECKS.get(str(key))
        if check is None:
            yield f"{where}.{key}: unknown key; {_instead(str(key), _CHECKS)}"
        else:
            yield from (f"{where}.{key}: {fault}" for fault in check(value, groups))


def _found(value: t.Any) -> str:
    text = repr(str(value)) if isinstance(value, str) else str(value)
    return "is empty" if value in (None, "", [], {}) else f"found {text if len(text) < 100 else text[:97] + '...'}"


def _instead(name: str, known: t.Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.7)
    return f"did you mean {close[0]}?" if close else f"write one of {', '.join(sorted(known)[:12])}"


_WANTED = {
    "name": "what the key is called, in letters, digits, dots, dashes and underscores",
    "from": f"the host of the inventory that has the private key, or {CONTROLLER}",
    "account": "the account there that logs in with it",
    "key": "the path of the private key, absolute or below the home of the account",
    "to": "a list of the hosts and groups that it opens",
    "as": "the account that it opens there",
    "options": "the options of its line in authorized_keys, such as restrict",
    "type": f"one of {', '.join(TYPES)}",
    "max_age_days": "a number of days, 1 or more",
    "arguments": "a list of arguments of ssh, such as [-o, ProxyJump=bastion]",
    "owner": "who answers for it",
}


def _matching(key: str, pattern: str) -> _Check:
    """A text of this form."""

    def check(value: t.Any, groups: Groups) -> t.Iterator[str]:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            yield f"{_found(value)}; write {_WANTED[key]}"

    return check


def _host(value: t.Any, groups: Groups) -> t.Iterator[str]:
    known = {CONTROLLER, *groups["all"]}
    if value not in known:
        yield f"{_found(value)}; the inventory has no such host; {_instead(str(value), known)}"


def _hosts(value: t.Any, groups: Groups) -> t.Iterator[str]:
    if not isinstance(value, list | tuple) or not value:
        yield f"{_found(value)}; write {_WANTED['to']}"
        return
    known = {*groups, *groups["all"]}
    for name in value:
        if name not in known:
            yield f"{_found(name)}; the inventory has no such host or group; {_instead(str(name), known)}"


def _kind(value: t.Any, groups: Groups) -> t.Iterator[str]:
    if value not in TYPES:
        yield f"{_found(value)}; write {_WANTED['type']}"


def _days(value: t.Any, groups: Groups) -> t.Iterator[str]:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        yield f"{_found(value)}; write {_WANTED['max_age_days']}"


def _words(value: t.Any, groups: Groups) -> t.Iterator[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
        yield f"{_found(value)}; write {_WANTED['arguments']}"


_ACCOUNT = r"[a-zA-Z_][a-zA-Z0-9_.@-]*\$?"
_CHECKS: dict[str, _Check] = {
    "name": _matching("name", r"[A-Za-z0-9][A-Za-z0-9._-]*"),
    "from": _host,
    "account": _matching("account", _ACCOUNT),
    "key": _matching("key", r"(?!-)[^\0\n]+"),
    "to": _hosts,
    "as": _matching("as", _ACCOUNT),
    # One line of authorized_keys, and no second key behind it.
    "options": _matching("options", r"[^\0\n\r]*(?<!\s)"),
    "type": _kind,
    "max_age_days": _days,
    "arguments": _words,
    "owner": _matching("owner", r".+"),
}
_REQUIRED = ("name", "from", "account", "key", "to")


# What follows from it


def _planned(entry: t.Mapping[str, t.Any], hostvars: HostVars, groups: Groups) -> Key:
    source = LOCALHOST if entry["from"] == CONTROLLER else str(entry["from"])
    hosts = dict.fromkeys(str(host) for name in entry["to"] for host in groups.get(name, (name,)))
    return {
        **{key: str(entry.get(key) or "") for key in ("name", "account", "key")},
        "source": source,
        "type": str(entry.get("type", TYPES[0])),
        "max_age_days": int(entry.get("max_age_days", MAX_AGE)),
        "options": str(entry["options"]) if "options" in entry else None,
        "hosts": list(hosts),
        "targets": [_target(entry, host, hostvars[host]) for host in hosts],
    }


def _target(entry: t.Mapping[str, t.Any], host: str, variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """How the key's owner reaches the host; Ansible's own key goes the way that Ansible goes."""
    account = entry.get("as") or variables.get("ansible_user")
    if not account:
        raise RotationError([f"{VARIABLE} ({entry['name']}).as: missing, and {host} has no ansible_user"])
    arguments = [str(word) for word in entry.get("arguments", ())]
    if entry["from"] == CONTROLLER:
        arguments += _ansibles(variables)
    return {
        "host": host,
        "address": str(variables.get(ADDRESS) or variables.get("ansible_host") or host),
        "account": str(account),
        "port": int(variables.get(PORT) or variables.get("ansible_port") or 0),
        "arguments": arguments,
    }


def _ansibles(variables: t.Mapping[str, t.Any]) -> list[str]:
    given = (variables.get(f"ansible_ssh_{kind}_args") for kind in ("common", "extra"))
    return [word for text in given if text for word in shlex.split(str(text))]
