# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whether a certificate is for those whom its clients ask for."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._certificates.shown import (
    Place,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._formats import x509
from ansible_collections.infosec.principles.plugins.module_utils._host import addresses
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: Names of one certificate that are looked up, and named in a sentence.
MOST = 5


def judge(host: Host, place: Place) -> tuple[str, str]:
    """Status and message: each of the certificates at this place must be for its name, or for this host."""
    verdicts = [_named(chain[0], place.name) if place.name else _nameless(host, chain[0]) for chain in place.chains]
    order = (f.FAIL, f.NOT_ASSESSED, f.PASS)
    return min(verdicts, key=lambda verdict: order.index(verdict[0]))


def _named(certificate: x509.Certificate, name: str) -> tuple[str, str]:
    if x509.covers(certificate, name):
        return f.PASS, f"Its certificate is for {printable(name)}."
    return f.FAIL, f"Its certificate is for {said(certificate)}, and not for {printable(name)}."


def _nameless(host: Host, certificate: x509.Certificate) -> tuple[str, str]:
    """By the names that this host has; by what others call it where the certificate's names lead here."""
    if not (certificate.names or certificate.addresses):
        return f.FAIL, "Its certificate has no alternative name, and clients look at no other."
    own = host.once(_own_addresses)
    if own & set(certificate.addresses) or any(x509.covers(certificate, name) for name in host.once(own_names)):
        return f.PASS, f"Its certificate is for this host ({said(certificate)})."
    led = {name: _led(host, name) for name in certificate.names[:MOST] if "*" not in name}
    for name, places in led.items():
        if own & places:
            return f.PASS, f"Its certificate is for {printable(name)}, which leads here."
    elsewhere = [name for name, places in led.items() if places]
    if elsewhere:
        message = f"Its certificate is for {printable(elsewhere[0])}, which leads to another machine; if that sends on"
        return f.NOT_ASSESSED, f"{message} to this one, write the name into the register (names)."
    return f.FAIL, f"Its certificate is for {said(certificate)}; none of that is this host, or leads here."


def said(certificate: x509.Certificate) -> str:
    """Its names in a sentence."""
    known = [*certificate.names, *certificate.addresses]
    more = f" and {len(known) - MOST} more" if len(known) > MOST else ""
    return f"{', '.join(printable(one) for one in known[:MOST]) or 'no name'}{more}"


def own_names(host: Host) -> frozenset[str]:
    """The host's name, and those that /etc/hosts has on a line with it."""
    name = _text(host, "/proc/sys/kernel/hostname").strip() or _text(host, "/etc/hostname").strip()
    lines = (line.partition("#")[0].split() for line in _text(host, "/etc/hosts").splitlines())
    beside = [word for words in lines if name in words[1:] for word in words[1:]]
    return frozenset(one for one in (name, *beside) if one and one != "localhost")


def _text(host: Host, path: str) -> str:
    try:
        return host.read_text(path)
    except HostError:
        return ""


def _own_addresses(host: Host) -> frozenset[str]:
    return frozenset(str(one.ip) for one in host.once(addresses.read) if not one.ip.is_loopback)


def _led(host: Host, name: str) -> set[str]:
    """Where this host's resolver leads with a name; loopback, where Debian's /etc/hosts has the own one, is here."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,253}", name) or name.startswith("-"):
        return set()
    answer = host.ask("getent", "ahosts", name, timeout=3)
    found: t.Iterator[str] = (line.split()[0] for line in answer.stdout.splitlines() if line.split())
    return {one for one in found if not one.startswith("127.") and one != "::1"}
