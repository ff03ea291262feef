# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An application that answers every request with one word, in clear and by TLS at the same port.

app.py PORT WORD CERTIFICATE KEY. How a connection begins tells which it is: TLS with a record of its own kind (0x16), a
request with a letter.
"""

from __future__ import annotations

import http.server
import socket
import ssl
import sys


class Server(http.server.ThreadingHTTPServer):
    """See the module."""

    context: ssl.SSLContext

    def finish_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        request.settimeout(10)
        if request.recv(1, socket.MSG_PEEK) == b"\x16":
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)


class Answer(http.server.BaseHTTPRequestHandler):
    """One page for every path."""

    word = ""

    def do_GET(self) -> None:
        body = f"{self.word} by {'TLS' if isinstance(self.request, ssl.SSLSocket) else 'clear text'}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Nothing is logged."""


if __name__ == "__main__":
    Answer.word = sys.argv[2]
    Server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    Server.context.load_cert_chain(sys.argv[3], sys.argv[4])
    Server(("0.0.0.0", int(sys.argv[1])), Answer).serve_forever()
