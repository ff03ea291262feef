# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Keys as SSH keeps them in files: whether a private one has a passphrase, and the fingerprint of its public part.

The private part is never looked at. Formats: OpenSSH's own (PROTOCOL.key), PEM (RFC 1421 headers round PKCS#1, SEC 1 or
DSA), PKCS#8 (RFC 5958) and PuTTY's.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import re
import struct
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import der

#: No private key is larger; RSA with 16384 bits has 13 KiB.
MAX_SIZE = 64 * 1024
OPENSSH, PEM, PKCS8, PUTTY = "OpenSSH", "PEM", "PKCS#8", "PuTTY"
_MAGIC = b"openssh-key-v1\0"
_ARMOUR = re.compile(rb"-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY)-----\s(.*?)-----END \1-----", re.DOTALL)
_STARTS = re.compile(rb"\s*(?:-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----|PuTTY-User-Key-File-\d:)")
#: Object identifiers of algorithms and curves, as they lie in DER.
_OIDS = {
    bytes.fromhex("2a864886f70d010101"): "rsa",
    bytes.fromhex("2a8648ce380401"): "dsa",
    bytes.fromhex("2a8648ce3d0201"): "ec",
    bytes.fromhex("2b6570"): "ed25519",
}
_CURVES = {
    bytes.fromhex("2a8648ce3d030107"): b"nistp256",
    bytes.fromhex("2b81040022"): b"nistp384",
    bytes.fromhex("2b81040023"): b"nistp521",
}
PUBLIC = 0xA1


@dataclasses.dataclass(frozen=True)
class PrivateKey:
    """What a file with a private key is.

    format: one of the above. algorithm: such as "ssh-ed25519", "rsa"; "" where the file hides it.
    encrypted: whether it needs a passphrase. token: whether it is of no use without a security key.
    public: the public part as SSH sends it; empty where the file does not hold it in clear.
    """

    format: str
    algorithm: str
    encrypted: bool
    token: bool = False
    public: bytes = b""


class Malformed(Exception):
    """Not what its first line promises."""


def may_be_private(start: bytes) -> bool:
    """Whether a file that begins like this may hold a private key."""
    return _STARTS.match(start) is not None


def private(data: bytes) -> PrivateKey | None:
    """The private key in the file, or None where there is none that could be read."""
    try:
        return _putty(data) if data.startswith(b"PuTTY-User-Key-File-") else _armoured(data)
    except (Malformed, ValueError, IndexError, struct.error, binascii.Error):
        return None


def fingerprint(public: bytes) -> str:
    """As ssh-keygen -l prints it."""
    return f"SHA256:{base64.b64encode(hashlib.sha256(public).digest()).decode().rstrip('=')}"


def bits(public: bytes) -> int:
    """The size of the modulus of an RSA key, or of the prime of a DSA key, as SSH sends it; 0 for other keys."""
    try:
        name, rest = _string(public)
        fields = []
        while rest:
            field, rest = _string(rest)
            fields.append(int.from_bytes(field, "big"))
        return {b"ssh-rsa": fields[1], b"ssh-dss": fields[0]}[name].bit_length()
    except (Malformed, KeyError, IndexError, struct.error):
        return 0


def public(text: str) -> bytes:
    """The key in the line of a .pub file, as SSH sends it; empty where there is none."""
    algorithm, _blank, rest = text.strip().partition(" ")
    return blob(algorithm, rest.split(" ")[0])


def words(public: bytes) -> str:
    """The algorithm and the key as a line of authorized_keys has them. Raises Malformed for what is no key."""
    return f"{_string(public)[0].decode('ascii')} {base64.b64encode(public).decode()}"


def blob(algorithm: str, encoded: str) -> bytes:
    """The key of these two words of a line; empty where they are none."""
    try:
        data = base64.b64decode(encoded, validate=True)
        name, _rest = _string(data)
    except (Malformed, ValueError, struct.error):
        return b""
    return data if name == algorithm.encode("utf-8", "surrogateescape") else b""


# OpenSSH and PuTTY


