# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What is wrong with each interface that was found: by who gets in, who has used it, and what the register says."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._web import access_logs
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import (
    declared,
    defaults,
    find,
    fixes,
    programs,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.declared import Entry
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.fixes import Fixes
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    Admission,
    Found,
    Shut,
    Use,
    Visits,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: Visitors that a finding names.
NAMED = 5
#: Rules that are put right by closing it.
CLOSED = ("unused", "open_to_all")
ALONE = "it answers this host alone"
KEPT = "the register names who may use it; strike that entry out to have it closed"
TURNED_AWAY = "whoever uses it is not to be turned away before somebody has said who may"


@dataclasses.dataclass(frozen=True)
class Case:
    """One interface with all that is known of it. admission: None where the server does not tell, for `untold`.

    shut_out: networks that the register names, and that a line of an earlier run turns away.
    from_here: addresses of this host that use the site, and that the register does not name.
    """

    found: Found
    admission: Admission | None
    untold: str
    use: Use
    entry: Entry | None
    now: datetime.datetime
    idle_days: int
    strangers: tuple[str, ...]
    shut_out: tuple[str, ...] = ()
    from_here: tuple[str, ...] = ()

    @property
    def alone(self) -> bool:
        """Whether nobody beside this host gets in."""
        return self.admission is not None and not self.admission.networks

    @property
    def since(self) -> float:
        """From when on a visit counts."""
        return (self.now - datetime.timedelta(days=self.idle_days)).timestamp()

    @property
    def used(self) -> Visits | None:
        """Visits that count."""
        return self.use.visits if self.use.visits and self.use.visits.last >= self.since else None

    @property
    def unknown(self) -> str:
        """Why the logs do not tell whether it is used; "" where they do."""
        if self.used or (not self.use.problem and self.use.since is not None and self.use.since <= self.since):
            return ""
        if self.use.problem:
            return self.use.problem
        days = int((self.now.timestamp() - self.use.since) // 86400) if self.use.since is not None else 0
        return f"logs go back {days} days only, and {self.idle_days} (idle_days) are asked for"

    @property
    def unused(self) -> bool:
        """Whether others can reach it and nobody does."""
        return not self.alone and not self.used and not self.unknown

    @property
    def too_open(self) -> bool:
        """Whether others get in than those who are named."""
        return bool(self.strangers)

    @property
    def turned_away(self) -> bool:
        """Whether the register names none of those who used it, as where a proxy of somebody else stands before it."""
        if not self.used or self.entry is None or not self.used.clients:
            return False
        return not any(self.entry.has(client) for client in self.used.clients)

    @property
    def closes(self) -> bool:
        """Whether nobody gets in any more once that is done."""
        shut = self.shut()[0]
        return shut is not None and not shut.clients

    def shut(self) -> tuple[Shut | None, str]:
        """What is to be done, and why nothing is."""
        if self.found.doubt:
            return None, self.found.doubt
        if self.shut_out and self.entry:
            return Shut(self.found, self.entry.clients), ""
        if self.too_open and self.entry and self.turned_away:
            came = _listed(self.used.clients if self.used else ())
            return None, (
                f"whoever used it came from {came}, which the register does not name; where that is a proxy, let the"
                " server take the visitor's address from it"
            )
        if self.too_open and self.entry and self.from_here:
            return None, (
                f"something on this host uses it, too (from {_listed(self.from_here)}); name that among its clients, or"
                " let a proxy that runs here hand on its visitors' addresses"
            )
        if self.too_open and self.entry:
            return Shut(self.found, self.entry.clients), ""
        if self.unused and not self.entry:
            return Shut(self.found), ""
        return None, KEPT if self.entry else TURNED_AWAY


def judge(host: Host, options: Options, rules: t.Sequence[Rule]) -> t.Iterator[Finding]:
    """A finding of each rule for each interface, and for what could not be looked at."""
    looked = find.find(host, tuple(programs.find(host)))
    cases = _cases(host, looked.found, options)
    shuts = [shut for case in cases for shut in [case.shut()[0]] if shut is not None]
    planned = fixes.of(host, shuts, restart=options["restart"] == "when_needed")
    told = [found for case in cases for found in _of(host, rules, case, planned)]
    told += [Finding(rule, subject, f.NOT_ASSESSED, why) for subject, why in looked.unseen for rule in rules]
    yield from told
    for rule in rules:
        if not any(found.rule is rule for found in told):
            yield Finding(rule, "web administration", f.NOT_APPLICABLE, _nothing(cases))


def _nothing(cases: t.Sequence[Case]) -> str:
    return "nobody knows credentials of what answers here beforehand" if cases else "no web administration answers here"


def _of(host: Host, rules: t.Sequence[Rule], case: Case, planned: Fixes) -> t.Iterator[Finding]:
    """The verdict of each rule that says something of the interface."""
    for rule, verdict in zip(rules, (_unused, _open_to_all, _no_tls)):
        yield verdict(rule, case, planned)
    if defaults.can_tell(case.found) or case.found.interface.key in defaults.UNTOLD:
        yield _default_credentials(host, rules[-1], case, planned)


def _cases(host: Host, found: t.Sequence[Found], options: Options) -> list[Case]:
    used = access_logs.uses(host, found, days=options["idle_days"]) if found else {}
    return [_case(host, one, _joined(one, used), options) for one in found]


def _joined(found: Found, used: t.Mapping[Found, Use]) -> Use:
    """The use of the same path of the same site at whichever of its ports: they are shut together."""
    same = [use for one, use in used.items() if _place(one) == _place(found)]
    visited = [use for use in same if use.visits is not None]
    return max(visited, key=lambda use: use.visits.last if use.visits else 0) if visited else used[found]


def _place(found: Found) -> tuple[t.Hashable, ...]:
    port = found.at.port if found.at.instance is None else 0
    return (found.interface.key, found.at.run, found.at.place, port, found.path)


def _case(host: Host, found: Found, use: Use, options: Options) -> Case:
    entry = declared.of(options["services"], found)
    admission, untold = None, ""
    try:
        admission = fixes.admission(host, found)
    except NeedsRoot:
        raise
    except HostError as exc:
        untold = str(exc)
    strangers = declared.strangers(host, admission, entry).networks() if admission else []
    out = _shut_out(found, entry)
    here = _from_here(host, found, use, entry)
    return Case(found, admission, untold, use, entry, host.now(), options["idle_days"], tuple(strangers), out, here)


def _from_here(host: Host, found: Found, use: Use, entry: Entry | None) -> tuple[str, ...]:
    """A program that is bound to loopback still serves this host; a path of a site that is shut does not."""
    clients = use.visits.clients if use.visits and found.at.instance is not None else ()
    return declared.from_here(host, clients, entry)


def _shut_out(found: Found, entry: Entry | None) -> tuple[str, ...]:
    """Whom the register names by now, and a line of an earlier run turns away."""
    left = fixes.left(found) if entry else None
    return tuple((entry.networks - left).networks()) if entry and left is not None else ()


# The rules


def _unused(rule: Rule, case: Case, planned: Fixes) -> Finding:
    evidence = (*case.found.by, *_admitted(case), *_visited(case))
    if case.alone:
        return Finding(rule, case.found.subject, f.PASS, ALONE, evidence)
    if case.used:
        return Finding(rule, case.found.subject, f.PASS, _by_whom(case.used), evidence)
    if case.unknown:
        return Finding(rule, case.found.subject, f.NOT_ASSESSED, f"who uses it is not known: {case.unknown}", evidence)
    message = f"others can reach it, and nobody has used it for {case.idle_days} days"
    return _failed(
        rule, case, message, evidence, planned, mends=case.closes, kept=case.shut()[1] or ("" if case.closes else KEPT)
    )


def _open_to_all(rule: Rule, case: Case, planned: Fixes) -> Finding:
    evidence = (*case.found.by, *_admitted(case), *_visited(case))
    if case.admission is None:
        return Finding(
            rule, case.found.subject, f.NOT_ASSESSED, f"whom it lets in is not known: {case.untold}", evidence
        )
    if case.shut_out and case.entry:
        message = (
            f"an earlier run shut it, and turns away {_listed(case.shut_out)}; the register names {case.entry.title}"
        )
        return _failed(rule, case, message, evidence, planned, mends=True)
    if not case.too_open:
        names = f"it lets in nobody but those of the register: {case.entry.title}" if case.entry else ALONE
        return Finding(rule, case.found.subject, f.PASS, ALONE if case.alone else names, evidence)
    who = "everybody" if case.admission.everybody else _listed(case.strangers)
    names = f"the register names {case.entry.title}" if case.entry else "the register names nobody (admin: true)"
    return _failed(rule, case, f"it lets in {who}, and {names}", evidence, planned, mends=True)


def _no_tls(rule: Rule, case: Case, planned: Fixes) -> Finding:
    evidence = (*case.found.by, *_admitted(case))
    if case.alone:
        return Finding(rule, case.found.subject, f.PASS, ALONE, evidence)
    if case.found.at.tls:
        return Finding(rule, case.found.subject, f.PASS, "it is reached by TLS", evidence)
    message = f"whoever uses it comes in clear to port {case.found.at.port}, and others on the way can read along"
    return _failed(rule, case, message, evidence, planned, mends=case.closes)


def _default_credentials(host: Host, rule: Rule, case: Case, planned: Fixes) -> Finding:
    subject, by = case.found.subject, case.found.by
    if case.alone:
        return Finding(rule, subject, f.PASS, ALONE, by)
    if not defaults.can_tell(case.found):
        return Finding(rule, subject, f.NOT_ASSESSED, defaults.UNTOLD[case.found.interface.key], by)
    try:
        told = defaults.told(host, case.found)
    except NeedsRoot:
        raise
    except HostError as exc:
        return Finding(rule, subject, f.NOT_ASSESSED, str(exc), by)
    if told is None:
        return Finding(rule, subject, f.PASS, "neither its pages nor its files tell of any", by)
    return _failed(rule, case, printable(told.found), (*by, told), planned, mends=case.closes)


def _failed(
    rule: Rule, case: Case, message: str, evidence: tuple[Evidence, ...], planned: Fixes, *, mends: bool, kept: str = ""
) -> Finding:
    """mends: whether shutting it puts this right. kept: why it is not to be shut, where the rule alone says so."""
    changes = planned.changes.get(case.found, ()) if mends else ()
    why = kept or ((planned.reasons.get(case.found, "") or case.shut()[1]) if mends and not changes else "")
    told = f"{message}; it is left as it is: {why}" if why else message
    return Finding(rule, case.found.subject, f.FAIL, told, evidence, changes, remedy=_remedy(rule, case))


def _remedy(rule: Rule, case: Case) -> str:
    closes = f" {case.found.interface.title}: {case.found.interface.shut}." if rule.name in CLOSED else ""
    named = (
        f"Let in those of the register alone: {case.entry.title}." if rule.name == "open_to_all" and case.entry else ""
    )
    return f"{named or rule.remedy}{closes}"


# Evidence


def _admitted(case: Case) -> tuple[Evidence, ...]:
    if case.admission is None:
        return ()
    expected = case.entry.title if case.entry else "those whom an entry with admin: true names"
    said = "everybody" if case.admission.everybody else _listed(case.admission.networks) or "this host alone"
    return (Evidence("whom its server lets in", said, expected), *case.admission.evidence)


def _visited(case: Case) -> tuple[Evidence, ...]:
    use = case.use
    source = use.source or "access logs"
    if use.visits:
        return (Evidence(source, _by_whom(use.visits), f"use within {case.idle_days} days"),)
    if use.since is not None:
        return (Evidence(source, f"no use since {_day(use.since)}", f"use within {case.idle_days} days"),)
    return ()


def _by_whom(visits: Visits) -> str:
    users = f" as {_listed(visits.users)}" if visits.users else ""
    clients = f" from {_listed(visits.clients)}" if visits.clients else ""
    return f"used {visits.count} time{'' if visits.count == 1 else 's'}, last on {_day(visits.last)}{clients}{users}"


def _day(seconds: float) -> str:
    return f"{datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc):%Y-%m-%d}"


def _listed(words: t.Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    shown = ", ".join(printable(word) for word in words[:NAMED])
    return shown if len(words) <= NAMED else f"{shown} and {len(words) - NAMED} more"
