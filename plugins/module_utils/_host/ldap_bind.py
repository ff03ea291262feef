# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What a directory on this host says to a simple bind in clear, as somebody who does not exist in it (RFC 4511).

The name has to lie in a naming context of the directory: for others OpenLDAP says that the password is wrong before it
looks at what it demands of the connection.
"""

from __future__ import annotations

import socket

from ansible_collections.infosec.principles.plugins.module_utils._formats import der
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

CONFIDENTIALITY_REQUIRED, INVALID_CREDENTIALS = 13, 49
#: strongerAuthRequired, confidentialityRequired, inappropriateAuthentication, unwillingToPerform.
INSISTS = frozenset({8, CONFIDENTIALITY_REQUIRED, 48, 53})
NOBODY, PASSWORD = b"cn=infosec-principles", b"none"
#: The entry at the root of a directory has less.
MAX_ANSWER = 64 * 1024

_ENUMERATED, _SIMPLE, _PRESENT = 0x0A, 0x80, 0x87
_BIND, _BOUND, _SEARCH, _ENTRY, _DONE = 0x60, 0x61, 0x63, 0x64, 0x65
_ZERO = b"\0"


def as_nobody(host: Host, address: str, port: int) -> int:
    """The result code. Raises HostError where it does not answer as a directory does."""
    try:
        entries = _asked(host, address, port, root_search(), _DONE)
        if der.values(entries[-1][1])[0][1][0] == CONFIDENTIALITY_REQUIRED:
            # It tells nobody anything in clear, and so takes no password either.
            return CONFIDENTIALITY_REQUIRED
        contexts = _contexts(entries)
        if not contexts:
            raise HostError(f"{address} port {port}: the directory does not tell its naming contexts")
        said = _asked(host, address, port, bind(NOBODY + b"," + contexts[0]), _BOUND)
        return der.values(said[-1][1])[0][1][0]
    except (OSError, ValueError, IndexError) as exc:
        raise HostError(f"{address} port {port}: no answer of LDAP") from exc


def root_search() -> bytes:
    """A message that asks for the naming contexts, which a directory shows to everybody (RFC 4512, section 5.1)."""
    numbers = _value(_ENUMERATED, _ZERO) * 2 + _value(der.INTEGER, _ZERO) * 2 + _value(der.BOOLEAN, _ZERO)
    wanted = _value(_PRESENT, b"objectClass") + _value(der.SEQUENCE, _value(der.OCTETS, b"namingContexts"))
    return _message(_value(_SEARCH, _value(der.OCTETS, b"") + numbers + wanted))


def bind(name: bytes) -> bytes:
    """A message that binds under a name with a password."""
    version = _value(der.INTEGER, b"\x03")
    return _message(_value(_BIND, version + _value(der.OCTETS, name) + _value(_SIMPLE, PASSWORD)))


def _message(operation: bytes) -> bytes:
    return _value(der.SEQUENCE, _value(der.INTEGER, b"\x01") + operation)


def _value(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes((size,)) if size < 0x80 else b"\x82" + size.to_bytes(2, "big")
    return bytes((tag,)) + length + content


def _asked(host: Host, address: str, port: int, message: bytes, last: int) -> list[der.Value]:
    """The operations of the answers, up to one of the kind `last`."""
    with host.connect(address, port) as connection:
        connection.sendall(message)
        return _answers(connection, last)


def _answers(connection: socket.socket, last: int) -> list[der.Value]:
    data = b""
    while len(data) < MAX_ANSWER:
        part = connection.recv(4096)
        data += part
        try:
            found = [der.values(content)[1] for _sequence, content in der.values(data)]
        except der.Malformed:
            found = []
        if not part or (found and found[-1][0] == last):
            return found
    raise ValueError(f"more than {MAX_ANSWER} bytes")


def _contexts(answers: list[der.Value]) -> list[bytes]:
    """The values in SearchResultEntry: a name, then attributes as (type, values)."""
    entries = [der.values(content) for kind, content in answers if kind == _ENTRY]
    attributes = [der.values(one) for entry in entries for _kind, one in der.values(entry[1][1])]
    found = [value for _type, values in attributes for _kind, value in der.values(values[1])]
    # "" is the root itself, which no directory keeps logins in.
    return [value for value in found if value]
