# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""One fix for all that is wrong at one server, and what of it that fix puts right."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import (
    needs,
    terms,
    verdicts,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    Pair,
    Refused,
    Server,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.verdicts import (
    End,
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot

Judged = t.Sequence[tuple[End, Verdict]]

NOTHING = "its configuration says so already, and something else outweighs it or was not read yet; see the evidence"
MIXED = "the server has one setting for all its ports, and the register asks for two profiles; make them the same"
UNOFFERED = "TLS has to be offered there first"
NO_PAIR = "no certificate lies at {place}; run playbooks/internal_ca.yml, or lay fullchain.pem and key.pem there"


@dataclasses.dataclass(frozen=True)
class Plan:
    """changes: of the whole server. wanted: what they bring it to. why: what stands against (more of) a fix."""

    changes: tuple[Change, ...] = ()
    wanted: Wanted | None = None
    why: str = ""

    def mends(self, end: End, verdict: Verdict) -> bool:
        """Whether the fix puts this right."""
        if not self.changes or self.wanted is None:
            return False
        if verdict.mend == verdicts.TERMS:
            return end.need.profile == self.wanted.terms.profile
        return end.endpoint.port in self._ports(self.wanted).get(verdict.mend, ())

    def reason(self, end: End, verdict: Verdict, folder: str) -> str:
        """Why it does not."""
        if self.wanted and verdict.mend == verdicts.TERMS and end.need.profile != self.wanted.terms.profile:
            return MIXED
        if self.wanted and verdict.mend == verdicts.OFFER and end.endpoint.port not in self.wanted.offer:
            return self.why or NO_PAIR.format(place=places(end, folder)[0])
        return self.why or UNOFFERED

    def _ports(self, wanted: Wanted) -> dict[str, t.Container[int]]:
        return {verdicts.OFFER: wanted.offer, verdicts.REQUIRE: wanted.require, verdicts.SHIELD: wanted.shield}


def of(host: Host, server: Server, judged: Judged, folder: str, restart: bool) -> Plan:
    """The fix of one server. folder: certificate_folder. Raises NeedsRoot."""
    if not any(verdict.mend for _end, verdict in judged):
        return Plan()
    try:
        wanted = _wanted(host, server, judged, folder, restart)
    except (Refused, HostError) as exc:
        return _refused(exc)
    least = Wanted(wanted.terms, restart=restart)
    plan = _asked(host, server, wanted)
    if plan.changes or wanted == least or not any(verdict.mend == verdicts.TERMS for _end, verdict in judged):
        return plan
    # What it refuses is the rest; its protocols and ciphers can still be put right.
    return dataclasses.replace(_asked(host, server, least), why=plan.why)


def _asked(host: Host, server: Server, wanted: Wanted) -> Plan:
    try:
        changes = server.changes(host, wanted)
    except (Refused, HostError) as exc:
        return dataclasses.replace(_refused(exc), wanted=wanted)
    return Plan(changes, wanted, "" if changes else NOTHING)


def _refused(exc: Exception) -> Plan:
    if isinstance(exc, NeedsRoot):
        raise exc
    return Plan(why=str(exc))


def _wanted(host: Host, server: Server, judged: Judged, folder: str, restart: bool) -> Wanted:
    offer = {
        end.endpoint.port: pair
        for end, verdict in judged
        for pair in [_deployed(host, end, folder)]
        if verdict.mend == verdicts.OFFER and pair
    }
    speaking = {end.endpoint.port for end, _verdict in judged if end.speaks}
    profiles = {end.need.profile for end, _verdict in judged if end.endpoint.port in speaking | set(offer)}
    profile = needs.MODERN if profiles == {needs.MODERN} else needs.INTERMEDIATE
    secured = speaking | set(offer) | {end.endpoint.port for end, _verdict in judged if end.elsewhere}
    return Wanted(
        terms.of(server.library(host), profile),
        offer,
        frozenset(_ports(judged, verdicts.REQUIRE) & secured),
        frozenset(_ports(judged, verdicts.SHIELD) & secured),
        restart,
    )


def _ports(judged: Judged, mend: str) -> set[int]:
    return {end.endpoint.port for end, verdict in judged if verdict.mend == mend}


def places(end: End, folder: str) -> list[str]:
    """Where a certificate for the end may have been deployed."""
    return [f"{folder}/{name}" for name in end.need.entries if "/" not in name and name not in (".", "..")]


def _deployed(host: Host, end: End, folder: str) -> Pair | None:
    for place in places(end, folder):
        pair = Pair(f"{place}/fullchain.pem", f"{place}/key.pem")
        if host.exists(pair.certificate) and host.exists(pair.key):
            return pair
    return None