def _armoured(data: bytes) -> PrivateKey:
    match = _ARMOUR.search(data)
    if match is None:
        raise Malformed("no armour")
    label, body = match[1].decode("ascii"), match[2]
    if label == "OPENSSH PRIVATE KEY":
        return _openssh(base64.b64decode(body))
    if label == "ENCRYPTED PRIVATE KEY":
        return PrivateKey(PKCS8, "", encrypted=True)
    return _pkcs8(body) if label == "PRIVATE KEY" else _pem(label, body)


def _openssh(data: bytes) -> PrivateKey:
    if not data.startswith(_MAGIC):
        raise Malformed("no openssh-key-v1")
    cipher, rest = _string(data[len(_MAGIC) :])
    kdf, rest = _string(rest)
    _options, rest = _string(rest)
    (count,) = struct.unpack_from(">I", rest)
    if count < 1:
        raise Malformed("no key")
    key, _private = _string(rest[4:])
    algorithm = _string(key)[0].decode("ascii")
    return PrivateKey(OPENSSH, algorithm, (cipher, kdf) != (b"none", b"none"), algorithm.startswith("sk-"), key)


def _putty(data: bytes) -> PrivateKey:
    lines = data.decode("latin-1").splitlines()
    fields = dict(line.split(": ", 1) for line in lines if ": " in line)
    _version, _colon, algorithm = lines[0].partition(": ")
    first = lines.index(f"Public-Lines: {fields.get('Public-Lines')}") + 1 if "Public-Lines" in fields else 0
    encoded = "".join(lines[first : first + int(fields.get("Public-Lines", "0"))])
    return PrivateKey(PUTTY, algorithm, fields.get("Encryption") != "none", False, blob(algorithm, encoded))


def _string(data: bytes) -> tuple[bytes, bytes]:
    """The length-prefixed string at the start (RFC 4251, section 5) and what is after it."""
    (length,) = struct.unpack_from(">I", data)
    if length > len(data) - 4:
        raise Malformed("cut short")
    return data[4 : 4 + length], data[4 + length :]


def _join(*parts: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


# PEM and PKCS#8


def _pem(label: str, body: bytes) -> PrivateKey:
    algorithm = label.split(" ")[0].lower()
    if b"ENCRYPTED" in body.partition(b"\n\n")[0].partition(b"\r\n\r\n")[0]:
        return PrivateKey(PEM, algorithm, encrypted=True)
    return PrivateKey(PEM, algorithm, encrypted=False, public=_public_of(algorithm, base64.b64decode(body), b""))


def _pkcs8(body: bytes) -> PrivateKey:
    fields = der.sequence(base64.b64decode(body))
    names = [value for kind, value in der.values(fields[1][1]) if kind == der.OID]
    algorithm = _OIDS.get(names[0], "")
    curve = names[1] if len(names) > 1 else b""
    return PrivateKey(PKCS8, algorithm, encrypted=False, public=_public_of(algorithm, fields[2][1], curve))


def _public_of(algorithm: str, content: bytes, curve: bytes) -> bytes:
    """The public part of an RSA, EC or (outside of PKCS#8) DSA key; the others do not hold theirs."""
    if algorithm == "rsa":
        _version, modulus, exponent = [value for kind, value in der.sequence(content) if kind == der.INTEGER][:3]
        return _join(b"ssh-rsa", exponent, modulus)
    if algorithm == "ec":
        return _curve_point(der.sequence(content), curve)
    if algorithm == "dsa" and content[:1] == bytes([der.SEQUENCE]):
        return _join(b"ssh-dss", *[value for kind, value in der.sequence(content) if kind == der.INTEGER][1:5])
    return b""


def _curve_point(fields: t.Sequence[tuple[int, bytes]], curve: bytes) -> bytes:
    parts = dict(fields)
    named = [value for kind, value in der.values(parts.get(0xA0, b"")) if kind == der.OID]
    name = _CURVES.get(named[0] if named else curve)
    points = [value[1:] for kind, value in der.values(parts.get(PUBLIC, b"")) if kind == der.BITS]
    return _join(b"ecdsa-sha2-" + name, name, points[0]) if name and points else b""
