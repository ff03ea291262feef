# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Confirming a guarded change: only a connection that did not exist before says that the host can still be reached."""

from __future__ import annotations

import contextlib
import time
import typing as t

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

Answer = dict[str, t.Any]

#: For ssh: never the connection that another process keeps open (ControlPersist, or the user's own ControlPath), and an
#: end to one that the new rules leave hanging.
SSH_OPTIONS = "-o ControlPath=none -o ServerAliveInterval=5 -o ServerAliveCountMax=2"
#: How long past its time a host may take to put everything back: a run that hangs is waited for, services restart.
GRACE_SECONDS = 90
PAUSE_SECONDS = 2


@contextlib.contextmanager
def new_connection(connection: t.Any) -> t.Iterator[None]:
    """Drop the connection; within the block each use of it opens a new one. Works with every connection plugin."""
    if type(connection).reset is not ConnectionBase.reset:
        connection.reset()
    if connection.transport != "ssh":
        yield
        return
    former = connection.get_option("ssh_extra_args") or ""
    connection.set_option("ssh_extra_args", f"{former} {SSH_OPTIONS}".strip())
    try:
        yield
    finally:
        connection.set_option("ssh_extra_args", former)


def ask(
    call: t.Callable[[], Answer],
    seconds: int,
    *,
    clock: t.Callable[[], float] = time.monotonic,
    sleep: t.Callable[[float], None] = time.sleep,
) -> Answer:
    """Call until the host answers, also past its time, to hear that it has put everything back.

    Raises AnsibleConnectionFailure where the host cannot be reached even then.
    """
    end = clock() + seconds + GRACE_SECONDS
    while True:
        try:
            return call()
        except AnsibleConnectionFailure as exc:
            if clock() > end:
                raise AnsibleConnectionFailure(
                    f"no new connection for {seconds + GRACE_SECONDS} s since a guarded change, "
                    f"which the host takes back by itself {seconds} s after it was made: {exc}"
                ) from exc
        sleep(PAUSE_SECONDS)
