# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""UDP requests that a server answers to anybody: a service on UDP is silent unless it is asked in its own language.

None of them carries a name, a password or a community, and none changes anything.
"""

from __future__ import annotations

import struct

#: To any other port: it asks nothing, but a closed port says so (RFC 1122 section 4.1.3.1).
NOTHING = b""


def _dns() -> bytes:
    """The server's own version, in class CHAOS: RFC 1035 section 4.1. To refuse it is to answer, too."""
    header, text, chaos = struct.pack("!6H", 0x1D0C, 0, 1, 0, 0, 0), 16, 3
    return header + b"\7version\4bind\0" + struct.pack("!2H", text, chaos)


def _ntp() -> bytes:
    """A client's packet, version 4: RFC 5905 section 7.3."""
    return struct.pack("!B", 0b00_100_011).ljust(48, b"\0")


def _tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return bytes((tag, len(content))) + content


def _snmp() -> bytes:
    """The question for the engine's identifier, which needs no user: RFC 3414 section 4."""
    integer, octets, sequence, get = 0x02, 0x04, 0x30, 0xA0
    nothing, zero, reportable, user_based = _tlv(octets), _tlv(integer, b"\0"), b"\4", b"\3"
    header = (_tlv(integer, b"\1"), _tlv(integer, b"\x05\xdc"), _tlv(octets, reportable), _tlv(integer, user_based))
    security = _tlv(sequence, nothing, zero, zero, nothing, nothing, nothing)
    question = _tlv(get, _tlv(integer, b"\1"), zero, zero, _tlv(sequence))
    return _tlv(
        sequence,
        _tlv(integer, b"\3"),
        _tlv(sequence, *header),
        _tlv(octets, security),
        _tlv(sequence, nothing, nothing, question),
    )


def _quic() -> bytes:
    """A long header of a version that no server has, so that it names its own: RFC 9000 sections 6.3, 14.1, 17.2.1."""
    reserved, connection = b"\x1a\x2a\x3a\x4a", b"\x08infosec0"
    return (b"\xc0" + reserved + connection + connection).ljust(1200, b"\0")


#: By port, as IANA assigns them.
_REQUESTS = {53: _dns(), 123: _ntp(), 161: _snmp(), 443: _quic()}


def request(port: int) -> bytes:
    """What to send to a UDP port."""
    return _REQUESTS.get(port, NOTHING)
