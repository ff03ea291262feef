# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure how access logs are searched: python tests/benchmark/access_logs.py [megabytes, 1024].

Writes so many megabytes of log of nginx, in the combined format, into a temporary folder: half of them in a plain file
that was never rotated, half in 13 rotated files, gzip. Then a process of its own for each question says who used the
interfaces: one that is used, four of which one is used, and one whose path is "/", so that each line has to be read.
Bars: 15 s and 100 MiB for each, since that is what a run has. Exit status 1 where one is missed.
"""

from __future__ import annotations

import datetime
import gzip
import multiprocessing
import pathlib
import random
import resource
import sys
import tempfile
import time
import typing as t

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".collections"))

from ansible_collections.infosec.principles.plugins.module_utils._controls._web import access_logs, nginx
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.common import Running
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import Found
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.table import (
    INTERFACES,
)
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

SECONDS_BAR, MEMORY_BAR = 15.0, 100
DAYS = 89
NOW = datetime.datetime(2026, 11, 29, 12, tzinfo=datetime.timezone.utc)
CONFIG = "events {}\nhttp {\n  access_log /var/log/nginx/access.log combined;\n  server { listen 80; server_name x.example.org; }\n}\n"
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
)
QUESTIONS = {
    "one path": [("django", "/admin/")],
    "four paths": [
        ("django", "/admin/"),
        ("phpmyadmin", "/phpmyadmin/"),
        ("wordpress", "/wp-login.php"),
        ("server-status", "/server-status"),
    ],
    "the path /": [("kibana", "/")],
}


def block(begin: float, seconds: float, dice: random.Random, lines: int = 20_000) -> bytes:
    """So many requests within that time."""
    return "".join(line(begin + seconds * number / lines, dice) for number in range(lines)).encode()


def line(at: float, dice: random.Random) -> str:
    """One request: of a thousand, one is a scanner's for an interface, and one somebody's who uses it."""
    kind = dice.randrange(1000)
    path, status = f"/shop/item/{dice.randrange(10**6)}?page={dice.randrange(9)}", 200
    if kind < 2:
        path, status = ("/admin/login/?next=/admin/", 200) if kind else ("/admin/auth/user/", 200)
    stamp = datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%d/%b/%Y:%H:%M:%S +0000")
    client = f"198.51.{dice.randrange(256)}.{dice.randrange(256)}"
    return f'{client} - - [{stamp}] "GET {path} HTTP/1.1" {status} {dice.randrange(10**5)} "https://x.example.org/" "{dice.choice(AGENTS)}"\n'


def write(root: pathlib.Path, size: int) -> None:
    """The logs, the oldest first; blocks are repeated under other days, since making each anew takes long."""
    folder = root / "var/log/nginx"
    folder.mkdir(parents=True)
    dice, day = random.Random(1), 86400.0
    begin = NOW.timestamp() - DAYS * day
    for age in range(13, 0, -1):
        with gzip.open(folder / f"access.log.{age}.gz", "wb", compresslevel=6) as packed:
            fill(packed, size // 26, begin + (13 - age) * 4 * day, 4 * day, dice)
    with open(folder / "access.log", "wb") as plain:
        fill(plain, size // 2, begin + 52 * day, 37 * day, dice)
    (root / "etc/nginx").mkdir(parents=True)
    (root / "etc/nginx/nginx.conf").write_text(CONFIG)


def fill(stream: t.Any, size: int, begin: float, seconds: float, dice: random.Random) -> None:
    """Write so many bytes of requests that are spread over the time."""
    sample = len(block(begin, 1, dice, 100)) / 100
    blocks = max(1, round(size / sample / 20_000))
    for number in range(blocks):
        stream.write(block(begin + seconds * number / blocks, seconds / blocks, dice))


def ask(root: str, questions: list[tuple[str, str]], told: t.Any) -> None:
    """What `uses` says, and what that took."""
    host = Host(root=root, now=NOW)
    instance = nginx.Instance(
        Running("nginx.service", (1,), ()), nginx.CONFIGS[0], tuple(nginx.parse(host, nginx.CONFIGS[0]))
    )
    (site,) = instance.sites
    at = Vhost("nginx", instance.run, "x.example.org", "127.0.0.1", 80, False, site.server.place, instance, site)
    kinds = {one.key: one for one in INTERFACES}
    found = [Found(kinds[key], at, path, ()) for key, path in questions]
    began, busy = time.perf_counter(), time.process_time()
    answers = access_logs.uses(host, found, days=90)
    took, busy = time.perf_counter() - began, time.process_time() - busy
    told.put((took, busy, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, [answers[one] for one in found]))


def measured(root: str, title: str, questions: list[tuple[str, str]]) -> bool:
    """Whether a question keeps below the bars, asked in a process of its own."""
    told: t.Any = multiprocessing.get_context("spawn").Queue()
    process = multiprocessing.get_context("spawn").Process(target=ask, args=(root, questions, told))
    process.start()
    took, busy, memory, answers = told.get(timeout=600)
    process.join()
    print(f"{title}: {took:.2f} s (bar {SECONDS_BAR:.0f} s), {busy:.2f} s of CPU, {memory} MiB (bar {MEMORY_BAR} MiB)")
    for (key, path), use in zip(questions, answers):
        back = "nothing" if use.since is None else f"{(NOW.timestamp() - use.since) / 86400:.0f} days"
        print(
            f"  {key} at {path}: {use.visits.count if use.visits else 0} visits, {back} read; {use.problem or use.source}"
        )
    return bool(took <= SECONDS_BAR and memory <= MEMORY_BAR and all(use.since for use in answers))


def main(megabytes: int = 1024) -> int:
    """Exit status."""
    with tempfile.TemporaryDirectory() as folder:
        write(pathlib.Path(folder), megabytes << 20)
        files = [path.stat().st_size for path in pathlib.Path(folder, "var/log/nginx").iterdir()]
        print(f"{len(files)} files, {sum(files) >> 20} MiB on disk, {megabytes} MiB of log")
        kept = [measured(folder, title, asked) for title, asked in QUESTIONS.items()]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
