# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""security_updates: no known hole is left open where the update that closes it is there."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching import _window
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._pending import (
    lifecycle,
    model,
    outdated,
    reboot,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._engine.packages import UpgradePackages
from ansible_collections.infosec.principles.plugins.module_utils._host import distribution
from ansible_collections.infosec.principles.plugins.module_utils._host.distribution import Distribution
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._pending import debian, rpm
else:
    debian = later("_controls.patching._pending.debian")
    rpm = later("_controls.patching._pending.rpm")

REFERENCE = "https://infosec.mozilla.org/fundamentals/security_principles#patch-systems"
PENDING = f.Rule(
    name="pending",
    title="No security update waits",
    risk="high",
    reference=REFERENCE,
    remedy="Install them: declare infosec_maintenance and run inside the window, or run with patching_now.",
)
LISTS = f.Rule(
    name="lists",
    title="What the package manager knows of security updates is fresh",
    risk="medium",
    reference=REFERENCE,
    remedy="See why the lists are not fetched: apt-daily.timer and the sources; dnf makecache; zypper refresh.",
)
REBOOT = f.Rule(
    name="reboot",
    title="The system has been booted since what only a boot replaces was updated",
    risk="medium",
    reference=REFERENCE,
    remedy="Boot it, for instance with the playbook infosec.principles.rolling_reboot.",
)
LIBRARIES = f.Rule(
    name="libraries",
    title="No service runs on a library or a program that was replaced",
    risk="medium",
    reference=REFERENCE,
    remedy="Restart it, or let patching_restart_services do that inside the window.",
)
END_OF_LIFE = f.Rule(
    name="end_of_life",
    title="The distribution's release still gets security updates",
    risk="high",
    reference=REFERENCE,
    remedy="Upgrade to a release that is supported.",
)
RULES = (PENDING, LISTS, REBOOT, LIBRARIES, END_OF_LIFE)
OPTIONS: dict[str, dict[str, t.Any]] = {
    "window": _window.WINDOW_OPTION,
    "now": {"type": "bool", "default": False},
    "restart_services": {"type": "bool", "default": False},
    "lists_days": {"type": "int", "default": 7},
    "extended_support": {"type": "bool", "default": True},
}
#: How many packages a finding names one by one.
SHOWN = 20
#: By name, since to take the function here would import its module on every host.
_MANAGERS: dict[str, tuple[t.Any, str]] = {"debian": (debian, "known"), "redhat": (rpm, "dnf"), "suse": (rpm, "zypper")}
UPDATES, HELD, UNFINISHED = "security updates", "security updates held back", "unfinished installations"


def assess(host: Host, options: Options) -> t.Iterator[f.Finding]:
    """What waits, how old that knowledge is, what still runs what was replaced, and how long there will be updates."""
    system = host.once(distribution.read)
    may, why_not = slot(host.now(), options)
    yield from _updates(host, options, system, may, why_not)
    yield from _reboot(host)
    yield from outdated.assess(host, LIBRARIES, may and options["restart_services"], _because(options, why_not))
    yield _end_of_life(host, system, options["extended_support"])


def slot(now: datetime.datetime, options: Options) -> tuple[bool, str]:
    """Whether this host may be changed now, else why not and when it may."""
    window = _window.parse(options)
    if options["now"]:
        return True, ""
    if window is None:
        return False, "not fixed: no maintenance window is declared (infosec_maintenance), and patching_now is off"
    if window.is_open(now):
        return True, ""
    opens = window.opens(now)
    when = f"opens at {opens:%Y-%m-%d %H:%M} UTC" if opens else "is closed"
    return False, f"not fixed: the maintenance window {when}"


def _because(options: Options, why_not: str) -> str:
    return why_not if options["restart_services"] else "not restarted: patching_restart_services is off"


# Rules pending and lists


def _updates(host: Host, options: Options, system: Distribution, may: bool, why_not: str) -> t.Iterator[f.Finding]:
    module, function = _MANAGERS.get(system.family, (None, ""))
    if module is None:
        why = f"it is not known how {system.name} tells which security updates wait"
        yield from (f.Finding(rule, UPDATES, f.NOT_ASSESSED, why) for rule in (PENDING, LISTS))
        return
    known = getattr(module, function)(host)
    stale = {data.subject: model.stale(data, host.now(), options["lists_days"]) for data in known.sources}
    yield from _lists(known, stale)
    held = [update for update in known.updates if update.held]
    waiting = [update for update in known.updates if not update.held]
    fix = (_upgrade(known, waiting),) if may and (waiting or known.unfinished) else ()
    remark = f"; {why_not}" if why_not else ""
    yield _waiting(known, waiting, [why for why in stale.values() if why], remark, fix)
    if held:
        yield _held(held)
    if known.unfinished:
        yield _unfinished(known, remark, fix)


def _upgrade(known: model.Known, waiting: list[model.Update]) -> UpgradePackages:
    packages = tuple((update.name, update.installed, update.version) for update in waiting)
    return UpgradePackages(known.manager, packages, known.unfinished)


def _lists(known: model.Known, stale: t.Mapping[str, str]) -> t.Iterator[f.Finding]:
    for data in known.sources:
        of = f"of {data.date:%Y-%m-%d}" if data.date else "nothing"
        evidence = (f.Evidence(data.place, stale[data.subject] or of, "fresh data"),)
        message = f"its data {stale[data.subject] or f'is {of}'}"
        yield f.Finding(LISTS, data.subject, f.FAIL if stale[data.subject] else f.PASS, message, evidence)
    if not known.sources:
        yield f.Finding(LISTS, UPDATES, f.NOT_ASSESSED, known.why)


def _waiting(
    known: model.Known, waiting: list[model.Update], faults: list[str], remark: str, fix: tuple[UpgradePackages, ...]
) -> f.Finding:
    day = model.last(known.sources)
    if waiting:
        message = f"{len(waiting)} security update(s) wait, by data of {day}{remark}"
        return f.Finding(PENDING, UPDATES, f.FAIL, message, _named(waiting), fix)
    if known.why or faults:
        why = known.why or f"the last data is of {day}: it {faults[0]}"
        return f.Finding(PENDING, UPDATES, f.NOT_ASSESSED, f"no security update is known to wait, but {why}")
    evidence = tuple(f.Evidence(data.place, f"of {data.date:%Y-%m-%d}") for data in known.sources if data.date)
    return f.Finding(PENDING, UPDATES, f.PASS, f"no security update waits, by data of {day}", evidence)


def _named(updates: list[model.Update]) -> tuple[f.Evidence, ...]:
    shown = tuple(
        f.Evidence(
            update.place,
            " ".join(filter(None, (update.name, update.installed, f"({update.held})" if update.held else ""))),
            update.version,
        )
        for update in updates[:SHOWN]
    )
    more = len(updates) - SHOWN
    return (*shown, f.Evidence("and", f"{more} more")) if more > 0 else shown


def _held(held: list[model.Update]) -> f.Finding:
    message = f"{len(held)} security update(s) are held back on this host: {_names(held)}"
    remedy = "Release the hold (apt-mark unhold) or the pin, or have it waived."
    return f.Finding(PENDING, HELD, f.FAIL, message, _named(held), remedy=remedy)


def _names(updates: list[model.Update]) -> str:
    names = ", ".join(update.name for update in updates[:SHOWN])
    return f"{names}, …" if len(updates) > SHOWN else names


def _unfinished(known: model.Known, remark: str, fix: tuple[UpgradePackages, ...]) -> f.Finding:
    names = ", ".join(known.unfinished[:SHOWN])
    evidence = (f.Evidence("/var/lib/dpkg/status", f"half-done: {names}", "installed"),)
    message = f"an installation was cut off, or goes on: {names}{remark}"
    remedy = "Run dpkg --configure -a, then apt-get install --fix-broken."
    return f.Finding(PENDING, UNFINISHED, f.FAIL, message, evidence, fix, remedy)


# Rule reboot


def _reboot(host: Host) -> t.Iterator[f.Finding]:
    reasons = [*reboot.asked_for(host), *outdated.needs_boot(host)]
    container = reboot.is_container(host)
    try:
        reasons += [] if container else [*reboot.older_kernel(host), *reboot.newer_core(host)]
    except NeedsRoot as exc:
        if not reasons:
            yield f.Finding(REBOOT, "system", f.NOT_ASSESSED, str(exc))
            return
    except HostError as exc:
        if not reasons:
            yield f.Finding(REBOOT, "system", f.NOT_ASSESSED, f"which kernel runs cannot be told: {exc}")
            return
    if reasons:
        message = f"a boot is pending: {'; '.join(reason.found for reason in reasons)}"
        yield f.Finding(REBOOT, "system", f.FAIL, message, tuple(reasons))
    elif container:
        yield f.Finding(REBOOT, "system", f.NOT_APPLICABLE, "a container has no kernel of its own")
    else:
        evidence = (f.Evidence("uname -r", reboot.running(host), "the newest kernel that is installed"),)
        yield f.Finding(REBOOT, "system", f.PASS, "no boot is pending", evidence)


# Rule end_of_life


def _end_of_life(host: Host, system: Distribution, extended: bool) -> f.Finding:
    support = lifecycle.of(system)
    if support is None:
        why = f"it is not known how long {system.name} is supported (dates as of {lifecycle.AS_OF})"
        return f.Finding(END_OF_LIFE, system.id, f.NOT_ASSESSED, why)
    has = extended and (not support.shown_by or any(host.glob(pattern) for pattern in support.shown_by))
    last = lifecycle.last_day(support, has)
    counted = f" with {support.program}" if has and support.program else ""
    evidence = f.Evidence(f"{support.source}, as of {lifecycle.AS_OF}", f"{last}{counted}", "a day that has not passed")
    if host.now().date() <= last:
        message = f"{system.name} gets security updates until {last}{counted}"
        return f.Finding(END_OF_LIFE, system.id, f.PASS, message, (evidence,))
    return f.Finding(END_OF_LIFE, system.id, f.FAIL, _over(system, support, last, has), (evidence,))


def _over(system: Distribution, support: lifecycle.Support, last: datetime.date, has: bool) -> str:
    over = f"{system.name} has had no security updates since {last}"
    if support.extended and not has:
        return f"{over}; {support.program} goes on until {support.extended}, but this host has none or it may not count"
    return over


CONTROL = Control(
    name="security_updates",
    principle="patching",
    title="Known holes are closed",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
