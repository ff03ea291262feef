# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""automatic_updates: security updates are installed without anybody having to think of them."""

from __future__ import annotations

import dataclasses
import fnmatch
import re
import string
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import write_file
from ansible_collections.infosec.principles.plugins.module_utils._engine.packages import InstallPackage
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import State, UnitState
from ansible_collections.infosec.principles.plugins.module_utils._formats import aptconf
from ansible_collections.infosec.principles.plugins.module_utils._host import apt, distribution
from ansible_collections.infosec.principles.plugins.module_utils._host.distribution import Distribution
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

REFERENCE = "https://infosec.mozilla.org/fundamentals/security_principles#patch-systems"
INSTALLED = f.Rule(
    name="installed",
    title="unattended-upgrades is installed",
    risk="high",
    reference=REFERENCE,
    remedy="Install the package unattended-upgrades.",
)
ENABLED = f.Rule(
    name="enabled",
    title="apt fetches its lists and installs updates by itself",
    risk="high",
    reference=REFERENCE,
    remedy="Set APT::Periodic::Update-Package-Lists and ::Unattended-Upgrade to 1 where nothing overrides it.",
)
ORIGINS = f.Rule(
    name="origins",
    title="Security updates are among those that are installed by themselves",
    risk="high",
    reference=REFERENCE,
    remedy="Configure the security source of this release, and let Unattended-Upgrade::Origins-Pattern match it.",
)
TIMERS = f.Rule(
    name="timers",
    title="The timers that start apt's daily work are on and due",
    risk="high",
    reference=REFERENCE,
    remedy="Unmask, enable and start apt-daily.timer and apt-daily-upgrade.timer.",
)
RULES = (INSTALLED, ENABLED, ORIGINS, TIMERS)
OPTIONS: dict[str, dict[str, t.Any]] = {}

PACKAGE = "unattended-upgrades"
#: Sorts behind every name in use, since apt lets the last one win.
DROP_IN = f"{apt.PARTS}/zz-infosec-principles"
PATTERNS = "Unattended-Upgrade::Origins-Pattern"
LEGACY = "Unattended-Upgrade::Allowed-Origins"
BLACKLIST = "Unattended-Upgrade::Package-Blacklist"
#: Key and the value that /usr/lib/apt/apt.systemd.daily takes where it is not set.
SWITCHES = (
    ("APT::Periodic::Enable", "1"),
    ("APT::Periodic::Update-Package-Lists", "0"),
    ("APT::Periodic::Unattended-Upgrade", "0"),
)
TIMER_UNITS = ("apt-daily", "apt-daily-upgrade")
#: Distributions that publish security updates in a source of their own.
WITH_SECURITY = ("debian", "ubuntu")
# What a pattern says of a Release file: the field's names in patterns.
_MATCHERS = {
    "origin": ("o", "origin"),
    "label": ("l", "label"),
    "suite": ("a", "suite", "archive"),
    "component": ("c", "component"),
    "codename": ("n", "codename"),
    "site": ("site",),
}
_FIELDS = {name: field for field, names in _MATCHERS.items() for name in names}
# A value that a pattern can hold as it stands: nothing that separates, expands or matches more than itself.
_PLAIN = re.compile(r"[\w .+~/:-]+")


class PatternError(Exception):
    """A pattern that stops unattended-upgrades with an error before it does anything: which one and why."""


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A finding, and what of the one fix it needs: a package, statements of the drop-in, unit states."""

    finding: f.Finding
    packages: tuple[InstallPackage, ...] = ()
    statements: tuple[tuple[str, str], ...] = ()
    units: tuple[UnitState, ...] = ()

    @property
    def fixable(self) -> bool:
        """Whether there is something to do about it."""
        return bool(self.packages or self.statements or self.units)


def assess(host: Host, options: Options) -> t.Iterator[f.Finding]:
    """Judge each rule, then give all that can be put right one and the same fix."""
    system = host.once(distribution.read)
    if system.family != "debian":
        why = f"{system.name} does not use apt, and no other updater is looked at yet"
        yield from (f.Finding(rule, system.id, f.NOT_ASSESSED, why) for rule in RULES)
        return
    verdicts = [_installed(host), *_configured(host, system), *_timers(host)]
    fix = _fix(host, verdicts)
    for verdict in verdicts:
        yield dataclasses.replace(verdict.finding, fix=fix) if verdict.fixable else verdict.finding


def _fix(host: Host, verdicts: t.Sequence[Verdict]) -> tuple[Change, ...]:
    """The package, then the drop-in with what it holds already, then the units."""
    packages = [package for verdict in verdicts for package in verdict.packages]
    statements = [statement for verdict in verdicts for statement in verdict.statements]
    if statements:
        statements += [(setting.key, setting.value) for name, setting in apt.settings(host) if name == DROP_IN]
    validate = ("apt-config", "-c", "{}", "dump")
    # The last word on a key counts: ours of today replaces ours of yesterday.
    files = [write_file(host, DROP_IN, aptconf.render(_newest(statements)), validate=validate)] if statements else []
    return (*packages, *files, *(unit for verdict in verdicts for unit in verdict.units))


def _newest(statements: t.Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each key once, with the value that comes first; members of lists all."""
    kept: dict[tuple[str, str], tuple[str, str]] = {}
    for key, value in statements:
        kept.setdefault((key.lower(), value if key.endswith("::") else ""), (key, value))
    return list(kept.values())


