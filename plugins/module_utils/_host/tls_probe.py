# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What a port of this host offers of TLS, asked on the wire as any client would ask.

A server that keeps to a profile is asked five times: for anything, and once each for what it must refuse (protocols,
ciphers, suites, groups). Only where it takes one of them is it asked again without that one, until all are named. No
handshake is finished, so a certificate of the client is never asked for, and hardly anything is computed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import socket
import time
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import der, tls_hello
from ansible_collections.infosec.principles.plugins.module_utils._formats.tls_guideline import Profile
from ansible_collections.infosec.principles.plugins.module_utils._formats.tls_hello import Alert, Answer, Offer
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

AT_ONCE = "tls"
#: Seconds for one answer, and for all of one endpoint.
ANSWER_SECONDS, ENDPOINT_SECONDS = 5.0, 12.0
#: A line of SMTP has 512 bytes, one of IMAP is longer in practice.
MAX_LINE, MAX_LINES = 8192, 100

#: SPEAKS: TLS, by the other fields. CLEAR: no TLS. NAME: none without a server's name (SNI). REFUSES: every handshake.
#: UNKNOWN: it could not be told, SHUT: there was no connection; `why` says more.
SPEAKS, CLEAR, NAME, REFUSES, UNKNOWN, SHUT = "speaks", "clear", "name", "refuses", "unknown", "shut"
_CLOSED = Alert("closed")
_OLD = ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2")
_ALL = (*_OLD, "TLSv1.3")
_CIPHERS, _SUITES, _CURVES = tuple(tls_hello.CIPHERS), tuple(tls_hello.SUITES), tuple(tls_hello.GROUPS)
#: What a proxy of this host says (haproxy.org, proxy-protocol.txt); mod_remoteip does not take the shorter UNKNOWN.
_PROXY = b"PROXY TCP4 127.0.0.1 127.0.0.1 1 1\r\n"


@dataclasses.dataclass(frozen=True)
class Target:
    """One port. begins: AT_ONCE, or a key of PREAMBLES. name: the server's name that is asked for; "" for none."""

    address: str
    port: int
    begins: str = AT_ONCE
    name: str = ""


@dataclasses.dataclass(frozen=True)
class Seen:
    """What was seen. first: the answer to a client that can do everything.

    protocols, ciphers, groups: all that it takes beside the profile's, by OpenSSL's names. bits: the smallest prime of
    DHE that it showed; 0 for none. login: whether it takes a password before TLS; None where it does not say.
    proxied: it takes clients only behind a line of the PROXY protocol.
    """

    state: str
    why: str = ""
    first: Answer | None = None
    protocols: tuple[str, ...] = ()
    ciphers: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    bits: int = 0
    login: bool | None = None
    proxied: bool = False


class _NotTls(Exception):
    """The port speaks, but no TLS."""


class _Silent(Exception):
    """The port does not tell."""


def read(host: Host, target: Target, profile: Profile) -> Seen:
    """Ask one port; never raises for what a server does."""
    endpoint = _Endpoint(host, target)
    try:
        first = endpoint.first()
        if isinstance(first, Alert):
            return Seen(NAME if first.name == "unrecognized_name" else REFUSES, _refusal(first), login=endpoint.login)
        return _judged(endpoint, first, profile)
    except _NotTls as exc:
        return Seen(CLEAR, str(exc), login=endpoint.login)
    except _Silent as exc:
        return Seen(UNKNOWN, str(exc), login=endpoint.login)
    except HostError as exc:
        return Seen(SHUT, str(exc))


def certificates(host: Host, target: Target) -> tuple[tuple[bytes, ...], ...]:
    """The chains that a port shows, in DER: one for each kind of key, and the first of each is the server's own.

    A server of TLS 1.3 alone shows Python's ssl the one that it prefers. Raises HostError where it shows none.
    """
    endpoint = _Endpoint(host, target)
    try:
        said = [endpoint.ask(_OLD[-1:], ciphers) for ciphers in (_named("ECDSA"), _without("ECDSA"))]
        chains = [one.certificates for one in said if isinstance(one, Answer) and one.certificates]
        return tuple(dict.fromkeys(chains)) or (endpoint.hidden(),)
    except (_NotTls, _Silent) as exc:
        raise HostError(f"{target.address} port {target.port}: {exc}") from exc


