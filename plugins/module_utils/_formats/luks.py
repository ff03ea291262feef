# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""LUKS1 and LUKS2 headers, read from the first bytes of a device.

After the LUKS1 On-Disk Format Specification 1.2.3 and the LUKS2 On-Disk Format Specification 1.1.4 (cryptsetup).
No secret is read: salts, digests and key material are passed over.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import struct
import typing as t

MAGIC = b"LUKS\xba\xbe"
SECOND_MAGIC = b"SKUL\xba\xbe"
#: Where the second LUKS2 header can be: the sizes that a first header can have (LUKS2 specification, table 1).
HEADER_SIZES = tuple(0x4000 << shift for shift in range(9))
BINARY_SIZE = 4096
CHECKSUMS = {"sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64}

_V1 = struct.Struct(">6sH32s32s32sII20s32sI40s")
_V1_SLOT = struct.Struct(">II32sII")
_V1_SLOTS = 8
_V1_ENABLED = 0x00AC71F3
_V2 = struct.Struct(">6sHQQ48s32s64s40s48sQ184s64s")
_V2_CHECKSUM = slice(448, 512)

Json = dict[str, t.Any]


class LuksError(ValueError):
    """Bytes that are no LUKS header, or a damaged one."""


class NotLuks(LuksError):
    """No LUKS header at all (a detached header lies elsewhere)."""


@dataclasses.dataclass(frozen=True)
class Kdf:
    """How a passphrase becomes a key. `cost`: iterations (PBKDF2) or passes (Argon2); `memory` in KiB, 0 for PBKDF2."""

    name: str
    hash: str
    cost: int
    memory: int = 0
    lanes: int = 0


@dataclasses.dataclass(frozen=True)
class Keyslot:
    """One way to open the device. `tokens`: the types of the LUKS2 tokens that know its key."""

    number: int
    kdf: Kdf
    key_bits: int
    tokens: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Segment:
    """A part of the device. `cipher` as dm-crypt writes it, empty where the data lies there in clear."""

    kind: str
    cipher: str
    key_bits: int
    integrity: str = ""


@dataclasses.dataclass(frozen=True)
class Copy:
    """One of the two headers of LUKS2. `fault` is empty where its checksum is right."""

    offset: int
    sequence: int
    fault: str = ""


@dataclasses.dataclass(frozen=True)
class Header:
    """What a LUKS header says; of two copies that are whole, the newer one."""

    version: int
    uuid: str
    label: str
    segments: tuple[Segment, ...]
    keyslots: tuple[Keyslot, ...]
    copies: tuple[Copy, ...] = ()
    requirements: tuple[str, ...] = ()


def size_to_read(start: bytes) -> int:
    """How many bytes `parse` needs, told by the first BINARY_SIZE bytes of the device."""
    if start[:6] != MAGIC or len(start) < _V2.size:
        return 2 * HEADER_SIZES[-1]
    version, size = struct.unpack_from(">HQ", start, 6)
    return 2 * size if version == 2 and size in HEADER_SIZES else BINARY_SIZE


def parse(data: bytes) -> Header:
    """The header of a device that begins with `data`. Raises NotLuks or LuksError, and nothing else."""
    try:
        return _parse(data)
    except LuksError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError, struct.error) as exc:
        raise LuksError(f"damaged LUKS header: {type(exc).__name__}: {exc}") from exc


def _parse(data: bytes) -> Header:
    if data[:6] == MAGIC and data[6:8] == b"\x00\x01":
        return _parse_v1(data)
    copies = _copies(data)
    if not copies:
        raise NotLuks("no LUKS header at the start of the device")
    whole = [(copy, metadata) for copy, metadata in copies if not copy.fault]
    if not whole:
        raise LuksError(
            "damaged LUKS2 header: " + "; ".join(f"copy at {copy.offset}: {copy.fault}" for copy, _metadata in copies)
        )
    newest, metadata = max(whole, key=lambda pair: pair[0].sequence)
    return _header_v2(data, newest, metadata, tuple(copy for copy, _metadata in copies))


