# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whether a value is a secret in plain, and of what kind: by its name, by detect-secrets, and by what it is made of.

A salted hash that takes long to try (SHA-512, bcrypt, yescrypt, …) is no plain secret, and one that takes no time is:
whoever reads the file has the password within hours.
"""

from __future__ import annotations

import base64
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import api_keys
from ansible_collections.infosec.principles.plugins.plugin_utils import _libraries
from ansible_collections.infosec.principles.plugins.plugin_utils._vault import names

#: What the kinds of all begin with that are known by their names.
NAMED = "a value named like"
#: Longer values are not looked through by patterns to their end.
MAX_VALUE = 64 * 1024
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_DEFAULT = re.compile(r"default\(\s*(['\"])(?P<value>[^'\"{}]+)\1|\{\{\s*(['\"])(?P<all>[^'\"{}]+)\3\s*\}\}")
_NOTE = re.compile(
    r"(?i)(todo|fixme|tbd|to be|set (in|by|via|me|this)|see |ask |insert |lorem|encrypted|defined (in|by)|from "
    r"|stored in|changeme|change me|not[-_ ]?(set|used|needed|required)|unused|default|optional|required|omit)\b.*"
    r"|[!*x.?_-]+|(?P<same>\w)(?P=same)+|.*\.\.\.|.*X{3,}.*|prompt|always|on_create|present|absent|required|string|str|int|bool|secret|enabled|disabled"
)
_PLACE = re.compile(
    r"[~.]{0,2}/[\w./@%+-]*|[\w./-]+\.(key|pem|crt|cer|txt|ya?ml|json|conf|p12|pfx|jks|ppk|pub|asc|gpg|j2|env|ini|cfg|sh|py)"
    r"|[a-z][a-z0-9+.-]*://[^@\s]*|(secrets?|kv|projects|arn|ssm|vault)[/:].+|\$\w+|%\w+%|[A-Z][A-Z0-9]*(_[A-Z0-9]+)+"
)
_PUBLIC = re.compile(
    r"(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ AAAA.*|AAAA[A-Za-z0-9+/=]{40,}|age1[a-z0-9]{50,}|-----BEGIN (?!.*PRIVATE).*",
    re.DOTALL,
)
_SLOW_HASH = re.compile(
    r"\$(2[abxy]?|5|6|7|y|gy|argon2\w*|scrypt|pbkdf2[\w-]*|bcrypt[\w-]*)\$.+|pbkdf2_\w+\$.+|SCRAM-SHA-\d+\$.+|\{(CRYPT|ARGON2|PBKDF2[\w-]*|BCRYPT)\}.+"
)
_FAST_HASH = re.compile(
    r"\$1\$[^$\s]{1,16}\$[./A-Za-z0-9]{22}|\$apr1\$[^$\s]{1,16}\$[./A-Za-z0-9]{22}|\{S?(SHA|MD5|SHA\d+)\}[A-Za-z0-9+/=]{16,}|md5[0-9a-f]{32}|\*[0-9A-F]{40}"
)
_WORDS = re.compile(r"[a-z]+([-_.]([a-z]+|\d{1,4}))*")
_VALUE = r"(?P<quote>[\"']?)(?P<value>[^\s\"'{}<>$;,&|-][^\s\"'{}<>$;,&|]{3,}+)(?P=quote)(?![{<$])"
_ASSIGNED = (
    re.compile(r"(?<![\w-])--?(?P<name>[a-z][\w.-]*)(?:=|\s+)" + _VALUE, re.IGNORECASE),
    re.compile(r"(?<![\w.-])(?P<name>[a-z][\w.-]*)(?:\s?=\s?|:\s+)" + _VALUE, re.IGNORECASE),
)

# Ours asks for entropy with the name beside it, and knows more names; where a host is, is no secret here.
_LEFT_OUT = frozenset({"Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector", "IPPublicDetector"})


class Detectors:
    """detect-secrets, asked for one value at a time. Raises AnsibleError where it is missing."""

    def __init__(self) -> None:
        library = _libraries.detect_secrets()
        classes = library.core.plugins.util.get_mapping_from_secret_type_to_class()
        self._plugins = [one() for name, one in sorted(classes.items()) if one.__name__ not in _LEFT_OUT]
        self._entropy = library.plugins.high_entropy_strings.Base64HighEntropyString(limit=4.5)
        heuristics = library.filters.heuristic
        self._filters = (heuristics.is_sequential_string, heuristics.is_potential_uuid)

    def kind(self, value: str) -> str:
        """What it recognises in the value, such as "GitHub Token"; else nothing."""
        text = _TEMPLATE.sub("{}", value)
        return next(
            (str(one.secret_type) for one in self._plugins if any(map(self._holds, one.analyze_string(text)))), ""
        )

    def _holds(self, match: str) -> bool:
        return not api_keys.is_placeholder(match) and not any(test(match) for test in self._filters)

    def is_random(self, value: str) -> bool:
        """Whether the whole of it is what no person writes."""
        if _says_something(value):
            return False
        mixed = all(re.search(pattern, value) for pattern in ("[a-z]", "[A-Z]", "[0-9]"))
        plain = mixed and len(value) >= 32 and set(value) <= set(self._entropy.charset) and not _PLACE.fullmatch(value)
        return (
            plain
            and self._holds(value)
            and self._entropy.calculate_shannon_entropy(value) > self._entropy.entropy_limit
        )


def _says_something(value: str) -> bool:
    """Whether it is text in base64."""
    try:
        return base64.b64decode(value, validate=True).decode("utf-8").replace("\n", "").isprintable()
    except ValueError:
        return False


class Judge:
    """Tells secrets from what looks like them."""

    def __init__(self, detectors: Detectors) -> None:
        self._detectors = detectors

    def kind(self, name: str, value: str, number: bool = False) -> str:
        """What kind of secret the value of this name is; nothing where it is none. number: it is no text."""
        if number:
            return _number(name, value)
        bare = _TEMPLATE.sub("{}", value)
        if bare != value:
            return _default(name, value) or self._within(bare)
        if not value.strip() or _PUBLIC.fullmatch(value.strip()) or value.startswith("$ANSIBLE_VAULT;"):
            return ""
        return _named(name, value) or _hash(value) or self._within(value) or self._random(name, value)

    def _within(self, text: str) -> str:
        known = self._detectors.kind(text)
        return known or next((f"a value of {name} within a text" for name in assigned(text)), "")

    def _random(self, name: str, value: str) -> str:
        likely = names.is_likely(name) and api_keys.is_random(value) and re.fullmatch(r"[\w+/=.-]+", value)
        if likely and not _PLACE.fullmatch(value) and not _WORDS.fullmatch(value):
            return "a random value with the name of a key"
        return "a random value" if not names.is_checksum(name) and self._detectors.is_random(value) else ""


def _number(name: str, value: str) -> str:
    kind = names.kind(name)
    return f"a number named like a {kind}" if kind and re.fullmatch(r"\d{4,}", value) else ""


def _named(name: str, value: str) -> str:
    kind = names.kind(name)
    return f"{NAMED} a {kind}" if kind and value != name and not is_none(value, kind) else ""


def is_none(value: str, kind: str) -> bool:
    """Whether a value that is named like a secret of this kind stands for one, or is none."""
    text = value.strip()
    if (api_keys.is_placeholder(text) and text.isprintable()) or _NOTE.fullmatch(text) or _PLACE.fullmatch(text):
        return True
    if kind == names.PIN:
        return not re.fullmatch(r"\d{4,12}", text)
    if _SLOW_HASH.fullmatch(text) or _FAST_HASH.fullmatch(text) or len(text) < 3:
        return True
    # What machines make has no blanks and is not made of words; the name of a Kubernetes secret is.
    machine = kind == names.SECRET and not re.search("-----BEGIN", text)
    return machine and (len(text) < 6 or bool(_WORDS.fullmatch(text)) or bool(re.search(r"\s", text)))


def _hash(value: str) -> str:
    return "a hash that is tried fast" if _FAST_HASH.fullmatch(value.strip()) else ""


def _default(name: str, value: str) -> str:
    """A secret as the default within a template."""
    match = _DEFAULT.search(value)
    kind = names.kind(name)
    found = match and kind and not is_none(match["value"] or match["all"], kind)
    return f"a {kind} within a template" if found else ""


def assigned(text: str) -> t.Iterator[str]:
    """Names of secrets that have a value within a text: ``--password …``, ``PGPASSWORD=… psql``."""
    for match in (match for pattern in _ASSIGNED for match in pattern.finditer(text[:MAX_VALUE])):
        kind, value = names.kind(match["name"]), match["value"]
        # Words, patterns and calls are what texts say about secrets.
        if (
            kind
            and not is_none(value, kind)
            and re.search(r"[0-9]|[^\w.-]", value)
            and not re.search(r"[][()*\\^]", value)
        ):
            yield match["name"]
