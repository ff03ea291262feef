# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The local passwords of accounts, by /etc/passwd and /etc/shadow: of which kind each is, never the hash itself."""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, Missing

PASSWD, SHADOW, GROUP, GSHADOW = "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"
#: States. EMPTY: none is asked for. USABLE: there is one. LOCKED: one begins with "!" (passwd -l, usermod -L, useradd).
#: DISABLED: what no password can ever be ("*"). MISSING: /etc/passwd points to a line of /etc/shadow that is not there.
EMPTY, USABLE, LOCKED, DISABLED, MISSING = "empty", "usable", "locked", "disabled", "missing"
#: How a hash begins, by crypt(5) and libxcrypt's list of schemes.
_PREFIXES = (
    ("$y$", "yescrypt"),
    ("$gy$", "gost-yescrypt"),
    ("$sm3y$", "sm3-yescrypt"),
    ("$7$", "scrypt"),
    ("$2", "bcrypt"),
    ("$6$", "sha512crypt"),
    ("$sm3$", "sm3crypt"),
    ("$5$", "sha256crypt"),
    ("$sha1$", "sha1crypt"),
    ("$md5", "sunmd5"),
    ("$1$", "md5crypt"),
    ("$3$", "nt"),
)
#: Schemes without a prefix, by the whole of the hash.
_SHAPES = (
    (re.compile(r"_[./0-9A-Za-z]{19}"), "bsdicrypt"),
    (re.compile(r"[./0-9A-Za-z]{13}"), "descrypt"),
    (re.compile(r"[./0-9A-Za-z]{2}(?:[./0-9A-Za-z]{11}){2,16}"), "bigcrypt"),
)
#: Schemes that hold no guessing up: crypt(5) takes none of them for new passwords.
WEAK = frozenset(("sha1crypt", "sunmd5", "md5crypt", "bsdicrypt", "bigcrypt", "descrypt", "nt"))
UNKNOWN = "unknown"
#: What /etc/passwd has in place of a password that is in /etc/shadow.
_POINTER = "x"
EPOCH = datetime.date(1970, 1, 1)


@dataclasses.dataclass(frozen=True)
class Entry:
    """The local password of one account (of a group: `groups`).

    scheme: such as "yescrypt", also of a hash that is locked; "" where there is no hash, UNKNOWN where its form is not
        known. state: one of the above.
    changed: when it was set; None where that is unknown, 1970-01-01 where it has to be changed at the next login.
    expires: from when on the account lets nobody in, however he comes. source: the file that has it.
    """

    name: str
    scheme: str
    state: str
    changed: datetime.date | None = None
    expires: datetime.date | None = None
    source: str = SHADOW

    @property
    def weak(self) -> bool:
        """Whether the hash is of a scheme that no longer protects it."""
        return self.scheme in WEAK


def read(host: Host) -> tuple[Entry, ...]:
    """The password of each account of /etc/passwd, in its order. Use as `host.once(shadow.read)`.

    Raises NeedsRoot where this user may not read /etc/shadow, HostError where /etc/passwd cannot be read.
    """
    shadow = _lines(host, SHADOW)
    found = _lines(host, PASSWD)
    return tuple(_entry(name, fields[1], shadow.get(name)) for name, fields in found.items())


def groups(host: Host) -> tuple[Entry, ...]:
    """The password of each group of /etc/group (gpasswd(1)): whoever knows it gets its rights. Raises like `read`.

    Unlike an account's, an empty one lets nobody in (gshadow(5)).
    """
    shadow = _lines(host, GSHADOW)
    found = _lines(host, GROUP)
    return tuple(
        _password(name, fields[1], GROUP)
        if fields[1] != _POINTER or name not in shadow
        else _password(name, shadow[name][1], GSHADOW)
        for name, fields in found.items()
    )


def scheme_of(digest: str) -> str:
    """The scheme of a hash by its form: "" where it is none."""
    prefixed = next((scheme for prefix, scheme in _PREFIXES if digest.startswith(prefix)), "")
    shaped = next((scheme for shape, scheme in _SHAPES if shape.fullmatch(digest)), "")
    return prefixed or shaped or (UNKNOWN if re.match(r"\$[^$]+\$.", digest) else "")


def _entry(name: str, field: str, shadow: t.Sequence[str] | None) -> Entry:
    """What /etc/passwd itself has counts (crypt(3) is asked with it); only "x" leads on to /etc/shadow."""
    if field != _POINTER:
        return _password(name, field, PASSWD, *_dates(shadow))
    if shadow is None:
        return Entry(name, "", MISSING)
    return _password(name, shadow[1], SHADOW, *_dates(shadow))


def _password(
    name: str,
    field: str,
    source: str,
    changed: datetime.date | None = None,
    expires: datetime.date | None = None,
) -> Entry:
    digest = field.lstrip("!")
    scheme = scheme_of(digest)
    state = LOCKED if field.startswith("!") else USABLE if scheme else DISABLED if field else EMPTY
    return Entry(name, scheme, state, changed, expires, source)


def _dates(shadow: t.Sequence[str] | None) -> tuple[datetime.date | None, datetime.date | None]:
    """When the password was changed, and when the account expires."""
    fields = shadow or ()
    return _date(fields[2] if len(fields) > 2 else ""), _date(fields[7] if len(fields) > 7 else "")


def _date(days: str) -> datetime.date | None:
    """Days since 1970, as shadow(5) has them; nothing and what no calendar has is None."""
    try:
        return EPOCH + datetime.timedelta(days=int(days)) if days.isdecimal() else None
    except OverflowError:
        return None


def _lines(host: Host, path: str) -> dict[str, list[str]]:
    """The fields of each line by its name; of two with one name the first counts, as it does for the C library."""
    try:
        text = host.read_text(path)
    except Missing:
        return {}
    found: dict[str, list[str]] = {}
    for fields in (line.split(":") for line in text.splitlines()):
        if len(fields) > 1 and fields[0] and fields[0][0] not in "+-":
            found.setdefault(fields[0], fields)
    return found
