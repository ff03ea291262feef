# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The rules of automatic_updates, and what each family's judge says by them."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.packages import InstallPackage
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import UnitState
from ansible_collections.infosec.principles.plugins.module_utils._host.distribution import Distribution
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

REFERENCE = "https://infosec.mozilla.org/fundamentals/security_principles#patch-systems"
INSTALLED = f.Rule(
    name="installed",
    title="A program that installs updates by itself is installed",
    risk="high",
    reference=REFERENCE,
    remedy="Install unattended-upgrades (Debian), dnf-automatic or dnf5-plugin-automatic (Red Hat), os-update (SUSE).",
)
ENABLED = f.Rule(
    name="enabled",
    title="Updates are fetched and installed without anybody asking, not only told of",
    risk="high",
    reference=REFERENCE,
    remedy="Set APT::Periodic::Update-Package-Lists and ::Unattended-Upgrade to 1, or apply_updates to yes, where "
    "nothing overrides it.",
)
ORIGINS = f.Rule(
    name="origins",
    title="Security updates are among those that are installed by themselves",
    risk="high",
    reference=REFERENCE,
    remedy="Configure the source of this release's security updates, and let the program take what it has.",
)
TIMERS = f.Rule(
    name="timers",
    title="The timers that start the daily work are on and due",
    risk="high",
    reference=REFERENCE,
    remedy="Unmask, enable and start the timer.",
)
EXCLUSIONS = f.Rule(
    name="exclusions",
    title="No package is kept from its updates",
    risk="medium",
    reference=REFERENCE,
    remedy="Release the package, or accept in a waiver who updates it by hand and until when.",
)
REPORT = f.Rule(
    name="report",
    title="Somebody learns when an update fails",
    risk="low",
    reference=REFERENCE,
    remedy="Install a mail program and name the address in patching_mail.",
)
SOURCES = f.Rule(
    name="sources",
    title="Every source of packages has to prove that its packages are its own",
    risk="high",
    reference=REFERENCE,
    remedy="Name the key of the source (signed-by, gpgkey), and remove what lets it go without a signature.",
)
RULES = (INSTALLED, ENABLED, ORIGINS, TIMERS, EXCLUSIONS, REPORT, SOURCES)


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A finding, and what of the one fix it needs: packages, settings of the program's file, unit states."""

    finding: f.Finding
    packages: tuple[InstallPackage, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    units: tuple[UnitState, ...] = ()

    @property
    def fixable(self) -> bool:
        """Whether there is something to do about it."""
        return bool(self.packages or self.settings or self.units)


Settings = t.Sequence[tuple[str, str]]


@dataclasses.dataclass(frozen=True)
class Family:
    """How one family of distributions updates itself.

    judge: all verdicts on this host. write: the changes to files that bring these settings about.
    """

    judge: t.Callable[[Host, Distribution, Options], t.Iterable[Verdict]]
    write: t.Callable[[Host, Settings], t.Sequence[Change]]


def nowhere(rule: f.Rule, subject: str, why: str) -> Verdict:
    """What could not be looked at."""
    return Verdict(f.Finding(rule, subject, f.NOT_ASSESSED, why))
