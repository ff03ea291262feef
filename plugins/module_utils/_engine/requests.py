# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""A real HTTP request to this very host, by which a fix sees that what it changed still serves."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import time

from ansible_collections.infosec.principles.plugins.module_utils._engine.change import (
    Before,
    Change,
    ChangeError,
    Diff,
    Machine,
    kind,
)

POLL_SECONDS = 0.2
TIMEOUT = 5.0


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came: the status, the kind of content (without its parameters), where it leads."""

    status: int
    content: str
    location: str


def ask(plain: socket.socket, name: str, path: str, *, tls: bool) -> Answer:
    """GET a path from a server of this host by a name, over a connection to it, which is closed.

    Its certificate is not looked at: the question is what it serves, and others judge the certificate. Raises OSError,
    and ValueError for what is no HTTP.
    """
    # Not at the top: few hosts need it, and it takes long to import.
    import http.client

    connection = http.client.HTTPConnection(name)
    with contextlib.closing(_secured(plain, name) if tls else plain) as connection.sock:
        try:
            headers = {"Host": name, "User-Agent": "infosec.principles", "Connection": "close"}
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
        except http.client.HTTPException as exc:
            raise ValueError(f"no answer in HTTP ({type(exc).__name__})") from exc
    content = answer.getheader("Content-Type", "").partition(";")[0].strip().lower()
    return Answer(answer.status, content, answer.getheader("Location", ""))


def _secured(plain: socket.socket, name: str) -> socket.socket:
    import ssl

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        return context.wrap_socket(plain, server_hostname=name)
    except BaseException:
        plain.close()
        raise


@kind
@dataclasses.dataclass(frozen=True)
class Request(Change):
    """Ask for a page, once what was written is taken up, until the answer is as wanted; changes nothing.

    statuses: those that are right. content: the kind of content, "" for any. location: what the answer has to lead to
    begins so; "" for anything. seconds: how long to try, since old processes answer for a moment after a reload.
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
    seconds: float = 10

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
            answer = ask(plain, self.name, self.path, tls=self.tls)
        except (OSError, ValueError) as exc:
            return f"{self.address} port {self.port} does not answer ({getattr(exc, 'strerror', None) or exc})"
        if answer.status not in self.statuses:
            return f"the answer is {answer.status} and not {' or '.join(map(str, self.statuses))}"
        if self.content and answer.content != self.content:
            return f"the answer is {answer.content!r} and not {self.content!r}"
        return "" if answer.location.startswith(self.location) else "the answer leads elsewhere"

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        """Nothing: there is nothing to take back."""