def login(host: Host, addresses: t.Sequence[str], port: int, begins: str) -> bool | None:
    """Whether a server that listens there takes a password before TLS; None where that cannot be told.

    Raises HostError where it does not answer as its protocol has it.
    """
    stranger, address = _as_stranger(host, addresses, port)
    endpoint = _Endpoint(host, Target(address, port, begins))
    try:
        endpoint.open(_LOGINS.get(begins)).close()
    except (_NotTls, _Silent) as exc:
        if endpoint.login is None:
            raise HostError(f"{address} port {port}: {exc}") from exc
    return endpoint.login if stranger or not endpoint.login else None


def _as_stranger(host: Host, addresses: t.Sequence[str], port: int) -> tuple[bool, str]:
    """Where to come to from another address than that: Dovecot trusts who comes from its own. Raises HostError."""
    if {"0.0.0.0", "::", "*"} & set(addresses):
        with contextlib.suppress(HostError):
            host.connect("127.0.0.2", port).close()
            return True, "127.0.0.2"
    address = answering(host, addresses, port)
    return address not in ("127.0.0.1", "::1"), address


def starts(host: Host, target: Target) -> bool:
    """Whether a server offers TLS in its protocol. Raises HostError for no connection."""
    try:
        _Endpoint(host, target).open().close()
    except (_NotTls, _Silent):
        return False
    return True


def answering(host: Host, addresses: t.Sequence[str], port: int) -> str:
    """The first address at which a port takes connections. Raises HostError where none does."""
    *others, last = dialled(addresses)
    for address in others:
        with contextlib.suppress(HostError):
            host.connect(address, port).close()
            return address
    host.connect(last, port).close()
    return last


def redirects(host: Host, address: str, port: int, name: str = "") -> bool:
    """Whether a port of HTTP only sends everybody on to https."""
    request = f"GET / HTTP/1.1\r\nHost: {name or 'localhost'}\r\nConnection: close\r\n\r\n"
    try:
        with _Wire(host, Target(address, port), time.monotonic() + ENDPOINT_SECONDS) as wire:
            wire.send(request.encode("ascii", "replace"))
            status, head = wire.line().split(b" ")[1:2], list(_head(wire))
    except (_NotTls, _Silent, HostError):
        return False
    sent_on = any(line.lower().startswith(b"location:") and b" https://" in line.lower() for line in head)
    return bool(status and status[0] in (b"301", b"302", b"303", b"307", b"308") and sent_on)


def _head(wire: _Wire) -> t.Iterator[bytes]:
    for _number in range(MAX_LINES):
        line = wire.line()
        if not line:
            return
        yield line


def dialled(addresses: t.Sequence[str]) -> list[str]:
    """Where a server that listens on these addresses is asked: over loopback where it can be, best first."""
    # A socket of IPv6 that is bound to all addresses mostly takes IPv4 as well, and some hosts have no ::1.
    usual = {"0.0.0.0": ("127.0.0.1",), "::": ("127.0.0.1", "::1"), "*": ("127.0.0.1", "::1")}
    plain = [address for address in addresses if "%" not in address]
    found = dict.fromkeys(way for address in plain for way in usual.get(address, (address,)))
    return sorted(found or addresses, key=lambda address: (not address.startswith("127."), address != "::1"))


# The questions


def _judged(endpoint: _Endpoint, first: Answer, profile: Profile) -> Seen:
    ciphers, bits = _ciphers(endpoint, first, profile)
    return Seen(
        SPEAKS,
        first=first,
        protocols=_protocols(endpoint, first, profile),
        ciphers=ciphers,
        groups=_groups(endpoint, first, profile),
        bits=bits,
        login=endpoint.login,
        proxied=endpoint.proxied,
    )


def _protocols(endpoint: _Endpoint, first: Answer, profile: Profile) -> tuple[str, ...]:
    """Those that the profile does not have: servers take the newest that they share, so each no is one to all below."""
    found = [] if first.protocol in profile.protocols else [first.protocol]
    left = [name for name in _OLD[: _ALL.index(first.protocol)] if name not in profile.protocols]
    while left:
        said = endpoint.ask(left, _CIPHERS)
        if isinstance(said, Alert) or said.protocol not in left:
            break
        found.append(said.protocol)
        left = left[: left.index(said.protocol)]
    return tuple(sorted(found, key=_ALL.index))


