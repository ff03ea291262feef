# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Holds what endpoints offer to the controller against Mozilla's guideline: findings of the host that was asked."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import (
    FAIL,
    NOT_ASSESSED,
    PASS,
    Rule,
)
from ansible_collections.infosec.principles.plugins.module_utils._formats import tls_guideline, x509
from ansible_collections.infosec.principles.plugins.plugin_utils._tls_proof.plan import Target
from ansible_collections.infosec.principles.plugins.plugin_utils._tls_proof.run import Answer

CONTROL, PRINCIPLE = "tls_endpoints", "data_protection"
_PRINCIPLE = "https://infosec.mozilla.org/fundamentals/security_principles#guarantee-data-integrity-and-confidentiality"
OFFERED = Rule(
    "offered",
    "It speaks TLS to the controller, or only sends clients on to https",
    "high",
    _PRINCIPLE,
    "Run harden.yml on this host, whose service_tls switches TLS on with the certificate that internal_ca.yml deploys.",
)
PROFILE = Rule(
    "profile",
    "It offers the controller nothing but what its profile of Mozilla's guideline has",
    "medium",
    tls_guideline.REFERENCE,
    "Run harden.yml on this host, whose service_tls puts it right; what it leaves, its findings explain.",
)
CERTIFICATE = Rule(
    "certificate",
    "Its certificate is for the names of the register, and an authority that is trusted stands for it",
    "high",
    _PRINCIPLE,
    "Run internal_ca.yml, or have a public authority sign; the findings of the control certificates say what is wrong.",
)
RULES = (OFFERED, PROFILE, CERTIFICATE)
#: sslyze's errors that mean that something answers, and that it is not TLS.
NO_TLS = frozenset({"ServerTlsConfigurationNotSupported", "ServerRejectedOpportunisticTlsNegotiation"})
#: sslyze's name of a group, where OpenSSL has another.
_GROUPS = {"secp256r1": "prime256v1"}
MISSING = "sslyze is not installed for the Python that runs Ansible (pip install sslyze)"
LATE = "sslyze said nothing of it within the time limit (infosec_tls_time_limit)"
_MOST = 20
Record = dict[str, t.Any]
Verdict = tuple[str, str, list[dict[str, str]]]


def judge(target: Target, answer: Answer | None, missing: str, now: datetime.datetime) -> t.Iterator[Record]:
    """All rules about one endpoint. missing: why nobody was asked."""
    why = missing or _unasked(target, answer)
    if why or answer is None:
        for rule in RULES:
            yield _record(rule, target, NOT_ASSESSED, f"Not asked from the controller: {why}.", [])
    elif answer["fault"]:
        yield _record(OFFERED, target, *_silent(target, answer))
    else:
        yield _record(OFFERED, target, PASS, "It speaks TLS.", [])
        yield _record(PROFILE, target, *_profile(target, answer))
        yield _record(CERTIFICATE, target, *_certificate(target, answer, now))


def _unasked(target: Target, answer: Answer | None) -> str:
    if target.why:
        return target.why
    if not target.known:
        return f"sslyze does not know how TLS begins in {target.begins}; service_tls asks that on the host"
    return LATE if answer is None else ""


def _silent(target: Target, answer: Answer) -> Verdict:
    evidence = [_told(target, f"{answer['fault']}: {answer['why']}", "a handshake")]
    if answer.get("speaks"):
        return NOT_ASSESSED, "It speaks TLS, and sslyze could not tell what it offers; run this again.", evidence
    if answer.get("redirects"):
        return PASS, "It speaks no TLS, and only sends clients on to https.", evidence
    # A server that looks up who comes before it says a word is slow, and refuses nothing.
    if answer["fault"] in NO_TLS and "timed out" not in answer["why"]:
        return FAIL, "It speaks no TLS, though the register asks for it.", evidence
    message = (
        "The controller could not ask it; what keeps it out is in the evidence (who may come in, the register says)."
    )
    return NOT_ASSESSED, message, evidence