# Rule installed


def _installed(host: Host) -> Verdict:
    state, version = apt.package_state(host, PACKAGE)
    good = state == "installed"
    evidence = (f.Evidence(apt.STATUS, f"{PACKAGE} {version} is {state}".replace("  ", " "), "installed"),)
    message = f"{PACKAGE} is {state}"
    finding = f.Finding(INSTALLED, PACKAGE, f.PASS if good else f.FAIL, message, evidence)
    return Verdict(finding) if good else Verdict(finding, packages=(InstallPackage(PACKAGE),), units=_helper(host))


def _helper(host: Host) -> tuple[UnitState, ...]:
    """The service that the package starts; part of the fix, since Debian's package leaves it running when removed."""
    if not host.exists("/run/systemd/system"):
        return ()
    return (UnitState(f"{PACKAGE}.service", State(active=False), State(active=True, enablement="enabled")),)


# Rules enabled and origins


def _configured(host: Host, system: Distribution) -> list[Verdict]:
    try:
        config = apt.config(host)
    except apt.AptError as exc:
        broken = f"apt cannot read its configuration: {exc}"
        rules = ((ENABLED, "APT::Periodic"), (ORIGINS, "apt sources"))
        return [Verdict(f.Finding(rule, subject, f.FAIL, broken)) for rule, subject in rules]
    return [_enabled(host, config), *_origins(host, config, system)]


def is_on(interval: str) -> bool:
    """Whether an interval of APT::Periodic means ever: days, or a number with s, m, h or d; 0 is never."""
    match = re.fullmatch(r"(\d+)[smhd]?", interval)
    return interval == "always" or bool(match and int(match[1]) > 0)


def _enabled(host: Host, config: aptconf.Config) -> Verdict:
    off = [(key, config.get(key, default)) for key, default in SWITCHES if not is_on(config.get(key, default))]
    if not off:
        on = tuple(f.Evidence("apt-config dump", f'{key} "{config.get(key, default)}"') for key, default in SWITCHES)
        return Verdict(f.Finding(ENABLED, "APT::Periodic", f.PASS, "apt updates this system by itself", on))
    evidence = tuple(f.Evidence(_where(host, key), f'{key} "{printable(value)}"', '"1"') for key, value in off)
    message = f"apt does not update this system by itself: {', '.join(key for key, _value in off)} off"
    return _through_drop_in(
        host, f.Finding(ENABLED, "APT::Periodic", f.FAIL, message, evidence), [(key, "1") for key, _value in off]
    )


def _origins(host: Host, config: aptconf.Config, system: Distribution) -> list[Verdict]:
    """One verdict for each security source of this release."""
    security = [source for source in apt.sources(host) if apt.is_security(source, system)]
    if not security:
        return [Verdict(_no_source(system))]
    by_place: dict[str, list[apt.Source]] = {}
    for source in security:
        by_place.setdefault(f"{source.place} {source.release}", []).append(source)
    return [_matched(host, config, system, subject, parts) for subject, parts in by_place.items()]


def _no_source(system: Distribution) -> f.Finding:
    if system.id not in WITH_SECURITY:
        why = f"it is not known which source of {system.name} carries security updates"
        return f.Finding(ORIGINS, "apt sources", f.NOT_ASSESSED, why)
    evidence = f.Evidence(
        f"{apt.SOURCES}, {apt.SOURCES}.d", "no security source", f"one for {system.codename or system.name}"
    )
    return f.Finding(ORIGINS, "apt sources", f.FAIL, "no configured source carries security updates", (evidence,))


