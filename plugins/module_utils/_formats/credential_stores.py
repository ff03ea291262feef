# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Files in which programs of servers keep what they log in with: whether one holds a secret, by its own format.

A test takes the text of a file and says whether there is a secret in it; placeholders and passwords that are encrypted
or kept elsewhere are none.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import api_keys, htpasswd, ssh_keys

Test = t.Callable[[str], bool]
#: No secret that is longer is looked for, so that a line of a megabyte costs nothing.
_VALUE = r"[^\"'\s\\]{1,512}"


def any_of(recogniser: api_keys.Recogniser) -> Test:
    """Whether the recogniser of API keys finds one."""

    def test(text: str) -> bool:
        return next(recogniser(text), None) is not None

    return test


def made(make: t.Callable[..., api_keys.Recogniser], *words: str, **named: str) -> Test:
    """The same for a recogniser that is made (and its patterns compiled) once it is needed, which it seldom is."""

    def test(text: str) -> bool:
        return any_of(make(*words, **named))(text)

    return test


def matches(pattern: str) -> Test:
    """Whether a line matches, and its group `value` is no placeholder; compiled once it is needed."""

    def test(text: str) -> bool:
        found = re.finditer(pattern, text, re.MULTILINE | re.IGNORECASE)
        return any(not api_keys.is_placeholder(match["value"]) for match in found)

    return test


def not_empty(text: str) -> bool:
    """Files that are a secret as a whole, whatever their bytes are."""
    return bool(text.strip())


def pgpass(text: str) -> bool:
    r"""Lines host:port:database:user:password, "\\:" being no end of a field (libpq)."""
    for line in text.splitlines():
        fields = re.split(r"(?<!\\):", line)
        if len(fields) == 5 and not line.startswith("#") and fields[4]:
            return True
    return False


#: A client's or server's `password = ...` in an option file (MySQL, MariaDB).
option_file = matches(r"^[ \t]*(?:loose[-_])?(?:password|passwd)[ \t]*=[ \t]*[\"']?(?P<value>[^\s\"'#]{1,512})")
#: Maps of Postfix: `[host]:port user:password`.
login_map = matches(r"^(?!#)\S{1,255}[ \t]+[^\s:]{1,255}:(?P<value>\S{1,512})")
#: `password = ...` or `connect = ... password=...` of maps that ask databases (Postfix, Dovecot).
lookup = matches(r"^(?:[^#\n]{0,512}[\s=])?(?:password|bind_?pw|dnpass)[ \t]*=[ \t]*(?P<value>[^\s#]{1,512})")
#: requirepass and masterauth of Redis and Valkey.
redis = matches(r"^[ \t]*(?:requirepass|masterauth|primaryauth)[ \t]+[\"']?(?P<value>[^\s\"']{1,512})")
#: PrivateKey and PresharedKey of WireGuard (wg(8)): 32 bytes.
wireguard = matches(r"^[ \t]*(?:PrivateKey|PresharedKey)[ \t]*=[ \t]*(?P<value>[A-Za-z0-9+/]{43}=)")
_NAMES = r"\w{0,40}(?:password|passwd|passwort|secret|api_?key|auth_?key|secure_auth_salt|token|_pass)\w{0,20}"
_PHP = (
    rf"define\(\s{{0,9}}[\"']{_NAMES}[\"']\s{{0,9}},\s{{0,9}}[\"'](?P<value>{_VALUE})[\"']",
    rf"\$[\w>'\"\[\]-]{{0,60}}?{_NAMES}[\"'\]]{{0,2}}\s{{0,9}}=\s{{0,9}}[\"'](?P<value>{_VALUE})[\"']",
    rf"[\"']{_NAMES}[\"']\s{{0,9}}=>\s{{0,9}}[\"'](?P<value>{_VALUE})[\"']",
)
_php = [matches(pattern) for pattern in _PHP]


def php(text: str) -> bool:
    """Constants, variables and members of arrays of PHP that are named like secrets, with a text for value."""
    return any(test(text) for test in _php)


#: `password: ...` of YAML, `password=` of properties, `<password>` of XML, `"password": "..."` of JSON.
settings = matches(
    rf"^(?![ \t]{{0,99}}[#;])[^\n]{{0,200}}?\b{_NAMES}\b[\"']?(?:\s{{0,9}}[:=]\s{{0,9}}|>\s{{0,9}}(?:<!\[CDATA\[)?)"
    r"[\"']?(?P<value>[^\s\"'<>\[\],]{6,512})"
)


def htpasswd_file(text: str) -> bool:
    """Users with a hash that is one of those that web servers check."""
    kinds = dict(htpasswd.colons(text).kinds)
    kinds.pop(htpasswd.UNKNOWN, None)
    return bool(kinds) or bool(htpasswd.colons(text, 2).users)


def private_key(text: str) -> bool:
    """A private key that nothing but the file's mode guards."""
    data = text.encode("utf-8", "surrogateescape")
    key = ssh_keys.private(data)
    if key:
        return not (key.encrypted or key.token)
    return (
        bool(re.search(rb"-----BEGIN (?:EC |RSA |DSA )?PRIVATE KEY-----", data))
        and b"Proc-Type: 4,ENCRYPTED" not in data
    )


def keytab(text: str) -> bool:
    """A key table of Kerberos begins with its version, 5.1 or 5.2 (the format is that of MIT)."""
    return text.startswith(("\x05\x01", "\x05\x02"))
