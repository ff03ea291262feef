# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""How a handshake of TLS begins, as bytes: a ClientHello, and what a server answers to it (RFC 8446, 5246, 8422, 6101).

Nothing is computed: no key is agreed on and no signature checked. Up to TLS 1.2 a server tells its version, cipher,
group and certificates in clear. To a hello of TLS 1.3 without a key share it answers with the group and the cipher that
it wants (HelloRetryRequest), which costs neither side anything.

Names of ciphers and groups are OpenSSL's.
"""

from __future__ import annotations

import dataclasses
import struct
import typing as t

#: What a server's first messages have at most: certificates, above all.
MAX_ANSWER = 256 * 1024
VERSIONS = {"SSLv3": 0x0300, "TLSv1": 0x0301, "TLSv1.1": 0x0302, "TLSv1.2": 0x0303, "TLSv1.3": 0x0304}
_VERSION_NAMES = {number: name for name, number in VERSIONS.items()}

#: Every cipher up to TLS 1.2 that a server can take from a client that has no secret with it yet (no PSK, no SRP), by
#: IANA's registry of TLS parameters.
_CIPHERS = """
    0001 NULL-MD5 0002 NULL-SHA 0003 EXP-RC4-MD5 0004 RC4-MD5 0005 RC4-SHA 0006 EXP-RC2-CBC-MD5
    0007 IDEA-CBC-SHA 0008 EXP-DES-CBC-SHA 0009 DES-CBC-SHA 000A DES-CBC3-SHA 000B EXP-DH-DSS-DES-CBC-SHA
    000C DH-DSS-DES-CBC-SHA 000D DH-DSS-DES-CBC3-SHA 000E EXP-DH-RSA-DES-CBC-SHA 000F DH-RSA-DES-CBC-SHA
    0010 DH-RSA-DES-CBC3-SHA 0011 EXP-DHE-DSS-DES-CBC-SHA 0012 DHE-DSS-DES-CBC-SHA 0013 DHE-DSS-DES-CBC3-SHA
    0014 EXP-DHE-RSA-DES-CBC-SHA 0015 DHE-RSA-DES-CBC-SHA 0016 DHE-RSA-DES-CBC3-SHA 0017 EXP-ADH-RC4-MD5
    0018 ADH-RC4-MD5 0019 EXP-ADH-DES-CBC-SHA 001A ADH-DES-CBC-SHA 001B ADH-DES-CBC3-SHA 002F AES128-SHA
    0030 DH-DSS-AES128-SHA 0031 DH-RSA-AES128-SHA 0032 DHE-DSS-AES128-SHA 0033 DHE-RSA-AES128-SHA
    0034 ADH-AES128-SHA 0035 AES256-SHA 0036 DH-DSS-AES256-SHA 0037 DH-RSA-AES256-SHA 0038 DHE-DSS-AES256-SHA
    0039 DHE-RSA-AES256-SHA 003A ADH-AES256-SHA 003B NULL-SHA256 003C AES128-SHA256 003D AES256-SHA256
    003E DH-DSS-AES128-SHA256 003F DH-RSA-AES128-SHA256 0040 DHE-DSS-AES128-SHA256 0041 CAMELLIA128-SHA
    0044 DHE-DSS-CAMELLIA128-SHA 0045 DHE-RSA-CAMELLIA128-SHA 0046 ADH-CAMELLIA128-SHA 0062 EXP1024-DES-CBC-SHA
    0064 EXP1024-RC4-SHA 0067 DHE-RSA-AES128-SHA256 0068 DH-DSS-AES256-SHA256 0069 DH-RSA-AES256-SHA256
    006A DHE-DSS-AES256-SHA256 006B DHE-RSA-AES256-SHA256 006C ADH-AES128-SHA256 006D ADH-AES256-SHA256
    0084 CAMELLIA256-SHA 0087 DHE-DSS-CAMELLIA256-SHA 0088 DHE-RSA-CAMELLIA256-SHA 0089 ADH-CAMELLIA256-SHA
    0096 SEED-SHA 0099 DHE-DSS-SEED-SHA 009A DHE-RSA-SEED-SHA 009B ADH-SEED-SHA 009C AES128-GCM-SHA256
    009D AES256-GCM-SHA384 009E DHE-RSA-AES128-GCM-SHA256 009F DHE-RSA-AES256-GCM-SHA384
    00A0 DH-RSA-AES128-GCM-SHA256 00A1 DH-RSA-AES256-GCM-SHA384 00A2 DHE-DSS-AES128-GCM-SHA256
    00A3 DHE-DSS-AES256-GCM-SHA384 00A6 ADH-AES128-GCM-SHA256 00A7 ADH-AES256-GCM-SHA384 00BA CAMELLIA128-SHA256
    00BD DHE-DSS-CAMELLIA128-SHA256 00BE DHE-RSA-CAMELLIA128-SHA256 00BF ADH-CAMELLIA128-SHA256
    00C0 CAMELLIA256-SHA256 00C3 DHE-DSS-CAMELLIA256-SHA256 00C4 DHE-RSA-CAMELLIA256-SHA256
    00C5 ADH-CAMELLIA256-SHA256 C001 ECDH-ECDSA-NULL-SHA C002 ECDH-ECDSA-RC4-SHA C003 ECDH-ECDSA-DES-CBC3-SHA
    C004 ECDH-ECDSA-AES128-SHA C005 ECDH-ECDSA-AES256-SHA C006 ECDHE-ECDSA-NULL-SHA C007 ECDHE-ECDSA-RC4-SHA
    C008 ECDHE-ECDSA-DES-CBC3-SHA C009 ECDHE-ECDSA-AES128-SHA C00A ECDHE-ECDSA-AES256-SHA C00B ECDH-RSA-NULL-SHA
    C00C ECDH-RSA-RC4-SHA C00D ECDH-RSA-DES-CBC3-SHA C00E ECDH-RSA-AES128-SHA C00F ECDH-RSA-AES256-SHA
    C010 ECDHE-RSA-NULL-SHA C011 ECDHE-RSA-RC4-SHA C012 ECDHE-RSA-DES-CBC3-SHA C013 ECDHE-RSA-AES128-SHA
    C014 ECDHE-RSA-AES256-SHA C015 AECDH-NULL-SHA C016 AECDH-RC4-SHA C017 AECDH-DES-CBC3-SHA
    C018 AECDH-AES128-SHA C019 AECDH-AES256-SHA C023 ECDHE-ECDSA-AES128-SHA256 C024 ECDHE-ECDSA-AES256-SHA384
    C025 ECDH-ECDSA-AES128-SHA256 C026 ECDH-ECDSA-AES256-SHA384 C027 ECDHE-RSA-AES128-SHA256
    C028 ECDHE-RSA-AES256-SHA384 C029 ECDH-RSA-AES128-SHA256 C02A ECDH-RSA-AES256-SHA384
    C02B ECDHE-ECDSA-AES128-GCM-SHA256 C02C ECDHE-ECDSA-AES256-GCM-SHA384 C02D ECDH-ECDSA-AES128-GCM-SHA256
    C02E ECDH-ECDSA-AES256-GCM-SHA384 C02F ECDHE-RSA-AES128-GCM-SHA256 C030 ECDHE-RSA-AES256-GCM-SHA384
    C031 ECDH-RSA-AES128-GCM-SHA256 C032 ECDH-RSA-AES256-GCM-SHA384 C050 ARIA128-GCM-SHA256
    C051 ARIA256-GCM-SHA384 C052 DHE-RSA-ARIA128-GCM-SHA256 C053 DHE-RSA-ARIA256-GCM-SHA384
    C056 DHE-DSS-ARIA128-GCM-SHA256 C057 DHE-DSS-ARIA256-GCM-SHA384 C05C ECDHE-ECDSA-ARIA128-GCM-SHA256
    C05D ECDHE-ECDSA-ARIA256-GCM-SHA384 C060 ECDHE-ARIA128-GCM-SHA256 C061 ECDHE-ARIA256-GCM-SHA384
    C072 ECDHE-ECDSA-CAMELLIA128-SHA256 C073 ECDHE-ECDSA-CAMELLIA256-SHA384 C076 ECDHE-RSA-CAMELLIA128-SHA256
    C077 ECDHE-RSA-CAMELLIA256-SHA384 C07A CAMELLIA128-GCM-SHA256 C07B CAMELLIA256-GCM-SHA384
    C07C DHE-RSA-CAMELLIA128-GCM-SHA256 C07D DHE-RSA-CAMELLIA256-GCM-SHA384 C084 ADH-CAMELLIA128-GCM-SHA256
    C085 ADH-CAMELLIA256-GCM-SHA384 C086 ECDHE-ECDSA-CAMELLIA128-GCM-SHA256
    C087 ECDHE-ECDSA-CAMELLIA256-GCM-SHA384 C08A ECDHE-RSA-CAMELLIA128-GCM-SHA256
    C08B ECDHE-RSA-CAMELLIA256-GCM-SHA384 C09C AES128-CCM C09D AES256-CCM C09E DHE-RSA-AES128-CCM
    C09F DHE-RSA-AES256-CCM C0A0 AES128-CCM8 C0A1 AES256-CCM8 C0A2 DHE-RSA-AES128-CCM8 C0A3 DHE-RSA-AES256-CCM8
    C0AC ECDHE-ECDSA-AES128-CCM C0AD ECDHE-ECDSA-AES256-CCM C0AE ECDHE-ECDSA-AES128-CCM8
    C0AF ECDHE-ECDSA-AES256-CCM8 CCA8 ECDHE-RSA-CHACHA20-POLY1305 CCA9 ECDHE-ECDSA-CHACHA20-POLY1305
    CCAA DHE-RSA-CHACHA20-POLY1305
