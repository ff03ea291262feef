# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Things that mostly wait for others, done at once."""

from __future__ import annotations

import threading
import typing as t

T = t.TypeVar("T")
MOST = 4


def each(tasks: t.Sequence[t.Callable[[], T]]) -> list[T]:
    """What each task returns, in their order; at most MOST run at a time. Raises what the first of them raised."""
    results: dict[int, T] = {}
    raised: dict[int, BaseException] = {}
    left = iter(list(enumerate(tasks)))
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                at, task = next(left, (-1, None))
            if task is None:
                return
            try:
                results[at] = task()
            except BaseException as exc:
                raised[at] = exc

    threads = [threading.Thread(target=work, daemon=True) for _number in range(min(MOST, len(tasks)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[min(raised)]
    return [results[at] for at in range(len(tasks))]
