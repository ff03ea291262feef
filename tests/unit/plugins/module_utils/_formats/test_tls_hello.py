# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hellos against a reader of its own (played_tls), and answers as OpenSSL 1.1.1w and 3.5 gave them.

The answers were recorded from `openssl s_server -cipher ALL:COMPLEMENTOFALL:@SECLEVEL=0 -min_protocol SSLv3` on Debian 11
and 13, with a certificate of RSA 2048.
"""

from __future__ import annotations

import pathlib
import re

import hypothesis
import hypothesis.strategies as st
import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import tls_guideline, tls_hello, x509
from ansible_collections.infosec.principles.plugins.module_utils._formats.tls_hello import Alert, Answer, Offer
from ansible_collections.infosec.principles.tests.unit.pairs import played_tls

FIXTURES = pathlib.Path(__file__).resolve().parents[3] / "fixtures" / "tls"
RECORDED = sorted(path.name for path in FIXTURES.glob("*.bin"))
RANDOM = bytes(range(32))


def recorded(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def said(name: str) -> Answer | Alert | None:
    return tls_hello.answer(recorded(name))


# What the client says


def test_a_hello_offers_what_it_is_given() -> None:
    offer = Offer(
        ("TLSv1.2", "TLSv1.3"), ("TLS_AES_128_GCM_SHA256", "AES128-SHA"), ("X25519", "X448"), "shop.example.org"
    )
    record = tls_hello.client_hello(offer, RANDOM)
    assert record[:3] == b"\x16\x03\x01" and int.from_bytes(record[3:5], "big") == len(record) - 5
    assert record[11:43] == RANDOM
    assert played_tls.read(record[5:]) == played_tls.Hello(
        (0x0304, 0x0303), (0x1301, 0x002F, 0x00FF), (29, 30), "shop.example.org"
    )


@pytest.mark.parametrize(
    ("protocol", "record", "body"),
    [("SSLv3", 0, 0), ("TLSv1", 1, 1), ("TLSv1.1", 1, 2), ("TLSv1.2", 1, 3), ("TLSv1.3", 1, 3)],
)
def test_a_hello_is_of_its_version(protocol: str, record: int, body: int) -> None:
    data = tls_hello.client_hello(Offer((protocol,), ("AES128-SHA",)), RANDOM)
    assert (data[1:3], data[9:11]) == (bytes((3, record)), bytes((3, body)))


def test_ssl_3_has_no_extensions() -> None:
    data = tls_hello.client_hello(Offer(("SSLv3",), ("AES128-SHA",), ("X25519",), "name"), RANDOM)
    assert data.endswith(b"\x00\x04\x00\x2f\x00\xff\x01\x00")


# What the server says


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("openssl-1.1.1-all.bin", Answer("TLSv1.3", "TLS_AES_128_GCM_SHA256", "X25519")),
        ("openssl-3.5-all.bin", Answer("TLSv1.3", "TLS_AES_128_GCM_SHA256", "X25519MLKEM768")),
        ("openssl-1.1.1-anonymous.bin", Answer("TLSv1.2", "ADH-AES128-SHA", bits=1024)),
        ("openssl-1.1.1-no-group.bin", Alert("handshake_failure")),
        ("openssl-1.1.1-sslv3.bin", Alert("handshake_failure")),
    ],
)
def test_what_openssl_answers(name: str, answer: Answer | Alert) -> None:
    assert said(name) == answer


@pytest.mark.parametrize(
    ("name", "protocol", "cipher", "group", "bits"),
    [
        ("openssl-1.1.1-tls12-ecdhe.bin", "TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", "prime256v1", 0),
        ("openssl-3.5-tls12-ecdhe.bin", "TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", "prime256v1", 0),
        ("openssl-1.1.1-tls12-dhe.bin", "TLSv1.2", "DHE-RSA-AES128-GCM-SHA256", "", 2048),
        ("openssl-3.5-tls12-dhe.bin", "TLSv1.2", "DHE-RSA-AES128-GCM-SHA256", "", 2048),
        ("openssl-1.1.1-tls12-static.bin", "TLSv1.2", "AES128-SHA", "", 0),
        ("openssl-1.1.1-tls10.bin", "TLSv1", "NULL-MD5", "", 0),
    ],
)
def test_up_to_tls_1_2_the_certificate_is_shown(name: str, protocol: str, cipher: str, group: str, bits: int) -> None:
    answer = said(name)
    assert isinstance(answer, Answer)
    assert (answer.protocol, answer.cipher, answer.group, answer.bits) == (protocol, cipher, group, bits)
    (certificate,) = map(x509.parse, answer.certificates)
    assert (certificate.subject, certificate.kind, certificate.bits) == ("x", "rsa", 2048)


@pytest.mark.parametrize("name", RECORDED)
def test_an_answer_that_comes_in_pieces_is_waited_for(name: str) -> None:
    whole = recorded(name)
    # To a HelloRetryRequest OpenSSL adds a change of ciphers (RFC 8446, appendix D.4), which is not waited for.
    told = len(whole.removesuffix(b"\x14\x03\x03\x00\x01\x01"))
    assert [tls_hello.answer(whole[:size]) for size in range(told)] == [None] * told
    assert tls_hello.answer(whole[:told]) == said(name)


def test_an_answer_may_be_spread_over_records() -> None:
    whole = recorded("openssl-1.1.1-tls12-dhe.bin")
    body, at = b"", 0
    while at < len(whole):
        size = int.from_bytes(whole[at + 3 : at + 5], "big")
        body, at = body + whole[at + 5 : at + 5 + size], at + 5 + size
    pieces = [body[at : at + 100] for at in range(0, len(body), 100)]
    spread = b"".join(b"\x16\x03\x03" + len(piece).to_bytes(2, "big") + piece for piece in pieces)
    assert tls_hello.answer(spread) == said("openssl-1.1.1-tls12-dhe.bin")


def test_behind_a_warning_the_server_goes_on() -> None:
    warned = b"\x15\x03\x03\x00\x02\x01\x70"
    assert tls_hello.answer(warned) is None
    assert tls_hello.answer(warned + recorded("openssl-3.5-all.bin")) == said("openssl-3.5-all.bin")


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"220 mail.example.org ESMTP\r\n",
        b"\x16\x02\x00\x00\x00",
        b"\x17\x03\x03\x00\x01\x00",
        b"\x16\x03\x03\x00\x04\x0b\x00\x00\x00",
        b"\x16\x03\x03\x00\x06\x02\x00\x00\x02\x03\x03",
        b"\x16\x03\x03\xff\xff" + bytes(tls_hello.MAX_ANSWER),
    ],
)
def test_what_is_no_answer_is_refused(data: bytes) -> None:
    with pytest.raises(tls_hello.Malformed):
        tls_hello.answer(data)


@hypothesis.given(st.binary(max_size=300))
def test_any_bytes_are_an_answer_or_none(data: bytes) -> None:
    try:
        found = tls_hello.answer(data)
    except tls_hello.Malformed:
        return
    assert found is None or isinstance(found, (Answer, Alert))


@hypothesis.given(st.sampled_from(RECORDED), st.integers(0, 2000), st.integers(0, 255))
def test_a_damaged_answer_is_one_or_none(name: str, at: int, value: int) -> None:
    data = bytearray(recorded(name))
    data[at % len(data)] = value
    try:
        found = tls_hello.answer(bytes(data))
    except tls_hello.Malformed:
        return
    assert found is None or isinstance(found, (Answer, Alert))


# The tables


def test_every_name_of_the_guideline_is_known() -> None:
    for profile in tls_guideline.PROFILES.values():
        assert set(profile.ciphers) <= set(tls_hello.CIPHERS)
        assert set(profile.suites) <= set(tls_hello.SUITES)
        assert set(profile.groups) <= set(tls_hello.GROUPS)
    assert set(tls_guideline.SUPERSEDED_CIPHERS) <= set(tls_hello.CIPHERS)


def test_numbers_are_told_apart() -> None:
    assert len(set(tls_hello.CIPHERS.values())) == len(tls_hello.CIPHERS) > 150
    assert len(set(tls_hello.GROUPS.values())) == len(tls_hello.GROUPS)
    assert all(re.fullmatch(r"[A-Z0-9-]+[a-z]?", name) for name in tls_hello.CIPHERS)


@pytest.mark.parametrize(
    ("cipher", "kind"),
    [
        ("ECDHE-RSA-AES128-GCM-SHA256", tls_hello.FINE),
        ("ECDHE-ECDSA-CHACHA20-POLY1305", tls_hello.FINE),
        ("DHE-RSA-AES128-GCM-SHA256", tls_hello.DHE),
        ("ECDHE-RSA-AES128-SHA256", tls_hello.CBC),
        ("AES128-GCM-SHA256", tls_hello.STATIC),
        ("ECDH-RSA-AES128-GCM-SHA256", tls_hello.STATIC),
        ("ECDHE-RSA-DES-CBC3-SHA", tls_hello.SMALL),
        ("RC4-SHA", tls_hello.RC4),
        ("EXP-RC4-MD5", tls_hello.EXPORT),
        ("AECDH-NULL-SHA", tls_hello.NULL),
        ("ADH-AES256-GCM-SHA384", tls_hello.ANONYMOUS),
        ("ECDHE-ARIA128-GCM-SHA256", tls_hello.OTHER),
        ("ECDHE-ECDSA-AES128-CCM8", tls_hello.OTHER),
    ],
)
def test_what_is_wrong_with_a_cipher(cipher: str, kind: str) -> None:
    assert tls_hello.kind(cipher) == kind


def test_what_the_profile_has_is_fine_and_all_else_is_of_a_kind() -> None:
    fine = {name for name in tls_hello.CIPHERS if tls_hello.kind(name) == tls_hello.FINE}
    assert fine == set(tls_guideline.INTERMEDIATE.ciphers)
    assert {tls_hello.kind(name) for name in tls_hello.CIPHERS} - {tls_hello.FINE} == set(tls_hello.KINDS)
