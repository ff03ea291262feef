# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""x509 and der against what openssl says of its own certificates (fixtures/x509), and against what is cut or made up."""

from __future__ import annotations

import base64
import datetime
import pathlib
import re

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import der, x509

FOLDER = pathlib.Path(__file__).resolve().parents[3] / "fixtures" / "x509"
NAMES = sorted(path.stem for path in FOLDER.glob("*.pem"))
each = pytest.mark.parametrize("name", NAMES)


def data(name: str) -> bytes:
    return (FOLDER / f"{name}.pem").read_bytes()


def certificate(name: str) -> x509.Certificate:
    found = x509.first(data(name))
    assert found is not None
    return found


def said(name: str, pattern: str) -> str:
    match = re.search(pattern, (FOLDER / f"{name}.txt").read_text(encoding="utf-8"))
    return match[1] if match else ""


def day(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


@each
def test_the_days_are_those_of_openssl(name: str) -> None:
    found = certificate(name)
    assert found.not_before == day(said(name, "notBefore=(.*)"))
    assert found.not_after == day(said(name, "notAfter=(.*)"))


@each
def test_the_key_is_that_of_openssl(name: str) -> None:
    found = certificate(name)
    if found.kind == "rsa":
        assert said(name, "Algorithm: (.*)") == "rsaEncryption"
        assert found.bits == int(said(name, r"Public-Key: \((\d+) bit"))
    else:
        algorithm = said(name, "NIST CURVE: (.*)") or said(name, "Algorithm: (.*)")
        assert found.kind.rpartition(" ")[2].lower() == algorithm.lower()


@each
def test_an_authority_is_one_that_openssl_calls_so(name: str) -> None:
    assert certificate(name).authority == bool(said(name, "(CA:TRUE)"))


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("rsa-2048", "www.example.org"),
        ("rsa-4096-authority", "Example Root"),
        ("unnamed", "api.example.org"),
        ("umlaut", "Bücher"),
    ],
)
def test_the_name(name: str, subject: str) -> None:
    assert certificate(name).subject == subject


def test_der_and_pem_are_the_same() -> None:
    armoured = re.search(rb"-----\n(.*?)\n-----END", data("p-256"), re.DOTALL)
    assert armoured is not None
    binary = base64.b64decode(armoured[1])
    assert x509.first(binary) == certificate("p-256")
    trusted = data("p-256").replace(b"BEGIN ", b"BEGIN TRUSTED ").replace(b"END ", b"END TRUSTED ")
    assert x509.first(trusted) == certificate("p-256")


def test_the_first_of_a_chain_is_shown() -> None:
    chain = b"subject=somebody\n" + data("p-256") + data("rsa-4096-authority")
    assert x509.first(chain) == certificate("p-256")


@each
def test_what_is_cut_short_is_none_and_nothing_else(name: str) -> None:
    armoured = re.search(rb"-----\n(.*?)\n-----END", data(name), re.DOTALL)
    assert armoured is not None
    binary = base64.b64decode(armoured[1])
    for length in range(0, len(binary), 7):
        assert x509.first(binary[:length]) is None


@pytest.mark.parametrize(
    "text", [b"", b"\x30", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"hello", b"-----BEGIN CERTIFICATE-----\n!\n"]
)
def test_what_is_none_is_none(text: bytes) -> None:
    assert x509.first(text) is None


def test_every_byte_may_be_wrong() -> None:
    armoured = re.search(rb"-----\n(.*?)\n-----END", data("p-256"), re.DOTALL)
    assert armoured is not None
    binary = bytearray(base64.b64decode(armoured[1]))
    for at in range(len(binary)):
        for value in (0x00, 0x30, 0x80, 0xFF):
            wrong = bytes(binary[:at]) + bytes([value]) + bytes(binary[at + 1 :])
            found = x509.first(wrong)
            assert found is None or isinstance(found, x509.Certificate)


def test_der_has_bounds() -> None:
    with pytest.raises(der.Malformed, match="more than 1000"):
        der.values(b"\x05\x00" * 1001)


@pytest.mark.parametrize(
    ("oid", "dotted"),
    [("2a864886f70d010101", "1.2.840.113549.1.1.1"), ("550403", "2.5.4.3"), ("883703", "2.999.3"), ("00", "0.0")],
)
def test_identifiers_are_written_as_people_do(oid: str, dotted: str) -> None:
    assert der.dotted(bytes.fromhex(oid)) == dotted


def test_an_identifier_that_does_not_end_is_malformed() -> None:
    with pytest.raises(der.Malformed):
        der.dotted(b"\x2a\x86")
