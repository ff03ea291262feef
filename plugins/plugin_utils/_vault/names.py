# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What the name of a variable tells of its value: a password, another secret, something about one, or nothing."""

from __future__ import annotations

import functools
import re

#: What people choose, so that any text may be one; what machines make, which looks like it; and digits.
PASSWORD, SECRET, PIN = "password", "secret", "PIN"


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ENDINGS = {
    **dict.fromkeys(("password", "passwords", "passwd", "passwort", "passphrase", "passphrases"), PASSWORD),
    **dict.fromkeys(("secret", "secrets", "token", "tokens", "apikey", "apikeys"), SECRET),
}
_WORDS = {
    **dict.fromkeys(("pass", "pwd", "pw", "psk", "bindpw", "rootpw", "userpw", "dbpass", "rootpass"), PASSWORD),
    "pin": PIN,
    **dict.fromkeys(("secretkey", "accesskey", "privatekey", "privkey", "sharedkey", "masterkey"), SECRET),
}
_PAIRS = {
    **dict.fromkeys(((one, "pass") for one in ("become", "ssh", "sudo")), PASSWORD),
    **dict.fromkeys(
        (
            (first, last)
            for first in (
                *("api", "access", "secret", "private", "priv", "signing", "encryption", "master", "auth", "hmac"),
                *("unseal", "account", "shared", "preshared", "storage", "cipher", "session", "client", "app"),
            )
            for last in ("key", "keys")
        ),
        SECRET,
    ),
    **dict.fromkeys((("erlang", "cookie"), ("totp", "seed"), ("recovery", "codes"), ("webhook", "key")), SECRET),
    **dict.fromkeys((("snmp", "community"), ("ro", "community"), ("rw", "community")), PASSWORD),
}
#: Behind the word for a secret: it is its name, place, kind or what is demanded of it.
_ABOUT = _set(
    """
    age aging alg algo algorithm algorithms allowed attempts attribute audience auth authentication backend bits
    change changed characters chars charset check checks checksum cipher claim claims class cmd command comment
    complexity config count crypt days description digest dir directory disabled duration enabled encryption
    endpoint engine env expiration expire expired expires expiry expose field file filename files fingerprint
    folder format from generator group groups hash hashed hashing header headers helper hint history host hours
    id identifier ids index interval issuer kind label len length lifetime limit location lock locked login
    lookup manager max maximum message method min minimum minutes mode module mount name names namespace needed
    number owner package packages param parameter path paths pattern placeholder plugin policies policy port
    prefix priority program prompt provider pub public publishable quality ref reference refs regex regexp
    required reset retries reuse role roles rotation rounds rules salt scheme scope scopes script seconds
    separator server service size source state status storage store strength suffix template text through time
    timeout title ttl type types update uri url user username users validity var variable variables version warn
    warning
    """
)
#: Before it: a switch, or what anybody may have.
_BEFORE = _set("allow ask disable generate has is no permit prompt pub public require rotate update use")
#: Anywhere in a name: what is said to people.
_SAID = _set("button caption err error errors hint label message messages msg prompt title tooltip")
#: Names by which a value that nobody can guess is a secret; a checksum has other names.
_LIKELY = _set(
    "auth codes cookie cookies cred creds credential credentials hmac key keys license otp salt seed session"
)
_CHECKSUMS = _set(
    """
    ca cert certificate certs checksum checksums commit digest etag fingerprint fingerprints gpg hash id identifier
    image integrity md5 name path pub public publishable pubkey ref release revision sha sha1 sha224 sha256 sha384
    sha512 signature sum tag thumbprint url uuid version
    """
)


def words(name: str) -> list[str]:
    """The words of a name: ``dbRootPassword2`` is db, root, password."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return [word for word in re.split(r"[^a-z0-9]+|(?<=[a-z])\d+(?=_|$)", parted.lower()) if word.strip("0123456789")]


@functools.lru_cache(maxsize=4096)
def kind(name: str) -> str:
    """PASSWORD, SECRET or PIN where a value of this name is one; else nothing."""
    parts = words(name)
    found = ""
    for place, word in enumerate(parts):
        pair = _PAIRS.get((parts[place - 1], word)) if place else None
        one = pair or _WORDS.get(word) or next((_ENDINGS[end] for end in _ENDINGS if word.endswith(end)), "")
        if one:
            found, rest = one, parts[place + 1 :]
    return "" if not found or _ABOUT.intersection(rest) or _SAID.intersection(parts) or parts[0] in _BEFORE else found


def is_plural(name: str) -> bool:
    """Whether each member of a mapping or list of this name is a secret; a list of "secrets" mostly has their names."""
    return kind(name) != "" and words(name)[-1] in ("passwords", "passphrases", "tokens", "apikeys", "keys")


def is_likely(name: str) -> bool:
    """Whether a random value of this name is rather a secret than not."""
    parts = set(words(name))
    return bool(parts & _LIKELY) and not parts & _CHECKSUMS


def is_checksum(name: str) -> bool:
    """Whether a random value of this name is what anybody may know."""
    return bool(_CHECKSUMS.intersection(words(name)))
