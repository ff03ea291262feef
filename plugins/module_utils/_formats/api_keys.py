# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Secrets in the files where the clients of APIs keep them: found by the format of each, placeholders left out.

A recogniser takes the text of a file and yields its secrets. What is not of the format yields none, whatever it is.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import hashlib
import json
import math
import re
import typing as t

#: No client of an API keeps more.
MAX_SIZE = 1024 * 1024
#: Values looked at in one JSON file, and secrets told of one file.
_MAX_NODES, MAX_SECRETS = 20000, 50
#: Longer ones are neither secrets nor their names, and would be gone over again and again.
_MAX_VALUE, _MAX_NAME = 16 * 1024, 128
#: What is told of a secret is its name in the file, as far as it is one.
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
#: Text that stands for a secret that is elsewhere, or for none.
_PLACEHOLDER = re.compile(
    r"\$\{.*|\$\(.*|\$\w+|<.*>|\{.*\}|%\(?\w+\)?s?%?|\*+|\.+|-+|ENC\[.*|.*EXAMPLE.*"
    r"|(?i:x+"
    r"|(change|replace|insert|fill|put|enter|add)[-_ ]?(me|this|your|in|it|here)([-_ ].*)?|(change|replace)_?me\w*"
    r"|(your|my)([-_ ].*|(secret|token|password|key|api)\w*)|(a_)?(secret|password|passwd|token|key)"
    r"|example|sample|placeholder|dummy|redacted"
    r"|none|null|nil|undefined|true|false|yes|no|todo|tbd|n/?a|(op|vault|ssm|arn|env|file|keyring|secret\w*):.*)"
)
#: A random value has that many bits, by its length and alphabet; less may be a password, which a digest would betray.
_RANDOM_BITS, _RANDOM_LENGTH = 110, 20
_EXPIRY = re.compile(r"(?i)(x_security_token_)?expir(es|y|ation)(_?(at|on|date|time))?|x_security_token_expires|exp")


@dataclasses.dataclass(frozen=True)
class Secret:
    """One secret. name: as the file calls it. value: never to leave the host.

    token: made by a machine, and not a person's password. expires: None where nothing tells. temporary: the file tells
    that it ends within hours or days, and not when.
    """

    name: str
    value: str = dataclasses.field(repr=False)
    token: bool = True
    expires: datetime.datetime | None = None
    temporary: bool = False

    @property
    def digest(self) -> str:
        """What the same secret has on every host, and what opens nothing; empty for what could be guessed."""
        if not self.token or not is_random(self.value):
            return ""
        return hashlib.sha256(f"infosec.principles:api_key:{self.value}".encode("utf-8", "replace")).hexdigest()[:16]


Recogniser = t.Callable[[str], t.Iterator[Secret]]


def is_random(value: str) -> bool:
    """Whether nobody could find the value by trying (as he can a password whose digest he has)."""
    different = len(set(value))
    return len(value) >= _RANDOM_LENGTH and different >= 10 and len(value) * math.log2(different) >= _RANDOM_BITS


def is_placeholder(value: str) -> bool:
    """Whether the value only says that there is a secret elsewhere, or is none."""
    return not value or not value.isprintable() or _PLACEHOLDER.fullmatch(value) is not None


def _secret(name: str, value: str, **fields: t.Any) -> t.Iterator[Secret]:
    if len(value) <= _MAX_VALUE and not is_placeholder(value):
        told = name if _NAME.fullmatch(name) else "a secret"
        expires = fields.pop("expires", None) or _jwt_expiry(value)
        yield Secret(told, value, expires=expires, **fields)


# Lines: INI, TOML, YAML and shell variables, as far as secrets go


def fields(tokens: str, passwords: str = "", *, separator: str = "=", temporary: str = "") -> Recogniser:
    """Lines NAME SEPARATOR VALUE. tokens, passwords: patterns of the names whose values are secrets.

    separator: ": " for YAML. temporary: a name whose presence says that the secrets of its section are short-lived.
    A line that says when they expire counts for all of the section.
    """
    token, password = re.compile(tokens, re.IGNORECASE), re.compile(passwords or r"(?!)", re.IGNORECASE)

    def recognise(text: str) -> t.Iterator[Secret]:
        for lines in _sections(text, separator):
            expires = next((_moment(value) for name, value in lines if _EXPIRY.fullmatch(name)), None)
            short = any(name == temporary for name, _value in lines)
            for name, value in lines:
                last = name.rpartition(":")[2]
                made = token.fullmatch(last) is not None
                if made or password.fullmatch(last):
                    yield from _secret(last, value, token=made, expires=expires, temporary=short)

    return recognise


def _sections(text: str, separator: str) -> t.Iterator[list[tuple[str, str]]]:
    """The (name, value) pairs of each section."""
    found: list[tuple[str, str]] = []
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith("["):
            yield found
            found = []
        elif not line.startswith(("#", ";")):
            name, mark, value = line.partition(separator)
            pair = (re.sub(r"^(export|-)\s+", "", name.strip()).strip("\"' "), _unquoted(value.strip()))
            found += [pair] if mark and len(pair[0]) <= _MAX_NAME and len(pair[1]) <= _MAX_VALUE else []
    yield found


def _unquoted(value: str) -> str:
    """Without quotes, comments and YAML's tags."""
    value = re.sub(r"^!!\w+\s*", "", value)
    if value[:1] in ("'", '"') and value[0] in value[1:]:
        return value[1 : value.index(value[0], 1)]
    return re.split(r"\s[#;]", value)[0].rstrip(", \t")


