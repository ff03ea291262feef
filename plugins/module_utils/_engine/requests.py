# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""A real HTTP request to this very host, by which a fix sees that what it changed still serves."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import io
import socket
import time
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.change import (
    Before,
    Change,
    ChangeError,
    Diff,
    Machine,
    kind,
)

if t.TYPE_CHECKING:
    import http.client
    import ssl

POLL_SECONDS = 0.2
TIMEOUT = 5.0
#: By what a request of ours is known in the logs of the servers.
USER_AGENT = "infosec.principles"
#: By what a connection begins that claims to come by a proxy (the PROXY protocol, version 1), from this very host.
#: Not UNKNOWN: mod_remoteip reads 16 bytes at once, of which that line has 15, and HAProxy takes no longer one.
PROXIED = b"PROXY TCP4 127.0.0.1 127.0.0.1 1 1\r\n"
#: What of a body is compared.
MAX_BODY = 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came. headers: names in small letters, in the order in which they came. body: its beginning."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def all(self, name: str) -> tuple[str, ...]:
        """The values of a header, each time it came."""
        return tuple(value for key, value in self.headers if key == name)

    @property
    def content(self) -> str:
        """The kind of content, without its parameters."""
        return "".join(self.all("content-type")[:1]).partition(";")[0].strip().lower()

    @property
    def location(self) -> str:
        """Where it leads."""
        return "".join(self.all("location")[:1])


class Channel:
    """Requests to one server of this host by one name, over one connection for as long as the server keeps it open.

    connect: gives a connection at which HTTP or TLS begins. The certificate is not looked at: the question is what is
    served, and others judge certificates. Not for several threads.
    """

    def __init__(self, connect: t.Callable[[], socket.socket], name: str, *, tls: bool) -> None:
        self._connect, self._name, self._tls = connect, name, tls
        self._open: http.client.HTTPConnection | None = None

    def ask(
        self, path: str, *, headers: t.Mapping[str, str] | None = None, size: int = 0, seconds: float = TIMEOUT
    ) -> Answer:
        """GET a path. size: how many bytes of the body are wanted; seconds: how long those may take.

        Raises OSError, and ValueError for what is no HTTP.
        """
        kept = self._open is not None
        try:
            return self._asked(path, headers or {}, size, seconds)
        except (OSError, ValueError) as exc:
            self.close()
            if not kept or isinstance(exc, socket.timeout):
                raise
        # The server had closed it since the last request.
        with contextlib.ExitStack() as undone:
            undone.callback(self.close)
            answer = self._asked(path, headers or {}, size, seconds)
            undone.pop_all()
        return answer

    def _asked(self, path: str, headers: t.Mapping[str, str], size: int, seconds: float) -> Answer:
        # Not at the top: few hosts need it, and it takes long to import.
        import http.client

        try:
            connection = self._open = self._open or self._opened()
            # For the head and the body, each of which may come a byte at a time.
            t.cast(_Timed, connection.sock).seconds = 2 * seconds
            connection.request("GET", path, headers={"Host": self._name, "User-Agent": USER_AGENT, **headers})
            answer = connection.getresponse()
            body = _beginning(answer, size, time.monotonic() + seconds)
            if answer.length == 0:
                answer.close()
        except http.client.HTTPException as exc:
            raise ValueError(f"no answer in HTTP ({type(exc).__name__})") from exc
        if answer.will_close or not answer.isclosed():
            self.close()
        return Answer(answer.status, tuple((key.lower(), value) for key, value in answer.getheaders()), body)

    def _opened(self) -> http.client.HTTPConnection:
        import http.client

        plain = self._connect()
        connection = http.client.HTTPConnection(self._name)
        connection.auto_open = 0
        connection.sock = t.cast(socket.socket, _Timed(_secured(plain, self._name) if self._tls else plain))
        return connection

    def close(self) -> None:
        """End the connection; the next request begins another."""
        if self._open is not None:
            self._open.close()
            self._open = None


