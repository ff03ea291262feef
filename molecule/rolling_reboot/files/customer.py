# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""customer go ADDRESS...: asks all for a page at the same moment, ten times a second, and keeps a line for each visit.
customer tell ADDRESS...: says what these lines come to."""

import asyncio
import json
import sys
import time

LOG = "/var/tmp/visits.jsonl"
PERIOD, PATIENCE = 0.1, 2.0


async def answers(address: str) -> bool:
    """Whether a page came within PATIENCE."""
    writer = None
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(address, 80), PATIENCE)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        return b" 200 " in await asyncio.wait_for(reader.readline(), PATIENCE)
    except (OSError, asyncio.TimeoutError):
        return False
    finally:
        if writer is not None:
            writer.close()


async def visit(addresses, log) -> None:
    """One line."""
    began = time.time()
    found = await asyncio.gather(*map(answers, addresses))
    up = [address for address, answered in zip(addresses, found) if answered]
    print(json.dumps({"time": began, "up": up}), file=log, flush=True)


async def go(addresses) -> None:
    """Visits until somebody ends it; a visit that takes long does not hold up the next."""
    with open(LOG, "w", encoding="utf-8") as log:
        visits, due = set(), time.monotonic()
        while True:
            visits = {one for one in visits if not one.done()} | {asyncio.ensure_future(visit(addresses, log))}
            due += PERIOD
            await asyncio.sleep(max(0.0, due - time.monotonic()))


def tell(addresses):
    """The visits; the last line may be half written."""
    with open(LOG, encoding="utf-8") as log:
        visits = sorted(map(json.loads, log.read().splitlines()[:-1]), key=lambda one: one["time"])
    times = [one["time"] for one in visits]
    return {
        "visits": len(visits),
        "seconds": round(times[-1] - times[0], 1),
        "longest_pause": round(max(later - earlier for earlier, later in zip(times, times[1:])), 2),
        "least": min(len(one["up"]) for one in visits),
        "absences": {address: sum(address not in one["up"] for one in visits) for address in addresses},
    }


if sys.argv[1] == "go":
    asyncio.run(go(sys.argv[2:]))
else:
    print(json.dumps(tell(sys.argv[2:])))
