# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""maintenance_window: updates install themselves, and restart the host, in its slot and at no other time."""

from __future__ import annotations

import dataclasses
import os
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._window import (
    WINDOW_OPTION,
    Window,
    parse,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import TakeUp
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import WriteFile, write_file
from ansible_collections.infosec.principles.plugins.module_utils._engine.packages import InstallPackage
from ansible_collections.infosec.principles.plugins.module_utils._formats import aptconf, calendar_event, ini
from ansible_collections.infosec.principles.plugins.module_utils._formats.calendar_event import Event
from ansible_collections.infosec.principles.plugins.module_utils._host import apt, distribution, timers
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable
from ansible_collections.infosec.principles.plugins.module_utils._host.timers import Timer

REFERENCE = "https://infosec.mozilla.org/fundamentals/security_principles#patch-systems"
DECLARED = f.Rule(
    name="declared",
    title="The host has a regular maintenance window",
    risk="low",
    reference=REFERENCE,
    remedy="Declare infosec_maintenance for the host: days, start, duration, time_zone; see docs/maintenance.md.",
)
SCHEDULE = f.Rule(
    name="schedule",
    title="Updates are installed in the host's slot of the window and at no other time",
    risk="medium",
    reference=REFERENCE,
    remedy="Give the timer that installs updates the slot as its only time, by a drop-in that has the last word.",
)
LISTS = f.Rule(
    name="lists",
    title="The lists of packages are fetched right before updates are installed",
    risk="medium",
    reference=REFERENCE,
    remedy="Let what installs updates start what fetches the lists, and wait for it.",
)
REBOOT = f.Rule(
    name="reboot",
    title="Updates restart the host as its policy says",
    risk="medium",
    reference=REFERENCE,
    remedy="Set what restarts the host after updates to what infosec_maintenance says.",
)
RULES = (DECLARED, SCHEDULE, LISTS, REBOOT)
OPTIONS: dict[str, dict[str, t.Any]] = {"window": WINDOW_OPTION}

UNITS = "/etc/systemd/system"
#: Sorts behind every name in use, since the last one wins; in systemd's folders and in apt's.
DROP_IN = "zz-infosec-principles.conf"
APT_DROP_IN = f"{apt.PARTS}/zz-infosec-principles-window"
STAMPS = "/var/lib/systemd/timers"
ZONES = "/usr/share/zoneinfo"
#: A timer that may be later than this has not got the slot as its time.
ACCURACY = 60
HEADER = "Written by infosec.principles (maintenance_window)"
#: What of a timer a drop-in can set that makes another schedule of it.
_TIMING = re.compile(r"^\s*(On[A-Z]\w+|RandomizedDelaySec|RandomizedOffsetSec|Persistent|AccuracySec)\s*=", re.M)

APT_TIMER, APT_SERVICE, APT_LISTS = "apt-daily-upgrade.timer", "apt-daily-upgrade.service", "apt-daily.service"
#: Distribution family -> timers that may install updates; those that are not there do not matter.
TIMERS = {
    "debian": (APT_TIMER,),
    "redhat": ("dnf-automatic.timer", "dnf-automatic-install.timer", "dnf5-automatic.timer"),
    "suse": ("os-update.timer", "transactional-update.timer"),
}
# apt's own script installs once a calendar day at most; the timer alone says when.
_RUNS = (("APT::Periodic::Unattended-Upgrade", "0", "always"),)
_SHUTDOWN = (("Unattended-Upgrade::InstallOnShutdown", "false", "false"),)
_FETCHES = (("APT::Periodic::Update-Package-Lists", "0", "always"),)
_REBOOT = "Unattended-Upgrade::Automatic-Reboot"
#: (key, what it is where it is not set, what it has to be), by whether updates may restart the host.
_REBOOTS = {
    False: ((_REBOOT, "false", "false"),),
    True: (
        (_REBOOT, "false", "true"),
        (f"{_REBOOT}-WithUsers", "true", "true"),
        (f"{_REBOOT}-Time", "now", "now"),
    ),
}
Settings = tuple[tuple[str, str, str], ...]


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A finding, and what of the one fix it needs: a package, files by path, timers to start anew."""

    finding: f.Finding
    packages: tuple[InstallPackage, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    timers: tuple[str, ...] = ()


def assess(host: Host, options: Options) -> t.Iterator[f.Finding]:
    """Judge each rule, then give all that can be put right one and the same fix."""
    window = parse(options)
    if window is None:
        yield f.Finding(DECLARED, "infosec_maintenance", f.FAIL, "no maintenance window is declared for this host")
        yield from _all(f.NOT_APPLICABLE, "no maintenance window is declared")
        return
    told = f.Evidence("infosec_maintenance", describe(window))
    yield f.Finding(DECLARED, "infosec_maintenance", f.PASS, "the host has a slot in a maintenance window", (told,))
    family = host.once(distribution.read).family
    units, why = timers.read(host, _names(family)) if family else ({}, "it is not known what installs updates here")
    if why:
        yield from _all(f.NOT_ASSESSED, why)
        return
    verdicts = [*_schedules(host, window, family, units), *_FAMILIES[family](host, window, units)]
    fix = _fix(host, verdicts)
    for verdict in verdicts:
        yield dataclasses.replace(verdict.finding, fix=fix) if _is_fixable(verdict) else verdict.finding


def describe(window: Window) -> str:
    """The slot in one line, with its beginnings."""
    begins = ", ".join(f"{moment:%Y-%m-%d %H:%M} UTC" for moment in window.next[:2])
    rest = f"reboot {window.reboot}, catch_up {'true' if window.catch_up else 'false'}"
    return f"{_event(window).render()} for {window.minutes} min ({begins}); {rest}"


def _all(status: str, why: str) -> t.Iterator[f.Finding]:
    return (f.Finding(rule, "infosec_maintenance", status, why) for rule in RULES if rule is not DECLARED)


def _names(family: str) -> tuple[str, ...]:
    return (*TIMERS[family], *((APT_SERVICE,) if family == "debian" else ()))


def _event(window: Window) -> Event:
    return Event(frozenset(window.days), window.start, window.time_zone)


# The one fix


def _is_fixable(verdict: Verdict) -> bool:
    return bool(verdict.packages or verdict.files or verdict.timers)


def _fix(host: Host, verdicts: t.Sequence[Verdict]) -> tuple[Change, ...]:
    """The package, the files that are not yet as they have to be, then systemd and the timers take them up."""
    packages = dict.fromkeys(package for verdict in verdicts for package in verdict.packages)
    texts = dict(file for verdict in verdicts for file in verdict.files)
    files = [_write(host, path, text) for path, text in texts.items()]
    changed = [change for change in files if change.before != change.after]
    names = tuple(dict.fromkeys(name for verdict in verdicts for name in verdict.timers))
    in_units = any(change.path.startswith(UNITS) for change in changed)
    return (*packages, *changed, *((_take_up(names),) if names or in_units else ()))


def _write(host: Host, path: str, text: str) -> WriteFile:
    return write_file(host, path, text, validate=() if path.startswith(UNITS) else ("apt-config", "-c", "{}", "dump"))


def _take_up(names: tuple[str, ...]) -> TakeUp:
    """A stopped timer stays stopped.

    What is persistent starts at once where a time has passed since the last run; the stamp says that none has.
    """
    stamps = " ".join(f"{STAMPS}/stamp-{name}" for name in names)
    restart = f" && touch -c {stamps} && systemctl try-restart {' '.join(names)}" if names else ""
    title = f"have systemd take up the times of {', '.join(names)}" if names else "have systemd read its units again"
    return TakeUp(title, ("sh", "-c", f"systemctl daemon-reload{restart}"))


# Rule schedule


def _schedules(host: Host, window: Window, family: str, units: t.Mapping[str, Timer]) -> list[Verdict]:
    found = [units[name] for name in TIMERS[family] if units[name].load != "not-found"]
    if not found:
        why = f"none of {', '.join(TIMERS[family])} is here, so that nothing installs updates by a timer"
        return [Verdict(f.Finding(SCHEDULE, TIMERS[family][0], f.NOT_ASSESSED, why))]
    return [_schedule(host, window, timer) for timer in found]


def _schedule(host: Host, window: Window, timer: Timer) -> Verdict:
    faults = [*_timing(window, timer), *_next(host, window, timer)]
    if timer.name == APT_TIMER:
        faults += _wrong(host, (*_RUNS, *_SHUTDOWN))
    elapse = f"{timer.next:%Y-%m-%d %H:%M:%S} UTC" if timer.next else "none"
    seen = f.Evidence(f"systemctl show {timer.name}", f"{'; '.join(timer.calendar) or 'no time'}; next elapse {elapse}")
    if not faults:
        message = "updates are installed in the slot and at no other time"
        return Verdict(f.Finding(SCHEDULE, timer.name, f.PASS, message, (seen,)))
    message = f"updates are not installed in the slot of this host alone: {faults[0].found}"
    finding = f.Finding(SCHEDULE, timer.name, f.FAIL, message, (seen, *faults))
    return _by_timer(host, window, timer, finding)


def _timing(window: Window, timer: Timer) -> t.Iterator[f.Evidence]:
    source, wanted = f"systemctl show {timer.name}", _event(window)
    events = [calendar_event.parse(text) for text in timer.calendar]
    if events != [wanted]:
        yield f.Evidence(f"{source}: OnCalendar", "; ".join(timer.calendar) or "none", wanted.render())
    if timer.monotonic:
        yield f.Evidence(f"{source}: OnBootSec and the like", "; ".join(timer.monotonic), "none")
    if timer.random != 0:
        yield f.Evidence(f"{source}: RandomizedDelaySec", f"{timer.random:g} s", "0")
    if not 0 <= timer.accuracy <= ACCURACY:
        yield f.Evidence(f"{source}: AccuracySec", f"{timer.accuracy:g} s", f"{ACCURACY} s at most")
    if timer.persistent != window.catch_up:
        yield f.Evidence(f"{source}: Persistent", _truth(timer.persistent), _truth(window.catch_up))


def _next(host: Host, window: Window, timer: Timer) -> t.Iterator[f.Evidence]:
    """What systemd says comes next is the slot. While the service runs, or the timer is off, nothing is due."""
    wanted = window.opens(host.now())
    due = timer.active == "active" and timer.sub == "waiting"
    if due and wanted and timer.next != wanted:
        elapse = f"{timer.next:%Y-%m-%d %H:%M:%S} UTC" if timer.next else "none"
        source = f"systemctl show {timer.name}: NextElapseUSecRealtime"
        yield f.Evidence(source, f"the next run is {elapse}", f"{wanted:%Y-%m-%d %H:%M:%S} UTC")


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _by_timer(host: Host, window: Window, timer: Timer, finding: f.Finding) -> Verdict:
    """A drop-in for the timer, and the settings of apt; unless somebody else's would have the last word."""
    path = f"{UNITS}/{timer.name}.d/{DROP_IN}"
    settings = (*_RUNS, *_SHUTDOWN) if timer.name == APT_TIMER else ()
    stronger = [*_later_drop_ins(host, timer, path), *_later_settings(host, settings)]
    zone = _zone(host, window.time_zone)
    if stronger or isinstance(zone, f.Evidence):
        more = (*stronger, *((zone,) if isinstance(zone, f.Evidence) else ()))
        return Verdict(dataclasses.replace(finding, evidence=(*finding.evidence, *more)))
    files = ((path, timer_text(window)), *(((APT_DROP_IN, apt_text(window)),) if settings else ()))
    return Verdict(finding, packages=zone, files=files, timers=(timer.name,))


def _later_drop_ins(host: Host, timer: Timer, path: str) -> t.Iterator[f.Evidence]:
    for name in timer.drop_ins:
        if os.path.basename(name) > DROP_IN and _TIMING.search(host.read_text(name)):
            yield f.Evidence(name, "sets when the timer elapses", f"nothing that overrides {path}")


def _zone(host: Host, name: str) -> tuple[InstallPackage, ...] | f.Evidence:
    """The package that brings the time zone; or what is missing although the package is there."""
    if name == "UTC" or host.exists(f"{ZONES}/{name}"):
        return ()
    package = "timezone" if host.once(distribution.read).family == "suse" else "tzdata"
    if host.exists(ZONES) and host.listdir(ZONES) and host.exists(f"{ZONES}/Etc/UTC"):
        return f.Evidence(f"{ZONES}/{name}", "this host does not know the time zone", f"update {package}")
    return (InstallPackage(package),)


def timer_text(window: Window) -> str:
    """The drop-in of the timer. The empty OnCalendar= clears every other time, also those counted from a boot."""
    return (
        f"# {HEADER}: the host's slot of its maintenance window.\n[Timer]\nOnCalendar=\n"
        f"OnCalendar={_event(window).render()}\nRandomizedDelaySec=0\nAccuracySec=1s\n"
        f"Persistent={_truth(window.catch_up)}\n"
    )


# Debian: the lists and the reboot


def _debian(host: Host, window: Window, units: t.Mapping[str, Timer]) -> list[Verdict]:
    return [_lists(host, window, units[APT_SERVICE]), _reboot(host, window)]


SERVICE_TEXT = f"# {HEADER}: what is installed is of today.\n[Unit]\nWants={APT_LISTS}\nAfter={APT_LISTS}\n"


def _lists(host: Host, window: Window, service: Timer) -> Verdict:
    pulls = APT_LISTS in service.pulls and APT_LISTS in service.after
    unit = (
        []
        if pulls
        else [f.Evidence(f"systemctl show {APT_SERVICE}", f"does not start {APT_LISTS}", "Wants= and After= it")]
    )
    faults = [*unit, *_wrong(host, _FETCHES)]
    if not faults:
        message = "the lists of packages are fetched right before updates are installed"
        return Verdict(f.Finding(LISTS, APT_SERVICE, f.PASS, message))
    message = "updates are installed by lists of packages that may be of another day"
    finding = f.Finding(LISTS, APT_SERVICE, f.FAIL, message, tuple(faults))
    drop_in = ((f"{UNITS}/{APT_SERVICE}.d/{DROP_IN}", SERVICE_TEXT),) if unit else ()
    return _by_settings(host, window, finding, _FETCHES, drop_in)


def _reboot(host: Host, window: Window) -> Verdict:
    settings = _REBOOTS[restarts(window)]
    faults = _wrong(host, settings)
    wanted = "restart the host when that is needed" if restarts(window) else "never restart the host"
    if not faults:
        shown = f.Evidence("apt-config dump", "; ".join(f'{key} "{value}"' for key, _unset, value in settings))
        return Verdict(f.Finding(REBOOT, _REBOOT, f.PASS, f"updates {wanted}", (shown,)))
    finding = f.Finding(REBOOT, _REBOOT, f.FAIL, f"updates have to {wanted}, and would not", tuple(faults))
    return _by_settings(host, window, finding, settings)


def restarts(window: Window) -> bool:
    """Whether updates restart the host. What is made up for at a boot is outside the slot, so then they do not."""
    return window.reboot == "when_needed" and not window.catch_up


def apt_text(window: Window) -> str:
    """Our file of apt's configuration: all of it, whichever of its settings is missing."""
    settings = (*_RUNS, *_SHUTDOWN, *_FETCHES, *_REBOOTS[restarts(window)])
    return f"// {HEADER}.\n" + "".join(f'{key} "{value}";\n' for key, _unset, value in settings)


def _wrong(host: Host, settings: Settings) -> list[f.Evidence]:
    """The settings that are not in effect as they have to be."""
    try:
        config = apt.config(host)
    except apt.AptError as exc:
        return [f.Evidence("apt-config dump", f"apt cannot read its configuration: {exc}", "a configuration")]
    return [
        f.Evidence(_where(host, key), f'{key} "{printable(config.get(key, unset))}"', f'"{wanted}"')
        for key, unset, wanted in settings
        if _meaning(config.get(key, unset)) != wanted
    ]


def _meaning(value: str) -> str:
    """apt has many words for yes and no (StringToBool of apt-pkg)."""
    word = value.lower()
    yes, no = ("yes", "true", "with", "on", "enable", "1"), ("no", "false", "without", "off", "disable", "0")
    return "true" if word in yes else "false" if word in no else word


def _where(host: Host, key: str) -> str:
    """The file and line that has the last word on a key."""
    places = [f"{name}:{setting.line}" for name, setting in apt.settings(host) if setting.key.lower() == key.lower()]
    return places[-1] if places else "apt-config dump"


def _by_settings(
    host: Host, window: Window, finding: f.Finding, settings: Settings, files: tuple[tuple[str, str], ...] = ()
) -> Verdict:
    """Put it right by our file, unless a file that apt reads later has the last word."""
    stronger = _later_settings(host, settings)
    if stronger:
        return Verdict(dataclasses.replace(finding, evidence=(*finding.evidence, *stronger)))
    return Verdict(finding, files=(*files, (APT_DROP_IN, apt_text(window))))


def _later_settings(host: Host, settings: Settings) -> list[f.Evidence]:
    keys = {key.lower() for key, _unset, _wanted in settings}
    return [
        f.Evidence(f"{name}:{setting.line}", setting.key, f"nothing that overrides {APT_DROP_IN}")
        for name, setting in apt.settings(host)
        if (name == apt.MAIN or name > APT_DROP_IN) and _overrides(setting, keys)
    ]


def _overrides(setting: aptconf.Setting, keys: t.Collection[str]) -> bool:
    """Whether the statement undoes ours: sets one of the keys, or clears one or what it is in."""
    name = setting.key.lower()
    return name in keys or (setting.clears and any(key.startswith(f"{name}::") for key in keys))


# Red Hat and SUSE: no drop-ins for what restarts the host, so a person edits the file


def _redhat(host: Host, window: Window, units: t.Mapping[str, Timer]) -> list[Verdict]:
    """dnf4 reads one file; dnf5 has defaults that it overrides (dnf-automatic(8), dnf5-automatic(8))."""
    wanted = "when-needed" if restarts(window) else "never"
    values = {"commands.reboot": "never", **_ini(host, "/etc/dnf/automatic.conf")}
    command = values.get("commands.reboot_command", "shutdown -r +5")
    good = values["commands.reboot"] == wanted and (wanted == "never" or "shutdown" not in command or "now" in command)
    text = f"[commands] reboot = {values['commands.reboot']}, reboot_command = {command}"
    expected = f"reboot = {wanted}" + (", reboot_command = shutdown -r now" if wanted != "never" else "")
    return [_no_lists("dnf"), _by_hand("/etc/dnf/automatic.conf", text, expected, good)]


def _suse(host: Host, window: Window, units: t.Mapping[str, Timer]) -> list[Verdict]:
    """os-update restarts through rebootmgr or by itself, as REBOOT_CMD says; transactional-update by REBOOT_METHOD."""
    names = {"os-update.timer": ("/etc/os-update.conf", "REBOOT_CMD", ("reboot", "none"))}
    names["transactional-update.timer"] = ("/etc/transactional-update.conf", "REBOOT_METHOD", ("systemd", "none"))
    found = [names[name] for name in TIMERS["suse"] if units[name].load != "not-found"]
    return [_no_lists("zypper"), *(_suse_reboot(host, window, *each) for each in found)]


def _suse_reboot(host: Host, window: Window, path: str, key: str, words: tuple[str, str]) -> Verdict:
    value = _ini(host, path).get(key, "auto")
    wanted = words[0] if restarts(window) else words[1]
    return _by_hand(path, f"{key}={value}", f"{key}={wanted}", value == wanted)


def _ini(host: Host, path: str) -> dict[str, str]:
    try:
        return ini.parse(host.read_text(path))
    except Missing:
        return {}


def _no_lists(manager: str) -> Verdict:
    why = f"whether {manager} fetches its lists right before it installs updates is not looked at"
    return Verdict(f.Finding(LISTS, manager, f.NOT_ASSESSED, why))


def _by_hand(path: str, found: str, expected: str, good: bool) -> Verdict:
    evidence = (f.Evidence(path, printable(found), expected),)
    if good:
        return Verdict(f.Finding(REBOOT, path, f.PASS, "updates restart the host as the policy says", evidence))
    remedy = f"Write {expected} in {path}."
    message = "updates restart the host otherwise than the policy says"
    return Verdict(f.Finding(REBOOT, path, f.FAIL, message, evidence, remedy=remedy))


_FAMILIES: dict[str, t.Callable[[Host, Window, t.Mapping[str, Timer]], list[Verdict]]] = {
    "debian": _debian,
    "redhat": _redhat,
    "suse": _suse,
}

CONTROL = Control(
    name="maintenance_window",
    principle="patching",
    title="Updates install themselves in a maintenance window",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
