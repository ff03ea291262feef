#!/usr/bin/env python3
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Try to log in over SSH as a person would, and say `in` or `out: reason`.

    login.py HOST USER [--key FILE] [--answer TEXT]... [--methods LIST] [--port N]

--key: the private key to offer; none without it. --answer: what to type when asked, in this order (a code, a password);
nothing is typed once they are used up. --methods: as PreferredAuthentications of ssh_config(5).
Needs python3 and an OpenSSH client of 8.4 or newer, which asks the program SSH_ASKPASS instead of a terminal.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

GREETING = "logged in as"
#: Gives the next answer, keeps what was asked, and gives up (which ends the attempt) when there is none left.
ASKED = """\
#!/bin/sh
printf '%s\\n' "$1" >>"$LOGIN_FOLDER/asked"
count=$(wc -l <"$LOGIN_FOLDER/asked")
[ -e "$LOGIN_FOLDER/answer$count" ] || exit 1
cat "$LOGIN_FOLDER/answer$count"
"""
OPTIONS = (
    "ConnectTimeout=10",
    "StrictHostKeyChecking=no",
    "UserKnownHostsFile=/dev/null",
    "GlobalKnownHostsFile=/dev/null",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "NumberOfPasswordPrompts=1",
    "ControlPath=none",
    "LogLevel=ERROR",
)


def command(told: argparse.Namespace) -> list[str]:
    """The ssh that makes the attempt."""
    options = [*OPTIONS, f"IdentityFile={told.key or 'none'}"]
    options += [f"PreferredAuthentications={told.methods}"] if told.methods else []
    words = [word for option in options for word in ("-o", option)]
    return [
        "ssh",
        "-F",
        "/dev/null",
        "-p",
        str(told.port),
        *words,
        f"{told.user}@{told.host}",
        f"echo {GREETING} $USER",
    ]


def attempt(told: argparse.Namespace) -> str:
    """`in`, or `out: ` with the last words of ssh and the prompts that it could not answer."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        program = folder / "asked.sh"
        program.write_text(ASKED, encoding="utf-8")
        program.chmod(0o700)
        for number, answer in enumerate(told.answer, 1):
            (folder / f"answer{number}").write_text(f"{answer}\n", encoding="utf-8")
        place = {"SSH_ASKPASS": str(program), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0", "LOGIN_FOLDER": name}
        done = subprocess.run(
            command(told),
            env={**os.environ, **place},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        asked = (folder / "asked").read_text(encoding="utf-8").split("\n") if (folder / "asked").exists() else []
    if done.returncode == 0 and f"{GREETING} {told.user}" in done.stdout:
        return "in"
    prompts = "; ".join(prompt.strip() for prompt in asked if prompt.strip())
    reason = (done.stderr.strip().splitlines() or ["ssh said nothing"])[-1].strip()
    return f"out: {reason}" + (f" (asked: {prompts})" if prompts else "")


def main() -> int:
    """0 for `in`, 1 for `out`."""
    parser = argparse.ArgumentParser(description="Try to log in over SSH; says `in` or `out: reason`.")
    parser.add_argument("host")
    parser.add_argument("user")
    parser.add_argument("--key", default="")
    parser.add_argument("--answer", action="append", default=[])
    parser.add_argument("--methods", default="")
    parser.add_argument("--port", type=int, default=22)
    seen = attempt(parser.parse_args())
    print(seen)
    return 0 if seen == "in" else 1


if __name__ == "__main__":
    sys.exit(main())
