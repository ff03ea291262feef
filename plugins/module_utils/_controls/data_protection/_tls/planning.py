# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""One fix for all that is wrong at one server, and what of it that fix puts right."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Pair, Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import (
    needs,
    terms,
    verdicts,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
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
    """changes: they bring the whole server to `made`. asked: all that was wanted. why: that is less, or nothing."""

    changes: tuple[Change, ...] = ()
    made: Wanted | None = None
    asked: Wanted | None = None
    why: str = ""

    def mends(self, end: End, verdict: Verdict) -> bool:
        """Whether the fix puts this right."""
        return bool(self.changes and self.made and _reaches(self.made, end, verdict))

    def reason(self, end: End, verdict: Verdict, folder: str) -> str:
        """Why it does not."""
        if self.asked is None or _reaches(self.asked, end, verdict):
            return self.why
        if verdict.mend == verdicts.OFFER:
            return NO_PAIR.format(place=places(end, folder)[0])
        return MIXED if verdict.mend == verdicts.TERMS else UNOFFERED


def _reaches(wanted: Wanted, end: End, verdict: Verdict) -> bool:
    """Whether a server that is brought there passes."""
    if verdict.mend == verdicts.TERMS:
        return end.need.profile == wanted.terms.profile
    ports: dict[str, t.Container[int]] = {
        verdicts.OFFER: wanted.offer,
        verdicts.REQUIRE: wanted.require,
        verdicts.SHIELD: wanted.shield,
    }
    return end.endpoint.port in ports[verdict.mend]


def of(host: Host, server: Server, judged: Judged, restart: bool) -> Plan:
    """The fix of one server. Raises NeedsRoot."""
    wrong = [(end, verdict) for end, verdict in judged if verdict.mend]
    if not wrong:
        return Plan()
    try:
        wanted = _wanted(host, server, judged, restart)
    except (Refused, HostError) as exc:
        return Plan(why=_said(exc))
    if not any(_reaches(wanted, end, verdict) for end, verdict in wrong):
        return Plan(asked=wanted)
    changes, why = _asked(host, server, wanted)
    least = Wanted(wanted.terms, restart=restart)
    if changes or wanted == least or not any(verdict.mend == verdicts.TERMS for _end, verdict in wrong):
        return Plan(changes, wanted, wanted, why)
    # What it refuses is the rest; its protocols and ciphers can still be put right.
    return Plan(_asked(host, server, least)[0], least, wanted, why)


def _asked(host: Host, server: Server, wanted: Wanted) -> tuple[tuple[Change, ...], str]:
    """The changes, and why there are none."""
    try:
        changes = server.changes(host, wanted)
    except (Refused, HostError) as exc:
        return (), _said(exc)
    return changes, "" if changes else NOTHING


def _said(exc: Exception) -> str:
    if isinstance(exc, NeedsRoot):
        raise exc
    return str(exc)


def _wanted(host: Host, server: Server, judged: Judged, restart: bool) -> Wanted:
    offer = {
        end.endpoint.port: end.deployed for end, verdict in judged if verdict.mend == verdicts.OFFER and end.deployed
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


def deployed(host: Host, end: End, folder: str) -> Pair | None:
    """The pair that lies ready for the end."""
    for place in places(end, folder):
        pair = Pair(f"{place}/fullchain.pem", f"{place}/key.pem")
        if host.exists(pair.certificate) and host.exists(pair.key):
            return pair
    return None
