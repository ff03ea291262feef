# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Cockpit is started by systemd for whoever comes to cockpit.socket, so it is that unit whose addresses count."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import common
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import programs
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    HEADER,
    Shut,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.proof import (
    still,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._host import addresses, units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, Missing

UNIT = "cockpit.socket"
CONFIG = "/etc/cockpit/cockpit.conf"
_CLEAR = re.compile(r"^\s*AllowUnencrypted\s*=\s*(?:true|yes|1)\s*$", re.MULTILINE | re.IGNORECASE)
#: The last of the drop-ins that says where to listen counts; Cockpit's own manual calls its one listen.conf.
OWN = f"/etc/systemd/system/{UNIT}.d/zz-infosec-principles.conf"


def secured(host: Host) -> bool:
    """Whether it leads whoever comes in clear from elsewhere to TLS, as it does by itself (cockpit.conf(5))."""
    try:
        return not _CLEAR.search(host.read_text(CONFIG))
    except Missing:
        return True


def plan(host: Host, shuts: t.Sequence[Shut], *, restart: bool) -> tuple[Change, ...]:
    """Let systemd listen on loopback for it. Raises Refused or HostError."""
    programs.loopback_alone(shuts)
    ports = _ports(host)
    changed = common.own_file(host, OWN, _text(host, ports))
    if not restart:
        raise Refused(
            f"{UNIT} takes up where to listen by a restart, which ends sessions of Cockpit: set restart: when_needed"
        )
    healthy = tuple(("127.0.0.1", port) for port in ports)
    return (*changed, Activate(UNIT, "restart", healthy), *still(host, shuts))


def _ports(host: Host) -> tuple[int, ...]:
    """Where it listens. Raises Refused where ours would take more away, or would not count."""
    unit = units.show(host, UNIT)
    if unit is None or not unit.listen:
        raise Refused(f"Cockpit runs without {UNIT}; let whatever starts it have it listen on loopback (-a 127.0.0.1)")
    shown = host.ask("systemctl", "show", "-p", "Listen", "--", UNIT).stdout
    if any(line and not re.search(r"[\].0-9]:\d+ \(Stream\)$", line) for line in shown.split("\n")):
        raise Refused(f"{UNIT} listens on more than ports of TCP; give it ListenStream=127.0.0.1:PORT by hand")
    later = [path for path in unit.drop_ins if path.rpartition("/")[2] > OWN.rpartition("/")[2]]
    if later:
        raise Refused(f"{later[0]} is read after ours; set ListenStream=127.0.0.1:PORT there")
    return tuple(sorted({port for _protocol, _address, port in unit.listen}))


def _text(host: Host, ports: t.Iterable[int]) -> str:
    """systemd does not start a socket whose address is not there, as ::1 is not where IPv6 is off."""
    six = any(str(one.ip) == "::1" for one in host.once(addresses.read))
    at = [f"{address}:{port}" for port in ports for address in ("127.0.0.1", *(("[::1]",) if six else ()))]
    return f"{HEADER}[Socket]\nListenStream=\n" + "".join(f"ListenStream={one}\n" for one in at)
