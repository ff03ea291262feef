# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Rule exclusions on Debian: packages that unattended-upgrades will never update."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._pending import pins
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._updates.debian_settings import (
    where,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._updates.model import (
    EXCLUSIONS,
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._formats import aptconf
from ansible_collections.infosec.principles.plugins.module_utils._host import apt
from ansible_collections.infosec.principles.plugins.module_utils._host.distribution import Distribution
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

BLACKLIST = "Unattended-Upgrade::Package-Blacklist"
WHITELIST = "Unattended-Upgrade::Package-Whitelist"
STRICT = f"{WHITELIST}-Strict"
#: Names in a message; the rest are counted.
SHOWN = 10


def judge(host: Host, config: aptconf.Config, system: Distribution) -> t.Iterator[Verdict]:
    """One verdict for each thing that excludes packages, and one that says so where there is none."""
    names = [package.name for package in host.once(apt.installed) if package.state == "installed"]
    found = [
        *_blacklisted(host, config, names),
        *_whitelisted(host, config, names),
        *_held(host),
        *_pinned(host, names, system),
    ]
    if not any(finding.status == f.FAIL for finding in found):
        yield Verdict(f.Finding(EXCLUSIONS, "packages", f.PASS, "no installed package is kept from its updates"))
    yield from map(Verdict, found)


def _blacklisted(host: Host, config: aptconf.Config, names: list[str]) -> t.Iterator[f.Finding]:
    """Python's regular expressions, matched at the beginning of a name."""
    for entry in config.values(BLACKLIST):
        subject, place = f"blacklist {printable(entry)}", where(host, BLACKLIST, entry)
        try:
            hit = [name for name in names if re.match(entry, name)]
        except re.error as exc:
            message = f"unattended-upgrades stops with an error: {printable(entry)} is no regular expression ({exc})"
            yield f.Finding(EXCLUSIONS, subject, f.FAIL, message, (f.Evidence(place, printable(entry)),))
            continue
        remedy = f"Remove the entry from {place}, or accept in a waiver who updates these by hand."
        yield _finding(subject, hit, f.Evidence(place, f"{BLACKLIST} {printable(entry)}", "no entry"), remedy)


def _whitelisted(host: Host, config: aptconf.Config, names: list[str]) -> t.Iterator[f.Finding]:
    """Where the list is strict, nothing else is updated; else it excludes nothing."""
    if not apt.is_true(config.get(STRICT)):
        return
    entries, place = config.values(WHITELIST), where(host, STRICT)
    hit = [name for name in names if not any(_starts(entry, name) for entry in entries)]
    found = f"{STRICT} with {printable(', '.join(entries)) or 'an empty list'}"
    remedy = f"Remove the setting from {place}, or accept in a waiver who updates the other packages by hand."
    yield _finding("whitelist", hit, f.Evidence(place, found, "not strict"), remedy)


def _starts(entry: str, name: str) -> bool:
    try:
        return bool(re.match(entry, name))
    except re.error:
        return False


def _held(host: Host) -> t.Iterator[f.Finding]:
    for name in sorted({package.name for package in host.once(apt.installed) if package.selection == "hold"}):
        remedy = f"Run apt-mark unhold {name}, or accept in a waiver who updates it by hand."
        yield _finding(f"hold {name}", [name], f.Evidence(apt.STATUS, f"{name}: hold", "install"), remedy)


def _pinned(host: Host, names: list[str], system: Distribution) -> t.Iterator[f.Finding]:
    """Pins that no update gets past: below 0 on a source of security updates, or on one version alone."""
    found = [pin for pin in host.once(pins.read) if _is_lasting(pin)]
    security = [source for source in apt.sources(host) if apt.is_security(source, system)] if found else []
    for pin in found:
        concerned = pin.kind == "version" or any(pins.is_from(pin, source) for source in security)
        hit = [name for name in names if concerned and any(pins.names(one, name, name) for one in pin.packages)]
        shown = f"{printable(' '.join(pin.packages))}: {pin.kind} {pin.what}, priority {pin.priority}"
        remedy = f"Remove the pin from {pin.place}, or accept in a waiver who updates these by hand."
        yield _finding(f"pin {pin.place}", hit, f.Evidence(pin.place, shown, "no such pin"), remedy)


def _is_lasting(pin: pins.Pin) -> bool:
    """A pin on a series of versions lets the updates of the series through."""
    if pin.kind == "version":
        return pin.priority > pins.DEFAULT and not re.search(r"[*?\[/]", pin.what)
    return pin.priority < 0


def _finding(subject: str, hit: list[str], evidence: f.Evidence, remedy: str) -> f.Finding:
    """Failing where it is about any package that is installed."""
    if not hit:
        return f.Finding(EXCLUSIONS, subject, f.PASS, "no installed package is meant by it", (evidence,))
    rest = f" and {len(hit) - SHOWN} more" if len(hit) > SHOWN else ""
    message = f"updates never reach {', '.join(hit[:SHOWN])}{rest}"
    return f.Finding(EXCLUSIONS, subject, f.FAIL, message, (evidence,), remedy=remedy)