class _Timed:
    """A socket as http.client uses it, whose answers end in time: a timeout of its own is for each byte anew."""

    def __init__(self, wrapped: socket.socket) -> None:
        self._wrapped = wrapped
        self.seconds = TIMEOUT
        self.sendall, self.close = wrapped.sendall, wrapped.close

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What http.client reads an answer from."""
        return io.BufferedReader(_Ending(self._wrapped, time.monotonic() + self.seconds))


class _Ending(io.RawIOBase):
    """Reads from a socket until a moment (time.monotonic)."""

    def __init__(self, wrapped: socket.socket, deadline: float) -> None:
        self._file = wrapped.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int | None:
        if time.monotonic() > self._deadline:
            raise socket.timeout("no end of the answer in time")
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


def ask(
    plain: socket.socket,
    name: str,
    path: str,
    *,
    tls: bool,
    headers: t.Mapping[str, str] | None = None,
    size: int = 0,
    seconds: float = TIMEOUT,
) -> Answer:
    """GET one path over a connection, which is closed; else like Channel.ask. Raises OSError and ValueError."""
    with contextlib.closing(Channel(lambda: plain, name, tls=tls)) as channel:
        return channel.ask(path, headers={"Connection": "close", **(headers or {})}, size=size, seconds=seconds)


def _beginning(answer: http.client.HTTPResponse, size: int, deadline: float) -> bytes:
    """At most so much, in parts: who sends a byte a second keeps nobody."""
    body = b""
    while len(body) < size:
        part = answer.read1(min(size - len(body), 65536))
        body += part
        if not part or time.monotonic() > deadline:
            break
    return body


def _secured(plain: socket.socket, name: str) -> socket.socket:
    try:
        return _context().wrap_socket(plain, server_hostname=name)
    except BaseException:
        plain.close()
        raise


@functools.lru_cache(maxsize=1)
def _context() -> ssl.SSLContext:
    """One for all requests, and without the authorities of the host, which take 20 ms to load."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def digest(body: bytes) -> str:
    """By what a body is known."""
    return hashlib.sha256(body).hexdigest()


@kind
@dataclasses.dataclass(frozen=True)
class Request(Change):
    """Ask for a page, once what was written is taken up, until the answer is as wanted; changes nothing.

    statuses: those that are right. content: the kind of content, "" for any. location: what the answer has to lead to
    begins so; "" for anything. headers: those that have to come once with this value, or not at all where it is "".
    digest: the SHA-256 of the body, "" for any. seconds: how long to try, since old processes answer for a moment
    after a reload. proxied: whoever connects has to begin with the PROXY protocol.
    """

    title: str
    address: str
    port: int
    name: str
    path: str
    statuses: tuple[int, ...]
    tls: bool = False
    content: str = ""
    location: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    digest: str = ""
    seconds: float = 10
    proxied: bool = False

    def describe(self) -> str:
        return self.title

    def diff(self) -> Diff:
        return {"before_header": self.title, "after_header": self.title, "before": "", "after": ""}

    def apply(self, host: Machine, *, tag: str) -> None:
        deadline = time.monotonic() + self.seconds
        while True:
            wrong = self._wrong()
            if not wrong:
                return
            if time.monotonic() > deadline:
                raise ChangeError(f"{self.title}: no: {wrong}")
            time.sleep(POLL_SECONDS)

    def _wrong(self) -> str:
        try:
            plain = socket.create_connection((self.address, self.port), timeout=TIMEOUT)
            if self.proxied:
                plain.sendall(PROXIED)
            answer = ask(plain, self.name, self.path, tls=self.tls, size=MAX_BODY if self.digest else 0)
        except (OSError, ValueError) as exc:
            return f"{self.address} port {self.port} does not answer ({getattr(exc, 'strerror', None) or exc})"
        if answer.status not in self.statuses:
            return f"the answer is {answer.status} and not {' or '.join(map(str, self.statuses))}"
        if self.content and answer.content != self.content:
            return f"the answer is {answer.content!r} and not {self.content!r}"
        if not answer.location.startswith(self.location):
            return "the answer leads elsewhere"
        for name, value in self.headers:
            if answer.all(name) != ((value,) if value else ()):
                return f"the header {name} came {len(answer.all(name))} times, or with another value"
        return "" if self.digest in ("", digest(answer.body)) else "the body is another one"

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        """Nothing: there is nothing to take back."""
