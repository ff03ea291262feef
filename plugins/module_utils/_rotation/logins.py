# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Logging in with one key and no other, as a proof: over a new connection, and without running anything there."""

from __future__ import annotations

import dataclasses
import io
import re
import selectors
import subprocess
import time
import typing as t

_ACCEPTED = re.compile(r"Server accepts key: .*(SHA256:[A-Za-z0-9+/]+)")
#: Older releases (8.4) do not say by which method; only one is on offer anyway.
_IN = re.compile(r"Authenticated to \S+ ")
_NOISE = re.compile(r"debug\d: |Authenticated to |Warning: Permanently added |OpenSSH_")
#: -N asks for no session: a forced command does not run, and a shell that lets nobody in does not matter. Not -v: a
#: ProxyJump would inherit it, and tell of its own login among ours.
_SSH = (
    *("ssh", "-N", "-T", "-a", "-x", "-o", "BatchMode=yes", "-o", "ControlMaster=no", "-o", "ControlPath=none"),
    *("-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "PreferredAuthentications=publickey"),
    *("-o", "ClearAllForwardings=yes", "-o", "PermitLocalCommand=no"),
    *("-o", "LogLevel=DEBUG1"),
)


@dataclasses.dataclass(frozen=True)
class Target:
    """Where to log in. arguments: more of ssh, such as -o ProxyJump=bastion."""

    host: str
    address: str
    account: str
    port: int = 0
    arguments: tuple[str, ...] = ()


def command(target: Target, key: str, seconds: int) -> list[str]:
    """What is run. Whatever else the configuration names as keys may be offered too; `judge` sees which was taken."""
    port = ["-p", str(target.port)] if target.port else []
    return [
        *_SSH,
        "-o",
        f"ConnectTimeout={seconds}",
        "-i",
        key,
        *port,
        *target.arguments,
        "-l",
        target.account,
        "--",
        target.address,
    ]


def log_in(target: Target, key: str, fingerprint: str, seconds: int) -> str:
    """Why the key does not get in; empty where it does."""
    try:
        process = subprocess.Popen(
            command(target, key, seconds), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
    except OSError as exc:
        return f"ssh: {exc.strerror}"
    try:
        return judge(_lines(process, time.monotonic() + seconds), fingerprint)
    finally:
        process.kill()
        process.wait()


def _lines(process: subprocess.Popen[bytes], deadline: float) -> t.Iterator[str]:
    """What ssh says, until it ends or time is over."""
    stream = t.cast(io.BufferedReader, process.stderr)
    with stream, selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        rest = b""
        while time.monotonic() < deadline and selector.select(max(0.0, deadline - time.monotonic())):
            data = stream.read1(65536)
            if not data:
                yield from rest.decode("utf-8", "replace").splitlines()
                return
            *whole, rest = (rest + data).split(b"\n")
            yield from (line.decode("utf-8", "replace").strip() for line in whole)
    yield "no answer in time"


def judge(lines: t.Iterable[str], fingerprint: str) -> str:
    """Why what ssh says is no login with this very key; empty where it is."""
    accepted, said = "", ""
    for line in lines:
        match = _ACCEPTED.search(line)
        if match:
            accepted = match[1]
        elif _IN.search(line):
            return "" if accepted == fingerprint else f"another key got in: {accepted or 'of unknown fingerprint'}"
        elif line and not _NOISE.match(line):
            said = line
    return said or "ssh ended without a word"
