# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Runs scan.py beside this file, in some processes at a time, and ends them when their time is over."""

from __future__ import annotations

import concurrent.futures
import contextlib
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._tls_proof.plan import Target

SCAN = pathlib.Path(__file__).with_name("scan.py")
#: Processes at a time; endpoints for each, whose memory grows by 7 MB with every one; servers that it asks at a time.
PROCESSES, SHARE, SERVERS = 8, 25, 10
Answer = dict[str, t.Any]


def available() -> bool:
    """Whether sslyze is there, for the Python that runs Ansible."""
    return importlib.util.find_spec("sslyze") is not None


def scan(targets: t.Sequence[Target], authorities: str, *, timeout: int, time_limit: int) -> list[Answer | None]:
    """What each endpoint offers, in their order; None for what was not asked within `time_limit` seconds."""
    answers: list[Answer | None] = [None] * len(targets)
    deadline = time.monotonic() + time_limit
    # Those that lie beside each other are of one host.
    count = -(-len(targets) // SHARE)
    shares = [range(start, len(targets), count) for start in range(count)]

    def ask(share: range) -> None:
        left = deadline - time.monotonic()
        if left > 0:
            order = {"endpoints": [targets[number].order() for number in share], "servers": SERVERS}
            for answer in _answers({**order, "authorities": authorities, "timeout": timeout}, left):
                answers[share[answer["number"]]] = answer

    with concurrent.futures.ThreadPoolExecutor(min(PROCESSES, os.cpu_count() or 1)) as pool:
        list(pool.map(ask, shares))
    return answers


def _answers(order: t.Mapping[str, t.Any], seconds: float) -> t.Iterator[Answer]:
    """What one process says within its time."""
    argv = [sys.executable, "-W", "ignore", str(SCAN)]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        try:
            _feed(process, json.dumps(order))
            # One that was ended may have been in the middle of a line.
            yield from (json.loads(line) for line in t.cast(t.IO[str], process.stdout) if line.endswith("\n"))
        finally:
            timer.cancel()
            process.kill()


def _feed(process: subprocess.Popen[str], text: str) -> None:
    # One that ended at once says nothing, which is what becomes of its endpoints.
    with contextlib.suppress(BrokenPipeError), t.cast(t.IO[str], process.stdin) as stdin:
        stdin.write(text)
