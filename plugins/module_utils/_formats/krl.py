# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Key revocation lists as sshd reads them (RevokedKeys of sshd_config(5)), and what a certificate says of itself.

OpenSSH's PROTOCOL.krl and PROTOCOL.certkeys. A list is made without a date, so that the same keys make the same bytes;
keys are listed by their SHA256 fingerprints, which every sshd since 7.9 looks up for plain keys, for those of
certificates and for those of the authorities that signed them.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import struct
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import ssh_keys

MAGIC = b"SSHKRL\n\0"
_CERTIFICATES, _KEYS, _SHA256 = 1, 2, 5
_SERIALS, _RANGE, _BITMAP, _IDS = 0x20, 0x21, 0x22, 0x23
#: No list that a person keeps has more in one bitmap.
_MAX_BITS = 1 << 16
_CERTIFICATE = "-cert-v01@openssh.com"
#: How many strings the public key of each type of certificate has.
_FIELDS = {"ssh-rsa": 2, "ssh-dss": 4, "ssh-ed25519": 1, "sk-ssh-ed25519": 2, "sk-ecdsa-sha2-nistp256": 3}
#: Any authority.
ANY = b""


class Malformed(Exception):
    """No key revocation list, or one that nobody could read."""


@dataclasses.dataclass(frozen=True)
class Revoked:
    """What opens nothing any more.

    fingerprints: of keys, whether they come plain, in a certificate, or as the authority of one.
    serials: (authority's key, first, last). ids: (authority's key, key id). The key is ANY for every authority.
    """

    fingerprints: frozenset[str] = frozenset()
    serials: frozenset[tuple[bytes, int, int]] = frozenset()
    ids: frozenset[tuple[bytes, str]] = frozenset()

    def __or__(self, other: Revoked) -> Revoked:
        return Revoked(self.fingerprints | other.fingerprints, self.serials | other.serials, self.ids | other.ids)

    def __sub__(self, other: Revoked) -> Revoked:
        """What of this the other does not revoke."""
        serials = {one for one in self.serials if not any(_within(one, another) for another in other.serials)}
        ids = {one for one in self.ids if not {one, (ANY, one[1])} & other.ids}
        return Revoked(self.fingerprints - other.fingerprints, frozenset(serials), frozenset(ids))

    def __bool__(self) -> bool:
        return bool(self.fingerprints or self.serials or self.ids)


def _within(one: tuple[bytes, int, int], another: tuple[bytes, int, int]) -> bool:
    return another[0] in (ANY, one[0]) and another[1] <= one[1] and one[2] <= another[2]


def certificate(algorithm: str, blob: bytes) -> Revoked:
    """What revokes this very certificate, as ssh-keygen does: its serial, or its key id where it has none.

    Raises Malformed.
    """
    try:
        # Type, nonce and the key's own strings come first; principals, dates, options and more before the authority.
        rest = _after(blob, 2 + _FIELDS.get(algorithm[: -len(_CERTIFICATE)], 2))
        serial, _kind = struct.unpack_from(">QI", rest)
        identity, rest = _string(rest[12:])
        authority = _string(_after(_after(rest, 1)[16:], 3))[0]
    except struct.error as exc:
        raise Malformed("the certificate is cut short") from exc
    if serial:
        return Revoked(serials=frozenset({(authority, serial, serial)}))
    return Revoked(ids=frozenset({(authority, identity.decode("utf-8", "surrogateescape"))}))


def _after(data: bytes, number: int) -> bytes:
    """What comes behind so many strings."""
    for _each in range(number):
        data = _string(data)[1]
    return data


def is_certificate(algorithm: str) -> bool:
    """Whether a key of this type is a certificate."""
    return algorithm.endswith(_CERTIFICATE)


# Writing


def build(revoked: Revoked) -> bytes:
    """The list; the same for the same keys. Raises ValueError for a fingerprint that is none."""
    head = MAGIC + struct.pack(">IQQQ", 1, 0, 0, 0) + _strings(b"", b"")
    authorities = sorted({one[0] for one in revoked.serials} | {one[0] for one in revoked.ids})
    sections = [_section(_CERTIFICATES, _of_authority(revoked, authority)) for authority in authorities]
    digests = sorted(map(digest, revoked.fingerprints))
    return head + b"".join(sections) + (_section(_SHA256, _strings(*digests)) if digests else b"")


def digest(fingerprint: str) -> bytes:
    """The bytes of a fingerprint as ssh-keygen -l prints it. Raises ValueError."""
    kind, _colon, encoded = fingerprint.partition(":")
    try:
        found = base64.b64decode(f"{encoded}=", validate=True)
    except binascii.Error as exc:
        raise ValueError(f"{fingerprint} is no fingerprint") from exc
    if kind != "SHA256" or len(found) != 32:
        raise ValueError(f"{fingerprint} is no fingerprint of SHA256")
    return found


