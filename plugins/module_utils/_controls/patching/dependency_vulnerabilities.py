# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""dependency_vulnerabilities: which libraries each application on the host has.

The host only takes stock; plugins/action/harden.py looks the libraries up in the advisories, on the controller.
"""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._formats import purl
from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.names import ECOSYSTEMS
from ansible_collections.infosec.principles.plugins.module_utils._host import applications
from ansible_collections.infosec.principles.plugins.module_utils._host.applications import Application, Where
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable
from ansible_collections.infosec.principles.plugins.module_utils._host.tree import Budget

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._host.installed.reading import Reading

INVENTORY = f.Rule(
    name="inventory",
    title="The libraries of each application are known",
    risk="medium",
    reference="https://infosec.mozilla.org/fundamentals/security_principles#patch-systems",
    remedy="Commit the lock file of the application's package manager, and deploy by it.",
)
RULES = (INVENTORY,)
OPTIONS: dict[str, dict[str, t.Any]] = {
    "applications": {"type": "list", "elements": "path", "default": []},
    "search": {"type": "list", "elements": "path", "default": ["/srv", "/opt", "/var/www"]},
    "depth": {"type": "int", "default": 3},
    "max_files": {"type": "int", "default": 20000},
    # For the controller, which looks the libraries up; nothing on the host reads these.
    "advisories": {"type": "str", "default": ""},
    "advisories_days": {"type": "int", "default": 14},
    "reports": {"type": "list", "elements": "dict", "default": []},
}
#: How much evidence of one kind a finding has; what is beyond is counted.
SHOWN = 10
#: How much is read of all applications together.
BYTES = 256 * 1024 * 1024


def assess(host: Host, options: Options) -> t.Iterator[f.Finding]:
    """One finding for each application, for what was not looked through, and one where there is nothing at all."""
    found = applications.find(host, _where(options))
    budget = Budget(0, BYTES)
    for one in found.applications:
        budget.names = options["max_files"]
        yield _application(host, one, budget)
    yield from (
        f.Finding(INVENTORY, printable(path), f.NOT_ASSESSED, f"not looked through: {printable(why)}")
        for path, why in found.unseen
    )
    yield from (
        f.Finding(INVENTORY, printable(path), f.NOT_APPLICABLE, "no such folder on this host") for path in found.absent
    )
    if not (found.applications or found.unseen or found.absent):
        searched = ", ".join(options["search"]) or "no folder"
        message = f"no application in {searched}, nor where a service works"
        yield f.Finding(INVENTORY, "applications", f.NOT_APPLICABLE, message)


def _where(options: Options) -> Where:
    return Where(
        declared=tuple(options["applications"]),
        search=tuple(options["search"]),
        depth=options["depth"],
        limit=options["max_files"],
    )


def _application(host: Host, application: Application, budget: Budget) -> f.Finding:
    """Libraries that nothing pins are a violation; what could not be read is not assessed. All others are sent."""
    # Most hosts have no applications, and compiling the readers takes longer than everything else here.
    from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._libraries import (
        libraries,
    )

    reading = libraries.read(host, application, budget, budget.names)
    status = f.FAIL if reading.loose else f.NOT_ASSESSED if reading.unread else f.PASS
    return f.Finding(
        rule=INVENTORY,
        subject=printable(application.root),
        status=status,
        message=_message(reading),
        evidence=(
            *_evidence(reading.loose, "a version of each, by a lock file or installed"),
            *_evidence(reading.unread, "a readable file that tells name and version"),
            *_evidence(reading.told, ""),
        ),
        components=tuple(_components(reading)),
    )


def _message(reading: Reading) -> str:
    counted = collections.Counter(kind for kind, _name, _version in reading.found)
    known = ", ".join(f"{number} {ECOSYSTEMS[kind]}" for kind, number in sorted(counted.items())) or "no"
    known = f"{known} {'library' if sum(counted.values()) == 1 else 'libraries'} known"
    if reading.loose:
        return f"nothing says which versions of some libraries it runs with ({known})"
    return f"some of its libraries could not be told ({known})" if reading.unread else known


def _evidence(found: t.Iterable[tuple[str, str]], expected: str) -> t.Iterator[f.Evidence]:
    unique = list(dict.fromkeys(found))
    for source, what in unique[:SHOWN]:
        yield f.Evidence(printable(source), printable(what), expected)
    if len(unique) > SHOWN:
        yield f.Evidence(printable(unique[SHOWN][0]), f"and {len(unique) - SHOWN} more like these", expected)


def _components(reading: Reading) -> list[f.Component]:
    """Sorted; each package URL once, however often it lies there."""
    found: dict[str, f.Component] = {}
    for (kind, name, version), (source, installed) in sorted(reading.found.items()):
        url = purl.make(kind, name, version)
        found.setdefault(url, f.Component(url, printable(source), installed))
    return [found[url] for url in sorted(found)]


CONTROL = Control(
    name="dependency_vulnerabilities",
    principle="patching",
    title="Applications run on libraries without known holes",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