def _matched(
    host: Host, config: aptconf.Config, system: Distribution, subject: str, parts: list[apt.Source]
) -> Verdict:
    if not parts[0].fetched:
        why = f"apt has not fetched the lists of this source yet ({apt.LISTS}); run apt-get update"
        return Verdict(f.Finding(ORIGINS, subject, f.NOT_ASSESSED, why, (f.Evidence(parts[0].entry, subject),)))
    patterns, held = allowed(config), config.values(BLACKLIST)
    blacklist = (f.Evidence(BLACKLIST, f"held back: {printable(', '.join(held))}"),) if held else ()
    evidence = (f.Evidence(parts[0].entry, describe(parts[0])), *blacklist)
    try:
        # All of them, since one that is not understood stops the program at the first package that gets to it.
        tried = [[matches(pattern, part, system) for pattern in patterns] for part in parts]
    except PatternError as exc:
        return Verdict(f.Finding(ORIGINS, subject, f.FAIL, f"unattended-upgrades stops with an error: {exc}", evidence))
    if all(any(hits) for hits in tried):
        return Verdict(f.Finding(ORIGINS, subject, f.PASS, "its updates are installed by themselves", evidence))
    shown = printable("; ".join(patterns)) or "no pattern at all"
    evidence += (f.Evidence(_where(host, PATTERNS), shown, pattern_for(parts[0], system) or "a pattern that matches"),)
    finding = f.Finding(ORIGINS, subject, f.FAIL, "no pattern lets its updates be installed by themselves", evidence)
    wanted = pattern_for(parts[0], system)
    return _through_drop_in(host, finding, [(f"{PATTERNS}::", wanted)] if wanted else [])


def describe(source: apt.Source) -> str:
    """The source's Release file in the words of a pattern."""
    return f"origin={source.origin},label={source.label},suite={source.suite},codename={source.codename}"


def allowed(config: aptconf.Config) -> list[str]:
    """All patterns; the older Allowed-Origins come first, as unattended-upgrades has them."""
    return [*map(_from_legacy, config.values(LEGACY)), *config.values(PATTERNS)]


def _from_legacy(value: str) -> str:
    """ "ID:SUITE" or "ID SUITE" is the older way to say o=ID,a=SUITE.

    What has another number of parts stops unattended-upgrades; it is kept as it is, and `matches` says so.
    """
    parts = re.split(r"(?<!\\):", value) if re.search(r"(?<!\\):", value) else value.split()
    if len(parts) != 2:
        return value
    origin, suite = (part.replace("\\:", ":").replace(",", "%2C") for part in parts)
    return f"o={origin},a={suite}"


def matches(pattern: str, source: apt.Source, system: Distribution) -> bool:
    """Whether unattended-upgrades takes updates of the source by this pattern. Raises PatternError as it would stop."""
    macros = {"distro_id": system.id.capitalize(), "distro_codename": system.codename}
    fits = bool(pattern.strip())
    for token in pattern.replace("\\,", "%2C").split(",") if fits else ():
        name, equals, value = (part.strip() for part in token.partition("="))
        if not equals or "=" in value or name not in _FIELDS:
            raise PatternError(f"{printable(token)!r} of the pattern {printable(pattern)!r} is not understood")
        try:
            wanted = string.Template(value.replace("%2C", ",")).substitute(macros)
        except (KeyError, ValueError) as exc:
            raise PatternError(f"the pattern {printable(pattern)!r} has an unknown macro") from exc
        fits = fits and fnmatch.fnmatchcase(getattr(source, _FIELDS[name]), wanted)
    return fits


def pattern_for(source: apt.Source, system: Distribution) -> str:
    """A pattern for this source and its successors in later releases; "" where its names do not fit in one.

    Debian's security codename ("trixie-security") names it; Ubuntu's is the release's own, so there the suite has to.
    """
    by = "codename" if source.codename != system.codename else "suite"
    values = {"origin": source.origin, by: getattr(source, by), "label": source.label}
    named = {key: value for key, value in values.items() if value}
    if not source.origin or not all(_PLAIN.fullmatch(value) for value in named.values()):
        return ""
    if system.codename:
        named[by] = named[by].replace(system.codename, "${distro_codename}")
    return ",".join(f"{key}={value}" for key, value in named.items())


# Where apt's configuration comes from, and whether ours would win


def _where(host: Host, key: str) -> str:
    """The file and line that has the last word on a key."""
    places = [f"{name}:{setting.line}" for name, setting in apt.settings(host) if _concerns(setting.key, key)]
    return places[-1] if places else "apt-config dump"


def _concerns(name: str, key: str) -> bool:
    return name.lower() == key.lower() or name.lower().startswith(f"{key.lower()}::")