def _of_authority(revoked: Revoked, authority: bytes) -> bytes:
    ranges = sorted((first, last) for one, first, last in revoked.serials if one == authority)
    ids = sorted(name.encode("utf-8", "surrogateescape") for one, name in revoked.ids if one == authority)
    parts = [_section(_RANGE, struct.pack(">QQ", *one)) for one in ranges]
    return _strings(authority, b"") + b"".join(parts) + (_section(_IDS, _strings(*ids)) if ids else b"")


def _section(kind: int, data: bytes) -> bytes:
    return bytes([kind]) + _strings(data)


def _strings(*parts: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


# Reading


def parse(data: bytes) -> Revoked:
    """What a list revokes, whoever made it; also one of plain public keys, a line each. Raises Malformed.

    What it lists by SHA1 fingerprints is left out: nothing else tells which keys those are.
    """
    if not data.startswith(MAGIC):
        return _plain(data.decode("utf-8", "surrogateescape"))
    try:
        return _binary(data)
    except (struct.error, IndexError) as exc:
        raise Malformed("the list is cut short") from exc


def _plain(text: str) -> Revoked:
    lines = [line.strip() for line in text.splitlines()]
    blobs = [ssh_keys.public(line) for line in lines if line and not line.startswith("#")]
    if not all(blobs):
        raise Malformed("a line of it is no public key")
    return Revoked(frozenset(map(ssh_keys.fingerprint, blobs)))


def _binary(data: bytes) -> Revoked:
    (version,) = struct.unpack_from(">I", data, len(MAGIC))
    if version != 1:
        raise Malformed(f"its format is of version {version}")
    rest = _string(_string(data[len(MAGIC) + 28 :])[1])[1]
    found = Revoked()
    for kind, content in _sections(rest):
        if kind == _KEYS:
            found |= Revoked(frozenset(map(ssh_keys.fingerprint, _all(content))))
        elif kind == _SHA256:
            found |= Revoked(frozenset(map(_fingerprint, _all(content))))
        elif kind == _CERTIFICATES:
            found |= _certificates(content)
    return found


def _certificates(content: bytes) -> Revoked:
    authority, rest = _string(content)
    serials: set[tuple[bytes, int, int]] = set()
    ids: set[tuple[bytes, str]] = set()
    for kind, part in _sections(_string(rest)[1]):
        if kind == _IDS:
            ids |= {(authority, one.decode("utf-8", "surrogateescape")) for one in _all(part)}
        else:
            serials |= {(authority, first, last) for first, last in _ranges(kind, part)}
    return Revoked(serials=frozenset(serials), ids=frozenset(ids))


def _ranges(kind: int, part: bytes) -> t.Iterator[tuple[int, int]]:
    if kind == _SERIALS:
        yield from ((one, one) for (one,) in struct.iter_unpack(">Q", part))
    elif kind == _RANGE:
        first, last = struct.unpack_from(">QQ", part)
        yield first, last
    elif kind == _BITMAP:
        (offset,) = struct.unpack_from(">Q", part)
        bits = int.from_bytes(_string(part[8:])[0], "big")
        if bits.bit_length() > _MAX_BITS:
            raise Malformed("it has a bitmap of more serial numbers than anybody has")
        yield from ((offset + at, offset + at) for at in range(bits.bit_length()) if bits >> at & 1)


def _sections(data: bytes) -> t.Iterator[tuple[int, bytes]]:
    while data:
        kind = data[0]
        content, data = _string(data[1:])
        yield kind, content


def _all(data: bytes) -> t.Iterator[bytes]:
    while data:
        one, data = _string(data)
        yield one


def _string(data: bytes) -> tuple[bytes, bytes]:
    (length,) = struct.unpack_from(">I", data)
    if length > len(data) - 4:
        raise Malformed("the list is cut short")
    return data[4 : 4 + length], data[4 + length :]


def _fingerprint(digest_: bytes) -> str:
    return f"SHA256:{base64.b64encode(digest_).decode().rstrip('=')}"


def told(revoked: Revoked) -> list[str]:
    """A line for each thing that is revoked, as ssh-keygen -k takes it (`hash:`, `serial:`, `id:`)."""
    lines = [f"hash: {one}" for one in sorted(revoked.fingerprints)]
    lines += [
        f"serial: {first}{f'-{last}' if last != first else ''}{_by(authority)}"
        for authority, first, last in sorted(revoked.serials)
    ]
    return lines + [f"id: {name}{_by(authority)}" for authority, name in sorted(revoked.ids)]


def _by(authority: bytes) -> str:
    return f" (CA {ssh_keys.fingerprint(authority)})" if authority else ""
