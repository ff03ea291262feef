# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""HAProxy: whom it lets in to a path, and how a path is shut in the section that listens.

It has no files to include, so a line of ours stands in the section, before its other rules for requests: the first
that decides counts. It looks at the path as it came, which is why the pattern has all spellings in it.
"""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import networks
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import AddressSet
from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import common
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.haproxy import Instance
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import (
    doors,
    haproxy_rules,
    spellings,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.doors import Door
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    Admission,
    Found,
    Kept,
    Shut,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats.haproxy_cfg import Line, Section
from ansible_collections.infosec.principles.plugins.module_utils._formats.passages import Edit
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

PRODUCT = "HAProxy"
#: The answer is said in full, since an errorfile or errorloc of the site would make it another one.
DENY = "http-request deny deny_status 403 content-type text/plain string Forbidden"
WRITTEN = "Written by infosec.principles.admin_interfaces"
#: What HAProxy reads of a line (LINESIZE), and of its words (MAX_LINE_ARGS).
MAX_LINE, MAX_WORDS = 2000, 60


# Who gets in


def admission(host: Host, found: Found) -> Admission:
    """What the rules of the section say, ours among them, and those of the defaults before it."""
    instance, section = _place(found)
    rules = [line for one in (*_defaults(instance, section), section) for line in one.lines]
    admitted, lines = haproxy_rules.admitted(rules, found.path)
    said = (Evidence(printable(one.place), printable(" ".join(one.texts))[:200]) for one in lines)
    believed = [line for line in _sources(rules) if not _has_condition(line)]
    if believed and admitted:
        admitted = networks.EVERYBODY
    return doors.admission(found, admitted, said)


def left(found: Found) -> AddressSet | None:
    """Whom lines of ours leave; None where none of them is about the path."""
    ours = [one for one in _lines(found.at) if any(spellings.fits(word, found.path) for word in one.texts)]
    return haproxy_rules.admitted(ours, found.path)[0] if ours else None


def kept(host: Host, at: Vhost) -> tuple[Kept, ...]:
    """What lines of ours shut in its section."""
    found = _lines(at)
    text = common.text(host, found[0].path) if found else ""
    raw = ((text[one.words[0].start : _end(text, one)], printable(one.place)) for one in found)
    return tuple(one for words, place in raw for one in doors.kept(words, place))


def _lines(at: Vhost) -> tuple[Line, ...]:
    """Ours in the section."""
    ours = tuple(DENY.split())
    return tuple(one for one in _section(at).lines if one.texts[: len(ours)] == ours)


def _place(found: Found) -> tuple[Instance, Section]:
    """The section whose `bind` it was found at."""
    return found.at.instance, _section(found.at)


def _section(at: Vhost) -> Section:
    instance: Instance = at.instance
    return next(one.section for one in instance.binds if one.line.place == at.place)


def _defaults(instance: Instance, section: Section) -> tuple[Section, ...]:
    """What a section takes its settings from: the defaults that it names, else the last before it."""
    named = section.head.value("from")
    if named:
        return tuple(one for one in instance.of("defaults") if one.name == named.text)
    before = instance.sections[: instance.sections.index(section)]
    return tuple(one for one in before if one.kind == "defaults")[-1:]


def _sources(lines: t.Iterable[Line]) -> list[Line]:
    """What makes HAProxy take another address for the client's."""
    return [one for one in lines if one.texts[:2] == ("http-request", "set-src")]


def _has_condition(line: Line) -> bool:
    return bool({"if", "unless"} & set(line.texts))


# How it is shut


def plan(host: Host, shuts: t.Sequence[Shut]) -> tuple[Change, ...]:
    """What shuts interfaces of one HAProxy, has it taken up and proves it. Raises Refused."""
    instance: Instance = shuts[0].found.at.instance
    common.refuse_broken(host, PRODUCT, instance.check)
    edits: dict[str, list[Edit]] = {}
    proofs: list[Change] = []
    for door in doors.doors(shuts, lambda found: _place(found)[1].head.place):
        section = _place(door.found)[1]
        _refuse_allowed(instance, section)
        edits.setdefault(section.head.path, []).extend(_edits(host, section, door))
        proofs += doors.proofs(host, door)
    written = common.edits(host, edits)
    return (*written, *common.take_up(instance.run, PRODUCT, instance.check), *proofs) if written else ()


def _edits(host: Host, section: Section, door: Door) -> t.Iterator[Edit]:
    """Our line for that path where it has another one, or a new one."""
    text = common.text(host, section.head.path)
    wanted = line(door)
    old = next((one for one in section.lines if spellings.pattern(door.path) in one.texts), None)
    if old is None:
        at = _end(text, _before(section, door))
        yield Edit(at, at, f"\n    {wanted}")
    elif text[old.words[0].start : _end(text, old)] != wanted:
        yield Edit(old.words[0].start, _end(text, old), wanted)


def line(door: Door) -> str:
    """The rule that shuts it. Raises Refused where HAProxy would not read it as a whole."""
    clients = f" !{{ src {' '.join(door.clients)} }}" if door.clients else ""
    rule = f"{DENY} if {{ path -m reg '{spellings.pattern(door.path)}' }}{clients} # {WRITTEN}: {door.says}"
    if len(rule) > MAX_LINE or len(door.clients) > MAX_WORDS - 20:
        raise Refused(
            f"{door.found.subject}: a rule for this path and {len(door.clients)} networks is longer than a line of "
            "HAProxy may be; declare fewer and larger networks, or shut it by hand"
        )
    return rule


def _before(section: Section, door: Door) -> Line:
    """The line that ours follows: the head, or what tells who the client is where clients are declared."""
    told = _sources(section.lines) if door.clients else []
    for one in told:
        if not _has_condition(one):
            raise Refused(
                f"{printable(one.place)}: any client is believed which address it has, so no address tells who comes; "
                "let it count for your proxies alone (if { src ADDRESSES }), reload HAProxy and run again"
            )
    return told[-1] if told else section.head


def _end(text: str, one: Line) -> int:
    """Where a line ends."""
    end = text.find("\n", one.words[-1].end)
    return len(text) if end < 0 else end


def _refuse_allowed(instance: Instance, section: Section) -> None:
    """Rules of defaults come before those of a section, and one that admits ends them all."""
    for one in (line for part in _defaults(instance, section) for line in part.lines):
        if one.texts[:2] in (("http-request", "allow"), ("http-request", "return")):
            raise Refused(
                f"{printable(one.place)}: this line of the defaults decides before any line of a section; take it to "
                "the sections that need it, reload HAProxy and run again"
            )
