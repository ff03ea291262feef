# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""automatic_updates: security updates are installed without anybody having to think of them."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._updates.model import (
    RULES,
    Family,
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host import distribution
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._updates import (
        debian,
        redhat,
        suse,
    )
else:
    debian = later("_controls.patching._updates.debian")
    redhat = later("_controls.patching._updates.redhat")
    suse = later("_controls.patching._updates.suse")

OPTIONS: dict[str, dict[str, t.Any]] = {
    "mail": {"type": "str", "default": ""},
}
FAMILIES = {"debian": debian, "redhat": redhat, "suse": suse}


def assess(host: Host, options: Options) -> t.Iterator[f.Finding]:
    """Judge by the rules as this family of distributions has them; all that can be put right has the very same fix."""
    system = host.once(distribution.read)
    if system.family not in FAMILIES:
        why = f"how {system.name} updates itself is not known here"
        yield from (f.Finding(rule, system.id, f.NOT_ASSESSED, why) for rule in RULES)
        return
    family = FAMILIES[system.family].FAMILY
    verdicts = list(family.judge(host, system, options))
    fix = _fix(host, family, verdicts)
    for verdict in verdicts:
        yield dataclasses.replace(verdict.finding, fix=fix) if verdict.fixable else verdict.finding


def _fix(host: Host, family: Family, verdicts: t.Sequence[Verdict]) -> tuple[Change, ...]:
    """The packages, then what is configured, then the units; each once."""
    packages = dict.fromkeys(package for verdict in verdicts for package in verdict.packages)
    settings = [setting for verdict in verdicts for setting in verdict.settings]
    units = dict.fromkeys(unit for verdict in verdicts for unit in verdict.units)
    return (*packages, *(family.write(host, settings) if settings else ()), *units)


CONTROL = Control(
    name="automatic_updates",
    principle="patching",
    title="Security updates install themselves",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