"""
SUITES = {
    "TLS_AES_128_GCM_SHA256": 0x1301,
    "TLS_AES_256_GCM_SHA384": 0x1302,
    "TLS_CHACHA20_POLY1305_SHA256": 0x1303,
    "TLS_AES_128_CCM_SHA256": 0x1304,
    "TLS_AES_128_CCM_8_SHA256": 0x1305,
}
#: By their numbers in the order of the registry, which no server minds.
CIPHERS: dict[str, int] = {name: int(number, 16) for number, name in zip(*[iter(_CIPHERS.split())] * 2)}
_CIPHER_NAMES = {number: name for name, number in {**CIPHERS, **SUITES}.items()}

#: IANA's "TLS Supported Groups".
GROUPS = {
    **{"sect163k1": 1, "sect163r1": 2, "sect163r2": 3, "sect193r1": 4, "sect193r2": 5, "sect233k1": 6, "sect233r1": 7},
    **{"sect239k1": 8, "sect283k1": 9, "sect283r1": 10, "sect409k1": 11, "sect409r1": 12, "sect571k1": 13},
    **{"sect571r1": 14, "secp160k1": 15, "secp160r1": 16, "secp160r2": 17, "secp192k1": 18, "prime192v1": 19},
    **{"secp224k1": 20, "secp224r1": 21, "secp256k1": 22, "prime256v1": 23, "secp384r1": 24, "secp521r1": 25},
    **{"brainpoolP256r1": 26, "brainpoolP384r1": 27, "brainpoolP512r1": 28, "X25519": 29, "X448": 30},
    **{"brainpoolP256r1tls13": 31, "brainpoolP384r1tls13": 32, "brainpoolP512r1tls13": 33, "curveSM2": 41},
    **{"ffdhe2048": 256, "ffdhe3072": 257, "ffdhe4096": 258, "ffdhe6144": 259, "ffdhe8192": 260},
    **{"MLKEM512": 512, "MLKEM768": 513, "MLKEM1024": 514, "SecP256r1MLKEM768": 4587, "X25519MLKEM768": 4588},
    **{"SecP384r1MLKEM1024": 4589, "X25519Kyber768Draft00": 25497},
}
_GROUP_NAMES = {number: name for name, number in GROUPS.items()}

#: What is wrong with a cipher, by what its OpenSSL name has in it; the first that fits counts.
EXPORT, NULL, ANONYMOUS, RC4 = "a key for export", "no encryption", "no certificate", "RC4"
SMALL, STATIC, CBC = "blocks of 64 bits", "no forward secrecy", "CBC"
DHE, OTHER, FINE = "DHE", "an unusual cipher", ""
_KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (EXPORT, ("EXP",)),
    (NULL, ("NULL",)),
    (ANONYMOUS, ("ADH-", "AECDH-")),
    (RC4, ("RC4",)),
    (SMALL, ("DES-CBC", "IDEA", "RC2")),
)
#: Worst first.
KINDS = (NULL, ANONYMOUS, EXPORT, RC4, SMALL, STATIC, CBC, DHE, OTHER)
_AEAD = ("GCM", "CCM", "POLY1305")
_UNUSUAL = ("CCM", "ARIA", "CAMELLIA")

_ALERT, _HANDSHAKE = 21, 22
#: Behind a warning a server goes on, such as those that do not know the name.
_WARNING = b"\1"
_SERVER_HELLO, _CERTIFICATE, _KEY_EXCHANGE, _DONE = 2, 11, 12, 14
_SERVER_NAME, _POINT_FORMATS, _GROUPS, _SIGNATURES, _SUPPORTED, _SHARE = 0, 11, 10, 13, 43, 51
#: TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746): servers may refuse a client without it.
_RENEGOTIATION = 0x00FF
#: ECDSA, Ed25519, Ed448, RSA-PSS and RSA, SHA-1 and DSA last: so that whatever certificate a server has can be shown.
_SCHEMES = (
    *(0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B, 0x0401, 0x0501, 0x0601),
    *(0x0904, 0x0905, 0x0906, 0x081A, 0x081B, 0x081C, 0x0303, 0x0301, 0x0203, 0x0201, 0x0402, 0x0202),
)
_NAMED_CURVE = 3
#: RFC 8446, section 6, and RFC 5246, section 7.2.
ALERTS = {
    **{
        0: "close_notify",
        10: "unexpected_message",
        20: "bad_record_mac",
        40: "handshake_failure",
        47: "illegal_parameter",
    },
    **{50: "decode_error", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error"},
    **{86: "inappropriate_fallback", 90: "user_canceled", 109: "missing_extension", 112: "unrecognized_name"},
    **{116: "certificate_required", 120: "no_application_protocol"},
}
#: close_notify: what a client says that goes away in order.
GOODBYE = bytes((_ALERT, 3, 3, 0, 2, 1, 0))


class Malformed(ValueError):
    """Not TLS, or not as the standard has it."""


@dataclasses.dataclass(frozen=True)
class Offer:
    """What a client can do, by names. protocols: those it takes; servers take the newest that they have, too.

    name: the server's name that is asked for (SNI), in ASCII; "" for none.
    """

    protocols: tuple[str, ...]
    ciphers: tuple[str, ...]
    groups: tuple[str, ...] = ()
    name: str = ""


@dataclasses.dataclass(frozen=True)
class Alert:
    """A server's no. name: as in ALERTS, or its number."""

    name: str