#: Names of variables that hold secrets, by the words that they are made of.
_VARIABLE = (
    r"(?:\w+_)?(?:SECRET|TOKEN|APIKEY|API_KEY|ACCESS_KEY|SECRET_KEY|PRIVATE_KEY|ENCRYPTION_KEY|AUTH_KEY)(?:_\w+)?"
)
_PASSWORD = r"(?:\w+_)?(?:PASSWORD|PASSWD|PASSPHRASE|PASS)|\w+_PWD"
#: What is named like a secret, and is the name, place or kind of one.
_ABOUT = re.compile(
    r"(?i).*(_ID|_NAME|_FILE|_PATH|_URL|_URI|_TYPE|_TTL|_EXPIRES?\w*|_ALGORITHM|_LENGTH|_HOST|_HEADER)|.*PUBLIC.*"
)
_URL = re.compile(r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"']{0,256}:([^\s/@\"']{1,1024})@")
_MIN_VARIABLE = 8


def environment(text: str) -> t.Iterator[Secret]:
    """A .env file: variables that are named like secrets, and URLs with a password."""
    for secret in fields(_VARIABLE, _PASSWORD)(text):
        plain = secret.value.startswith(("/", "./", "~/")) or secret.value.isdecimal()
        if not plain and len(secret.value) >= _MIN_VARIABLE and not _ABOUT.fullmatch(secret.name):
            yield secret
    yield from urls(text)


def urls(text: str) -> t.Iterator[Secret]:
    """Passwords in URLs (.git-credentials, index-url of pip)."""
    for match in _URL.finditer(text):
        yield from _secret("password in a URL", match[1], token=_is_known_token(match[1]))


def _is_known_token(value: str) -> bool:
    """Whether it begins as tokens of well-known services do."""
    return value.startswith(("ghp_", "gho_", "ghu_", "ghs_", "github_pat_", "glpat-", "pypi-", "npm_", "hvs."))


def either(*recognisers: Recogniser) -> Recogniser:
    """What any of them finds."""

    def recognise(text: str) -> t.Iterator[Secret]:
        for one in recognisers:
            yield from one(text)

    return recognise


# Words and the whole file


def netrc(text: str) -> t.Iterator[Secret]:
    """netrc(5): `password` and what follows it, on the same line or the next."""
    plain = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for match in re.finditer(r"(?<!\S)(?:password|passwd)\s{1,64}(\"[^\"\n]{1,1024}\"|\S{1,1024})", plain):
        yield from _secret("password", match[1].strip('"'), token=_is_known_token(match[1]))


def whole(text: str) -> t.Iterator[Secret]:
    """The file is the token."""
    if len(text) < 4096 and re.fullmatch(r"\s*[\x21-\x7e]{8,}\s*", text):
        yield from _secret("token", text.strip())


def xml(text: str) -> t.Iterator[Secret]:
    """Maven's settings: passwords that are not encrypted (those stand in braces)."""
    for match in re.finditer(r"<(password|passphrase)>([^<]{1,2048})</\1>", text):
        yield from _secret(match[1], match[2].strip(), token=False)


def refresh_tokens(text: str) -> t.Iterator[Secret]:
    """JSON within something else (the database of gcloud, rclone's configuration)."""
    for match in re.finditer(r"\"(refresh_token)\":\s{0,4}\"([^\"\s]{8,2048})\"", text):
        yield from _secret(match[1], match[2])


# JSON


def members(tokens: str, passwords: str = "", *, where: str = "") -> Recogniser:
    """JSON with such members anywhere. where: what must be in the file, for names that mean nothing by themselves."""
    token, password = re.compile(tokens), re.compile(passwords or r"(?!)")

    def recognise(text: str) -> t.Iterator[Secret]:
        for object_ in _objects(text) if where in text else ():
            expires = next((_moment(value) for name, value in object_.items() if _EXPIRY.fullmatch(name)), None)
            for name, value in object_.items():
                if isinstance(value, str) and (token.fullmatch(name) or password.fullmatch(name)):
                    value = value.replace("\n", "") if name == "private_key" else value
                    yield from _secret(name, value, token=token.fullmatch(name) is not None, expires=expires)

    return recognise


def _objects(text: str) -> t.Iterator[dict[str, t.Any]]:
    """The objects of a JSON text, from the outside in; none where it is not JSON."""
    try:
        todo = [json.loads(text)]
    except (ValueError, RecursionError):
        return
    for _count in range(_MAX_NODES):
        if not todo:
            return
        node = todo.pop()
        if isinstance(node, dict):
            yield node
        todo += node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()


# When a secret expires


def _moment(value: t.Any) -> datetime.datetime | None:
    """ISO 8601, or seconds since 1970."""
    try:
        if len(str(value)) > 64:
            return None
        if re.fullmatch(r"\d{9,11}(\.\d+)?", str(value)):
            return datetime.datetime.fromtimestamp(float(value), datetime.timezone.utc)
        text = re.sub(r"\.\d+|UTC$|Z$", "", str(value)).strip()
        found = datetime.datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=datetime.timezone.utc)


def _jwt_expiry(value: str) -> datetime.datetime | None:
    """The claim `exp` of a JSON web token (RFC 7519)."""
    parts = value.split(".")
    if len(parts) != 3 or not value.startswith("ey"):
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return _moment(claims["exp"]) if isinstance(claims, dict) and "exp" in claims else None
    except (ValueError, RecursionError):
        return None
