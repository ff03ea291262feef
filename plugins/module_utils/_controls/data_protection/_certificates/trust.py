# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whether a client of this host would take a certificate: openssl(1) tells, by what the server really sends."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._certificates import shown
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._certificates.shown import (
    Place,
    Shown,
)
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

#: What the distribution trusts: Debian, the RHEL family, SUSE.
BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem")
#: Authorities that somebody added to it.
ADDED = ("/usr/local/share/ca-certificates/*.crt", "/etc/pki/ca-trust/source/anchors/*", "/etc/pki/trust/anchors/*")
#: Names that openssl s_client(1) has for what TLS begins in.
_STARTTLS = {"postgresql": "postgres"}
_CALLED = {
    "unable to get local issuer certificate": "nobody who is trusted here stands for it, or one above it is not sent",
    "unable to verify the first certificate": "a certificate above it is not sent, or is none that is trusted here",
    "self signed certificate": "it is self-signed",
    "self-signed certificate": "it is self-signed",
    "self signed certificate in certificate chain": "its authority is none that this host trusts",
    "self-signed certificate in certificate chain": "its authority is none that this host trusts",
}


@dataclasses.dataclass(frozen=True)
class Verified:
    """ok: None where it could not be told. how: where that was asked. why: what is wrong. public: by the distribution's
    own authorities. stapled: whether the server sent the answer of its authority along; None where nobody looked."""

    ok: bool | None
    how: str
    why: str = ""
    public: bool = False
    stapled: bool | None = None


def of(host: Host, one: Shown, folder: str) -> Verified:
    """Ask as a client does where the certificate is on the wire, else by its file. folder: of ca.pem."""
    internal = f"{folder}/ca.pem"
    mine = one.chain[-1].issuer_name in {each.subject_name for each in shown.every(host, internal)}
    bundle = internal if mine else next((path for path in BUNDLES if host.exists(path)), "")
    if not bundle:
        return Verified(None, "", "this host has no list of trusted authorities (package ca-certificates)")
    verified = _on_wire(host, one.places[0], bundle) if one.places else _in_file(host, one.path, bundle)
    return dataclasses.replace(verified, public=bool(verified.ok) and not mine and not _added(host, one))


def _added(host: Host, one: Shown) -> bool:
    anchors = (each for pattern in ADDED for path in host.glob(pattern) for each in shown.every(host, path))
    return one.chain[-1].issuer_name in {each.subject_name for each in anchors}


def _on_wire(host: Host, place: Place, bundle: str) -> Verified:
    argv = ("openssl", "s_client", *client(place), "-status", "-no_check_time", "-CAfile", bundle)
    done = host.ask(*argv, stdin="", timeout=5)
    said = [line.strip() for line in done.stdout.splitlines()]
    codes = [line for line in said if line.startswith("Verify return code: ")]
    if not codes:
        return Verified(None, place.source, "openssl s_client did not tell")
    reason = codes[-1].partition("(")[2].rstrip(")")
    stapled = any(line.startswith("OCSP Response Status: successful") for line in said)
    return Verified(": 0 " in codes[-1], place.source, _CALLED.get(reason, reason), stapled=stapled)


def client(place: Place) -> tuple[str, ...]:
    """The options of openssl s_client(1) that lead to a place."""
    address = f"[{place.address}]" if ":" in place.address else place.address
    begins = place.endpoint.begins
    name = ("-servername", place.name) if place.name else ("-noservername",)
    starttls = ("-starttls", _STARTTLS.get(begins, begins)) if begins != "tls" else ()
    return ("-connect", f"{address}:{place.endpoint.port}", *name, *starttls)


def _in_file(host: Host, path: str, bundle: str) -> Verified:
    argv = ("openssl", "verify", "-no_check_time", "-CAfile", bundle, "-untrusted", path, path)
    done = host.ask(*argv)
    if done.rc in (124, 126, 127):
        return Verified(None, "openssl verify", "openssl did not tell")
    lines = [
        line for line in f"{done.stdout}\n{done.stderr}".splitlines() if " lookup:" in line or line.startswith("error")
    ]
    reason = lines[0].rpartition(":")[2].strip() if lines else "it does not verify"
    return Verified(done.rc == 0, "openssl verify", "" if done.rc == 0 else _CALLED.get(reason, reason))


def faults_of_order(chain: t.Sequence[t.Any]) -> str:
    """Each certificate stands for the one before it (RFC 5246, section 7.4.2)."""
    for one, following in zip(chain, chain[1:]):
        if one.issuer_name != following.subject_name:
            return f"behind {one.subject!r} comes {following.subject!r}, where {one.issuer!r} belongs"
    return ""