def _ciphers(endpoint: _Endpoint, first: Answer, profile: Profile) -> tuple[tuple[str, ...], int]:
    """Ciphers and suites of TLS 1.3 that the profile does not have; the smallest prime of DHE, 0 for none."""
    wanted = [name for name in _CIPHERS if name not in profile.ciphers]
    suites = [name for name in _SUITES if name not in profile.suites]
    old = list(_taken(lambda left: endpoint.ask(_OLD, left), wanted, "cipher")) if profile.ciphers else []
    new = (
        list(_taken(lambda left: endpoint.ask(_ALL[-1:], left), suites, "cipher")) if first.protocol == _ALL[-1] else []
    )
    return tuple(said.cipher for said in old + new), min((said.bits for said in old if said.bits), default=0)


def _groups(endpoint: _Endpoint, first: Answer, profile: Profile) -> tuple[str, ...]:
    protocols = _ALL[: _ALL.index(first.protocol) + 1]
    forward = (*_named("ECDHE-"), *_SUITES)
    wanted = [name for name in _CURVES if name not in profile.groups]
    return tuple(said.group for said in _taken(lambda left: endpoint.ask(protocols, forward, left), wanted, "group"))


def _taken(ask: t.Callable[[list[str]], Answer | Alert], wanted: list[str], field: str) -> t.Iterator[Answer]:
    """The answers to an offer of nothing but these, each time without those that were taken."""
    while wanted:
        said = ask(wanted)
        if isinstance(said, Alert) or getattr(said, field) not in wanted:
            return
        yield said
        wanted = [name for name in wanted if name != getattr(said, field)]


def _named(mark: str) -> tuple[str, ...]:
    return tuple(name for name in _CIPHERS if mark in name)


def _without(mark: str) -> tuple[str, ...]:
    return tuple(name for name in _CIPHERS if mark not in name)


def _refusal(alert: Alert) -> str:
    if alert == _CLOSED:
        return "it closes every connection at the first word of TLS"
    return f"it answers every handshake with {alert.name}"


class _Endpoint:
    """One port, asked again and again within one limit of time.

    login, proxied: as in Seen, once they are known.
    """

    def __init__(self, host: Host, target: Target) -> None:
        self._host, self.target = host, target
        self._end = time.monotonic() + ENDPOINT_SECONDS
        self.login: bool | None = None
        self.proxied = False

    def first(self) -> Answer | Alert:
        """The answer to a client that can do everything; behind a line of the PROXY protocol where it takes that."""
        said = self.ask(_ALL, (*_CIPHERS, *_SUITES))
        if said != _CLOSED:
            return said
        self.proxied = True
        again = self.ask(_ALL, (*_CIPHERS, *_SUITES))
        self.proxied = again != _CLOSED
        return again

    def ask(
        self, protocols: t.Sequence[str], ciphers: t.Sequence[str], groups: t.Sequence[str] = _CURVES
    ) -> Answer | Alert:
        """One hello and what comes back. Raises _NotTls, _Silent or HostError."""
        offer = Offer(tuple(protocols), tuple(ciphers), tuple(groups), self.target.name)
        with self.open() as wire:
            wire.send(tls_hello.client_hello(offer, os.urandom(32)))
            said = self._answer(wire)
            wire.leave()
        return said

    def hidden(self) -> tuple[bytes, ...]:
        """The chain that a server shows to a whole handshake, which nobody verifies here. Raises as ask does."""
        # Costs 20 ms, and few servers speak TLS 1.3 alone.
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with self.open() as wire, wire.wrapped(context, self.target.name) as secured:
            whole = getattr(secured, "get_unverified_chain", None)
            return tuple(whole()) if whole else (secured.getpeercert(True) or b"",)

    def open(self, preamble: t.Callable[[_Wire], None] | None = None) -> _Wire:
        """A connection at which TLS can begin, or at which another preamble was spoken."""
        wire = _Wire(self._host, self.target, self._end)
        try:
            if self.proxied:
                wire.send(_PROXY)
            if self.target.begins != AT_ONCE:
                (preamble or PREAMBLES[self.target.begins])(wire)
        except BaseException:
            wire.close()
            raise
        finally:
            self.login = wire.login
        return wire

    def _answer(self, wire: _Wire) -> Answer | Alert:
        data = b""
        try:
            while True:
                part = wire.some()
                if not part:
                    return _CLOSED
                data += part
                said = tls_hello.answer(data)
                if said:
                    return said
        except tls_hello.Malformed as exc:
            raise _NotTls(f"it answers a handshake with something else: {exc}") from exc


