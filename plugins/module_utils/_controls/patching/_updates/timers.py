# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Rule timers: what systemd says of the timers that start the daily work."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._updates.model import (
    TIMERS,
    Verdict,
    nowhere,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import State, UnitState
from ansible_collections.infosec.principles.plugins.module_utils._host import units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.units import Unit

#: Where systemd looks for a unit, and what it calls one that is masked there (systemd.unit(5)).
FOLDERS = (
    ("/etc/systemd/system", "masked"),
    ("/run/systemd/system", "masked-runtime"),
    ("/usr/local/lib/systemd/system", "masked"),
    ("/usr/lib/systemd/system", "masked"),
    ("/lib/systemd/system", "masked"),
)


def judge(host: Host, names: t.Iterable[str]) -> list[Verdict]:
    """One verdict for each timer (names without ".timer"), which starts the service of the same name."""
    why = not_told(host)
    if why:
        return [nowhere(TIMERS, f"{name}.timer", why) for name in names]
    return [_timer(_unit(host, f"{name}.timer"), _unit(host, f"{name}.service")) for name in names]


def is_on(host: Host, name: str) -> bool:
    """Whether the timer does its work; one that systemd does not have in mind is not active."""
    timer = host.once(units.read).get(f"{name}.timer")
    return timer is not None and not faults(timer, _unit(host, f"{name}.service"))


def is_there(host: Host, name: str) -> bool:
    """Whether there is such a timer, on or off."""
    return f"{name}.timer" in host.once(units.read).by_name or _on_disk(host, f"{name}.timer") is not None


def not_told(host: Host) -> str:
    """Why nothing is known of timers."""
    known = host.once(units.read)
    return known.why or ("" if known.by_name else "systemctl show told of no unit at all")


def _unit(host: Host, name: str) -> Unit:
    """systemd forgets services that do not run; their files say what it will find when the timer starts them."""
    return (
        host.once(units.read).get(name)
        or (_on_disk(host, name) if name.endswith(".service") else None)
        or units.show(host, name)
        or Unit(name, load="not-found", active="inactive")
    )


def _on_disk(host: Host, name: str) -> Unit | None:
    for folder, mask in FOLDERS:
        path = f"{folder}/{name}"
        if host.readlink(path) == "/dev/null":
            return Unit(name, load="masked", active="inactive", enablement=mask)
        if host.exists(path):
            return Unit(name, load="loaded", active="inactive", enablement="static", fragment=path)
    return None


def _timer(timer: Unit, service: Unit) -> Verdict:
    found = faults(timer, service)
    expected = "enabled, active, due"
    evidence = (f.Evidence(f"systemctl show {timer.name}", "; ".join(found) or expected, expected),)
    if not found:
        return Verdict(f.Finding(TIMERS, timer.name, f.PASS, f"{timer.name} is on", evidence))
    message = f"{timer.name} does not do its work: {', '.join(found)}"
    return Verdict(f.Finding(TIMERS, timer.name, f.FAIL, message, evidence), units=_turn_on(timer, service))


def faults(timer: Unit, service: Unit) -> list[str]:
    """What keeps the timer from its work; one fault is enough where there is no timer at all or it is masked."""
    states = {
        f"the timer is {timer.load}": timer.load != "loaded",
        f"{service.name} is {service.load}": service.load != "loaded",
        f"not enabled ({timer.enablement or 'no state'})": timer.enablement not in ("enabled", "static"),
        f"not active ({timer.active})": timer.active != "active",
        "no next run is due": timer.sub != "running" and not timer.next_elapse,
    }
    found = [fault for fault, present in states.items() if present]
    return found[:1] if timer.load != "loaded" else found


def _turn_on(timer: Unit, service: Unit) -> tuple[UnitState, ...]:
    """What a unit file is missing for, a mask that only this boot has, or an empty schedule: a person has to look."""
    if "not-found" in (timer.load, service.load) or "masked-runtime" in (timer.enablement, service.enablement):
        return ()
    before = State(timer.active == "active", timer.enablement)
    after = State(active=True, enablement="static" if before.enablement == "static" else "enabled")
    masked = service.enablement == "masked"
    unmask = (UnitState(service.name, State(False, "masked"), State(False, "static")),) if masked else ()
    return (*unmask, *((UnitState(timer.name, before, after),) if before != after else ()))


def new(host: Host, name: str) -> tuple[UnitState, ...]:
    """The timer of a package that is still to be installed."""
    if not_told(host):
        return ()
    return (UnitState(f"{name}.timer", State(active=False), State(active=True, enablement="enabled")),)