def _through_drop_in(host: Host, finding: f.Finding, statements: list[tuple[str, str]]) -> Verdict:
    """Put it right by the drop-in, unless a file that apt reads later has the last word."""
    keys = [key.rstrip(":") for key, _value in statements]
    for name, setting in apt.settings(host):
        if _is_later(name) and any(_overrides(setting, key) for key in keys):
            evidence = f.Evidence(f"{name}:{setting.line}", setting.key, f"nothing that overrides {DROP_IN}")
            return Verdict(dataclasses.replace(finding, evidence=(*finding.evidence, evidence)))
    return Verdict(finding, statements=tuple(statements))


def _is_later(name: str) -> bool:
    return name == apt.MAIN or name > DROP_IN


def _overrides(setting: aptconf.Setting, key: str) -> bool:
    """Whether the statement undoes ours: lists grow, so only clearing one, or what it is in, does."""
    if setting.clears:
        return _concerns(key, setting.key)
    return key != PATTERNS and setting.key.lower() == key.lower()


# Rule timers

Shown = t.Mapping[str, str]


def _timers(host: Host) -> list[Verdict]:
    subjects = [f"{name}.timer" for name in TIMER_UNITS]
    units, why = _shown(host)
    if why:
        return [Verdict(f.Finding(TIMERS, subject, f.NOT_ASSESSED, why)) for subject in subjects]
    return [_timer(units[f"{name}.timer"], units[f"{name}.service"]) for name in TIMER_UNITS]


def _shown(host: Host) -> tuple[dict[str, Shown], str]:
    """The properties of both timers and of what they start; or why there are none."""
    if not host.exists("/run/systemd/system"):
        return {}, "systemd does not run here; whether cron starts /etc/cron.daily/apt-compat is not looked at"
    names = [f"{name}.{kind}" for name in TIMER_UNITS for kind in ("timer", "service")]
    wanted = "Id,LoadState,ActiveState,SubState,UnitFileState,NextElapseUSecRealtime,NextElapseUSecMonotonic"
    told = host.ask("systemctl", "show", f"--property={wanted}", *names)
    blocks = [
        dict(line.partition("=")[::2] for line in block.splitlines()) for block in told.stdout.strip().split("\n\n")
    ]
    if len(blocks) != len(names):
        return {}, f"systemctl show: {told.stderr.strip() or f'ended with {told.rc}'}"
    return dict(zip(names, blocks)), ""


def _timer(timer: Shown, service: Shown) -> Verdict:
    faults = _faults(timer, service)
    subject = timer["Id"]
    evidence = (
        f.Evidence(f"systemctl show {subject}", "; ".join(faults) or "enabled, active, due", "enabled, active, due"),
    )
    if not faults:
        return Verdict(f.Finding(TIMERS, subject, f.PASS, f"{subject} is on", evidence))
    finding = f.Finding(TIMERS, subject, f.FAIL, f"{subject} does not do its work: {', '.join(faults)}", evidence)
    return Verdict(finding, units=_turn_on(timer, service))


def _faults(timer: Shown, service: Shown) -> list[str]:
    due = (
        timer["SubState"] == "running" or timer["NextElapseUSecRealtime"] or _is_time(timer["NextElapseUSecMonotonic"])
    )
    states = {
        f"the timer is {timer['LoadState']}": timer["LoadState"] != "loaded",
        f"{service['Id']} is {service['LoadState']}": service["LoadState"] != "loaded",
        f"not enabled ({timer['UnitFileState'] or 'no state'})": timer["UnitFileState"] not in ("enabled", "static"),
        f"not active ({timer['ActiveState']})": timer["ActiveState"] != "active",
        "no next run is due": not due,
    }
    # What is masked is neither enabled nor active nor due; one fault is enough.
    faults = [fault for fault, present in states.items() if present]
    return faults[:1] if timer["LoadState"] != "loaded" else faults


def _is_time(value: str) -> bool:
    return value not in ("", "0", "infinity")


def _turn_on(timer: Shown, service: Shown) -> tuple[UnitState, ...]:
    """What a unit file is missing for, a mask that only this boot has, or an empty schedule: a person has to look."""
    states = [unit["UnitFileState"] for unit in (timer, service)]
    if "not-found" in (timer["LoadState"], service["LoadState"]) or "masked-runtime" in states:
        return ()
    before = State(timer["ActiveState"] == "active", timer["UnitFileState"])
    after = State(active=True, enablement="static" if before.enablement == "static" else "enabled")
    masked = service["UnitFileState"] == "masked"
    unmask = (UnitState(service["Id"], State(False, "masked"), State(False, "static")),) if masked else ()
    return (*unmask, *((UnitState(timer["Id"], before, after),) if before != after else ()))


CONTROL = Control(
    name="automatic_updates",
    principle="patching",
    title="Security updates install themselves",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
