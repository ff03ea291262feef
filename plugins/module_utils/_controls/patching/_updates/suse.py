# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""os-update, transactional-update and YaST's online update, on SUSE."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._updates import timers
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._updates.model import (
    ENABLED,
    EXCLUSIONS,
    INSTALLED,
    ORIGINS,
    REPORT,
    SOURCES,
    TIMERS,
    Family,
    Settings,
    Verdict,
    nowhere,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import read_now, write_file
from ansible_collections.infosec.principles.plugins.module_utils._engine.packages import InstallPackage
from ansible_collections.infosec.principles.plugins.module_utils._formats import ini
from ansible_collections.infosec.principles.plugins.module_utils._host import units, zypper
from ansible_collections.infosec.principles.plugins.module_utils._host.distribution import Distribution
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

SUBJECT = "zypper"
UPDATE = "UPDATE_CMD"
CONFIG = "/etc/os-update.conf"
#: What os-update takes; each of them brings security updates (os-update(8)).
KINDS = ("auto", "dup", "up", "security")
#: Releases that get security updates as new versions of everything, in their main repository.
ROLLING = ("opensuse-tumbleweed", "opensuse-slowroll", "opensuse-microos")
#: Where the package os-update is among the distribution's own.
WITH_OS_UPDATE = ("opensuse-tumbleweed", "opensuse-slowroll", "opensuse-leap")
CRON = "/etc/cron.*/opensuse.org-online_update"


@dataclasses.dataclass(frozen=True)
class Updater:
    """A program that updates by itself: its name, the file that says it is there, its timer ("": cron has it)."""

    name: str
    marker: str
    timer: str = ""


#: A system whose root is read-only can only be updated by the first.
UPDATERS = (
    Updater("transactional-update", "/usr/sbin/transactional-update", "transactional-update"),
    Updater("os-update", "/usr/lib/systemd/system/os-update.timer", "os-update"),
    Updater("yast2-online-update-configuration", zypper.YAST),
)


def judge(host: Host, system: Distribution, options: Options) -> t.Iterator[Verdict]:
    """All rules on a system with zypper."""
    there = [updater for updater in UPDATERS if host.exists(updater.marker)]
    # The first that works is the one that counts.
    chosen = next((one for one in there if _works(host, one)), there[0] if there else None)
    yield _installed(host, system, chosen)
    yield _enabled(host, chosen)
    yield _origins(host, system)
    yield from _timers(host, system, chosen)
    yield from _exclusions(host, chosen)
    yield _report(host, chosen)
    yield from _sources(host)


def write(host: Host, settings: Settings) -> t.Sequence[Change]:
    """os-update's own file, which holds what differs from the shipped one."""
    text = read_now(host, CONFIG) or ""
    for name, value in settings:
        text = ini.put(text, name, f'"{value}"')
    return (write_file(host, CONFIG, text),)


FAMILY = Family(judge, write)


def _works(host: Host, updater: Updater) -> bool:
    return timers.is_on(host, updater.timer) if updater.timer else bool(host.glob(CRON))


def _installed(host: Host, system: Distribution, chosen: Updater | None) -> Verdict:
    if chosen:
        return Verdict(f.Finding(INSTALLED, SUBJECT, f.PASS, f"{chosen.name} is here"))
    evidence = tuple(f.Evidence(one.marker, f"no {one.name}", "one of these") for one in UPDATERS)
    finding = f.Finding(INSTALLED, SUBJECT, f.FAIL, "no program is here that installs updates by itself", evidence)
    if system.id not in WITH_OS_UPDATE:
        return Verdict(finding)
    return Verdict(finding, (InstallPackage("os-update"),), units=timers.new(host, "os-update"))


def _enabled(host: Host, chosen: Updater | None) -> Verdict:
    if chosen is None or chosen.name == "transactional-update":
        return _by_timer(chosen)
    if chosen.name == "os-update":
        return _os_update(host)
    settings = zypper.settings(host, zypper.YAST)
    value = settings.get("AOU_ENABLE_CRONJOB", "")
    evidence = (f.Evidence(zypper.YAST, f'AOU_ENABLE_CRONJOB="{printable(value)}"', '"true"'),)
    if value == "true":
        return Verdict(f.Finding(ENABLED, SUBJECT, f.PASS, "YaST installs updates by itself", evidence))
    return Verdict(f.Finding(ENABLED, SUBJECT, f.FAIL, "YaST's online update is off", evidence))


def _by_timer(chosen: Updater | None) -> Verdict:
    """What is started installs updates: there is no setting to turn that off."""
    if chosen:
        return Verdict(f.Finding(ENABLED, SUBJECT, f.PASS, f"{chosen.name} installs updates whenever it is started"))
    return Verdict(f.Finding(ENABLED, SUBJECT, f.FAIL, "nothing installs updates by itself"))


def _os_update(host: Host) -> Verdict:
    value = zypper.settings(host, "/usr/etc/os-update.conf", CONFIG).get(UPDATE, "auto")
    evidence = (f.Evidence(CONFIG, f'{UPDATE}="{printable(value)}"', ", ".join(KINDS)),)
    if value in KINDS:
        return Verdict(f.Finding(ENABLED, SUBJECT, f.PASS, "os-update installs updates", evidence))
    message = f"os-update does not know {UPDATE} {printable(value)}"
    return Verdict(f.Finding(ENABLED, SUBJECT, f.FAIL, message, evidence), settings=((UPDATE, "auto"),))


def _origins(host: Host, system: Distribution) -> Verdict:
    """Repositories of updates carry the word in their alias or address; services of SUSE name them *-Updates."""
    enabled = [one for one in host.once(zypper.repositories) if one.enabled]
    rolling = system.id in ROLLING
    wanted = [one.name for one in enabled if rolling or _is_of_updates(one)]
    shown = printable(", ".join(one.name for one in enabled)) or "none"
    evidence = (f.Evidence(zypper.REPOSITORIES, f"enabled: {shown}", "a repository of updates"),)
    if not wanted:
        message = "no repository is enabled that carries this release's updates"
        return Verdict(f.Finding(ORIGINS, SUBJECT, f.FAIL, message, evidence))
    return Verdict(f.Finding(ORIGINS, SUBJECT, f.PASS, f"updates come from {printable(', '.join(wanted))}", evidence))


def _is_of_updates(one: zypper.Repository) -> bool:
    return any(re.search(r"(?i)\bupdates?\b", text) for text in (one.name, one.options.get("baseurl", "")))


def _timers(host: Host, system: Distribution, chosen: Updater | None) -> list[Verdict]:
    if chosen and not chosen.timer:
        return [_cron(host)]
    found = timers.judge(host, [chosen.timer if chosen else "os-update"])
    if chosen or system.id not in WITH_OS_UPDATE or found[0].finding.status != f.FAIL:
        return found
    return [Verdict(found[0].finding, units=timers.new(host, "os-update"))]


def _cron(host: Host) -> Verdict:
    """YaST links its job into one of cron's folders."""
    why = timers.not_told(host)
    if why:
        return nowhere(TIMERS, "cron.service", why)
    links, cron = host.glob(CRON), units.show(host, "cron.service")
    good = bool(links) and cron is not None and cron.is_active
    evidence = (
        f.Evidence(CRON, ", ".join(links) or "absent", "a job"),
        f.Evidence("systemctl show cron.service", cron.active if cron else "not found", "active"),
    )
    message = "cron starts the online update" if good else "nothing starts the online update"
    return Verdict(f.Finding(TIMERS, "cron.service", f.PASS if good else f.FAIL, message, evidence))


def _exclusions(host: Host, chosen: Updater | None) -> t.Iterator[Verdict]:
    found = [_lock(printable(name)) for name in dict.fromkeys(zypper.locked(host))]
    skips = zypper.settings(host, zypper.YAST).get("AOU_SKIP_INTERACTIVE_PATCHES", "")
    if chosen and not chosen.timer and skips == "true":
        message = "updates that ask something, such as those of the kernel, are left out"
        evidence = (f.Evidence(zypper.YAST, 'AOU_SKIP_INTERACTIVE_PATCHES="true"', '"false"'),)
        remedy = f"Set AOU_SKIP_INTERACTIVE_PATCHES in {zypper.YAST} to false, or say in a waiver who installs them."
        found.append(f.Finding(EXCLUSIONS, "interactive patches", f.FAIL, message, evidence, remedy=remedy))
    if not found:
        found = [f.Finding(EXCLUSIONS, "packages", f.PASS, "no package is kept from its updates")]
    yield from map(Verdict, found)


def _lock(name: str) -> f.Finding:
    evidence = (f.Evidence(zypper.LOCKS, name, "nothing"),)
    remedy = f"Run zypper removelock {name}, or accept in a waiver who updates it by hand."
    return f.Finding(EXCLUSIONS, f"lock {name}", f.FAIL, f"updates never reach {name}", evidence, remedy=remedy)


def _report(host: Host, chosen: Updater | None) -> Verdict:
    """By OnFailure= of the service; cron mails what its jobs print."""
    if chosen and not chosen.timer:
        good = host.exists("/usr/sbin/sendmail")
        evidence = f.Evidence("/usr/sbin/sendmail", "present" if good else "absent", "a program that sends cron's mail")
    else:
        name = f"{chosen.timer if chosen else 'os-update'}.service"
        service = units.show(host, name)
        hooks = service.on_failure if service else ()
        good = bool(hooks)
        evidence = f.Evidence(f"systemctl show {name}", f"OnFailure={' '.join(hooks)}", "a unit that tells somebody")
    message = "somebody is told of failures" if good else "nobody is told of failures"
    remedy = "Give the service OnFailure=systemd-status-mail@%n.service (package os-update) and an address to it."
    return Verdict(f.Finding(REPORT, SUBJECT, f.PASS if good else f.FAIL, message, (evidence,), remedy=remedy))


def _sources(host: Host) -> t.Iterator[Verdict]:
    general = {name.rpartition(".")[2]: value for name, value in zypper.settings(host, zypper.CONFIG).items()}
    for one in host.once(zypper.repositories):
        if one.enabled:
            yield Verdict(_source(one, general))


def _source(one: zypper.Repository, general: t.Mapping[str, str]) -> f.Finding:
    """gpgcheck is on unless it is turned off; either of the other two proves as well (libzypp's zypp.conf)."""
    defaults = {"gpgcheck": "on", "repo_gpgcheck": "", "pkg_gpgcheck": ""}
    values = {key: one.options.get(key, general.get(key, default)) for key, default in defaults.items()}
    subject = printable(one.name)
    found = ", ".join(f"{key}={printable(value)}" for key, value in values.items() if value)
    evidence = (f.Evidence(one.place, found, "gpgcheck=1"),)
    if any(map(zypper.is_true, values.values())):
        return f.Finding(SOURCES, subject, f.PASS, "it has to be signed", evidence)
    remedy = f"Run zypper modifyrepo --gpgcheck-strict {subject}, and import its key."
    message = "packages of this repository are installed without proof"
    return f.Finding(SOURCES, subject, f.FAIL, message, evidence, remedy=remedy)
