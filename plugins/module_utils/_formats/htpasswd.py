# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Password files of web servers and services: how many users, by which kinds of hashes; never a hash itself."""

from __future__ import annotations

import collections
import dataclasses
import re

#: How a field begins, by htpasswd(1), doveadm-pw(1) and crypt(5); the first that fits counts.
_KINDS = (
    (re.compile(r"\{(?P<kind>[A-Za-z0-9.-]+)\}"), ""),
    (re.compile(r"\$apr1\$"), "apr1 (MD5)"),
    (re.compile(r"\$2[abxy]?\$"), "bcrypt"),
    (re.compile(r"\$y\$"), "yescrypt"),
    (re.compile(r"\$6\$"), "sha512crypt"),
    (re.compile(r"\$5\$"), "sha256crypt"),
    (re.compile(r"\$1\$"), "md5crypt"),
    (re.compile(r"\$[67]\$|\$argon2"), "argon2 or PBKDF2"),
    (re.compile(r"[./0-9A-Za-z]{13}$"), "descrypt"),
    (re.compile(r"[0-9a-f]{32}$"), "MD5"),
)
UNKNOWN = "clear text or unknown"


@dataclasses.dataclass(frozen=True)
class Store:
    """users: how many have a password in it. kinds: of their hashes, each with how many."""

    users: int
    kinds: tuple[tuple[str, int], ...]

    @property
    def told(self) -> str:
        """Such as "3 users (2 bcrypt, 1 MD5)"."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.kinds)
        return f"{self.users} user{'s' if self.users != 1 else ''}{f' ({kinds})' if kinds else ''}"


def colons(text: str, field: int = 1) -> Store:
    """Lines "name:...": htpasswd has the password in field 1, htdigest (name:realm:hash) in field 2."""
    lines = (line.strip().split(":") for line in text.splitlines())
    found = [fields[field] for fields in lines if len(fields) > field and fields[0] and fields[0][0] != "#"]
    kinds = collections.Counter(kind_of(one) for one in found if one and one[0] not in "!*")
    return Store(sum(kinds.values()), tuple(sorted(kinds.items())))


def blanks(text: str) -> Store:
    """Lines "name server secret" (chap-secrets) and alike, with the secret in clear."""
    lines = [line for line in text.splitlines() if len(line.split()) > 2 and not line.lstrip().startswith(("#", ";"))]
    return Store(len(lines), (("clear text", len(lines)),) if lines else ())


def marked(data: bytes, mark: re.Pattern[bytes]) -> Store:
    """Databases whose records have names: each different match of the mark is a user."""
    return Store(len(set(mark.findall(data))), ())


def kind_of(field: str) -> str:
    """The kind of a hash by its form."""
    for pattern, name in _KINDS:
        match = pattern.match(field)
        if match:
            return name or match["kind"].upper()
    return UNKNOWN
