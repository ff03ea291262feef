# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""unattended-upgrades on Debian and its relatives."""

from __future__ import annotations

import datetime
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._updates import (
    debian_exclusions,
    debian_sources,
    timers,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._updates.debian_patterns import (
    PATTERNS,
    PatternError,
    allowed,
    describe,
    matches,
    pattern_for,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._updates.debian_settings import (
    through_drop_in,
    where,
    write,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._updates.model import (
    ENABLED,
    EXCLUSIONS,
    INSTALLED,
    ORIGINS,
    REPORT,
    SOURCES,
    Family,
    Verdict,
    nowhere,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.packages import InstallPackage
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import State, UnitState
from ansible_collections.infosec.principles.plugins.module_utils._formats import aptconf, aptsources
from ansible_collections.infosec.principles.plugins.module_utils._host import apt
from ansible_collections.infosec.principles.plugins.module_utils._host.distribution import Distribution
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

PACKAGE = "unattended-upgrades"
#: Key and the value that /usr/lib/apt/apt.systemd.daily takes where it is not set.
SWITCHES = (
    ("APT::Periodic::Enable", "1"),
    ("APT::Periodic::Update-Package-Lists", "0"),
    ("APT::Periodic::Unattended-Upgrade", "0"),
)
TIMERS = ("apt-daily", "apt-daily-upgrade")
#: Distributions that publish security updates in a source of their own.
WITH_SECURITY = ("debian", "ubuntu")
#: How long lists count whose source does not say until when they are valid.
FRESH_DAYS = 7
MAIL = "Unattended-Upgrade::Mail"
MAIL_REPORT = "Unattended-Upgrade::MailReport"
#: The programs that unattended-upgrades can send mail with.
MAILERS = ("/usr/sbin/sendmail", "/usr/bin/mail")
#: What may stand in a line of apt's configuration and in the head of a mail.
ADDRESS = re.compile(r"[\w.+@%-]+")


def judge(host: Host, system: Distribution, options: Options) -> t.Iterator[Verdict]:
    """All rules on a system with apt."""
    yield _installed(host)
    yield from _configured(host, system, options)
    yield from timers.judge(host, TIMERS)


FAMILY = Family(judge, write)


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


def _configured(host: Host, system: Distribution, options: Options) -> t.Iterator[Verdict]:
    try:
        config = apt.config(host)
    except apt.AptError as exc:
        yield from _unreadable(f"apt cannot read its configuration: {exc}")
        return
    yield _enabled(host, config)
    yield from _origins(host, config, system)
    yield from debian_exclusions.judge(host, config, system)
    yield _report(host, config, options["mail"])
    yield from debian_sources.judge(host, config)


def _unreadable(broken: str) -> t.Iterator[Verdict]:
    for rule, subject in ((ENABLED, "APT::Periodic"), (ORIGINS, "apt sources")):
        yield Verdict(f.Finding(rule, subject, f.FAIL, broken))
    for rule, subject in ((EXCLUSIONS, "packages"), (REPORT, PACKAGE), (SOURCES, "apt")):
        yield nowhere(rule, subject, broken)


def is_on(interval: str) -> bool:
    """Whether an interval of APT::Periodic means ever: days, or a number with s, m, h or d; 0 is never."""
    match = re.fullmatch(r"(\d+)[smhd]?", interval)
    return interval == "always" or bool(match and int(match[1]) > 0)


def _enabled(host: Host, config: aptconf.Config) -> Verdict:
    off = [(key, config.get(key, default)) for key, default in SWITCHES if not is_on(config.get(key, default))]
    if not off:
        on = tuple(f.Evidence("apt-config dump", f'{key} "{config.get(key, default)}"') for key, default in SWITCHES)
        return Verdict(f.Finding(ENABLED, "APT::Periodic", f.PASS, "apt updates this system by itself", on))
    evidence = tuple(f.Evidence(where(host, key), f'{key} "{printable(value)}"', '"1"') for key, value in off)
    message = f"apt does not update this system by itself: {', '.join(key for key, _value in off)} off"
    return through_drop_in(
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
    patterns = allowed(config)
    evidence: tuple[f.Evidence, ...] = (f.Evidence(parts[0].entry, describe(parts[0])),)
    try:
        # All of them, since one that is not understood stops the program at the first package that gets to it.
        tried = [[matches(pattern, part, system) for pattern in patterns] for part in parts]
    except PatternError as exc:
        return Verdict(f.Finding(ORIGINS, subject, f.FAIL, f"unattended-upgrades stops with an error: {exc}", evidence))
    if all(any(hits) for hits in tried):
        return Verdict(_current(host, subject, parts[0], evidence))
    shown = printable("; ".join(patterns)) or "no pattern at all"
    evidence += (f.Evidence(where(host, PATTERNS), shown, pattern_for(parts[0], system) or "a pattern that matches"),)
    finding = f.Finding(ORIGINS, subject, f.FAIL, "no pattern lets its updates be installed by themselves", evidence)
    wanted = pattern_for(parts[0], system)
    return through_drop_in(host, finding, [(f"{PATTERNS}::", wanted)] if wanted else [])


def _current(host: Host, subject: str, source: apt.Source, evidence: tuple[f.Evidence, ...]) -> f.Finding:
    """What a source said of itself counts as long as it says, or is looked at often enough."""
    why = _stale(host, source)
    if why:
        return f.Finding(ORIGINS, subject, f.NOT_ASSESSED, why, evidence)
    return f.Finding(ORIGINS, subject, f.PASS, "its updates are installed by themselves", evidence)


def _stale(host: Host, source: apt.Source) -> str:
    until, fetched = aptsources.parse_date(source.valid_until), apt.last_fetch(host)
    if until and until < host.now():
        return (
            f"the lists of this source are of {source.date} and were valid until {source.valid_until}; none came since"
        )
    if not until and fetched and host.now() - fetched > datetime.timedelta(days=FRESH_DAYS):
        return (
            f"the lists of this source are of {source.date}, and apt last looked for newer ones on {fetched:%Y-%m-%d}"
        )
    return ""


# Rule report


def _report(host: Host, config: aptconf.Config, wanted: str) -> Verdict:
    """By mail alone: apt.systemd.daily ends well when an upgrade fails, so no OnFailure= of its service ever acts."""
    mailer = next((path for path in MAILERS if host.exists(path)), "")
    mail = config.get(MAIL)
    fault = _fault(mail, mailer, wanted)
    evidence = (
        f.Evidence(
            where(host, MAIL), f'{MAIL} "{printable(mail)}"', f'"{printable(wanted)}"' if wanted else "an address"
        ),
        f.Evidence(", ".join(MAILERS), mailer or "neither is there", "a program that sends mail"),
    )
    if not fault:
        return Verdict(f.Finding(REPORT, PACKAGE, f.PASS, f"failures are mailed to {printable(mail)}", evidence))
    finding = f.Finding(REPORT, PACKAGE, f.FAIL, fault, evidence)
    if not wanted or not mailer or not ADDRESS.fullmatch(wanted):
        return Verdict(finding)
    when = [] if config.get(MAIL_REPORT) else [(MAIL_REPORT, "only-on-error")]
    return through_drop_in(host, finding, [(MAIL, wanted), *when])


def _fault(mail: str, mailer: str, wanted: str) -> str:
    """Why nobody learns of it; "" where somebody does."""
    if wanted and not ADDRESS.fullmatch(wanted):
        return f"the option mail is no address: {printable(wanted)}"
    faults = {
        "no address is set that failures are mailed to": not mail,
        f"failures are mailed to {printable(mail)}, not to {wanted}": bool(wanted) and mail not in ("", wanted),
        "no program is installed that could send the mail": not mailer,
    }
    return next((fault for fault, present in faults.items() if present), "")
