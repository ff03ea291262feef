# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Units that run and will not start at boot, that have failed, or that are enabled and masked."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot import boot_units
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot.rules import rule
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import State, UnitState
from ansible_collections.infosec.principles.plugins.module_utils._host import units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable
from ansible_collections.infosec.principles.plugins.module_utils._host.units import Unit

ENABLED = rule(
    "enabled",
    "What runs as a unit starts at boot",
    "high",
    "Enable the unit, or stop it where it is not needed.",
)
FAILED = rule(
    "failed",
    "No unit has failed",
    "medium",
    "Find out why (systemctl status, journalctl -u), put it right and start it; or disable it where it is not needed.",
)
MASKED = rule(
    "masked",
    "No unit is enabled and masked at once",
    "low",
    "Unmask the unit where it is meant to run; else disable it too: systemctl unmask, disable, mask.",
)
RULES = (ENABLED, FAILED, MASKED)
OPTIONS: dict[str, dict[str, t.Any]] = {}
ALL = "units"
#: Podman starts the timers of its health checks along with each container.
_HEALTH_CHECK = re.compile(r"[0-9a-f]{64}(?:-[0-9a-f]+)?\.(?:timer|service)")
#: Folders whose units people write, and places that generators read what people write.
WRITTEN = ("/etc/systemd/system/", "/usr/local/lib/systemd/system/")
GENERATED_FROM = ("/etc/init.d/", "/etc/containers/systemd/", "/usr/share/containers/systemd/")
WANTED = "[Install]\nWantedBy=multi-user.target\nand run: systemctl daemon-reload && "
#: Enablement, why such a unit is lost, and what a person does.
LOST = {
    "disabled": ("it is not enabled", "systemctl enable {unit}, or systemctl stop {unit} where it is not needed."),
    "linked": ("its file is linked, but it is not enabled", "systemctl enable {unit}"),
    "masked": (
        "it is masked",
        "systemctl unmask {unit} && systemctl enable {unit} where it is meant to run; else systemctl stop {unit}.",
    ),
    "static": (
        "its file says of no target that it wants it, and no other unit does",
        "Add to {path} the lines\n" + WANTED + "systemctl enable {unit}",
    ),
    "generated": (
        "what it is made of ({source}) has it start with no target",
        "For a script in /etc/init.d: update-rc.d {stem} defaults (chkconfig {stem} on). "
        "For a quadlet: add to {source} the lines\n" + WANTED + "systemctl start {unit}",
    ),
}
STEPS = (
    "See it in full with: systemctl cat {unit}. Write that to /etc/systemd/system/{unit} (systemd.service(5)) with the "
    "lines\n[Install]\nWantedBy=multi-user.target\nand run: systemctl stop {unit}; systemctl daemon-reload && "
    "systemctl enable --now {unit}. Where it is not needed: systemctl stop {unit}."
)
TRANSIENT = ("systemd-run or the like made it, which a boot forgets", STEPS)
IN_RUN = ("its file lies in /run, which a boot empties", STEPS)
ENABLED_IN_RUN = ("it is enabled in /run only, which a boot empties", "systemctl enable {unit}")


def assess(host: Host, options: Options) -> t.Iterator[f.Finding]:
    """All three rules by what systemd says of itself."""
    why = host.once(units.read).why
    if why:
        yield from (f.Finding(one, ALL, f.NOT_ASSESSED, why) for one in RULES)
        return
    for unit in boot_units.running(host):
        yield from _enabled(host, unit)
    yield from _failed(host)
    yield from _masked(host)


# Rule enabled


def _enabled(host: Host, unit: Unit) -> t.Iterator[f.Finding]:
    """Nothing about a unit that nobody enables or disables (static ones of packages, what another unit starts)."""
    if _HEALTH_CHECK.fullmatch(unit.name) or _started_by_active(host, unit):
        return
    reason, steps = _reason(host, unit)
    if reason and not boot_units.starts(host, unit.name):
        yield _lost(unit, reason, steps)
    elif unit.enablement.startswith(("enabled", "disabled", "generated")) or reason:
        yield _unless_requirement_masked(host, unit)