@dataclasses.dataclass(frozen=True)
class Answer:
    """A server's yes. protocol, cipher, group: what it has chosen, or its number where it has no name; "": none.

    bits: of the prime of DHE; 0 for others. certificates: in DER, the server's first; () in TLS 1.3, which hides them.
    """

    protocol: str
    cipher: str
    group: str = ""
    bits: int = 0
    certificates: tuple[bytes, ...] = ()


def kind(cipher: str) -> str:
    """What is wrong with a cipher (of TLS 1.2 or before): FINE where nothing is."""
    for name, marks in _KINDS:
        if any(mark in cipher for mark in marks):
            return name
    if not cipher.startswith(("ECDHE-", "DHE-")):
        return STATIC
    if not any(mark in cipher for mark in _AEAD):
        return CBC
    if any(mark in cipher for mark in _UNUSUAL):
        return OTHER
    return DHE if cipher.startswith("DHE-") else FINE


# What the client says


def client_hello(offer: Offer, random: bytes) -> bytes:
    """The record that opens a handshake. random: 32 bytes, different ones each time."""
    newest = max(VERSIONS[name] for name in offer.protocols)
    numbers = [{**CIPHERS, **SUITES}[name] for name in offer.ciphers] + [_RENEGOTIATION]
    body = struct.pack("!H", min(newest, VERSIONS["TLSv1.2"])) + random + b"\0"
    body += _sized(2, _words(numbers)) + b"\x01\0"
    if newest > VERSIONS["SSLv3"]:
        body += _sized(2, b"".join(_extensions(offer)))
    record = VERSIONS["SSLv3"] if newest == VERSIONS["SSLv3"] else VERSIONS["TLSv1"]
    return struct.pack("!BH", _HANDSHAKE, record) + _sized(2, b"\x01" + _sized(3, body))


