# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What is to be said of one end (a port, for clients that name a server or do not), by rule, before any fix is made."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Pair
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import required
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    AT_ONCE,
    Clear,
    Endpoint,
    Server,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.needs import Need
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import tls_guideline, tls_hello
from ansible_collections.infosec.principles.plugins.module_utils._formats.tls_guideline import Profile
from ansible_collections.infosec.principles.plugins.module_utils._host import processes, tls_probe
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot
from ansible_collections.infosec.principles.plugins.module_utils._host.tls_probe import Seen

OFFERED, PROTOCOLS, CIPHERS, GROUPS = "offered", "protocols", "ciphers", "groups"
CLEAR_TEXT, GUIDELINE = "clear_text", "guideline"
#: Which part of Wanted puts it right.
TERMS, OFFER, REQUIRE, SHIELD = "terms", "offer", "require", "shield"
#: DHE with less has been broken (weakdh.org); so much is what 5.7 of the guideline asked for.
DHE_BITS = 2048
#: Names in one piece of evidence.
MOST = 40


@dataclasses.dataclass(frozen=True)
class End:
    """One port of a server, as clients see it that ask for `name` ("" for none).

    seen: None where TLS never begins. elsewhere: another port ("443/tcp") where the same entry speaks TLS; "" for none.
    deployed: the pair that lies ready for it.
    """

    server: Server
    endpoint: Endpoint
    need: Need
    address: str
    name: str = ""
    seen: Seen | None = None
    elsewhere: str = ""
    deployed: Pair | None = None

    @property
    def speaks(self) -> bool:
        """Whether it speaks TLS, be it to clients alone that name a server."""
        return self.seen is not None and self.seen.state in (tls_probe.SPEAKS, tls_probe.NAME)

    @property
    def subject(self) -> str:
        place = f"{self.server.name} {self.endpoint.name}"
        return f"{place} ({processes.printable(self.name)})" if self.name else place

    @property
    def profile(self) -> Profile:
        return tls_guideline.PROFILES[self.need.profile]

    @property
    def source(self) -> str:
        asked = f" for {processes.printable(self.name)}" if self.name else ""
        return f"handshakes with {self.address} port {self.endpoint.port}{asked}"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """One rule's. mend: which part of Wanted puts it right; "" for none."""

    rule: str
    status: str
    message: str
    evidence: tuple[Evidence, ...] = ()
    mend: str = ""


def of_port(host: Host, end: End, days: int) -> t.Iterator[Verdict]:
    """The rules about a port as a whole. days: required_after_days."""
    if end.need.owed:
        yield _offered(end)
        yield _clear_text(host, end, days)
    else:
        message = f"The register asks for no TLS at {end.subject}."
        yield from (Verdict(rule, f.NOT_APPLICABLE, message) for rule in (OFFERED, CLEAR_TEXT))


def of_terms(end: End) -> t.Iterator[Verdict]:
    """The rules about the TLS that an end speaks; nothing where it speaks none."""
    seen = end.seen
    if seen is None or seen.state == tls_probe.CLEAR:
        return
    if seen.state == tls_probe.SPEAKS:
        yield from (_protocols(end, seen), _ciphers(end, seen), _groups(end, seen), _guideline(end, seen))
        return
    nameless = seen.state in (tls_probe.NAME, tls_probe.REFUSES) and bool(end.endpoint.names) and not end.name
    status = f.NOT_APPLICABLE if nameless else f.NOT_ASSESSED
    message = f"{end.subject} speaks to clients that name a server alone." if nameless else _unclear(end, seen)
    yield from (Verdict(rule, status, message) for rule in (PROTOCOLS, CIPHERS, GROUPS, GUIDELINE))


# What a port does


def _offered(end: End) -> Verdict:
    seen = end.seen
    if end.speaks and end.endpoint.made_up and end.deployed:
        message = (
            f"{end.subject} speaks TLS with a certificate that it made up for itself, which no client can verify; "
            f"{end.deployed.certificate} lies ready."
        )
        return Verdict(OFFERED, f.FAIL, message, _configured(end), OFFER)
    if end.speaks:
        what = seen.first.protocol if seen and seen.first else "TLS for clients that name a server"
        return Verdict(OFFERED, f.PASS, f"{end.subject} speaks TLS.", (_seen(end, what),))
    if end.elsewhere and (seen is None or seen.state == tls_probe.CLEAR):
        message = f"{end.subject} speaks no TLS; the service does so at {end.elsewhere}."
        return Verdict(OFFERED, f.PASS, message, _configured(end))
    if seen is None or seen.state == tls_probe.CLEAR:
        why = f" ({seen.why})" if seen else ""
        message = f"{end.subject} speaks no TLS{why}, which {_entries(end)} asks for."
        return Verdict(OFFERED, f.FAIL, message, (_seen(end, "no TLS", "TLS"), *_configured(end)), OFFER)
    return Verdict(OFFERED, f.NOT_ASSESSED, _unclear(end, seen))


