# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times playbooks/harden.yml on converged hosts against `ansible -m ping` on the same hosts, side by side.

    python tests/benchmark/converged.py INVENTORY PATTERN [--rounds 5] [--bar 3] [-- MORE ARGUMENTS OF BOTH COMMANDS]

The two take turns, so that a busy machine slows both. Prints the medians; fails when harden.yml takes more than
`bar` times as long as ping, or changes anything (then the hosts were not converged).
"""

from __future__ import annotations

import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main() -> int:
    args = parse(sys.argv[1:])
    where = ["-i", os.path.abspath(args.inventory), *args.more]
    ping = ["ansible", args.pattern, *where, "-m", "ansible.builtin.ping"]
    harden = ["ansible-playbook", "playbooks/harden.yml", *where, "--limit", args.pattern]
    for command in (ping, harden):
        seconds(command)  # opens the connections and warms the caches of both
    times = [(seconds(ping), seconds(harden)) for repeat in range(args.rounds)]
    return judge(times, args.bar)


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inventory")
    parser.add_argument("pattern")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bar", type=float, default=3)
    parser.add_argument("more", nargs="*", help="after --: arguments that both commands get")
    return parser.parse_args(words)


def seconds(command: list[str]) -> float:
    """Wall time of a command that has to end well and change nothing."""
    start = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    took = time.monotonic() - start
    changed = re.findall(r"^(\S+) +: ok=.*changed=[1-9]", done.stdout, re.MULTILINE)
    if done.returncode != 0 or changed:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        sys.exit(f"{' '.join(command)}: rc {done.returncode}, changed: {changed or 'nothing'}")
    return took


def judge(times: list[tuple[float, float]], limit: float) -> int:
    ping, harden = (statistics.median(column) for column in zip(*times))
    ratio = harden / ping
    print(f"ping {ping:.2f} s, harden.yml {harden:.2f} s: {ratio:.2f} times (bar: {limit:g}; medians of {len(times)})")
    return 0 if ratio <= limit else 1


if __name__ == "__main__":
    sys.exit(main())
