# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Runs scan.py beside this file, in some processes at a time, and ends them when their time is over."""

from __future__ import annotations

import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import threading
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._tls_proof.plan import Target

SCAN = pathlib.Path(__file__).with_name("scan.py")
#: Processes at most, each for so many endpoints or more, and servers that one of them asks at a time.
PROCESSES, WORTH, SERVERS = 8, 10, 20
Answer = dict[str, t.Any]


def available() -> bool:
    """Whether sslyze is there, for the Python that runs Ansible."""
    return importlib.util.find_spec("sslyze") is not None


def scan(targets: t.Sequence[Target], authorities: str, *, timeout: int, time_limit: int) -> list[Answer | None]:
    """What each endpoint offers, in their order; None for what was not asked within `time_limit` seconds."""
    answers: list[Answer | None] = [None] * len(targets)
    count = max(1, min(PROCESSES, os.cpu_count() or 1, len(targets) // WORTH))
    shares = [range(start, len(targets), count) for start in range(count)] if targets else []
    threads = [
        threading.Thread(target=_share, args=(targets, share, answers, authorities, timeout, time_limit))
        for share in shares
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _share(
    targets: t.Sequence[Target],
    share: range,
    answers: list[Answer | None],
    authorities: str,
    timeout: int,
    time_limit: int,
) -> None:
    """One process, and its answers in their places."""
    orders = [targets[number].order() for number in share]
    order = {"endpoints": orders, "authorities": authorities, "servers": SERVERS, "timeout": timeout}
    argv = [sys.executable, "-W", "ignore", str(SCAN)]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        timer = threading.Timer(time_limit, process.kill)
        timer.start()
        try:
            _feed(process, json.dumps(order))
            for line in t.cast(t.IO[str], process.stdout):
                answer = json.loads(line)
                answers[share[answer["number"]]] = answer
        finally:
            timer.cancel()
            process.kill()


def _feed(process: subprocess.Popen[str], text: str) -> None:
    with t.cast(t.IO[str], process.stdin) as stdin:
        stdin.write(text)
