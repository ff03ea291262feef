# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The service that shows a pair: which group reads its key, and how it takes up a new one."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._certificates.pairs import PairError, Wanted
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate, read_state
from ansible_collections.infosec.principles.plugins.module_utils._host import sockets, units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

NEVER, WHEN_NEEDED = "never", "when_needed"


def group(host: Host, wanted: Wanted) -> int:
    """The group of the service's process, that of root where it does not run or starts as root and reads the key so."""
    pid = _pid(host, wanted)
    try:
        found = re.search(r"^Gid:\s+\d+\s+(\d+)", host.read_text(f"/proc/{pid}/status"), re.MULTILINE) if pid else None
    except HostError:
        found = None
    return int(found[1]) if found else os.getegid()


def _pid(host: Host, wanted: Wanted) -> int:
    listener = _listener(host, wanted)
    unit = host.once(units.read).get(wanted.unit) if wanted.unit else None
    return listener.pid if listener else unit.main_pid if unit else 0


def _listener(host: Host, wanted: Wanted) -> sockets.Listener | None:
    """Who listens on a port of the service; the unit of the register where several do."""
    found = [one for one in host.once(sockets.read) if one.protocol == "tcp" and one.port in wanted.ports and one.pid]
    return next(iter(sorted(found, key=lambda one: (one.unit != wanted.unit, one.port))), None)


def take_up(host: Host, wanted: Wanted, restart: str) -> str:
    """Have the service read its pair; "" or what a person has still to do. Raises PairError where it got ill of it."""
    listener = _listener(host, wanted)
    unit = listener.unit if listener and listener.unit else wanted.unit
    try:
        if not unit or not read_state(host, unit).active:
            return ""
        verb = _verb(host, unit, restart)
        if verb:
            Activate(unit, verb, ports=_ports(listener)).apply(host, tag="")
    except ChangeError as exc:
        raise PairError(str(exc)) from exc
    return "" if verb else f"{unit} cannot be reloaded: restart it, which internal_ca.yml does with restart=when_needed"


def _verb(host: Host, unit: str, restart: str) -> str:
    shown = host.run(["systemctl", "show", "-p", "CanReload", "--", unit]).stdout
    return "reload" if "CanReload=yes" in shown else "restart" if restart == WHEN_NEEDED else ""


def _ports(listener: sockets.Listener | None) -> tuple[tuple[str, int], ...]:
    if not listener:
        return ()
    loopback: t.Mapping[str, str] = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    return ((loopback.get(listener.address, listener.address), listener.port),)
