# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""x509 against what cryptography reads of the same certificates: names, purposes, responders, signatures, chains."""

from __future__ import annotations

import datetime
import ipaddress
import pathlib
import typing as t

import pytest
from cryptography import x509 as oracle
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from ansible_collections.infosec.principles.plugins.module_utils._formats import x509

FOLDER = pathlib.Path(__file__).resolve().parents[3] / "fixtures" / "x509"
EC, RSA, ED = (
    ec.generate_private_key(ec.SECP256R1()),
    rsa.generate_private_key(65537, 2048),
    ed25519.Ed25519PrivateKey.generate(),
)
HASHES: t.Sequence[t.Any] = (hashes.SHA256(), hashes.SHA384(), hashes.SHA512())
NOW = datetime.datetime(2026, 11, 29, tzinfo=datetime.timezone.utc)


def name(text: str) -> oracle.Name:
    return oracle.Name([oracle.NameAttribute(NameOID.COMMON_NAME, text)])


def build(
    signer: t.Any, digest: t.Any, *extensions: oracle.ExtensionType, issuer: str = "an issuer"
) -> oracle.Certificate:
    number = oracle.random_serial_number()
    ends = NOW + datetime.timedelta(days=90)
    builder = oracle.CertificateBuilder(name(issuer), name("shop"), EC.public_key(), number, NOW, ends)
    for one in extensions:
        builder = builder.add_extension(one, False)
    return builder.sign(signer, digest)


def read(made: oracle.Certificate) -> x509.Certificate:
    found = x509.first(made.public_bytes(serialization.Encoding.PEM))
    assert found
    return found


NAMES = oracle.SubjectAlternativeName(
    [
        oracle.DNSName("shop.example.org"),
        oracle.IPAddress(ipaddress.ip_address("192.0.2.7")),
        oracle.DNSName("*.example.org"),
        oracle.RFC822Name("who@example.org"),
        oracle.IPAddress(ipaddress.ip_address("2001:db8::7")),
    ]
)


def test_what_it_is_for() -> None:
    found = read(build(EC, HASHES[0], NAMES))
    assert (found.names, found.addresses) == (("shop.example.org", "*.example.org"), ("192.0.2.7", "2001:db8::7"))
    assert (found.issuer, found.subject, found.self_issued) == ("an issuer", "shop", False)
    assert found.lifespan == datetime.timedelta(days=90)


@pytest.mark.parametrize(
    ("asked", "covered"),
    [
        ("shop.example.org", True),
        ("SHOP.example.org.", True),
        ("www.example.org", True),
        ("a.b.example.org", False),
        ("example.org", False),
        ("192.0.2.7", True),
        ("192.0.2.8", False),
        ("2001:db8::7", True),
        ("*.example.org", True),
        ("shop", False),
    ],
)
def test_whom_it_covers(asked: str, covered: bool) -> None:
    assert x509.covers(read(build(EC, HASHES[0], NAMES)), asked) is covered


@pytest.mark.parametrize("digest", HASHES)
@pytest.mark.parametrize("signer", [EC, RSA])
def test_how_it_is_signed(signer: t.Any, digest: t.Any) -> None:
    expected = f"ecdsa-with-{digest.name.upper()}" if signer is EC else f"{digest.name}WithRSAEncryption"
    assert read(build(signer, digest)).signature == expected


def test_how_others_are_signed() -> None:
    assert read(build(ED, None)).signature == "ED25519"


def test_purposes_and_responder() -> None:
    place = oracle.UniformResourceIdentifier("http://ocsp.example.org")
    issuers = oracle.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)
    responder = oracle.AccessDescription(AuthorityInformationAccessOID.OCSP, place)
    uses = oracle.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CODE_SIGNING])
    found = read(build(EC, HASHES[0], uses, oracle.AuthorityInformationAccess([issuers, responder])))
    assert found.purposes == ("serverAuth", "1.3.6.1.5.5.7.3.3")
    assert found.ocsp == "http://ocsp.example.org"
    assert read(build(EC, HASHES[0], oracle.AuthorityInformationAccess([issuers]))).ocsp == ""


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.pem")), ids=lambda path: path.stem)
def test_the_recorded_ones(path: pathlib.Path) -> None:
    data = path.read_bytes()
    expected = oracle.load_pem_x509_certificate(data)
    found = x509.first(data)
    assert found
    assert found.digest == expected.fingerprint(hashes.SHA256()).hex()
    assert int.from_bytes(bytes.fromhex(found.serial), "big") == expected.serial_number
    assert found.self_issued == (expected.subject == expected.issuer)


def test_the_chain_of_a_file() -> None:
    chain = [build(EC, HASHES[0], issuer=issuer) for issuer in ("a", "b", "c")]
    data = b"some words\n".join(one.public_bytes(serialization.Encoding.PEM) for one in chain)
    assert [one.issuer for one in x509.every(data)] == ["a", "b", "c"]
    assert [one.issuer for one in x509.every(data, 2)] == ["a", "b"]
    broken = data.replace(data.splitlines()[1], b"!" * 64, 1)
    assert [one.issuer for one in x509.every(broken)] == ["b", "c"]
    assert x509.every(b"") == []