def _entries(end: End) -> str:
    return ", ".join(processes.printable(name) for name in end.need.entries)


def _unclear(end: End, seen: Seen) -> str:
    return f"What {end.subject} offers could not be told: {seen.why}."


def _clear_text(host: Host, end: End, days: int) -> Verdict:
    if end.endpoint.begins == AT_ONCE and end.speaks:
        return Verdict(CLEAR_TEXT, f.PASS, f"{end.subject} takes nothing but TLS.", (_seen(end, "TLS at once"),))
    if end.endpoint.begins == AT_ONCE and end.seen is not None and end.seen.state != tls_probe.CLEAR:
        return Verdict(CLEAR_TEXT, f.NOT_ASSESSED, _unclear(end, end.seen))
    try:
        return _of_clear(end, end.server.clear(host, end.endpoint), days)
    except NeedsRoot:
        raise
    except HostError as exc:
        if end.seen is None or end.seen.state == tls_probe.CLEAR:
            return Verdict(CLEAR_TEXT, f.FAIL, f"Clients come in clear to {end.subject}.", _configured(end))
        message = f"Whether clients can come in clear to {end.subject} could not be told: {exc}."
        return Verdict(CLEAR_TEXT, f.NOT_ASSESSED, message)


def _of_clear(end: End, clear: Clear, days: int) -> Verdict:
    evidence = (*clear.evidence, *_configured(end))
    if not clear.open:
        return Verdict(CLEAR_TEXT, f.PASS, f"Nobody can come in clear to {end.subject}.", evidence)
    if clear.excused and end.need.anyone:
        return _excused(end, clear, evidence, days)
    held = required.held_back(clear, days)
    message = f"Clients can come in clear to {end.subject}{f': {held}' if held else ''}."
    return Verdict(CLEAR_TEXT, f.FAIL, message, evidence, "" if held else REQUIRE)


def _excused(end: End, clear: Clear, evidence: tuple[Evidence, ...], days: int) -> Verdict:
    if clear.passwords:
        held = required.held_back(clear, days)
        message = f"{end.subject} takes passwords in clear{f': {held}' if held else ''}."
        return Verdict(CLEAR_TEXT, f.FAIL, message, evidence, "" if held else SHIELD)
    message = f"Clients can come in clear to {end.subject}, since {clear.excused}; passwords cannot."
    return Verdict(CLEAR_TEXT, f.PASS, message, evidence)


# What TLS it speaks


def _protocols(end: End, seen: Seen) -> Verdict:
    wanted = end.profile.protocols
    return _terms(end, PROTOCOLS, seen.protocols, wanted, "protocols", ", ".join(seen.protocols))


def _ciphers(end: End, seen: Seen) -> Verdict:
    excused = tls_guideline.SUPERSEDED_CIPHERS if not 0 < seen.bits < DHE_BITS else ()
    surplus = tuple(name for name in seen.ciphers if name not in excused)
    return _terms(
        end, CIPHERS, surplus, (*end.profile.ciphers, *end.profile.suites), "ciphers", _kinds(surplus, seen.bits)
    )


def _kinds(ciphers: tuple[str, ...], bits: int) -> str:
    """What is wrong with them, worst first."""
    found = [tls_hello.kind(name) for name in ciphers]
    parts = [f"{found.count(kind)} with {kind}" for kind in tls_hello.KINDS if kind in found]
    return ", ".join(parts) + (f" (a prime of {bits} bits)" if tls_hello.DHE in found and bits < DHE_BITS else "")


def _groups(end: End, seen: Seen) -> Verdict:
    return _terms(end, GROUPS, seen.groups, end.profile.groups, "groups", ", ".join(seen.groups))


def _guideline(end: End, seen: Seen) -> Verdict:
    surplus = tuple(name for name in seen.ciphers if name in tls_guideline.SUPERSEDED_CIPHERS)
    return _terms(end, GUIDELINE, surplus, end.profile.ciphers, "ciphers of version 5.7", ", ".join(surplus))


def _terms(end: End, rule: str, surplus: tuple[str, ...], wanted: tuple[str, ...], what: str, said: str) -> Verdict:
    profile = f"the profile {end.need.profile} of Mozilla's guideline {tls_guideline.VERSION}"
    if not surplus:
        only = _seen(end, f"no {what} but the profile's", ", ".join(wanted))
        return Verdict(rule, f.PASS, f"{end.subject} takes no {what} that {profile} does not have.", (only,))
    more = f" and {len(surplus) - MOST} more" if len(surplus) > MOST else ""
    evidence = (_seen(end, ", ".join(surplus[:MOST]) + more, ", ".join(wanted) or "none"), *_configured(end))
    return Verdict(rule, f.FAIL, f"{end.subject} takes {what} that {profile} does not have: {said}.", evidence, TERMS)


def _seen(end: End, found: str, expected: str = "") -> Evidence:
    return Evidence(end.source, found, expected)


def _configured(end: End) -> tuple[Evidence, ...]:
    return (Evidence(end.endpoint.source, "where it is configured"),) if end.endpoint.source else ()
