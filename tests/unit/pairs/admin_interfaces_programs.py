# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of admin_interfaces: programs with a port of their own, played by Prometheus, which keeps no access log."""

from __future__ import annotations

import functools
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import played_web
from .case import Case
from .machine import Machine
from .played_web import Says

UNIT, ARGUMENTS = "prometheus.service", "/etc/default/prometheus"
PAGES: dict[str, Says] = {"/-/healthy": ("200 OK", "", "Prometheus Server is Healthy.\n")}
SITE = played_web.site(lambda path: PAGES.get(path, ("404 Not Found", "", "404 page not found")))
PORT = played_web.listen(SITE)


def prometheus(address: str = "") -> t.Callable[[Machine], None]:
    """Prometheus as Debian starts it, which is told its address by a file for its arguments."""

    def lay(machine: Machine) -> None:
        machine.write(ARGUMENTS, f'ARGS="--web.listen-address={address}:{PORT}"\n')
        machine.write(
            f"/lib/systemd/system/{UNIT}",
            f"[Service]\nEnvironmentFile={ARGUMENTS}\nExecStart=/usr/bin/prometheus $ARGS\n",
        )
        machine.unit(UNIT, process="prometheus", properties=properties())
        machine.servers[PORT] = SITE
        machine.program("promtool")
        machine.programs["env"] = lambda argv, stdin: Completed(0, "", "")
        machine.programs["systemctl"] = functools.partial(systemctl, machine, machine.programs["systemctl"])
        machine.programs["systemctl"](["systemctl", "restart", UNIT], None)

    return lay


def properties() -> dict[str, str]:
    started = "{ path=/usr/bin/prometheus ; argv[]=/usr/bin/prometheus $ARGS ; ignore_errors=no ; pid=0 }"
    return {"ExecStart": started, "EnvironmentFiles": f"{ARGUMENTS} (ignore_errors=no)"}


def systemctl(machine: Machine, before: t.Any, argv: t.Sequence[str], stdin: str | None) -> Completed:
    """A restart takes up the address that the file says."""
    if argv[1] == "restart":
        told = re.search(r"--web\.listen-address=(\S*):", machine.path(ARGUMENTS).read_text(encoding="utf-8"))
        unit = machine.units[UNIT]
        unit.sockets = [("tcp", (told[1] if told else "") or "::", PORT)]
        unit.title = f"/usr/bin/prometheus\0--web.listen-address={told[1] if told else ''}:{PORT}\0"
    done: Completed = before(argv, stdin)
    return done


def entry(*clients: str) -> dict[str, t.Any]:
    ports = [{"first": PORT, "last": PORT, "protocol": "tcp"}]
    return {"services": [{"name": "metrics", "ports": ports, "clients": list(clients)}], "restart": "when_needed"}


OPEN = frozenset({"open_to_all", "no_tls"})
CASES = (
    Case("prometheus-in-no-register", prometheus(), {"restart": "when_needed"}, fails=OPEN),
    Case("prometheus-for-nobody-else", prometheus(), entry(), fails=OPEN, fixed=OPEN),
    Case("prometheus-for-a-network", prometheus(), entry("192.0.2.0/24"), fails=OPEN),
    Case("prometheus-on-loopback", prometheus("127.0.0.1"), passes=OPEN | {"unused"}),
)