def _string(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("ascii", "backslashreplace")


# LUKS1


def _parse_v1(data: bytes) -> Header:
    _m, _v, cipher, mode, digest, _payload, key_bytes, _mk, _salt, _iterations, uuid = _V1.unpack_from(data)
    segment = Segment("crypt", f"{_string(cipher)}-{_string(mode)}", key_bytes * 8)
    slots = [_slot_v1(data, number, _string(digest), key_bytes * 8) for number in range(_V1_SLOTS)]
    return Header(1, _string(uuid), "", (segment,), tuple(slot for slot in slots if slot))


def _slot_v1(data: bytes, number: int, digest: str, key_bits: int) -> Keyslot | None:
    state, iterations, _salt, _offset, _stripes = _V1_SLOT.unpack_from(data, _V1.size + number * _V1_SLOT.size)
    return Keyslot(number, Kdf("pbkdf2", digest, iterations), key_bits) if state == _V1_ENABLED else None


# LUKS2


def _copies(data: bytes) -> list[tuple[Copy, Json]]:
    """The two binary headers with their JSON, as far as they are there."""
    first = _copy(data, 0, MAGIC)
    size = int.from_bytes(data[8:16], "big")
    offsets = (size,) if first and not first[0].fault else HEADER_SIZES
    second = next((copy for copy in (_copy(data, offset, SECOND_MAGIC) for offset in offsets) if copy), None)
    if first and not second:
        second = (Copy(size if size in HEADER_SIZES else HEADER_SIZES[0], 0, "it is missing"), {})
    return [copy for copy in (first, second) if copy]


def _copy(data: bytes, offset: int, magic: bytes) -> tuple[Copy, Json] | None:
    if data[offset : offset + 8] != magic + b"\x00\x02" or len(data) < offset + _V2.size:
        return None
    fields = _V2.unpack_from(data, offset)
    size, sequence, algorithm = fields[2], fields[3], _string(fields[5])
    try:
        area = _checked(data[offset : offset + size], size, algorithm, fields[9] == offset)
        return Copy(offset, sequence), json.loads(area.split(b"\0", 1)[0])
    except (ValueError, RecursionError) as exc:
        return Copy(offset, sequence, str(exc)), {}


def _checked(area: bytes, size: int, algorithm: str, in_place: bool) -> bytes:
    """The JSON of one copy. Raises ValueError where the header's own checks do not hold."""
    if size not in HEADER_SIZES or len(area) != size or not in_place:
        raise ValueError("its size or place is wrong")
    length = CHECKSUMS.get(algorithm)
    if length is None:
        raise ValueError(f"its checksum is of an unknown kind ({algorithm})")
    blank = area[: _V2_CHECKSUM.start] + bytes(64) + area[_V2_CHECKSUM.stop :]
    # usedforsecurity is left out: the checksum finds damage, and nobody forges one.
    if hashlib.new(algorithm, blank).digest() != area[_V2_CHECKSUM][:length]:
        raise ValueError("its checksum is wrong")
    return area[BINARY_SIZE:]


def _header_v2(data: bytes, copy: Copy, metadata: Json, copies: tuple[Copy, ...]) -> Header:
    fields = _V2.unpack_from(data, copy.offset)
    keyslots = {number: slot for number, slot in metadata["keyslots"].items() if slot["type"] == "luks2"}
    segments = [_segment_v2(metadata, number, segment) for number, segment in _by_number(metadata["segments"])]
    return Header(
        version=2,
        uuid=_string(fields[7]),
        label=_string(fields[4]),
        segments=tuple(segments),
        keyslots=tuple(_slot_v2(metadata, number, slot) for number, slot in _by_number(keyslots)),
        copies=copies,
        requirements=tuple(str(name) for name in metadata["config"].get("requirements", {}).get("mandatory", [])),
    )


def _by_number(objects: Json) -> list[tuple[str, Json]]:
    return sorted(objects.items(), key=lambda item: int(item[0]))


def _segment_v2(metadata: Json, number: str, segment: Json) -> Segment:
    digests = [digest for digest in metadata["digests"].values() if number in digest["segments"]]
    slots = [metadata["keyslots"][slot] for digest in digests for slot in digest["keyslots"]]
    bits = max((int(slot["key_size"]) * 8 for slot in slots if slot["type"] == "luks2"), default=0)
    integrity = segment.get("integrity") or {}
    return Segment(str(segment["type"]), str(segment.get("encryption", "")), bits, str(integrity.get("type", "")))


def _slot_v2(metadata: Json, number: str, slot: Json) -> Keyslot:
    tokens = sorted({str(token["type"]) for token in metadata["tokens"].values() if number in token["keyslots"]})
    kdf = slot["kdf"]
    if kdf["type"] == "pbkdf2":
        derived = Kdf("pbkdf2", str(kdf["hash"]), int(kdf["iterations"]))
    else:
        derived = Kdf(str(kdf["type"]), "", int(kdf["time"]), int(kdf["memory"]), int(kdf["cpus"]))
    return Keyslot(int(number), derived, int(slot["key_size"]) * 8, tuple(tokens))