def _started_by_active(host: Host, unit: Unit) -> bool:
    """Whether a socket, timer or path that is on starts it; that one is then what has to come back."""
    above = (host.once(units.read).get(name) for name in unit.triggered_by)
    return any(one.is_active for one in above if one)


def _reason(host: Host, unit: Unit) -> tuple[str, str]:
    if unit.load == "masked":
        return LOST["masked"]
    if boot_units.is_runtime(host, unit):
        return TRANSIENT if unit.transient else IN_RUN if unit.fragment.startswith("/run/") else ENABLED_IN_RUN
    written = {"static": unit.fragment.startswith(WRITTEN), "generated": unit.source.startswith(GENERATED_FROM)}
    return LOST.get(unit.enablement, ("", "")) if written.get(unit.enablement, True) else ("", "")


def _lost(unit: Unit, reason: str, steps: str) -> f.Finding:
    name, source = printable(unit.name), printable(unit.source)
    words = {"unit": name, "path": printable(unit.fragment), "source": source, "stem": name.rpartition(".")[0]}
    found = f"{unit.active}, {unit.enablement or unit.load}"
    evidence = (f.Evidence(f"systemctl show {name}", found, "active, enabled"),)
    message = f"{name} runs, but will not start at boot: {reason.format(**words)}"
    return f.Finding(ENABLED, name, f.FAIL, message, evidence, _enable(unit), steps.format(**words))


def _enable(unit: Unit) -> tuple[Change, ...]:
    """Plain only where nothing but `systemctl enable` is missing."""
    if unit.enablement != "disabled" or unit.load != "loaded" or unit.transient:
        return ()
    return (UnitState(unit.name, State(True, "disabled"), State(True, "enabled"), if_active=True),)


def _unless_requirement_masked(host: Host, unit: Unit) -> f.Finding:
    name = printable(unit.name)
    masked = [one.name for one in host.once(units.read) if one.load == "masked" and unit.name in one.required_by]
    if masked:
        needed = printable(", ".join(sorted(masked)))
        evidence = (f.Evidence(f"systemctl show {name}", f"requires {needed}, masked", "nothing that is masked"),)
        message = f"{name} runs, but will not start at boot: it requires {needed}, which is masked"
        return f.Finding(ENABLED, name, f.FAIL, message, evidence, remedy=f"systemctl unmask {needed}")
    evidence = (f.Evidence(f"systemctl show {name}", f"{unit.active}, {unit.enablement or unit.load}"),)
    return f.Finding(ENABLED, name, f.PASS, f"{name} starts at boot", evidence)


# Rules failed and masked


def _failed(host: Host) -> t.Iterator[f.Finding]:
    failed = sorted((unit for unit in host.once(units.read) if unit.active == "failed"), key=lambda unit: unit.name)
    for unit in failed:
        name = printable(unit.name)
        evidence = (f.Evidence(f"systemctl show {name}", f"failed ({unit.result})", "no failed unit"),)
        message = f"{name} has failed ({unit.result}); nobody can tell whether a boot brings it back"
        steps = f"journalctl -b -u {name}; put it right; systemctl restart {name}"
        yield f.Finding(FAILED, name, f.FAIL, message, evidence, remedy=steps)
    if not failed:
        yield f.Finding(FAILED, ALL, f.PASS, "no unit has failed")


def _masked(host: Host) -> t.Iterator[f.Finding]:
    both = {name: boot_units.enabling_links(host, name) for name in boot_units.masked_by_somebody(host)}
    both = {name: links for name, links in both.items() if links}
    for unit, links in both.items():
        name = printable(unit)
        evidence = tuple(f.Evidence(link, "enables it", "no such link") for link in links)
        mask = f.Evidence(f"{boot_units.LINKS}/{name}", "/dev/null", "no mask, or no link that enables it")
        message = f"{name} is enabled and masked at once, so that it never starts; nobody can tell what is meant"
        steps = (
            f"Where it is meant to run: systemctl unmask {name} && systemctl start {name}. "
            f"Else: systemctl unmask {name} && systemctl disable --now {name} && systemctl mask {name}"
        )
        yield f.Finding(MASKED, name, f.FAIL, message, (mask, *evidence), remedy=steps)
    if not both:
        yield f.Finding(MASKED, ALL, f.PASS, "no unit is enabled and masked at once")
