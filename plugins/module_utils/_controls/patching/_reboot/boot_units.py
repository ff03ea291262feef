# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which units the next boot starts, by the relations that systemd has in memory."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host import units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.units import Unit

LINKS = "/etc/systemd/system"
BUS_SERVICES = (
    "/usr/share/dbus-1/system-services",
    "/usr/local/share/dbus-1/system-services",
    "/etc/dbus-1/system-services",
)
#: Every boot comes past these (bootup(7)).
ALWAYS = ("default.target", "basic.target", "sysinit.target")
#: Units of these kinds are judged here; others (devices, mounts, slices) are there without anybody enabling them.
JUDGED = (".service", ".socket", ".timer", ".path", ".target")
#: What netplan enables in /run at each boot, as its generator.
NETPLAN = re.compile(r"(?:netplan-|systemd-networkd).*")


def starts(host: Host, name: str, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a boot starts the unit, or starts what starts it when it is asked for (a socket, a timer, D-Bus)."""
    unit = host.once(units.read).get(name)
    if unit is None or name in seen:
        return not name.endswith(JUDGED)
    if not set(ALWAYS).isdisjoint((unit.name, *unit.names)):
        return True
    if unit.load == "masked" or is_runtime(host, unit):
        return False
    above = (*unit.pulled_by, *unit.triggered_by)
    return by_bus(host, unit) or any(starts(host, one, seen | {name}) for one in above)


def is_runtime(host: Host, unit: Unit) -> bool:
    """Whether it, or all that enables it, lies in /run, where somebody put it and a boot does not."""
    if NETPLAN.match(unit.name) and host.listdir("/etc/netplan"):
        return False
    if unit.transient or unit.fragment.startswith(("/run/systemd/system/", "/run/systemd/transient/")):
        return True
    return unit.enablement == "enabled-runtime" and bool(enabling_links(host, unit.name, "/run/systemd/system"))


def enabling_links(host: Host, name: str, folder: str = LINKS) -> list[str]:
    """The links that `systemctl enable` makes, whatever they lead to."""
    return [path for kind in ("wants", "requires") for path in host.glob(f"{folder}/*.{kind}/{name}")]


def by_bus(host: Host, unit: Unit) -> bool:
    """Whether D-Bus starts it when its name is asked for."""
    if not unit.bus_name:
        return False
    files = (_text(host, f"{folder}/{unit.bus_name}.service") for folder in BUS_SERVICES)
    named = (match[1] for text in files for match in re.finditer(r"(?m)^SystemdService=(\S+)", text))
    return any(name in (unit.name, *unit.names) for name in named)


def masked_by_somebody(host: Host) -> list[str]:
    """Units masked in /etc; what a package masks in /usr was never meant to run."""
    return [name for name in host.listdir(LINKS) if host.readlink(f"{LINKS}/{name}") == "/dev/null"]


def running(host: Host) -> t.Iterator[Unit]:
    """Units that do something now and have to be there after a boot, by name."""
    for unit in sorted(host.once(units.read), key=lambda unit: unit.name):
        job = unit.kind == "oneshot" and unit.active == "activating"
        if unit.is_active and not job and not unit.name.endswith(".target"):
            yield unit


def _text(host: Host, path: str) -> str:
    try:
        return host.read_text(path)
    except HostError:
        return ""
