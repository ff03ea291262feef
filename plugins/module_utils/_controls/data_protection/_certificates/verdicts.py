# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What is said of one certificate, whoever shows it: by itself, by Mozilla's profile, and by whom it is signed."""

from __future__ import annotations

import dataclasses
import datetime
import os
import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._certificates import trust
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._certificates.shown import (
    Shown,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._certificates.trust import (
    Verified,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._credentials import access
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import tls_guideline
from ansible_collections.infosec.principles.plugins.module_utils._formats.tls_guideline import Profile
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

EXPIRY, LIFESPAN, KEY, SIGNATURE, CHAIN, KEY_MODE, STAPLING = (
    *("expiry", "lifespan", "key", "signature", "chain", "key_mode", "stapling"),
)
#: Days that a certificate of a public authority may be valid, by its first one (CA/B Forum, ballot SC-081v3).
PUBLIC_DAYS = (("2029-03-15", 47), ("2027-03-15", 100), ("2026-03-15", 200), ("2020-09-01", 398))
#: By what the profile calls them, and what a certificate says.
_CURVES = {"prime256v1": "ecdsa P-256", "secp384r1": "ecdsa P-384"}
_BROKEN = ("md2", "md5", "sha1", "SHA1")
#: Stronger than what the intermediate profile names; whoever signs chooses, and clients take both.
_STRONGER = ("sha384WithRSAEncryption", "sha512WithRSAEncryption", "rsassaPss")
#: The certificate that Debian's ssl-cert makes for tries (make-ssl-cert(8)).
_SNAKEOIL = "snakeoil"
#: Nobody but the owner and the group of the service reads a key; only the owner writes it.
_KEY_MODE = 0o640


@dataclasses.dataclass(frozen=True)
class Verdict:
    """One rule's."""

    rule: str
    status: str
    message: str
    evidence: tuple[Evidence, ...] = ()
    fix: tuple[Change, ...] = ()
    due: str = ""
    remedy: str = ""


@dataclasses.dataclass(frozen=True)
class Policy:
    """now: UTC. renew_days: before its end. folder: of internal_ca.yml."""

    now: datetime.datetime
    renew_days: int
    folder: str


def judge(host: Host, one: Shown, policy: Policy, profile: Profile) -> t.Iterator[Verdict]:
    """All rules about one certificate."""
    yield _expiry(one, policy)
    yield _key(one, profile)
    yield _signature(one, profile)
    if one.certificate.self_issued:
        yield _self_signed(one)
        yield _lifespan(one, profile, public=False)
    else:
        verified = trust.of(host, one, policy.folder)
        yield _chain(one, verified)
        yield _lifespan(one, profile, public=verified.public)
        yield from _stapling(one, verified)


def _expiry(one: Shown, policy: Policy) -> Verdict:
    ends = one.certificate.not_after
    # A certificate that lives for a week is renewed days before its end, not weeks.
    days = min(policy.renew_days, max(one.certificate.lifespan.days // 3, 1))
    due = (ends - datetime.timedelta(days=days)).date()
    left = (ends - policy.now).days
    evidence = (Evidence(one.source, f"{_name(one)}, valid until {ends.date()}", f"{days} more days"),)
    if policy.now.date() < due:
        return Verdict(EXPIRY, f.PASS, f"Valid for {left} more days; due {due}.", evidence, due=str(due))
    ended = f"Ended on {ends.date()}." if ends <= policy.now else f"Ends on {ends.date()}, in {left} days."
    ours = one.path.startswith(f"{policy.folder}/")
    remedy = "Run internal_ca.yml, which renews it and has the service take it up; run it daily." if ours else ""
    return Verdict(EXPIRY, f.FAIL, ended, evidence, due=str(due), remedy=remedy)


def _lifespan(one: Shown, profile: Profile, *, public: bool) -> Verdict:
    allowed, whose = profile.lifespan, f"Mozilla's {profile.name} profile"
    begins = str(one.certificate.not_before.date())
    for since, days in PUBLIC_DAYS if public else ():
        if begins >= since:
            allowed, whose = min((allowed, whose), (days, "the rules for public authorities"))
            break
    days = one.certificate.lifespan.days
    evidence = (Evidence(one.source, f"valid for {days} days", f"at most {allowed} days, by {whose}"),)
    # A moment more than whole days is a day more; authorities leave a second out so that it is not.
    if one.certificate.lifespan <= datetime.timedelta(days=allowed):
        more = "" if days <= profile.recommended_lifespan else f" {profile.recommended_lifespan} are recommended."
        return Verdict(LIFESPAN, f.PASS, f"Valid for {days} days of {allowed}.{more}", evidence)
    return Verdict(LIFESPAN, f.FAIL, f"Valid for {days} days, and {allowed} are allowed by {whose}.", evidence)


def _key(one: Shown, profile: Profile) -> Verdict:
    kind, bits = one.certificate.kind, one.certificate.bits
    known = [_CURVES.get(curve, curve) for curve in profile.certificate_curves]
    said = f"{kind} with {bits} bits" if kind == "rsa" else kind
    wanted = ", ".join([*known, *([f"rsa with {profile.rsa_bits} bits or more"] if profile.rsa_bits else [])])
    evidence = (Evidence(one.source, said, wanted),)
    if kind in known or (kind == "rsa" and profile.rsa_bits and bits >= profile.rsa_bits):
        return Verdict(KEY, f.PASS, f"Its key is {said}.", evidence)
    return Verdict(KEY, f.FAIL, f"Its key is {said}; the {profile.name} profile has {wanted}.", evidence)


def _signature(one: Shown, profile: Profile) -> Verdict:
    """Of all that is sent, but roots, whose signature nobody looks at."""
    signed = [each for each in one.chain if not each.self_issued or each is one.certificate]
    allowed = (*profile.certificate_signatures, *(_STRONGER if profile.rsa_bits else ()))
    evidence = (Evidence(one.source, ", ".join(each.signature for each in signed), ", ".join(allowed)),)
    for each in signed:
        if any(word in each.signature for word in _BROKEN):
            message = f"{printable(each.subject)} is signed by {each.signature}, which can be forged."
            return Verdict(SIGNATURE, f.FAIL, message, evidence)
    if one.certificate.signature not in allowed:
        message = f"It is signed by {one.certificate.signature}, which the {profile.name} profile does not have."
        return Verdict(SIGNATURE, f.FAIL, message, evidence)
    return Verdict(SIGNATURE, f.PASS, f"It is signed by {one.certificate.signature}.", evidence)


def _self_signed(one: Shown) -> Verdict:
    what = (
        "the self-signed certificate for tries that Debian's ssl-cert made" if _SNAKEOIL in one.path else "self-signed"
    )
    evidence = (Evidence(one.source, f"issuer and subject are {_name(one)}", "an authority that clients trust"),)
    return Verdict(CHAIN, f.FAIL, f"It is {what}: no client can tell it from one that somebody else made.", evidence)


def _chain(one: Shown, verified: Verified) -> Verdict:
    sent = " > ".join(printable(each.subject) or "no name" for each in one.chain[:10])
    source = verified.how or one.source
    evidence = (
        Evidence(source, f"{sent} > {printable(one.chain[-1].issuer)}", "a chain that a client of this host takes"),
    )
    if verified.ok is None:
        return Verdict(CHAIN, f.NOT_ASSESSED, f"Whether it verifies could not be told: {verified.why}.", evidence)
    if not verified.ok:
        return Verdict(CHAIN, f.FAIL, f"It does not verify: {printable(verified.why)}.", evidence)
    disorder = trust.faults_of_order(one.chain)
    if disorder:
        return Verdict(CHAIN, f.FAIL, f"The chain is out of order: {printable(disorder)}.", evidence)
    whose = "a public authority" if verified.public else "an authority of your own"
    return Verdict(CHAIN, f.PASS, f"It verifies, by {whose} ({printable(one.chain[-1].issuer)}).", evidence)


def _stapling(one: Shown, verified: Verified) -> t.Iterator[Verdict]:
    """Authorities have given OCSP up one by one; where a certificate names no responder, nothing can be stapled."""
    if not one.certificate.ocsp or verified.stapled is None:
        return
    asks = f"its revocation is asked for at {printable(one.certificate.ocsp)}"
    evidence = (Evidence(verified.how, "an answer" if verified.stapled else "no answer", "the answer sent along"),)
    if verified.stapled:
        yield Verdict(STAPLING, f.PASS, "The answer of its authority (OCSP) is sent along.", evidence)
    else:
        message = f"No answer of its authority is sent along (OCSP stapling), though {asks}."
        yield Verdict(STAPLING, f.FAIL, message, evidence)


def mode(host: Host, path: str, pids: t.Collection[int]) -> Verdict | None:
    """Who can read and write a key; None where no plain file is there. pids: of all that have to read it."""
    status = host.stat(path)
    if status is None or not stat.S_ISREG(status.st_mode):
        return None
    bits = stat.S_IMODE(status.st_mode)
    evidence = (Evidence(printable(path), f"mode {bits:04o}, user {status.st_uid}", f"{_KEY_MODE:04o} or less"),)
    if not bits & ~_KEY_MODE & 0o777:
        return Verdict(KEY_MODE, f.PASS, "It is for its owner and its group alone.", evidence)
    whom = "Others can read it" if bits & 0o004 else "More than its owner can write it"
    after = bits & _KEY_MODE
    if pids and all(_reads(host, pid, status, after) for pid in pids):
        return Verdict(KEY_MODE, f.FAIL, f"{whom}: mode {bits:04o}.", evidence, _closing(host, path, after))
    message = f"{whom}: mode {bits:04o}. Not fixed: it is not known that its service reads it by its owner or group."
    remedy = f"chown root:GROUP {printable(path)} && chmod 0640 {printable(path)}, with the group of the service."
    return Verdict(KEY_MODE, f.FAIL, message, evidence, remedy=remedy)


def _reads(host: Host, pid: int, status: os.stat_result, bits: int) -> bool:
    """Whether a process reads a file of this mode without the rights of others: as root, as its owner, by its group."""
    try:
        said = host.read_text(f"/proc/{pid}/status")
    except HostError:
        return False
    fields = {name: value.split() for name, _colon, value in (line.partition(":") for line in said.splitlines())}
    user, groups = fields.get("Uid", [])[1:2], [*fields.get("Gid", [])[1:2], *fields.get("Groups", [])]
    own = user == [str(status.st_uid)] and bool(bits & 0o400)
    return user == ["0"] or own or (str(status.st_gid) in groups and bool(bits & 0o040))


def _closing(host: Host, path: str, mode: int) -> tuple[Change, ...]:
    """Narrowed so that a server that reads it as somebody else than root gets it by its group."""
    real = os.path.realpath(host.path(path))
    try:
        return access.of_key(host, f"/{os.path.relpath(real, host.root)}", mode)
    except (access.Refused, OSError):
        return ()


def _name(one: Shown) -> str:
    return printable(one.certificate.subject) or "no name"


def profile_of(one: Shown, usual: str) -> Profile:
    """The strictest of the places where it is shown."""
    asked = {place.need.profile for place in one.places} or {usual}
    return tls_guideline.PROFILES["modern" if "modern" in asked else "intermediate"]
