# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""dnf-automatic, and the plugin `automatic` of dnf5, on the family of Red Hat."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._updates import timers
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._updates.model import (
    ENABLED,
    EXCLUSIONS,
    INSTALLED,
    ORIGINS,
    REPORT,
    RULES,
    SOURCES,
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
from ansible_collections.infosec.principles.plugins.module_utils._host import dnf, sockets, units
from ansible_collections.infosec.principles.plugins.module_utils._host.distribution import Distribution
from ansible_collections.infosec.principles.plugins.module_utils._host.dnf import Automatic
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

APPLY = "commands.apply_updates"
TYPE = "commands.upgrade_type"
EMIT = "emitters.emit_via"
ON_ERROR = "emitters.send_error_messages"
#: Timers that do what the configuration says, and those that install whatever it says; the first of each is ours.
BY_CONFIG = {4: ("dnf-automatic",), 5: ("dnf5-automatic", "dnf-automatic")}
ALWAYS = {4: ("dnf-automatic-install",), 5: ("dnf5-automatic-install", "dnf-automatic-install")}
#: Ways to tell somebody that leave the host.
REACHING = ("email", "command_email", "command")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
#: Publishes no advisories with its packages, so that none of its updates counts as one of security.
WITHOUT_ADVISORIES = ("centos",)
EXCLUDES = ("excludepkgs", "exclude")
ADDRESS = re.compile(r"[\w.+@%-]+")


def judge(host: Host, system: Distribution, options: Options) -> t.Iterator[Verdict]:
    """All rules on a system with dnf."""
    program = host.once(dnf.automatic)
    why = _elsewhere(host, program, system)
    if program is None or why:
        yield from (nowhere(rule, system.id, why) for rule in RULES)
        return
    yield _installed(host, program)
    yield _enabled(host, program)
    yield _origins(host, program, system)
    yield from _timers(host, program)
    yield from _exclusions(host)
    yield _report(host, program, options["mail"])
    yield from _sources(host)


def write(host: Host, settings: Settings) -> t.Sequence[Change]:
    """The program's own file with these settings, and everything else that it has."""
    program = host.once(dnf.automatic)
    if program is None:
        return ()
    text = read_now(host, program.config) or ""
    for name, value in settings:
        text = ini.put(text, name, value)
    return (write_file(host, program.config, text),)


FAMILY = Family(judge, write)


def _elsewhere(host: Host, program: Automatic | None, system: Distribution) -> str:
    """Why dnf does not update this system."""
    if host.exists("/run/ostree-booted"):
        return f"{system.name} is updated as a whole image by rpm-ostree, which is not looked at yet"
    return "" if program else f"{system.name} has no dnf, and no other program is looked at yet"


def _installed(host: Host, program: Automatic) -> Verdict:
    package = program.package
    if program.installed:
        return Verdict(f.Finding(INSTALLED, package, f.PASS, f"{package} is installed"))
    evidence = (f.Evidence(dnf.SHIPPED if program.generation == 5 else "/usr/bin/dnf-automatic", "absent", "present"),)
    finding = f.Finding(INSTALLED, package, f.FAIL, f"{package} is absent", evidence)
    return Verdict(finding, (InstallPackage(package),), units=_new(host, program))


def _new(host: Host, program: Automatic) -> tuple[t.Any, ...]:
    """dnf-automatic brings its configuration along, so there the timer that needs none is turned on."""
    return timers.new(host, (ALWAYS if program.generation == 4 else BY_CONFIG)[program.generation][0])


def _enabled(host: Host, program: Automatic) -> Verdict:
    always = next((name for name in ALWAYS[program.generation] if timers.is_on(host, name)), "")
    if always:
        return Verdict(f.Finding(ENABLED, program.config, f.PASS, f"{always}.timer installs what there is"))
    value = program.get(APPLY)
    evidence = (f.Evidence(program.config, f"{APPLY} = {printable(value) or 'not set'}", "yes"),)
    if dnf.is_true(value):
        return Verdict(f.Finding(ENABLED, program.config, f.PASS, "updates are applied", evidence))
    finding = f.Finding(ENABLED, program.config, f.FAIL, "updates are not applied, only told of", evidence)
    if program.generation == 4 and not program.installed:
        return Verdict(finding, units=_new(host, program))
    return Verdict(finding, settings=((APPLY, "yes"),))


def _origins(host: Host, program: Automatic, system: Distribution) -> Verdict:
    kind = program.get(TYPE) or "default"
    enabled = [one.name for one in host.once(dnf.repositories) if one.enabled]
    evidence = (
        f.Evidence(program.config, f"{TYPE} = {printable(kind)}", "default or security"),
        f.Evidence(dnf.REPOSITORIES, f"enabled: {printable(', '.join(enabled)) or 'none'}"),
    )
    if not enabled:
        message = "no repository is enabled that updates could come from"
        return Verdict(f.Finding(ORIGINS, program.config, f.FAIL, message, evidence))
    if kind == "security" and system.id in WITHOUT_ADVISORIES:
        message = f"only security updates are taken, and {system.name} does not say which of its updates are"
        return Verdict(f.Finding(ORIGINS, program.config, f.FAIL, message, evidence), settings=((TYPE, "default"),))
    if kind not in ("default", "security"):
        message = f"{TYPE} is {printable(kind)}, which dnf does not know"
        return Verdict(f.Finding(ORIGINS, program.config, f.FAIL, message, evidence), settings=((TYPE, "default"),))
    return Verdict(f.Finding(ORIGINS, program.config, f.PASS, "security updates are among those applied", evidence))


def _timers(host: Host, program: Automatic) -> list[Verdict]:
    """One timer of those that lead to updates is enough."""
    names = (*BY_CONFIG[program.generation], *ALWAYS[program.generation])
    on = [name for name in names if timers.is_on(host, name)]
    there = [name for name in names if timers.is_there(host, name)] if not on else []
    found = timers.judge(host, [*on, *there, names[0]][:1])
    if program.installed or found[0].finding.status != f.FAIL:
        return found
    return [Verdict(found[0].finding, units=_new(host, program))]


def _exclusions(host: Host) -> t.Iterator[Verdict]:
    found = [*_excludes(host), *_locks(host)]
    yield from found or [Verdict(f.Finding(EXCLUSIONS, "packages", f.PASS, "no package is kept from its updates"))]


def _excludes(host: Host) -> t.Iterator[Verdict]:
    """What the configuration leaves out of all repositories, and each repository out of itself."""
    enabled = [one for one in host.once(dnf.repositories) if one.enabled]
    places = [(f"excludepkgs {printable(one.name)}", one.place, one.options) for one in enabled]
    for subject, place, options in [("excludepkgs", dnf.CONFIG, dnf.main(host)), *places]:
        names = " ".join(options[key] for key in EXCLUDES if options.get(key, "").strip())
        if names:
            remedy = f"Remove it from {place}, or accept in a waiver who updates these by hand."
            yield _excluded(subject, printable(names), place, remedy)


def _locks(host: Host) -> t.Iterator[Verdict]:
    for place, name in dnf.locked(host):
        remedy = f"Run dnf versionlock delete {printable(name)}, or accept in a waiver who updates it by hand."
        yield _excluded(f"lock {printable(name)}", printable(name), place, remedy)


def _excluded(subject: str, names: str, place: str, remedy: str) -> Verdict:
    evidence = (f.Evidence(place, names, "nothing"),)
    return Verdict(f.Finding(EXCLUSIONS, subject, f.FAIL, f"updates never reach {names}", evidence, remedy=remedy))


# Rule report


def _report(host: Host, program: Automatic, wanted: str) -> Verdict:
    """By mail, or by OnFailure= of a service: both generations end with an error when an update fails."""
    hook = _hook(host, program)
    fault = "" if hook and not wanted else _fault(host, program, wanted)
    evidence = (
        f.Evidence(program.config, f"{EMIT} = {printable(', '.join(_ways(program))) or 'nothing'}", "a way to mail"),
        *((f.Evidence(program.config, f"{ON_ERROR} is off", "yes"),) if _is_silent(program) else ()),
        *((f.Evidence(f"systemctl show {hook}", "OnFailure="),) if hook else ()),
    )
    if not fault:
        return Verdict(f.Finding(REPORT, program.package, f.PASS, "somebody is told of failures", evidence))
    finding = f.Finding(REPORT, program.package, f.FAIL, fault, evidence)
    return Verdict(finding, settings=_telling(host, program, wanted))


def _telling(host: Host, program: Automatic, wanted: str) -> tuple[tuple[str, str], ...]:
    """The settings by which somebody is told. dnf-automatic brings its file along, so not before it is installed."""
    way, ways = _way(host, program), _ways(program)
    if not way or not ADDRESS.fullmatch(wanted) or not (program.installed or program.generation == 5):
        return ()
    emit = ", ".join([*ways, *([way] if way not in ways else [])])
    return ((EMIT, emit), (f"{way}.email_to", wanted), *(((ON_ERROR, "yes"),) if _is_silent(program) else ()))


def _ways(program: Automatic) -> list[str]:
    return [way for way in re.split(r"[,\s]+", program.get(EMIT)) if way]


def _is_silent(program: Automatic) -> bool:
    """Whether it tells what it did alone, not that it could not (dnf5 always tells both)."""
    return program.generation == 4 and not dnf.is_true(program.get(ON_ERROR))


def _hook(host: Host, program: Automatic) -> str:
    """A service of the program that starts another unit when it fails."""
    names = [f"{name}.service" for name in (*BY_CONFIG[program.generation], *ALWAYS[program.generation])]
    found = [unit for unit in map(host.once(units.read).get, names) if unit]
    return next((unit.name for unit in found if unit.on_failure), "")


def _fault(host: Host, program: Automatic, wanted: str) -> str:
    """Why nobody learns of it; "" where somebody does."""
    reaching = [way for way in _ways(program) if way in REACHING]
    to = [program.get(f"{way}.email_to") or "root" for way in reaching if way != "command"]
    faults = {
        f"the option mail is no address: {printable(wanted)}": bool(wanted) and not ADDRESS.fullmatch(wanted),
        "what it does is told to nobody outside of this host": not reaching,
        "it tells what it did, but not when it failed": _is_silent(program),
        f"failures are mailed to {printable(', '.join(to))}, not to {wanted}": bool(wanted) and wanted not in to,
        "nothing here sends the mail": bool(to) and not _can_send(host, program, reaching),
    }
    return next((fault for fault, present in faults.items() if present), "")


def _can_send(host: Host, program: Automatic, ways: list[str]) -> bool:
    return any(way == "command" or (way == "email" and _smtp(host, program)) or _mail(host, way) for way in ways)


def _way(host: Host, program: Automatic) -> str:
    """The way by which this host can send mail; "" for none."""
    return "email" if _smtp(host, program) else "command_email" if _mail(host, "command_email") else ""


def _smtp(host: Host, program: Automatic) -> bool:
    """Whether the mail server is another host, or something listens here."""
    server, port = program.get("email.email_host"), program.get("email.email_port") or "25"
    if server not in LOOPBACK:
        return True
    return any(str(one.port) == port and one.protocol == "tcp" for one in host.once(sockets.read))


def _mail(host: Host, way: str) -> bool:
    return way == "command_email" and host.exists("/usr/bin/mail")


# Rule sources


def _sources(host: Host) -> t.Iterator[Verdict]:
    """One verdict for each repository that is enabled."""
    general = dnf.main(host)
    for one in host.once(dnf.repositories):
        if one.enabled:
            yield Verdict(_source(one, general))


def _source(one: dnf.Repository, general: t.Mapping[str, str]) -> f.Finding:
    subject = printable(one.name)
    keys = ("pkg_gpgcheck", "gpgcheck")
    own = next((one.options[key] for key in keys if key in one.options), "")
    value = own or next((general[key] for key in keys if key in general), "")
    found = f"gpgcheck = {printable(value) or 'not set, which is no'}"
    evidence = (f.Evidence(one.place if own else dnf.CONFIG, found, "1"),)
    if dnf.is_true(value):
        return f.Finding(SOURCES, subject, f.PASS, "its packages have to be signed", evidence)
    remedy = f"Name its key with gpgkey and set gpgcheck=1 in {one.place}, section [{subject}]."
    message = "packages of this repository are installed without proof"
    return f.Finding(SOURCES, subject, f.FAIL, message, evidence, remedy=remedy)
