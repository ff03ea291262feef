# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times host_firewall's table with many clients, in the kernel of this machine, in a network namespace of its own.

    sudo python tests/benchmark/host_firewall.py [clients]

10,000 unless told, a tenth of them IPv6, for a service with three ports. Bars: 2 s to plan and load the table, 1 s to
look at it again and to find nothing, or the one client that somebody added. Exit status 1 where one is missed.
"""

from __future__ import annotations

import os
import pathlib
import random
import subprocess
import sys
import time
import typing as t

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from conftest import link_collection

link_collection()

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import (
    nftables,
    policy,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall.backend import (
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

LOAD, LOOK = 2.0, 1.0
INSIDE = "BENCHMARK_IN_A_NAMESPACE"
PORTS = (("tcp", 443, 443), ("udp", 443, 443), ("tcp", 8000, 8010))


def main(clients: int = 10_000) -> int:
    wanted = Wanted(policy.admissions([service(clients)]))
    loading = timed(f"load {clients} clients", LOAD, lambda: load(wanted))
    nothing = timed("look again", LOOK, lambda: differences(wanted) == 0)
    add = "add element inet infosec_principles clients4_many { 203.0.113.77 }"
    subprocess.run(["nft", add], check=True)
    found = timed("find the client that somebody added", LOOK, lambda: differences(wanted) == 1)
    again = timed("mend it", LOAD, lambda: load(wanted) and differences(wanted) == 0)
    return 0 if loading and nothing and found and again else 1


def service(clients: int) -> dict[str, t.Any]:
    dice = random.Random(4)
    four = [f"10.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(256)}/32" for _number in range(clients)]
    six = [f"2001:db8:{dice.randrange(65536):x}:{dice.randrange(65536):x}::/64" for _number in range(clients // 10)]
    ports = [{"protocol": protocol, "first": first, "last": last} for protocol, first, last in PORTS]
    return {"name": "many", "clients": [*four[clients // 10 :], *six], "ports": ports}


def load(wanted: Wanted) -> bool:
    """Plan and make the change, as a run does."""
    host = Host()
    (change,) = nftables._ruleset(host, wanted)
    change.apply(host, tag="benchmark")
    return True


def differences(wanted: Wanted) -> int:
    """How many differences a run with a fresh look at the kernel tells."""
    return len([one for one in nftables._admission(Host(), wanted) for _evidence in one.evidence])


def timed(what: str, most: float, act: t.Callable[[], bool]) -> bool:
    nftables._ranges.cache_clear()
    start = time.perf_counter()
    right = act()
    took = time.perf_counter() - start
    print(f"{what}: {took:.2f} s (at most {most:g} s){'' if right else ', WRONG'}")
    return right and took <= most


if __name__ == "__main__":
    if INSIDE not in os.environ:
        os.execvpe("unshare", ["unshare", "--net", sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})
    sys.exit(main(*map(int, sys.argv[1:])))
