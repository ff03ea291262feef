# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Content security policies (CSP level 3): directives with their sources, and what they leave open.

Several policies are in force at once, and a browser does what all of them allow.
"""

from __future__ import annotations

import re
import typing as t

#: Directive to sources, both in small letters.
Policy = dict[str, tuple[str, ...]]

#: A header has no more, and a policy that is longer is nobody's.
MAX_TEXT = 64 * 1024
NONE = "'none'"
#: Sources by which nearly anything comes in.
BROAD = frozenset(
    ("ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"),
)
INLINE = frozenset(("'unsafe-inline'", "data:"))
PASSIVE = ("img-src", "media-src")
#: What a policy in a page itself cannot say (HTML, "Content security policy state").
NOT_IN_META = ("frame-ancestors", "report-uri", "sandbox")
#: Said twice without harm.
_TWICE = frozenset(("report-uri", "report-to"))
_SHORTEST = len("img-src") - 1
_TOKEN = ("'sha256-", "'sha384-", "'sha512-", "'nonce-")


class BadPolicy(ValueError):
    """What is no policy: too short, or with a directive that is there twice, of which browsers take the first alone."""


def split(values: t.Iterable[str]) -> list[str]:
    """The policies in the values of a header, each time it came; a comma stands between two."""
    return [part.strip() for value in values for part in value[:MAX_TEXT].split(",") if part.strip()]


def parse(text: str) -> Policy:
    """One policy. Raises BadPolicy."""
    text = re.sub(r"[\r\n]", "", text[:MAX_TEXT]).strip()
    if len(text) < _SHORTEST:
        raise BadPolicy("a policy without a directive")
    policy: Policy = {}
    for words in (entry.split() for entry in text.split(";")):
        name = words[0].lower() if words else ""
        if name in policy and name not in _TWICE:
            raise BadPolicy("a directive that is there twice")
        if name and name not in policy:
            policy[name] = _sources(name, words[1:])
    return policy


def _sources(name: str, words: list[str]) -> tuple[str, ...]:
    """A list of sources that is empty lets nothing in."""
    return tuple(word.lower() for word in words) or ((NONE,) if name.endswith("-src") else ())


def combine(policies: t.Sequence[Policy]) -> Policy:
    """What is in force of several: the sources that all of those have that name the directive.

    As Mozilla's Observatory has it, a directive that the first does not have lets nothing in.
    """
    if not policies:
        return {}
    first, *others = policies
    result = dict(first)
    for policy in others:
        for name, sources in policy.items():
            result[name] = tuple(one for one in sources if one in result.get(name, ())) or (NONE,)
    return result


def without(policy: Policy, names: t.Container[str]) -> Policy:
    """The policy without some directives."""
    return {name: sources for name, sources in policy.items() if name not in names}


def of(policy: Policy, *names: str) -> tuple[str, ...]:
    """The sources of the first of these directives that is there; anything where none is."""
    return next((policy[name] for name in names if name in policy), ("*",))


def scripts(policy: Policy) -> tuple[str, ...]:
    """The sources of scripts as browsers take them: a nonce or hash outweighs 'unsafe-inline', and 'strict-dynamic'
    all hosts. Raises BadPolicy for 'strict-dynamic' without either, by which no script runs at all."""
    sources = _with_tokens(of(policy, "script-src", "default-src"))
    if "'strict-dynamic'" not in sources:
        return sources
    if not any(one.startswith(_TOKEN) for one in sources):
        raise BadPolicy("'strict-dynamic' without a nonce or hash")
    dropped = (*BROAD, "'self'")
    return tuple(one for one in sources if not one.startswith(dropped))


def styles(policy: Policy) -> tuple[str, ...]:
    """The sources of styles, likewise."""
    return _with_tokens(of(policy, "style-src", "default-src"))


def _with_tokens(sources: tuple[str, ...]) -> tuple[str, ...]:
    if any(one.startswith(_TOKEN) for one in sources):
        return tuple(one for one in sources if one != "'unsafe-inline'")
    return sources


def insecure(sources: t.Iterable[str]) -> bool:
    """Whether something may come over HTTP in clear."""
    return any(one.startswith(("http:", "ftp:")) for one in sources)


def frame_ancestors(policies: t.Iterable[str]) -> tuple[str, ...] | None:
    """Who may frame the page, by the first policy that says it; None where none does."""
    for text in policies:
        try:
            policy = parse(text)
        except BadPolicy:
            continue
        if "frame-ancestors" in policy:
            return policy["frame-ancestors"]
    return None
