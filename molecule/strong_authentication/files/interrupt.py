# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""interrupt.py TASK COMMAND...: run ansible-playbook, kill it with all its processes when that task begins.

Ends with 0 where it was killed there; else with the status of the command, or 99 where the task never began.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys


def main() -> int:
    task, command = sys.argv[1], sys.argv[2:]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="")
        if task and line.startswith(f"TASK [{task}"):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return 0
    status = process.wait()
    return status or (99 if task else 0)


if __name__ == "__main__":
    sys.exit(main())
