# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what the access logs of a site tell: logs.py OFFICE

OFFICE: the address that Django and Tomcat are administered from, yesterday too.
app.log and db.log reach back 120 days, nobody used phpMyAdmin (a scanner looked); docs.log has three days.
Beside them lies what hurts: half a gzip file, lines of 10 MB, bytes of no text.
"""

from __future__ import annotations

import gzip
import os
import pathlib
import sys
import time

DAY = 86400
NOW = time.time()
SCANNER, VISITOR = "192.0.2.66", "192.0.2.77"
AGENT = '"-" "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"'


def line(days: float, client: str, request: str, status: int, user: str = "-") -> str:
    """In the combined format."""
    at = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(NOW - days * DAY))
    return f'{client} - {user} [{at}] "{request} HTTP/1.1" {status} 1234 {AGENT}\n'


def visits(since: float, path: str) -> list[str]:
    """A visit of the site each day, the latest last."""
    days = [since - number for number in range(int(since))]
    return [line(day, VISITOR, f"GET {path}", 200) for day in days]


def write(name: str, lines: list[str], *, split: float = 0) -> None:
    """A log in its order; the lines until `split` days ago in a rotated file."""
    path = pathlib.Path("/var/log", name)
    older, newer = lines[: int(len(lines) * split)], lines[int(len(lines) * split) :]
    if older:
        with gzip.open(f"{path}.2.gz", "wt") as stream:
            stream.writelines(older)
        path.with_name(f"{path.name}.1").write_text("".join(newer[: len(newer) // 2]), encoding="utf-8")
        newer = newer[len(newer) // 2 :]
    with path.open("a", encoding="utf-8") as stream:
        stream.writelines(newer)


def administration(office: str) -> list[str]:
    """Yesterday somebody logged in to Django and looked around."""
    login, home = "/back-office/login/?next=/back-office/", "/back-office/"
    return [
        line(1.01, office, f"GET {login}", 200),
        line(1.01, office, f"POST {login}", 302),
        line(1.0, office, f"GET {home}", 200),
        line(1.0, office, f"GET {home}auth/user/", 200),
    ]


def main(office: str) -> None:
    write("nginx/app.log", [*visits(120, "/orders/7/"), *administration(office)], split=0.6)
    scan = [line(30, SCANNER, "GET /phpmyadmin/", 200), line(30, SCANNER, "GET /phpmyadmin/setup/", 403)]
    write("apache2/db.log", [f"db.example.org:443 {one}" for one in [*visits(120, "/"), *scan]], split=0.6)
    write("apache2/docs.log", visits(3, "/document-1.html"))
    tomcat = pathlib.Path("/var/log/tomcat10")
    for days in (100, 1):
        day = time.strftime("%Y-%m-%d", time.gmtime(NOW - days * DAY))
        user = "deployer" if days == 1 else "-"
        page = "/manager/html" if days == 1 else "/"
        entry = line(days, office, f"GET {page}", 200, user).replace(f" {AGENT}", "")
        (tomcat / f"localhost_access_log.{day}.txt").write_text(entry, encoding="utf-8")
    hostile()


def hostile() -> None:
    """Rotated logs of the site that answers everything, which nginx writes to the common file."""
    folder = pathlib.Path("/var/log/nginx")
    (folder / "access.log.2.gz").write_bytes(gzip.compress(line(9, VISITOR, "GET /", 200).encode() * 9999)[:-500])
    (folder / "access.log.3").write_bytes(os.urandom(1024 * 1024))
    (folder / "access.log.4").write_bytes((b"A" * 10_000_000 + b"\n") * 2)
    os.mkfifo(folder / "access.log.5")


if __name__ == "__main__":
    main(sys.argv[1])