class _Wire:
    """A connection with a limit of time. Raises _Silent where nobody speaks in time, HostError for no connection."""

    def __init__(self, host: Host, target: Target, end: float) -> None:
        self._end = end
        self._rest = b""
        self.login: bool | None = None
        self._socket = host.connect(target.address, target.port, timeout=self._left())

    def __enter__(self) -> _Wire:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def _left(self) -> float:
        left = min(ANSWER_SECONDS, self._end - time.monotonic())
        if left <= 0:
            raise _Silent(f"it takes longer than {ENDPOINT_SECONDS:g} s")
        return left

    def send(self, data: bytes) -> None:
        # Who has closed already says so where the answer is read.
        with contextlib.suppress(OSError):
            self._socket.sendall(data)

    def leave(self) -> None:
        """Go away in order."""
        self.send(tls_hello.GOODBYE)

    def some(self) -> bytes:
        """What comes next; nothing from who has closed."""
        if self._rest:
            part, self._rest = self._rest, b""
            return part
        self._socket.settimeout(self._left())
        try:
            return self._socket.recv(65536)
        except socket.timeout as exc:
            raise _Silent(f"no answer within {ANSWER_SECONDS:g} s") from exc
        except OSError:
            return b""

    def take(self, size: int) -> bytes:
        """So many bytes. Raises _NotTls where the other end closes before."""
        data = b""
        while len(data) < size:
            part = self.some()
            if not part:
                raise _NotTls("it closes the connection before TLS could begin")
            data += part
        self._rest = data[size:]
        return data[:size]

    def line(self) -> bytes:
        """A line, without its end."""
        data = b""
        while not data.endswith(b"\n") and len(data) < MAX_LINE:
            data += self.take(1)
        return data.rstrip(b"\r\n")

    def wrapped(self, context: t.Any, name: str) -> t.Any:
        """The connection in TLS, by Python's ssl."""
        self._socket.settimeout(self._left())
        try:
            return context.wrap_socket(self._socket, server_hostname=name or None)
        except OSError as exc:
            raise _Silent(f"no whole handshake ({exc.__class__.__name__})") from exc


# What comes before TLS; `login` of the wire says whether a password would be taken already


def _smtp(wire: _Wire) -> None:
    """RFC 3207, RFC 4954."""
    _replies(wire, b"220")
    wire.send(b"EHLO localhost\r\n")
    offered = [line[4:].upper() for line in _replies(wire, b"250")]
    login = any(line.startswith((b"AUTH ", b"AUTH=")) for line in offered)
    _offered(wire, b"STARTTLS" in offered, login)
    wire.send(b"STARTTLS\r\n")
    _replies(wire, b"220")


def _replies(wire: _Wire, code: bytes) -> list[bytes]:
    """The lines of one reply that has to have this code."""
    lines = _reply(wire)
    if lines[-1][:3] != code:
        raise _NotTls("it does not speak this protocol, or refuses this host")
    return lines


def _reply(wire: _Wire) -> list[bytes]:
    """The lines of one reply of SMTP or FTP: 250-MORE, 250 LAST; those between may be any in FTP."""
    lines = []
    for _number in range(MAX_LINES):
        lines.append(wire.line())
        if lines[0][3:4] != b"-" or lines[-1].startswith(lines[0][:3] + b" "):
            break
    return lines


def _imap(wire: _Wire) -> None:
    """RFC 9051, sections 6.1.1 and 6.2.1."""
    _tagged(wire, b"*")
    wire.send(b"a CAPABILITY\r\n")
    offered = b" ".join(_tagged(wire, b"a")).upper().split()
    login = b"LOGINDISABLED" not in offered
    _offered(wire, b"STARTTLS" in offered, login)
    wire.send(b"b STARTTLS\r\n")
    _tagged(wire, b"b")


def _tagged(wire: _Wire, tag: bytes) -> list[bytes]:
    """The lines up to the one that begins with the tag, which has to be an OK."""
    lines = []
    for _number in range(MAX_LINES):
        lines.append(wire.line())
        if lines[-1].startswith(tag + b" "):
            break
    if lines[-1].split()[:2] not in ([tag, b"OK"], [b"*", b"PREAUTH"]):
        raise _NotTls("it does not speak IMAP, or refuses this host")
    return lines


def _pop3(wire: _Wire) -> None:
    """RFC 2449, RFC 2595: without USER and SASL there is nothing to log in with."""
    _positive(wire)
    wire.send(b"CAPA\r\n")
    _positive(wire)
    offered: list[bytes] = []
    while b"." not in offered and len(offered) < MAX_LINES:
        offered.append(wire.line().upper())
    login = any(line == b"USER" or line.startswith(b"SASL ") for line in offered)
    _offered(wire, b"STLS" in offered, login)
    wire.send(b"STLS\r\n")
    _positive(wire)


