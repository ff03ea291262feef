# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What a certificate says of itself (RFC 5280, section 4.1): whose it is, how long, and with which key.

No signature is looked at, so nothing here says whether anybody should trust it.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import datetime
import hashlib
import re
import socket
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import der

#: A file with more has a chain, or a bundle of authorities; the first certificate is the one that is shown.
MAX_SIZE = 256 * 1024
_ARMOUR = re.compile(
    rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----\s(.*?)-----END (?:X509 |TRUSTED )?CERTIFICATE-----", re.DOTALL
)
_VERSION, _EXTENSIONS, _DNS, _URI, _ADDRESS = 0xA0, 0xA3, 0x82, 0x86, 0x87
_COMMON_NAME, _ORGANIZATION = "2.5.4.3", "2.5.4.10"
_BASIC_CONSTRAINTS, _ALTERNATIVE_NAMES, _PURPOSES = "2.5.29.19", "2.5.29.17", "2.5.29.37"
_AUTHORITY_INFORMATION, _OCSP = "1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.48.1"
_RSA, _EC = "1.2.840.113549.1.1.1", "1.2.840.10045.2.1"
#: Algorithms of keys whose size follows from the name: (name, bits).
_KINDS = {
    "1.3.101.112": ("ed25519", 256),
    "1.3.101.113": ("ed448", 456),
    "1.2.840.10045.3.1.7": ("ecdsa P-256", 256),
    "1.3.132.0.34": ("ecdsa P-384", 384),
    "1.3.132.0.35": ("ecdsa P-521", 521),
    "1.2.840.10040.4.1": ("dsa", 0),
    "2.16.840.1.101.3.4.3.17": ("ml-dsa-44", 0),
    "2.16.840.1.101.3.4.3.18": ("ml-dsa-65", 0),
    "2.16.840.1.101.3.4.3.19": ("ml-dsa-87", 0),
}
#: Algorithms of signatures, by the names that OpenSSL and Mozilla's guideline give them.
_SIGNATURES = {
    "1.2.840.113549.1.1.2": "md2WithRSAEncryption",
    "1.2.840.113549.1.1.4": "md5WithRSAEncryption",
    "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
    "1.2.840.113549.1.1.10": "rsassaPss",
    "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
    "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
    "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
    "1.2.840.10040.4.3": "dsaWithSHA1",
    "1.2.840.10045.4.1": "ecdsa-with-SHA1",
    "1.2.840.10045.4.3.2": "ecdsa-with-SHA256",
    "1.2.840.10045.4.3.3": "ecdsa-with-SHA384",
    "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
    "1.3.101.112": "ED25519",
    "1.3.101.113": "ED448",
}
#: Extended key usages that a server or an authority has; others keep their number.
_PURPOSE_NAMES = {"1.3.6.1.5.5.7.3.1": "serverAuth", "1.3.6.1.5.5.7.3.2": "clientAuth", "2.5.29.37.0": "any"}


@dataclasses.dataclass(frozen=True)
class Certificate:
    """subject: its common name, else the first DNS name, else its organization; "" for none. issuer: likewise.

    kind, bits: of the public key; bits is 0 where the kind does not say. authority: whether it may sign others.
    names, addresses: what it is for (subject alternative names). signature: as OpenSSL calls it, else its number.
    serial: hexadecimal. purposes: () for all. ocsp: where its revocation is asked for.
    digest: SHA-256 of the certificate, hexadecimal. subject_name, issuer_name: in DER, to be compared.
    """

    subject: str
    not_before: datetime.datetime
    not_after: datetime.datetime
    kind: str
    bits: int
    authority: bool
    issuer: str = ""
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    signature: str = ""
    serial: str = ""
    purposes: tuple[str, ...] = ()
    ocsp: str = ""
    digest: str = ""
    subject_name: bytes = dataclasses.field(default=b"", repr=False)
    issuer_name: bytes = dataclasses.field(default=b"", repr=False)

    @property
    def self_issued(self) -> bool:
        """Whether it says that nobody else stands for it."""
        return self.subject_name == self.issuer_name

    @property
    def lifespan(self) -> datetime.timedelta:
        """From its first moment to its last."""
        return self.not_after - self.not_before


def first(data: bytes) -> Certificate | None:
    """The first certificate of a file in PEM or DER; None where there is none that could be read."""
    armour = _ARMOUR.search(data)
    try:
        return parse(base64.b64decode(armour[1]) if armour else data)
    except (ValueError, IndexError, binascii.Error):
        return None


def every(data: bytes, most: int = 20) -> list[Certificate]:
    """The certificates of a file in PEM, in their order, at most so many; those that cannot be read are left out."""
    found = (first(match[0]) for match, _number in zip(_ARMOUR.finditer(data), range(most)))
    return [one for one in found if one]


