# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a host for what its sites serve: urls.py ADDRESS URL... prints {url: [status, digest of the body]}.

ADDRESS: of the host, whatever the names say; that of Apache, which has docs and db, has 100 more at the end.
The certificate is not looked at; others do that. What the error pages of the servers say of themselves does not count.
"""

from __future__ import annotations

import concurrent.futures
import hashlib
import http.client
import json
import re
import socket
import ssl
import sys
import urllib.parse

BANNER = re.compile(rb"nginx(/[\d.]+)?|(<hr>\s*)?<address>.*</address>\s*")
OF_APACHE = ("docs.", "db.")
ANYBODY = ssl.create_default_context()
ANYBODY.check_hostname = False
ANYBODY.verify_mode = ssl.CERT_NONE


def answer(address: str, url: str) -> list[object]:
    """The status and the digest of the body."""
    parts = urllib.parse.urlsplit(url)
    if parts.netloc.startswith(OF_APACHE):
        network, _dot, last = address.rpartition(".")
        address = f"{network}.1{last}"
    plain = socket.create_connection((address, parts.port or 443), timeout=20)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    connection.sock = ANYBODY.wrap_socket(plain, server_hostname=parts.hostname) if parts.scheme == "https" else plain
    connection.request("GET", parts.path, headers={"Host": parts.netloc, "Connection": "close"})
    got = connection.getresponse()
    return [got.status, hashlib.sha256(BANNER.sub(b"", got.read())).hexdigest()]


if __name__ == "__main__":
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda url: answer(sys.argv[1], url), sys.argv[2:])
        print(json.dumps(dict(zip(sys.argv[2:], answers, strict=True)), indent=0))
