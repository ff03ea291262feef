# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The process behind a guard: waits, and takes the guarded fixes of its run back unless they were confirmed.

Runs without Ansible, from the archive that guard.py has made.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import sys
import time
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import guard
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.journal import (
    OVER,
    Journal,
    Locked,
    holder,
    lock,
    put_in_order,
)

#: How long a run that holds the host is waited for before it is killed: it hangs, and nobody can reach the host.
PATIENCE = 30
#: Seconds between attempts, the last one for good: taking back may fail for a moment (a package manager's lock, a unit
#: that is still stopping), or until somebody makes room on the disk.
PAUSES = (5, 5, 5, 5, 30)
#: So often services are asked to take up what was put back. One that stays ill must not hold the host for ever.
SERVICES = 2
POLL_SECONDS = 0.5


def main(machine: t.Callable[..., t.Any]) -> None:
    """Arguments of the process: the run's id, and the root of the host."""
    run_id, root = sys.argv[1:]
    host = machine(root=root)
    # Started again on a disk that is full: nobody waits for the word any more.
    with contextlib.suppress(OSError):
        guard.say_ready(host, run_id)
    if wait(host, run_id):
        expire(host, run_id)


def wait(host: t.Any, run_id: str) -> bool:
    """Wait for the end of the timer, which may be set anew meanwhile; False where it was disarmed.

    Within one setting the monotonic clock counts, so that setting the wall clock back prolongs nothing.
    """
    known: guard.Setting | None = None
    end = 0.0
    while current := guard.setting(host, run_id):
        if current != known:
            known, end = current, time.monotonic() + current.left
        left = min(current.left, end - time.monotonic())
        if left <= 0:
            return True
        time.sleep(min(POLL_SECONDS, left))
    return False


def expire(host: t.Any, run_id: str) -> None:
    """Take back what was not confirmed, however often that needs to be tried, and go.

    Never gives up, except on services that stay ill: a firewall that is still starting, or a disk that is full, would
    leave everybody shut out.
    """
    for attempt, pause in enumerate(itertools.chain(PAUSES, itertools.repeat(PAUSES[-1]))):
        with contextlib.suppress(Locked), _held(host):
            _put_in_order(host, run_id, settle=attempt >= SERVICES)
        if _is_over(host, run_id):
            break
        time.sleep(pause)
    guard.disarm(host, run_id, stop=False)


def _put_in_order(host: t.Any, run_id: str, *, settle: bool) -> None:
    """As far as it goes: the journal of a full disk takes no record, and says so with ChangeError."""
    if not _is_over(host, run_id):
        with contextlib.suppress(ChangeError):
            put_in_order(host, Journal(host, run_id).read(), settle=settle)


def _is_over(host: t.Any, run_id: str) -> bool:
    return Journal(host, run_id).read().state in OVER


@contextlib.contextmanager
def _held(host: t.Any) -> t.Iterator[None]:
    """The host's lock, taken by force from a run that hangs."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(lock(host, by="guard", timeout=PATIENCE))
        except Locked:
            with contextlib.suppress(ProcessLookupError):
                os.kill(holder(host), signal.SIGKILL)
            stack.enter_context(lock(host, by="guard", timeout=PATIENCE))
        yield
