# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Who has a second factor, by what its module reads. No secret is kept, and none leaves these functions."""

from __future__ import annotations

import dataclasses
import os
import re
import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.modes import set_mode
from ansible_collections.infosec.principles.plugins.module_utils._formats.pam import Step
from ansible_collections.infosec.principles.plugins.module_utils._host import homes
from ansible_collections.infosec.principles.plugins.module_utils._host.accounts import Account
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

OATH_FILE = "/etc/users.oath"
_TYPE = re.compile(r"HOTP(?:/E|/T\d+)?(?:/([678]))?|MOTP(?:/E)?")
#: RFC 4226, R6: a secret has 128 bits at least.
SECRET_DIGITS = 32
_BYTES = 1024 * 1024
_GOOGLE_BYTES = 64 * 1024
NO_REUSE = "DISALLOW_REUSE"


@dataclasses.dataclass(frozen=True)
class Enrolment:
    """What a module knows of an account. source: where. problem: why the account has no factor by it; "" where it has.

    known: whether it can be told at all. reusable: a code may be used twice, and what to do about it.
    """

    source: str
    problem: str = ""
    known: bool = True
    reusable: str = ""


@dataclasses.dataclass(frozen=True)
class SecretFile:
    """A file with secrets. owner: whose it has to be. problem: who else gets at it; fix: what helps."""

    path: str
    problem: str
    fix: tuple[Change, ...] = ()


def of(host: Host, step: Step, account: Account) -> Enrolment:
    """What the module of this line knows of the account. Not `known` where it cannot be told."""
    reader = _READERS.get(step.name)
    if reader is None:
        return Enrolment(step.name, known=False)
    try:
        return reader(host, step, account)
    except homes.Unseen as exc:
        return Enrolment(step.name, str(exc), known=False)


def secrets(host: Host, step: Step, accounts: t.Iterable[Account]) -> t.Iterator[SecretFile]:
    """The files with secrets that the module of this line reads for these accounts."""
    if step.name == "pam_oath":
        yield from _secret(host, argument(step, "usersfile", OATH_FILE), 0)
    elif step.name == "pam_duo":
        yield from _secret(host, _duo_file(host, step), 0)
    elif step.name == "pam_google_authenticator":
        as_root = argument(step, "user", "") == "root"
        for account in accounts:
            yield from _secret(host, _google_file(step, account), 0 if as_root else account.uid)


def argument(step: Step, name: str, default: str) -> str:
    """The value of an argument such as usersfile=/etc/users.oath; of two the last counts."""
    words = [word[1:-1] if word.startswith("[") else word for word in step.arguments]
    return next((word.partition("=")[2] for word in reversed(words) if word.startswith(f"{name}=")), default)


# pam_oath (usersfile of liboath: TYPE NAME PIN SECRET COUNTER LAST-CODE TIME)


def _oath(host: Host, step: Step, account: Account) -> Enrolment:
    path = argument(step, "usersfile", OATH_FILE).replace("${USER}", account.name).replace("${HOME}", account.home)
    lines = [line.split() for line in _text(host, path).splitlines() if not line.lstrip().startswith("#")]
    own = [fields for fields in lines if len(fields) > 3 and fields[1] == account.name]
    if not own:
        return Enrolment(path, f"{path} has no line for {account.name}")
    problems = [_oath_problem(fields, argument(step, "digits", "")) for fields in own]
    return Enrolment(path, "" if "" in problems else f"{path}: {problems[0]} for {account.name}")


def _oath_problem(fields: t.Sequence[str], digits: str) -> str:
    """Why no code of this line would do; "" where one would."""
    match = _TYPE.fullmatch(fields[0])
    if not match:
        return "a type that liboath does not know"
    if digits and match[1] and match[1] != digits:
        return f"codes of {match[1]} digits where PAM wants {digits}"
    if not re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", fields[3]):
        return "a secret that is not hexadecimal"
    return "" if len(fields[3]) >= SECRET_DIGITS else "a secret of less than 128 bits"


# pam_google_authenticator: the first line is the secret, lines that begin with a quote are options


