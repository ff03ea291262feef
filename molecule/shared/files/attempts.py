# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tries logins with the OpenSSH client: attempts.py WHEN JSON prints a table, and fails where it is not as expected.

WHEN: "before" or "after", the key of an attempt that says whether it is to get in.
JSON: {"hosts": {name: address}, "attempts": [{"account": "ann", "key": "/root/keys/ann", "answer": "", WHEN: true}]}

key: of the public key method; "" to come without. answer: to whatever is asked, a password or a code; "" to give none;
"totp:HEX" for the next code of this secret that was not used yet (RFC 6238), "again:HEX" for the one used last,
"unused:HEX" for such a code where it is not going to be used, since the attempt is to fail for another reason.
Attempts on one account come one after the other, each by a connection of its own.
"""

from __future__ import annotations

import concurrent.futures
import hashlib
import hmac
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time
import typing as t

OPTIONS = {
    "ConnectTimeout": "10",
    "ControlPath": "none",
    "IdentitiesOnly": "yes",
    "LogLevel": "ERROR",
    "NumberOfPasswordPrompts": "1",
    "StrictHostKeyChecking": "no",
    "UserKnownHostsFile": "/dev/null",
}
WORDS = {True: "in", False: "out"}
Attempt = dict[str, t.Any]


def code(secret: str, when: float) -> str:
    """The six digits of RFC 6238 (HMAC-SHA-1, steps of 30 seconds)."""
    digest = hmac.new(bytes.fromhex(secret), struct.pack(">Q", int(when) // 30), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 1000000:06d}"


class Person:
    """Somebody before one host; `memory` is the file with the code that was used there last."""

    def __init__(self, address: str, askpass: str, memory: pathlib.Path) -> None:
        self.address = address
        self._askpass = askpass
        self._memory = memory

    def answer(self, text: str) -> str:
        """What is typed; waits until there is a code that nobody has used."""
        kind, _colon, secret = text.partition(":")
        last = self._memory.read_text(encoding="ascii") if self._memory.exists() else ""
        if kind == "again":
            return last
        if kind not in ("totp", "unused"):
            return text
        while code(secret, time.time()) == last:
            time.sleep(1)
        fresh = code(secret, time.time())
        if kind == "totp":
            self._memory.write_text(fresh, encoding="ascii")
        return fresh

    def gets_in(self, attempt: Attempt) -> bool:
        """Whether `id -un` runs as the account."""
        answer = self.answer(attempt.get("answer", ""))
        methods = ["publickey"] if attempt.get("key") else []
        methods += ["password", "keyboard-interactive"] if answer else []
        options = {**OPTIONS, "PreferredAuthentications": ",".join(methods)}
        argv = ["ssh", "-F", "none", *(f"-o{name}={value}" for name, value in options.items())]
        argv += ["-i", attempt["key"]] if attempt.get("key") else []
        argv += [f"{attempt['account']}@{self.address}", "id -un"]
        environment = {**os.environ, "SSH_ASKPASS": self._askpass, "SSH_ASKPASS_REQUIRE": "force", "ANSWER": answer}
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=90, check=False, stdin=subprocess.DEVNULL, env=environment
        )
        return done.returncode == 0 and done.stdout.strip() == attempt["account"]


def row(host: str, attempt: Attempt, expected: bool, seen: bool) -> str:
    """One line of the table."""
    how = [os.path.basename(attempt.get("key", "")), attempt.get("answer", "").partition(":")[0]]
    told = " + ".join(filter(None, how)) or "nothing"
    return f"{host} {attempt['account']} by {told}: expected {WORDS[expected]}, seen {WORDS[seen]}"


def visit(host: str, address: str, own: t.Sequence[Attempt], when: str, askpass: str) -> list[tuple[str, bool]]:
    """The attempts of one account on one host: a line of the table for each, and whether it is right."""
    person = Person(address, askpass, pathlib.Path.home() / f".code-{own[0]['account']}-{host}")
    seen = [(one, person.gets_in(one)) for one in own]
    return [(row(host, one, one[when], got), one[when] == got) for one, got in seen]


def main() -> int:
    when, wanted = sys.argv[1], json.loads(sys.argv[2])
    by_account: dict[str, list[Attempt]] = {}
    for one in wanted["attempts"]:
        by_account.setdefault(one["account"], []).append(one)
    # /tmp of a container lets nothing run.
    home = pathlib.Path.home()
    with tempfile.TemporaryDirectory(dir=home) as folder, concurrent.futures.ThreadPoolExecutor(6) as pool:
        askpass = pathlib.Path(folder, "askpass")
        askpass.write_text('#!/bin/sh\nprintf "%s\\n" "$ANSWER"\n', encoding="utf-8")
        askpass.chmod(0o700)
        visits = [
            pool.submit(visit, host, address, own, when, str(askpass))
            for host, address in wanted["hosts"].items()
            for own in by_account.values()
        ]
        rows = [line for one in visits for line in one.result()]
    print("\n".join(text for text, _right in rows))
    return 0 if all(right for _text, right in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
