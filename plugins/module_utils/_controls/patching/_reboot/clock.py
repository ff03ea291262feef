# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whether the clock is right, and is right again after a boot."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot.rules import rule
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import State, UnitState
from ansible_collections.infosec.principles.plugins.module_utils._host import container, units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

CLOCK = rule(
    "clock",
    "The clock is kept right by a time server, and the clock of the hardware agrees with it",
    "medium",
    "Enable a time service (systemd-timesyncd, chrony) that reaches a server; set the hardware: hwclock --systohc.",
)
RULES = (CLOCK,)
OPTIONS: dict[str, dict[str, t.Any]] = {}
TIME, RTC = "time", "rtc"
SYNCED = "/run/systemd/timesync/synchronized"
HARDWARE = "/sys/class/rtc/rtc0/since_epoch"
TIMESYNCD = "systemd-timesyncd.service"
SERVICES = (
    TIMESYNCD,
    "chrony.service",
    "chronyd.service",
    "ntp.service",
    "ntpd.service",
    "ntpsec.service",
    "openntpd.service",
)
#: Certificates and tickets bear about that much (Kerberos: 5 minutes).
BEARABLE = 300


def assess(host: Host, options: Options) -> t.Iterator[f.Finding]:
    """Of the clock as it is kept now, and of the one that a boot starts with."""
    runtime = host.once(container.read)
    if runtime:
        yield f.Finding(CLOCK, TIME, f.NOT_APPLICABLE, f"a container ({runtime}) has the clock of its host")
        return
    yield _time(host)
    yield from _hardware(host)


def _time(host: Host) -> f.Finding:
    services = [unit for unit in map(host.once(units.read).get, SERVICES) if unit and unit.is_active]
    names = ", ".join(dict.fromkeys(unit.name for unit in services))
    synced, evidence = _synced(host)
    if synced is None:
        return f.Finding(CLOCK, TIME, f.NOT_ASSESSED, "nothing tells whether the clock is kept right", (evidence,))
    if synced:
        by = f" ({names})" if names else ""
        return f.Finding(CLOCK, TIME, f.PASS, f"the clock is kept right by a time server{by}", (evidence,))
    why = f"{names} reaches no time server" if names else "no time service runs"
    fix = () if names else _enable(host)
    steps = (
        f"See what {names} says: journalctl -u {services[0].name}; timedatectl timesync-status, chronyc sources"
        if names
        else ""
    )
    return f.Finding(CLOCK, TIME, f.FAIL, f"the clock is not kept right: {why}", (evidence,), fix, steps)


def _synced(host: Host) -> tuple[bool | None, f.Evidence]:
    """Whether the kernel's clock is synchronised; files first, since asking starts a service."""
    if host.exists(SYNCED):
        return True, f.Evidence(SYNCED, "it is there", "it is there")
    asked = host.ask("timedatectl", "show", "--property=NTPSynchronized")
    said = asked.stdout.strip()
    source = "timedatectl show"
    if asked.rc != 0 or not said:
        return None, f.Evidence(source, asked.stderr.strip() or "nothing", "NTPSynchronized=yes")
    if said != "NTPSynchronized=yes" and host.which("chronyc"):
        # Without its rtcsync, chronyd does not tell the kernel.
        tracking = host.ask("chronyc", "-n", "tracking")
        match = re.search(r"(?m)^Leap status\s*:\s*(.+)$", tracking.stdout)
        if match:
            return match[1] != "Not synchronised", f.Evidence("chronyc tracking", f"leap status {match[1]}", "Normal")
    return said == "NTPSynchronized=yes", f.Evidence(source, said, "NTPSynchronized=yes")


def _enable(host: Host) -> tuple[Change, ...]:
    """Plain only where systemd's own client is there and idle."""
    unit = units.show(host, TIMESYNCD)
    if unit is None or unit.load != "loaded" or unit.enablement not in ("enabled", "disabled"):
        return ()
    return (UnitState(TIMESYNCD, State(unit.is_active, unit.enablement), State(True, "enabled")),)


def _hardware(host: Host) -> t.Iterator[f.Finding]:
    """Nothing where there is no such clock (small boards)."""
    try:
        seconds = int(host.read_text(HARDWARE))
        # The hardware may keep local time; then it is off by a zone, of quarters of an hour.
        local = "LOCAL" in host.read_text("/etc/adjtime") if host.exists("/etc/adjtime") else False
    except (HostError, ValueError):
        return
    ahead = seconds - int(host.now().timestamp())
    off = abs(ahead) if not local else min(ahead % 900, -ahead % 900)
    evidence = (f.Evidence(HARDWARE, "agrees" if off <= BEARABLE else "disagrees", f"within {BEARABLE} s"),)
    if off <= BEARABLE:
        yield f.Finding(CLOCK, RTC, f.PASS, "the clock of the hardware is right", evidence)
        return
    message = f"the clock of the hardware is off by {_span(ahead)}, and a boot starts with it"
    yield f.Finding(CLOCK, RTC, f.FAIL, message, evidence, remedy="hwclock --systohc")


def _span(seconds: int) -> str:
    """Rough, so that two runs say the same."""
    for length, name in ((86400, "day(s)"), (3600, "hour(s)"), (60, "minute(s)")):
        if abs(seconds) >= length:
            return f"{abs(seconds) // length} {name}"
    return f"{abs(seconds)} s"
