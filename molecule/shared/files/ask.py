# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks services as clients do: ask.py WHEN JSON prints who got an answer, and fails where it is not as expected.

WHEN: "before" or "after", the key of a question that says on which hosts it gets its answer.
JSON: {"hosts": {name: address}, "questions":
[{"name": "in clear", "ask": "psql ...", "answer": "tea", WHEN: [name]}]}

ask: a command of the shell; HOST and ADDRESS are in its environment. answer: what it prints, as a regular expression.
seconds: how long it may take, 8 by default.
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import re
import subprocess
import sys
import typing as t

SECONDS = 8
WORDS = {True: "yes", False: "no"}
Question = dict[str, t.Any]


def answered(question: Question, name: str, address: str) -> tuple[bool, str]:
    """Whether the answer came, and what was said."""
    seconds = question.get("seconds", SECONDS)
    environment = {**os.environ, "HOST": name, "ADDRESS": address, "OPENSSL_CONF": "/dev/null"}
    try:
        done = subprocess.run(
            ["timeout", str(seconds), "sh", "-c", question["ask"]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment,
            timeout=seconds + 5,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False, "no end"
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    return bool(re.search(question["answer"], said)), said


def main(when: str, wanted: dict[str, t.Any]) -> int:
    """Ask everything; the number of questions that were not answered as expected."""
    hosts: dict[str, str] = wanted["hosts"]
    asked = [(question, name) for question in wanted["questions"] for name in hosts]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: answered(one[0], one[1], hosts[one[1]]), asked))
    wrong = 0
    for (question, name), (seen, said) in zip(asked, answers, strict=True):
        expected = name in question[when]
        mark = "" if seen == expected else f"  UNEXPECTED: {said.strip()[-300:]!r}"
        wrong += seen != expected
        print(f"{name:10} {question['name']:38} {WORDS[expected]:9} {WORDS[seen]}{mark}")
    return wrong


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1], json.loads(sys.argv[2])), 100))