def _extensions(offer: Offer) -> t.Iterator[bytes]:
    if offer.name:
        yield _extension(_SERVER_NAME, _sized(2, b"\0" + _sized(2, offer.name.encode("ascii"))))
    if offer.groups:
        yield _extension(_GROUPS, _sized(2, _words(GROUPS[name] for name in offer.groups)))
        yield _extension(_POINT_FORMATS, b"\x01\0")
    if {"TLSv1.2", "TLSv1.3"} & set(offer.protocols):
        yield _extension(_SIGNATURES, _sized(2, _words(_SCHEMES)))
    if "TLSv1.3" in offer.protocols:
        versions = sorted((VERSIONS[name] for name in offer.protocols), reverse=True)
        yield _extension(_SUPPORTED, _sized(1, _words(versions)))
        yield _extension(_SHARE, b"\0\0")


def _extension(number: int, content: bytes) -> bytes:
    return struct.pack("!H", number) + _sized(2, content)


def _words(numbers: t.Iterable[int]) -> bytes:
    return b"".join(struct.pack("!H", number) for number in numbers)


def _sized(size: int, content: bytes) -> bytes:
    """Behind its own length, which takes `size` bytes."""
    return len(content).to_bytes(size, "big") + content


# What the server says


def answer(data: bytes) -> Answer | Alert | None:
    """What a server has answered; None as long as that takes more bytes. Raises Malformed."""
    if len(data) > MAX_ANSWER:
        raise Malformed(f"no end after {MAX_ANSWER} bytes")
    stream = b""
    for content, body in _records(data):
        if content == _ALERT and body[:1] == _WARNING and body[1:2] != b"\0":
            continue
        if content == _ALERT and len(body) >= 2:
            return Alert(ALERTS.get(body[1], str(body[1])))
        if content != _HANDSHAKE:
            raise Malformed(f"a record of type {content} before the handshake's end")
        stream += body
        found = _messages(stream)
        if found:
            return found
    return None


