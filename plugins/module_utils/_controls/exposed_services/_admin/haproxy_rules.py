# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""HAProxy: whom the rules of a section let in to a path, as far as they are about paths and addresses.

Rules for requests stand in order, and the first that decides counts. A condition is terms that have to hold together,
in lists of which one is enough (or, ||); ACLs of one name are such a list too. Where a term is about anything else,
the rule is taken to turn nobody away.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import networks
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import AddressSet
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import spellings
from ansible_collections.infosec.principles.plugins.module_utils._formats.haproxy_cfg import Line

#: How a path is compared, by the fetch or by -m.
PATHS: dict[str, t.Callable[[str, str], bool]] = {
    "path": lambda path, word: path == word,
    "path_beg": lambda path, word: path.startswith(word),
    "path_end": lambda path, word: path.endswith(word),
    "path_sub": lambda path, word: word in path,
    "path_dir": lambda path, word: f"/{word.strip('/')}/" in f"{path}/",
    "path_reg": lambda path, word: spellings.fits(word, path) or _matches(word, path),
}
DENIES = ("deny", "reject", "silent-drop", "tarpit")
_FLAGS = re.compile(r"-[a-zA-Z]")


def admitted(lines: t.Sequence[Line], path: str) -> tuple[AddressSet, tuple[Line, ...]]:
    """Who gets in to the path, with the lines that turn somebody away from it."""
    acls: dict[str, list[tuple[str, ...]]] = {}
    some, left, found = networks.NOBODY, networks.EVERYBODY, list[Line]()
    for one in lines:
        words = one.texts
        if words[0] == "acl" and len(words) > 2:
            acls.setdefault(words[1], []).append(words[2:])
        elif words[0] == "http-request" and words[1:2] and words[1] in (*DENIES, "allow"):
            sure, perhaps = _condition(words, acls, path)
            hit = (sure if words[1] != "allow" else perhaps) & left
            some, left = (some | hit if words[1] == "allow" else some), left - hit
            found += [one] if hit and words[1] != "allow" else []
        elif words[:3] in (("tcp-request", "connection", "reject"), ("tcp-request", "content", "reject")):
            sure, _perhaps = _condition(words, acls, path)
            left -= sure
            found += [one] if sure else []
    return some | left, tuple(found)


#: The addresses for which something surely holds, and those for which it may.
Holds = tuple[AddressSet, AddressSet]
ALWAYS: Holds = (networks.EVERYBODY, networks.EVERYBODY)
NEVER: Holds = (networks.NOBODY, networks.NOBODY)
UNKNOWN: Holds = (networks.NOBODY, networks.EVERYBODY)


def _not(one: Holds) -> Holds:
    return networks.EVERYBODY - one[1], networks.EVERYBODY - one[0]


def _condition(words: tuple[str, ...], acls: t.Mapping[str, list[tuple[str, ...]]], path: str) -> Holds:
    """For whom the words behind `if` or `unless` hold; without them the rule is for all."""
    at = next((number for number, word in enumerate(words) if word in ("if", "unless")), None)
    if at is None:
        return ALWAYS
    sure, perhaps = NEVER
    for terms in _alternatives(words[at + 1 :]):
        one, two = ALWAYS
        for term in terms:
            here = _term(term, acls, path)
            one, two = one & here[0], two & here[1]
        sure, perhaps = sure | one, perhaps | two
    return _not((sure, perhaps)) if words[at] == "unless" else (sure, perhaps)


def _alternatives(words: t.Iterable[str]) -> t.Iterator[list[tuple[str, ...]]]:
    """The terms of each list: a name of an ACL, or what stands in braces, each with its "!"."""
    terms: list[tuple[str, ...]] = []
    inside: list[str] | None = None
    for word in words:
        if inside is not None:
            inside.append(word)
            if word == "}":
                terms.append(tuple(inside))
                inside = None
        elif word in ("or", "||"):
            yield terms
            terms = []
        elif word in ("{", "!{"):
            inside = [word]
        elif word == "!":
            terms.append(("!",))
        else:
            terms.append((word,))
    yield terms


def _term(term: tuple[str, ...], acls: t.Mapping[str, list[tuple[str, ...]]], path: str) -> Holds:
    if term == ("!",):  # Apart from what it is about: not read further.
        return UNKNOWN
    turned = term[0].startswith("!")
    name = term[0].lstrip("!")
    lists = [term[1:-1]] if name == "{" else acls.get(name, [])
    sure, perhaps = (networks.NOBODY, networks.NOBODY) if lists else UNKNOWN
    for words in lists:
        one, two = _acl(words, path)
        sure, perhaps = sure | one, perhaps | two
    return _not((sure, perhaps)) if turned else (sure, perhaps)


def _acl(words: tuple[str, ...], path: str) -> Holds:
    """One fetch with its flags and patterns."""
    fetch, rest = words[0], list(words[1:])
    flags: list[str] = []
    while rest and _FLAGS.fullmatch(rest[0]):
        flags.append(rest.pop(0))
        if flags[-1] in ("-m", "-f") and rest:
            flags.append(rest.pop(0))
    if "-f" in flags:
        return UNKNOWN
    if fetch == "src":
        return _sources(rest)
    how = f"path_{flags[flags.index('-m') + 1]}" if "-m" in flags else fetch
    compare = PATHS.get("path" if how == "path_str" else how)
    if compare is None or not (fetch == "path" or fetch in PATHS):
        return UNKNOWN
    lower = "-i" in flags and "reg" not in how
    plain = path.lower() if lower else path
    return ALWAYS if any(compare(plain, word.lower() if lower else word) for word in rest) else NEVER


def _sources(words: t.Iterable[str]) -> Holds:
    try:
        found = AddressSet.of(words)
    except ValueError:
        return UNKNOWN
    return found, found


def _matches(expression: str, path: str) -> bool:
    try:
        return bool(re.search(expression, path))
    except re.error:
        return False
