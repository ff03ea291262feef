# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Apache httpd: sections that an address alone opens, because nothing else guards them or because either will do.

Requires of one section stand for themselves (AuthMerging is Off unless somebody turns it on), and one of them is enough
unless RequireAll says otherwise (mod_authz_core); Order, Allow, Deny and Satisfy are mod_access_compat's.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import verdict
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust.verdict import (
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import apache_conf
from ansible_collections.infosec.principles.plugins.module_utils._formats.apache_conf import BadConfig, Directive
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: The main file, and where its relative includes lie.
CONFIGS = (("/etc/apache2/apache2.conf", "/etc/apache2"), ("/etc/httpd/conf/httpd.conf", "/etc/httpd"))
PROCESSES = ("apache2", "httpd")
SECTIONS = ("directory", "directorymatch", "files", "filesmatch", "location", "locationmatch", "proxy", "proxymatch")
INNER = ("if", "elseif", "else", "limit", "limitexcept")
CONTAINERS = ("requireany", "requireall", "requirenone")

#: What a section asks of whoever comes.
OPEN, ADDRESS, PROOF, LOCAL, CLOSED = "open", "address", "proof", "local", "closed"
#: Which of several counts, first come first, where one of them is enough and where all are wanted.
ONE_OF = (OPEN, ADDRESS, PROOF, LOCAL, CLOSED)
ALL_OF = (CLOSED, PROOF, LOCAL, ADDRESS, OPEN)
BY_ADDRESS = ("ip", "host", "forward-dns")
#: Says nothing about who comes.
NEUTRAL = ("not", "method", "env", "expr", "ssl")
ALONE = (
    "In {place} ask for proof as well: AuthType, AuthName and AuthUserFile (or SSLVerifyClient require), with the "
    "Require ip or host and Require valid-user both inside of <RequireAll>; then apachectl -t && apachectl graceful."
)
ANY = (
    "In {place} put both into <RequireAll> (or write Satisfy All), so that the address is no way around the proof; "
    "then apachectl -t && apachectl graceful."
)


@dataclasses.dataclass(frozen=True)
class Section:
    """One section by the name that people know it by, with its directives. certified: client certificates are
    wanted.
    """

    name: str
    place: str
    block: tuple[Directive, ...]
    certified: bool


def judge(host: Host, options: Options) -> t.Iterator[Verdict]:
    """Each section that an address opens."""
    if not verdict.listeners(host, *PROCESSES):
        yield Verdict("Apache httpd", f.NOT_APPLICABLE, "no Apache httpd listens here")
        return
    found = list(_sections(_parsed(host), "", certified=False))
    wrong: dict[str, Verdict] = {}
    for section in found:
        judged = _judged(section)
        if judged:
            wrong.setdefault(section.name, judged)
    yield from verdict.bounded(wrong.values(), "sections")
    if not wrong:
        yield Verdict("Apache httpd", f.PASS, f"no address alone opens one of its {len(found)} sections")


def _parsed(host: Host) -> list[Directive]:
    config, root = next((one for one in CONFIGS if host.exists(one[0])), ("", ""))
    if not config:
        raise HostError(f"Apache httpd runs, but none of {', '.join(path for path, _root in CONFIGS)} is there")

    def read(path: str) -> str:
        try:
            status = host.stat(path)
            return "" if status is not None and status.st_mode & 0o170000 == 0o040000 else verdict.text(host, path)
        except Missing as exc:
            raise HostError(f"{printable(path)}: no such file, though it is included") from exc

    try:
        return apache_conf.parse(config, read, host.glob, root=root, variables={})
    except BadConfig as exc:
        raise HostError(printable(str(exc))) from exc


def _sections(directives: t.Sequence[Directive], within: str, *, certified: bool) -> t.Iterator[Section]:
    asked = [one.arguments[:1] == ("require",) for one in directives if one.name == "sslverifyclient"]
    wanted = asked[-1] if asked else certified
    for one in directives:
        if one.block is None or one.name in CONTAINERS:
            continue
        name = printable(f"{within}{' ' if within else ''}<{one.name} {' '.join(one.arguments)}>")
        if one.name in (*SECTIONS, *INNER):
            own = [one_ for one_ in one.block if one_.name == "sslverifyclient"]
            yield Section(name, one.place, one.block, own[-1].arguments[:1] == ("require",) if own else wanted)
        yield from _sections(one.block, name, certified=wanted)


# What a section asks


def _asked(directives: t.Sequence[Directive], order: t.Sequence[str]) -> str | None:
    """What these requires come to; None where there is none, or none that says who may come."""
    found = [what for what in map(_require, directives) if what]
    return next((what for what in order if what in found), None)


def _require(one: Directive) -> str | None:
    if one.block is not None:
        order = {"requireany": ONE_OF, "requireall": ALL_OF}.get(one.name)
        return _asked(one.block, order) if order else None
    if one.name != "require" or not one.arguments:
        return None
    kind, *values = (word.lower() for word in one.arguments)
    if kind in NEUTRAL:
        return None
    if kind == "all":
        return OPEN if values == ["granted"] else CLOSED
    if kind == "local" or (kind in BY_ADDRESS and all(map(verdict.is_local, values))):
        return LOCAL
    return ADDRESS if kind in BY_ADDRESS else PROOF


def _allowed(block: t.Sequence[Directive]) -> list[str]:
    """Whom "Allow from" lets in besides this host, where all others are kept out."""
    order = next(
        (",".join(one.arguments).lower().replace(",,", ",") for one in block if one.name == "order"), "deny,allow"
    )
    words = {
        kind: [
            word
            for one in block
            if one.name == kind and one.arguments[:1] in (("from",), ("From",))
            for word in one.arguments[1:]
        ]
        for kind in ("allow", "deny")
    }
    everybody = "all" in (word.lower() for word in words["allow"])
    closed = order == "allow,deny" or "all" in (word.lower() for word in words["deny"])
    named = [word for word in words["allow"] if not verdict.is_local(word) and not word.lower().startswith("env=")]
    return named if closed and not everybody else []


# Verdicts


def _judged(section: Section) -> Verdict | None:
    requires = [one for one in section.block if one.name == "require" or one.name in CONTAINERS]
    asks, allowed = _asked(requires, ONE_OF), _allowed(section.block)
    either = any(one.name == "satisfy" and one.arguments[:1] in (("any",), ("Any",)) for one in section.block)
    if section.certified or not (asks == ADDRESS or (allowed and (asks != PROOF or either))):
        return None
    lines = [one for one in _flat(section.block) if _names_address(one)]
    whom = ", ".join(dict.fromkeys(word for one in lines for word in one.arguments[1:] if not verdict.is_local(word)))
    evidence = tuple(
        Evidence(printable(one.place), printable(f"{one.name} {' '.join(one.arguments)}"), "proof too")
        for one in lines[: verdict.MAX_FOUND]
    )
    place = printable(section.place)
    if any(_require(one) == PROOF for one in _flat(section.block)):
        message = f"whoever comes from {printable(whom)[:200]} is asked for no proof, since either will do"
        return Verdict(section.name, f.FAIL, message, evidence, remedy=ANY.format(place=place))
    message = f"the address is all that is asked of whoever comes from {printable(whom)[:200]}"
    return Verdict(section.name, f.FAIL, message, evidence, remedy=ALONE.format(place=place))


def _flat(block: t.Sequence[Directive]) -> t.Iterator[Directive]:
    """The directives of a section and of its RequireAny and RequireAll."""
    for one in block:
        if one.name in CONTAINERS and one.block:
            yield from _flat(one.block)
        elif one.block is None:
            yield one


def _names_address(one: Directive) -> bool:
    return _require(one) == ADDRESS or (one.name == "allow" and len(one.arguments) > 1)
