# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What hashes new passwords get, and whether PAM lets in who gives none: login.defs(5) and pam_unix(8)."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import pam
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing

LOGIN_DEFS, PAM = "/etc/login.defs", "/etc/pam.d"
#: What login.defs(5) and pam_unix(8) call schemes; without a word for one, both take DES.
STRONG = ("yescrypt", "gost_yescrypt", "blowfish", "bcrypt", "sha512", "sha256")
WEAK = ("md5", "bigcrypt", "des")
#: Copies that dpkg, rpm and pam-auth-update leave beside the file that counts.
_COPY = re.compile(r".*(\.(dpkg-\w+|rpm\w+|pam-old|bak|orig)|~)")


@dataclasses.dataclass(frozen=True)
class UnixLine:
    """One line of PAM with pam_unix. kind: its facility, such as "auth"."""

    path: str
    kind: str
    words: tuple[str, ...]

    @property
    def scheme(self) -> str:
        """The last word for a scheme, which is the one that counts; empty where login.defs decides."""
        return next((word for word in reversed(self.words) if word in (*STRONG, *WEAK)), "")


def unix_lines(host: Host) -> tuple[UnixLine, ...]:
    """Every line with pam_unix for logins and new passwords. Use as `host.once`. Raises NeedsRoot."""
    found: list[UnixLine] = []
    for name in host.listdir(PAM):
        path = f"{PAM}/{name}"
        try:
            text = "" if _COPY.fullmatch(name) else host.read_text(path)
        except Missing:
            continue
        except HostError:
            text = ""
        lines = [line for line in pam.parse(text) if line.module.rpartition("/")[2] == "pam_unix.so"]
        found += [UnixLine(path, one.facility, tuple(word.lower() for word in one.arguments)) for one in lines]
    return tuple(found)


def nullok(host: Host) -> tuple[str, ...]:
    """The files of PAM that let in who gives no password, for an account that has none."""
    lines = host.once(unix_lines)
    return tuple(dict.fromkeys(one.path for one in lines if one.kind == "auth" and "nullok" in one.words))


def login_defs(host: Host) -> str:
    """The scheme of login.defs(5) in lower case. Raises Missing without that file."""
    settings: dict[str, str] = {}
    for words in (line.split() for line in host.read_text(LOGIN_DEFS).splitlines()):
        if len(words) > 1 and not words[0].startswith("#"):
            settings[words[0]] = words[1].strip('"').lower()
    md5 = settings.get("MD5_CRYPT_ENAB") == "yes"
    return settings.get("ENCRYPT_METHOD", "md5" if md5 else "des")


def in_force(host: Host) -> t.Iterator[tuple[str, str]]:
    """(file, scheme) for each file that decides what a new password becomes."""
    try:
        default = login_defs(host)
        yield LOGIN_DEFS, default
    except Missing:
        default = "des"
    lines = {one.path: one for one in host.once(unix_lines) if one.kind == "password"}
    for path, line in lines.items():
        yield path, line.scheme or default
