# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""DER, the bytes of certificates and keys (X.690, sections 8.1 and 10.1): values that follow each other."""

from __future__ import annotations

BOOLEAN, INTEGER, BITS, OCTETS, OID = 0x01, 0x02, 0x03, 0x04, 0x06
UTC_TIME, GENERALIZED_TIME, SEQUENCE, SET = 0x17, 0x18, 0x30, 0x31

Value = tuple[int, bytes]


class Malformed(ValueError):
    """Not what its first bytes promise."""


def values(data: bytes, most: int = 1000) -> list[Value]:
    """(tag, content) of the values that follow each other. Raises Malformed, also for more than `most`."""
    found: list[Value] = []
    at = 0
    while at < len(data):
        value, at = _value(data, at)
        found.append(value)
        if len(found) > most:
            raise Malformed(f"more than {most} values")
    return found


def first(data: bytes) -> Value:
    """The first value, whatever is behind it. Raises Malformed."""
    return _value(data, 0)[0]


def sequence(data: bytes) -> list[Value]:
    """The values in the sequence at the start. Raises Malformed."""
    kind, content = first(data)
    if kind != SEQUENCE:
        raise Malformed("no sequence")
    return values(content)


def _value(data: bytes, at: int) -> tuple[Value, int]:
    try:
        kind, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
    except IndexError:
        raise Malformed("cut short") from None
    if length > len(data) - at:
        raise Malformed("cut short")
    return (kind, data[at : at + length]), at + length


def dotted(oid: bytes) -> str:
    """An object identifier as people write it, such as 1.2.840.113549.1.1.1 (X.690, section 8.19). Raises Malformed."""
    if not oid or oid[-1] & 0x80:
        raise Malformed("cut short")
    numbers = [0]
    for byte in oid:
        numbers[-1] = numbers[-1] << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(0)
    head = min(numbers[0] // 40, 2)
    return ".".join(map(str, (head, numbers[0] - 40 * head, *numbers[1:-1])))