def _records(data: bytes) -> t.Iterator[tuple[int, bytes]]:
    """The whole records. Raises Malformed for what cannot be one."""
    at = 0
    while at < len(data):
        head = data[at : at + 5]
        if head[0] not in (20, _ALERT, _HANDSHAKE, 23) or head[1:2] not in (b"", b"\3"):
            raise Malformed("this is not TLS")
        size = int.from_bytes(head[3:5], "big") if len(head) == 5 else MAX_ANSWER
        if len(data) < at + 5 + size:
            return
        yield head[0], data[at + 5 : at + 5 + size]
        at += 5 + size


def _messages(stream: bytes) -> Answer | None:
    """The answer in handshake messages; None as long as they have not said it."""
    found: Answer | None = None
    reader = _Reader(stream)
    while reader.left >= 4:
        number, size = reader.number(1), reader.number(3)
        if reader.left < size:
            return None
        body = _Reader(reader.take(size))
        if number == _SERVER_HELLO:
            found = _server_hello(body)
            if found.protocol == "TLSv1.3":
                return found
        elif found is None:
            raise Malformed(f"message {number} before the server's hello")
        elif number == _DONE:
            return found
        else:
            found = _more(found, number, body)
    return None


def _server_hello(body: _Reader) -> Answer:
    version, _random = body.number(2), body.take(32)
    body.take(body.number(1))
    cipher = body.number(2)
    body.number(1)
    extensions = dict(_listed(body)) if body.left else {}
    if _SUPPORTED in extensions:
        version = int.from_bytes(extensions[_SUPPORTED], "big")
    share = extensions.get(_SHARE, b"")[:2]
    return Answer(
        _VERSION_NAMES.get(version, f"{version:#06x}"), _CIPHER_NAMES.get(cipher, f"{cipher:#06x}"), _group(share)
    )


def _listed(body: _Reader) -> t.Iterator[tuple[int, bytes]]:
    extensions = _Reader(body.take(body.number(2)))
    while extensions.left:
        yield extensions.number(2), extensions.take(extensions.number(2))


def _group(number: bytes) -> str:
    value = int.from_bytes(number, "big")
    return _GROUP_NAMES.get(value, f"{value:#06x}") if len(number) == 2 else ""


def _more(found: Answer, number: int, body: _Reader) -> Answer:
    """With what one further message tells."""
    if number == _CERTIFICATE:
        chain = _Reader(body.take(body.number(3)))
        certificates = []
        while chain.left:
            certificates.append(chain.take(chain.number(3)))
        return dataclasses.replace(found, certificates=tuple(certificates))
    if number == _KEY_EXCHANGE and found.cipher.startswith(("ECDHE", "AECDH")):
        return dataclasses.replace(found, group=_group(body.take(2))) if body.number(1) == _NAMED_CURVE else found
    if number == _KEY_EXCHANGE and found.cipher.startswith(("DHE", "ADH")):
        prime = int.from_bytes(body.take(body.number(2)), "big")
        return dataclasses.replace(found, bits=prime.bit_length())
    return found


class _Reader:
    """Bytes, from the front. Raises Malformed where there are too few."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, size: int) -> bytes:
        if size > self.left:
            raise Malformed("cut short")
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")