def _google_file(step: Step, account: Account) -> str:
    path = argument(step, "secret", "~/.google_authenticator")
    tokens = (("~", account.home), ("${HOME}", account.home), ("%h", account.home))
    for token, value in (*tokens, ("${USER}", account.name), ("%u", account.name)):
        path = path.replace(token, value, 1 if token == "~" else -1)
    return path


def _google(host: Host, step: Step, account: Account) -> Enrolment:
    path = _google_file(step, account)
    lines = _text(host, path, _GOOGLE_BYTES).splitlines()
    if not lines:
        return Enrolment(path, f"{path} is not there or empty")
    if not re.fullmatch(r"[A-Z2-7]{16,}=*", lines[0].strip().upper()):
        return Enrolment(path, f"{path} does not begin with a secret")
    words = [line[1:].split() for line in lines if line.startswith('"')]
    once = [NO_REUSE] in [one[:1] for one in words] or ["HOTP_COUNTER"] in [one[:1] for one in words]
    return Enrolment(path, reusable="" if once else f'add the line `" {NO_REUSE}` to {path}')


# pam_u2f: NAME:HANDLE,KEY,...; pam_duo: an INI file


def _u2f(host: Host, step: Step, account: Account) -> Enrolment:
    path = argument(step, "authfile", f"{account.home}/.config/Yubico/u2f_keys")
    named = [line for line in _text(host, path).splitlines() if line.startswith(f"{account.name}:")]
    return Enrolment(path, "" if any("," in line for line in named) else f"{path} has no key of {account.name}")


def _duo_file(host: Host, step: Step) -> str:
    given = argument(step, "conf", "")
    places = (given,) if given else ("/etc/security/pam_duo.conf", "/etc/duo/pam_duo.conf")
    return next((path for path in places if host.exists(path)), places[0])


def _duo(host: Host, step: Step, account: Account) -> Enrolment:
    """Duo itself knows who has enrolled; here it can be told whether it is asked at all."""
    path = _duo_file(host, step)
    values = dict(_settings(_text(host, path)))
    missing = [key for key in ("ikey", "skey", "host") if not values.get(key)]
    return Enrolment(path, f"{path} does not say {', '.join(missing)}" if missing else "")


def duo_fails_open(host: Host, step: Step) -> bool:
    """Whether pam_duo lets everybody in where Duo cannot be reached, which is its default."""
    try:
        values = dict(_settings(_text(host, _duo_file(host, step))))
    except homes.Unseen:
        values = {}
    return values.get("failmode", "safe").lower() != "secure"


def _settings(text: str) -> t.Iterator[tuple[str, str]]:
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.lstrip().startswith((";", "#", "[")):
            yield key.strip().lower(), value.strip()


_READERS: dict[str, t.Callable[[Host, Step, Account], Enrolment]] = {
    "pam_oath": _oath,
    "pam_google_authenticator": _google,
    "pam_u2f": _u2f,
    "pam_duo": _duo,
}


def _text(host: Host, path: str, size: int = _BYTES) -> str:
    """The file's text, "" where there is no plain file. Raises homes.Unseen."""
    return (homes.read_plain(host, path, size) or b"").decode("utf-8", "surrogateescape")


def _secret(host: Host, path: str, uid: int) -> t.Iterator[SecretFile]:
    """Who can read the file besides its owner; nothing where there is none."""
    try:
        status = os.stat(host.path(homes.resolve(host, path)), follow_symlinks=False)
    except (homes.Unseen, OSError):
        return
    mode = stat.S_IMODE(status.st_mode)
    if not stat.S_ISREG(status.st_mode):
        return
    if status.st_uid not in (0, uid, os.geteuid()):
        yield SecretFile(path, f"belongs to user {status.st_uid}")
    elif mode & 0o177:
        yield SecretFile(path, f"has the mode {mode:04o}", _narrowed(host, path, mode & 0o600))
    else:
        yield SecretFile(path, "")


def _narrowed(host: Host, path: str, mode: int) -> tuple[Change, ...]:
    try:
        return (set_mode(host, path, mode),)
    except (ChangeError, OSError):
        return ()