def parse(data: bytes) -> Certificate:
    """One certificate in DER. Raises der.Malformed, ValueError or IndexError."""
    kind, signed = der.sequence(data)[0]
    if kind != der.SEQUENCE:
        raise der.Malformed("no certificate")
    fields = der.values(signed)
    numbered = fields[1:] if fields[0][0] == _VERSION else fields
    serial, signature, issuer, validity, subject, key, *_rest = (content for _kind, content in numbered)
    not_before, not_after = (_time(*value) for value in der.values(validity)[:2])
    extensions = _extensions(dict(numbered[6:]).get(_EXTENSIONS, b""))
    listed = der.sequence(extensions[_ALTERNATIVE_NAMES]) if _ALTERNATIVE_NAMES in extensions else []
    names = tuple(content.decode("utf-8", "replace") for kind, content in listed if kind == _DNS)
    return Certificate(
        _name(subject, names),
        not_before,
        not_after,
        *_key(key),
        _authority(extensions),
        issuer=_name(issuer),
        names=names,
        addresses=tuple(_address(content) for kind, content in listed if kind == _ADDRESS),
        signature=_signature(signature),
        serial=serial.hex(),
        purposes=_purposes(extensions),
        ocsp=_ocsp(extensions),
        digest=hashlib.sha256(data).hexdigest(),
        subject_name=subject,
        issuer_name=issuer,
    )


def covers(certificate: Certificate, name: str) -> bool:
    """Whether it is for this DNS name or address (RFC 6125, section 6.4.3: * stands for one whole label)."""
    wanted = name.lower().rstrip(".")
    parent = wanted.partition(".")[2]
    known = {one.lower().rstrip(".") for one in certificate.names}
    return wanted in known or wanted in certificate.addresses or ("." in parent and f"*.{parent}" in known)


def _time(kind: int, content: bytes) -> datetime.datetime:
    """RFC 5280, section 4.1.2.5: two digits of the year mean 1950 to 2049."""
    text = content.decode("ascii")
    if kind == der.UTC_TIME:
        text = f"{'19' if text[:2] >= '50' else '20'}{text}"
    elif kind != der.GENERALIZED_TIME:
        raise der.Malformed("no time")
    return datetime.datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=datetime.timezone.utc)


def _extensions(data: bytes) -> dict[str, bytes]:
    listed = der.sequence(data) if data else []
    found = (der.values(content) for _kind, content in listed)
    return {der.dotted(fields[0][1]): fields[-1][1] for fields in found}


def _name(subject: bytes, names: t.Sequence[str] = ()) -> str:
    parts = (der.sequence(pair) for _kind, pair in der.values(subject))
    said = {der.dotted(fields[0][1]): fields[1][1].decode("utf-8", "replace") for fields in parts if len(fields) > 1}
    return said.get(_COMMON_NAME) or next(iter(names), "") or said.get(_ORGANIZATION, "")


def _address(packed: bytes) -> str:
    family = {4: socket.AF_INET, 16: socket.AF_INET6}.get(len(packed))
    return socket.inet_ntop(family, packed) if family else packed.hex()


def _authority(extensions: t.Mapping[str, bytes]) -> bool:
    constraints = extensions.get(_BASIC_CONSTRAINTS)
    return bool(constraints) and (der.BOOLEAN, b"\xff") in der.sequence(constraints or b"")


def _signature(algorithm: bytes) -> str:
    number = der.dotted(der.first(algorithm)[1])
    return _SIGNATURES.get(number, number)


def _purposes(extensions: t.Mapping[str, bytes]) -> tuple[str, ...]:
    listed = der.sequence(extensions[_PURPOSES]) if _PURPOSES in extensions else []
    numbers = (der.dotted(content) for kind, content in listed if kind == der.OID)
    return tuple(_PURPOSE_NAMES.get(number, number) for number in numbers)


def _ocsp(extensions: t.Mapping[str, bytes]) -> str:
    """RFC 5280, section 4.2.2.1."""
    listed = der.sequence(extensions[_AUTHORITY_INFORMATION]) if _AUTHORITY_INFORMATION in extensions else []
    for _kind, content in listed:
        (_oid, method), (kind, place) = der.values(content)[:2]
        if der.dotted(method) == _OCSP and kind == _URI:
            return place.decode("utf-8", "replace")
    return ""


def _key(key: bytes) -> tuple[str, int]:
    (_kind, algorithm), (_bits, public) = der.values(key)[:2]
    names = [der.dotted(content) for kind, content in der.values(algorithm) if kind == der.OID]
    if names[0] == _RSA:
        # The bit string begins with the number of bits that do not count: none.
        return "rsa", int.from_bytes(der.sequence(public[1:])[0][1], "big").bit_length()
    return _KINDS.get(names[1] if names[0] == _EC and len(names) > 1 else names[0], (names[-1], 0))
