# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whether a web server of this host hands a file out: it is asked for its first bytes, and they are compared.

No configuration tells that as surely: rules that deny, scripts that are run and not shown, applications that answer
whatever is asked for. Of an answer no more than a few bytes are read, and none is kept.
"""

from __future__ import annotations

import dataclasses
import os
import socket
import time
import urllib.parse

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._credentials.served import (
    Root,
)
from ansible_collections.infosec.principles.plugins.module_utils._host import sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

#: Seconds for all questions of a run, and for each; how many there are at most.
SECONDS, TIMEOUT, MOST = 6.0, 2.0, 60
#: Bytes of the file that are compared, and of an answer that are read.
COMPARED, HEAD = 24, 16 * 1024
#: Such files are run, or all of them are shown: the answer for one tells it for the others of a site.
RUN = (".php", ".php5", ".php7", ".phtml", ".pl", ".py", ".cgi", ".jsp", ".asp", ".aspx")
LOOPBACK = "127.0.0.1"

SHOWN, KEPT, UNKNOWN = "shown", "kept", "unknown"


@dataclasses.dataclass
class Asking:
    """Asks for files, and remembers what was said of scripts."""

    host: Host
    deadline: float = dataclasses.field(default_factory=lambda: time.monotonic() + SECONDS)
    asked: int = 0
    scripts: dict[tuple[int, str, str, str], tuple[str, str]] = dataclasses.field(default_factory=dict)

    def ask(self, root: Root, path: str, start: bytes) -> tuple[str, str]:
        """(SHOWN, KEPT or UNKNOWN; how the server answered). start: the first bytes of the file."""
        ending = os.path.splitext(path)[1].lower()
        key = (root.port, root.name, root.folder, ending)
        if ending in RUN and key in self.scripts:
            return self.scripts[key]
        if self.asked >= MOST or time.monotonic() > self.deadline:
            return UNKNOWN, "not asked, for all that was asked before"
        self.asked += 1
        self.scripts[key] = answer = self._answer(root, path, start)
        return answer

    def _answer(self, root: Root, path: str, start: bytes) -> tuple[str, str]:
        try:
            with self._opened(root) as stream:
                stream.sendall(_request(root, path))
                head, body = _received(stream, self.deadline)
        except (HostError, OSError, ValueError):
            return UNKNOWN, "no answer"
        status = head.split(b" ", 2)[1:2]
        code = status[0].decode("ascii", "replace")[:3] if status else "?"
        wanted = start[: len(body)]
        shown = code in ("200", "206") and len(body) >= min(4, len(start)) and body == wanted
        return SHOWN if shown else KEPT, f"HTTP {code}"

    def _opened(self, root: Root) -> socket.socket:
        stream = self.host.connect(_address(self.host, root.port), root.port, timeout=TIMEOUT)
        if not root.tls:
            return stream
        # Slow to import, and seldom needed. Nothing is trusted here: it is this very host.
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            return context.wrap_socket(stream, server_hostname=root.name)
        except BaseException:
            stream.close()
            raise


def _address(host: Host, port: int) -> str:
    """Where the port is listened on: loopback, unless it is bound to another address alone."""
    bound = [one for one in host.once(sockets.read) if (one.protocol, one.port) == ("tcp", port)]
    usual = any(one.address in ("0.0.0.0", LOOPBACK) or (one.wildcard and "IPv4" in one.families) for one in bound)
    if usual or not bound:
        return LOOPBACK
    return "::1" if bound[0].wildcard else bound[0].address


def _request(root: Root, path: str) -> bytes:
    url = urllib.parse.quote(os.fsencode(root.url_path(path)))
    lines = (
        f"GET {url} HTTP/1.1",
        f"Host: {root.name}",
        f"Range: bytes=0-{COMPARED - 1}",
        "Accept-Encoding: identity",
        "User-Agent: infosec.principles",
        "Connection: close",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii", "replace")


def _received(stream: socket.socket, deadline: float) -> tuple[bytes, bytes]:
    """The head of the answer, and the first bytes behind it."""
    data = b""
    while len(data) < HEAD and time.monotonic() < deadline:
        part = stream.recv(4096)
        data += part
        head, end, body = data.partition(b"\r\n\r\n")
        if not part or (end and len(body) >= COMPARED):
            break
    head, _end, body = data.partition(b"\r\n\r\n")
    if b"chunked" in head.lower():
        body = body.partition(b"\r\n")[2]
    return head, body[:COMPARED]