def _profile(target: Target, answer: Answer) -> Verdict:
    """What is offered beside the profile. What the guideline before had as well is service_tls.guideline's."""
    profile = tls_guideline.PROFILES[target.profile]
    ciphers: t.Mapping[str, list[str] | None] = answer["ciphers"]
    groups: list[str] | None = answer["groups"]
    offered = {version for version, names in ciphers.items() if names}
    taken = {name for names in ciphers.values() for name in names or ()}
    allowed = {*profile.ciphers, *profile.suites, *tls_guideline.SUPERSEDED_CIPHERS}
    beside = {
        "versions": sorted(offered - set(profile.protocols), key=tls_guideline.PROTOCOLS.index),
        "ciphers": sorted(taken - allowed) if offered & set(profile.protocols) else [],
        "groups": sorted({_GROUPS.get(name, name) for name in groups or ()} - set(profile.groups)),
    }
    evidence = [_told(target, f"{what}: {_some(names)}", profile.name) for what, names in beside.items() if names]
    if evidence:
        said = ", ".join(f"{what} ({_some(names, 3)})" for what, names in beside.items() if names)
        return FAIL, f"It offers what the {profile.name} profile does not have: {said}.", evidence
    if groups is None or None in ciphers.values():
        return NOT_ASSESSED, "sslyze could not tell all that it offers.", evidence
    message = (
        f"It offers {_some(sorted(offered))}, and nothing beside the {profile.name} profile of {tls_guideline.VERSION}."
    )
    return PASS, message, evidence


def _certificate(target: Target, answer: Answer, now: datetime.datetime) -> Verdict:
    if not answer["certificates"]:
        return NOT_ASSESSED, "sslyze could not tell its certificate.", []
    verdicts = [_chain(target, one, now) for one in answer["certificates"]]
    return min(verdicts, key=lambda verdict: verdict[0] != FAIL)


def _chain(target: Target, one: t.Mapping[str, t.Any], now: datetime.datetime) -> Verdict:
    leaf = x509.first(str(one["chain"][0]).encode()) if one["chain"] else None
    if leaf is None:
        return NOT_ASSESSED, "Its certificate could not be read.", []
    names = ", ".join([*leaf.names, *leaf.addresses][:_MOST])
    evidence = [_told(target, f"for {names}; until {leaf.not_after.date()}; by {leaf.issuer}", ", ".join(target.names))]
    uncovered = [name for name in target.names if not x509.covers(leaf, name)]
    if leaf.not_after <= now:
        return FAIL, f"Its certificate ended on {leaf.not_after.date()}.", evidence
    if uncovered:
        return FAIL, f"Its certificate is not for {_some(uncovered, 3)}.", evidence
    if not one["verified"] and not target.names and "subjectAltName" in one["why"]:
        message = "Its certificate is not for the host's name, and the register has no name (names) that clients know."
        return NOT_ASSESSED, message, evidence
    if not one["verified"]:
        return FAIL, f"Nobody who is trusted stands for its certificate: {one['why'].rstrip('.')}.", evidence
    return PASS, f"Its certificate is good until {leaf.not_after.date()} ({one['verified'][0]}).", evidence


def _told(target: Target, found: str, expected: str) -> dict[str, str]:
    asked = f" for {target.name}" if target.name else ""
    return {"source": f"sslyze at {target.address} port {target.port}{asked}", "found": found, "expected": expected}


def _some(names: t.Sequence[str], most: int = _MOST) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def _record(rule: Rule, target: Target, status: str, message: str, evidence: list[dict[str, str]]) -> Record:
    return {
        "control": CONTROL,
        "principle": PRINCIPLE,
        "rule": f"{CONTROL}.{rule.name}",
        "title": rule.title,
        "subject": target.subject,
        "status": status,
        "status_before": status,
        "risk": rule.risk,
        "message": message,
        "note": "",
        "evidence": evidence,
        "remedy": rule.remedy,
        "reference": rule.reference,
        "fix": [],
        "diff": [],
    }