def _positive(wire: _Wire) -> None:
    if not wire.line().startswith(b"+OK"):
        raise _NotTls("it does not speak POP3, or refuses this host")


def _sieve(wire: _Wire) -> None:
    """RFC 5804, section 2.2: the greeting tells, and "SASL" "" that nobody can log in yet."""
    offered: list[bytes] = []
    while not offered or (not offered[-1].startswith((b"OK", b"NO", b"BYE")) and len(offered) < MAX_LINES):
        offered.append(wire.line().upper())
    login = any(line.startswith(b'"SASL" "') and line != b'"SASL" ""' for line in offered)
    _offered(wire, b'"STARTTLS"' in offered, login)
    wire.send(b"STARTTLS\r\n")
    if not wire.line().upper().startswith(b"OK"):
        raise _NotTls("it offers STARTTLS and refuses it")


def _offered(wire: _Wire, tls: bool, login: bool) -> None:
    wire.login = login
    if not tls:
        raise _NotTls("it does not offer TLS" + (", and takes passwords in clear" if login else ""))


def _ftp(wire: _Wire) -> None:
    """RFC 4217."""
    _replies(wire, b"220")
    wire.send(b"AUTH TLS\r\n")
    if not _reply(wire)[-1].startswith(b"234"):
        raise _NotTls("it does not offer TLS")


def _ftp_user(wire: _Wire) -> None:
    """RFC 959: a server that insists on TLS does not ask for the password (331) that goes with a name."""
    _replies(wire, b"220")
    wire.send(b"USER infosec-principles\r\n")
    wire.login = _reply(wire)[-1].startswith(b"331")


def _ldap(wire: _Wire) -> None:
    """RFC 4511, section 4.14: an extended request with the name of StartTLS, and a response with result code 0."""
    wire.send(b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037")
    head = wire.take(2)
    length = wire.take(head[1] & 0x7F) if head[1] & 0x80 else head[1:]
    body = wire.take(min(int.from_bytes(length, "big"), MAX_LINE))
    try:
        _number, (kind, response) = der.values(body)[:2]
        code = der.values(response)[0][1]
    except (der.Malformed, ValueError, IndexError):
        raise _NotTls("it does not speak LDAP") from None
    if kind != _EXTENDED_RESPONSE or code != b"\0":
        raise _NotTls("it does not offer StartTLS")


def _postgresql(wire: _Wire) -> None:
    """PostgreSQL's manual, 55.2.10: SSLRequest, answered with one byte."""
    wire.send(b"\x00\x00\x00\x08\x04\xd2\x16\x2f")
    if wire.take(1) != b"S":
        raise _NotTls("it does not offer TLS")


def _mysql(wire: _Wire) -> None:
    """MySQL's Connection Phase: the greeting (Protocol::HandshakeV10) and SSLRequest."""
    head = wire.take(4)
    greeting = wire.take(min(int.from_bytes(head[:3], "little"), MAX_LINE))
    if greeting[:1] != b"\x0a":
        raise _NotTls("it does not greet as MySQL does, or refuses this host")
    _version, _zero, rest = greeting[1:].partition(b"\0")
    # Behind the thread's number (4), a part of the scramble (8) and a zero.
    if not int.from_bytes(rest[13:15], "little") & _CLIENT_SSL:
        raise _NotTls("it does not offer TLS")
    flags = _CLIENT_SSL | _CLIENT_PROTOCOL_41 | _CLIENT_SECURE_CONNECTION
    body = flags.to_bytes(4, "little") + (1 << 24).to_bytes(4, "little") + b"\x2d" + bytes(23)
    wire.send(len(body).to_bytes(3, "little") + b"\x01" + body)


_EXTENDED_RESPONSE = 0x78
_CLIENT_PROTOCOL_41, _CLIENT_SSL, _CLIENT_SECURE_CONNECTION = 0x200, 0x800, 0x8000

PREAMBLES: t.Mapping[str, t.Callable[[_Wire], None]] = {
    "smtp": _smtp,
    "imap": _imap,
    "pop3": _pop3,
    "sieve": _sieve,
    "ftp": _ftp,
    "ldap": _ldap,
    "postgresql": _postgresql,
    "mysql": _mysql,
}
#: Where the words before TLS do not tell by themselves whether a password would be taken.
_LOGINS = {"ftp": _ftp_user}
