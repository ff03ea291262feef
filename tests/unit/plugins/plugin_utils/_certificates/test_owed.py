# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificates a host owes; and that a host which was broken into gets none for others."""

from __future__ import annotations

import ipaddress
import typing as t

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ansible_collections.infosec.principles.plugins.plugin_utils._certificates import owed
from ansible_collections.infosec.principles.plugins.plugin_utils._certificates.owed import PlanError

SERVICE = {
    "name": "shop",
    "unit": "nginx.service",
    "ports": [{"first": 443, "last": 443, "protocol": "tcp"}, {"first": 443, "last": 443, "protocol": "udp"}],
    "tls": "intermediate",
    "names": ["shop.example.org"],
}
HOSTVARS: dict[str, dict[str, t.Any]] = {
    "web1": {
        "infosec_addresses": ["192.0.2.7", "2001:db8::7", "198.51.100.0/24"],
        "infosec_certificate_names": ["web1.example.org"],
    },
    "192.0.2.9": {},
    "bad": {"infosec_addresses": ["192.0.2.8"], "infosec_certificate_names": ["a b"]},
    "lost": {},
}


def no_lookup(name: str) -> list[str]:
    raise OSError("no such name")


def plan(host: str, *services: dict[str, t.Any], own: bool = True) -> list[dict[str, t.Any]]:
    return owed.owed(services, host, HOSTVARS, own=own, lookup=no_lookup)


def test_what_a_host_owes() -> None:
    own, shop = plan("web1", SERVICE, {**SERVICE, "name": "clear", "tls": "none"})
    assert own == {
        "name": "host",
        "names": ["web1.example.org", "web1"],
        "addresses": ["192.0.2.7", "2001:db8::7"],
        "unit": "",
        "ports": [],
    }
    assert shop == {
        "name": "shop",
        "names": ["shop.example.org", "web1.example.org", "web1"],
        "addresses": ["192.0.2.7", "2001:db8::7"],
        "unit": "nginx.service",
        "ports": [443],
    }
    assert [one["name"] for one in plan("web1", SERVICE, own=False)] == ["shop"]


def test_an_address_is_no_name() -> None:
    (own,) = plan("192.0.2.9")
    assert (own["names"], own["addresses"]) == ([], ["192.0.2.9"])


def test_a_host_without_an_address_has_its_name() -> None:
    (own,) = plan("lost")
    assert (own["names"], own["addresses"]) == (["lost"], [])


@pytest.mark.parametrize(
    ("host", "service", "fault"),
    [
        ("bad", SERVICE, "infosec_certificate_names: found 'a b'"),
        ("web1", {**SERVICE, "name": "a/b"}, "'a/b' cannot be the name of a folder"),
        ("web1", {**SERVICE, "name": "host"}, "'host' is the name of the host's own certificate"),
    ],
)
def test_faults(host: str, service: dict[str, t.Any], fault: str) -> None:
    with pytest.raises(PlanError, match=fault):
        plan(host, service)


# Requests

WANTED = {"name": "shop", "names": ["shop.example.org"], "addresses": ["192.0.2.7"]}
KEY = ec.generate_private_key(ec.SECP256R1())
USES = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


def request(
    *,
    common: str = "shop.example.org",
    names: t.Sequence[str] = ("shop.example.org",),
    ca: bool = False,
    signing: bool = False,
    uses: t.Sequence[x509.ObjectIdentifier] = USES,
    more: x509.ExtensionType | None = None,
) -> str:
    """A request as a host could make it."""
    known = [*map(x509.DNSName, names), x509.IPAddress(ipaddress.ip_address("192.0.2.7"))]
    builder = x509.CertificateSigningRequestBuilder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)]))
    builder = builder.add_extension(x509.BasicConstraints(ca, None), True)
    builder = builder.add_extension(x509.KeyUsage(True, *[False] * 4, signing, False, False, False), True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(uses), False)
    builder = builder.add_extension(x509.SubjectAlternativeName(known), False)
    builder = builder.add_extension(more, False) if more else builder
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def test_what_is_owed_is_signed() -> None:
    assert owed.check(request(), WANTED) == ""


@pytest.mark.parametrize(
    "asked",
    [
        {"names": ("shop.example.org", "bank.example.org")},
        {"names": ("*.example.org",)},
        {"common": "bank.example.org"},
        {"ca": True},
        {"signing": True},
        {"uses": (*USES, ExtendedKeyUsageOID.CODE_SIGNING)},
        {"more": x509.InhibitAnyPolicy(0)},
    ],
)
def test_nothing_else_is(asked: dict[str, t.Any]) -> None:
    assert owed.check(request(**asked), WANTED)


def test_a_request_whose_signature_is_not_its_own() -> None:
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    mine, theirs = (
        key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        for key in (KEY.public_key(), other)
    )
    der = x509.load_pem_x509_csr(request().encode()).public_bytes(serialization.Encoding.DER).replace(mine, theirs)
    pem = x509.load_der_x509_csr(der).public_bytes(serialization.Encoding.PEM).decode()
    assert owed.check(pem, WANTED) == "its signature is not that of its key"


@pytest.mark.parametrize(
    "text", ["", "x", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"]
)
def test_what_is_no_request(text: str) -> None:
    assert owed.check(text, WANTED).startswith("it cannot be read")
